"""A département from Geofabrik: held to its md5, kept under its dated address, extracted once."""

import subprocess
import sys
import threading
import time
from datetime import timedelta

import numpy as np
import pytest
import yaml

from pipeline.errors import AbsentError, ConfigError, ServiceError, SourceError
from pipeline.ingestion.live_geofabrik import osm_of_departement
from pipeline.ingestion.osm_land import keys_read
from pipeline.ingestion.services import load_services
from tests.tables import ASSUMPTIONS, CONFIG
from tests.unit.ingestion.deposits import OsmTown, commune, read, rectangle
from tests.unit.ingestion.live_desk import LiveDesk
from tests.unit.ingestion.live_server import ranged, status
from tests.unit.ingestion.regions import as_region, md5_line

LATEST = "/geofabrik/nord-pas-de-calais-latest.osm.pbf"
DIGEST = f"{LATEST}.md5"
DATED = "/geofabrik/nord-pas-de-calais-261125.osm.pbf"
PLACE = "osm/geofabrik-nord-pas-de-calais.osm.pbf"
KEYS = keys_read(ASSUMPTIONS)
MONTHS = timedelta(days=100)


def town(*parks):
    drawn = OsmTown()
    for number, x in enumerate(parks, start=1):
        drawn.way(number, rectangle(x, 0, x + 50, 40), amenity="parking")
    # What makes a region bigger than its extract, and hard to pack.
    random = np.random.default_rng(62)
    drawn.way(90, [tuple(it) for it in random.uniform(50, 900, (6000, 2)).tolist()], route="ferry")
    return drawn.xml()


FIRST = as_region(town(0))
SECOND = as_region(town(0, 100), day="2026-11-26")


@pytest.fixture
def desk(server, tmp_path):
    commune(tmp_path)
    return LiveDesk(server, tmp_path)


def hold(desk, *contents, digests=None):
    """Say what « latest » is at each question, and its digest."""
    desk.server.on(LATEST, *contents)
    desk.server.on(DIGEST, *(md5_line(it) for it in digests or contents))


def wanted(desk, departement="62", keys=KEYS):
    (one,) = osm_of_departement(departement, keys, desk.services["geofabrik"])
    return one


def paths(desk):
    return [seen.path for seen in desk.server.seen]


def parks(desk):
    return sorted(read(desk.data).candidates["candidate_id"])


def test_the_region_is_held_to_its_digest_and_read(desk):
    hold(desk, FIRST)
    assert desk.fetch(wanted(desk)) == desk.data / PLACE
    assert paths(desk) == [DIGEST, LATEST]
    assert parks(desk) == ["osm/way/1"]
    assert (desk.data / PLACE).stat().st_size < len(FIRST) / 10


def test_the_dated_address_and_the_date_of_the_data_are_kept(desk):
    hold(desk, status(302, Location=DATED), digests=[FIRST])
    desk.server.on(DATED, FIRST)
    desk.fetch(wanted(desk))
    kept = desk.store.latest(wanted(desk).request)
    assert kept.url == f"{desk.server.base}{DATED}"
    assert (kept.vintage, kept.licence) == ("2026-11-25", "ODbL 1.0")
    assert desk.store.content(kept.sha256).read_bytes() == FIRST


def test_two_departements_of_a_region_share_its_extract(desk):
    hold(desk, FIRST)
    made = desk.fetch(wanted(desk, "62"))
    before = made.stat().st_mtime_ns
    assert desk.fetch(wanted(desk, "59")) == made
    assert made.stat().st_mtime_ns == before
    assert paths(desk) == [DIGEST, LATEST]


def test_an_extract_is_made_again_only_when_something_changed(desk):
    hold(desk, FIRST, SECOND)
    made = desk.fetch(wanted(desk))
    first = made.stat().st_mtime_ns
    desk.fetch(wanted(desk))
    assert made.stat().st_mtime_ns == first
    desk.fetch(wanted(desk, keys=[*KEYS, "route"]))
    assert (wider := made.stat()).st_mtime_ns > first
    assert wider.st_size > 10_000  # the ferry has come
    made.write_bytes(b"")  # damaged on the disk: ours no more
    with pytest.raises(SourceError, match="déposé ou modifié à la main"):
        desk.fetch(wanted(desk))
    made.unlink()
    desk.fetch(wanted(desk))
    assert parks(desk) == ["osm/way/1"]
    desk.now += MONTHS
    desk.fetch(wanted(desk))
    assert parks(desk) == ["osm/way/1", "osm/way/2"]


@pytest.mark.parametrize(("days", "asked"), [(29, 2), (31, 4)])
def test_a_region_is_asked_again_when_it_is_too_old(desk, days, asked):
    hold(desk, FIRST, SECOND)
    desk.fetch(wanted(desk))
    desk.now += timedelta(days=days)
    desk.fetch(wanted(desk))
    assert len(paths(desk)) == asked


def test_a_digest_that_does_not_fit_is_tried_again_then_refused(desk):
    hold(desk, FIRST, digests=[SECOND])
    with pytest.raises(ServiceError, match="somme md5 différente") as refusal:
        desk.fetch(wanted(desk))
    assert "\n" not in str(refusal.value)
    tries = desk.services["geofabrik"].retry.attempts
    assert paths(desk) == [DIGEST, *[LATEST] * tries, DIGEST]
    assert not (desk.data / PLACE).exists()
    assert desk.store.latest(wanted(desk).request) is None


