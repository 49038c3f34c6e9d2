"""`parzan refresh` on two small communes: the same bytes whatever happens on the way."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from pipeline.cli import app
from pipeline.export.conformance import check_product
from pipeline.ingestion.prepared import Store, store_of
from pipeline.region import STATE_FILE
from pipeline.region_lock import STATE_FOLDER, only_one
from tests.integration.command import ON, refused, runner
from tests.integration.small_region import codes, deposit
from tests.unit.dask_processes import free_port, processes, scheduler, worker

ROOT = Path(__file__).resolve().parents[2]
COUNT = 2
# More of both in `make bench`; two processes are met by the fixture below.
KILLS = int(os.environ.get("PARZAN_KILLS", "3"))
WORKERS = os.environ.get("PARZAN_WORKERS", "1").split(",")


def arguments(data, out, *options):
    told = [] if "--on" in options else ["--on", ON]
    return ["refresh", "--data", str(data), "--out", str(out), *told, *options]


def refresh(data, out, *options, of=("--departement", "62")):
    if "--workers" not in options:
        options = (*options, "--workers", "1")
    return runner.invoke(app, arguments(data, out, *of, *options))


def command(data, out, *options):
    code = "from pipeline.cli import app; app()"
    return [sys.executable, "-c", code, *arguments(data, out, "--departement", "62", *options)]


def contents(out):
    return {path.stem: path.read_bytes() for path in sorted(out.glob("62/62???.gpkg"))}


def document(result, code=0):
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def states(found):
    return {entry["insee"]: entry["etat"] for entry in found["communes"]}


def reasons(found):
    return {entry["insee"]: entry["raisons"] for entry in found["communes"] if "raisons" in entry}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The data, and the products of a run that nothing disturbed: by `parzan run`, one by one."""
    work = tmp_path_factory.mktemp("region")
    data = deposit(work / "data", COUNT)
    told = ["run", *codes(COUNT), "--data", str(data), "--out", str(work / "out"), "--on", ON]
    assert runner.invoke(app, told).exit_code == 0
    return data, contents(work / "out")


@pytest.fixture(scope="module")
def refreshed(undisturbed, tmp_path_factory):
    """A folder of products that two processes have just made, with the same bytes."""
    data, expected = undisturbed
    out = tmp_path_factory.mktemp("refreshed") / "out"
    found = document(refresh(data, out, "--json", "--workers", "2"))
    assert states(found) == dict.fromkeys(codes(COUNT), "faite")
    assert contents(out) == expected
    assert found["moteur"].startswith("2 processus, ")
    assert found["memoire_max_mio"] > 100
    return out


@pytest.fixture
def published(undisturbed, refreshed, tmp_path):
    """Copies of the data and of the products, to be changed."""
    data, expected = undisturbed
    out = shutil.copytree(refreshed, tmp_path / "out")
    return shutil.copytree(data, tmp_path / "data"), out, expected


def test_what_did_not_change_is_left_alone(published):
    data, out, expected = published
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.gpkg")}
    found = document(refresh(data, out, "--json"))
    assert states(found) == dict.fromkeys(codes(COUNT), "inchangee")
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.gpkg")} == before
    # Until 1 July 2028 nothing of the law changes by itself but priorities, a year before it.
    later = document(refresh(data, out, "--json", "--on", "2026-11-23"))
    assert states(later) == dict.fromkeys(codes(COUNT), "inchangee")

    one = codes(1)[0]
    with closing(sqlite3.connect(out / "62" / f"{one}.gpkg")) as edited, edited:
        edited.execute("UPDATE layer_styles SET description = 'à la main'")
    found = document(refresh(data, out, "--json", "--dry-run"))
    assert reasons(found) == {one: ["produit modifié"]}
    document(refresh(data, out, "--json"))
    assert contents(out) == expected


def test_a_plan_says_why_and_writes_nothing(undisturbed, tmp_path):
    data, _ = undisturbed
    out = tmp_path / "out"
    found = document(refresh(data, out, "--json", "--dry-run"))
    assert found["a_traiter"] == COUNT
    assert reasons(found) == {code: ["première fois"] for code in codes(COUNT)}
    assert not out.exists()
    shown = refresh(data, out, "--dry-run")
    assert "première fois" in shown.stdout
    assert f"{COUNT} commune(s) à traiter, 0 inchangée(s)" in shown.stdout


