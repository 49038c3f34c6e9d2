"""The national layer of car parks: all in one page, in the window, or refused."""

import json

import pytest

from pipeline.errors import ServiceError
from pipeline.ingestion.live_parkings import parkings_around
from tests.unit.ingestion.deposits import INSEE, commune, in_degrees, polygon, read, rectangle
from tests.unit.ingestion.live_desk import LiveDesk, answer

BOX = (2.98, 43.97, 3.02, 44.01)


def park(x0, **facts):
    shape = in_degrees(polygon(rectangle(x0, 0, x0 + 30, 20)))
    known = {"surfm2": 600.0, "type": "Parking", "typologie": "Surface", "nomcom": "SUR-PARZAN"}
    return {"type": "Feature", "geometry": shape, "properties": known | facts}


def page(*parks, matched=None):
    count = len(parks) if matched is None else matched
    counted = {"numberMatched": count, "numberReturned": len(parks)}
    return {"type": "FeatureCollection", "features": list(parks), **counted}


@pytest.fixture
def desk(server, tmp_path):
    commune(tmp_path)
    return LiveDesk(server, tmp_path)


def fetch(desk, document):
    desk.server.on("/geoplateforme_wfs/ows", answer(document))
    return desk.fetch(parkings_around(INSEE, BOX, desk.services["geoplateforme_wfs"]))


def test_the_reader_reads_them(desk):
    fetch(desk, page(park(0), park(100)))
    rows = read(desk.data).candidates
    assert set(rows["source"]) == {"parkings_sup500m2"}
    assert list(rows.geometry.area) == pytest.approx([600, 600], rel=0.01)
    (params,) = desk.asked
    assert params["TYPENAMES"] == "PARKING.SUP.500:parkings_sup500m2"
    assert params["BBOX"] == "2.980,43.970,3.020,44.010,EPSG:4326"
    assert params["COUNT"] == "5000"


def test_no_car_park_is_a_valid_nothing(desk):
    fetch(desk, page())
    assert read(desk.data).candidates.empty


def turned(document):
    text = json.loads(json.dumps(document))
    for item in text["features"]:
        rings = item["geometry"]["coordinates"]
        item["geometry"]["coordinates"] = [[[y, x] for x, y in ring] for ring in rings]
    return text


BAD = {
    "a page that is cut": (page(park(0), matched=5001), "1 parcs reçus sur 5001"),
    "latitude first": (turned(page(park(0))), "1 parcs hors de la fenêtre"),
    "no collection": ({"exceptions": []}, "mal formée"),
}


@pytest.mark.parametrize(("document", "words"), BAD.values(), ids=BAD.keys())
def test_what_is_not_whole_is_refused(desk, document, words):
    with pytest.raises(ServiceError, match=words):
        fetch(desk, document)
    assert not (desk.data / "parkings").exists()
