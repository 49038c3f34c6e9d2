"""Power and energy of the area to cover, from a grid or from the table of départements."""

import pandas as pd
import pytest
import yaml
from pydantic import ValidationError

from pipeline import schemas
from pipeline.assumption_groups import SolarAssumptions
from pipeline.obligation.solar import solar_potential
from tests.tables import ASSUMPTIONS, CONFIG, box, lots, table

SQUARE = box(0, 0, 50, 40)


def potential(area, insee="62041", cells=(), shape=SQUARE):
    parks = lots({"lot_id": "a", "geometry": shape, "insee_code": insee})
    verdicts = pd.DataFrame({"lot_id": ["a"], "area_to_cover_m2": [area]}, dtype=object)
    verdicts["area_to_cover_m2"] = verdicts["area_to_cover_m2"].astype(float)
    grid = table(
        schemas.YieldCell,
        [
            {"cell_id": name, "geometry": cell, "yield_kwh_kwc": float(value)}
            for name, cell, value in cells
        ],
        {},
    )
    found = solar_potential(parks, verdicts, grid, ASSUMPTIONS).iloc[0]
    return found.astype(object).where(found.notna(), None)


def test_power_and_energy_of_a_thousand_square_metres_in_the_north():
    found = potential(1000.0)
    # 1000 m² × 0.93 × 0.215 kWc/m²; × 960 kWh/kWc
    assert found["power_kwc"] == pytest.approx(199.95)
    assert found["energy_kwh"] == pytest.approx(191_952)
    # × 0.80 × 0.20, and × 730; × 1.00 × 0.23, and × 1 120
    assert found["power_min_kwc"] == pytest.approx(160)
    assert found["energy_min_kwh"] == pytest.approx(116_800)
    assert found["power_max_kwc"] == pytest.approx(230)
    assert found["energy_max_kwh"] == pytest.approx(257_600)
    assert found["yield_source"] == "departement"


def test_nothing_to_cover_gives_nothing():
    found = potential(None)
    assert found.drop("lot_id").isna().all()


@pytest.mark.parametrize(
    ("insee", "kwh_per_kwc"),
    [
        pytest.param("01004", 1100, id="a first département"),
        pytest.param("2A004", 1300, id="south Corsica"),
        pytest.param("2B033", 1300, id="north Corsica"),
        pytest.param("97411", 1400, id="overseas: three characters"),
        pytest.param("97302", 1300, id="Guyane is not Guadeloupe"),
    ],
)
def test_the_yield_of_a_departement(insee, kwh_per_kwc):
    found = potential(1000.0, insee)
    assert found["energy_kwh"] / found["power_kwc"] == pytest.approx(kwh_per_kwc)


def test_outside_the_departements_power_is_known_and_energy_is_not():
    found = potential(1000.0, "97502")
    assert found["power_kwc"] == pytest.approx(199.95)
    assert found[["energy_kwh", "energy_min_kwh", "energy_max_kwh"]].isna().all()
    assert found["yield_source"] is None


def test_a_grid_comes_before_the_table():
    found = potential(1000.0, cells=[("c1", box(-100, -100, 100, 100), 1000)])
    assert found["yield_source"] == "grille"
    assert found["energy_kwh"] == pytest.approx(199_950)
    assert found["energy_min_kwh"] == pytest.approx(160 * 760)
    assert found["energy_max_kwh"] == pytest.approx(230 * 1170)


def test_the_cell_under_the_lot_counts_and_a_shared_edge_goes_to_the_first():
    # The representative point is (25, 20), on the edge between the two cells.
    cells = [("c2", box(25, 0, 90, 40), 1200), ("c1", box(0, 0, 25, 40), 1100)]
    assert potential(1000.0, cells=cells)["energy_kwh"] == pytest.approx(199.95 * 1100)
    beside = [("c1", box(0, 0, 24, 40), 1100), ("c2", box(24, 0, 90, 40), 1200)]
    assert potential(1000.0, cells=beside)["energy_kwh"] == pytest.approx(199.95 * 1200)


def test_a_lot_outside_the_grid_falls_back_on_the_table():
    found = potential(1000.0, cells=[("c1", box(500, 0, 600, 40), 1100)])
    assert found["yield_source"] == "departement"
    assert found["energy_kwh"] == pytest.approx(191_952)


@pytest.mark.parametrize(
    ("power_kwc", "real_kwh", "distance"),
    [
        pytest.param(55.2, 55_420, -0.044, id="the first is 4.4 % above the model"),
        pytest.param(184.8, 144_340, 0.229, id="the second is 18.6 % below: 22.9 % too much"),
    ],
)
def test_the_two_canopies_of_arras_lie_within_the_interval(power_kwc, real_kwh, distance):
    area = power_kwc / (0.93 * 0.215)
    found = potential(area, "62041")
    assert found["power_kwc"] == pytest.approx(power_kwc)
    assert found["energy_kwh"] / real_kwh - 1 == pytest.approx(distance, abs=0.0005)
    # The power is known there: only the yield may vary.
    entry = ASSUMPTIONS.solar.yield_of("62041")
    assert power_kwc * entry.low <= real_kwh <= power_kwc * entry.high
    assert found["energy_min_kwh"] <= real_kwh <= found["energy_max_kwh"]


def solar_section():
    text = (CONFIG / "assumptions.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["solar"]


def test_every_departement_has_one_yield():
    codes = [code for entry in ASSUMPTIONS.solar.yields for code in entry.departements]
    assert len(codes) == len(set(codes)) == 101
    assert {"2A", "2B", "971", "972", "973", "974", "976"} <= set(codes)
    assert "20" not in codes


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda codes: codes[1:], "absent : 02", id="one is missing"),
        pytest.param(lambda codes: [*codes, "75"], "en double : 75", id="one is there twice"),
        pytest.param(lambda codes: [*codes, "20"], "inconnu : 20", id="old Corsica"),
    ],
)
def test_a_table_with_a_fault_is_refused(change, told):
    section = solar_section()
    section["yields"][0]["departements"] = change(section["yields"][0]["departements"])
    with pytest.raises(ValidationError, match=told):
        SolarAssumptions.model_validate(section)


def test_a_yield_outside_its_bounds_is_refused():
    section = solar_section()
    section["yields"][0]["low"] = section["yields"][0]["value"] + 1
    with pytest.raises(ValidationError, match="hors de"):
        SolarAssumptions.model_validate(section)


def test_a_commune_without_car_park_gives_an_empty_table():
    verdicts = pd.DataFrame({"lot_id": pd.Series(dtype="str"), "area_to_cover_m2": []})
    grid = table(schemas.YieldCell, [], {})
    assert solar_potential(lots(), verdicts, grid, ASSUMPTIONS).empty
