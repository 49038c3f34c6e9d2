"""Parcels of legal persons: the archive that holds the département, and its files alone."""

import pytest

from pipeline.errors import AbsentError, ServiceError
from pipeline.ingestion import archives
from pipeline.ingestion.live_owners import owners_of
from tests.unit.ingestion.bulk_files import (
    DATASET,
    OWNERS,
    attachments,
    owner,
    owners_csv,
    zipped,
)
from tests.unit.ingestion.deposits import commune, read
from tests.unit.ingestion.live_desk import LiveDesk, answer

LIST = f"/dgfip/{DATASET}/attachments"
OURS = owners_csv(owner("62", "999", 1))
ARCHIVE = {
    "PM_25_NB_590.csv": owners_csv(owner("59", "350", 1)),
    "PM_25_NB_620.csv": OURS,
    "PM_25_B_620.csv": b"locaux",
}


@pytest.fixture
def desk(server, tmp_path):
    commune(tmp_path)
    return LiveDesk(server, tmp_path)


def listing(desk, *names):
    desk.server.on(LIST, answer(attachments(*names)))


def chosen(desk, departement, *names):
    """The archive that is asked for a département."""
    listing(desk, *(names or OWNERS))
    (archive,) = desk.archives(*owners_of(departement, desk.services["dgfip"]))
    return archive.request.path.rsplit("/", 1)[-1]


HALVES = {
    "01": OWNERS[1],
    "19": OWNERS[1],
    "2A": OWNERS[1],
    "2B": OWNERS[1],
    "56": OWNERS[1],
    "57": OWNERS[2],
    "95": OWNERS[2],
    "971": OWNERS[2],
    "976": OWNERS[2],
}


@pytest.mark.parametrize(("departement", "name"), HALVES.items())
def test_the_half_of_the_newest_year_that_holds_the_departement_is_asked(desk, departement, name):
    assert chosen(desk, departement) == name


@pytest.mark.parametrize(("departement", "half"), [("2A", 0), ("2B", 1), ("19", 0), ("21", 1)])
def test_a_split_may_fall_inside_corsica(desk, departement, half):
    names = ["parcelles_2027_dpt_1_a_2a.zip", "parcelles_2027_dpt_2b_a_976.zip"]
    assert chosen(desk, departement, *names) == names[half]


@pytest.mark.parametrize(
    "name",
    [
        "fichiers_des_parcelles_situation_2023_dept_01_a_dept_62_zip",
        "Parcelles-Situation-2026-Départements-57-a-976.zip".replace("é", "e"),
        "parcelles_des_personnes_morales_2026_zip",
    ],
    ids=["the word twice", "with dashes and capitals", "in one piece"],
)
def test_the_spelling_of_the_names_may_change(desk, name):
    assert chosen(desk, "62", name) == name


def test_an_older_year_never_takes_the_place_of_the_newest(desk):
    with pytest.raises(AbsentError, match="aucun fichier de 2025 ne couvre le département 62"):
        chosen(desk, "62", OWNERS[1], OWNERS[4])


@pytest.mark.parametrize(
    ("document", "words"),
    [
        pytest.param({"attachments": []}, "aucun fichier de parcelles parmi 0", id="none"),
        pytest.param(attachments(OWNERS[0]), "aucun fichier de parcelles", id="premises alone"),
        pytest.param({"links": []}, "mal formée", id="another format"),
        pytest.param([1], "mal formée", id="an array"),
        # What the name of a file is put in must stay at the service.
        pytest.param(attachments("parcelles_2025?x=_zip"), "aucun fichier", id="no name"),
    ],
)
def test_a_list_that_tells_no_parcels_is_refused(desk, document, words):
    desk.server.on(LIST, answer(document))
    with pytest.raises(ServiceError, match=words):
        desk.archives(*owners_of("62", desk.services["dgfip"]))


def fetch(desk, content, departement="62"):
    listing(desk, *OWNERS)
    desk.server.on(f"{LIST}/{OWNERS[2]}", content)
    return desk.deliver(*owners_of(departement, desk.services["dgfip"]))


def test_the_reader_reads_the_files_of_the_departement_alone(desk):
    (row,) = fetch(desk, zipped(**ARCHIVE))
    assert (row.place, row.state) == ("proprietaires/PM_25_NB_620.csv", "telecharge")
    assert (row.vintage, row.licence) == ("2025-01-01", "Licence Ouverte 2.0")
    assert (desk.data / row.place).read_bytes() == OURS  # as the DGFiP wrote them
    sources = read(desk.data)
    assert list(sources.owned_parcels["idu"]) == ["629990000A0001"]
    assert sources.owners_known


def test_the_archive_serves_again_without_being_asked(desk):
    fetch(desk, zipped(**ARCHIVE))
    asked = len(desk.server.seen)
    (row,) = fetch(desk, b"")
    assert row.state == "deja_la"
    (other,) = fetch(desk, b"", departement="59")
    assert other.place == "proprietaires/PM_25_NB_590.csv"
    assert len(desk.server.seen) == asked


def test_a_departement_of_several_directions_has_several_files(desk):
    parts = {f"parcelles/PM_25_NB_59{n}.csv": owners_csv(owner("59", "350", n)) for n in (1, 2)}
    places = [row.place for row in fetch(desk, zipped(**parts), departement="59")]
    assert places == ["proprietaires/PM_25_NB_591.csv", "proprietaires/PM_25_NB_592.csv"]


def test_an_overseas_departement_is_found_by_its_three_digits(desk):
    rows = fetch(desk, zipped(**{"PM_25_NB_971.csv": OURS, "PM_25_NB_972.csv": OURS}), "971")
    assert [row.place for row in rows] == ["proprietaires/PM_25_NB_971.csv"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(zipped(**{"../PM_25_NB_620.csv": OURS}), "sort de l'archive", id="climbs"),
        pytest.param(zipped(**{"PM_25_B_620.csv": OURS}), "sans fichier de parcelles", id="none"),
        pytest.param(zipped(**{"PM_25_NB_590.csv": OURS}), "du département 62", id="of another"),
        pytest.param(b"PK\x03\x04" + bytes(40), "coupé avant sa fin", id="cut"),
        pytest.param(b"<!doctype html><title>Non</title>", "page web", id="a page"),
    ],
)
def test_an_archive_that_is_not_the_one_is_told(desk, content, words):
    (row,) = fetch(desk, content)
    assert row.state == "echec"
    assert words in row.detail
    assert not list(desk.data.rglob("*.csv"))


def test_an_absurd_ratio_is_refused_before_the_disk_suffers(desk, monkeypatch):
    monkeypatch.setattr(archives, "_RATIO_APPLIES_FROM", 2 * 1024**2)
    (row,) = fetch(desk, zipped(**{"PM_25_NB_620.csv": bytes(30 * 1024**2)}))
    assert row.state == "echec"
    assert "taux de compression" in row.detail
    assert not (desk.data / "proprietaires" / "PM_25_NB_620.csv").exists()
