"""The method of each lot: heights where they speak, mapped trees elsewhere, one to confirm."""

import numpy as np
import pytest

from pipeline.tree_canopy.measure import OverheadSources, measure_overhead
from tests.tables import ASSUMPTIONS, FRANCE, box, buildings, carports, lots, point, trees
from tests.unit.tree_canopy.raster import plant, raise_box, tile

LOT = box(20, 20, 70, 60)
FAR = box(200, 0, 240, 40)


def overhead(*rows, tiles=None, roofs=()):
    parks = lots({"lot_id": "a", "geometry": LOT}, {"lot_id": "b", "geometry": FAR})
    sources = OverheadSources(
        trees(*rows), buildings(), carports(*roofs), tiles, vintages=["2023", "2024"]
    )
    counted = parks.geometry.to_numpy()
    return measure_overhead(parks, counted, sources, ASSUMPTIONS, FRANCE)


MAPPED = {"tree_id": "t", "geometry": point(45, 40), "crown_diameter_m": 8.0}
ELSEWHERE = {"tree_id": "u", "geometry": point(220, 20), "crown_diameter_m": 8.0}


def test_without_heights_mapped_trees_decide():
    found = overhead(MAPPED).canopy.cover
    assert found["method"].tolist()[0] == "arbres_cartographies"
    assert found["mapped_shade_share"].isna().all()
    assert found["methods_agree"].isna().all()


def test_heights_decide_where_they_speak_and_mapped_trees_confirm():
    found = overhead(MAPPED, ELSEWHERE, tiles=[plant(tile(90, 80), 45, 40, 4, 9.0)]).canopy
    cover = found.cover.set_index("lot_id")
    assert cover["method"].to_dict() == {"a": "modele_hauteur", "b": "arbres_cartographies"}
    assert cover["methods_agree"].to_dict()["a"]
    assert cover["heights_vintage"].fillna("").to_dict() == {"a": "2023", "b": ""}
    assert cover.loc["a", "mapped_shade_share"] == pytest.approx(np.pi * 16 / 2000, rel=0.01)
    counted = found.trees.set_index("tree_id")["is_counted"].to_dict()
    assert (counted["t"], counted["u"]) == (False, True)  # no row vanishes
    assert sum(counted.values()) == 2
    assert set(found.crowns["method"]) == {"modele_hauteur", "arbres_cartographies"}
    assert found.crowns.groupby("lot_id")["method"].nunique().eq(1).all()


def test_methods_that_contradict_each_other_say_so():
    found = overhead(MAPPED, tiles=[tile(90, 80)]).canopy.cover.iloc[0]
    assert found["shade_share"] == 0
    assert not found["methods_agree"]
    # the tree may have been planted since, or felled: the interval holds both figures
    assert found["shade_share_min"] == 0
    assert found["shade_share_max"] == pytest.approx(np.pi * 16 / 2000, rel=0.01)
    assert found["possible_wide_count"] == 1


def test_a_survey_of_fewer_trees_moves_nothing():
    heights = [plant(plant(tile(90, 80), 45, 40, 4, 9.0), 60, 50, 4, 9.0)]
    far = {"tree_id": "t", "geometry": point(30, 30), "crown_diameter_m": 2.0}
    with_survey, alone = overhead(far, tiles=heights), overhead(tiles=heights)
    bounds = ["shade_share_min", "shade_share", "shade_share_max"]
    found, expected = (item.canopy.cover[bounds].iloc[0].tolist() for item in (with_survey, alone))
    assert found == expected


def test_a_lot_of_which_heights_say_too_little_falls_back_on_mapped_trees():
    heights = tile(90, 80)
    heights.heights[:] = np.nan
    found = overhead(MAPPED, tiles=[heights]).canopy.cover
    assert found["method"].tolist()[0] == "arbres_cartographies"


def test_a_mapped_carport_is_no_tree():
    roof = {"carport_id": "s", "geometry": box(30, 30, 50, 40), "is_solar": True, "kind": "toit"}
    # a roof that is rough, such as its structure: no plateau
    heights = raise_box(tile(90, 80), 30, 30, 50, 40, 3.5)
    heights.heights[::2] += np.where(heights.heights[::2] > 0, 0.8, 0).astype(np.float32)
    seen = overhead(tiles=[heights]).canopy.cover.iloc[0]
    known = overhead(tiles=[heights], roofs=[roof])
    assert seen["shade_share"] == pytest.approx(0.1, rel=0.1)
    assert known.canopy.cover["shade_share"].iloc[0] == 0
    assert known.carports.cover["solar_m2"].iloc[0] == pytest.approx(200)