def test_what_changed_is_named_and_made_again(published):
    data, out, before = published
    deposit(data, COUNT, park_sides=(60, 60))
    (data / "plu").mkdir()
    (data / "plu" / "LISEZMOI.txt").write_text("vide", encoding="utf-8")
    found = document(refresh(data, out, "--json", "--dry-run"))
    assert reasons(found) == {code: ["données : osm"] for code in codes(COUNT)}
    shutil.rmtree(data / "plu")
    one, other = codes(COUNT)
    document(refresh(data, out, "--json", of=("--commune", one)))
    assert contents(out)[one] != before[one]
    assert contents(out)[other] == before[other]


def test_a_region_gives_the_bytes_of_single_runs_and_its_own_product(undisturbed, tmp_path):
    data, expected = undisturbed
    out = tmp_path / "out"
    found = document(refresh(data, out, "--json", of=("--region", "32")))
    assert states(found) == dict.fromkeys(codes(COUNT), "faite")
    assert contents(out) == expected
    assert check_product(out / "region_32.gpkg") == []
    assert len(list((out / "digest").glob("*.html"))) == 1


def test_a_scheduler_and_two_workers_give_the_same_bytes(undisturbed, tmp_path):
    data, expected = undisturbed
    port, out = free_port(), tmp_path / "out"
    with processes(scheduler(port), worker(port), worker(port)):
        address = f"tcp://127.0.0.1:{port}"
        found = document(refresh(data, out, "--json", "--scheduler", address))
    assert contents(out) == expected
    assert address in found["moteur"]


def test_copies_of_files_that_are_gone_do_not_pile_up(published):
    data, out, _ = published
    store = store_of(data)
    before = set(Store(store).keys())
    deposit(data, COUNT, park_sides=(60, 60))
    document(refresh(data, out, "--json"))
    after = set(Store(store).keys())
    assert len(after) == len(before)
    assert after - before
    assert before & after  # those of the communes did not change


def test_a_state_that_is_damaged_or_lost_costs_no_product(published):
    data, out, expected = published
    state = out / STATE_FOLDER / STATE_FILE
    state.write_bytes(b"damaged" * 1000)
    result = refresh(data, out, "--json")
    assert "état illisible" in result.stderr
    document(result)
    assert contents(out) == expected
    assert list(state.parent.glob("refresh-*.sqlite"))


