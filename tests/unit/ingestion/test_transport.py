"""The transport against a real server that misbehaves as the real services do."""

import gzip
import hashlib
import socket
import subprocess
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from email.utils import format_datetime
from io import BytesIO

import py7zr
import pytest

from pipeline.errors import AbsentError, OfflineError, ServiceError, SourceError
from pipeline.ingestion.services import Retry, Timeouts
from tests.unit.ingestion.live_server import (
    NOW,
    USER_AGENT,
    asking,
    cut,
    cut_chunks,
    plain,
    ranged,
    send,
    status,
    transport,
)

BODY = b'{"type": "FeatureCollection", "features": []}'
PAGE = b"<!DOCTYPE html><html><head><title>Request Rejected</title></head></html>"


def fetch(server, tmp_path, request=None, **changes):
    with transport(server.base, **changes) as wire:
        return wire.fetch(request or asking(), tmp_path / "incoming")


def refused(server, tmp_path, request=None, kind=ServiceError, **changes):
    """The one line of a refusal, that leaves no whole answer behind."""
    before = set(tmp_path.rglob("*.whole"))
    with pytest.raises(kind) as refusal:
        fetch(server, tmp_path, request, **changes)
    assert "\n" not in str(refusal.value)
    assert " ; " in str(refusal.value)
    assert set(tmp_path.rglob("*.whole")) == before
    return str(refusal.value)


def left(tmp_path):
    """What a failure left of an answer; the lock of the download and whole answers are not."""
    files = (tmp_path / "incoming").iterdir()
    return [path.name for path in files if path.suffix not in {".lock", ".whole"}]


def test_an_answer_comes_whole_with_what_proves_it(server, tmp_path):
    server.on("/a", plain(BODY, ETag='"1"', Content_Type="application/json"))
    answer = fetch(server, tmp_path, asking(params={"code": "62041"}))
    assert answer.path.read_bytes() == BODY
    assert answer.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (answer.size, answer.status) == (len(BODY), 200)
    assert answer.url == f"{server.base}/a?code=62041"
    assert answer.headers == {"etag": '"1"', "content-type": "application/json"}
    assert server.seen[0].headers["user-agent"] == USER_AGENT


def test_a_form_is_posted(server, tmp_path):
    server.on("/a", BODY)
    fetch(server, tmp_path, asking(form={"data": "[out:json];"}))
    assert (server.seen[0].method, server.seen[0].form) == ("POST", {"data": "[out:json];"})


def test_offline_no_connection_is_made(server, tmp_path):
    server.on("/a", BODY)
    said = refused(server, tmp_path, kind=OfflineError, offline=True)
    assert "--offline" in said
    with transport(server.base, offline=True) as wire, pytest.raises(OfflineError):
        wire.announced_size(asking())
    assert server.seen == []


@pytest.mark.parametrize("code", [429, 502, 503, 504, 529])
def test_a_passing_failure_is_tried_again(server, tmp_path, code):
    server.on("/a", status(code), status(code), BODY)
    assert fetch(server, tmp_path).path.read_bytes() == BODY
    assert len(server.seen) == 3


@pytest.mark.parametrize(("code", "words"), [(429, "HTTP 429"), (504, "HTTP 504")])
def test_after_the_last_attempt_the_failure_is_told(server, tmp_path, code, words):
    server.on("/a", status(code))
    assert words in refused(server, tmp_path)
    assert len(server.seen) == 3


def test_the_wait_that_a_service_asks_for_is_respected(server, tmp_path):
    server.on("/a", status(429, Retry_After="1"), BODY)
    started = time.monotonic()
    fetch(server, tmp_path)
    assert time.monotonic() - started >= 1


def test_a_date_to_wait_for_is_counted_from_the_clock_of_the_service(server, tmp_path):
    def busy(handler):
        handler.send_response_only(429)
        handler.send_header("Date", format_datetime(NOW.replace(year=2020), usegmt=True))
        later = NOW.replace(year=2020, second=1)
        handler.send_header("Retry-After", format_datetime(later, usegmt=True))
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.on("/a", busy, BODY)
    started = time.monotonic()
    fetch(server, tmp_path)
    assert 1 <= time.monotonic() - started < 3


