"""The engine on hand-drawn land: codes in, status and its reason out, nothing lost."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

from pipeline import contracts, schemas
from pipeline.artificialisation.qualify import LandRules, qualify_land
from pipeline.artificialisation.thresholds import Thresholds
from tests.tables import FRANCE, L93, RULES, X0, Y0
from tests.unit.artificialisation.land import cover

ON = date(2026, 11, 26)
LAND = LandRules(
    RULES.land_on(ON),
    Thresholds(RULES.number("ZAN.seuil_bati", ON), RULES.number("ZAN.seuil_surface", ON)),
    RULES.number("ZAN.largeur_lineaire", ON),
    RULES.number("ZAN.couvert_arbore", ON),
)
GRASS, HOUSE, ROAD, YARD, SHOP = 1, 2, 3, 4, 5
CODES = {
    GRASS: ("CS2.2.1", "US1.1"),
    HOUSE: ("CS1.1.1.1", "US5"),
    ROAD: ("CS1.1.1.2", "US4.1.1"),
    YARD: ("CS1.1.1.2", "US5"),
    SHOP: ("CS2.2.1", "US3"),
}


def pieces(*layers, codes=CODES, frame=(ROAD,)):
    shapes, kinds = cover(*layers, ground=GRASS)
    shapes = shapely.transform(shapes, lambda xy: xy + np.array([X0, Y0]))
    rows = pd.DataFrame(
        {
            "land_id": [f"L{i}" for i in range(len(kinds))],
            "vintage": 2021,
            "cover_code": [codes[kind][0] for kind in kinds],
            "use_code": [codes[kind][1] for kind in kinds],
            "is_frame": np.isin(kinds, frame),
            "origin": "ocsge",
            "source": "essai",
            "geometry": shapes,
        }
    )
    return gpd.GeoDataFrame(contracts.conform(schemas.LandPiece, rows, L93)), kinds


def qualified(*layers, **options):
    table, _ = pieces(*layers, **options)
    return qualify_land(table, LAND, FRANCE).land


def at(found, x, y):
    return found[found.intersects(shapely.Point(X0 + x, Y0 + y))].iloc[0]


def test_the_matrix_decides_what_is_large():
    found = qualified((YARD, box(100, 100, 200, 200)), (SHOP, box(300, 100, 400, 200)))
    yard, lawn, field = at(found, 150, 150), at(found, 350, 150), at(found, 10, 10)
    assert (yard["category"], bool(yard["is_artificial"]), bool(yard["is_sealed"])) == (
        2,
        True,
        True,
    )
    assert (lawn["category"], bool(lawn["is_artificial"]), bool(lawn["is_sealed"])) == (
        4,
        True,
        False,
    )
    assert (field["category"], bool(field["is_artificial"])) == (7, False)
    assert set(found["reason"]) == {"matrice"}


def test_a_threshold_says_so_and_of_which_size():
    found = at(qualified((YARD, box(100, 100, 140, 140))), 120, 120)
    assert not found["is_artificial"]
    assert found["reason"] == "seuil_surface"
    assert found["component_m2"] == pytest.approx(1600, rel=1e-3)
    assert found["category"] == 2  # what it is; the status alone is absorbed


def test_a_narrow_road_takes_the_field_around_it():
    found = at(qualified((ROAD, box(0, 500, 1000, 504))), 500, 502)
    assert (bool(found["is_artificial"]), found["reason"]) == (False, "seuil_largeur")


def test_a_narrow_road_in_a_town_stays_artificial():
    found = at(qualified((YARD, box(0, 300, 1000, 700)), (ROAD, box(0, 500, 1000, 504))), 500, 502)
    assert (bool(found["is_artificial"]), found["reason"]) == (True, "seuil_largeur")


def test_a_wide_road_counts_and_joins_what_it_touches():
    found = qualified((ROAD, box(0, 500, 1000, 506)), (YARD, box(500, 506, 530, 536)))
    assert at(found, 515, 520)["is_artificial"]  # 6 000 + 900 m²
    assert at(found, 515, 520)["component_m2"] == pytest.approx(6900, rel=1e-3)


def test_a_skeleton_marked_in_another_file_says_nothing_of_this_one():
    """Two tracks of 4 m: one file marks its own as skeleton, the other has no such column."""
    near, far = box(0, 300, 1000, 304), box(0, 700, 1000, 704)
    table, kinds = pieces((ROAD, near), (YARD, far), codes={**CODES, YARD: CODES[ROAD]})
    table["source"] = np.where(kinds == YARD, "autre", "essai")
    found = qualify_land(table, LAND, FRANCE).land
    assert [at(found, 500, y)["reason"] for y in (302, 702)] == ["seuil_largeur"] * 2


def test_without_a_marked_skeleton_every_transport_use_is_linear():
    found = at(qualified((ROAD, box(0, 500, 1000, 504)), frame=()), 500, 502)
    assert found["reason"] == "seuil_largeur"


def test_an_unknown_code_is_listed_and_never_guessed():
    codes = {**CODES, YARD: (None, "US5")}
    found = at(qualified((YARD, box(100, 100, 200, 200)), codes=codes), 150, 150)
    assert found[["category", "is_artificial", "component_m2"]].isna().all()


def test_a_commune_line_through_a_component_changes_nothing():
    """1 600 m² on either side of x = 500: 3 200 m² together, whatever the commune asked for."""
    found = qualified((YARD, box(460, 100, 500, 140)), (YARD, box(500, 100, 540, 140)))
    assert at(found, 480, 120)["is_artificial"]
    assert at(found, 520, 120)["is_artificial"]


def test_a_valid_coverage_in_gives_a_valid_coverage_of_the_same_ground():
    layers = (
        (ROAD, shapely.union_all([box(0, 500, 400, 508), box(400, 502, 1000, 506)])),
        (YARD, box(350, 508, 450, 600)), (HOUSE, box(380, 520, 390, 530)),
        (SHOP, box(600, 506, 700, 560)),
    )  # fmt: skip
    table, _ = pieces(*layers)
    found = qualify_land(table, LAND, FRANCE).land
    assert shapely.coverage_is_valid(found.geometry.to_numpy())
    assert found.area.sum() == pytest.approx(table.area.sum(), abs=1e-3)
    assert set(found["land_id"]) == set(table["land_id"])
