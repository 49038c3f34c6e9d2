"""A folder prepared once: the same sources, nothing done twice, nothing wrong when killed."""

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.ingestion import files, prepared_listing
from pipeline.ingestion.preparation import prune
from pipeline.ingestion.prepared import FOLDER, Store, store_of
from pipeline.ingestion.prepared_listing import find_known_files
from pipeline.settings import Settings
from tests.unit.ingestion.deposits import (
    OsmTown,
    commune,
    deposit,
    geojson,
    polygon,
    read,
    rectangle,
)
from tests.unit.ingestion.prepared_folders import assert_same_sources, prepare

SAMPLE = Settings().sample
PREPARE = """
import sys
from pathlib import Path
from tests.unit.ingestion.prepared_folders import prepare
prepare(Path(sys.argv[1]))
"""
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def short_tick(monkeypatch):
    """Files of a test are read as soon as they are written."""
    monkeypatch.setattr(prepared_listing, "_TICK_NS", 20_000_000)


@pytest.fixture
def sample(tmp_path):
    data = tmp_path / "data"
    shutil.copytree(SAMPLE, data, copy_function=shutil.copy2)
    return data


@pytest.fixture
def small(tmp_path):
    """A commune, a building of the cadastre, an OSM car park."""
    data = tmp_path / "data"
    commune(data)
    plan = geojson((polygon(rectangle(0, 0, 10, 10)), {"type": "01"}))
    deposit(data, "cadastre/batiments.json.gz", gzip.compress(plan.encode(), mtime=0))
    town = OsmTown()
    town.way(1, rectangle(100, 0, 140, 50), amenity="parking")
    deposit(data, "osm/extrait.osm", town.xml())
    return data


def copies(data):
    return {path.name for path in (data / FOLDER / "copies").glob("*/*")}


