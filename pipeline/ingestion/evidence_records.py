"""The register of the evidence store (SQLite): the answers kept, and the files made of them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from pathlib import Path

from pipeline.errors import SourceError

_VERSION = 1
_REFUSAL = 400
_WAIT_S = 60.0
_TABLES = """
CREATE TABLE answers (
    key TEXT NOT NULL, service TEXT NOT NULL, asked TEXT NOT NULL, url TEXT NOT NULL,
    fetched_at TEXT NOT NULL, status INTEGER NOT NULL, content_type TEXT, etag TEXT,
    last_modified TEXT, vintage TEXT, licence TEXT NOT NULL, attribution TEXT NOT NULL,
    sha256 TEXT NOT NULL, size INTEGER NOT NULL, row_count INTEGER
);
CREATE INDEX answers_by_key ON answers (key, fetched_at);
CREATE TABLE uses (
    place TEXT PRIMARY KEY, sha256 TEXT NOT NULL, previous TEXT, written_at TEXT NOT NULL
);
CREATE TABLE parts (
    place TEXT NOT NULL, rank INTEGER NOT NULL, key TEXT NOT NULL, answer_sha256 TEXT NOT NULL,
    PRIMARY KEY (place, rank)
);
"""


@dataclass(frozen=True)
class Evidence:
    """
    One answer kept: what was asked, where and when, what came, under which licence.

    `key` is that of the request, `asked` its canonical JSON, `url` the address that answered after
    redirects, `fetched_at` an ISO time in UTC, `vintage` the date that the producer gives its data,
    `sha256` and `size` (bytes) those of the content, `row_count` its number of objects if known.
    An answer that there is no such thing is kept too, with its status and an empty content; with
    status 304, the service said that the content it gave before had not changed.
    """

    key: str
    service: str
    asked: str
    url: str
    fetched_at: str
    status: int
    content_type: str | None
    etag: str | None
    last_modified: str | None
    vintage: str | None
    licence: str
    attribution: str
    sha256: str
    size: int
    row_count: int | None

    @property
    def is_absence(self) -> bool:
        """Tell whether the service answered that it holds no such thing."""
        return self.status >= _REFUSAL

    @property
    def time(self) -> datetime:
        """Return when the answer came, in UTC."""
        return datetime.fromisoformat(self.fetched_at)


@dataclass(frozen=True)
class Use:
    """
    A file of the data folder made from answers.

    `place` is relative to the data folder, `sha256` the digest of the file (the one that the table
    `sources` of a product gives), `previous` that of the file it replaces, in whose place it may
    not be yet, `parts` the request keys and digests of the answers, in order.
    """

    place: str
    sha256: str
    previous: str | None
    written_at: str
    parts: tuple[tuple[str, str], ...]


_COLUMNS = ", ".join(field.name for field in fields(Evidence))
_MARKS = ", ".join("?" for _ in fields(Evidence))


class Register:
    """The SQLite file; each operation opens it, so that several processes share it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def writing(self, *, undo: bool = False) -> Iterator["Writing"]:
        """
        Yield what writes; other writers wait until the end, and a failure writes nothing.

        `undo`: nothing is written in the end, only looked at.
        """
        with self._opened() as opened:
            opened.execute("BEGIN IMMEDIATE")
            yield Writing(opened)
            opened.execute("ROLLBACK" if undo else "COMMIT")

    def latest(self, key: str) -> Evidence | None:
        """Return the last answer kept for a request; None before the first."""
        with self._opened() as opened:
            row = opened.execute(
                f"SELECT {_COLUMNS} FROM answers WHERE key = ?"  # noqa: S608 - names of a dataclass
                " ORDER BY fetched_at DESC, rowid DESC LIMIT 1",
                (key,),
            ).fetchone()
        return None if row is None else Evidence(*row)

    def answers(self) -> list[Evidence]:
        """Return every answer, in the order of the time."""
        with self._opened() as opened:
            rows = opened.execute(
                f"SELECT {_COLUMNS} FROM answers ORDER BY fetched_at, rowid"  # noqa: S608
            ).fetchall()
        return [Evidence(*row) for row in rows]

    def uses(self) -> dict[str, Use]:
        """Return the files made from answers, by their place in the data folder."""
        with self._opened() as opened:
            rows = opened.execute("SELECT place, sha256, previous, written_at FROM uses").fetchall()
            parts = opened.execute(
                "SELECT place, key, answer_sha256 FROM parts ORDER BY place, rank"
            ).fetchall()
        of_place: dict[str, list[tuple[str, str]]] = {}
        for place, key, digest in parts:
            of_place.setdefault(place, []).append((key, digest))
        return {
            place: Use(place, digest, previous, day, tuple(of_place.get(place, ())))
            for place, digest, previous, day in rows
        }

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(
                sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)
            ) as opened:
                _prepare(opened, self._path)
                yield opened
        except sqlite3.Error as error:
            msg = f"{self._path} : registre des preuves inutilisable ({error}) ; vérifier le disque"
            raise SourceError(msg) from error


