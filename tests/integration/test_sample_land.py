"""The land of the embedded communes against statuses worked out by hand (data/sample/README.md)."""

import importlib.util
import json
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.artificialisation.exemptions import grant
from pipeline.artificialisation.flows import land_change
from pipeline.artificialisation.qualify import Refinement, qualify_land
from pipeline.crs import ground_area
from pipeline.land_law import exemption_thresholds, land_rules
from tests.tables import ASSUMPTIONS, FRANCE, L93, RULES
from tests.unit.ingestion.land_files import read, remarks

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
STOCK = "OCS-GE_2-0__GPKG_LAMB93_D062_2021-01-01/OCCUPATION_SOL.gpkg"
DECLARED = "OCS-GE_2-0_ARTIFICIALISATION_GPKG_LAMB93_D062_2024-01-01/artif_2024_062.gpkg"
ON = date(2026, 11, 26)
RULES_OF_LAND = land_rules(RULES, ASSUMPTIONS, ON)
YES, NO, UNKNOWN = True, False, None
# Coordinates are delivered to the centimetre: less than a square metre on 50 × 50 m, and the three
# sizes around 2 500 m² stay on their side of it.
ROUNDING_M2 = 0.6


def town_frame():
    spec = importlib.util.spec_from_file_location("sample_frame", SAMPLE / "frame.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FRAME = town_frame()


def at(table, x, y):
    """The only row that holds a point of the town's frame."""
    rows = table[table.intersects(FRAME.to_lambert(shapely.Point(x, y)))]
    assert len(rows) == 1, f"({x}, {y}): {len(rows)} rows"
    return rows.iloc[0]


@pytest.fixture(scope="module")
def land():
    return read(SAMPLE)


@pytest.fixture(scope="module")
def pieces(land):
    by_vintage = land.pieces.groupby("vintage")
    return {year: table.reset_index(drop=True) for year, table in by_vintage}


@pytest.fixture(scope="module")
def qualified(pieces):
    return {year: qualify_land(table, RULES_OF_LAND, FRANCE).land for year, table in pieces.items()}


def test_both_vintages_are_read_without_repair(land, pieces):
    assert sorted(pieces) == [2021, 2024]
    assert land.warnings == ()
    for name in (STOCK, DECLARED):
        assert remarks(land, name) == "1 polygone sans code d'usage"


@pytest.mark.parametrize("vintage", [2021, 2024])
def test_a_vintage_is_a_coverage_without_hole_wider_than_the_communes(pieces, vintage):
    shapes = pieces[vintage].geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    ground = shapely.coverage_union_all(shapes)
    assert shapely.get_num_interior_rings(ground) == 0
    assert ground_area([ground], FRANCE)[0] == pytest.approx(4150 * 2580, rel=1e-4)
    communes = gpd.read_file(SAMPLE / "communes/communes.geojson").to_crs(L93)
    assert ground.contains(shapely.union_all(communes.geometry.to_numpy()).buffer(290))


def test_ground_that_did_not_change_is_drawn_alike_in_both_vintages(pieces):
    old, new = (set(shapely.to_wkb(table.geometry.to_numpy())) for table in pieces.values())
    # In 2021: the southern field, the two lawns on either side of du Parc d'activités, its field.
    assert len(old - new) == 4
    # In 2024: the southern field, one lawn, a car park, a building, the building site, a yard.
    assert len(new - old) == 6


@pytest.mark.parametrize(
    ("x", "y", "area_m2"),
    [
        (465, 1230, 51 * 49),  # 2 499
        (120, 1225, 61 * 41),  # 2 501
        (1025, 1545, 51 * 49),
        (1150, 1540, 61 * 41),
        (1243, 1533, 7 * 7),
        (1290, 1531, 17 * 3),
        (1360, 1520, 40 * 40),
        (1642, 1600, 4.9 * 170),
        (1702, 1600, 5 * 170),
        (1762, 1600, 5.1 * 170),
        (1890, 1520, 70 * 50),
        (2250, 1290, 40 * 80),
        (340, -90, 80 * 60),
        (460, -60, 80 * 100 - 40 * 30),
        (490, -115, 40 * 30),
        (2800, 150, 200 * 150),
        (2600, 1100, 200 * 150),
        (950, 90, 145 * 240 - 50 * 40 - 50 * 30),
    ],
)
def test_the_cases_measure_on_the_ground_what_the_plan_says(pieces, x, y, area_m2):
    piece = at(pieces[2024], x, y)
    assert ground_area([piece.geometry], FRANCE)[0] == pytest.approx(area_m2, abs=ROUNDING_M2)


# What a point is on: the size of the surface that decided, when it is one of the cases.
CASES = [
    ("enclave of 2 499 m²", 465, 1230, YES, "seuil_surface", 2499),
    ("enclave of 2 501 m²", 120, 1225, NO, "matrice", 2501),
    ("yard of 2 499 m²", 1025, 1545, NO, "seuil_surface", 2499),
    ("yard of 2 501 m²", 1150, 1540, YES, "matrice", 2501),
    ("shed of 49 m²", 1243, 1533, NO, "seuil_surface", 49),
    ("shed of 51 m²", 1290, 1531, YES, "matrice", 51),
    ("first yard at a corner", 1360, 1520, NO, "seuil_surface", 1600),
    ("second yard at a corner", 1400, 1560, NO, "seuil_surface", 1600),
    ("third yard at a corner", 1440, 1520, NO, "seuil_surface", 1600),
    ("paved yard along an edge", 1520, 1520, YES, "matrice", 3200),
    ("gravel yard along an edge", 1560, 1520, YES, "matrice", 3200),
    ("track 4.9 m wide", 1642, 1600, NO, "seuil_largeur", None),
    ("track 5 m wide", 1702, 1600, YES, "matrice", None),
    ("track 5.1 m wide", 1762, 1600, YES, "matrice", None),
    ("gravel without use", 1890, 1520, UNKNOWN, "matrice", None),
    ("yard across the limit", 2240, 1290, YES, "matrice", 3200),
    ("the same, on the other side", 2260, 1290, YES, "matrice", 3200),
    ("abandoned yard", 460, -60, YES, "matrice", 8000),
    ("abandoned workshop", 490, -115, YES, "matrice", 8000),
    ("quarry", 2800, 150, NO, "matrice", None),
    ("solar farm", 2600, 1100, YES, "matrice", 30000),
    ("public garden", 950, 90, YES, "matrice", None),
    ("chapel", 2480, 1300, YES, "matrice", 96),
    ("wood", 3000, 1200, NO, "matrice", None),
    ("pond", 3040, 330, NO, "matrice", None),
    ("river", -185, 950, NO, "matrice", None),
    ("rue Nationale in the fields", 3400, 620, YES, "matrice", None),
    ("field", 1700, -400, NO, "matrice", None),
]


@pytest.mark.parametrize("vintage", [2021, 2024])
@pytest.mark.parametrize(
    ("x", "y", "status", "reason", "component_m2"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_a_case_has_the_status_worked_out_by_hand(
    qualified, vintage, x, y, status, reason, component_m2
):
    found = at(qualified[vintage], x, y)
    assert (None if pd.isna(found.is_artificial) else bool(found.is_artificial)) is status
    assert found.reason == reason
    if component_m2 is not None:
        assert found.component_m2 == pytest.approx(component_m2, abs=2 * ROUNDING_M2)


@pytest.mark.parametrize(
    ("x", "y", "category"),
    [
        (340, -90, 5), (460, -60, 5), (490, -115, 5), (2800, 150, 6), (2600, 1100, 3),
        (950, 90, 4), (3000, 1200, 8), (3040, 330, 6), (3400, 620, 2), (2480, 1300, 1),
    ],
)  # fmt: skip
def test_a_case_has_its_category(qualified, x, y, category):
    assert at(qualified[2024], x, y).category == category


@pytest.mark.parametrize(
    ("x", "y", "before", "after"),
    [
        (590, 1550, (NO, "matrice"), (YES, "matrice")),  # du Parc d'activités, built over a field
        (340, -90, (NO, "matrice"), (YES, "matrice")),  # the building site
        (-110, -60, (YES, "matrice"), (NO, "matrice")),  # the yard given back
        (-130, 120, (NO, "seuil_surface"), (YES, "matrice")),  # the same yard, alone then joined
        (-90, 120, (NO, "matrice"), (YES, "matrice")),  # what joined it
    ],
)
def test_what_changes_between_the_vintages(qualified, x, y, before, after):
    for year, (status, reason) in ((2021, before), (2024, after)):
        found = at(qualified[year], x, y)
        assert (bool(found.is_artificial), found.reason) == (status, reason)


def test_the_flows_are_those_of_the_plan_and_nothing_else(qualified):
    flows = land_change(qualified[2021], qualified[2024], FRANCE).flows
    areas = flows.groupby(["flow", "cause"])["area_m2"].sum()
    built, site, added, joined, given_back = 140 * 165, 80 * 60, 40 * 40, 40 * 40, 80 * 80
    assert areas.to_dict() == {
        ("artificialisation", "occupation"): pytest.approx(built + site + added, abs=2),
        ("artificialisation", "seuil"): pytest.approx(joined, abs=1),
        ("desartificialisation", "occupation"): pytest.approx(given_back, abs=1),
    }


def test_the_yard_across_the_limit_has_less_than_the_threshold_on_either_side(pieces):
    communes = gpd.read_file(SAMPLE / "communes/communes.geojson").to_crs(L93)
    yard = at(pieces[2024], 2240, 1290).geometry
    halves = ground_area(shapely.intersection(communes.geometry.to_numpy(), yard), FRANCE)
    np.testing.assert_allclose(halves, [20 * 80, 20 * 80], atol=1)


def test_the_product_of_2024_disagrees_on_three_polygons_and_is_told_where_we_do_not_know(
    pieces, qualified
):
    told = pieces[2024].set_index("land_id")["declared_artificial"]
    ours = qualified[2024]
    ours = ours[ours["area_m2"] > 10]  # the mouth of the narrow track, 7 m², goes with the street
    other = ours[(ours["is_artificial"] != ours["land_id"].map(told)).fillna(value=True)]
    places = [(465, 1230), (1025, 1545), (1243, 1533), (1890, 1520)]
    assert set(other["land_id"]) == {at(pieces[2024], x, y)["land_id"] for x, y in places}
    assert told.notna().all()
    assert pieces[2021]["declared_artificial"].isna().all()


def qualified_with(pieces, places):
    least = exemption_thresholds(RULES, RULES_OF_LAND.nomenclature, ON)
    sliver = ASSUMPTIONS.land_cover.sliver_width_m.value
    named = places.assign(place_id=[f"P{i}" for i in range(len(places))])
    granted = grant(named, least, FRANCE, sliver_m=sliver)
    return qualify_land(pieces, RULES_OF_LAND, FRANCE, Refinement(granted)).land


def test_the_public_garden_is_not_artificial_once_the_service_grants_it(pieces):
    places = gpd.read_file(SAMPLE / "exemptions_sols/exemptions.geojson").to_crs(L93)
    assert places["exemption"].tolist() == ["parc_jardin_public"]
    assert places["decision"].notna().all()
    assert places["decide_le"].astype(str).tolist() == ["2025-06-12"]
    found = qualified_with(pieces[2024], places)
    assert len(found) == len(qualified_with(pieces[2024], places.iloc[:0]))  # drawn along the edges
    garden = at(found, 950, 90)
    assert (bool(garden.is_artificial), garden.reason, garden.category) == (NO, "exemption", 10)
    # Sealed, they are never exempted; but nothing artificial is left around 2 000 m² of car park.
    park, house = at(found, 1010, 180), at(found, 1020, 285)
    assert (bool(park.is_artificial), park.reason) == (NO, "seuil_surface")
    assert (bool(house.is_artificial), house.reason) == (YES, "matrice")


def test_the_solar_farm_is_not_artificial_once_the_service_grants_it(pieces):
    farm = gpd.GeoDataFrame(
        {"exemption": ["centrale_solaire"]},
        geometry=[at(pieces[2024], 2600, 1100).geometry],
        crs=L93,
    )
    row = at(qualified_with(pieces[2024], farm), 2600, 1100)
    assert (bool(row.is_artificial), row.reason, row.category) == (NO, "exemption", 10)


def test_the_planning_document_covers_the_first_commune_alone():
    zones = gpd.read_file(SAMPLE / "plu/62999_ZONE_URBA_20190315.geojson").to_crs(L93)
    assert set(zones["TYPEZONE"]) == {"U", "AUc", "A", "N"}
    assert set(zones["IDURBA"]) == {"62999_PLU_20190315"}
    assert set(zones["DATAPPRO"].astype(str)) == {"20190315"}
    communes = gpd.read_file(SAMPLE / "communes/communes.geojson").to_crs(L93).set_index("code")
    covered = shapely.union_all(zones.geometry.to_numpy())
    inside, beside = (
        covered.intersection(communes.geometry[code]).area / communes.geometry[code].area
        for code in ("62999", "62998")
    )
    assert inside == pytest.approx(1, abs=1e-5)
    assert beside == pytest.approx(0, abs=1e-5)
    assert zones.area.sum() == pytest.approx(covered.area, abs=1)


def test_the_consumption_is_in_square_metres_by_commune_and_year():
    table = pd.read_csv(SAMPLE / "enaf/conso_communes.csv", sep=";", dtype={"idcom": str})
    years = [f"naf{year}art{year + 1}" for year in range(11, 24)]
    assert table.columns.tolist() == ["idcom", "idcomtxt", *years]
    assert table["idcom"].tolist() == ["62999", "62998"]
    decade, since = table[years[:10]].sum(axis=1), table[years[10:]].sum(axis=1)
    assert decade.tolist() == [120_000, 36_000]
    assert since.tolist() == [27_900, 0]


def test_the_friches_are_the_abandoned_yard_and_a_point(pieces):
    text = (SAMPLE / "friches/friches.geojson").read_text(encoding="utf-8")
    required = {
        "site_id", "site_nom", "site_type", "site_identif_date", "site_actu_date", "comm_nom",
        "comm_insee", "urba_zaer", "source_nom", "geompoint",
    }  # fmt: skip
    features = json.loads(text)["features"]
    assert [item["geometry"]["type"] for item in features] == ["Polygon", "Point"]
    for item in features:
        assert required <= set(item["properties"])
        assert all(item["properties"][name] for name in required)
    yard = gpd.read_file(SAMPLE / "friches/friches.geojson").to_crs(L93).geometry.iloc[0]
    given_up = [at(pieces[2024], x, y).geometry for x, y in ((460, -60), (490, -115))]
    assert shapely.symmetric_difference(shapely.union_all(given_up), yard).area < 2
    assert features[0]["properties"]["unite_fonciere_surface"] == 80 * 100
