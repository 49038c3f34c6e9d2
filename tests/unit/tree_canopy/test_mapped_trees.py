"""Shade and number of mapped trees, on rectangles and discs."""

import numpy as np
import pytest

from pipeline.tree_canopy.mapped_trees import compute_tree_cover, crowns_over
from tests.tables import ASSUMPTIONS, FRANCE, box, lots, point, trees

LOT = box(0, 0, 50, 40)  # 2 000 m²


def cover(*rows, eligible=LOT):
    parks = lots({"lot_id": "a", "geometry": LOT})
    shapes = np.array([eligible], dtype=object)
    return compute_tree_cover(parks, shapes, trees(*rows), ASSUMPTIONS, FRANCE).iloc[0]


def test_a_drawn_crown_gives_one_figure():
    found = cover({"tree_id": "t", "geometry": box(0, 0, 20, 10)})
    shares = found[["shade_share_min", "shade_share", "shade_share_max"]].tolist()
    assert shares == pytest.approx([0.1, 0.1, 0.1], abs=1e-4)


def test_overlapping_crowns_shade_once():
    found = cover(
        {"tree_id": "t", "geometry": box(0, 0, 20, 10)},
        {"tree_id": "u", "geometry": box(10, 0, 20, 10)},
    )
    assert found["shade_share"] == pytest.approx(0.1, abs=1e-4)
    assert found["tree_count"] == 2


def test_a_stem_takes_an_assumed_crown_with_an_interval():
    found = cover({"tree_id": "t", "geometry": point(25, 20)})
    shares = found[["shade_share_min", "shade_share", "shade_share_max"]].astype(float)
    # discs of 3, 6 and 8 m over 2 000 m²; a 32-gon loses 0.6 % of its disc
    expected = np.pi * np.array([1.5, 3, 4]) ** 2 / 2000
    assert shares.tolist() == pytest.approx(expected.tolist(), rel=0.01)


def test_shade_is_a_share_of_what_is_eligible():
    found = cover({"tree_id": "t", "geometry": box(0, 0, 20, 10)}, eligible=box(0, 0, 25, 40))
    assert found["shade_share"] == pytest.approx(0.2, abs=1e-4)


def test_a_crown_over_excluded_ground_shades_nothing_that_counts():
    found = cover({"tree_id": "t", "geometry": box(30, 0, 50, 10)}, eligible=box(0, 0, 25, 40))
    assert found["shade_share"] == 0
    assert found["tree_count"] == 1


def test_a_tree_rooted_outside_is_counted_apart():
    found = cover({"tree_id": "t", "geometry": point(-1, 20), "crown_diameter_m": 10.0})
    assert found["outside_shade_share"] > 0
    # trees of the lot itself are unmapped, not absent
    assert found[["tree_count", "shade_share"]].isna().all()


def test_no_mapped_tree_is_not_no_tree():
    found = cover()
    assert found.drop("lot_id").isna().all()


@pytest.mark.parametrize(
    ("diameter", "wide"),
    [
        pytest.param(4.9, 0, id="below the assumed width"),
        pytest.param(5.0, 1, id="at the assumed width"),
    ],
)
def test_wide_crowns_are_counted_on_the_low_bound(diameter, wide):
    found = cover({"tree_id": "t", "geometry": point(25, 20), "crown_diameter_m": diameter})
    assert found["wide_tree_count"] == wide


def test_spread_over_the_lot_or_along_one_side():
    evenly = [
        {"tree_id": f"{x}-{y}", "geometry": point(x, y)} for x in (10, 25, 40) for y in (10, 30)
    ]
    one_side = [{"tree_id": str(y), "geometry": point(1, y)} for y in range(2, 40, 6)]
    assert cover(*evenly)["trees_are_spread"]
    assert not cover(*one_side)["trees_are_spread"]


def test_trees_of_the_layer_say_where_they_stand():
    parks = lots({"lot_id": "a", "geometry": LOT})
    found = crowns_over(
        parks,
        trees(
            {"tree_id": "in", "geometry": point(10, 10)},
            {"tree_id": "out", "geometry": point(-1, 10)},
            {"tree_id": "far", "geometry": point(-50, 10)},
        ),
        ASSUMPTIONS,
    )
    assert found.set_index("tree_id")["is_outside"].to_dict() == {"in": False, "out": True}