class Writing:
    """One transaction of the register."""

    def __init__(self, opened: sqlite3.Connection) -> None:
        self._opened = opened

    def add(self, evidence: Evidence) -> None:
        """Add an answer."""
        self._opened.execute(
            f"INSERT INTO answers ({_COLUMNS}) VALUES ({_MARKS})",  # noqa: S608
            astuple(evidence),
        )

    def note(self, use: Use) -> None:
        """Say that a file was made from answers, or made again."""
        self._opened.execute(
            "INSERT OR REPLACE INTO uses VALUES (?, ?, ?, ?)",
            (use.place, use.sha256, use.previous, use.written_at),
        )
        self._opened.execute("DELETE FROM parts WHERE place = ?", (use.place,))
        self._opened.executemany(
            "INSERT INTO parts VALUES (?, ?, ?, ?)",
            [(use.place, rank, *part) for rank, part in enumerate(use.parts)],
        )

    def forget(self, before: str, kept: set[str]) -> None:
        """
        Remove the answers older than `before` that nothing needs.

        The last answer of each request, those that files are made of and those whose digest is in
        `kept` stay.
        """
        self._opened.execute("CREATE TEMP TABLE kept (sha256 TEXT PRIMARY KEY)")
        self._opened.executemany("INSERT INTO kept VALUES (?)", [(item,) for item in sorted(kept)])
        self._opened.execute(
            """
            DELETE FROM answers WHERE fetched_at < ?
            AND sha256 NOT IN (SELECT sha256 FROM kept)
            AND sha256 NOT IN (SELECT answer_sha256 FROM parts)
            AND EXISTS (SELECT 1 FROM answers AS later WHERE later.key = answers.key
                AND (later.fetched_at, later.rowid) > (answers.fetched_at, answers.rowid))
            """,
            (before,),
        )
        self._opened.execute("DROP TABLE kept")

    def digests(self) -> set[str]:
        """Return the digests of the contents that an answer still has."""
        return {row[0] for row in self._opened.execute("SELECT DISTINCT sha256 FROM answers")}


def _prepare(opened: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new register; refuse one of a later version."""
    found = opened.execute("PRAGMA user_version").fetchone()[0]
    if found == _VERSION:
        return
    if found > _VERSION:
        msg = f"{path} : registre d'une version plus récente ({found}) ; mettre parzan à jour"
        raise SourceError(msg)
    opened.execute("BEGIN IMMEDIATE")
    if (
        opened.execute("PRAGMA user_version").fetchone()[0] == 0
    ):  # another process may have been first
        for statement in filter(str.strip, _TABLES.split(";")):
            opened.execute(statement)
        opened.execute(f"PRAGMA user_version = {_VERSION}")
    opened.execute("COMMIT")
