"""OCS GE and car parks from the download service: the editions chosen, the layers that are read."""

import pytest

from pipeline.errors import AbsentError, ServiceError
from pipeline.ingestion import archives
from pipeline.ingestion.live_downloads import archives_of
from tests.unit.ingestion import land_files
from tests.unit.ingestion.bulk_files import (
    edition,
    feed,
    file_entry,
    land,
    layer,
    ocsge_7z,
    parks_7z,
    play_edition,
    sevened,
)
from tests.unit.ingestion.deposits import commune, read
from tests.unit.ingestion.live_desk import LiveDesk
from tests.unit.ingestion.test_archives import sevened as renamed

BASE = "/geoplateforme_download"
LIST = f"{BASE}/resource/OCSGE"
GPKG_2021 = "OCS-GE_2-0__GPKG_LAMB93_D062_2021-01-01"
SHP_2018 = "OCS-GE_2-0__SHP_LAMB93_D062_2018-01-01"


@pytest.fixture
def desk(server, tmp_path):
    commune(tmp_path)
    desk = LiveDesk(server, tmp_path)
    for resource in ("OCSGE", "OCSGE-ARTIFICIALISATION", "ENR"):
        server.on(f"{BASE}/resource/{resource}", feed())
    return desk


def lists(desk, *folders, departement="62"):
    return archives_of(departement, desk.services["geoplateforme_download"], folders)


def only(desk):
    """Ask for the land cover alone, as if IGN published no qualified land."""
    downloads = desk.services["geoplateforme_download"].downloads
    products = tuple(it for it in downloads.products if it.resource == "OCSGE")
    desk.change(
        "geoplateforme_download", downloads=downloads.model_copy(update={"products": products})
    )


def titles(desk, *entries, departement="62"):
    """The archives that are asked when these are listed."""
    only(desk)
    desk.server.on(LIST, feed(*entries))
    for entry in entries:
        title = entry.split("<title>")[1].split("</title>")[0]
        play_edition(desk.server, BASE, "OCSGE", title, b"7z")
    found = desk.archives(*lists(desk, "ocsge", departement=departement))
    return [archive.request.path.split("/")[2] for archive in found]


def test_of_each_vintage_one_archive_is_asked_geopackage_first(desk):
    found = titles(
        desk,
        edition("OCS-GE_2-0__SHP_LAMB93_D062_2021-01-01", "2026-07-01"),
        edition(GPKG_2021, "2024-03-01"),
        edition(SHP_2018, "2024-03-01"),
        edition("OCS-GE_2-0_DIFF_SHP_LAMB93_D062_2018-2021"),
        edition("OCS-GE_2-0__GPKG_LAMB93_D059_2021-01-01", "2026-07-01"),
        edition("OCS-GE_2-0_PATCH_GPKG_LAMB93_D062_2021-01-01", "2026-07-01"),
    )
    assert found == [SHP_2018, GPKG_2021]


def test_of_two_editions_of_one_vintage_the_newest_is_asked(desk):
    newer = GPKG_2021.replace("2-0", "2-1")
    found = titles(desk, edition(GPKG_2021, "2026-01-01"), edition(newer, "2026-07-01"))
    assert found == [newer]
    found = titles(desk, edition(GPKG_2021, "2026-07-02"), edition(newer, "2026-07-01"))
    assert found == [newer]  # the list was kept


@pytest.mark.parametrize(("departement", "zone"), [("2A", "D02A"), ("974", "D974"), ("01", "D001")])
def test_a_departement_is_asked_by_the_code_of_its_zone(desk, departement, zone):
    title = f"OCS-GE_2-0__GPKG_X_{zone}_2021-01-01"
    assert titles(desk, edition(title), departement=departement) == [title]
    assert desk.asked[0] == {"zone": zone, "page": "1", "limit": "50"}


