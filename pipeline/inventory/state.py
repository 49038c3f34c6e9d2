"""
What a refresh remembers of each commune, in one SQLite file that may be lost at any time.

One process writes it: the one that holds the lock of the region. Workers never open it. Nothing in
it is decided by the clock: a lease belongs to the run that took it, and a run is over when the
lock of the region is free. Times are written for people only.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from pipeline.errors import PipelineError, PublicationError
from pipeline.inventory.records import Inputs, Known, Made, Run

VERSION = 1
_TABLES = """
CREATE TABLE communes (
    insee TEXT PRIMARY KEY,
    data TEXT, rules TEXT, assumptions TEXT, code TEXT, corrections TEXT,
    day TEXT, as_of TEXT, until TEXT, sha256 TEXT, summary TEXT, seconds REAL,
    attempts INTEGER NOT NULL DEFAULT 0, error TEXT, finished_at TEXT
) STRICT;
CREATE TABLE leases (
    insee TEXT PRIMARY KEY, run INTEGER NOT NULL, taken_at TEXT NOT NULL
) STRICT;
CREATE TABLE runs (
    run INTEGER PRIMARY KEY, started_at TEXT NOT NULL, ended_at TEXT, day TEXT NOT NULL,
    machine TEXT NOT NULL, pid INTEGER NOT NULL, scratch TEXT NOT NULL,
    done INTEGER, failed INTEGER, unchanged INTEGER, exit_code INTEGER
) STRICT;
CREATE TABLE digests (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, value TEXT NOT NULL) STRICT;
"""
_MADE = "data, rules, assumptions, code, corrections, day, as_of, until, sha256, summary, seconds"


class State:
    """The state of a region; open it with `opened` or `copied`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self._path = connection, path

    @classmethod
    def opened(
        cls,
        path: Path,
        rebuilt: Callable[[], Iterable[tuple[str, Made]]],
        warn: Callable[[str], None],
    ) -> Self:
        """
        Open the state, or make it again from the products.

        A file that cannot be read, or of another version, is set aside under a dated name.

        Parameters
        ----------
        path
            The SQLite file; its folder is made as needed.
        rebuilt
            Gives what the products tell of themselves, when there is no state.
        warn
            Receives a French sentence when a file is set aside.

        Raises
        ------
        PublicationError
            If the disk refuses.
        """
        with _refusals(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            fault = _fault(path)
            if fault:
                aside = _set_aside(path)
                warn(
                    f"{path} : état illisible ({fault}), mis de côté sous {aside.name} ;"
                    " reconstruit d'après les produits"
                )
            state = cls(_connect(str(path)), path)
            state._complete(rebuilt)
            return state

    @classmethod
    def copied(cls, path: Path, rebuilt: Callable[[], Iterable[tuple[str, Made]]]) -> Self:
        """Return a copy in memory, or what the products tell: for a plan that writes nothing."""
        with _refusals(path):
            state = cls(_connect(":memory:"), path)
            if path.exists() and not _fault(path):
                with closing(_read_only(path)) as source:
                    source.backup(state._connection)
            state._complete(rebuilt)
            return state

    def close(self) -> None:
        """Give the file back, whole and alone: it can then be read where nothing can be written."""
        with suppress(sqlite3.Error):  # somebody reads it: the next run will
            self._connection.execute("PRAGMA journal_mode = DELETE")
        self._connection.close()

    def known(self) -> dict[str, Known]:
        """Return every commune that was ever asked for, by INSEE code."""
        rows = self._connection.execute(f"SELECT insee, attempts, error, {_MADE} FROM communes")  # noqa: S608
        return {row[0]: Known(_made(row[3:]), row[1], row[2]) for row in rows}

    def start(self, run: Run) -> tuple[int, tuple[str, ...]]:
        """
        Note a new run.

        Returns
        -------
        number, interrupted
            Number of the run; communes that a run before it was working on when it died.
        """
        with self._transaction():
            left = self._connection.execute("SELECT insee FROM leases ORDER BY insee").fetchall()
            self._connection.execute("DELETE FROM leases")
            number = self._connection.execute(
                "INSERT INTO runs (started_at, day, machine, pid, scratch) VALUES (?, ?, ?, ?, ?)",
                (_moment(), run.day.isoformat(), run.machine, run.pid, run.scratch),
            ).lastrowid
        return int(number or 0), tuple(row[0] for row in left)

    def abandoned(self, machine: str) -> list[str]:
        """Return the folders where runs of this machine that never ended were working."""
        rows = self._connection.execute(
            "SELECT scratch FROM runs WHERE ended_at IS NULL AND machine = ?", (machine,)
        )
        return [row[0] for row in rows]

    def end(self, run: int, *, done: int, failed: int, unchanged: int, exit_code: int) -> None:
        """Note that a run came to its end, and what it did; those that died before are closed."""
        with self._transaction():
            self._connection.execute(
                "UPDATE runs SET ended_at = ?, done = ?, failed = ?, unchanged = ?, exit_code = ?"
                " WHERE run = ?",
                (_moment(), done, failed, unchanged, exit_code, run),
            )
            self._connection.execute("UPDATE runs SET ended_at = '' WHERE ended_at IS NULL")

    def lease(self, run: int, insee: str) -> None:
        """Note that a run works on a commune: one more try."""
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO leases VALUES (?, ?, ?)", (insee, run, _moment())
            )
            self._connection.execute(
                "INSERT INTO communes (insee, attempts) VALUES (?, 1)"
                " ON CONFLICT DO UPDATE SET attempts = attempts + 1",
                (insee,),
            )

    def done(self, insee: str, made: Made) -> None:
        """Note a published product; the tries start again from none."""
        with self._transaction():
            self._record(insee, made, _moment())
            self._connection.execute("DELETE FROM leases WHERE insee = ?", (insee,))

    def failed(self, insee: str, error: str) -> None:
        """Note why a commune failed; what is known of its last product is kept."""
        with self._transaction():
            self._connection.execute(
                "UPDATE communes SET error = ?, finished_at = ? WHERE insee = ?",
                (error, _moment(), insee),
            )
            self._connection.execute("DELETE FROM leases WHERE insee = ?", (insee,))

    def digests(self) -> dict[str, tuple[str, str]]:
        """Return the digests kept of files: name → (stamp of the file, digest)."""
        rows = self._connection.execute("SELECT name, stamp, value FROM digests")
        return {name: (stamp, value) for name, stamp, value in rows}

    def keep_digests(self, digests: Mapping[str, tuple[str, str]]) -> None:
        """Keep these digests of files, and forget any other."""
        with self._transaction():
            self._connection.execute("DELETE FROM digests")
            self._connection.executemany(
                "INSERT INTO digests VALUES (?, ?, ?)",
                [(name, *value) for name, value in sorted(digests.items())],
            )

    def _complete(self, rebuilt: Callable[[], Iterable[tuple[str, Made]]]) -> None:
        """Make the tables of a file that has none, and fill them, at once or not at all."""
        if self._connection.execute("PRAGMA user_version").fetchone()[0]:
            return
        with self._transaction():
            for statement in _TABLES.split(";"):
                self._connection.execute(statement)
            for insee, made in rebuilt():
                self._record(insee, made, None)
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def _record(self, insee: str, made: Made, finished_at: str | None) -> None:
        inputs = asdict(made.inputs) | {"data": _json(made.inputs.data)}
        values = (
            insee,
            *inputs.values(),
            made.day.isoformat(),
            made.as_of.isoformat(),
            made.until.isoformat() if made.until else None,
            made.sha256,
            _json(made.summary),
            made.seconds,
            finished_at,
        )
        self._connection.execute(
            f"INSERT OR REPLACE INTO communes (insee, {_MADE}, finished_at)"  # noqa: S608
            f" VALUES ({', '.join('?' * len(values))})",
            values,
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _refusals(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:  # SQLite gives up by itself on a full disk
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    # A killed process loses nothing. A power cut may lose the last communes noted, not the file:
    # they are made again, with the same bytes. Flushing the disk at each one costs 10 ms and more.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _fault(path: Path) -> str | None:
    """Tell what is wrong with a state file; nothing of one that is absent or still empty."""
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as opened:
            found = opened.execute("PRAGMA quick_check(1)").fetchone()[0]
            version = opened.execute("PRAGMA user_version").fetchone()[0]
            if found == "ok" and version == VERSION:
                State(opened, path).known()  # a flipped bit may hide in a text
    except sqlite3.OperationalError as error:  # locked, full disk: not damage, told as it is
        if "no such" not in str(error):
            raise
        return str(error)
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        return str(error)
    if found != "ok":
        return "fichier abîmé"
    return None if version in {0, VERSION} else f"version {version}"


def _set_aside(path: Path) -> Path:
    """Give a damaged state a dated name that nothing bears yet; its journals are void."""
    base = f"{path.stem}-{datetime.now().astimezone():%Y-%m-%d}"
    for rank in range(1, 1_000_000):
        aside = path.with_name(f"{base}-{rank}{path.suffix}")
        if not aside.exists():
            break
    for end in ("-journal", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    return path.rename(aside)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Tell in one line that the disk refuses."""
    try:
        yield
    except PipelineError:
        raise
    except (OSError, sqlite3.Error) as error:
        msg = (
            f"{path} : état non enregistré ({error}) ; vérifier la place et les droits, puis"
            " relancer la même commande"
        )
        raise PublicationError(msg) from error


def _made(row: tuple[Any, ...]) -> Made | None:
    data, rules, assumptions, code, corrections, day, as_of, until, sha256, summary, seconds = row
    if sha256 is None:
        return None
    return Made(
        inputs=Inputs(json.loads(data), rules, assumptions, code, corrections),
        day=date.fromisoformat(day),
        as_of=date.fromisoformat(as_of),
        until=date.fromisoformat(until) if until else None,
        sha256=sha256,
        summary=json.loads(summary),
        seconds=seconds,
    )


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def _moment() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
