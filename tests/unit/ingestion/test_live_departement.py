"""What is asked for a whole département, file by file; and the départements that lie around."""

import gzip
import json

import pytest
import shapely

from pipeline.errors import ServiceError
from pipeline.ingestion import answer_checks, live_cadastre
from pipeline.ingestion.live_bdtopo import bdtopo_over
from pipeline.ingestion.live_cadastre import cadastre_of, cadastre_of_departement
from pipeline.ingestion.live_communes import DEPARTEMENT, departements_meeting
from pipeline.ingestion.live_icpe_archive import installations_of
from pipeline.ingestion.live_monuments import monuments_of
from tests.unit.ingestion.bulk_files import zipped
from tests.unit.ingestion.deposits import commune, geojson, in_degrees, polygon, read, rectangle
from tests.unit.ingestion.live_desk import LiveDesk, answer
from tests.unit.ingestion.live_server import plain, send, status
from tests.unit.ingestion.test_broken_csv import TITLES, archive, installation


@pytest.fixture
def desk(server, tmp_path):
    commune(tmp_path)
    return LiveDesk(server, tmp_path)


def test_codes_of_departements_are_told_from_others():
    good = ["01", "19", "21", "2A", "2B", "62", "95", "971", "974", "976"]
    bad = ["20", "00", "96", "97", "975", "1", "2a", "62041", "999"]
    assert [code for code in [*good, *bad] if DEPARTEMENT.fullmatch(code)] == good


SQUARE = {"type": "Polygon", "coordinates": [[[2, 50], [3, 50], [3, 51], [2, 51], [2, 50]]]}
NEXT = {"type": "Polygon", "coordinates": [[[3, 50], [4, 50], [4, 51], [3, 51], [3, 50]]]}


@pytest.mark.parametrize(
    ("east", "found"),
    [
        pytest.param(2.9, ["62"], id="inside"),
        pytest.param(3.001, ["59", "62"], id="across the limit"),
        # 200 m are 0.0033 degrees at most.
        pytest.param(2.998, ["59", "62"], id="within the margin"),
        pytest.param(2.996, ["62"], id="beyond the margin"),
    ],
)
def test_the_departements_that_a_window_meets_are_found(tmp_path, east, found):
    path = tmp_path / "departements.geojson"
    path.write_text(geojson((SQUARE, {"code": "62"}), (NEXT, {"code": "59"}), crs=None))
    window = shapely.box(2.5, 50.4, east, 50.6)
    assert departements_meeting(path, window, 200) == found


def cadastre(*communes, spaces=""):
    head = f'{{"type":{spaces}"FeatureCollection","features":['
    feature = '{{"type":"Feature","geometry":null,"properties":{{"commune":{}"{}","id":"x"}}}}'
    body = ",".join(feature.format(spaces, code) for code in communes)
    return gzip.compress(f"{head}{body}]}}\n".encode())


WHOLE = "/cadastre_etalab/latest/geojson/departements/62/cadastre-62-parcelles.json.gz"


def scanned(desk, content):
    """The count of the parcels of a département; the file is written."""
    desk.server.on(WHOLE, content)
    parcels, _ = cadastre_of_departement("62")
    desk.fetch(parcels)
    return desk.store.latest(parcels.request).row_count


@pytest.mark.parametrize("block", [70, 71, 97, 4096])
def test_the_parcels_of_a_departement_are_counted_block_after_block(desk, monkeypatch, block):
    monkeypatch.setattr(live_cadastre, "_CHUNK", block)
    codes = [f"62{number:03}" for number in range(1, 38)]
    assert scanned(desk, cadastre(*codes, spaces=" ")) == 37


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(cadastre("62041", "59350"), "objets de 59350", id="of another"),
        pytest.param(gzip.compress(b'{"features": []}'), "mal formé", id="no collection"),
        pytest.param(
            gzip.compress(b'{"type":"FeatureCollection","features":[{"a":1}'), "mal formé", id="cut"
        ),
        pytest.param(cadastre("62041")[:-4], "coupé avant sa fin", id="a gzip that ends early"),
    ],
)
def test_another_file_than_the_one_asked_is_refused(desk, content, words):
    with pytest.raises(ServiceError, match=words):
        scanned(desk, content)


def test_the_vintage_of_the_cadastre_is_that_of_its_dated_address(desk):
    dated = WHOLE.replace("latest", "2026-09-29")
    desk.server.on(dated, cadastre("62041"))
    desk.server.on(WHOLE, status(302, Location=dated))
    parcels, _ = cadastre_of_departement("62")
    desk.fetch(parcels)
    kept = desk.store.latest(parcels.request)
    assert (kept.vintage, kept.url) == ("2026-09-29", f"{desk.server.base}{dated}")


CITIES = {"75056": ("75101", "75120", 20), "69123": ("69381", "69389", 9)}
CITIES |= {"13055": ("13201", "13216", 16), "62041": ("62041", "62041", 1)}


