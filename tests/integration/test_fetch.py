"""`parzan sources fetch` against a real server that plays every service; the readers read it."""

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
import yaml
from typer.testing import CliRunner

from pipeline.cli import app
from tests.integration.context_services import CONTEXT, play_context
from tests.tables import CONFIG
from tests.unit.ingestion.conftest import no_proxy, server  # noqa: F401 - fixtures
from tests.unit.ingestion.deposits import (
    OsmTown,
    deposit,
    geojson,
    in_degrees,
    polygon,
    read,
    rectangle,
)
from tests.unit.ingestion.live_server import plain, send, status

runner = CliRunner()
WFS_LAYERS = ("equipement_de_transport", "troncon_de_route", "batiment", "zone_de_vegetation")


def in_geojson(*features):
    return geojson(*((in_degrees(shape), facts) for shape, facts in features), crs=None)


PAS_DE_CALAIS = in_geojson((polygon(rectangle(-9000, -9000, 9000, 9000)), {"code": "62"}))
# Our commune, its neighbour to the east, and one that lies beyond the window (1 km around ours).
LIMITS = in_geojson(
    (polygon(rectangle(-1000, -1000, 1000, 1000)), {"code": "62999", "nom": "Sur-Parzan"}),
    (polygon(rectangle(1000, -1000, 1900, 1000)), {"code": "62998", "nom": "Voisine"}),
    (polygon(rectangle(5000, -1000, 6000, 1000)), {"code": "62997", "nom": "Lointaine"}),
)


def parcel(insee, number, ring):
    facts = {
        "id": f"{insee}0000A{number:04}",
        "commune": insee,
        "prefixe": "000",
        "section": "A",
        "numero": str(number),
        "contenance": 1600,
    }
    return polygon(ring), facts


PARCELS = in_geojson(parcel("62999", 1, rectangle(0, 0, 40, 40)))
NEXT_PARCELS = in_geojson(parcel("62998", 1, rectangle(1000, 0, 1040, 40)))
BUILDINGS = in_geojson((polygon(rectangle(50, 0, 60, 10)), {"type": "01", "commune": "62999"}))


def osm():
    town = OsmTown()
    town.way(1, rectangle(0, 0, 40, 40), amenity="parking")
    town.way(2, [(0, 50), (40, 50)], highway="residential")
    return town.overpass() | {"osm3s": {"timestamp_osm_base": "2026-11-25T20:00:00Z"}}


def wfs(handler):
    features = []
    if handler.query["TYPENAMES"] == "BDTOPO_V3:batiment":
        building = {"cleabs": "BATIMENT1", "nature": "Silo", "construction_legere": False}
        shape = in_degrees(polygon(rectangle(70, 0, 80, 10)))
        features = [{"type": "Feature", "geometry": shape, "properties": building}]
    page = {"type": "FeatureCollection", "features": features}
    counted = page | {"numberMatched": len(features), "numberReturned": len(features)}
    send(handler, 200, json.dumps(counted).encode())


CADASTRE = "/cadastre/latest/geojson/communes/62"


def packed(text):
    return plain(gzip.compress(text.encode()), Content_Type="application/gzip")