def test_every_page_of_a_list_is_read(desk):
    only(desk)
    one, two = edition(GPKG_2021), edition(GPKG_2021.replace("2021", "2024"))
    desk.server.on(LIST, feed(one, pages=2, total=2), feed(two, pages=2, total=2))
    for year in ("2021", "2024"):
        play_edition(desk.server, BASE, "OCSGE", GPKG_2021.replace("2021", year), b"7z")
    assert len(desk.archives(*lists(desk, "ocsge"))) == 2


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param(feed(edition(GPKG_2021), total=2), "1 entrées reçues sur 2", id="cut"),
        pytest.param("<feed>", "mal formée", id="broken"),
        pytest.param("<rss/>", "liste Atom attendue", id="another"),
        pytest.param(
            '<!DOCTYPE x [<!ENTITY a "b">]><feed>&a;</feed>', "avec des entités", id="entities"
        ),
    ],
)
def test_a_list_that_is_not_whole_is_refused(desk, document, words):
    only(desk)
    desk.server.on(LIST, document)
    with pytest.raises(ServiceError, match=words):
        desk.archives(*lists(desk, "ocsge"))


def test_a_departement_without_delivery_is_told(desk):
    only(desk)
    desk.server.on(LIST, feed(edition("OCS-GE_2-0__GPKG_LAMB93_D059_2021-01-01")))
    with pytest.raises(AbsentError, match="aucune archive pour D062"):
        desk.archives(*lists(desk, "ocsge"))


def test_an_archive_in_volumes_is_told_and_not_read_by_halves(desk):
    only(desk)
    desk.server.on(LIST, feed(edition(GPKG_2021)))
    parts = [file_entry(f"{GPKG_2021}.7z.00{number}", b"x") for number in (1, 2)]
    desk.server.on(f"{LIST}/{GPKG_2021}", feed(*parts))
    with pytest.raises(ServiceError, match="à la main"):
        desk.archives(*lists(desk, "ocsge"))


def deliver(desk, content, title=GPKG_2021, md5=None):
    only(desk)
    desk.server.on(LIST, feed(edition(title)))
    play_edition(desk.server, BASE, "OCSGE", title, content, md5)
    return desk.deliver(*lists(desk, "ocsge"))


def test_the_reader_of_land_reads_the_layers_delivered(desk):
    rows = deliver(desk, ocsge_7z(2021))
    assert [(row.place, row.state, row.vintage) for row in rows] == [
        ("ocsge/ocsge-D062_2021-occupation_sol.gpkg", "telecharge", "2021"),
        ("ocsge/ocsge-D062_2021-zone_construite.gpkg", "telecharge", "2021"),
    ]
    read_back = land_files.read(desk.data)
    assert list(read_back.pieces["vintage"]) == [2021]
    assert read_back.pieces.geometry.area.sum() == pytest.approx(4_000_000, rel=1e-6)


def test_a_vintage_without_column_is_read_in_the_name_given(desk):
    facts = {"id": "A", "code_cs": "CS1.1.1.1", "code_us": "US5"}
    bare = layer("OCCUPATION_SOL", ((0, 0, 10, 10), facts))
    deliver(desk, sevened({"OCS-GE/OCCUPATION_SOL.gpkg": bare}))
    assert list(land_files.read(desk.data).pieces["vintage"]) == [2021]


def test_a_new_edition_takes_the_place_of_the_former(desk):
    deliver(desk, ocsge_7z(2021))
    before = sorted(path.name for path in (desk.data / "ocsge").iterdir())
    desk.now = desk.now.replace(year=2028)
    rows = deliver(desk, ocsge_7z(2021, use="US3"), GPKG_2021.replace("2-0", "2-1"))
    assert {row.state for row in rows} == {"telecharge"}
    assert sorted(path.name for path in (desk.data / "ocsge").iterdir()) == before
    assert list(land_files.read(desk.data).pieces["use_code"]) == ["US3"]


def test_what_is_there_already_is_not_extracted_again(desk):
    deliver(desk, ocsge_7z(2021))
    files = {path: path.stat().st_mtime_ns for path in (desk.data / "ocsge").iterdir()}
    rows = deliver(desk, ocsge_7z(2021))
    assert {row.state for row in rows} == {"deja_la"}
    assert {path: path.stat().st_mtime_ns for path in (desk.data / "ocsge").iterdir()} == files


