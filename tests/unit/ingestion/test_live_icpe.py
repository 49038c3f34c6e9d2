"""Installations of Géorisques: every page of every commune, or a refusal; the reader reads them."""

import json

import pytest

from pipeline.errors import ServiceError
from pipeline.ingestion.live_icpe import installations_around
from pipeline.ingestion.live_settings import Paged
from tests.tables import X0, Y0
from tests.unit.ingestion.deposits import INSEE, commune, lon_lat, read, remarks
from tests.unit.ingestion.live_desk import LiveDesk, answer
from tests.unit.ingestion.live_server import send, status

PATH = "/georisques/installations_classees"


def installation(number, code=INSEE, **changes):
    lon, lat = lon_lat(10 * number, 20)
    return {
        "codeAIOT": f"000520{number:04}",
        "raisonSociale": f"DÉPÔT {number}; SUD",
        "adresse1": "1 rue d'un exploitant",
        "codeInsee": code,
        "longitude": lon,
        "latitude": lat,
        "statutSeveso": "Non Seveso",
        "etatActivite": "En exploitation avec titre",
        "regime": "Enregistrement",
        "date_maj": "2026-07-17/19-32-59",
        "rubriques": [{"numeroRubrique": "2910"}, {"numeroRubrique": "1510", "alinea": "2.b"}],
    } | changes


def georisques(by_commune, change=lambda document, _: document):
    """The service, with what each commune holds."""

    def reply(handler):
        query = handler.query
        page, size = int(query["page"]), int(query["page_size"])
        items = by_commune.get(query["code_insee"], [])
        document = {
            "results": len(items),
            "page": page,
            "total_pages": -(-len(items) // size),
            "data": items[(page - 1) * size : page * size],
            "next": "https://elsewhere.example/page2",
        }
        send(handler, 200, json.dumps(change(document, page)).encode())

    return reply


@pytest.fixture
def desk(server, tmp_path):
    commune(tmp_path)
    return LiveDesk(server, tmp_path)


def wanted(desk, *codes, size=2):
    desk.change("georisques", paged=Paged(page_size=size))
    return installations_around(INSEE, codes or (INSEE,), desk.services["georisques"])


def read_ids(desk):
    return list(read(desk.data).installations["installation_id"])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_every_page_is_asked_and_the_reader_reads_them(desk, count):
    desk.server.on(PATH, georisques({INSEE: [installation(n) for n in range(count)]}))
    desk.fetch(wanted(desk))
    assert read_ids(desk) == [f"000520{n:04}" for n in range(count)]
    assert [params["page"] for params in desk.asked] == [
        str(n) for n in range(1, -(-count // 2) + 1)
    ]


def test_the_fields_that_the_law_needs_come_through_and_addresses_stay_in_the_proof(desk):
    desk.server.on(PATH, georisques({INSEE: [installation(1)]}))
    path = desk.fetch(wanted(desk))
    row = read(desk.data).installations.iloc[0]
    assert (row.geometry.x - X0, row.geometry.y - Y0) == pytest.approx((10, 20), abs=0.02)
    assert (row["name"], row["regime"]) == ("DÉPÔT 1; SUD", "Enregistrement")
    assert (row["headings"], row["seveso"]) == ("1510;2910", "Non Seveso")
    assert row["activity"] == "En exploitation avec titre"
    assert "exploitant" not in path.read_text(encoding="utf-8")


def test_a_commune_without_any_is_a_valid_nothing(desk):
    desk.server.on(PATH, georisques({}))
    desk.fetch(wanted(desk))
    assert read_ids(desk) == []


def test_neighbours_are_asked_one_by_one_and_those_of_paris_by_arrondissement(desk):
    held = {INSEE: [installation(1)], "62998": [installation(2, "62998")]}
    desk.server.on(PATH, georisques(held))
    desk.fetch(wanted(desk, INSEE, "62998"))
    assert read_ids(desk) == ["0005200001", "0005200002"]
    desk.server.on(PATH, georisques({}))
    before = len(desk.asked)
    desk.fetch(installations_around("75056", ["75056"], desk.services["georisques"]))
    paris = [params["code_insee"] for params in desk.asked[before:]]
    assert (paris[:2], paris[-1], len(paris)) == (["75056", "75101"], "75120", 21)


def test_missing_keys_are_missing_and_what_has_no_place_is_counted(desk):
    bare = {"codeAIOT": "0009", "raisonSociale": "SANS LIEU"}
    desk.server.on(PATH, georisques({INSEE: [installation(1), bare]}))
    desk.fetch(wanted(desk))
    sources = read(desk.data)
    assert list(sources.installations["installation_id"]) == ["0005200001"]
    assert "1 ligne sans coordonnées" in remarks(sources, f"icpe/georisques-{INSEE}.csv")


def ignored_filter(document, _):
    document["data"][0]["codeInsee"] = "33051"
    return document


def repeated(document, page):
    return document | {"data": [installation(0), installation(1)]} if page > 1 else document


def moving(document, page):
    return document | {"results": document["results"] + page - 1}


def dry(document, page):
    return document | {"data": []} if page > 1 else document


def stuck(document, _):
    return document | {"page": 1}


BAD = {
    "a filter that is ignored": (ignored_filter, "installations de 33051"),
    "pages that overlap": (repeated, "se recouvrent"),
    "a total that moves": (moving, "de 5 installations, puis de 6"),
    "pages that run dry": (dry, "2 installations reçues sur 5"),
    "always the first page": (stuck, "page 1 reçue au lieu de la page 2"),
    "no list": (lambda *_: {"results": 3}, "mal formée"),
    "no total": (lambda document, _: document | {"results": None}, "sur None annoncées"),
}


@pytest.mark.parametrize(("change", "words"), BAD.values(), ids=BAD.keys())
def test_an_answer_that_is_not_whole_is_refused(desk, change, words):
    desk.server.on(PATH, georisques({INSEE: [installation(n) for n in range(5)]}, change))
    with pytest.raises(ServiceError, match=words):
        desk.fetch(wanted(desk))
    assert not (desk.data / "icpe").exists()


def test_the_page_of_a_firewall_is_refused(desk):
    rejected = b"<html><head><title>Request Rejected</title></head></html>"
    desk.server.on(PATH, rejected)
    with pytest.raises(ServiceError, match="Request Rejected"):
        desk.fetch(wanted(desk))


def test_a_page_lost_is_asked_again_and_the_rest_is_kept(desk):
    whole = georisques({INSEE: [installation(n) for n in range(3)]})
    desk.server.on(PATH, whole, status(400))
    with pytest.raises(ServiceError, match="HTTP 400"):
        desk.fetch(wanted(desk))
    desk.server.on(PATH, whole)
    desk.fetch(wanted(desk))
    assert [params["page"] for params in desk.asked] == ["1", "2", "2"]
    assert len(read_ids(desk)) == 3


def test_the_answers_are_kept_with_their_licence(desk):
    desk.server.on(PATH, answer({"results": 0, "page": 1, "data": []}))
    desk.fetch(wanted(desk))
    kept = desk.store.latest(wanted(desk).request)
    assert (kept.service, kept.row_count, kept.licence) == ("georisques", 0, "Licence Ouverte 2.0")
