"""OpenStreetMap of a whole département: the file of its region, by the commands, to the product."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.integration.bulk_services import EXTRACT, REGION, places, play_region, region
from tests.integration.test_fetch import (
    LIMITS,
    fetch,
    in_geojson,
    run,
    services,  # noqa: F401 - a fixture
    states,
)
from tests.integration.test_fetch_bulk import (  # noqa: F401
    OTHERS,
    bulk,
    fetch_whole,
    whole_states,
)
from tests.unit.ingestion.conftest import no_proxy, server  # noqa: F401 - fixtures
from tests.unit.ingestion.deposits import deposit, polygon, read, rectangle
from tests.unit.ingestion.live_server import send

OVERPASS = "osm/overpass-62999.json"
LIGHT = ("--without", "ocsge", "--without", "proprietaires", "--without", "parkings")


def gets(seen_by, path):
    return [seen for seen in seen_by.seen if seen.path == path and seen.method == "GET"]


def details(result):
    (document,) = json.loads(result.stdout)
    return {item["fichier"]: item["detail"] for item in document["fichiers"]}


def declare(regions):
    """Change the regions that are declared."""
    path = Path(os.environ["PARZAN_CONFIG"]) / "services.yaml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    declared["geofabrik"]["regions"] = regions
    path.write_text(yaml.safe_dump(declared), encoding="utf-8")


def test_a_run_of_a_commune_reads_the_extract_of_its_region(bulk, tmp_path):  # noqa: F811
    data, out = tmp_path / "data", tmp_path / "out"
    assert whole_states(data, *LIGHT)[EXTRACT] == "telecharge"
    bulk.seen.clear()
    done = run(data, out)
    assert done.exit_code == 0, done.output
    assert not [seen for seen in bulk.seen if seen.path.startswith(("/overpass", "/geofabrik"))]
    assert [path.name for path in (data / "osm").iterdir()] == [EXTRACT.removeprefix("osm/")]
    with closing(sqlite3.connect(out / "62/62999.gpkg")) as product:
        ((url, attribution, state),) = product.execute(
            "SELECT url, attribution, etat FROM sources WHERE dossier = 'osm'"
        ).fetchall()
        ((area,),) = product.execute("SELECT surface_brute_m2 FROM parcs").fetchall()
    assert url == f"{bulk.base}{REGION}"
    assert (attribution, state) == ("© les contributeurs d'OpenStreetMap", "utilisee")
    assert area == pytest.approx(1600, rel=0.001)


@pytest.mark.usefixtures("bulk")
def test_a_region_takes_the_place_of_what_overpass_gave(tmp_path):
    states(tmp_path)
    assert (tmp_path / OVERPASS).is_file()
    fetch_whole(tmp_path, *LIGHT)
    assert [path.name for path in (tmp_path / "osm").iterdir()] == [EXTRACT.removeprefix("osm/")]
    result = fetch(tmp_path, "--json")
    assert details(result)[OVERPASS] == f"{EXTRACT} : couvre déjà la commune"
    assert list(read(tmp_path).candidates.query("source == 'osm'")["candidate_id"]) == ["osm/way/1"]


@pytest.mark.usefixtures("bulk")
def test_an_answer_of_overpass_changed_by_hand_stays(tmp_path):
    states(tmp_path)
    path = tmp_path / OVERPASS
    path.write_text(path.read_text() + "\n")
    fetch_whole(tmp_path, *LIGHT)
    assert path.is_file()
    assert (tmp_path / EXTRACT).is_file()


def test_an_extract_deposited_by_hand_is_left_and_nothing_is_asked(bulk, tmp_path):  # noqa: F811
    by_hand = deposit(tmp_path, "osm/a-la-main.osm.pbf", region())
    result = fetch_whole(tmp_path, *LIGHT, "--json")
    assert places(result)[0][EXTRACT] == "depose"
    assert list(by_hand.parent.iterdir()) == [by_hand]
    assert not [seen for seen in bulk.seen if seen.path.startswith("/geofabrik")]


def test_without_osm_the_region_is_not_asked(bulk, tmp_path):  # noqa: F811
    assert whole_states(tmp_path, *LIGHT, "--without", "osm")["osm/"] == "ecarte"
    assert not [seen for seen in bulk.seen if seen.path.startswith("/geofabrik")]


def test_the_size_of_a_region_is_announced_before_it_is_downloaded(bulk, tmp_path):  # noqa: F811
    content = region()
    size = 3 * 1024**2

    def announced(handler):
        if handler.command == "HEAD":
            handler.send_response(200)
            handler.send_header("Content-Length", str(size))
            handler.end_headers()
        else:
            send(handler, 200, content)

    bulk.on(REGION, announced)
    told = fetch_whole(tmp_path, *LIGHT, "--dry-run").stderr
    assert "Gros fichiers à télécharger : 4 Mo annoncés" in told  # with the cadastre, rounded up
    assert not gets(bulk, REGION)
    assert not list(tmp_path.iterdir())


def test_a_departement_without_region_is_told_and_the_rest_is_fetched(bulk, tmp_path):  # noqa: F811
    declare({"bretagne": ["35"]})
    result = fetch_whole(tmp_path, *LIGHT, "--json")
    assert result.exit_code == 0, result.output
    assert places(result)[0]["osm/"] == "ecarte"
    assert "aucune région déclarée pour le département 62" in details(result)["osm/"]
    assert places(result)[0]["icpe/georisques-62.zip"] == "telecharge"
    assert not [seen for seen in bulk.seen if seen.path.startswith("/geofabrik")]
    assert states(tmp_path)[OVERPASS] == "telecharge"


def test_a_region_that_osmium_cannot_read_to_its_end_does_not_stop_the_rest(bulk, tmp_path):  # noqa: F811
    content = region()
    play_region(bulk, content[:-60] + b"\xff" * 30 + content[-30:])
    result = fetch_whole(tmp_path, *LIGHT, "--json")
    assert result.exit_code == 1
    found = places(result)[0]
    assert (found[EXTRACT], found["icpe/georisques-62.zip"]) == ("echec", "telecharge")
    assert "illisible" in details(result)[EXTRACT]
    assert not (tmp_path / EXTRACT).exists()


WEST = polygon(rectangle(-9000, -9000, -1000, 9000))
EAST = polygon(rectangle(-1000, -9000, 9000, 9000))


def beside(played, code):
    """Put another département to the west of ours."""
    limits = OTHERS.replace("59001", f"{code}001")
    outlines = in_geojson((EAST, {"code": "62"}), (WEST, {"code": code}))
    played.on("/contours/departements-100m.geojson", outlines)

    def answered(handler):
        is_other = handler.query["codeDepartement"] == code
        send(handler, 200, (limits if is_other else LIMITS).encode())

    played.on("/geo/communes", answered)


def test_departements_of_a_region_download_it_once(bulk, tmp_path):  # noqa: F811
    beside(bulk, "59")
    result = fetch_whole(tmp_path, *LIGHT, "--json", departements=("62", "59"))
    assert [found[EXTRACT] for found in places(result)] == ["telecharge", "deja_la"]
    assert len(gets(bulk, REGION)) == 1


def sentence(result):
    return " ".join(result.stderr.split())


def test_a_departement_of_another_region_is_told_as_not_covered(bulk, tmp_path):  # noqa: F811
    beside(bulk, "80")
    assert "ni OpenStreetMap de 80 ;" in sentence(fetch_whole(tmp_path, *LIGHT))
    without = sentence(fetch_whole(tmp_path, *LIGHT, "--without", "osm"))
    assert "de 80 ne sont pas téléchargés ;" in without


def test_a_commune_whose_window_leaves_the_region_says_what_it_lacks(bulk, tmp_path):  # noqa: F811
    beside(bulk, "80")
    fetch_whole(tmp_path, *LIGHT)
    assert details(fetch(tmp_path, "--json"))[OVERPASS] == (
        f"{EXTRACT} : couvre déjà la commune, mais rien de 80 à côté :"
        " parzan sources fetch --departement 80"
    )


def test_a_departement_of_the_same_region_is_covered(bulk, tmp_path):  # noqa: F811
    beside(bulk, "59")
    told = sentence(fetch_whole(tmp_path, *LIGHT))
    assert "de 59 ne sont pas téléchargés ;" in told
    assert "OpenStreetMap de" not in told


@pytest.mark.usefixtures("bulk")
def test_a_commune_of_a_region_that_is_not_there_is_asked_of_overpass(tmp_path):
    fetch_whole(tmp_path, *LIGHT)
    declare({"nord-pas-de-calais": ["59"], "picardie": ["62", "80"]})
    assert states(tmp_path)[OVERPASS] == "telecharge"
