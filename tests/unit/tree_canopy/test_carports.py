"""Existing roofs over a lot: solar for sure, or to be checked; each square metre once."""

import numpy as np
import pytest
import shapely

from pipeline.tree_canopy.carports import measure_carports
from tests.tables import ASSUMPTIONS, FRANCE, box, carports, lots

LOT = box(0, 0, 50, 40)
NOWHERE = np.empty(0, dtype=np.intp)
NO_PLATEAUS = (np.empty(0, dtype=object), NOWHERE)


def existing(*rows, plateaus=(), measured=(), eligible=None):
    parks = lots({"lot_id": "a", "geometry": LOT}, {"lot_id": "b", "geometry": box(90, 0, 120, 40)})
    flat = np.array(plateaus, dtype=object)
    counted = parks.geometry.to_numpy() if eligible is None else eligible
    found = (flat, np.zeros(len(flat), dtype=np.intp))
    told = np.array(measured, dtype=np.intp)
    return measure_carports(parks, counted, carports(*rows), found, told, ASSUMPTIONS, FRANCE)


def areas(*rows, **options):
    found = existing(*rows, **options).cover.iloc[0]
    return [found["solar_m2"], found["other_m2"]]


def roof(name, shape, *, is_solar=None, kind="toit", **more):
    return {"carport_id": name, "geometry": shape, "is_solar": is_solar, "kind": kind, **more}


def test_a_solar_carport_is_certain_and_a_bare_roof_is_to_be_checked():
    assert areas(
        roof("s", box(0, 0, 20, 10), is_solar=True), roof("t", box(30, 0, 40, 10))
    ) == pytest.approx([200, 100])


def test_only_what_is_over_the_lot_counts():
    assert areas(roof("s", box(-10, 0, 10, 10), is_solar=True)) == pytest.approx([100, 0])


def test_what_two_roofs_share_is_solar_first():
    found = areas(roof("a", box(0, 0, 20, 10)), roof("z", box(10, 0, 20, 10), is_solar=True))
    assert found == pytest.approx([100, 100])


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        pytest.param(0.4, None, id="4 m²: the roof of a neighbour"),
        pytest.param(0.5, 5.0, id="5 m²"),
    ],
)
def test_a_sliver_is_no_roof_of_the_lot(width, expected):
    found = areas(roof("s", box(-10, 0, width, 10), is_solar=True))[0]
    assert (None if np.isnan(found) else found) == (
        expected if expected is None else pytest.approx(expected)
    )


def test_no_roof_seen_is_not_no_roof_unless_heights_tell():
    assert np.isnan(areas()).all()
    assert areas(measured=[0]) == [0, 0]


def test_a_plateau_is_a_roof_to_be_checked_where_no_map_draws_one():
    found = existing(
        roof("s", box(0, 0, 20, 10), is_solar=True), plateaus=[box(10, 0, 30, 10)], measured=[0]
    )
    assert found.cover.iloc[0][["solar_m2", "other_m2"]].tolist() == pytest.approx([200, 100])
    plateau = found.pieces[found.pieces["kind"] == "plateau"].iloc[0]
    assert (plateau["source"], bool(plateau["is_certain"])) == ("mnh", False)
    shapes = found.pieces.geometry.to_numpy()
    assert shapely.union_all(shapes).area == pytest.approx(shapely.area(shapes).sum())


def test_a_canopy_over_excluded_ground_covers_nothing_that_counts():
    halves = np.array([box(0, 0, 25, 40), box(90, 0, 120, 40)], dtype=object)
    found = areas(roof("s", box(20, 0, 40, 10), is_solar=True), eligible=halves)
    assert found == pytest.approx([50, 0])


def test_nothing_at_all():
    found = existing()
    assert len(found.pieces) == 0
    assert found.cover["lot_id"].tolist() == ["a", "b"]
