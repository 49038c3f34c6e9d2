"""Yields of PVGIS: each cell of the grid, the sea left out, another plant refused; as read."""

import json

import pytest
import rasterio

from pipeline.errors import AbsentError, ServiceError
from pipeline.ingestion.live_irradiation import yields_around
from tests.tables import ASSUMPTIONS
from tests.unit.ingestion.deposits import INSEE, commune, read
from tests.unit.ingestion.live_desk import LiveDesk
from tests.unit.ingestion.live_server import send, status

PATH = "/pvgis/PVcalc"
# The commune of the tests lies around 3.00° E, 43.99° N: cells (60, 880) and its neighbours.
BOX = (2.98, 43.98, 3.04, 44.01)


def calculated(query, *, energy=1234.5):
    place = {"latitude": float(query["lat"]), "longitude": float(query["lon"]), "elevation": 50.0}
    fixed = {"slope": {"value": float(query["angle"])}, "azimuth": {"value": 0}}
    return {
        "inputs": {
            "location": place,
            "meteo_data": {"radiation_db": "PVGIS-SARAH3", "year_min": 2005, "year_max": 2023},
            "mounting_system": {"fixed": fixed},
            "pv_module": {"technology": "c-Si", "peak_power": 1.0, "system_loss": 14.0},
        },
        "outputs": {"totals": {"fixed": {"E_y": energy, "l_spec": "-0.52", "l_total": -20.5}}},
    }


def pvgis(handler, *, change=lambda document: document, energy=None):
    """The service; the yield names the place unless told: 1 000 + 10 × longitude + latitude."""
    query = handler.query
    named = 1000 + 10 * float(query["lon"]) + float(query["lat"])
    document = change(calculated(query, energy=named if energy is None else energy))
    send(handler, 200, json.dumps(document).encode())


@pytest.fixture
def desk(server, tmp_path):
    commune(tmp_path)
    return LiveDesk(server, tmp_path)


def wanted(desk, box=BOX):
    (one,) = yields_around(INSEE, box, desk.services["pvgis"], ASSUMPTIONS.solar)
    return one


def test_every_cell_that_the_box_meets_is_asked_at_its_middle(desk):
    desk.server.on(PATH, pvgis)
    desk.fetch(wanted(desk))
    places = [(params["lon"], params["lat"]) for params in desk.asked]
    assert places == [("3", "44"), ("3.05", "44")]
    first = desk.asked[0]
    assert (first["peakpower"], first["angle"], first["aspect"]) == ("1", "10", "0")
    assert first["loss"] == "14"


def test_the_plant_asked_about_is_that_of_the_assumptions(desk):
    chosen = {"plant_tilt_deg": 5, "plant_azimuth_deg": -90, "plant_loss_percent": 20}
    solar = ASSUMPTIONS.solar
    plant = solar.model_copy(
        update={
            name: getattr(solar, name).model_copy(update={"value": value})
            for name, value in chosen.items()
        }
    )
    desk.server.on(PATH, pvgis)
    (one,) = yields_around(INSEE, BOX, desk.services["pvgis"], plant)
    desk.fetch(one)
    asked = desk.asked[0]
    assert (asked["angle"], asked["aspect"], asked["loss"]) == ("5", "-90", "20")


@pytest.mark.parametrize(
    ("east", "count"), [pytest.param(3.024, 1, id="inside"), pytest.param(3.026, 2, id="beyond")]
)
def test_a_cell_ends_half_a_step_from_its_middle(desk, east, count):
    desk.server.on(PATH, pvgis)
    desk.fetch(wanted(desk, (2.98, 43.98, east, 44.01)))
    assert len(desk.asked) == count


def test_the_raster_holds_each_value_in_its_place(desk):
    desk.server.on(PATH, pvgis)
    path = desk.fetch(wanted(desk, (2.98, 43.98, 3.04, 44.06)))
    with rasterio.open(path) as raster:
        assert raster.bounds == pytest.approx((2.975, 43.975, 3.075, 44.075))
        # North first: 44.05 above 44.00.
        assert raster.read(1).ravel() == pytest.approx([1074.05, 1074.55, 1074.0, 1074.5])


def test_the_reader_reads_it_in_kilowatt_hours(desk):
    desk.server.on(PATH, pvgis)
    desk.fetch(wanted(desk))
    cells = read(desk.data).yield_cells
    assert set(cells["yield_kwh_kwc"].round(1)) <= {1074.0, 1074.5}
    assert len(cells)


def test_the_sea_has_no_value_and_is_not_asked_again(desk):
    sea = status(400, b'{"message": "Location over the sea.", "status": 400}')
    desk.server.on(PATH, sea, pvgis)
    path = desk.fetch(wanted(desk))
    with rasterio.open(path) as raster:
        assert raster.read(1).tolist() == [[pytest.approx(1074.5)]]
    desk.fetch(wanted(desk))
    assert len(desk.asked) == 2
    assert path.read_bytes() == desk.fetch(wanted(desk)).read_bytes()


def test_at_sea_there_is_no_file(desk):
    desk.server.on(PATH, status(400, b'{"message": "Location over the sea."}'))
    with pytest.raises(AbsentError, match="HTTP 400"):
        desk.fetch(wanted(desk))
    assert not (desk.data / "irradiation").exists()


def elsewhere(document):
    document["inputs"]["location"]["latitude"] += 1
    return document


def steeper(document):
    document["inputs"]["mounting_system"]["fixed"]["slope"]["value"] = 35
    return document


def bigger(document):
    document["inputs"]["pv_module"]["peak_power"] = 3
    return document


def textual(document):
    document["outputs"]["totals"]["fixed"]["E_y"] = "beaucoup"
    return document


BAD = {
    "another place": (elsewhere, "en 45, 3 : autre chose"),
    "another tilt": (steeper, "inclinés de 35°"),
    "another power": (bigger, "pour 3 kWc"),
    "no number": (textual, "mal formé"),
    "an error with status 200": (lambda _: {"message": "overload", "status": 529}, "mal formé"),
}


@pytest.mark.parametrize(("change", "words"), BAD.values(), ids=BAD.keys())
def test_what_is_not_the_plant_asked_for_is_refused(desk, change, words):
    desk.server.on(PATH, lambda handler: pvgis(handler, change=change))
    with pytest.raises(ServiceError, match=words):
        desk.fetch(wanted(desk))
    assert not (desk.data / "irradiation").exists()


@pytest.mark.parametrize("energy", [0, -1.0])
def test_a_plant_that_yields_nothing_is_refused(desk, energy):
    desk.server.on(PATH, lambda handler: pvgis(handler, energy=energy))
    with pytest.raises(ServiceError, match="réponse refusée"):
        desk.fetch(wanted(desk))
