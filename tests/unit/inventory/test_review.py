"""The agent's file is read as it is now, even open in an editor, and never written to."""

import hashlib
import os

import numpy as np
import pytest
import shapely
from shapely import LineString, box

from pipeline.errors import SourceError
from pipeline.inventory.drawn_outline import read_outline
from pipeline.inventory.review import read_follow_up, read_review
from tests.tables import FRANCE
from tests.unit.inventory.review_files import (
    CHOICES,
    SQUARE,
    add,
    confirm,
    editor_of,
    execute,
    make_review,
)


@pytest.fixture
def path(tmp_path):
    return make_review(tmp_path)


def read(path):
    return read_review(path, FRANCE, CHOICES)


def one(path):
    (row,) = read(path).corrections.to_dict("records")
    return {name: None if value != value else value for name, value in row.items()}


def test_a_row_is_read_with_its_outline(path):
    add(path, parc_id="A", action="redessiner", valeur=None, motif="voie oubliée", agent="Moi",
        date="2026-03-01", base_hash="00ff", geometry=SQUARE)  # fmt: skip
    row = one(path)
    assert row.pop("geometry").equals(SQUARE)
    assert row == {
        "correction_id": "30000-r1", "lot_id": "A", "action": "redessiner", "value": None,
        "motive": "voie oubliée", "agent": "Moi", "decided_on": "2026-03-01", "base_hash": "00ff",
        "fault": None,
    }  # fmt: skip


def test_no_file_is_no_correction(tmp_path):
    assert read(tmp_path / "30000_revue.gpkg").corrections.empty
    assert read_follow_up(tmp_path / "30000_revue.gpkg").empty


def test_the_number_of_a_row_is_never_given_twice(path):
    add(path, **confirm())
    add(path, **confirm())
    execute(path, "DELETE FROM corrections WHERE fid = 2")
    execute(path, "UPDATE corrections SET motif = 'relu' WHERE fid = 1")
    add(path, **confirm())
    found = read(path).corrections
    assert found["correction_id"].tolist() == ["30000-r1", "30000-r3"]
    assert found["motive"].tolist()[0] == "relu"


class TestFaults:
    @pytest.mark.parametrize(
        ("column", "value", "words"),
        [
            ("action", "raser", "action inconnue : « raser »"),
            ("action", None, "action manquante"),
            ("date", "hier", "date illisible : « hier »"),
            ("date", "2026-02-30", "date illisible"),
            ("date", "0202-03-01", "date impossible"),
            ("date", "2022-12-31", "date impossible"),
            ("date", "2100-01-01", "date impossible"),
        ],
    )
    def test_a_value_that_cannot_be_used_is_kept_with_its_fault(self, path, column, value, words):
        add(path, **confirm())
        execute(path, f"UPDATE corrections SET {column} = ?", value)
        row = one(path)
        assert row["fault"].startswith(words)
        assert row["lot_id"] == "A"
        assert any(row["fault"] in remark for remark in read(path).remarks)

    @pytest.mark.parametrize("day", ["2023-01-01", "2099-12-31"])
    def test_the_first_and_the_last_day_that_are_read(self, path, day):
        add(path, **confirm(date=day))
        assert (one(path)["decided_on"], one(path)["fault"]) == (day, None)

    def test_a_missing_date_is_no_fault(self, path):
        add(path, **confirm(date=None))
        assert (one(path)["decided_on"], one(path)["fault"]) == (None, None)

    def test_an_outline_in_another_crs_is_not_read_as_metres(self, path):
        add(path, **confirm(geometry=box(-2, 47, -1, 48)))
        execute(path, "UPDATE gpkg_geometry_columns SET srs_id = 4326")
        row = one(path)
        assert row["fault"] == "contour en EPSG:4326, attendu EPSG:2154"
        assert row["geometry"] is None

    @pytest.mark.parametrize("blob", [b"", b"GP", b"GP\x00\x01\x00\x00\x00\x00junk", b"\x00" * 40])
    def test_a_geometry_that_is_none_is_a_fault(self, path, blob):
        add(path, **confirm(geometry=SQUARE))
        execute(path, "UPDATE corrections SET geom = ?", blob)
        assert one(path)["fault"] == "contour illisible"

    def test_a_crossing_outline_is_mended(self, path):
        bow = "MULTIPOLYGON(((0 0, 10 10, 10 0, 0 10, 0 0)))"
        add(path, **confirm(geometry=shapely.from_wkt(bow)))
        assert one(path)["geometry"].is_valid
        assert one(path)["geometry"].area == 50

    def test_a_line_is_no_ground(self):
        header = b"GP\x00\x01" + np.int32(2154).tobytes()
        blob = header + shapely.to_wkb(LineString([(0, 0), (1, 1)]))
        assert read_outline(blob, 2154, FRANCE).fault == "contour qui n'est pas une surface"


