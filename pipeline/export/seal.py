"""Writing a SQLite file beside its final name, sealing it, and swapping it in or refusing."""

import hashlib
import os
import platform
import re
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from pipeline.disk import flush, flush_folder
from pipeline.errors import PublicationError

APPLICATION_ID = 0x47504B47  # "GPKG"
_SIDECARS = ("-wal", "-shm", "-journal")
_WAL_BYTE = 18  # of the header: 1 = rollback journal, 2 = write-ahead log
_WAL = 2
_LOCK_WAIT_S = 1.0
_SWAP_TRIES = 5
_SWAP_WAIT_S = 0.2
_FORGOTTEN_S = 3_600.0  # a publication takes seconds


def sidecars(path: Path) -> list[Path]:
    """Return the journal files that lie beside a SQLite file."""
    return [beside for end in _SIDECARS if (beside := Path(f"{path}{end}")).exists()]


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """
    Give a new name in the folder of `path`; nothing of it remains after, unless the process dies.

    What killed processes left is swept away first. The name tells which process writes it.
    """
    sweep(path)
    writer = f"{_machine()}-{os.getpid()}"
    temporary = path.with_name(f".{path.stem}-{writer}-{secrets.token_hex(4)}{path.suffix}")
    try:
        yield temporary
    finally:
        for left in (temporary, *sidecars(temporary)):
            left.unlink(missing_ok=True)


def seal(path: Path) -> None:
    """
    Check a finished file and flush it to the disk.

    Raises
    ------
    PublicationError
        If SQLite finds damage, the file is not a GeoPackage, or a journal remains beside it.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        found = {
            "journal_mode": connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0],
            "application_id": connection.execute("PRAGMA application_id").fetchone()[0],
            "integrity_check": connection.execute("PRAGMA integrity_check").fetchone()[0],
            "foreign_key_check": len(connection.execute("PRAGMA foreign_key_check").fetchall()),
        }
    expected = {
        "journal_mode": "delete",
        "application_id": APPLICATION_ID,
        "integrity_check": "ok",
        "foreign_key_check": 0,
    }
    wrong = {name: value for name, value in found.items() if value != expected[name]}
    if wrong or sidecars(path):
        msg = f"{path.name} : fichier produit incorrect {wrong or 'journal restant'} ; signaler"
        raise PublicationError(msg)
    path.chmod(_default_mode(path))  # SQLite makes a file that the group may not write
    flush(path)


def settle(path: Path) -> None:
    """
    Make sure that nobody edits `path` and that no journal of it would damage its successor.

    A journal left by an editor that crashed is folded back into the old file.

    Raises
    ------
    PublicationError
        If the file is open for editing, locked, or has an orphan journal beside it.
    """
    if not path.exists():
        if orphans := sidecars(path):
            msg = f"{orphans[0]} : journal sans fichier ; le déplacer, puis relancer"
            raise PublicationError(msg)
        return
    try:
        with closing(sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None)) as opened:
            _fold_journals(path, opened)
            opened.execute("BEGIN IMMEDIATE")
            opened.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        raise _busy(path, str(error)) from error
    except sqlite3.DatabaseError:  # damaged: nobody can be editing it, its journals are void
        for left in sidecars(path):
            left.unlink(missing_ok=True)
    if sidecars(path):
        raise _busy(path, "journal encore présent")


def _fold_journals(path: Path, opened: sqlite3.Connection) -> None:
    if not sidecars(path) and _journal_byte(path) != _WAL:
        return
    if opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        raise _busy(path, "lecture ou saisie en cours")
    if opened.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete":
        raise _busy(path, "journal WAL ouvert ailleurs")


def swap(temporary: Path, path: Path) -> None:
    """
    Put a sealed file in the place of `path`, at once.

    Raises
    ------
    PublicationError
        If the system refuses: on Windows, a file that somebody has open cannot be replaced.
    """
    for left in reversed(range(_SWAP_TRIES)):
        try:
            temporary.replace(path)
            break
        except PermissionError as error:
            if not left:
                raise _busy(path, str(error)) from error
            time.sleep(_SWAP_WAIT_S)
    flush_folder(path.parent)


def sweep(path: Path) -> None:
    """
    Remove the temporary files that killed writers of `path` left beside it.

    One is left alone while its writer may live: written within the hour, and not by a process of
    this machine that is known to be dead. One that the system will not give up is left, too.
    """
    for left in path.parent.glob(f".{path.stem}-*{path.suffix}*"):
        with suppress(OSError):  # another run sweeps it, or Windows holds it open
            old = left.stat().st_mtime < time.time() - _FORGOTTEN_S
            if old or _writer_is_dead(left.name, path.stem):
                left.unlink()


def _writer_is_dead(name: str, stem: str) -> bool:
    """Tell whether a temporary name bears a process of this machine that is known to be dead."""
    match = re.match(rf"\.{re.escape(stem)}-{_machine()}-(\d+)-", name)
    if match is None or os.name != "posix":  # elsewhere, signal 0 is no mere question
        return False
    try:
        os.kill(int(match.group(1)), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:  # alive, and somebody else's
        return False
    return False


def _machine() -> str:
    """Return a mark of this machine that does not say its name: shares mix several machines."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


def _busy(path: Path, detail: str) -> PublicationError:
    msg = f"{path} : ouvert ou en cours de saisie ({detail}) ; le fermer dans QGIS, puis relancer"
    return PublicationError(msg)


def _journal_byte(path: Path) -> int:
    with path.open("rb") as file:
        file.seek(_WAL_BYTE)
        return (file.read(1) or b"\0")[0]


def _default_mode(path: Path) -> int:
    """Return the rights of a new file in the folder, without a race on the process's umask."""
    probe = path.with_name(f"{path.name}.droits")
    probe.touch(exist_ok=False)
    try:
        return probe.stat().st_mode & 0o777
    finally:
        probe.unlink()