def test_a_wait_beyond_the_total_time_is_told_rather_than_slept(server, tmp_path):
    server.on("/a", status(503, Retry_After="3600"))
    started = time.monotonic()
    assert "HTTP 503" in refused(server, tmp_path)
    assert time.monotonic() - started < 1
    assert len(server.seen) == 1


def test_a_service_that_wants_to_know_who_asks_is_satisfied(server, tmp_path):
    def strict(handler):
        is_known = handler.headers.get("User-Agent", "").startswith("parzan/")
        send(handler, 200 if is_known else 406, BODY)

    server.on("/a", strict)
    assert fetch(server, tmp_path).status == 200


def test_the_wait_for_a_turn_is_not_counted_against_the_service(server, tmp_path):
    server.on("/a", lambda handler: (time.sleep(0.3), send(handler, 200, BODY)))
    limits = Timeouts(connect_s=1, silence_s=1, total_s=0.6)
    with transport(server.base, at_once=1, timeouts=limits) as wire, ThreadPoolExecutor(4) as pool:
        asked = [asking(params={"n": str(n)}) for n in range(4)]
        assert len(list(pool.map(lambda request: wire.fetch(request, tmp_path), asked))) == 4


def test_a_client_without_name_is_told_to_give_a_contact(server, tmp_path):
    server.on("/a", status(406, b"Not Acceptable"))
    assert "PARZAN_CONTACT" in refused(server, tmp_path)
    assert len(server.seen) == 1


def test_what_the_service_lacks_is_absent_and_not_asked_again(server, tmp_path):
    assert "HTTP 404" in refused(server, tmp_path, kind=AbsentError)
    assert len(server.seen) == 1


def test_a_refused_request_quotes_the_service(server, tmp_path):
    server.on("/a", status(400, "paramètre « insee » inconnu".encode()))
    assert "paramètre « insee » inconnu" in refused(server, tmp_path)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(PAGE, id="a web page"),
        pytest.param(b"\xef\xbb\xbf \n<!-- WAF -->\n" + PAGE, id="after a mark and a comment"),
    ],
)
def test_a_web_page_with_status_200_is_no_answer(server, tmp_path, page):
    server.on("/a", page)
    assert "page web (« Request Rejected »)" in refused(server, tmp_path)
    assert "page web" in refused(server, tmp_path, asking(kinds=("text",)))


def test_an_error_in_xml_with_status_200_is_quoted(server, tmp_path):
    server.on("/a", b"<ows:ExceptionReport>InvalidParameterValue</ows:ExceptionReport>")
    assert "InvalidParameterValue" in refused(server, tmp_path)


def test_an_empty_body_is_no_answer(server, tmp_path):
    server.on("/a", b"", BODY)
    assert fetch(server, tmp_path).size == len(BODY)


def test_a_body_shorter_than_announced_is_asked_again(server, tmp_path):
    server.on("/a", cut(BODY, 20, announced=True), BODY)
    assert fetch(server, tmp_path).path.read_bytes() == BODY
    server.on("/a", cut(BODY, 20, announced=True))
    assert "coupée avant sa fin" in refused(server, tmp_path)


def test_chunks_that_stop_are_asked_again(server, tmp_path):
    server.on("/a", cut_chunks(BODY, 20), BODY)
    assert fetch(server, tmp_path).path.read_bytes() == BODY


def zipped():
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.csv", "x;y\n")
    return held.getvalue()


def seven_zipped():
    held = BytesIO()
    with py7zr.SevenZipFile(held, "w") as archive:
        archive.writestr("x;y\n", "a.csv")
    return held.getvalue()


def pbf(*sizes):
    """Blocks of an OSM file: only their lengths are true."""
    return b"".join(
        (2 + len(name) + 2).to_bytes(4, "big")
        + b"\x0a" + bytes([len(name)]) + name
        + b"\x18" + bytes([size])
        + bytes(size)
        for name, size in zip([b"OSMHeader", *[b"OSMData"] * len(sizes)], sizes, strict=False)
    )  # fmt: skip


