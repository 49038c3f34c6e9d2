"""Publication: whole or not at all, never over an agent's work, the same bytes every time."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest

from pipeline.errors import ContractError, PublicationError
from pipeline.export import publish as publish_module
from pipeline.export import seal
from pipeline.export.publish import publish
from tests.unit.export.hand_made import GRAND, make_product, surfaces

ROOT = Path(__file__).resolve().parents[3]
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and limits")


@pytest.fixture
def out(tmp_path, published):
    """A folder where the product was already published once."""
    folder = tmp_path / "62"
    folder.mkdir()
    for name in ("62999.gpkg", "62999_revue.gpkg"):
        shutil.copy(published.with_name(name), folder / name)
    return tmp_path


def product_of(out):
    return out / "62" / "62999.gpkg"


def names(out):
    return sorted(path.name for path in (out / "62").iterdir())


def changed():
    """Return a product that differs from the published one."""
    lots = make_product().lots
    return make_product(lots=lots.assign(name="Autre nom"))


BOTH = ["62999.gpkg", "62999_revue.gpkg"]


def test_path_is_the_departement_then_the_commune(tmp_path):
    assert publish(make_product(), tmp_path) == tmp_path / "62" / "62999.gpkg"
    assert names(tmp_path) == BOTH


@pytest.mark.parametrize(
    ("insee", "folder"), [("62999", "62"), ("2A004", "2A"), ("97411", "974"), ("01001", "01")]
)
def test_overseas_departements_have_three_characters(insee, folder):
    assert make_product(insee_code=insee).departement == folder


@pytest.mark.parametrize("code", ["../62", "62999\n", "6299", "/etc/", "629999"])
def test_a_code_that_is_not_insee_writes_nothing(tmp_path, code):
    with pytest.raises(ContractError, match="INSEE"):
        publish(make_product(insee_code=code), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_folders_same_bytes(tmp_path, published):
    again = publish(make_product(), tmp_path / "ailleurs")
    assert again.read_bytes() == published.read_bytes()


def test_order_of_rows_changes_no_byte(tmp_path, published):
    product = make_product()
    shuffled = {
        name: getattr(product, name).iloc[::-1]
        for name in (
            *("lots", "surfaces", "verdicts", "candidates", "pieces", "trees", "perimeters"),
            *("crowns", "carports", "carport_cover"),
            *("protection_shares", "records", "installations", "outcomes", "tree_cover"),
            *("steps", "pleas", "ownership", "solar", "priorities", "parcels"),
        )
    }
    again = publish(make_product(**shuffled), tmp_path)
    assert again.read_bytes() == published.read_bytes()


def test_published_file_is_replaced_by_the_new_one(out):
    before = product_of(out).read_bytes()
    publish(changed(), out)
    assert product_of(out).read_bytes() != before
    assert names(out) == BOTH


def test_the_same_content_is_left_alone(out):
    path = product_of(out)
    os.utime(path, (1, 1))
    publish(make_product(), out, overwrite=False)
    assert path.stat().st_mtime == 1
    assert names(out) == BOTH


def test_another_content_is_not_replaced_unless_asked(out):
    before = product_of(out).read_bytes()
    with pytest.raises(PublicationError, match="--overwrite"):
        publish(changed(), out, overwrite=False)
    assert product_of(out).read_bytes() == before
    assert names(out) == BOTH


def test_review_file_is_never_written_again(out):
    review = out / "62" / "62999_revue.gpkg"
    review.write_bytes(b"the agent's own")
    publish(changed(), out)
    assert review.read_bytes() == b"the agent's own"


def test_published_file_is_readable_by_the_group(tmp_path):
    mode = publish(make_product(), tmp_path).stat().st_mode & 0o777
    umask = os.umask(0)
    os.umask(umask)
    assert mode == 0o666 & ~umask


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_refuses_while_an_agent_is_editing(out, mode):
    path = product_of(out)
    with closing(sqlite3.connect(path, isolation_level=None)) as editor:
        editor.execute(f"PRAGMA journal_mode={mode}")
        editor.execute("BEGIN IMMEDIATE")
        editor.execute("UPDATE sources SET remarques = 'en cours'")
        before = path.read_bytes()
        with pytest.raises(PublicationError, match="le fermer dans QGIS"):
            publish(changed(), out)
        assert path.read_bytes() == before
        editor.execute("ROLLBACK")
    assert not [name for name in names(out) if name.startswith(".")]


def test_publishes_once_the_agent_has_closed(out):
    with closing(sqlite3.connect(product_of(out), isolation_level=None)) as editor:
        editor.execute("PRAGMA journal_mode=WAL")
        editor.execute("UPDATE sources SET remarques = 'fini'")
    publish(changed(), out)
    assert names(out) == BOTH


@POSIX
def test_journal_of_a_crashed_editor_does_not_damage_the_new_file(out, published):
    crash = (
        "import os, signal, sqlite3, sys\n"
        "editor = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "editor.execute('PRAGMA journal_mode=WAL')\n"
        "editor.execute('PRAGMA wal_autocheckpoint=0')\n"
        "editor.execute(\"UPDATE sources SET remarques = 'perdu'\")\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", crash, str(product_of(out))], check=False)
    assert "62999.gpkg-wal" in names(out)
    publish(make_product(), out)
    assert names(out) == BOTH
    assert product_of(out).read_bytes() == published.read_bytes()


def test_an_orphan_journal_is_refused(out):
    product_of(out).unlink()
    product_of(out).with_name("62999.gpkg-wal").write_bytes(b"x")
    with pytest.raises(PublicationError, match="journal sans fichier"):
        publish(make_product(), out)


def test_a_damaged_product_is_replaced(out, published):
    product_of(out).write_bytes(b"not a database at all" * 100)
    publish(make_product(), out)
    assert product_of(out).read_bytes() == published.read_bytes()


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("write_layers", OSError(28, "No space left on device")),
        ("write_project", sqlite3.OperationalError("database or disk is full")),
        ("prepare_review", OSError(13, "Permission denied")),
    ],
)
def test_a_failure_leaves_the_previous_product(out, monkeypatch, step, error):
    def fail(*_args):
        raise error

    (out / "62" / "62999_revue.gpkg").unlink()
    before = product_of(out).read_bytes()
    monkeypatch.setattr(publish_module, step, fail)
    with pytest.raises(PublicationError, match="écriture impossible"):
        publish(changed(), out)
    assert product_of(out).read_bytes() == before
    assert names(out) == ["62999.gpkg"]


CHILD = """
import resource, signal, sys, os
from pathlib import Path
from pipeline.errors import PublicationError
from pipeline.export import publish as module
from tests.unit.export.hand_made import make_product
{trap}
try:
    module.publish(make_product(version="9.9.9"), Path(sys.argv[1]))
