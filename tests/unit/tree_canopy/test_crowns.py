"""Crowns: one per tree, that share the vegetation between them."""

import numpy as np
import pytest

from pipeline.tree_canopy.crowns import find_crowns, smoothed
from pipeline.tree_canopy.vegetation import find_vegetation
from tests.tables import ASSUMPTIONS, X0, Y0
from tests.unit.tree_canopy.raster import plant, tile

CHOICES = ASSUMPTIONS.height_model
NO_ROOFS = np.empty(0, dtype=object)


def crowns(ground):
    return find_crowns(ground, find_vegetation(ground, NO_ROOFS, CHOICES), CHOICES)


def test_two_trees_far_apart():
    ground = plant(plant(tile(60, 30), 15, 15, 4, 9.0), 40, 15, 3, 9.0)
    found = crowns(ground)
    places = [(stem.x - X0, stem.y - Y0) for stem in found.stems]
    assert places[0] == pytest.approx((15, 15), abs=0.51)
    assert places[1] == pytest.approx((40, 15), abs=0.51)
    assert found.heights_m == pytest.approx([9, 9], abs=0.2)
    # 9 × (1 − 2/3 ρ²) reaches 3 m at the rim: the whole disc is above
    assert found.areas_m2 == pytest.approx(np.pi * np.array([16, 9]), rel=0.06)


def test_two_crowns_that_touch_are_parted_halfway():
    ground = plant(plant(tile(60, 30), 20, 15, 5, 9.0), 28, 15, 5, 9.0)
    found = crowns(ground)
    assert len(found.stems) == 2
    assert found.areas_m2[0] == pytest.approx(found.areas_m2[1], rel=0.1)
    assert found.areas_m2.sum() == pytest.approx((found.labels > 0).sum() * 0.25, rel=0.05)


def test_a_hollow_between_two_branches_makes_no_second_tree():
    ground = plant(tile(40, 40), 20, 20, 4, 10.0)
    ground.heights[39:42, 40] -= 0.4
    assert len(crowns(ground).stems) == 1


def test_bare_ground_has_no_tree():
    found = crowns(tile(30, 30))
    assert len(found.stems) == 0
    assert not found.labels.any()


def test_smoothing_keeps_a_plane_and_the_total():
    plane = np.add.outer(np.arange(9.0), 2 * np.arange(9.0)).astype(np.float32)
    assert smoothed(plane, 0.5, 0.5)[2:-2, 2:-2] == pytest.approx(plane[2:-2, 2:-2])
    peak = np.zeros((11, 11), dtype=np.float32)
    peak[5, 5] = 16.0
    # 1-2-1 twice each way: the weights of the middle are 6/16 × 6/16
    assert smoothed(peak, 0.5, 0.5)[5, 5] == pytest.approx(16 * 36 / 256)
    assert smoothed(peak, 0.5, 0.5).sum() == pytest.approx(16)
    assert smoothed(peak, 0.0, 0.5).tolist() == peak.tolist()
    # once at least, or a coarse model would not be smoothed at all: 2/4 × 2/4
    assert smoothed(peak, 0.5, 1.0)[5, 5] == pytest.approx(4)