WHOLE = {
    "json": BODY,
    "gzip": gzip.compress(bytes(range(256)) * 40),
    "zip": zipped(),
    "7z": seven_zipped(),
    "osm_pbf": pbf(24, 24, 0x18),
}


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("missing", [1, 12])
def test_without_an_announced_length_the_content_itself_tells_its_end(
    server, tmp_path, kind, missing
):
    body = WHOLE[kind]
    request = asking(kinds=(kind,))
    server.on("/a", cut(body, len(body) - missing, announced=False), body)
    assert fetch(server, tmp_path, request).path.read_bytes() == body
    assert len(server.seen) == 2
    server.on("/a", cut(body, len(body) - missing, announced=False))
    assert "coupé avant sa fin" in refused(server, tmp_path, request)
    assert left(tmp_path) == []


def test_a_transport_encoding_that_ends_early_is_seen(server, tmp_path):
    packed = gzip.compress(BODY * 50)
    short = plain(packed[:-9], Content_Encoding="gzip")
    server.on("/a", short, plain(gzip.compress(BODY), Content_Encoding="gzip"))
    answer = fetch(server, tmp_path)
    assert answer.path.read_bytes() == BODY
    assert answer.headers["content-encoding"] == "gzip"
    server.on("/a", short)
    assert "coupé avant sa fin" in refused(server, tmp_path)


def test_an_encoding_that_was_not_asked_for_is_refused(server, tmp_path):
    server.on("/a", plain(BODY, Content_Encoding="br"))
    assert "encodage « br »" in refused(server, tmp_path)


def test_a_bomb_is_stopped_where_the_largest_answer_is(server, tmp_path):
    bomb = gzip.compress(bytes(2 * 1024**2))
    server.on("/a", plain(bomb, Content_Encoding="gzip"))
    assert "décompressés" in refused(server, tmp_path, largest_answer_mb=1)
    server.on("/a", bomb)
    assert "décompressés" in refused(server, tmp_path, asking(kinds=("gzip",)), largest_answer_mb=1)
    assert left(tmp_path) == []


@pytest.mark.parametrize("announced", [True, False])
def test_an_answer_larger_than_allowed_is_refused(server, tmp_path, announced):
    mega = 1024**2
    exact, beyond = (b'{"a": "' + b"x" * (mega - 9 + more) + b'"}' for more in (0, 1))
    server.on("/a", cut(exact, mega, announced=announced))
    assert fetch(server, tmp_path, largest_answer_mb=1).size == mega
    server.on("/a", cut(beyond, mega + 1, announced=announced))
    assert "plus de 1 Mo" in refused(server, tmp_path, largest_answer_mb=1)
    assert left(tmp_path) == []


def test_the_address_that_answers_after_a_redirect_is_kept(server, tmp_path):
    server.on("/latest.pbf", status(302, Location="/nord-261125.pbf"))
    server.on("/nord-261125.pbf", WHOLE["osm_pbf"])
    answer = fetch(server, tmp_path, asking("/latest.pbf", kinds=("osm_pbf",)))
    assert answer.url == f"{server.base}/nord-261125.pbf"


def test_redirects_without_end_are_told(server, tmp_path):
    server.on("/a", status(302, Location="/a"))
    assert "renvois sans fin" in refused(server, tmp_path)


def test_the_digest_that_the_service_announces_is_verified(server, tmp_path):
    digest = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
    server.on("/a", BODY)
    assert fetch(server, tmp_path, asking(md5=digest.upper())).size == len(BODY)
    server.on("/a", BODY.replace(b"[]", b"[1]"))
    assert "md5" in refused(server, tmp_path, asking(md5=digest))
    assert left(tmp_path) == []


def dripping(handler, *, in_headers):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    if not in_headers:
        handler.wfile.write(b"\r\n")
    for letter in b"X-Drip: " + b"a" * 200:
        handler.wfile.write(bytes([letter]))
        handler.wfile.flush()
        time.sleep(0.05)
    handler.close_connection = True


