"""The agent's file: typed and empty, with forms and defaults, created once."""

import sqlite3
from contextlib import closing

import fiona
import pytest

from pipeline.export.review import create_review
from tests.unit.export.hand_made import TERRITORY

MOMENT = "2026-07-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    path = tmp_path_factory.mktemp("review") / "62999_revue.gpkg"
    create_review(path, TERRITORY, MOMENT)
    return path


def test_tables_of_the_contract_are_there_and_empty(review):
    assert fiona.listlayers(review)[:3] == ["corrections", "suivi", "notes_privees"]
    for layer in ("corrections", "suivi", "notes_privees"):
        with fiona.open(review, layer=layer) as opened:
            assert len(opened) == 0


def test_corrections_have_the_columns_of_the_contract(review):
    with fiona.open(review, layer="corrections") as opened:
        assert list(opened.schema["properties"].items()) == [
            ("parc_id", "str"),
            ("action", "str"),
            ("valeur", "str"),
            ("motif", "str"),
            ("agent", "str"),
            ("date", "date"),
            ("base_hash", "str"),
        ]
        assert opened.schema["geometry"] == "MultiPolygon"
        assert opened.crs.to_epsg() == 2154


def test_geometry_column_and_version_are_those_of_the_product(review):
    with closing(sqlite3.connect(review)) as connection:
        columns = connection.execute("SELECT column_name FROM gpkg_geometry_columns").fetchall()
        version = connection.execute("PRAGMA user_version").fetchone()
    assert (columns, version) == ([("geom",)], (10300,))


@pytest.mark.parametrize("table", ["corrections", "suivi", "notes_privees"])
def test_agent_and_date_fill_themselves(review, table):
    with closing(sqlite3.connect(review)) as connection:
        qml = connection.execute(
            "SELECT styleQML FROM layer_styles WHERE f_table_name = ? AND useAsDefault", (table,)
        ).fetchone()[0]
    assert "@user_account_name" in qml
    assert "to_date(now())" in qml


def test_an_existing_file_is_not_touched(tmp_path):
    path = tmp_path / "x_revue.gpkg"
    path.write_bytes(b"work of an agent")
    create_review(path, TERRITORY, MOMENT)
    assert path.read_bytes() == b"work of an agent"


def test_a_file_that_appears_meanwhile_wins(tmp_path, monkeypatch):
    path = tmp_path / "x_revue.gpkg"
    monkeypatch.setattr(
        "pipeline.export.review.seal", lambda _temporary: path.write_bytes(b"first")
    )
    create_review(path, TERRITORY, MOMENT)
    assert path.read_bytes() == b"first"
    assert [item.name for item in tmp_path.iterdir()] == ["x_revue.gpkg"]
