"""The 7z archives of the IGN: listed, then written member by member, each byte counted."""

import io
import lzma
from collections.abc import Callable, Collection
from pathlib import Path

import py7zr
from py7zr.io import Py7zIO, WriterFactory

from pipeline.errors import SourceError

_DAMAGED = (py7zr.exceptions.ArchiveError, lzma.LZMAError, EOFError, OSError, ValueError)


def list_7z(path: Path, name: str) -> list[py7zr.FileInfo]:
    """
    Return what the table of a 7z announces; nothing is decompressed but the table.

    Raises
    ------
    SourceError
        If the archive is damaged, cut or encrypted.
    """
    try:
        with path.open("rb") as stream, py7zr.SevenZipFile(stream) as archive:
            members: list[py7zr.FileInfo] = archive.list()
            is_locked = archive.needs_password()
    except py7zr.exceptions.PasswordRequired as error:  # the table itself is encrypted
        raise _locked(name) from error
    except _DAMAGED as error:
        raise _damaged(error, name) from error
    if is_locked:
        raise _locked(name)
    return members


def extract_7z(
    path: Path,
    into: Path,
    name: str,
    spend: Callable[[int], None],
    only: Collection[str] | None = None,
) -> None:
    """
    Write the members of a 7z, whose names were checked, under an absolute folder.

    Parameters
    ----------
    spend
        Called with each count of bytes before they are written; it raises to stop.
    only
        Names of the members to write; all of them by default.

    Raises
    ------
    SourceError
        If the archive is damaged, or `spend` refuses.
    """
    try:
        # Given a stream rather than a path, the library stays in this thread: one budget, in order.
        with path.open("rb") as stream, py7zr.SevenZipFile(stream) as archive:
            archive.extract(path=into, targets=only, factory=_Writers(into, name, spend))
    except SourceError:
        raise
    except _DAMAGED as error:
        raise _damaged(error, name) from error


class _Writers(WriterFactory):
    """Gives a writer to each member, inside the folder or not at all."""

    def __init__(self, into: Path, name: str, spend: Callable[[int], None]) -> None:
        self._into, self._name, self._spend = into, name, spend

    def create(self, filename: str) -> Py7zIO:
        target = Path(filename)
        if not target.is_relative_to(self._into) or ".." in target.parts:
            msg = f"{self._name} : archive refusée, chemin qui sort de l'archive"
            raise SourceError(msg)
        target.parent.mkdir(parents=True, exist_ok=True)
        return _Writer(target, self._spend)


class _Writer(Py7zIO):
    """One member: written as it is decompressed, never read again."""

    def __init__(self, target: Path, spend: Callable[[int], None]) -> None:
        self._spend = spend
        self._size = 0
        self._target = target
        target.open("xb").close()

    def write(self, s: bytes | bytearray) -> int:
        self._spend(len(s))
        with self._target.open("ab") as stream:
            stream.write(s)
        self._size += len(s)
        return len(s)

    def read(self, size: int | None = None) -> bytes:  # noqa: ARG002 - as the library wants it
        raise io.UnsupportedOperation

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002 - only ever to the start
        return 0

    def flush(self) -> None:
        return

    def size(self) -> int:
        return self._size


def _locked(name: str) -> SourceError:
    return SourceError(f"{name} : archive chiffrée ; déposer les fichiers sans mot de passe")


def _damaged(error: Exception, name: str) -> SourceError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return SourceError(f"{name} : archive endommagée ou tronquée ({reason}) ; la redéposer")
