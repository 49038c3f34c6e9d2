"""The land qualified once: same tables with its copy, another copy when what counts changes."""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from pipeline.configuration import Configuration
from pipeline.errors import SourceError
from pipeline.ingestion import prepared_listing
from pipeline.ingestion.preparation import prune
from pipeline.ingestion.prepared import FOLDER, Store
from pipeline.land import LandReader
from pipeline.land_preparation import LandOrder, prepare_land
from pipeline.settings import Settings
from pipeline.whole_land import maker_of
from tests.tables import FRANCE, box
from tests.unit.ingestion.land_files import BUILT, save
from tests.unit.ingestion.prepared_folders import assert_same_table
from tests.unit.kept_land import (
    CONFIGURATION,
    DAY,
    copied,
    keep,
    kept,
    land_of,
    limits,
    prepare,
    quiet,
)

ROOT = Path(__file__).resolve().parents[2]
CONFIG = Settings().config
EXEMPTION = "exemptions_sols/exemptions.geojson"
DECIDED = date(2025, 6, 12)  # the exemption of the sample


@pytest.fixture(autouse=True)
def short_tick(monkeypatch):
    """Files of a test are read as soon as they are written."""
    monkeypatch.setattr(prepared_listing, "_TICK_NS", 20_000_000)


@pytest.fixture
def data(tmp_path):
    return copied(tmp_path / "data")


def assert_same_land(left, right):
    for field in fields(left.tables):
        assert_same_table(getattr(left.tables, field.name), getattr(right.tables, field.name))
    pd.testing.assert_frame_equal(left.records, right.records, check_exact=True)
    assert left.warnings == right.warnings


def with_rule(work, old, new, name="zan_nomenclature.yaml"):
    """Return the configuration with one line of the rules written otherwise."""
    folder = work / "config"
    shutil.copytree(CONFIG, folder, dirs_exist_ok=True)
    path = folder / "rules" / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return Configuration.load(Settings(config=folder))


def order(data, **changes):
    return replace(LandOrder(data, DAY, CONFIG, data.parent), **changes)


class TestSameLand:
    @pytest.mark.parametrize("code", ["62999", "62998"])
    def test_the_copy_gives_the_tables_records_and_warnings_of_the_files(self, data, code):
        before = land_of(data, code)
        assert len(keep(data)) == 1
        steps = []
        assert_same_land(land_of(data, code, on_step=steps.append), before)
        assert not [step for step in steps if step.startswith("Qualification")]

    def test_a_vintage_that_does_not_meet_the_commune_is_told_by_its_year(self, data):
        save(data, "ailleurs_2017.gpkg", (box(0, 0, 99, 99), {**BUILT, "millesime": 2017}))
        before = land_of(data)
        told = "ocsge/ : le millésime 2017 ne couvre pas la commune, laissé de côté"
        assert told in before.warnings
        keep(data)
        assert_same_land(land_of(data), before)

    def test_remarks_on_the_files_are_told_again(self, data):
        save(data, "faux_2017.gpkg", (box(0, 0, 99, 99), {**BUILT, "code_cs": "CS9"}))
        (data / "ocsge" / "notes.csv").write_text("a;b\n1;2\n", encoding="utf-8")
        before = land_of(data)
        assert any("fichier non lu" in line for line in before.warnings)
        assert before.records["remarks"].str.contains("CS9").any()
        keep(data)
        assert_same_land(land_of(data), before)

    def test_a_store_beside_the_data_is_read(self, data, tmp_path):
        keep(data)
        (data / FOLDER).rename(tmp_path / "prepare")
        steps = []
        reader = LandReader(data, DAY, CONFIGURATION, tmp_path / "prepare")
        reader.land_of(limits(data, "62999"), FRANCE, on_step=steps.append)
        assert not [step for step in steps if step.startswith("Qualification")]