@pytest.fixture
def services(server, monkeypatch, tmp_path_factory):  # noqa: F811 - the fixture imported above
    server.on("/geo/communes", LIMITS)
    server.on("/contours/departements-100m.geojson", PAS_DE_CALAIS)
    dated = f"{CADASTRE.replace('latest', '2026-09-29')}/62999"
    server.on(
        f"{CADASTRE}/62999/cadastre-62999-parcelles.json.gz",
        status(302, Location=f"{dated}/cadastre-62999-parcelles.json.gz"),
    )
    server.on(f"{dated}/cadastre-62999-parcelles.json.gz", packed(PARCELS))
    server.on(f"{CADASTRE}/62999/cadastre-62999-batiments.json.gz", packed(BUILDINGS))
    server.on(f"{CADASTRE}/62998/cadastre-62998-parcelles.json.gz", packed(NEXT_PARCELS))
    server.on("/overpass/interpreter", json.dumps(osm()))
    server.on("/wfs/ows", wfs)
    quick = {"attempts": 3, "first_wait_s": 0.01, "longest_wait_s": 0.02, "jitter_s": 0.01}
    config = shutil.copytree(CONFIG, tmp_path_factory.mktemp("config") / "config")
    declared = yaml.safe_load((config / "services.yaml").read_text(encoding="utf-8"))
    for service in declared.values():
        service |= {"requests_per_second": 1000, "retry": quick}
    (config / "services.yaml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    monkeypatch.setenv("PARZAN_CONFIG", str(config))
    names = {
        "api_geo": "geo",
        "cadastre_etalab": "cadastre",
        "etalab_contours": "contours",
        "dgfip": "dgfip",
        "geofabrik": "geofabrik",
        "geoplateforme_download": "download",
        "overpass": "overpass",
        "geoplateforme_wfs": "wfs",
    }
    names |= play_context(server)
    bases = {name: f"{server.base}/{folder}" for name, folder in names.items()}
    monkeypatch.setenv("PARZAN_SERVICES", json.dumps(bases))
    monkeypatch.setenv("PARZAN_CONTACT", "essais@parzan.example")
    monkeypatch.delenv("PARZAN_OFFLINE")  # only the loopback is met
    return server


def fetch(data, *options, communes=("62999",)):
    asked = [part for code in communes for part in ("--commune", code)]
    return runner.invoke(app, ["sources", "fetch", *asked, "--data", str(data), *options])


def states(data, *options):
    """State of each file, by its place."""
    result = fetch(data, "--json", *options)
    assert result.exit_code == 0, result.output
    (document,) = json.loads(result.stdout)
    assert document["erreur"] is None
    return {item["fichier"]: item["etat"] for item in document["fichiers"]}


OURS = {
    "communes/api-geo-62.geojson": "telecharge",
    "cadastre/cadastre-62999-parcelles.json.gz": "telecharge",
    "cadastre/cadastre-62999-batiments.json.gz": "telecharge",
    "cadastre/cadastre-62998-parcelles.json.gz": "telecharge",
    "cadastre/cadastre-62998-batiments.json.gz": "absent",  # 404: no building, or unknown there
    "osm/overpass-62999.json": "telecharge",
} | {f"bdtopo/{layer}-62999.geojson": "telecharge" for layer in WFS_LAYERS}
OURS |= dict.fromkeys(CONTEXT, "telecharge")


def test_what_is_missing_is_fetched_and_the_readers_read_it(services, tmp_path):
    assert states(tmp_path) == OURS
    assert {seen.headers["user-agent"].split(" ", 1)[1] for seen in services.seen} == {
        "(+essais@parzan.example)"
    }
    sources = read(tmp_path)
    assert list(sources.communes["insee_code"]) == ["62998", "62999"]
    assert list(sources.parcels["idu"]) == ["629980000A0001", "629990000A0001"]
    assert list(sources.candidates["candidate_id"]) == ["osm/way/1"]
    assert sources.candidates.geometry.area.iloc[0] == pytest.approx(1600, rel=0.001)
    assert len(sources.buildings) == 2  # one of the cadastre, one of BD TOPO
    used = sources.records.query("state == 'utilisee'")["file"]
    assert set(used) >= {"osm/overpass-62999.json", "bdtopo/batiment-62999.geojson"}


def test_the_proof_of_each_file_is_kept(services, tmp_path):
    result = fetch(tmp_path, "--json")
    (document,) = json.loads(result.stdout)
    facts = {item["fichier"]: item for item in document["fichiers"]}
    parcels = facts["cadastre/cadastre-62999-parcelles.json.gz"]
    assert (parcels["millesime"], parcels["licence"]) == ("2026-09-29", "Licence Ouverte 2.0")
    street_map = facts["osm/overpass-62999.json"]
    assert (street_map["millesime"], street_map["licence"]) == ("2026-11-25", "ODbL 1.0")
    assert (tmp_path / ".preuves" / "registre.sqlite").is_file()
    assert services.seen


KEPT = {place: "absent" if state == "absent" else "deja_la" for place, state in OURS.items()}


def test_a_second_fetch_asks_nothing(services, tmp_path):
    fetch(tmp_path)
    before = len(services.seen)
    assert states(tmp_path) == KEPT
    assert len(services.seen) == before


def test_vintages_that_mix_are_told_and_can_be_renewed(services, tmp_path):
    fetch(tmp_path)
    later = CADASTRE.replace("latest", "2026-12-30")
    for commune, parcels in (("62999", PARCELS), ("62998", NEXT_PARCELS)):
        name = f"{commune}/cadastre-{commune}-parcelles.json.gz"
        services.on(f"{CADASTRE}/{name}", status(302, Location=f"{later}/{name}"))
        services.on(f"{later}/{name}", packed(parcels))
    (tmp_path / "cadastre" / "cadastre-62998-parcelles.json.gz").unlink()
    with closing(sqlite3.connect(tmp_path / ".preuves" / "registre.sqlite")) as register, register:
        register.execute("DELETE FROM answers WHERE asked LIKE '%62998-parcelles%'")
    mixed = " ".join(fetch(tmp_path).stderr.split())
    assert "cadastre/ : millésimes mêlés (2026-09-29, 2026-12-30)" in mixed
    assert "mêlés" not in fetch(tmp_path, "--renew").stderr


def test_a_fetch_killed_in_the_middle_is_ended_by_the_next(services, tmp_path):
    path = f"{CADASTRE}/62998/cadastre-62998-parcelles.json.gz"
    stuck = threading.Event()
    services.on(path, lambda _: (stuck.set(), time.sleep(3)), packed(NEXT_PARCELS))
    parzan = [sys.executable, "-c", "from pipeline.cli import app; app()"]
    command = [*parzan, "sources", "fetch", "--commune", "62999", "--data", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as run:
        assert stuck.wait(30)
        run.kill()
    before = len(services.seen)
    found = states(tmp_path)
    assert found == OURS | {
        place: "deja_la"
        for place in OURS
        if place.startswith(("communes/", "cadastre/cadastre-62999"))
    }
    assert not [seen for seen in services.seen[before:] if "62999" in seen.path]
    assert list(read(tmp_path).parcels["idu"]) == ["629980000A0001", "629990000A0001"]


def test_offline_the_copies_are_written_again_bit_for_bit(services, tmp_path):
    fetch(tmp_path)
    files = {p: p.read_bytes() for p in tmp_path.glob("[a-z]*/*")}
    assert len(files) == 9 + len(CONTEXT)
    for path in files:
        path.unlink()
    before = len(services.seen)
    assert states(tmp_path, "--offline") == KEPT
    assert len(services.seen) == before
    assert {p: p.read_bytes() for p in tmp_path.glob("[a-z]*/*")} == files


def sources(command, data, *options):
    return runner.invoke(app, ["sources", command, "--data", str(data), *options])


def test_the_list_of_sources_shows_the_proofs(services, tmp_path):
    fetch(tmp_path)
    deposit(tmp_path, "arbres/a.geojson", BUILDINGS)
    listed = {
        item["dossier"]: item["preuves"]
        for item in json.loads(sources("list", tmp_path, "--json").stdout)
    }
    assert listed["arbres"] == []
    (street_map,) = listed["osm"]
    assert street_map["fichier"] == "osm/overpass-62999.json"
    assert street_map["url"] == f"{services.base}/overpass/interpreter"
    assert (street_map["reponses"], street_map["licence"]) == (1, "ODbL 1.0")
    assert street_map["attribution"] == "© les contributeurs d'OpenStreetMap"
    (tmp_path / "osm" / "overpass-62999.json").write_text("{}")
    listed = json.loads(sources("list", tmp_path, "--json").stdout)
    assert [item["preuves"] for item in listed if item["dossier"] == "osm"] == [[]]


def test_a_damaged_proof_is_found_by_the_check(services, tmp_path):
    fetch(tmp_path)
    assert services.seen
    assert sources("check", tmp_path).exit_code == 0
    content = next((tmp_path / ".preuves" / "contents").glob("*/*"))
    content.write_bytes(content.read_bytes() + b" ")
    result = sources("check", tmp_path, "--json")
    assert result.exit_code == 1
    (wrong,) = [item for item in json.loads(result.stdout) if item["anomalie"]]
    assert (wrong["dossier"], wrong["fichier"].split("/")[-1]) == (".preuves", content.name)
    assert "absente ou modifiée" in wrong["anomalie"]


def test_prune_tells_what_it_frees_and_keeps_what_serves(services, tmp_path):
    services.on("/overpass/interpreter", json.dumps(osm()), json.dumps(osm() | {"note": "x"}))
    fetch(tmp_path)
    first = len(json.dumps(osm()))
    fetch(tmp_path, "--renew")
    for path in (tmp_path / ".preuves" / "contents").glob("*/*"):
        os.utime(path, (time.time() - 2 * 86400,) * 2)
    assert "0 fichier(s) retirés" in sources("prune", tmp_path).stdout  # younger than 90 days
    told = sources("prune", tmp_path, "--older-than", "0", "--dry-run").stdout
    assert told == f"1 fichier(s) à retirer, {first} octets\n"
    done = json.loads(sources("prune", tmp_path, "--older-than", "0", "--json").stdout)
    assert done == {"fichiers": 1, "octets": first, "simulation": False}
    assert sources("check", tmp_path).exit_code == 0
    assert states(tmp_path, "--offline") == KEPT


def test_offline_what_was_never_fetched_is_an_error(services, tmp_path):
    result = fetch(tmp_path, "--offline")
    assert result.exit_code == 1
    assert "--offline" in " ".join(result.stdout.split())
    assert services.seen == []


def test_a_dry_run_asks_and_writes_nothing(services, tmp_path):
    planned = states(tmp_path, "--dry-run")
    assert planned["communes/api-geo-62.geojson"] == "a_demander"
    assert services.seen == []
    assert not list(tmp_path.iterdir())
    fetch(tmp_path)
    before = len(services.seen)
    (tmp_path / "osm" / "overpass-62999.json").unlink()
    # Where the heights are wanted is told by the car parks: without them, by nothing yet.
    known = {place: state for place, state in KEPT.items() if not place.startswith("mnh/")}
    assert states(tmp_path, "--dry-run") == known
    assert len(services.seen) == before
    assert not list((tmp_path / "osm").iterdir())


def test_a_folder_filled_by_hand_is_left_alone(services, tmp_path):
    by_hand = deposit(tmp_path, "cadastre/parcelles.geojson", PARCELS)
    found = states(tmp_path)
    assert {state for place, state in found.items() if place.startswith("cadastre/")} == {"depose"}
    assert found["osm/overpass-62999.json"] == "telecharge"
    assert [path.name for path in by_hand.parent.iterdir()] == ["parcelles.geojson"]
    assert not [seen for seen in services.seen if seen.path.startswith("/cadastre")]


def test_a_file_changed_by_hand_is_left_alone(services, tmp_path):
    fetch(tmp_path)
    path = tmp_path / "osm" / "overpass-62999.json"
    path.write_text(path.read_text() + "\n")
    assert states(tmp_path)["osm/overpass-62999.json"] == "depose"
    assert services.seen


def test_limits_deposited_by_hand_tell_where_to_look(services, tmp_path):
    deposit(tmp_path, "communes/a.geojson", LIMITS)
    found = states(tmp_path)
    assert found["communes/api-geo-62.geojson"] == "depose"
    assert found["osm/overpass-62999.json"] == "telecharge"
    assert not [seen for seen in services.seen if seen.path.startswith("/geo")]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(
            osm() | {"remark": 'runtime error: Query timed out in "query" after 180 seconds.'},
            "Query timed out",
            id="a remark",
        ),
        pytest.param(osm() | {"elements": []}, "aucun objet", id="nothing"),
        pytest.param({"elements": [{}]}, "mal formée", id="no date"),
        pytest.param([], "mal formée", id="another format"),
    ],
)
def test_one_service_that_fails_does_not_stop_the_others(services, tmp_path, answer, words):
    services.on("/overpass/interpreter", json.dumps(answer))
    result = fetch(tmp_path)
    assert result.exit_code == 1
    assert "échec" in result.stdout
    assert words in " ".join(result.stdout.split())
    assert not (tmp_path / "osm").exists()
    assert (tmp_path / "bdtopo" / "batiment-62999.geojson").is_file()