class TestWhileItIsOpen:
    def test_edits_that_lie_in_the_log_are_seen_and_nothing_is_written(self, path):
        with editor_of(path) as editor:
            editor.execute("PRAGMA journal_mode=WAL")
            editor.execute("INSERT INTO corrections (parc_id, action) VALUES ('A', 'confirmer')")
            before = footprint(path.parent)
            assert one(path)["lot_id"] == "A"
            assert footprint(path.parent) == before
            assert f"{path.name}-wal" in before
        assert read(path).corrections["lot_id"].tolist() == ["A"]

    def test_an_edit_that_is_not_saved_yet_is_not_seen(self, path):
        with editor_of(path) as editor:
            editor.execute("PRAGMA journal_mode=WAL")
            editor.execute("BEGIN IMMEDIATE")
            editor.execute("INSERT INTO corrections (parc_id, action) VALUES ('A', 'confirmer')")
            assert read(path).corrections.empty
            editor.execute("COMMIT")
            assert len(read(path).corrections) == 1

    def test_what_a_crashed_editor_left_is_read(self, path, tmp_path):
        with editor_of(path) as editor:
            editor.execute("PRAGMA journal_mode=WAL")
            editor.execute("INSERT INTO corrections (parc_id, action) VALUES ('A', 'confirmer')")
            crashed = tmp_path / "crashed"
            crashed.mkdir()
            for end in ("", "-wal"):  # as a dead process leaves them
                data = path.with_name(path.name + end).read_bytes()
                (crashed / (path.name + end)).write_bytes(data)
        before = footprint(crashed)
        assert one(crashed / path.name)["lot_id"] == "A"
        assert footprint(crashed) == before

    @pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX rights")
    def test_a_folder_that_may_not_be_written_is_no_obstacle(self, path):
        add(path, **confirm())
        execute(path, "PRAGMA journal_mode=WAL")
        before = footprint(path.parent)
        path.chmod(0o444)
        path.parent.chmod(0o555)
        try:
            assert one(path)["lot_id"] == "A"
            assert footprint(path.parent) == before
        finally:
            path.parent.chmod(0o755)


class TestDamage:
    @pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
    def test_a_file_cut_short_is_one_clear_error(self, path, kept):
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * kept)])
        with pytest.raises(SourceError, match="revue illisible") as error:
            read(path)
        assert "\n" not in str(error.value)
        assert path.name in str(error.value)

    @pytest.mark.parametrize("content", [b"work of an agent, not of SQLite" * 40])
    def test_a_file_of_another_kind_is_one_clear_error(self, path, content):
        path.write_bytes(content)
        with pytest.raises(SourceError, match="revue illisible"):
            read(path)

    def test_a_file_without_corrections_says_so(self, path):
        execute(path, "DROP TABLE suivi")
        execute(path, "ALTER TABLE corrections RENAME TO autre")
        assert read(path).remarks == ("30000_revue.gpkg : table corrections absente",)
        assert read_follow_up(path).empty

    def test_a_column_that_is_missing_is_unknown(self, path):
        add(path, **confirm())
        execute(path, "ALTER TABLE corrections DROP COLUMN base_hash")
        assert one(path)["base_hash"] is None


def test_the_follow_up_is_read_and_the_private_notes_never(path):
    execute(path, "INSERT INTO suivi (parc_id, etat, courrier_date) VALUES ('B', 'clos', NULL)")
    execute(path, "INSERT INTO suivi (parc_id, etat, courrier_date)"
                  " VALUES ('A', 'courrier_envoye', '2026-04-02')")  # fmt: skip
    execute(path, "INSERT INTO notes_privees (parc_id, note) VALUES ('A', 'SECRET')")
    add(path, **confirm())
    told = read_follow_up(path)
    assert told[["parc_id", "etat", "courrier_date"]].values.tolist() == [
        ["A", "courrier_envoye", "2026-04-02"], ["B", "clos", None],
    ]  # fmt: skip
    found = read(path)
    assert "SECRET" not in told.to_csv() + found.corrections.to_csv() + "".join(found.remarks)


def footprint(folder):
    """Return the bytes of every file of a folder."""
    return {item.name: hashlib.sha256(item.read_bytes()).hexdigest() for item in folder.iterdir()}