def content(data):
    """Every file of the store and its bytes, listings and lock left out."""
    root = data / FOLDER
    found = {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    return {path: raw for path, raw in found.items() if path.parts[0] in {"copies", "unpacked"}}


class TestSameSources:
    @pytest.mark.parametrize("code", ["62999", "62998"])
    def test_the_sample_gives_the_same_tables_and_the_same_remarks(self, sample, code):
        before = read(sample, code)
        done = prepare(sample)
        assert {part.folder for part in done.parts} >= {"osm", "bdtopo", "cadastre", "mnh"}
        assert_same_sources(read(sample, code), before)

    def test_the_land_evidence_too(self, sample):
        before = read(sample, with_land=True)
        prepare(sample, with_land=True)
        assert_same_sources(read(sample, with_land=True), before)

    def test_a_store_beside_the_data_is_read_when_it_is_given(self, small, tmp_path):
        root = tmp_path / "etat" / "prepare"
        prepare(small, root=root)
        assert store_of(small) is None
        known = find_known_files(small, "osm", tmp_path, root)
        assert [file.store for file in known] == [root]

    def test_raw_osm_beside_an_export_is_read_from_its_files(self, small):
        town = OsmTown()
        town.way(1, rectangle(100, 0, 140, 50), amenity="parking")
        town.way(2, rectangle(300, 0, 340, 50), amenity="parking")
        deposit(small, "osm/export.geojson", town.export())
        before = read(small)
        prepare(small)
        assert_same_sources(read(small), before)
        assert len(before.candidates) == 2


class TestNothingTwice:
    def test_prepared_again_it_makes_nothing(self, sample):
        first = prepare(sample)
        told = content(sample)
        again = prepare(sample)
        assert (again.made, again.reused) == (0, first.made)
        assert content(sample) == told

    def test_neither_hashed_nor_unpacked_again(self, small, monkeypatch):
        prepare(small)

        def refuse(*_):
            raise AssertionError

        monkeypatch.setattr(files, "unpack", refuse)
        monkeypatch.setattr(prepared_listing, "file_digest", refuse)
        monkeypatch.setattr(files, "file_digest", refuse)
        assert len(read(small).buildings) == 1
        assert prepare(small).made == 0

    def test_a_file_that_changed_is_copied_and_its_old_copy_pruned(self, small):
        prepare(small)
        before = copies(small)
        town = OsmTown()
        town.way(1, rectangle(100, 0, 160, 50), amenity="parking")
        deposit(small, "osm/extrait.osm", town.xml())
        assert round(read(small).candidates.area.iloc[0]) == 60 * 50  # at once, unprepared
        done = prepare(small)
        assert done.made == 1
        assert round(read(small).candidates.area.iloc[0]) == 60 * 50
        assert copies(small) > before
        assert prune(done.store).copies == 1
        assert len(copies(small)) == len(before)
        assert not copies(small) >= before

    def test_a_change_that_keeps_size_and_time_of_writing_is_seen(self, small):
        prepare(small)
        path = small / "osm" / "extrait.osm"
        old = path.stat()
        path.write_text(path.read_text().replace("parking", "parkinG"))
        os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
        assert path.stat().st_size == old.st_size
        assert read(small).candidates.empty

    def test_an_archive_that_is_gone_is_pruned(self, small):
        done = prepare(small)
        assert len(list(done.store.unpacked.iterdir())) == 1
        shutil.rmtree(small / "cadastre")
        prepare(small)
        assert prune(done.store).copies == 3  # the archive, its header, its layer
        assert list(done.store.unpacked.iterdir()) == []

    def test_what_is_in_use_is_not_pruned(self, sample):
        done = prepare(sample, with_land=True)
        prepare(sample)
        assert prune(done.store).copies == 0


class TestFaults:
    @pytest.mark.parametrize("after_s", [1.0, 2.2, 2.5, 3.0])
    def test_killed_at_any_moment_it_goes_on(self, small, after_s):
        expected = read(small)
        told = {}
        for _ in range(2):
            process = subprocess.Popen([sys.executable, "-c", PREPARE, str(small)], cwd=ROOT)
            time.sleep(after_s)
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert_same_sources(read(small), expected)
        prepare(small)
        told = content(small)
        shutil.rmtree(small / FOLDER)
        prepare(small)
        assert content(small) == told
        assert list((small / FOLDER / "incoming").iterdir()) == []

    def test_two_at_once_take_turns(self, small):
        command = [sys.executable, "-c", PREPARE, str(small)]
        both = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
        assert [process.wait(timeout=60) for process in both] == [0, 0]
        assert prepare(small).made == 0

    def test_it_says_that_it_waits(self, small):
        store = Store(small / FOLDER)
        steps = []
        with store.locked() as is_ours:
            assert is_ours
            telling = PREPARE.replace("sys.argv[1])", "sys.argv[1]), on_step=print")
            command = [sys.executable, "-u", "-c", telling, str(small)]
            other = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            steps.append(other.stdout.readline())
        assert "attente" in steps[0]
        assert other.wait(timeout=60) == 0
        other.stdout.close()

    def test_a_folder_that_cannot_be_written_is_told_in_one_line(self, small, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(SourceError, match="sources préparées") as told:
            prepare(small, root=tmp_path / "file" / "prepare")
        assert "\n" not in str(told.value)

    def test_a_full_disk_is_told_and_leaves_nothing_wrong(self, sample, small_disk):
        with pytest.raises(SourceError, match="disque plein"):
            prepare(sample, root=small_disk / "prepare")
        known = read(sample)
        assert_same_sources(read(sample, prepared=small_disk / "prepare"), known)

    def test_a_broken_file_is_told_by_the_commune_that_reads_it(self, small):
        with zipfile.ZipFile(small / "osm" / "vide.zip", "w") as archive:
            archive.writestr("extrait.osm", "<?xml version='1.0'?><osm version='0.6'><node id='")
        with pytest.raises(SourceError) as before:
            read(small)
        prepare(small)
        with pytest.raises(SourceError) as after:
            read(small)
        assert str(after.value) == str(before.value)


def test_an_archive_damaged_in_the_store_is_not_read(small):
    done = prepare(small)
    shutil.rmtree(done.store.unpacked)
    assert len(read(small).buildings) == 1