def test_without_limits_nothing_else_is_asked(services, tmp_path):
    services.on("/geo/communes", status(400, b"non"))
    result = fetch(tmp_path)
    assert result.exit_code == 1
    assert "HTTP 400" in " ".join(result.stdout.split())
    assert {seen.path for seen in services.seen} == {"/geo/communes"}


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param(
            in_geojson(({"type": "Point", "coordinates": [600000, 6600000]}, {"code": "62999"})),
            "1 communes, dont 0 dessinées",
            id="points",
        ),
        pytest.param('{"type": "FeatureCollection", "features": []}', "0 communes", id="none"),
        pytest.param('[{"code": "62999"}]', "mal formées", id="another format"),
    ],
)
def test_limits_that_are_no_limits_are_refused(services, tmp_path, limits, words):
    services.on("/geo/communes", limits)
    result = fetch(tmp_path)
    assert result.exit_code == 1
    assert words in " ".join(result.stdout.split())
    assert not (tmp_path / "communes").exists()


def test_the_cadastre_of_another_commune_is_refused(services, tmp_path):
    services.on(f"{CADASTRE}/62999/cadastre-62999-batiments.json.gz", packed(NEXT_PARCELS))
    result = fetch(tmp_path)
    assert result.exit_code == 1
    assert "objets de 62998" in " ".join(result.stdout.split())
    assert not (tmp_path / "cadastre" / "cadastre-62999-batiments.json.gz").exists()