@pytest.mark.parametrize("in_headers", [True, False], ids=["in the headers", "in the body"])
def test_a_service_that_drips_is_stopped(server, tmp_path, in_headers):
    server.on("/a", lambda handler: dripping(handler, in_headers=in_headers))
    quick = Timeouts(connect_s=1, silence_s=1, total_s=0.5)
    started = time.monotonic()
    assert "trop lente" in refused(server, tmp_path, timeouts=quick)
    assert 0.5 <= time.monotonic() - started < 2
    assert len(server.seen) == 1


def test_silence_is_tried_again_then_told(server, tmp_path):
    server.on("/a", lambda _: time.sleep(0.6), BODY)
    quick = Timeouts(connect_s=1, silence_s=0.3, total_s=10)
    assert fetch(server, tmp_path, timeouts=quick).size == len(BODY)
    server.on("/a", lambda _: time.sleep(0.6))
    assert "aucun octet" in refused(server, tmp_path, timeouts=quick)


@pytest.mark.usefixtures("no_proxy")
def test_a_name_that_does_not_exist_is_told(tmp_path):
    with (
        transport("http://parzan.invalid") as wire,
        pytest.raises(ServiceError, match="nom de machine introuvable"),
    ):
        wire.fetch(asking(), tmp_path)


@pytest.mark.usefixtures("no_proxy")
def test_a_port_where_nobody_listens_is_told(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        transport(f"http://127.0.0.1:{port}") as wire,
        pytest.raises(ServiceError, match="connexion impossible"),
    ):
        wire.fetch(asking(), tmp_path)


@pytest.mark.parametrize(
    "proof", [{"ETag": '"v1"'}, {"Last_Modified": "Wed, 25 Nov 2026 00:00:00 GMT"}]
)
def test_a_download_that_stopped_asks_for_the_rest(server, tmp_path, proof):
    server.on("/a", cut(BODY, 20, announced=True, **proof), ranged(BODY, **proof))
    assert fetch(server, tmp_path).path.read_bytes() == BODY
    assert server.seen[1].headers["range"] == "bytes=20-"


def test_a_content_that_changed_meanwhile_is_taken_from_its_start(server, tmp_path):
    other = b'{"type": "FeatureCollection", "features": [{}]}'
    server.on("/a", cut(BODY, 20, announced=True, ETag='"v1"'), ranged(other, ETag='"v2"'))
    answer = fetch(server, tmp_path)
    assert answer.path.read_bytes() == other
    assert answer.headers["etag"] == '"v2"'


@pytest.mark.parametrize("proof", [{}, {"ETag": 'W/"v1"'}], ids=["nothing", "a weak tag"])
def test_without_proof_that_it_is_the_same_nothing_is_resumed(server, tmp_path, proof):
    server.on("/a", cut(BODY, 20, announced=True, **proof), plain(BODY))
    assert fetch(server, tmp_path).path.read_bytes() == BODY
    assert "range" not in server.seen[1].headers


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(status(416), id="refused"),
        pytest.param(
            lambda h: send(h, 206, BODY[5:], Content_Range=f"bytes 5-{len(BODY) - 1}/{len(BODY)}"),
            id="from elsewhere",
        ),
    ],
)
def test_a_rest_that_does_not_fit_is_dropped(server, tmp_path, rest):
    first = cut(BODY, 20, announced=True, ETag='"v1"')
    server.on("/a", first, rest, plain(BODY, ETag='"v1"'))
    assert fetch(server, tmp_path).path.read_bytes() == BODY


def test_a_web_page_does_not_take_the_place_of_a_download_under_way(server, tmp_path):
    once = Retry(attempts=1, first_wait_s=0, longest_wait_s=0, jitter_s=0)
    stopped = cut(BODY, 20, announced=True, ETag='"v1"')
    server.on("/a", stopped, PAGE, ranged(BODY, ETag='"v1"'))
    refused(server, tmp_path, retry=once)
    assert "page web" in refused(server, tmp_path, retry=once)
    assert fetch(server, tmp_path, retry=once).path.read_bytes() == BODY
    assert server.seen[2].headers["range"] == "bytes=20-"


