"""A SQLite file read while somebody may be editing it: a private copy, never a byte beside it."""

import errno
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pipeline.errors import SourceError

_WAL_HEADER_BYTES = 32  # its salts change when the log starts again
_TRIES = 5
_WAIT_S = 0.2
_Seen = tuple[object, ...]
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})


@contextmanager
def snapshot(path: Path) -> Iterator[sqlite3.Connection]:
    """
    Open a copy of a SQLite file, with the edits that still lie in its journal.

    Opening the file itself, even read-only, would make a `-shm` beside one that is being edited,
    and fail in a folder that may not be written. The file and its journal are copied instead, again
    if somebody saved meanwhile; the copy recovers as SQLite does after a crash.

    Raises
    ------
    SourceError
        If the file cannot be read, is damaged, or is written without end.
    """
    with tempfile.TemporaryDirectory(prefix="parzan-revue-") as folder:
        copy = Path(folder) / "copie.gpkg"
        try:
            _copy_when_still(path, copy)
            with closing(sqlite3.connect(copy)) as connection:
                _refuse_damage(path, connection)
                yield connection
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, SourceError):
                raise
            if isinstance(error, OSError) and error.errno in _FULL:
                msg = f"{path} : copie impossible, disque plein ; vérifier la place et TMPDIR"
                raise SourceError(msg) from error
            raise _unreadable(path, " ".join(str(error).split())) from error


def _copy_when_still(path: Path, copy: Path) -> None:
    for _ in range(_TRIES):
        before = _seen(path)
        shutil.copyfile(path, copy)
        for end in ("-wal", "-journal"):
            beside, twin = Path(f"{path}{end}"), Path(f"{copy}{end}")
            twin.unlink(missing_ok=True)
            try:
                shutil.copyfile(beside, twin)
            except FileNotFoundError:
                continue
        if _seen(path) == before:
            return
        time.sleep(_WAIT_S)
    raise _unreadable(path, "en cours d'écriture")


def _seen(path: Path) -> _Seen:
    """
    Return what changes when the copy of a file would not be that of one moment.

    Rows added to the end of a write-ahead log change nothing: what is not whole is not read.
    """
    status = path.stat()
    journal = Path(f"{path}-journal")
    try:
        with Path(f"{path}-wal").open("rb") as log:
            header = log.read(_WAL_HEADER_BYTES)
    except FileNotFoundError:
        header = b""
    rollback = journal.stat().st_mtime_ns if journal.exists() else None
    return status.st_ino, status.st_size, status.st_mtime_ns, header, rollback


def _refuse_damage(path: Path, connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise _unreadable(path, found)


def _unreadable(path: Path, reason: str) -> SourceError:
    msg = (
        f"{path} : revue illisible ({reason[:200]}) ; la fermer dans QGIS, ou la restaurer d'une"
        " sauvegarde"
    )
    return SourceError(msg)