def test_the_land_that_ign_qualified_is_read_beside_the_land_cover(desk):
    title = "OCS-GE_2-0_ARTIFICIALISATION_GPKG_LAMB93_D062_2021-01-01"
    facts = {"id": "A", "code_cs": "CS1.1.1.1", "code_us": "US5", "artif": "artif"}
    artif = layer("artif_2021_62", ((-1000, -1000, 1000, 1000), {**facts, "crit_seuil": 0}))
    desk.server.on(f"{BASE}/resource/OCSGE-ARTIFICIALISATION", feed(edition(title)))
    content = sevened({"OCS-GE/artif_2021_62.gpkg": artif})
    play_edition(desk.server, BASE, "OCSGE-ARTIFICIALISATION", title, content)
    told, row = desk.deliver(*lists(desk, "ocsge"))
    assert told.state == "absent"
    assert row.place == "ocsge/artif-D062_2021-artif_2021_62.gpkg"
    assert list(land_files.read(desk.data).pieces["declared_artificial"]) == [True]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(sevened({"a/README.txt": b"x"}), "archive sans couche", id="no layer"),
        pytest.param(ocsge_7z(2021)[:2000], "coupé avant sa fin", id="cut"),
        pytest.param(b"<html><title>Non</title>", "page web", id="a page"),
    ],
)
def test_an_archive_that_is_not_the_one_is_told(desk, content, words):
    (row,) = deliver(desk, content)
    assert row.state == "echec"
    assert words in row.detail
    assert not (desk.data / "ocsge").exists()


def test_another_digest_than_the_one_listed_is_told(desk):
    (row,) = deliver(desk, ocsge_7z(2021), md5="0" * 32)
    assert row.state == "echec"
    assert "somme md5 différente" in row.detail


def test_a_path_that_climbs_is_refused(desk, tmp_path):
    plain, climbing = "n/n/OCCUPATION_SOL.gpkg", "../OCCUPATION_SOL_.gpkg"
    path = renamed(tmp_path / "a.7z", {plain: climbing}, **{plain: land(2021)})
    (row,) = deliver(desk, path.read_bytes())
    assert row.state == "echec"
    assert "sort de l'archive" in row.detail
    assert not list(tmp_path.rglob("OCCUPATION_SOL*"))


def test_an_absurd_ratio_is_refused_before_the_disk_suffers(desk, monkeypatch):
    monkeypatch.setattr(archives, "_RATIO_APPLIES_FROM", 2 * 1024**2)
    (row,) = deliver(desk, sevened({"OCCUPATION_SOL.gpkg": bytes(30 * 1024**2)}))
    assert row.state == "echec"
    assert "taux de compression" in row.detail
    assert not (desk.data / "ocsge" / "ocsge-D062_2021-occupation_sol.gpkg").exists()


PARKS = "ENR_2-0_PARK-SUP-500_GPKG_WLD_WM_2026-02-01"


def deliver_parks(desk, title=PARKS):
    other = edition("ENR_2-0_ZONE-INOND_GPKG_WLD_WM_2026-05-01")
    desk.server.on(f"{BASE}/resource/ENR", feed(edition(title), other))
    play_edition(desk.server, BASE, "ENR", title, parks_7z())
    return desk.deliver(*lists(desk, "parkings"))


def test_the_reader_reads_the_national_car_parks_and_their_date(desk):
    (row,) = deliver_parks(desk)
    assert row.place.startswith("parkings/parkings_sup500m2-2026-02-01")
    assert row.vintage == "2026-02-01"
    candidates = read(desk.data).candidates
    assert set(candidates["source"]) == {"parkings_sup500m2"}
    assert candidates.geometry.area.tolist() == pytest.approx([600], rel=0.01)
    assert list(candidates["vintage"]) == ["2026-02-01"]


def test_a_new_edition_of_the_car_parks_removes_the_former(desk):
    deliver_parks(desk)
    desk.now = desk.now.replace(year=2028)
    (row,) = deliver_parks(desk, PARKS.replace("2026", "2028"))
    assert [f"parkings/{path.name}" for path in (desk.data / "parkings").iterdir()] == [row.place]
    assert len(read(desk.data).candidates) == 1
