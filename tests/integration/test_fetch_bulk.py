"""`parzan sources fetch` of heavy folders and of whole départements, against a real server."""

import json
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.integration.bulk_services import (
    DEPARTEMENT,
    HEAVY,
    OWNERS_ZIP,
    counted,
    places,
    play_bulk,
)
from tests.integration.test_fetch import (
    LIMITS,
    PARCELS,
    fetch,
    in_geojson,
    packed,
    parcel,
    services,  # noqa: F401 - a fixture
    states,
    wfs,
)
from tests.unit.ingestion import land_files
from tests.unit.ingestion.bulk_files import owner, owners_csv, zipped
from tests.unit.ingestion.conftest import no_proxy, server  # noqa: F401 - fixtures
from tests.unit.ingestion.deposits import deposit, polygon, read, rectangle
from tests.unit.ingestion.live_server import plain, ranged, send, status

RANDOM = np.random.default_rng(62)  # what does not compress
runner = CliRunner()
WHOLE = "/cadastre/latest/geojson/departements/62"


@pytest.fixture
def bulk(services):  # noqa: F811 - the fixture imported above
    play_bulk(services)
    services.on("/wfs/ows", counted(wfs))
    services.on(f"{WHOLE}/cadastre-62-parcelles.json.gz", packed(PARCELS))
    services.on(f"{WHOLE}/cadastre-62-batiments.json.gz", packed(PARCELS))
    return services


def fetch_whole(data, *options, departements=("62",)):
    asked = [part for code in departements for part in ("--departement", code)]
    return fetch(data, *asked, *options, communes=())


def whole_states(data, *options):
    result = fetch_whole(data, "--json", *options)
    assert result.exit_code == 0, result.output
    (found,) = places(result)
    return found


def paths(server):  # noqa: F811 - not the fixture
    return {seen.path for seen in server.seen}


def test_a_commune_takes_heavy_folders_only_when_asked(bulk, tmp_path):
    assert not HEAVY & set(states(tmp_path))
    assert not [path for path in paths(bulk) if path.startswith(("/dgfip", "/download"))]
    found = states(tmp_path, "--with", "ocsge", "--with", "proprietaires")
    assert {found[place] for place in HEAVY} == {"telecharge"}
    assert list(land_files.read(tmp_path).pieces["vintage"]) == [2021]
    assert list(read(tmp_path).owned_parcels["idu"]) == ["629990000A0001"]


def test_a_folder_left_out_is_not_asked(bulk, tmp_path):
    found = states(tmp_path, "--without", "mnh", "--without", "icpe")
    assert not [place for place in found if place.startswith(("mnh/", "icpe/"))]
    assert "/context/wms-r" not in paths(bulk)


