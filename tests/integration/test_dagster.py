"""The optional Dagster definitions: one partition made for real, what failed told, the night."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.cli import app
from pipeline.region_lock import only_one
from tests.integration.command import ON, runner
from tests.integration.small_region import codes, deposit

dg = pytest.importorskip("dagster", reason="optional extra: pip install 'parzan[dagster]'")
from pipeline import dagster_definitions as ours  # noqa: E402 - after the skip

ROOT = Path(__file__).resolve().parents[2]
COUNT = 2
FIRST = datetime(2026, 12, 1, 2, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture(scope="module")
def instance():
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as it:
        yield it


def materialised(instance, data, out, *, partition="62", day=ON):
    return dg.materialize(
        [ours.produits],
        partition_key=partition,
        instance=instance,
        resources={"reglages": ours.Reglages(data=str(data), out=str(out))},
        run_config={"ops": {"produits": {"config": {"jour": day}}}},
        raise_on_error=False,
    )


def counts(result):
    (event,) = result.asset_materializations_for_node("produits")
    assert event.partition == "62"
    names = ("communes_faites", "communes_inchangees", "communes_en_echec")
    return tuple(event.metadata[name].value for name in names)


def failure(result):
    assert not result.success
    assert not result.asset_materializations_for_node("produits")
    return result.failure_data_for_node("produits").user_failure_data


def contents(out):
    return {path.stem: path.read_bytes() for path in sorted(out.glob("62/62???.gpkg"))}


@contextmanager
def edited(out, insee):
    """Hold a product as QGIS does while somebody edits it."""
    path = out / "62" / f"{insee}.gpkg"
    with closing(sqlite3.connect(path, isolation_level=None)) as editor:
        editor.execute("BEGIN IMMEDIATE")
        yield


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    work = tmp_path_factory.mktemp("dagster")
    return deposit(work / "data", COUNT), work / "out"


@pytest.fixture
def made(instance, region):
    """The products of the département: made for the first test that asks, then left alone."""
    data, out = region
    assert materialised(instance, data, out).success
    return data, out


def test_a_partition_has_the_bytes_of_the_command_and_costs_nothing_twice(
    instance, region, tmp_path
):
    data, out = region
    first = materialised(instance, data, out)
    assert counts(first) == (2, 0, 0)
    (check,) = first.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("communes_en_echec", True)
    one = codes(1)[0]
    told = ["run", one, "--data", str(data), "--out", str(tmp_path), "--on", ON]
    assert runner.invoke(app, told).exit_code == 0
    assert contents(out)[one] == contents(tmp_path)[one]
    assert counts(materialised(instance, data, out)) == (0, 2, 0)


def test_a_commune_that_fails_is_told_and_the_others_stand(instance, made):
    data, out = made
    one, other = codes(COUNT)
    before = contents(out)
    deposit(data, COUNT, park_sides=(60, 60))
    with edited(out, one):
        result = materialised(instance, data, out)
    assert result.success
    assert counts(result) == (1, 0, 1)
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert check.metadata["nombre"].value == 1
    assert list(check.metadata["echecs"].value) == [one]
    assert "ouvert ou en cours de saisie" in check.metadata["echecs"].value[one]
    assert contents(out)[one] == before[one]
    assert contents(out)[other] != before[other]


def test_a_partition_of_which_every_commune_fails_is_a_failure(instance, made, tmp_path):
    out = shutil.copytree(made[1], tmp_path / "out")
    data = deposit(tmp_path / "data", 1, park_sides=(60, 70))
    with edited(out, *codes(1)):
        found = failure(materialised(instance, data, out))
    assert "62 : toutes les communes ont échoué" in found.description
    assert list(found.metadata["echecs"].value) == codes(1)


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"partition": "59"}, "aucune commune de 59"),
        ({"day": "1er mai"}, "jour « 1er mai » : date attendue, AAAA-MM-JJ"),
        ({"day": "2020-01-01"}, "2020-01-01"),
    ],
)
def test_what_cannot_be_done_fails_in_one_line(instance, region, tmp_path, asked, word):
    data, _ = region
    found = failure(materialised(instance, data, tmp_path / "out", **asked))
    assert word in found.description
    assert "\n" not in found.description


def test_a_refresh_already_running_is_told(instance, region, tmp_path):
    data, _ = region
    with only_one(tmp_path):
        found = failure(materialised(instance, data, tmp_path))
    assert "déjà en cours" in found.description


def tick(data):
    context = dg.build_schedule_context(
        scheduled_execution_time=FIRST,
        resources={"reglages": ours.Reglages(data=str(data))},
        repository_def=ours.defs.get_repository_def(),
    )
    return ours.premiere_nuit_du_mois.evaluate_tick(context)


def test_the_first_night_asks_for_each_departement_that_the_data_hold(region):
    data, _ = region
    requests = tick(data).run_requests
    assert [(it.partition_key, it.run_key) for it in requests] == [("62", "2026-12-01-62")]


def test_a_night_without_limits_is_skipped_and_says_why(tmp_path):
    found = tick(tmp_path)
    assert not found.run_requests
    assert "dossier absent" in found.skip_message


def test_the_night_is_the_first_of_the_month_in_paris_and_nobody_starts_it_unasked():
    schedule = ours.premiere_nuit_du_mois
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 1 * *", "Europe/Paris")


def test_there_is_one_partition_for_each_departement():
    keys = ours.DEPARTEMENTS.get_partition_keys()
    assert len(keys) == len(set(keys)) == 101
    assert {"2A", "35", "62", "974"} < set(keys)


def test_dagster_loads_the_definitions_by_their_module_name(tmp_path):
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    told = [sys.executable, "-m", "dagster", "definitions", "validate"]
    found = subprocess.run(
        [*told, "-m", "pipeline.dagster_definitions", "-d", str(ROOT)],
        cwd=ROOT,
        env={"DAGSTER_HOME": str(tmp_path), "PATH": "", "PARZAN_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
