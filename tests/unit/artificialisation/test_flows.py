"""Change between two vintages: what changed, why, and the balance of the stocks."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from pipeline.artificialisation.flows import land_change, overlay
from pipeline.artificialisation.qualify import qualify_land
from tests.tables import FRANCE
from tests.unit.artificialisation.test_qualify import LAND, SHOP, YARD, pieces

GARDEN = box(300, 300, 360, 360)  # 3 600 m²


def vintage(year, *layers):
    table, _ = pieces(*layers)
    return qualify_land(table.assign(vintage=year), LAND, FRANCE).land


def change(before, after):
    return land_change(before, after, FRANCE)


def stock(land):
    return land.loc[land["is_artificial"].fillna(value=False), "area_m2"].sum()


def test_a_new_yard_is_artificialisation_with_its_codes():
    found = change(vintage(2018), vintage(2021, (YARD, GARDEN))).flows
    assert found["flow"].tolist() == ["artificialisation"]
    row = found.iloc[0]
    assert row[["cover_before", "use_before"]].tolist() == ["CS2.2.1", "US1.1"]
    assert row[["cover_after", "use_after"]].tolist() == ["CS1.1.1.2", "US5"]
    assert row[["vintage_before", "vintage_after", "cause"]].tolist() == [2018, 2021, "occupation"]
    assert row["area_m2"] == pytest.approx(3600, rel=1e-3)


def test_a_yard_that_goes_back_to_grass():
    found = change(vintage(2018, (YARD, GARDEN)), vintage(2021)).flows
    assert found["flow"].tolist() == ["desartificialisation"]


def test_a_yard_that_grows_past_the_threshold_takes_its_old_part_with_it():
    small, large = box(300, 300, 340, 340), box(300, 300, 360, 360)  # 1 600, then 3 600 m²
    found = change(vintage(2018, (YARD, small)), vintage(2021, (YARD, large))).flows
    by_cause = found.groupby("cause")["area_m2"].sum()
    assert by_cause["seuil"] == pytest.approx(1600, rel=1e-3)  # was there, too small to count
    assert by_cause["occupation"] == pytest.approx(2000, rel=1e-3)


def test_nothing_changes_between_a_vintage_and_itself():
    land = vintage(2018, (YARD, GARDEN))
    found = change(land, land)
    assert len(found.flows) == 0
    diagonal = found.matrix["category_before"] == found.matrix["category_after"]
    assert diagonal.all()
    assert found.matrix["area_m2"].sum() == pytest.approx(land["area_m2"].sum())


def test_what_the_codes_do_not_tell_is_no_change():
    land = vintage(2021, (YARD, GARDEN))
    unknown = land.assign(is_artificial=land["is_artificial"].mask(land["category"] == 2))
    found = change(vintage(2018), unknown)
    assert len(found.flows) == 0
    lost = found.matrix[found.matrix["is_artificial_after"].isna()]
    assert lost["category_before"].tolist() == [7]  # told in the matrix all the same
    assert lost["area_m2"].tolist() == pytest.approx([3600], rel=1e-3)


def test_polygons_that_stay_are_not_cut():
    shapes = np.array([box(0, 0, 10, 10), box(10, 0, 20, 10)], dtype=object)
    found = overlay(shapes, shapes[::-1].copy())
    assert found.before.tolist() == [0, 1]
    assert found.after.tolist() == [1, 0]
    assert shapely.equals_identical(found.pieces, shapes).all()


boxes = st.lists(
    st.tuples(
        st.sampled_from([YARD, SHOP]), st.integers(0, 9), st.integers(0, 9), st.integers(2, 9)
    ),
    max_size=5,
)


def town(drawn):
    """Draw boxes whose sides are 20 to 90 m, one beside the other or not."""
    corners = [(kind, 100 + 80 * x, 100 + 80 * y, 10 * side) for kind, x, y, side in drawn]
    return [(kind, box(x, y, x + side, y + side)) for kind, x, y, side in corners]


@settings(max_examples=25, deadline=None)
@given(first=boxes, second=boxes)
def test_the_flow_is_the_difference_of_the_stocks(first, second):
    before, after = vintage(2018, *town(first)), vintage(2021, *town(second))
    found = change(before, after).flows
    by_flow = found.groupby("flow")["area_m2"].sum()
    net = by_flow.get("artificialisation", 0) - by_flow.get("desartificialisation", 0)
    assert net == pytest.approx(stock(after) - stock(before), abs=0.01)