except PublicationError as error:
    print("refused:", error)
"""
FULL = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
"""
KILLED = """
module.{step} = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
"""


def run_child(trap, out):
    return subprocess.run(
        [sys.executable, "-c", CHILD.format(trap=trap), str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


@POSIX
@pytest.mark.slow
def test_a_full_disk_leaves_the_previous_product(out):
    before = product_of(out).read_bytes()
    done = run_child(FULL, out)
    assert "refused:" in done.stdout, done.stderr
    assert product_of(out).read_bytes() == before
    assert names(out) == BOTH


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("step", ["write_layers", "write_project", "prepare_review", "swap"])
def test_a_killed_process_leaves_the_previous_product(out, step):
    before = product_of(out).read_bytes()
    done = run_child(KILLED.format(step=step), out)
    assert done.returncode == -signal.SIGKILL
    assert product_of(out).read_bytes() == before
    publish(changed(), out)  # what the dead process left does not stand in the way


def dead_process():
    """Return the number of a process that has ended."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def left_by(out, pid, *, stem="62999", machine=None, age_s=0.0):
    """Leave a temporary file as a process that was killed `age_s` ago does."""
    path = out / "62" / f".{stem}-{machine or seal._machine()}-{pid}-0a1b2c3d.gpkg"
    path.write_bytes(b"half")
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


@POSIX
@pytest.mark.parametrize("stem", ["62999", "62999_revue"])
def test_what_a_killed_run_left_is_removed_by_the_next_one(out, stem):
    left_by(out, dead_process(), stem=stem)
    publish(make_product(), out)
    assert names(out) == BOTH


def test_what_a_live_run_is_writing_is_left_alone(out):
    writing = left_by(out, os.getpid())
    publish(make_product(), out)
    assert writing.exists()


@pytest.mark.parametrize(
    ("age_s", "stays"),
    [
        pytest.param(3_500, True, id="within the hour, it may be alive"),
        pytest.param(3_700, False, id="after an hour, it is not"),
    ],
)
def test_a_run_of_another_machine_is_judged_by_its_age(out, age_s, stays):
    other = left_by(out, dead_process(), machine="ffffff", age_s=age_s)
    publish(make_product(), out)
    assert other.exists() == stays


def test_an_old_temporary_without_a_process_is_removed(out):
    old = out / "62" / ".62999-276b3762.gpkg"
    old.write_bytes(b"half")
    os.utime(old, (1, 1))
    publish(make_product(), out)
    assert names(out) == BOTH


def test_what_another_commune_left_is_not_touched(out):
    other = left_by(out, dead_process(), stem="62998")
    publish(make_product(), out)
    assert other.exists()


def test_a_product_that_breaks_an_invariant_is_not_published(out):
    before = product_of(out).read_bytes()
    wrong = surfaces()
    wrong.loc[wrong["lot_id"] == GRAND, "excluded_area_m2"] = 1_200.0
    with pytest.raises(PublicationError, match=rf"brute − exclue ≠ assujettie.*{GRAND}"):
        publish(make_product(surfaces=wrong), out)
    assert product_of(out).read_bytes() == before
    assert names(out) == BOTH


def test_a_table_in_another_projection_is_refused(tmp_path):
    lots = gpd.GeoDataFrame(make_product().lots.to_crs(4326))
    with pytest.raises(ContractError, match="EPSG:2154"):
        publish(make_product(lots=lots), tmp_path)
    assert list(tmp_path.iterdir()) == []
