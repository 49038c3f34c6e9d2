"""Overpass as it behaves: 406 without a name, 429 with or without a wait, 504, a `remark`."""

import json
import time

import pytest

from pipeline.errors import ServiceError
from pipeline.ingestion.live_osm import osm_around
from pipeline.ingestion.services import Retry
from tests.unit.ingestion.deposits import INSEE, OsmTown, rectangle
from tests.unit.ingestion.live_desk import LiveDesk
from tests.unit.ingestion.live_server import plain, send, status

PATH = "/overpass/interpreter"
BOX = (2.98, 43.98, 3.04, 44.01)


def town(**more):
    drawn = OsmTown()
    drawn.way(1, rectangle(0, 0, 50, 40), amenity="parking")
    told = {"osm3s": {"timestamp_osm_base": "2026-11-25T20:00:00Z"}}
    return json.dumps(drawn.overpass() | told | more)


@pytest.fixture
def desk(server, tmp_path):
    return LiveDesk(server, tmp_path)


def fetch(desk):
    return desk.fetch(osm_around(INSEE, BOX, ["surface"], desk.services["overpass"]))


def named_only(handler):
    """The filter of the real one: who does not say a name of its own is refused."""
    is_named = handler.headers.get("User-Agent", "").startswith("parzan/")
    send(handler, *((200, town().encode()) if is_named else (406, b"Not Acceptable")))


def test_parzan_says_its_name_and_is_answered(desk):
    desk.server.on(PATH, named_only)
    assert fetch(desk).read_text(encoding="utf-8") == town()
    assert desk.server.seen[0].form["data"].startswith("[out:json]")


def test_a_406_is_told_and_not_insisted_upon(desk):
    desk.server.on(PATH, status(406, b"Not Acceptable"))
    with pytest.raises(ServiceError, match=r"HTTP 406.*PARZAN_CONTACT"):
        fetch(desk)
    assert len(desk.server.seen) == 1


@pytest.mark.parametrize("code", [429, 504])
def test_a_busy_service_is_asked_again(desk, code):
    desk.server.on(PATH, status(code), plain(town()))
    assert fetch(desk).is_file()
    assert len(desk.server.seen) == 2


def test_the_wait_that_a_429_asks_for_is_respected(desk):
    # The retries alone would wait two hundredths of a second.
    quick = Retry(attempts=2, first_wait_s=0, longest_wait_s=0, jitter_s=0)
    desk.change("overpass", retry=quick)
    desk.server.on(PATH, status(429, Retry_After="1"), plain(town()))
    begun = time.monotonic()
    assert fetch(desk).is_file()
    assert time.monotonic() - begun >= 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(429), "trop de requêtes"),
        (status(504), "HTTP 504"),
        (plain(town(remark="runtime error: Query timed out")), "Query timed out"),
        (plain("<html><title>Dispatcher</title></html>"), "page web"),
    ],
)
def test_what_is_no_answer_leaves_no_file_and_no_proof(desk, answer, words):
    desk.server.on(PATH, answer)
    with pytest.raises(ServiceError, match=words):
        fetch(desk)
    assert not (desk.data / "osm").exists()
    assert not desk.store.exists() or desk.store.register.answers() == []