def test_the_size_is_announced_before_anything_heavy_is_downloaded(bulk, tmp_path):
    rows = owners_csv(*(owner("62", "999", n, RANDOM.bytes(60).hex()) for n in range(40_000)))
    content = zipped(**{"PM_25_NB_620.csv": rows})
    play_bulk(bulk, owners=content)
    megabytes = -(-len(content) // 1024**2)
    assert megabytes >= 2
    told = fetch(tmp_path, "--with", "proprietaires", "--dry-run", "--json")
    assert f"Gros fichiers à télécharger : {megabytes} Mo annoncés" in told.stderr
    (document,) = json.loads(told.stdout)
    planned = {item["fichier"]: item for item in document["fichiers"]}
    row = planned["proprietaires/PM_25_NB_62*.csv"]
    assert (row["etat"], row["octets"]) == ("a_demander", len(content))
    assert {seen.method for seen in bulk.seen if seen.path == OWNERS_ZIP} == {"HEAD"}
    assert not list(tmp_path.iterdir())  # nothing is written


def test_a_size_that_nobody_announces_is_told(bulk, tmp_path):
    def unannounced(handler):
        send(
            handler, 405 if handler.command == "HEAD" else 200, zipped(**{"PM_25_NB_620.csv": b""})
        )

    bulk.on(OWNERS_ZIP, unannounced)
    told = fetch(tmp_path, "--with", "proprietaires", "--dry-run").stderr
    assert "0 Mo annoncés, plus 1 fichier(s) de taille non annoncée" in told


def test_a_whole_departement_is_fetched_and_the_readers_read_it(bulk, tmp_path):
    found = whole_states(tmp_path)
    left_out = {"mnh/"}
    assert {place for place, state in found.items() if state == "telecharge"} == DEPARTEMENT
    assert {place for place, state in found.items() if state == "ecarte"} == left_out
    assert set(found) - DEPARTEMENT - left_out == {"ocsge/"}  # no qualified land is listed
    assert found["ocsge/"] == "absent"
    sources = read(tmp_path)
    assert list(sources.communes["insee_code"]) == ["62998", "62999"]
    assert list(sources.parcels["idu"]) == ["629990000A0001"]
    assert list(sources.installations["installation_id"]) == ["0001"]
    assert set(sources.candidates["source"]) == {"osm", "parkings_sup500m2"}
    assert list(sources.owned_parcels["idu"]) == ["629990000A0001"]
    assert list(land_files.read(tmp_path).pieces["vintage"]) == [2021]
    assert {urlsplit(bulk.base).hostname} == {"127.0.0.1"}


def test_what_is_left_out_of_a_departement_is_told_with_the_reason(bulk, tmp_path):
    result = fetch_whole(tmp_path, "--without", "ocsge", "--json")
    (document,) = json.loads(result.stdout)
    assert document["departement"] == "62"
    why = {it["fichier"]: it["detail"] for it in document["fichiers"] if it["etat"] == "ecarte"}
    assert set(why) == {"mnh/", "ocsge/"}
    assert "commune par commune" in why["mnh/"]
    assert "--without" in why["ocsge/"]
    assert "/download/resource/OCSGE" not in paths(bulk)


def test_pages_and_sizes_are_announced_before_a_departement_is_downloaded(bulk, tmp_path):
    told = fetch_whole(tmp_path).stderr
    assert "Gros fichiers à télécharger : " in told
    assert "bdtopo/batiment : 1 objets, 1 pages" in told
    heads = {seen.path for seen in bulk.seen if seen.method == "HEAD"}
    assert f"{WHOLE}/cadastre-62-parcelles.json.gz" in heads
    first_page = next(n for n, seen in enumerate(bulk.seen) if seen.path == "/wfs/ows")
    assert bulk.seen[first_page].params["RESULTTYPE"] == "hits"


def test_a_second_fetch_of_a_departement_asks_nothing(bulk, tmp_path):
    fetch_whole(tmp_path)
    before = len(bulk.seen)
    files = {path: path.read_bytes() for path in tmp_path.glob("[a-z]*/*")}
    assert {whole_states(tmp_path)[place] for place in DEPARTEMENT} == {"deja_la"}
    assert len(bulk.seen) == before
    for path in files:
        path.unlink()
    assert {whole_states(tmp_path, "--offline")[place] for place in DEPARTEMENT} == {"deja_la"}
    assert {path: path.read_bytes() for path in tmp_path.glob("[a-z]*/*")} == files


@pytest.mark.usefixtures("bulk")
def test_a_dry_run_of_a_departement_lists_it_and_writes_nothing(tmp_path):
    planned = whole_states(tmp_path, "--dry-run")
    assert not list(tmp_path.iterdir())
    assert planned["ocsge/ocsge-D062_2021*"] == "a_demander"
    assert "cadastre/, bdtopo/, icpe/…" in planned
    fetch_whole(tmp_path)
    again = whole_states(tmp_path, "--dry-run")
    assert again["cadastre/cadastre-62-parcelles.json.gz"] == "deja_la"
    assert again["ocsge/ocsge-D062_2021*"] == "deja_la"


def test_offline_a_departement_that_was_never_fetched_is_an_error(bulk, tmp_path):
    result = fetch_whole(tmp_path, "--offline")
    assert result.exit_code == 1
    assert "--offline" in " ".join(result.stdout.split())
    assert bulk.seen == []


@pytest.mark.usefixtures("bulk")
def test_the_files_of_a_departement_take_the_place_of_those_of_its_communes(tmp_path):
    states(tmp_path)
    fetch_whole(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("[a-z]*/*")}
    assert not [place for place in left if "-62999" in place]
    found = states(tmp_path)
    assert found["cadastre/cadastre-62999-parcelles.json.gz"] == "ecarte"
    assert found["parkings/parkings_sup500m2-62999.geojson"] == "ecarte"
    assert found["osm/overpass-62999.json"] == "ecarte"


def test_a_folder_filled_by_hand_is_left_alone(bulk, tmp_path):
    by_hand = deposit(tmp_path, "proprietaires/PM_24_NB_620.csv", owners_csv(owner("62", "999", 7)))
    assert whole_states(tmp_path)["proprietaires/"] == "depose"
    assert [path.name for path in by_hand.parent.iterdir()] == ["PM_24_NB_620.csv"]
    assert not [path for path in paths(bulk) if path.startswith("/dgfip")]


def test_an_archive_that_moved_to_a_dated_file_is_followed_and_its_address_kept(bulk, tmp_path):
    dated = f"{OWNERS_ZIP}/2025-06-01.zip"
    bulk.on(OWNERS_ZIP, status(302, Location=dated))
    bulk.on(dated, zipped(**{"PM_25_NB_620.csv": owners_csv(owner("62", "999", 1))}))
    assert states(tmp_path, "--with", "proprietaires")["proprietaires/PM_25_NB_620.csv"]
    register = (tmp_path / ".preuves" / "registre.sqlite").read_bytes()
    assert f"{bulk.base}{dated}".encode() in register


def test_a_download_killed_in_the_middle_of_a_big_archive_is_ended_by_the_next(bulk, tmp_path):
    noise = RANDOM.bytes(3 * 1024**2).hex()
    rows = owners_csv(owner("62", "999", 1, noise[:200]), owner("62", "999", 2, noise))
    content = zipped(**{"PM_25_NB_620.csv": rows})
    half, stuck = len(content) // 2, threading.Event()

    def stops(handler):
        handler.send_response(200)
        handler.send_header("ETag", '"a"')
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:half])
        handler.wfile.flush()
        incoming = tmp_path / ".preuves" / "incoming"
        while not any(path.stat().st_size > half // 2 for path in incoming.glob("*.part")):
            time.sleep(0.02)
        stuck.set()
        time.sleep(3)

    # The size is asked first.
    bulk.on(OWNERS_ZIP, plain(content), stops, ranged(content, ETag='"a"'))
    parzan = [sys.executable, "-c", "from pipeline.cli import app; app()", "sources", "fetch"]
    options = ["--commune", "62999", "--with", "proprietaires", "--data", str(tmp_path)]
    with subprocess.Popen([*parzan, *options], stderr=subprocess.DEVNULL) as run:
        assert stuck.wait(60)
        run.kill()
    assert not (tmp_path / "proprietaires").exists()
    before = len(bulk.seen)
    assert states(tmp_path, "--with", "proprietaires")["proprietaires/PM_25_NB_620.csv"]
    asked = [seen for seen in bulk.seen[before:] if seen.path == OWNERS_ZIP]
    (resumed,) = [seen.headers["range"] for seen in asked if "range" in seen.headers]
    assert int(resumed.removeprefix("bytes=").rstrip("-")) > half // 2
    assert (tmp_path / "proprietaires" / "PM_25_NB_620.csv").read_bytes() == rows


# Beyond our département to the west, a commune of another one, which our window meets.
TWO = in_geojson(
    (polygon(rectangle(-1000, -9000, 9000, 9000)), {"code": "62"}),
    (polygon(rectangle(-9000, -9000, -1000, 9000)), {"code": "59"}),
)
OTHERS = in_geojson(
    (polygon(rectangle(-1900, -1000, -1000, 1000)), {"code": "59001", "nom": "Outre-Limite"}),
)
NORTH = "/cadastre/latest/geojson/communes/59/59001"


@pytest.fixture
def border(bulk):
    bulk.on("/contours/departements-100m.geojson", TWO)

    def limits(handler):
        of_north = handler.query["codeDepartement"] == "59"
        send(handler, 200, (OTHERS if of_north else LIMITS).encode())

    bulk.on("/geo/communes", limits)
    parcels = in_geojson(parcel("59001", 1, rectangle(-1040, 0, -1000, 40)))
    bulk.on(f"{NORTH}/cadastre-59001-parcelles.json.gz", packed(parcels))
    return bulk


def test_around_a_commune_the_next_departement_is_fetched_too(border, tmp_path):
    found = states(tmp_path)
    assert found["communes/api-geo-59.geojson"] == "telecharge"
    assert found["cadastre/cadastre-59001-parcelles.json.gz"] == "telecharge"
    sources = read(tmp_path)
    assert list(sources.communes["insee_code"]) == ["59001", "62998", "62999"]
    assert "590010000A0001" in set(sources.parcels["idu"])
    before = len(border.seen)
    assert states(tmp_path)["communes/api-geo-59.geojson"] == "deja_la"
    assert len(border.seen) == before
    assert border.seen


def test_outlines_that_cannot_be_had_are_told_and_the_rest_is_fetched(border, tmp_path):
    border.on("/contours/departements-100m.geojson", status(400, b"non"))
    result = fetch(tmp_path, "--json")
    (found,) = places(result)
    assert result.exit_code == 1
    assert found["communes/ (départements voisins)"] == "echec"
    assert found["osm/overpass-62999.json"] == "telecharge"


@pytest.mark.usefixtures("border")
def test_the_departements_around_are_told_and_their_limits_fetched(tmp_path):
    result = fetch_whole(tmp_path, "--json")
    (found,) = places(result)
    assert found["communes/api-geo-59.geojson"] == "telecharge"
    assert "de 59 ne sont pas téléchargés" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--departement DEP ou --region REG"),
        (("--commune", "6299"), "6299"),
        (("--departement", "62999"), "62999"),
        (("--commune", "62999", "--with", "osm"), "dossier inconnu (osm)"),
        (("--commune", "62999", "--without", "communes"), "dossier inconnu (communes)"),
    ],
)
def test_a_wrong_usage_is_told(bulk, tmp_path, options, words):
    result = fetch(tmp_path, *options, communes=())
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.replace("│", " ").split())
    assert bulk.seen == []


