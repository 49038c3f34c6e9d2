"""What is vegetation and what is not: heights, roofs, posts, flat surfaces."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.tree_canopy.plateaus import find_plateaus
from pipeline.tree_canopy.vegetation import find_vegetation
from tests.tables import ASSUMPTIONS, box
from tests.unit.tree_canopy.raster import centres, plant, raise_box, tile

CHOICES = ASSUMPTIONS.height_model
NO_ROOFS = np.empty(0, dtype=object)
PIXEL_M2 = 0.25


def areas(ground, *roofs):
    """Return the low, central and high area of vegetation, m²."""
    shapes = np.array(roofs, dtype=object) if roofs else NO_ROOFS
    found = find_vegetation(ground, shapes, CHOICES)
    return [float(mask.sum() * PIXEL_M2) for mask in (found.low, found.central, found.high)]


@pytest.mark.parametrize(
    ("height", "expected"),
    [
        pytest.param(1.99, [0, 0, 0], id="a hedge below every bound"),
        pytest.param(2.0, [0, 0, 100], id="at the lowest height: at most"),
        pytest.param(2.99, [0, 0, 100], id="below the central height"),
        pytest.param(3.0, [0, 100, 100], id="at the central height"),
        pytest.param(5.0, [100, 100, 100], id="at the highest height: for sure"),
        pytest.param(45.0, [100, 100, 100], id="the tallest tree"),
        pytest.param(45.01, [0, 0, 0], id="a crane"),
    ],
)
def test_heights_give_the_three_bounds(height, expected):
    ground = raise_box(tile(30, 30), 10, 10, 20, 20, height)
    found = areas(ground)
    # an opening by a disc rounds the four corners of the square
    assert found == pytest.approx(expected, abs=1.1)
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("width", "stays"),
    [
        pytest.param(1.0, False, id="a jib of 1 m"),
        pytest.param(2.0, True, id="a branch of 2 m"),
    ],
)
def test_what_is_slender_is_no_crown(width, stays):
    ground = raise_box(tile(40, 30), 5, 10, 35, 10 + width, 12.0)
    assert (areas(ground)[1] > 0) is stays


def test_a_roof_and_its_edge_are_no_vegetation():
    # a building drawn 10 m by 10 m, whose eaves reach 0.5 m beyond
    ground = raise_box(tile(30, 30), 9.5, 9.5, 20.5, 20.5, 8.0)
    assert areas(ground, box(10, 10, 20, 20)) == [0, 0, 0]


def test_a_tree_beside_a_roof_keeps_what_lies_beyond_the_margin():
    ground = raise_box(tile(40, 30), 10, 10, 30, 20, 8.0)
    low, central, high = areas(ground, box(10, 10, 20, 20))
    # 10 m less 2, 1 or 0.5 m of margin, by 10 m
    assert [low, central, high] == pytest.approx([80, 90, 95], abs=1.5)


@pytest.mark.parametrize("resolution", [1.0, 2.0])
def test_on_a_coarse_model_what_is_one_pixel_wide_is_slender(resolution):
    ground = raise_box(tile(40, 40, resolution=resolution), 4, 20, 36, 20 + resolution, 30.0)
    assert not find_vegetation(ground, NO_ROOFS, CHOICES).high.any()


def test_a_coarse_file_on_a_finer_grid_is_as_coarse():
    post = raise_box(tile(40, 40), 20, 20, 22, 22, 30.0)  # one pixel of 2 m, four by four of 0.5 m
    assert find_vegetation(post, NO_ROOFS, CHOICES).central.any()
    assert not find_vegetation(
        replace(post, native_m=np.array([2.0])), NO_ROOFS, CHOICES
    ).high.any()


def test_holes_in_the_data_do_not_thin_a_crown():
    ground = raise_box(tile(40, 40), 5, 5, 35, 35, 12.0)
    holes = np.random.default_rng(1).random(ground.heights.shape) < 0.4
    ground.heights[holes] = np.nan
    found = find_vegetation(ground, NO_ROOFS, CHOICES)
    seen = (found.known & (np.nan_to_num(ground.heights) > 0)).sum()
    assert found.central.sum() >= 0.99 * seen


def test_a_flat_surface_that_no_map_shows_is_vegetation_at_most():
    ground = raise_box(tile(40, 30), 10, 10, 30, 20, 9.0)
    flat, _ = find_plateaus(ground, CHOICES.plateaus)
    found = find_vegetation(ground, NO_ROOFS, CHOICES, flat)
    assert not found.low.any()
    assert not found.central.any()
    assert found.high.sum() * PIXEL_M2 == pytest.approx(200, abs=2)


def test_unknown_heights_are_no_vegetation_and_are_told():
    ground = raise_box(tile(30, 30), 10, 10, 20, 20, 8.0)
    ground.heights[:, :30] = np.nan  # the west half
    found = find_vegetation(ground, NO_ROOFS, CHOICES)
    assert found.known.mean() == 0.5
    assert not found.high[:, :30].any()


def slope(ground, x0, y0, x1, y1, low, per_metre):
    across, up = centres(ground)
    inside = (across > x0) & (across < x1) & (up > y0) & (up < y1)
    ground.heights[inside] = (low + per_metre * (across - x0))[inside]
    return ground


class TestPlateaus:
    def found(self, ground):
        return find_plateaus(ground, CHOICES.plateaus)[0]

    @pytest.mark.parametrize(
        ("height", "is_carport"),
        [
            pytest.param(7.0, True, id="the height of the highest carport"),
            pytest.param(7.1, False, id="a building that no map shows"),
        ],
    )
    def test_a_flat_surface_too_high_for_a_carport_is_a_building(self, height, is_carport):
        found = find_plateaus(raise_box(tile(40, 30), 10, 10, 30, 15, height), CHOICES.plateaus)
        assert found[1].tolist() == [is_carport]

    def test_a_gable_roof_is_two_flat_surfaces(self):
        ground = slope(tile(40, 40), 10, 10, 18, 30, 8.0, 0.4)
        across, up = centres(ground)
        other = (across > 18) & (across < 26) & (up > 10) & (up < 30)
        ground.heights[other] = (11.2 - 0.4 * (across - 18))[other]
        assert sum(part.area for part in self.found(ground)) == pytest.approx(320, rel=0.05)

    def test_a_flat_roof_at_the_height_of_a_carport(self):
        (roof,) = self.found(raise_box(tile(40, 30), 10, 10, 30, 15, 3.0))
        assert roof.equals(box(10, 10, 30, 15))

    def test_a_roof_tilted_by_ten_degrees(self):
        (roof,) = self.found(slope(tile(40, 30), 10, 10, 20, 20, 2.6, 0.18))
        assert roof.equals(box(10, 10, 20, 20))

    @pytest.mark.parametrize(
        ("ground", "why"),
        [
            pytest.param(raise_box(tile(40, 30), 10, 10, 30, 15, 2.0), "low", id="too low"),
            pytest.param(raise_box(tile(40, 30), 10, 10, 23, 12.5, 4.0), "lorry", id="a lorry"),
            pytest.param(raise_box(tile(40, 30), 10, 10, 19, 15, 3.0), "small", id="45 m²"),
            pytest.param(plant(tile(40, 30), 20, 15, 6, 6.0), "tree", id="a smooth round tree"),
            pytest.param(
                plant(tile(60, 60), 30, 30, 10, 12.0), "tree", id="the rim of a large one"
            ),
        ],
    )
    def test_what_is_not_one(self, ground, why):
        assert len(self.found(ground)) == 0, why

    def test_two_roofs_are_two(self):
        ground = raise_box(tile(40, 40), 5, 5, 25, 10, 3.0)
        assert len(self.found(raise_box(ground, 5, 20, 25, 25, 3.0))) == 2