def test_a_damaged_region_comes_whole_at_the_second_try(desk):
    hold(desk, SECOND, FIRST, digests=[FIRST])
    desk.fetch(wanted(desk))
    assert paths(desk) == [DIGEST, LATEST, LATEST]
    assert parks(desk) == ["osm/way/1"]


def test_a_publication_between_the_two_questions_is_survived(desk):
    hold(desk, SECOND, digests=[FIRST, SECOND])
    desk.fetch(wanted(desk))
    assert paths(desk)[-2:] == [DIGEST, LATEST]
    assert parks(desk) == ["osm/way/1", "osm/way/2"]


def test_a_publication_in_between_is_survived_with_an_old_copy_too(desk):
    hold(desk, FIRST, SECOND, digests=[FIRST, FIRST, SECOND])
    desk.fetch(wanted(desk))
    desk.now += MONTHS
    desk.fetch(wanted(desk))
    assert parks(desk) == ["osm/way/1", "osm/way/2"]


def test_a_service_that_is_down_leaves_the_last_copy_with_a_warning(desk):
    hold(desk, FIRST)
    desk.fetch(wanted(desk))
    desk.now += MONTHS
    desk.server.on(DIGEST, status(503))
    desk.server.on(LATEST, status(503))
    desk.fetch(wanted(desk))
    assert parks(desk) == ["osm/way/1"]
    (warning,) = desk.warnings
    assert "copie du 2026-11-26 employée" in warning


def test_a_digest_that_is_no_digest_is_refused(desk):
    desk.server.on(DIGEST, "indisponible")
    with pytest.raises(ServiceError, match="somme md5 illisible"):
        desk.fetch(wanted(desk))
    assert paths(desk) == [DIGEST]


def test_a_region_that_the_service_does_not_hold_is_told(desk):
    with pytest.raises(AbsentError, match="introuvable chez le producteur"):
        desk.fetch(wanted(desk))


def test_a_truncated_region_is_refused(desk):
    hold(desk, FIRST[:-30])  # its digest is that of what is there
    with pytest.raises(ServiceError, match="contenu abîmé ou coupé"):
        desk.fetch(wanted(desk))
    assert not (desk.data / PLACE).exists()


def test_blocks_that_osmium_cannot_read_are_refused(desk):
    header_end = FIRST.index(b"OSMData") - 6
    damaged = FIRST[:60] + b"\xff" * (header_end - 60) + FIRST[header_end:]
    hold(desk, damaged)
    with pytest.raises(ServiceError, match="extrait OSM illisible"):
        desk.fetch(wanted(desk))
    assert not (desk.data / PLACE).exists()


DOWNLOAD = """
import sys
from pathlib import Path
from tests.unit.ingestion.live_desk import LiveDesk
from tests.unit.ingestion.live_server import Server
from tests.unit.ingestion.test_live_geofabrik import wanted
desk = LiveDesk(Server(sys.argv[1]), Path(sys.argv[2]))
desk.fetch(wanted(desk))
"""


def test_a_download_killed_in_the_middle_is_resumed_by_the_next(desk):
    half = len(FIRST) // 2
    stuck = threading.Event()

    def stops(handler):
        handler.send_response(200)
        handler.send_header("ETag", '"v1"')
        handler.send_header("Content-Length", str(len(FIRST)))
        handler.end_headers()
        handler.wfile.write(FIRST[:half])
        handler.wfile.flush()
        stuck.wait(30)

    hold(desk, stops, ranged(FIRST, ETag='"v1"'), digests=[FIRST])
    command = [sys.executable, "-c", DOWNLOAD, desk.server.base, str(desk.data)]
    with subprocess.Popen(command) as run:
        try:
            until = time.monotonic() + 60
            while not any(it.stat().st_size for it in desk.store.incoming.glob("*.part")):
                assert time.monotonic() < until
                time.sleep(0.02)
        finally:
            run.kill()
            stuck.set()
    assert not (desk.data / PLACE).exists()
    desk.fetch(wanted(desk))
    assert paths(desk) == [DIGEST, LATEST, DIGEST, LATEST]
    assert desk.server.seen[-1].headers["range"].startswith("bytes=")
    assert parks(desk) == ["osm/way/1"]


def test_every_departement_is_in_one_region():
    service = load_services(CONFIG / "services.yaml")["geofabrik"]
    mainland = {f"{number:02}" for number in range(1, 96)} - {"20"} | {"2A", "2B"}
    overseas = {"971", "972", "973", "974", "976"}
    held = [code for codes in service.regions.root.values() for code in codes]
    assert sorted(held) == sorted(mainland | overseas)
    assert len(service.regions.root) == 27
    assert service.regions.of("35") == "bretagne"


def test_a_departement_without_region_is_told(desk):
    with pytest.raises(SourceError, match="aucune région déclarée pour le département 975"):
        wanted(desk, "975")


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ({"alsace": ["67"], "lorraine": ["67"]}, "deux régions"),
        ({"alsace": [67]}, "alsace"),
        ({"Alsace": ["67"]}, "Alsace"),
    ],
    ids=["twice", "not a text", "not a slug"],
)
def test_a_badly_declared_region_is_refused(tmp_path, regions, said):
    declared = yaml.safe_load((CONFIG / "services.yaml").read_text(encoding="utf-8"))
    declared["geofabrik"]["regions"] = regions
    path = tmp_path / "services.yaml"
    path.write_text(yaml.safe_dump(declared), encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        load_services(path)