@pytest.mark.parametrize(("code", "ends"), CITIES.items())
def test_a_city_of_arrondissements_has_the_plan_of_each(desk, code, ends):
    places = [it.place for it in cadastre_of(code, desk.services["cadastre_etalab"])]
    first, last, count = ends
    assert len(places) == 2 * count
    assert places[0] == f"cadastre/cadastre-{first}-parcelles.json.gz"
    assert places[-1] == f"cadastre/cadastre-{last}-batiments.json.gz"


ICPE = "/georisques/csv/installations_classees"


def test_the_archive_of_installations_is_kept_as_it_came_and_read(desk):
    content = archive(*(installation(number) for number in (1, 2)))
    desk.server.on(ICPE, content)
    desk.server.on("/georisques/installations_classees", answer({"results": 2, "data": []}))
    path = desk.fetch(installations_of("62"))
    assert path.name == "georisques-62.zip"
    assert path.read_bytes() == content
    assert list(read(desk.data).installations["installation_id"]) == ["0001", "0002"]
    assert desk.asked[-1] == {"departement": "62"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(archive(installation(1)), "1 installations reçues sur 2", id="cut by itself"),
        pytest.param(zipped(**{"a.csv": b"x"}), "sans InstallationClassee", id="another"),
        pytest.param(zipped(**{"../a.csv": TITLES.encode()}), "sort de l'archive", id="climbs"),
        pytest.param(zipped(**{"InstallationClassee.csv": b"a;b\n"}), "codeAiot", id="columns"),
        pytest.param(archive(installation(1))[:-30], "coupé avant sa fin", id="truncated"),
        # The firewall of the producer answers so to machines that it does not know.
        pytest.param(b"<html><title>Request Rejected</title>", "Request Rejected", id="a page"),
    ],
)
def test_an_archive_of_installations_that_is_not_whole_is_refused(desk, content, words):
    desk.server.on(ICPE, content)
    desk.server.on("/georisques/installations_classees", answer({"results": 2, "data": []}))
    with pytest.raises(ServiceError, match=words):
        desk.fetch(installations_of("62"))
    assert not (desk.data / "icpe").exists()


def silo(x0, number):
    shape = in_degrees(polygon(rectangle(x0, 0, x0 + 10, 10)))
    facts = {"cleabs": f"BATIMENT{number}", "nature": "Silo", "construction_legere": False}
    return {"type": "Feature", "geometry": shape, "properties": facts}


def test_bd_topo_over_a_departement_is_counted_first_and_cut_to_its_communes(desk):
    silos = [silo(0, 1), silo(5000, 2), silo(9000, 3)]

    def wfs(handler):
        if handler.query.get("RESULTTYPE") == "hits":
            send(handler, 200, b'<wfs:FeatureCollection numberMatched="7312" numberReturned="0"/>')
            return
        page = {"type": "FeatureCollection", "features": silos, "numberMatched": 3}
        send(handler, 200, json.dumps(page | {"numberReturned": 3}).encode())

    desk.server.on("/geoplateforme_wfs/ows", wfs)
    # Two windows: the box that holds them also holds the silo in between, which neither meets.
    windows = [in_degrees(polygon(rectangle(x, -50, x + 50, 50))) for x in (0, 9000)]
    place = shapely.union_all([shapely.from_geojson(json.dumps(window)) for window in windows])
    layers = {it.place: it for it in bdtopo_over("62", place, desk.services["geoplateforme_wfs"])}
    wanted = layers["bdtopo/batiment-62.geojson"]
    with desk.asking() as retrieval:
        assert wanted.announce(retrieval) == "bdtopo/batiment : 7312 objets, 2 pages"
    found = json.loads(desk.fetch(wanted).read_bytes())["features"]
    assert [it["properties"]["cleabs"] for it in found] == ["BATIMENT1", "BATIMENT3"]


def test_monuments_are_those_of_the_departement_and_of_those_around(desk):
    portal = desk.services["culture"].open_data.dataset
    desk.server.on(f"/culture/{portal}/records", answer({"total_count": 0, "results": []}))
    desk.server.on(f"/culture/{portal}/exports/json", plain(b"[]"))
    (wanted,) = monuments_of(["62", "59"], desk.services["culture"])
    assert desk.fetch(wanted).name == "merimee-62.csv"
    assert {asked["where"] for asked in desk.asked} == {
        'departement_format_numerique="62" or departement_format_numerique="59"'
    }


@pytest.mark.parametrize("end", [None, -1], ids=["whole", "cut"])
def test_a_file_freed_of_its_compression_by_the_transport_is_not_parsed_whole(
    desk, monkeypatch, end
):
    monkeypatch.setattr(answer_checks, "_LARGEST_PARSED", 100)
    text = gzip.decompress(cadastre("62041", "62042")).rstrip()[:end]
    assert len(text) > 100
    as_transport = plain(gzip.compress(text), Content_Encoding="gzip")
    desk.server.on(WHOLE, as_transport)
    parcels, _ = cadastre_of_departement("62")
    with desk.asking() as retrieval:
        if end is None:
            (part,) = parcels.fetch(retrieval)
            assert part.row_count == 2
        else:
            with pytest.raises(ServiceError, match="mal formé"):
                parcels.fetch(retrieval)