def test_a_failure_leaves_what_came_to_the_next_run(server, tmp_path):
    once = Retry(attempts=1, first_wait_s=0, longest_wait_s=0, jitter_s=0)
    server.on("/a", cut(BODY, 20, announced=True, ETag='"v1"'), ranged(BODY, ETag='"v1"'))
    refused(server, tmp_path, retry=once)
    assert fetch(server, tmp_path, retry=once).path.read_bytes() == BODY
    assert server.seen[1].headers["range"] == "bytes=20-"


def test_the_size_is_known_before_the_download(server):
    server.on("/a", BODY)
    with transport(server.base) as wire:
        assert wire.announced_size(asking()) == len(BODY)
    assert [seen.method for seen in server.seen] == ["HEAD"]


def test_requests_to_a_host_are_spaced(server, tmp_path):
    server.on("/a", BODY)
    with transport(server.base, requests_per_second=10) as wire:
        started = time.monotonic()
        for _ in range(4):
            wire.fetch(asking(), tmp_path)
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("at_once", [1, 2])
def test_no_more_requests_are_under_way_than_the_service_bears(server, tmp_path, at_once):
    busy, most, lock = 0, 0, threading.Lock()

    def slow(handler):
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.1)
        with lock:
            busy -= 1
        send(handler, 200, BODY)

    server.on("/a", slow)
    with transport(server.base, at_once=at_once) as wire, ThreadPoolExecutor(4) as pool:
        asked = [asking(params={"n": str(n)}) for n in range(4)]
        answers = list(pool.map(lambda request: wire.fetch(request, tmp_path), asked))
    assert len({answer.path for answer in answers}) == 4
    assert most == at_once


def test_two_downloads_of_the_same_thing_at_once_do_not_mix(server, tmp_path):
    server.on("/a", lambda h: (time.sleep(0.1), send(h, 200, BODY, ETag='"v1"')))
    with transport(server.base, at_once=4) as wire, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: wire.fetch(asking(), tmp_path), range(4)))
    assert [answer.path.read_bytes() for answer in answers] == [BODY] * 4


DOWNLOAD = """
import sys
from pathlib import Path
from tests.unit.ingestion.live_server import asking, transport
with transport(sys.argv[1]) as wire:
    wire.fetch(asking(), Path(sys.argv[2]))
"""


def test_a_killed_download_is_resumed_by_the_next_run(server, tmp_path):
    large = b'{"a": "' + b"x" * 300_000 + b'"}'

    def stuck(handler):
        handler.send_response(200)
        handler.send_header("ETag", '"v1"')
        handler.send_header("Content-Length", str(len(large)))
        handler.end_headers()
        handler.wfile.write(large[:200_000])
        handler.wfile.flush()
        time.sleep(5)

    server.on("/a", stuck, ranged(large, ETag='"v1"'))
    incoming = tmp_path / "incoming"
    run = subprocess.Popen([sys.executable, "-c", DOWNLOAD, server.base, str(incoming)])
    until = time.monotonic() + 20
    while not any(p.stat().st_size > 100_000 for p in incoming.glob("*.part")):
        assert time.monotonic() < until
        time.sleep(0.02)
    run.kill()
    run.wait()
    assert fetch(server, tmp_path).path.read_bytes() == large
    assert int(server.seen[1].headers["range"][6:-1]) > 100_000


@pytest.mark.parametrize("announced", [True, False])
def test_a_full_disk_is_told_and_keeps_nothing(server, tmp_path, small_disk, announced):
    large = b'{"a": "' + b"x" * 600_000 + b'"}'
    server.on("/a", cut(large, len(large), announced=announced, ETag='"v1"'))
    said = refused(server, tmp_path, kind=SourceError)
    assert "disque plein" in said
    assert len(server.seen) == 1
    assert left(tmp_path) == []
    assert [path.suffix for path in small_disk.iterdir()] == [".lock"]