def test_a_second_refresh_says_so_and_stops(undisturbed, tmp_path):
    data, _ = undisturbed
    out = tmp_path / "out"
    with only_one(out):
        result = refresh(data, out)
        refused(result, "déjà en cours", f"processus {os.getpid()} de", "depuis le")
    assert not list(out.glob("62/*.gpkg"))
    holder = subprocess.Popen(
        command(data, out, "--workers", "1"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    told = out / STATE_FOLDER / "refresh.detenteur.json"
    until(told.exists)
    refused(refresh(data, out), "déjà en cours", f"processus {holder.pid} de")
    holder.kill()
    holder.wait()
    # The name of a dead holder is still there: the lock is not.
    assert told.exists()
    with only_one(out):
        assert json.loads(told.read_text(encoding="utf-8"))["pid"] == os.getpid()
    assert not told.exists()


def until(is_true, seconds=60):
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def latest(folder):
    """Return when the state was last written, its journal included; 0 before the first time."""
    moments = [0]
    for path in folder.glob(f"{STATE_FILE}*"):
        with suppress(FileNotFoundError):  # a journal goes when its transaction ends
            moments.append(path.stat().st_mtime_ns)
    return max(moments)


@pytest.mark.parametrize("workers", WORKERS)
def test_the_number_of_workers_changes_no_byte(undisturbed, tmp_path, workers):
    data, expected = undisturbed
    out = tmp_path / "out"
    assert document(refresh(data, out, "--json", "--workers", workers))["echecs"] == 0
    assert contents(out) == expected


@pytest.mark.slow
def test_killed_at_any_moment_the_same_command_ends_with_the_same_bytes(undisturbed, tmp_path):
    """At moments drawn at random after the first lease, three times; then left alone."""
    data, expected = undisturbed
    out, draw = tmp_path / "out", random.Random(20261122)  # noqa: S311 - no secret here
    state = out / STATE_FOLDER / STATE_FILE
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    for _ in range(KILLS):
        started = latest(state.parent)
        process = subprocess.Popen(
            command(data, out, "--workers", "2"),
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: latest(state.parent) > started)  # noqa: B023
        time.sleep(draw.uniform(0, 6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for product in out.glob("62/62???.gpkg"):  # what is published is whole
            assert product.read_bytes() == expected[product.stem]
    last = subprocess.run(
        command(data, out, "--workers", "2", "--json"),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(last.stdout)["echecs"] == 0
    assert contents(out) == expected
    assert not [path for path in out.rglob(".*") if path.is_file()]
    assert not list(tmp_path.glob("parzan-refresh-*"))


def test_a_product_that_is_being_edited_fails_alone(published):
    data, out, before = published
    deposit(data, COUNT, park_sides=(60, 60))
    edited, other = codes(COUNT)
    with closing(sqlite3.connect(out / "62" / f"{edited}.gpkg", isolation_level=None)) as editor:
        editor.execute("BEGIN IMMEDIATE")
        result = refresh(data, out, "--json")
    found = document(result, code=3)
    assert states(found) == {edited: "echec", other: "faite"}
    assert "ouvert ou en cours de saisie" in found["communes"][0]["erreur"]
    assert contents(out)[edited] == before[edited]
    assert contents(out)[other] != before[other]
    found = document(refresh(data, out, "--json", "--dry-run"))
    assert states(found) == {edited: "a_traiter", other: "inchangee"}


@pytest.mark.skipif(os.name != "posix", reason="no limit on the size of files")
def test_a_full_disk_leaves_the_products_and_is_told(published):
    data, out, before = published
    one, _ = codes(COUNT)
    deposit(data, COUNT, park_sides=(60, 60))
    # Room for the state, none for a GeoPackage.
    limited = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        " resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000));"
        " from pipeline.cli import app; app()"
    )
    told = arguments(data, out, "--commune", one, "--workers", "1", "--json")
    run = subprocess.run(
        [sys.executable, "-c", limited, *told],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 3
    assert "vérifier la place" in json.loads(run.stdout)["communes"][0]["erreur"]
    assert "Traceback" not in run.stderr
    assert contents(out) == before
    assert not [path for path in (out / "62").glob(".*") if path.is_file()]
    document(refresh(data, out, "--json", of=("--commune", one)))
    assert contents(out)[one] != before[one]


def test_a_commune_without_limits_fails_alone_and_is_logged(tmp_path):
    data, out, log = deposit(tmp_path / "data", 1), tmp_path / "out", tmp_path / "l" / "j.log"
    both = ("--commune", f"{codes(1)[0]},62999")
    result = refresh(data, out, "--log", str(log), of=both)
    assert result.exit_code == 3
    assert "1 commune(s) traitée(s), 0 inchangée(s), 1 en échec" in result.stdout
    assert "En échec : 62999" in result.stdout
    lines = log.read_text(encoding="utf-8").splitlines()
    assert any("INFO début : 2 commune(s) à traiter" in line for line in lines)
    assert any("ERROR 62999 : " in line and "absente de communes" in line for line in lines)
    assert lines[-1].endswith("INFO fin : 1 faites, 0 inchangées, 1 en échec")
    again = document(refresh(data, out, "--dry-run", "--json", of=both))
    assert reasons(again) == {"62999": ["échec précédent"]}


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--departement", "62", "--region", "32"),
        ("--departement", "62", "--workers", "0"),
        ("--commune", ""),
    ],
)
def test_a_wrong_use_is_refused(tmp_path, wrong):
    assert runner.invoke(app, arguments(tmp_path, tmp_path, *wrong)).exit_code == 2


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (("--region", "33"), "région « 33 » inconnue"),
        (("--departement", "59"), "aucune commune de 59"),
        (("--commune", "../62"), "n'est pas un code INSEE"),
    ],
)
def test_what_does_not_exist_is_told_in_one_line(undisturbed, tmp_path, asked, word):
    data, _ = undisturbed
    refused(refresh(data, tmp_path / "out", of=asked), word)
    assert not (tmp_path / "out").exists()
