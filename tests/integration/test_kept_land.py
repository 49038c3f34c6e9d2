"""Products of the sample with the land kept once: the bytes of those made without."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from pipeline.cli import app
from tests.integration.command import ON, run, runner
from tests.unit.kept_land import SAMPLE, kept

CODES = ("62998", "62999")
SAID = "Qualification des sols de"


def products(out):
    paths = [path for form in (".gpkg", "_note.html") for path in out.glob(f"62/62???{form}")]
    return {path.name: path.read_bytes() for path in sorted(paths)}


def call(name, data, out, *options):
    told = [name, *options, "--data", str(data), "--out", str(out), "--on", ON]
    result = runner.invoke(app, told)
    assert result.exit_code == 0, result.output
    return result


def refresh(data, out, workers):
    return call("refresh", data, out, "--departement", "62", "--workers", workers, "--json")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The sample, what `run` and `zan` make of it without any copy, then with that of a refresh."""
    work = tmp_path_factory.mktemp("kept")
    data = work / "data"
    shutil.copytree(SAMPLE, data, copy_function=shutil.copy2)
    call("run", data, work / "run", *CODES)
    call("zan", data, work / "zan", *CODES)
    assert not (data / ".prepare").exists()
    refresh(data, work / "refresh", "1")
    assert len(kept(data)) == 1
    return data, work


@pytest.mark.slow
def test_a_refresh_gives_the_bytes_of_a_run(made):
    _, work = made
    assert list(products(work / "run")) == [
        "62998.gpkg", "62998_note.html", "62999.gpkg", "62999_note.html",
    ]  # fmt: skip
    assert products(work / "refresh") == products(work / "run")
    with closing(sqlite3.connect(work / "refresh" / "62" / "62999.gpkg")) as product:
        years = product.execute("SELECT DISTINCT millesime FROM sols ORDER BY 1").fetchall()
    assert years == [(2021,), (2024,)]


@pytest.mark.slow
def test_two_processes_too(made):
    data, work = made
    found = json.loads(refresh(data, work / "two", "2").stdout)
    assert found["moteur"].startswith("2 processus")
    assert products(work / "two") == products(work / "run")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["run", "zan"])
def test_single_communes_read_the_copy(made, name):
    data, work = made
    first = call(name, data, work / f"{name}_again", *CODES)
    assert products(work / f"{name}_again") == products(work / name)
    assert SAID not in first.output


@pytest.mark.slow
def test_a_land_cover_that_cannot_be_used_fails_each_commune_and_stops_nothing(made, tmp_path):
    data, _ = made
    own = shutil.copytree(data, tmp_path / "data", ignore=shutil.ignore_patterns(".prepare"))
    (own / "ocsge" / "abime.gpkg").write_text("rien", encoding="utf-8")
    alone = run(own, tmp_path / "alone").stderr
    told = ["refresh", "--departement", "62", "--data", str(own), "--out", str(tmp_path / "out")]
    result = runner.invoke(app, [*told, "--on", ON, "--workers", "1", "--json"])
    assert result.exit_code == 3
    for commune in json.loads(result.stdout)["communes"]:
        assert commune["erreur"].split(" : ")[0] == "ocsge/abime.gpkg"
        assert commune["erreur"] in " ".join(alone.split())


@pytest.mark.slow
def test_nothing_is_qualified_for_a_plan_or_when_nothing_changed(made, tmp_path):
    data, work = made
    own = shutil.copytree(data, tmp_path / "data", copy_function=shutil.copy2)
    shutil.rmtree(own / ".prepare")
    call("refresh", own, tmp_path / "out", "--departement", "62", "--dry-run")
    assert kept(own) == set()
    shutil.copytree(work / "refresh", tmp_path / "out")
    found = json.loads(refresh(own, tmp_path / "out", "1").stdout)
    assert found["inchangees"] == len(CODES)
    assert kept(own) == set()
