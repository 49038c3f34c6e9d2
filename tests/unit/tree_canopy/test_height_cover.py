"""Shade and trees of car parks on a height model: trees in, outside, in an island, unknown."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.tree_canopy.height_cover import measure_heights
from tests.tables import ASSUMPTIONS, FRANCE, box, lots
from tests.unit.tree_canopy.raster import plant, raise_box, tile

LOT = box(20, 20, 70, 60)  # 2 000 m²
NO_ROOFS = np.empty(0, dtype=object)


def ground(**options):
    return tile(90, 80, **options)


def reading(*tiles, lot=LOT, eligible=None, roofs=NO_ROOFS):
    parks = lots({"lot_id": "a", "geometry": lot})
    counted = np.array([lot if eligible is None else eligible], dtype=object)
    return measure_heights(parks, counted, tiles, roofs, ASSUMPTIONS, FRANCE)


def cover(*tiles, **options):
    return reading(*tiles, **options).canopy.cover.iloc[0]


def shares(found):
    names = ["shade_share_min", "shade_share", "shade_share_max", "outside_shade_share"]
    return found[names].astype(float).tolist()


DISC_4M = np.pi * 16 / 2000  # share of the lot under a crown of 4 m of radius


def test_a_tree_in_the_lot():
    found = cover(plant(ground(), 45, 40, 4, 9.0))
    assert found["method"] == "modele_hauteur"
    low, central, high, outside = shares(found)
    assert central == pytest.approx(DISC_4M, rel=0.05)
    # the outline is half a pixel in doubt: a radius of 4 m, 0.25 m either way at least
    assert high == pytest.approx(np.pi * 4.25**2 / 2000, rel=0.05)
    assert low <= np.pi * 3.75**2 / 2000
    assert outside == 0
    assert (found["tree_count"], found["possible_wide_count"]) == (1, 1)
    assert found["measured_share"] == pytest.approx(1)


def test_a_coarse_file_read_on_a_finer_grid_stays_in_doubt_of_its_own_half_pixel():
    # a crown of 5 m of radius, from 9 m down to 3 m: 4.08 m of radius above 5 m; pixels of 2 m
    heights = plant(ground(), 45, 40, 5, 9.0)
    fine, coarse = cover(heights), cover(replace(heights, native_m=np.array([2.0])))
    assert (fine["wide_tree_count"], fine["possible_wide_count"]) == (0, 1)
    assert coarse["shade_share"] == fine["shade_share"]
    assert coarse["shade_share_max"] == pytest.approx(np.pi * (25 + 7**2) / 2 / 2000, rel=0.05)
    assert coarse["shade_share_min"] < fine["shade_share_min"]
    assert coarse["possible_wide_count"] == 1


def test_a_coarse_file_over_a_neighbour_changes_nothing_here():
    heights = plant(tile(180, 80, members=(0, 1)), 45, 40, 5, 9.0)
    parks = lots(
        {"lot_id": "a", "geometry": LOT}, {"lot_id": "b", "geometry": box(110, 20, 160, 60)}
    )
    mixed = replace(heights, native_m=np.array([0.5, 2.0]))
    counted = parks.geometry.to_numpy()
    found = measure_heights(parks, counted, [mixed], NO_ROOFS, ASSUMPTIONS, FRANCE).canopy.cover
    alone = replace(heights, members=np.array([0]))
    assert shares(found.iloc[0]) == shares(cover(alone))


@pytest.mark.parametrize(
    ("side", "counted"),
    [
        pytest.param(22, 1, id="484 m²: a planted island"),
        pytest.param(23, 0, id="529 m²: a square that the park surrounds"),
    ],
)
def test_the_trees_of_a_square_are_not_those_of_the_park_around_it(side, counted):
    holed = LOT.difference(box(30, 30, 30 + side, 30 + side))
    assert ASSUMPTIONS.mapped_trees.island_area_m2.value == 500
    assert cover(plant(ground(), 40, 40, 4, 9.0), lot=holed)["tree_count"] == counted


def test_bare_ground_is_measured_at_zero():
    found = cover(ground())
    assert shares(found) == [0, 0, 0, 0]
    assert found["tree_count"] == 0
    assert not found["trees_are_spread"]


@pytest.mark.parametrize(
    ("x", "counted"),
    [
        pytest.param(20.75, 1, id="just inside the edge"),
        pytest.param(19.25, 0, id="just outside"),
    ],
)
def test_the_foot_of_a_tree_decides_where_it_stands(x, counted):
    found = cover(plant(ground(), x, 40, 4, 9.0))
    assert found["tree_count"] == counted
    own, outside = found["shade_share"], found["outside_shade_share"]
    assert (own > 0, outside > 0) == (counted == 1, counted == 0)


def test_a_tree_in_a_planted_island_stands_in_the_lot():
    holed = LOT.difference(box(44, 39, 46, 41))
    found = cover(plant(ground(), 45, 40, 4, 9.0), lot=holed)
    assert found["tree_count"] == 1
    assert found["shade_share"] == pytest.approx((np.pi * 16 - 4) / 1996, rel=0.05)


def test_shade_is_a_share_of_what_counts():
    half = box(20, 20, 45, 60)
    found = cover(plant(ground(), 45, 40, 4, 9.0), eligible=half)
    assert found["shade_share"] == pytest.approx(DISC_4M, rel=0.07)  # half of it, of a half


def test_where_nothing_counts_nothing_is_said():
    assert cover(ground(), eligible=shapely.Polygon()).drop("lot_id").isna().all()


@pytest.mark.parametrize(
    ("known", "is_told"),
    [
        pytest.param(25, True, id="exactly half of the lot"),
        pytest.param(24.5, False, id="less than half"),
    ],
)
def test_unknown_heights_widen_the_interval_then_silence_it(known, is_told):
    heights = ground()
    heights.heights[:, round((20 + known) * 2) :] = np.nan
    found = cover(heights)
    assert (found["method"] == "modele_hauteur") is is_told
    if is_told:
        assert shares(found) == pytest.approx([0, 0, 0.5, 0])
        assert found["measured_share"] == pytest.approx(0.5)


def test_a_building_is_no_tree():
    heights = raise_box(ground(), 30, 30, 50, 50, 9.0)
    unmapped = shares(cover(heights))
    assert unmapped[:2] == [0, 0]  # nobody knows what it is: trees at most
    assert unmapped[2] == pytest.approx(0.2, rel=0.08)
    assert shares(cover(heights, roofs=np.array([box(30, 30, 50, 50)]))) == [0, 0, 0, 0]


def test_a_carport_that_no_map_shows_is_no_tree():
    found = reading(raise_box(ground(), 30, 30, 50, 40, 3.2))
    assert found.canopy.cover["shade_share"].item() == 0
    assert found.plateau_lot.tolist() == [0]
    assert shapely.area(found.plateaus).sum() == pytest.approx(200, rel=0.03)


def test_planted_evenly_or_on_one_side():
    even, side = ground(), ground()
    for x in (27, 40, 53, 65):
        for y in (27, 40, 53):
            plant(even, x, y, 3.5, 8.0)
    for y in range(23, 60, 8):
        plant(side, 23, y, 3.5, 8.0)
    assert cover(even)["trees_are_spread"]
    assert cover(even)["spread_share"] == pytest.approx(1, abs=0.01)
    found = cover(side)
    assert found["tree_count"] == 5
    assert not found["trees_are_spread"]
    # a strip 3 + 10 m wide out of 50, its edge wavy from one tree to the next
    assert found["spread_share"] == pytest.approx(13 / 50, abs=0.02)


def test_crowns_add_up_to_the_shade_and_do_not_overlap():
    heights = plant(plant(plant(ground(), 30, 40, 5, 9.0), 38, 40, 5, 9.0), 71.5, 40, 4, 9.0)
    found = reading(heights).canopy
    figures, pieces = found.cover.iloc[0], found.crowns
    own = pieces.loc[~pieces["is_outside"], "area_m2"].sum()
    assert own == pytest.approx(figures["shade_share"] * 2000, abs=0.01)
    outside = pieces.loc[pieces["is_outside"], "area_m2"].sum()
    assert outside == pytest.approx(figures["outside_shade_share"] * 2000, abs=0.01)
    shapes = pieces.geometry.to_numpy()
    assert shapely.union_all(shapes).area == pytest.approx(shapely.area(shapes).sum(), abs=0.01)
    assert found.trees["is_outside"].tolist().count(True) == 1


def test_a_narrow_crown_is_not_wide():
    found = cover(plant(ground(), 45, 40, 2.5, 9.0))  # 5 m across, half a metre in doubt each way
    assert found[["tree_count", "wide_tree_count", "possible_wide_count"]].tolist() == [1, 0, 1]


def test_a_lot_in_the_hole_of_another_keeps_its_trees():
    # a hole of 440 m²; in it, another car park, and a strip of 5 m planted with a tree of the first
    ring = box(10, 10, 80, 70).difference(box(35, 30, 55, 52))
    parks = lots(
        {"lot_id": "a", "geometry": ring}, {"lot_id": "b", "geometry": box(40, 32, 54, 50)}
    )
    heights = plant(plant(ground(members=(0, 1)), 48, 41, 4, 9.0), 37, 41, 3, 9.0)
    found = measure_heights(
        parks, parks.geometry.to_numpy(), [heights], NO_ROOFS, ASSUMPTIONS, FRANCE
    ).canopy
    assert found.cover["tree_count"].tolist() == [1, 1]
    assert found.trees.groupby("lot_id").size().to_dict() == {"a": 1, "b": 1}


def test_trees_of_the_part_without_heights_may_be_wide():
    heights = plant(ground(), 30, 40, 4, 9.0)
    heights.heights[:, 90:] = np.nan  # half of the lot: 1 000 m²
    found = cover(heights)
    # 1 000 m² may hold 50 crowns of 5 m of diameter (19.6 m²)
    assert found["possible_wide_count"] == 1 + 50
    assert found["wide_tree_count"] == 0  # one tree, less the share of false ones, rounded down


def test_a_lot_that_no_tile_serves_is_missing():
    parks = lots({"lot_id": "a", "geometry": LOT}, {"lot_id": "b", "geometry": box(0, 0, 9, 9)})
    counted = parks.geometry.to_numpy()
    found = measure_heights(parks, counted, [ground()], NO_ROOFS, ASSUMPTIONS, FRANCE)
    assert found.canopy.cover["method"].notna().tolist() == [True, False]
    assert found.measured.tolist() == [0]


@settings(max_examples=15, deadline=None)
@given(
    shift=st.integers(0, 20),
    places=st.lists(st.tuples(st.floats(15, 75), st.floats(15, 65)), max_size=6),
)
def test_a_lot_reads_the_same_in_any_tile(shift, places):
    alone, wide = ground(), tile(90 + shift, 80 + shift, west=-shift)
    for x, y in places:
        plant(alone, x, y, 4, 9.0)
        plant(wide, x, y, 4, 9.0)
    first, second = reading(alone).canopy, reading(wide).canopy
    assert first.cover.equals(second.cover)
    assert first.trees.drop(columns="geometry").equals(second.trees.drop(columns="geometry"))
    assert first.crowns["area_m2"].tolist() == pytest.approx(second.crowns["area_m2"].tolist())


@settings(max_examples=15, deadline=None)
@given(places=st.lists(st.tuples(st.floats(25, 65), st.floats(25, 55)), min_size=1, max_size=5))
def test_one_more_tree_never_takes_shade_away(places):
    heights = ground()
    for x, y in places[:-1]:
        plant(heights, x, y, 4, 9.0)
    before = cover(heights)
    after = cover(plant(heights, *places[-1], 4, 9.0))
    assert after["shade_share"] >= before["shade_share"]
    for found in (before, after):
        assert 0 <= found["shade_share_min"] <= found["shade_share"] <= found["shade_share_max"]
