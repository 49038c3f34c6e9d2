"""The state made again from the products; corrections of the review file, by their content."""

import sqlite3
from contextlib import closing
from datetime import date

import pytest

from pipeline.inventory.file_digests import FileDigests
from pipeline.inventory.products import corrections_digest, read_made, rebuild
from tests.unit.inventory.known import AS_OF, product

NEXT = {"valable_jusqu_au": "2027-01-01"}


def test_a_product_tells_what_it_was_made_from(tmp_path):
    sources = [
        ("osm", "osm/b.osm", "s2"),
        ("osm", "osm/a.zip/x.osm", "s1"),
        ("mnh", None, None),
        ("dossiers", None, None),
    ]
    found = dict(rebuild_of(product(tmp_path / "62" / "62901.gpkg", sources, NEXT)))["62901"]
    assert found.inputs.data == {
        "osm": 'sources:[["osm/a.zip/x.osm", "s1"], ["osm/b.osm", "s2"]]',
        "mnh": "absent",
        "dossiers": "absent",
    }
    assert (found.inputs.rules, found.inputs.assumptions, found.inputs.code) == ("r1", "h1", "c1")
    assert (found.as_of, found.until) == (AS_OF, date(2027, 1, 1))


def rebuild_of(path):
    return rebuild(path.parent.parent, FileDigests({}))


def test_days_dated_by_an_agent_are_not_guessed(tmp_path):
    path = product(tmp_path / "62" / "62901.gpkg", [("dossiers", "dossiers/d.csv", "s")])
    assert read_made(path, "p").until is None


def test_a_product_that_says_until_when_it_lasts_is_believed(tmp_path):
    sources = [("dossiers", "dossiers/d.csv", "s")]
    path = product(tmp_path / "62" / "62901.gpkg", sources, {"valable_jusqu_au": "2026-12-24"})
    assert read_made(path, "p").until == date(2026, 12, 24)


def test_what_is_no_product_is_passed_over(tmp_path):
    good = product(tmp_path / "62" / "62901.gpkg", [])
    product(tmp_path / "62" / "62901_revue.gpkg", [])
    product(tmp_path / "59" / "62902.gpkg", [])
    (tmp_path / "62" / "62903.gpkg").write_bytes(b"damaged")
    with closing(sqlite3.connect(tmp_path / "62" / "62904.gpkg")) as old, old:
        old.execute("CREATE TABLE parcs (parc_id TEXT)")
    assert [code for code, _ in rebuild_of(good)] == ["62901"]


@pytest.fixture
def review(tmp_path):
    path = tmp_path / "62901_revue.gpkg"
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("CREATE TABLE corrections (fid INTEGER PRIMARY KEY, action TEXT)")
        opened.execute("CREATE TABLE notes_privees (fid INTEGER PRIMARY KEY, note TEXT)")
    return path


def write(path, sql):
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute(sql)


def of(path):
    return corrections_digest(path, FileDigests({}))


def test_no_file_and_no_row_are_no_correction(review, tmp_path):
    assert of(review) == of(tmp_path / "none.gpkg") == "aucune"


def test_only_the_corrections_count(review):
    write(review, "INSERT INTO corrections (action) VALUES ('confirmer')")
    before = of(review)
    assert before != "aucune"
    write(review, "INSERT INTO notes_privees (note) VALUES ('à revoir')")
    assert of(review) == before
    write(review, "UPDATE corrections SET action = 'rejeter'")
    assert of(review) != before


def test_a_correction_that_qgis_has_just_saved_is_seen(review):
    """QGIS edits in WAL mode: until it closes the file, the row is in the journal beside it."""
    with closing(sqlite3.connect(review, isolation_level=None)) as editor:
        editor.execute("PRAGMA journal_mode=WAL")
        before = of(review)
        editor.execute("INSERT INTO corrections (action) VALUES ('confirmer')")
        assert review.with_name(f"{review.name}-wal").stat().st_size > 0
        assert of(review) != before


def test_a_damaged_review_counts_by_its_bytes(review):
    review.write_bytes(b"damaged")
    first = of(review)
    review.write_bytes(b"damaged otherwise")
    assert of(review) != first
