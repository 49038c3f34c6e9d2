"""Brownfields crossed with land and car parks: whole metres, and what is not known."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from pipeline import contracts, schemas
from pipeline.artificialisation.brownfields import cross_brownfields
from pipeline.artificialisation.qualify import qualify_land
from tests.tables import FRANCE, L93, box, point
from tests.unit.artificialisation.test_qualify import LAND, YARD, pieces

ROW = {"name": "Scierie", "site_type": "friche industrielle", "source": "friches.geojson"}


def sites(*shapes):
    rows = [ROW | {"site_id": f"F{i}", "geometry": shape} for i, shape in enumerate(shapes)]
    return gpd.GeoDataFrame(contracts.conform(schemas.Brownfield, pd.DataFrame(rows), L93))


def land():
    table, _ = pieces((YARD, shapely.box(100, 100, 200, 200)))  # 1 ha in a field of 1 km²
    return qualify_land(table, LAND, FRANCE).land


def lots(*rows):
    table = pd.DataFrame(rows, columns=["lot_id", "geometry"])
    return gpd.GeoDataFrame(table, crs=L93)


def cross(*shapes, parks=(), ground=None):
    return cross_brownfields(
        sites(*shapes), land() if ground is None else ground, lots(*parks), FRANCE
    )


def test_half_of_a_site_is_on_the_yard():
    (row,) = cross(box(150, 100, 250, 200)).to_dict("records")
    assert row["area_m2"] == pytest.approx(10_000, rel=1e-4)
    assert row["artificial_m2"] == pytest.approx(5_000, rel=1e-4)
    assert pd.isna(row["is_artificial"])  # an outline has an area, a point has a status


@pytest.mark.parametrize(("x", "expected"), [(150, True), (300, False)])
def test_a_point_has_the_status_of_the_ground(x, expected):
    (row,) = cross(point(x, 150)).to_dict("records")
    assert row["is_artificial"] is expected
    assert pd.isna(row["area_m2"])


def test_a_point_on_the_edge_of_both_is_not_known():
    (row,) = cross(point(100, 150)).to_dict("records")
    assert pd.isna(row["is_artificial"])


def test_a_site_that_leaves_the_land_cover_has_no_artificial_area():
    (row,) = cross(box(900, 900, 1100, 1000)).to_dict("records")
    assert pd.isna(row["artificial_m2"])


def test_without_a_land_cover_nothing_is_said():
    nothing = contracts.empty(schemas.LandStatus, L93)
    found = cross(box(150, 100, 250, 200), point(150, 150), ground=nothing)
    assert found[["artificial_m2", "is_artificial"]].isna().all(axis=None)


def test_car_parks_that_it_meets_are_named():
    parks = [("P2", box(120, 120, 140, 140)), ("P1", box(190, 190, 260, 260)),
             ("P3", box(500, 500, 520, 520))]  # fmt: skip
    found = cross(box(100, 100, 200, 200), point(510, 510), point(10, 10), parks=parks)
    assert found["lot_ids"].fillna("").tolist() == ["P1;P2", "P3", ""]
