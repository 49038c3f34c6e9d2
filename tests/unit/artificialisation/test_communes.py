"""A commune cut out of the land: sizes stay those of the whole, no ground is lost."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.artificialisation.communes import covered_share, land_of_commune
from pipeline.artificialisation.qualify import qualify_land
from tests.tables import FRANCE, box
from tests.unit.artificialisation.test_flows import boxes, town
from tests.unit.artificialisation.test_qualify import LAND, YARD, at, pieces


def land(*layers):
    table, _ = pieces(*layers)
    return qualify_land(table, LAND, FRANCE)


ACROSS = (YARD, shapely.box(460, 100, 540, 140))  # 3 200 m² across x = 500


def test_a_component_keeps_the_size_that_it_has_beyond_the_limit():
    found = land_of_commune(land(ACROSS), box(0, 0, 500, 1000), FRANCE).land
    yard = at(found, 480, 120)
    assert bool(yard["is_artificial"])
    assert yard["component_m2"] == pytest.approx(3200, rel=1e-3)
    assert yard["area_m2"] == pytest.approx(1600, rel=1e-3)


def test_a_commune_inside_the_data_has_no_bare_ground():
    own = land_of_commune(land(ACROSS), box(0, 0, 500, 1000), FRANCE)
    assert set(own.land["reason"]) == {"matrice"}
    assert covered_share(own) == 1


def test_ground_without_data_is_a_row():
    own = land_of_commune(land(ACROSS), box(900, 0, 1300, 1000), FRANCE)
    bare = own.land[own.land["reason"] == "non_couvert"]
    assert bare["area_m2"].tolist() == pytest.approx([300_000], rel=1e-3)
    assert bare[["category", "is_artificial", "origin"]].isna().all(axis=None)
    assert own.variants.iloc[-1].isna().all()
    assert covered_share(own) == pytest.approx(0.25)


def test_a_vintage_that_does_not_meet_the_commune_has_no_row():
    own = land_of_commune(land(ACROSS), box(2000, 0, 2300, 1000), FRANCE)
    assert len(own.land) == 0
    assert covered_share(own) == 0


def test_a_commune_that_only_touches_the_data_has_no_row():
    assert len(land_of_commune(land(ACROSS), box(1000, 0, 1300, 1000), FRANCE).land) == 0


@settings(max_examples=25, deadline=None)
@given(drawn=boxes, turn=st.integers(0, 89), share=st.floats(0.2, 0.8))
def test_communes_partition_the_land(drawn, turn, share):
    """Two communes either side of a slanted line: areas add up, each is a valid coverage."""
    whole = land(*town(drawn))
    x = 1000 * share
    slant = turn * 4
    west = shapely.Polygon([(0, 0), (x + slant / 2, 0), (x - slant / 2, 1000), (0, 1000)])
    west = shapely.transform(west, lambda xy: xy + shapely.get_coordinates(box(0, 0, 1, 1)).min(0))
    east = shapely.difference(box(0, 0, 1000, 1000), west)
    sides = [land_of_commune(whole, side, FRANCE).land for side in (west, east)]
    for side in sides:
        assert shapely.coverage_is_valid(side.geometry.to_numpy())
    total = sum(side["area_m2"].sum() for side in sides)
    assert total == pytest.approx(whole.land["area_m2"].sum(), abs=0.01)
    for status in (True, False):
        parts = [side.loc[side["is_artificial"] == status, "area_m2"].sum() for side in sides]
        stock = whole.land.loc[whole.land["is_artificial"] == status, "area_m2"].sum()
        assert np.sum(parts) == pytest.approx(stock, abs=0.01)