class TestOneCopyForWhatCounts:
    def test_kept_again_it_is_the_same_copy(self, data):
        assert keep(data) == keep(data)

    def test_two_days_of_the_same_law_share_it(self, data):
        assert keep(data, date(2026, 11, 20)) == keep(data)

    def test_the_day_of_a_decision_makes_another(self, data):
        first = keep(data, DECIDED)
        assert keep(data) == first
        both = keep(data, date(2025, 6, 11))
        assert len(both) == 2
        told = land_of(data, day=date(2025, 6, 11)).warnings
        assert any("décidée après le 11/06/2025" in line for line in told)

    def test_a_decision_to_come_makes_no_other_and_is_told(self, data):
        first = keep(data)
        path = data / EXEMPTION
        document = json.loads(path.read_text(encoding="utf-8"))
        later = json.loads(json.dumps(document["features"][0]))
        later["properties"]["decide_le"] = "2027-01-01"
        document["features"].append(later)
        path.write_text(json.dumps(document), encoding="utf-8")
        assert keep(data) == first
        assert any("décidée après le 26/11/2026" in line for line in land_of(data).warnings)

    def test_a_threshold_makes_another(self, data, tmp_path):
        first = keep(data)
        line = "article: CU, annexe à l'art. R. 101-1, 2° à 10°\n    unit: m2"
        text = (CONFIG / "rules" / "zan_nomenclature.yaml").read_text(encoding="utf-8")
        start = text.index("value: 2500", text.index(line))
        changed = with_rule(tmp_path, text, f"{text[:start]}value: 2400{text[start + 11 :]}")
        assert len(keep(data, configuration=changed)) == len(first) + 1

    def test_a_rule_of_car_parks_makes_no_other(self, data, tmp_path):
        first = keep(data)
        path = next((CONFIG / "rules").glob("loi_2023-175*.yaml"))
        text = path.read_text(encoding="utf-8")
        changed = with_rule(tmp_path, text, f"{text}# relu\n", path.name)
        assert changed.making.rules != CONFIGURATION.making.rules
        assert keep(data, configuration=changed) == first

    @pytest.mark.parametrize("name", ["assumptions", "code"])
    def test_assumptions_and_code_make_another_and_the_old_one_is_pruned(self, data, name):
        first = keep(data)
        making = replace(CONFIGURATION.making, **{name: "autre"})
        changed = replace(CONFIGURATION, making=making)
        both = keep(data, configuration=changed)
        assert both > first
        store = Store(data / FOLDER)
        assert prune(store, makers=[maker_of(changed)]).copies == 1
        assert kept(data) == both - first
        assert prune(store, makers=[maker_of(changed)]).copies == 0

    @pytest.mark.parametrize("folder", ["ocsge", "arbres"])
    def test_files_make_another_and_the_old_one_is_pruned(self, data, folder):
        first = keep(data)
        if folder == "ocsge":
            there = {**BUILT, "millesime": 2017}
            save(data, "ailleurs_2017.gpkg", (box(0, 0, 99, 99), there))
        else:
            (data / "arbres" / "arbres.geojson").write_bytes(
                (data / "arbres" / "arbres.geojson").read_bytes() + b"\n"
            )
        both = keep(data)
        assert both > first
        if folder == "arbres":  # a file that is gone; one that came beside takes nothing away
            prune(Store(data / FOLDER), makers=[maker_of(CONFIGURATION)])
            assert kept(data) == both - first


def file_of(data, year=2021):
    (path,) = (data / FOLDER / "copies").glob(f"*/*/{year}.parquet")
    return path