def test_one_commune_that_fails_does_not_stop_the_others(services, tmp_path):
    result = fetch(tmp_path, communes=("62999", "6299X", "62990"))
    assert result.exit_code == 3
    told = [line for line in result.stderr.splitlines() if line.startswith("Erreur")]
    assert len(told) == 2
    assert "6299X" in told[0]
    assert "62990" in told[1]
    assert services.seen


@pytest.mark.parametrize(
    ("given", "words"),
    [("[", "PARZAN_SERVICES"), ('{"x": "http://a.example"}', "inconnu"), ("3", "JSON")],
)
def test_addresses_that_cannot_be_used_are_told_in_one_line(tmp_path, monkeypatch, given, words):
    monkeypatch.setenv("PARZAN_SERVICES", given)
    result = fetch(tmp_path)
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert len(lines) == 1
    assert words in lines[0]


def run(data, out, *options):
    told = ["run", "62999", "--data", str(data), "--out", str(out), "--on", "2026-11-26"]
    return runner.invoke(app, [*told, *options])


def test_a_run_with_nothing_prepared_fetches_what_it_needs(services, tmp_path):
    done = run(tmp_path / "data", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert services.seen
    path = tmp_path / "out/62/62999.gpkg"
    with closing(sqlite3.connect(path)) as connection:
        parks = connection.execute("SELECT count(*) FROM parcs").fetchone()[0]
        used = dict(connection.execute("SELECT dossier, etat FROM sources"))
    assert parks == 1
    assert {used[folder] for folder in ("communes", "osm", "cadastre")} == {"utilisee"}


def test_a_run_offline_replays_it_bit_for_bit(services, tmp_path):
    assert run(tmp_path / "data", tmp_path / "out").exit_code == 0
    before = (tmp_path / "out/62/62999.gpkg").read_bytes()
    services.seen.clear()
    assert run(tmp_path / "data", tmp_path / "again", "--offline").exit_code == 0
    assert (tmp_path / "again/62/62999.gpkg").read_bytes() == before
    assert services.seen == []


def test_files_written_again_from_the_copies_give_the_same_product(services, tmp_path):
    data = tmp_path / "data"
    assert run(data, tmp_path / "out").exit_code == 0
    product = tmp_path / "out/62/62999.gpkg"
    for path in data.glob("[a-z]*/*"):
        path.unlink()
    services.seen.clear()
    assert fetch(data, "--offline").exit_code == 0
    assert run(data, tmp_path / "again", "--offline").exit_code == 0
    assert (tmp_path / "again/62/62999.gpkg").read_bytes() == product.read_bytes()
    assert services.seen == []
    with closing(sqlite3.connect(product)) as connection:
        told = connection.execute(
            "SELECT url, reponses_nb, attribution, length(recu_le) FROM sources"
            " WHERE fichier = 'osm/overpass-62999.json'"
        ).fetchone()
    address = f"{services.base}/overpass/interpreter"
    assert told == (address, 1, "© les contributeurs d'OpenStreetMap", 25)


def test_the_product_tells_of_vintages_that_mix(services, tmp_path):
    later = CADASTRE.replace("latest", "2026-12-30")
    name = "62998/cadastre-62998-parcelles.json.gz"
    services.on(f"{CADASTRE}/{name}", status(302, Location=f"{later}/{name}"))
    services.on(f"{later}/{name}", packed(NEXT_PARCELS))
    done = run(tmp_path / "data", tmp_path / "out")
    assert "cadastre/ : millésimes mêlés (2026-09-29, 2026-12-30)" in " ".join(done.output.split())
    with closing(sqlite3.connect(tmp_path / "out/62/62999.gpkg")) as connection:
        told = dict(
            connection.execute(
                "SELECT fichier, remarques FROM sources WHERE remarques LIKE '%mêlés%'"
            )
        )
    assert set(told) == {f"cadastre/cadastre-{it}-parcelles.json.gz" for it in ("62998", "62999")}


def test_a_folder_prepared_by_hand_makes_no_run_connect(services, tmp_path):
    deposit(tmp_path / "data", "communes/c.geojson", LIMITS)
    deposit(tmp_path / "data", "osm/o.json", json.dumps(osm()))
    assert run(tmp_path / "data", tmp_path / "out").exit_code == 0
    assert services.seen == []


def zan(data, out, *options):
    told = ["zan", *options, "--data", str(data), "--out", str(out), "--on", "2026-11-26"]
    return runner.invoke(app, told)


def test_the_land_alone_with_nothing_prepared_fetches_what_it_needs(services, tmp_path):
    done = zan(tmp_path / "data", tmp_path / "out", "62999")
    assert done.exit_code == 0, done.output
    assert services.seen
    # OCS GE is not fetched: what is drawn from the others is said to be.
    assert "faute d'OCS GE" in " ".join(done.output.split())
    with closing(sqlite3.connect(tmp_path / "out/62/62999.gpkg")) as connection:
        origins = connection.execute("SELECT DISTINCT origine FROM sols").fetchall()
        url = connection.execute("SELECT url FROM sources WHERE dossier = 'osm'").fetchone()
    assert ("derive",) in origins
    assert url == (f"{services.base}/overpass/interpreter",)


@pytest.mark.parametrize("asked", [("62999", "--offline"), ("--departement", "62")])
def test_the_land_alone_says_what_it_cannot_fetch(services, tmp_path, asked):
    done = zan(tmp_path / "data", tmp_path / "out", *asked)
    assert done.exit_code == 1
    assert "parzan sources fetch" in done.stderr
    assert services.seen == []


def test_offline_with_nothing_kept_says_what_is_missing(services, tmp_path):
    done = run(tmp_path / "data", tmp_path / "out", "--offline")
    assert done.exit_code == 1
    assert "introuvable" in done.stderr
    assert services.seen == []
