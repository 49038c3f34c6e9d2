"""25 % of trees: crowns that are mapped can only add trees, on both sides of the share."""

import numpy as np
import pytest
import shapely
from shapely import box

from pipeline.artificialisation.qualify import Refinement, qualify_land
from pipeline.artificialisation.tree_cover import wooded
from tests.tables import FRANCE, X0, Y0
from tests.unit.artificialisation.test_qualify import LAND, SHOP, YARD, at, pieces

GARDEN = box(0, 0, 100, 40)  # 4 000 m²; a quarter is 1 000 m²


def crowns(*shapes):
    return np.array(shapes, dtype=object)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        pytest.param(24.9, False, id="24.9 %: herbaceous"),
        pytest.param(25.0, True, id="25.0 %: no longer less than 25 %"),
        pytest.param(25.1, True, id="25.1 %"),
    ],
)
def test_the_share_of_trees(width, expected):
    found = wooded(crowns(GARDEN), np.array([0]), crowns(box(0, 0, width, 40)), 0.25)
    assert found.tolist() == [expected]


def test_crowns_that_overlap_count_once_and_what_is_outside_does_not():
    twice = crowns(box(0, 0, 20, 40), box(0, 0, 20, 40), box(0, 40, 100, 80))
    assert wooded(crowns(GARDEN), np.array([0]), twice, 0.25).tolist() == [False]


def test_only_herbaceous_land_is_looked_at():
    assert wooded(crowns(GARDEN), np.array([-1]), crowns(GARDEN), 0.25).tolist() == [False]
    assert wooded(crowns(GARDEN), np.array([0]), crowns(), 0.25).tolist() == [False]


def test_a_lawn_under_trees_is_not_artificial_and_says_why():
    table, _ = pieces((SHOP, box(100, 100, 200, 200)), (YARD, box(200, 100, 300, 200)))
    trees = shapely.transform(crowns(box(100, 100, 130, 200)), lambda xy: xy + np.array([X0, Y0]))
    found = qualify_land(table, LAND, FRANCE, Refinement(crowns=trees)).land
    lawn, yard = at(found, 150, 150), at(found, 250, 150)
    assert (bool(lawn["is_artificial"]), lawn["category"], lawn["reason"]) == (
        False,
        10,
        "couvert_arbore",
    )
    assert lawn["cover_code"] == "CS2.2.1"  # as the source has it
    assert bool(yard["is_artificial"])


def test_a_lawn_cut_in_two_is_one_surface():
    """All the trees are over one half."""
    halves = crowns(box(0, 0, 50, 40), box(50, 0, 100, 40))
    tree = crowns(box(0, 0, 24, 40))  # 960 m² of 4 000: 24 %, though 48 % of the western half
    assert wooded(halves, np.array([0, 0]), tree, 0.25).tolist() == [False, False]
    assert wooded(halves, np.array([0, 1]), tree, 0.25).tolist() == [True, False]


def test_splitting_a_polygon_does_not_make_it_wooded():
    trees = shapely.transform(crowns(box(100, 100, 124, 200)), lambda xy: xy + np.array([X0, Y0]))
    whole, _ = pieces((SHOP, box(100, 100, 200, 200)))
    split, _ = pieces((SHOP, box(100, 100, 150, 200)), (SHOP, box(150, 100, 200, 200)))
    for table in (whole, split):
        found = qualify_land(table, LAND, FRANCE, Refinement(crowns=trees)).land
        assert set(found["reason"]) == {"matrice"}
