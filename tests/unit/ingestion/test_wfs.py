"""Pages of a WFS that cuts, overlaps, loses count or turns its axes: whole and once, or refused."""

import json
from datetime import timedelta

import pytest

from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import EvidenceStore
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import Wfs, WfsLayer
from pipeline.ingestion.wfs import fetch_pages, merged
from tests.unit.ingestion.live_server import NOW, send, status, transport

LAYER = WfsLayer(typename="ESSAI:objet", sorted_by="cleabs", folder="bdtopo", file="objet")
BOX = (2.0, 50.0, 2.1, 50.1)
DAY = timedelta(days=1)


def feature(number, *, swapped=False):
    place = [50.05, 2.05] if swapped else [2.05, 50.05]
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": place},
        "properties": {"cleabs": f"OBJET{number:04}", "nature": "Forêt"},
    }


def page_of(features, matched):
    return {
        "type": "FeatureCollection",
        "features": features,
        "numberMatched": matched,
        "numberReturned": len(features),
    }


def layer_of(count, *, cap=5, change=lambda document, _: document):
    """A WFS that holds `count` objects and gives `cap` of them at most."""

    def answer(handler):
        start, asked = (int(handler.query[name]) for name in ("STARTINDEX", "COUNT"))
        numbers = range(start, min(start + min(asked, cap), count))
        document = change(page_of([feature(n) for n in numbers], count), start)
        send(handler, 200, json.dumps(document).encode(), Content_Type="application/json")

    return answer


class Desk:
    def __init__(self, server, root):
        self.server, self.store = server, EvidenceStore(root)
        self.now, self.warnings = NOW, []

    def pages(self, *, size=5, **changes):
        wfs = Wfs(page_size=size, layers=(LAYER,))
        with transport(self.server.base, wfs=wfs, **changes) as wire:
            retrieval = Retrieval(
                self.store, wire, clock=lambda: self.now, warn=self.warnings.append
            )
            return fetch_pages(retrieval, "essai", LAYER, BOX)

    def keys(self, **changes):
        paths = [self.store.verified(page) for page in self.pages(**changes)]
        document = json.loads(b"".join(merged(paths)))
        assert document["type"] == "FeatureCollection"
        return [item["properties"]["cleabs"] for item in document["features"]]


@pytest.fixture
def desk(server, tmp_path):
    return Desk(server, tmp_path / "preuves")


def expected(count):
    return [f"OBJET{number:04}" for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 10, 12])
def test_every_object_comes_once(desk, server, count):
    server.on("/ows", layer_of(count))
    assert desk.keys() == expected(count)
    assert len(server.seen) == max(1, -(-count // 5))


def test_a_page_is_sorted_and_its_box_says_longitude_first(desk, server):
    server.on("/ows", layer_of(1))
    desk.keys()
    params = server.seen[0].params
    assert params["BBOX"] == "2.000000,50.000000,2.100000,50.100000,EPSG:4326"
    assert (params["SORTBY"], params["COUNT"], params["STARTINDEX"]) == ("cleabs", "5", "0")


def test_a_service_that_cuts_below_what_was_asked_is_asked_for_the_rest(desk, server):
    server.on("/ows", layer_of(12, cap=5))
    assert desk.keys(size=100) == expected(12)
    assert [seen.params["STARTINDEX"] for seen in server.seen] == ["0", "5", "10"]


def test_beyond_the_five_thousand_that_a_page_holds_nothing_is_lost(desk, server):
    server.on("/ows", layer_of(5001, cap=5000))
    assert desk.keys(size=5000) == expected(5001)
    assert [seen.params["STARTINDEX"] for seen in server.seen] == ["0", "5000"]


def test_a_service_that_only_sorts_when_asked_gives_each_object_once(desk, server):
    # Without SORTBY each page is drawn from another order, as PostgreSQL may: they overlap.
    def answer(handler):
        start = int(handler.query["STARTINDEX"])
        numbers = list(range(12))
        if handler.query.get("SORTBY") != "cleabs":
            numbers = numbers[start:] + numbers[:start]
        page = page_of([feature(n) for n in numbers[start : start + 5]], 12)
        send(handler, 200, json.dumps(page).encode())

    server.on("/ows", answer)
    assert desk.keys() == expected(12)


def overlapping(document, start):
    if start:
        document["features"][0] = feature(start - 1)
    return document


def stopping(document, start):
    return page_of([], 12) if start else document


def miscounting(document, start):
    return document | {"numberMatched": 12 + start}


BAD = {
    "overlap": (overlapping, "se recouvrent"),
    "stop before the total": (stopping, "5 objets reçus sur 12"),
    "change their total": (miscounting, "de 12 objets, puis de 17"),
}


@pytest.mark.parametrize(("change", "words"), BAD.values(), ids=BAD.keys())
def test_pages_that_do_not_fit_are_asked_again_then_refused(desk, server, change, words):
    server.on("/ows", layer_of(12, change=change))
    with pytest.raises(ServiceError, match=words):
        desk.pages()
    assert [seen.params["STARTINDEX"] for seen in server.seen] == ["0", "5", "0", "5"]


def untold(document, start):
    return document | {"numberMatched": "unknown", "start": start}


def short(document, start):
    return document | {"numberReturned": 3, "start": start}


def swapped(document, start):
    return document | {"features": [feature(start, swapped=True)], "numberReturned": 1}


def nameless(document, start):
    document["features"][0]["properties"] = {"other": start}
    return document


ALONE = {
    "without a total": (untold, "annoncés sur unknown"),
    "whose count is wrong": (short, "page WFS de 5 objets, 3 annoncés"),
    "latitude first": (swapped, "latitude donnée avant la longitude"),
    "without the key": (nameless, "objet sans cleabs"),
    "of something else": (lambda *_: {"title": "erreur"}, "mal formée"),
}


@pytest.mark.parametrize(("change", "words"), ALONE.values(), ids=ALONE.keys())
def test_a_page_alone_tells_what_is_wrong_with_it(desk, server, change, words):
    server.on("/ows", layer_of(5, change=change))
    with pytest.raises(ServiceError, match=words):
        desk.pages()


def test_an_error_in_xml_with_status_200_is_no_page(desk, server):
    server.on("/ows", b"<ows:ExceptionReport>Unknown namespace</ows:ExceptionReport>")
    with pytest.raises(ServiceError, match="Unknown namespace"):
        desk.pages()


def test_pages_of_two_days_are_not_mixed(desk, server):
    server.on("/ows", layer_of(6), status(400))
    with pytest.raises(ServiceError):
        desk.pages()  # the second page failed
    server.on("/ows", layer_of(6))
    desk.now = NOW + 2 * DAY
    pages = desk.pages()
    assert {page.fetched_at[:10] for page in pages} == {"2026-11-28"}
    assert [seen.params["STARTINDEX"] for seen in server.seen[2:]] == ["5", "0", "5"]


def test_pages_interrupted_on_the_same_day_go_on(desk, server):
    server.on("/ows", layer_of(6), status(400))
    with pytest.raises(ServiceError):
        desk.pages()
    server.on("/ows", layer_of(6))
    desk.now = NOW + timedelta(hours=1)
    assert desk.keys() == expected(6)
    assert len(server.seen) == 3


def test_a_service_that_is_down_leaves_the_last_pages_together(desk, server):
    server.on("/ows", layer_of(6))
    desk.pages()
    server.on("/ows", status(503))
    desk.now = NOW + 40 * DAY
    assert desk.keys() == expected(6)
    assert len(desk.warnings) == 2
