"""Shade and number of mapped trees, on rectangles and discs."""

import numpy as np
import pytest

from pipeline.tree_canopy.mapped_trees import measure_mapped_trees
from tests.tables import ASSUMPTIONS, FRANCE, box, lots, point, trees

LOT = box(0, 0, 50, 40)  # 2 000 m²


def canopy(*rows, lot=LOT, eligible=None):
    parks = lots({"lot_id": "a", "geometry": lot})
    shapes = np.array([lot if eligible is None else eligible], dtype=object)
    return measure_mapped_trees(parks, shapes, trees(*rows), ASSUMPTIONS, FRANCE)


def cover(*rows, **options):
    return canopy(*rows, **options).cover.iloc[0]


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


def test_trees_planted_along_one_side_of_a_long_lot_leave_the_rest_bare():
    row = [{"tree_id": str(y), "geometry": point(1, y)} for y in range(2, 40, 6)]
    # a strip of 1 + 10 m out of 50, its edge wavy from one tree to the next
    assert cover(*row)["spread_share"] == pytest.approx(11 / 50, abs=0.01)


@pytest.mark.parametrize(
    ("depth", "is_spread"),
    [
        pytest.param(16, False, id="two rows of bays and an aisle: planted on one side"),
        pytest.param(12, True, id="one row of bays and its aisle: in reach of its trees"),
    ],
)
def test_a_row_along_the_edge_of_a_narrow_lot(depth, is_spread):
    row = [{"tree_id": str(x), "geometry": point(x, 1)} for x in range(2, 100, 6)]
    assert bool(cover(*row, lot=box(0, 0, 100, depth))["trees_are_spread"]) is is_spread


def test_trees_set_along_a_mapped_row_are_an_interval_and_never_wide_for_sure():
    row = [
        {
            "tree_id": f"r#{x}",
            "geometry": point(x, 20),
            "crown_diameter_m": 6.0,
            "is_from_row": True,
        }
        for x in (6, 14, 22, 30, 38, 46)
    ]
    found = cover(*row)
    low, central, high = found[["shade_share_min", "shade_share", "shade_share_max"]].astype(float)
    assert central == pytest.approx(6 * np.pi * 9 / 2000, rel=0.01)
    # as many crowns a metre as every 12 m, and as every 5 m
    assert low == pytest.approx(central * 8 / 12, rel=0.01)
    assert high == pytest.approx(central * 8 / 5, rel=0.01)
    assert found[["wide_tree_count", "possible_wide_count"]].tolist() == [0, 6]


def test_a_small_tree_does_not_spread_the_wide_ones():
    wide = [{"tree_id": "w", "geometry": point(2, 20), "crown_diameter_m": 6.0}]
    small = [
        {"tree_id": f"{x}-{y}", "geometry": point(x, y), "crown_diameter_m": 2.0}
        for x in (10, 25, 40) for y in (10, 30)
    ]  # fmt: skip
    assert cover(*small)["trees_are_spread"]
    assert not cover(*wide, *small)["trees_are_spread"]


def test_a_tree_in_a_planted_island_stands_in_the_lot():
    holed = LOT.difference(box(24, 19, 26, 21))
    found = cover({"tree_id": "t", "geometry": point(25, 20), "crown_diameter_m": 6.0}, lot=holed)
    assert found["tree_count"] == 1
    # the disc of 3 m less the island of 4 m², of a lot of 1 996 m²
    assert found["shade_share"] == pytest.approx((np.pi * 9 - 4) / 1996, rel=0.01)


def test_a_crown_of_unknown_width_may_be_wide():
    found = cover(
        {"tree_id": "t", "geometry": point(15, 20)},
        {"tree_id": "u", "geometry": point(35, 20), "crown_diameter_m": 4.9},
    )
    counts = found[["tree_count", "wide_tree_count", "possible_wide_count"]]
    assert counts.tolist() == [2, 0, 1]


def test_trees_of_the_layer_say_where_they_stand():
    found = canopy(
        {"tree_id": "in", "geometry": point(10, 10)},
        {"tree_id": "out", "geometry": point(-1, 10)},
        {"tree_id": "far", "geometry": point(-50, 10)},
    ).trees
    assert found.set_index("tree_id")["is_outside"].to_dict() == {"in": False, "out": True}
    assert found["is_wide"].isna().all()
    assert found["is_counted"].all()


def test_pieces_of_crowns_add_up_to_the_shade_and_do_not_overlap():
    found = canopy(
        {"tree_id": "a", "geometry": point(20, 20), "crown_diameter_m": 8.0},
        {"tree_id": "b", "geometry": point(24, 20), "crown_diameter_m": 8.0},
        {"tree_id": "c", "geometry": point(-1, 20), "crown_diameter_m": 8.0},
    )
    figures, pieces = found.cover.iloc[0], found.crowns.set_index("tree_id")
    own = pieces.loc[["a", "b"], "area_m2"]
    assert own.sum() == pytest.approx(figures["shade_share"] * 2000, abs=0.01)
    assert own["a"] == pytest.approx(np.pi * 16, rel=0.01)  # the first keeps what both cover
    assert pieces.loc["c", "is_outside"]
    assert pieces.loc["c", "area_m2"] == pytest.approx(
        figures["outside_shade_share"] * 2000, abs=0.01
    )
