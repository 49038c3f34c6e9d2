"""The state of a region: what it keeps, and that losing it loses nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import PublicationError
from pipeline.inventory.records import Known
from pipeline.inventory.state import State
from tests.unit.inventory.known import RUN, made

ROOT = Path(__file__).resolve().parents[3]


def opened(path, rebuilt=(), warnings=None):
    said = [] if warnings is None else warnings
    return closing(State.opened(path, lambda: rebuilt, said.append))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "out" / ".etat" / "refresh.sqlite"


def test_a_product_is_read_again_as_it_was_noted(path):
    noted = made(summary={"parcs": {"assujetti": 2}}, seconds=1.5)
    with opened(path) as state:
        state.start(RUN)
        state.lease(1, "62901")
        state.done("62901", noted)
    with opened(path) as state:
        assert state.known() == {"62901": Known(noted)}


def test_a_failure_keeps_what_is_known_of_the_last_product(path):
    with opened(path) as state:
        state.done("62901", made())
        for _ in range(2):
            state.lease(1, "62901")
            state.failed("62901", "disque plein")
        assert state.known() == {"62901": Known(made(), attempts=2, error="disque plein")}
        state.lease(1, "62901")
        state.done("62901", made(sha256="p2"))
        assert state.known() == {"62901": Known(made(sha256="p2"))}


def test_a_run_that_died_leaves_the_communes_it_worked_on_to_the_next(path):
    with opened(path) as state:
        assert state.start(RUN) == (1, ())
        state.lease(1, "62902")
        state.lease(1, "62901")
    with opened(path) as state:
        assert state.start(RUN) == (2, ("62901", "62902"))
        assert state.start(RUN) == (3, ())
        assert state.known()["62901"] == Known(None, attempts=1)


def test_only_runs_of_this_machine_that_never_ended_left_something(path):
    with opened(path) as state:
        for machine, scratch in (("ici", "a"), ("ailleurs", "b"), ("ici", "c")):
            run, _ = state.start(type(RUN)(RUN.day, machine, 7, scratch))
        assert state.abandoned("ici") == ["a", "c"]
        state.end(run, done=1, failed=0, unchanged=0, exit_code=0)
        assert state.abandoned("ici") == []


def _garbage(path):
    path.write_bytes(b"not a database" * 1000)


def _cut(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _flipped(path):
    content = path.read_bytes()
    path.write_bytes(content.replace(b'{"cadastre"', b'?"cadastre"'))


def _of_another_version(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _without_a_table(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE communes")


@pytest.mark.parametrize(
    "damage", [_garbage, _cut, _flipped, _of_another_version, _without_a_table]
)
def test_a_damaged_state_is_set_aside_and_made_again(path, damage):
    with opened(path) as state:
        state.done("62901", made(sha256="lost"))
    damage(path)
    damaged, warnings = path.read_bytes(), []
    with opened(path, [("62902", made())], warnings) as state:
        assert state.known() == {"62902": Known(made())}
    (aside,) = path.parent.glob("refresh-*.sqlite")
    assert aside.read_bytes() == damaged
    (warning,) = warnings
    assert aside.name in warning
    assert "reconstruit d'après les produits" in warning


def test_two_damaged_states_of_one_day_are_both_kept(path):
    for damaged in (1, 2):
        with opened(path):
            pass
        _garbage(path)
        with opened(path):
            assert len(list(path.parent.glob("refresh-*.sqlite"))) == damaged


@pytest.mark.parametrize("start", [None, b""])
def test_an_absent_or_empty_state_is_made_again_without_a_word(path, start):
    path.parent.mkdir(parents=True)
    if start is not None:
        path.write_bytes(start)
    warnings = []
    with opened(path, [("62901", made())], warnings) as state:
        assert state.known() == {"62901": Known(made())}
    assert warnings == []


def test_a_rebuild_that_fails_is_done_again_whole(path):
    def broken():
        yield "62901", made()
        msg = "illisible"
        raise PublicationError(msg)

    with pytest.raises(PublicationError, match="illisible"):
        State.opened(path, broken, print)
    with opened(path, [("62901", made()), ("62902", made())]) as state:
        assert sorted(state.known()) == ["62901", "62902"]


def test_a_copy_writes_nothing(path):
    with opened(path) as state:
        state.done("62901", made())
    before = path.read_bytes()
    with closing(State.copied(path, lambda: ())) as copy:
        copy.done("62902", made())
        assert sorted(copy.known()) == ["62901", "62902"]
    assert path.read_bytes() == before
    assert [it.name for it in path.parent.iterdir()] == ["refresh.sqlite"]


def test_a_state_killed_while_writing_is_whole(path):
    """Killed with the process, at no chosen moment, a transaction is there or is not."""
    code = (
        "import sys; from pathlib import Path\n"
        "from pipeline.inventory.state import State\n"
        "from tests.unit.inventory.known import made\n"
        "state = State.opened(Path(sys.argv[1]), lambda: (), print)\n"
        "print('ready', flush=True)\n"
        "rank = 0\n"
        "while True:\n"
        "    rank += 1\n"
        "    state.lease(1, f'{rank:05d}')\n"
        "    state.done(f'{rank:05d}', made())\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE
    )
    writer.stdout.readline()
    while not path.exists() or path.stat().st_size < 100_000:
        pass
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    warnings = []
    with opened(path, (), warnings) as state:
        known = state.known()
        _, interrupted = state.start(RUN)
    assert warnings == []
    unfinished = {code for code, it in known.items() if it.made is None}
    assert unfinished <= set(interrupted)
    assert len(interrupted) <= 1
    assert len(known) > 10


@pytest.mark.skipif(os.name != "posix", reason="no limit on the size of files")
def test_a_full_disk_is_told_in_one_line_and_damages_nothing(path):
    with opened(path) as state:
        state.done("62901", made())
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from pipeline.errors import PublicationError\n"
        "from pipeline.inventory.state import State\n"
        "from tests.unit.inventory.known import made\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "state = State.opened(Path(sys.argv[1]), lambda: (), print)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "try:\n"
        "    for rank in range(10_000): state.done(f'{rank:05d}', made(summary={'x': 'y' * 500}))\n"
        "except PublicationError as error: print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = run.stdout.splitlines()
    assert "état non enregistré" in line
    assert "vérifier la place" in line
    warnings = []
    with opened(path, (), warnings) as state:
        known = state.known()
    assert warnings == []
    assert "62901" in known
    assert all(it.made is not None for it in known.values())


def test_nothing_is_decided_by_the_times_that_are_written(path):
    """A clock set back or forward by years, written into every time, changes no answer."""
    with opened(path) as state:
        state.start(RUN)
        state.lease(1, "62901")
        state.done("62902", made())
        answers = (state.known(), state.abandoned("machine"))
    for moment in ("1970-01-01T00:00:00+00:00", "2099-12-31T00:00:00+00:00"):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE leases SET taken_at = ?", (moment,))
            connection.execute("UPDATE runs SET started_at = ?", (moment,))
            connection.execute("UPDATE communes SET finished_at = ?", (moment,))
        with opened(path) as state:
            assert (state.known(), state.abandoned("machine")) == answers
    with opened(path) as state:
        assert state.start(RUN)[1] == ("62901",)


def test_digests_of_the_last_plan_replace_those_before(path):
    with opened(path) as state:
        state.keep_digests({"a": ("s1", "d1"), "b": ("s2", "d2")})
        state.keep_digests({"b": ("s3", "d3")})
        assert state.digests() == {"b": ("s3", "d3")}


def test_a_product_that_lasts_for_ever_is_noted(path):
    with opened(path) as state:
        state.done("62901", made(until=date.max))
        state.done("62902", made(until=None))
        known = state.known()
    assert known["62901"].made.until == date.max
    assert known["62902"].made.until is None
