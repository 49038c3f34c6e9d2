"""An older review file is completed: rows and bytes of the agent stay, an open file is left."""

import sqlite3
from contextlib import closing

import pytest

from pipeline.export.review import create_review, prepare_review
from pipeline.export.review_schema import REVIEW_LAYERS
from pipeline.export.review_upgrade import missing_parts, upgrade_review
from tests.unit.export.hand_made import TERRITORY
from tests.unit.inventory.review_files import add, confirm, editor_of, execute

MOMENT = "2026-07-01T00:00:00.000Z"


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "30000_revue.gpkg"
    assert prepare_review(found, TERRITORY, MOMENT) == ()
    return found


def query(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def upgrade(path):
    return upgrade_review(path, TERRITORY, MOMENT)


def test_a_file_of_this_version_is_left_byte_for_byte(path):
    before = path.read_bytes()
    assert prepare_review(path, TERRITORY, MOMENT) == ()
    assert path.read_bytes() == before


def test_no_file_is_none_to_complete(tmp_path):
    assert upgrade(tmp_path / "absent_revue.gpkg") == ()


def test_a_missing_column_is_added_and_the_rows_stay(path):
    add(path, **confirm(motif="vu"))
    execute(path, "ALTER TABLE corrections DROP COLUMN base_hash")
    execute(path, "DELETE FROM gpkg_data_columns WHERE column_name = 'base_hash'")
    assert upgrade(path) == ("30000_revue.gpkg : revue complétée, corrections (base_hash)",)
    assert query(path, "SELECT parc_id, action, motif, base_hash FROM corrections") == [
        ("A", "confirmer", "vu", None)
    ]
    assert query(
        path, "SELECT count(*) FROM gpkg_data_columns WHERE column_name = 'base_hash'"
    ) == [(1,)]
    assert upgrade(path) == ()


@pytest.mark.parametrize("layer", [layer.name for layer in REVIEW_LAYERS])
def test_a_missing_table_is_made_as_a_new_file_has_it(path, tmp_path, layer):
    add(path, **confirm())
    with editor_of(path) as connection:
        connection.execute(f"DELETE FROM layer_styles WHERE f_table_name = '{layer}'")
        for table in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_data_columns"):
            connection.execute(f"DELETE FROM {table} WHERE table_name = '{layer}'")
        connection.execute("DELETE FROM gpkg_extensions WHERE table_name = ?", (layer,))
        connection.execute(f"DROP TABLE IF EXISTS rtree_{layer}_geom")
        connection.execute(f"DROP TABLE {layer}")
    (remark,) = upgrade(path)
    assert f"{layer} (" in remark
    whole = tmp_path / "neuf.gpkg"
    create_review(whole, TERRITORY, MOMENT)
    for sql in (
        f"SELECT name FROM pragma_table_info('{layer}') ORDER BY name",
        f"SELECT data_type, identifier, srs_id FROM gpkg_contents WHERE table_name = '{layer}'",
        f"SELECT * FROM gpkg_geometry_columns WHERE table_name = '{layer}'",
        "SELECT f_table_name, styleName, styleQML FROM layer_styles ORDER BY 1, 2",
        "SELECT * FROM gpkg_data_columns ORDER BY 1, 2",
    ):
        made, expected = query(path, sql), query(whole, sql)
        assert [tuple(v or 0 for v in row) for row in made] == [
            tuple(v or 0 for v in row) for row in expected
        ]
    assert missing_parts(path) == {}


def test_a_file_open_for_editing_is_left_until_the_next_run(path):
    execute(path, "ALTER TABLE corrections DROP COLUMN base_hash")
    with editor_of(path) as editor:
        editor.execute("PRAGMA journal_mode=WAL")
        editor.execute("BEGIN IMMEDIATE")
        editor.execute("INSERT INTO corrections (parc_id, action) VALUES ('A', 'confirmer')")
        (remark,) = upgrade(path)
        assert remark.startswith("revue non complétée")
        assert "fermer dans QGIS" in remark
        editor.execute("COMMIT")
    assert "base_hash" not in [row[1] for row in query(path, "PRAGMA table_info(corrections)")]
    assert query(path, "SELECT parc_id FROM corrections") == [("A",)]
    assert upgrade(path) == ("30000_revue.gpkg : revue complétée, corrections (base_hash)",)


@pytest.mark.parametrize("content", [b"", b"not SQLite, the work of somebody" * 50])
def test_a_file_of_another_kind_is_left_as_it_is(path, content):
    path.write_bytes(content)
    told = upgrade(path)
    assert path.read_bytes() == content
    assert len(told) == 1
    assert "non complétée" in told[0]


def test_what_cannot_be_added_whole_is_not_added(path):
    # Without its registry, the second table cannot be described: the column of the first goes too.
    execute(path, "ALTER TABLE corrections DROP COLUMN base_hash")
    execute(path, "DROP TABLE suivi")
    execute(path, "DROP TABLE gpkg_contents")
    (remark,) = upgrade(path)
    assert "non complétée" in remark
    assert set(missing_parts(path)) == {"corrections", "suivi"}