class TestFaults:
    @pytest.mark.parametrize("damage", ["cut", "turned over", "gone"])
    def test_a_damaged_copy_is_refused_and_made_again(self, data, damage):
        before, first = land_of(data), keep(data)
        path = file_of(data)
        sound = path.read_bytes()
        if damage == "cut":
            path.write_bytes(sound[:-100])
        elif damage == "gone":
            path.unlink()
        else:
            path.write_bytes(
                sound[:4] + bytes(255 - byte for byte in sound[4:-9000]) + sound[-9000:]
            )
        assert_same_land(land_of(data), before)
        assert kept(data) == set()
        assert keep(data) == first
        assert file_of(data).read_bytes() == sound

    def test_without_land_cover_nothing_is_made(self, data):
        shutil.rmtree(data / "ocsge")
        prepare(data)
        steps = []
        prepare_land(order(data), [FRANCE], CONFIGURATION, steps.append)
        assert steps == []
        assert kept(data) == set()

    @pytest.mark.parametrize("fault", ["unreadable", "without codes", "to come"])
    def test_a_file_that_cannot_be_used_is_told_by_the_commune(self, data, fault):
        if fault == "unreadable":
            (data / "ocsge" / "abime.gpkg").write_text("rien", encoding="utf-8")
        else:
            year = 2017 if fault == "without codes" else 2999
            codes = {"code_cs": "CS1.1.1.1"} if fault == "without codes" else BUILT
            shape = box(0, 0, 99, 99)
            save(data, "faux.gpkg", (shape, {**codes, "millesime": year}))
        with pytest.raises(SourceError) as before:
            land_of(data)
        prepare(data)
        prepare_land(order(data), [FRANCE], CONFIGURATION, quiet)
        assert kept(data) == set()
        with pytest.raises(SourceError) as after:
            land_of(data)
        assert str(after.value) == str(before.value)

    def test_a_day_before_the_law_prepares_nothing(self, data):
        prepare(data)
        prepare_land(order(data, day=date(2023, 11, 28)), [FRANCE], CONFIGURATION, quiet)
        assert kept(data) == set()

    def test_the_process_that_makes_it_tells_its_steps_and_is_not_started_twice(self, data):
        before = land_of(data)
        prepare(data)
        steps = []
        prepare_land(order(data), [FRANCE], CONFIGURATION, steps.append)
        assert [step for step in steps if step.startswith("Qualification des sols de 2024")]
        assert len(kept(data)) == 1
        assert_same_land(land_of(data), before)
        again = []
        prepare_land(order(data), [FRANCE], CONFIGURATION, again.append)
        assert again == []

    def test_a_process_that_is_lost_is_told_and_leaves_the_work_to_the_communes(self, data):
        before = land_of(data)
        prepare(data)
        told = []

        def kill(step):
            if step.startswith("Qualification des sols de 2021"):
                for process in multiprocessing.active_children():
                    process.kill()

        prepare_land(order(data), [FRANCE], CONFIGURATION, kill, told.append)
        if kept(data) == set():  # it was not done yet
            assert len(told) == 1
            assert "a été arrêté" in told[0]
        assert_same_land(land_of(data), before)

    @pytest.mark.skipif(os.name != "posix", reason="no limit on the size of files")
    def test_a_full_disk_is_told_and_leaves_nothing_half_made(self, data):
        prepare(data)
        code = (
            "import resource, sys; from pathlib import Path\n"
            "from tests.unit.test_whole_land import *\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
            "try: prepare_land(order(Path(sys.argv[1])), [FRANCE], CONFIGURATION, quiet)\n"
            "except SourceError as error: print(error)\n"
        )
        told = subprocess.run(
            [sys.executable, "-c", code, str(data)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "disque plein" in told.stdout
        assert len(told.stdout.splitlines()) == 1
        assert told.stderr == ""
        assert kept(data) == set()
        assert list((data / FOLDER / "incoming").iterdir()) == []

    @pytest.mark.skipif(os.name != "posix", reason="kills")
    def test_killed_in_the_middle_it_leaves_nothing_and_nobody(self, data):
        prepare(data)
        store = Store(data / FOLDER)
        code = (
            "import sys, time; from pathlib import Path\n"
            "from tests.unit.test_whole_land import *\n"
            "def told(step):\n"
            "    print(step, flush=True)\n"
            "    if step.startswith('Qualification des sols de'): time.sleep(60)\n"
            "prepare_land(order(Path(sys.argv[1])), [FRANCE], CONFIGURATION, told)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            while not process.stdout.readline().startswith("Qualification des sols de"):
                assert process.poll() is None
            process.kill()
        deadline = time.monotonic() + 20
        while True:  # the process that did the work ends too, and gives the store back
            with store.locked() as is_ours:
                if is_ours:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        before = kept(data)  # none, or the whole of it
        assert keep(data) >= before
        assert len(kept(data)) == 1
        assert list((data / FOLDER / "incoming").iterdir()) == []