@pytest.mark.usefixtures("bulk")
def test_a_departement_that_does_not_exist_does_not_stop_the_others(tmp_path):
    result = fetch_whole(tmp_path, departements=("20", "62"))
    assert result.exit_code == 3
    assert "« 20 » n'est pas un code de département" in " ".join(result.stderr.split())
    assert (tmp_path / "icpe" / "georisques-62.zip").is_file()


@pytest.mark.usefixtures("border")
def test_a_departement_that_is_fetched_too_is_not_told_as_missing(tmp_path):
    result = fetch_whole(tmp_path, departements=("62", "59"))
    told = " ".join(result.stderr.split())
    assert "de 59 ne sont pas" not in told
    assert "de 62 ne sont pas" not in told


def test_a_dry_run_does_not_ask_who_lies_around(border, tmp_path):
    border.on("/contours/departements-100m.geojson", status(400, b"non"))
    fetch(tmp_path)
    border.on("/contours/departements-100m.geojson", TWO)
    before = len(border.seen)
    assert states(tmp_path, "--dry-run")["communes/ (départements voisins)"] == "a_demander"
    assert len(border.seen) == before


def test_a_region_is_all_its_departements(tmp_path):
    told = ["--region", "94", "--data", str(tmp_path / "data"), "--dry-run", "--json"]
    done = runner.invoke(app, ["sources", "fetch", *told])
    assert [
        place.get("insee") or place.get("departement") for place in json.loads(done.stdout)
    ] == ["2A", "2B"]


def test_an_unknown_region_is_one_clear_error(tmp_path):
    told = ["--region", "99", "--data", str(tmp_path / "data"), "--dry-run"]
    done = runner.invoke(app, ["sources", "fetch", *told])
    assert done.exit_code == 1
    assert "région « 99 » inconnue" in done.stderr
