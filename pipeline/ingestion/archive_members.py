"""Some members of a big archive, without the others: names checked first, then every byte."""

import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.ingestion.archives import Budget, inside, refuse_too_many
from pipeline.ingestion.seven_zip import extract_7z, list_7z

_CHUNK = 1024**2
_ENCRYPTED = 0x1
_NOWHERE = Path()
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)


def zip_names(path: Path, name: str) -> list[str]:
    """
    Return the names of the files of a ZIP, in its order.

    Parameters
    ----------
    path
        The archive.
    name
        How messages call it.

    Raises
    ------
    SourceError
        If it is damaged, encrypted, holds a link, a path that climbs or too many members.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
    except _DAMAGED as error:
        raise _damaged(error, name) from error
    refuse_too_many(len(members), name)
    for info in members:
        inside(_NOWHERE, info.filename, name)
        if stat.S_ISLNK(info.external_attr >> 16) or info.flag_bits & _ENCRYPTED:
            msg = f"{name} : archive refusée, membre chiffré ou lien ; déposer les fichiers"
            raise SourceError(msg)
    return [info.filename for info in members]


def stream_zip_member(path: Path, member: str, name: str) -> Iterator[bytes]:
    """
    Give the bytes of one file of a ZIP, the others left compressed.

    Raises
    ------
    SourceError
        If it is damaged, or gives too many bytes for what it weighs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(member)
            budget = Budget(name, info.compress_size)
            with archive.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    budget.spend(len(chunk))
                    yield chunk
    except SourceError:
        raise
    except _DAMAGED as error:
        raise _damaged(error, name) from error


def seven_zip_names(path: Path, name: str) -> list[str]:
    """
    Return the names of the files of a 7z, sorted; nothing but its table is decompressed.

    Raises
    ------
    SourceError
        If it is damaged, encrypted, holds a link, a path that climbs or too many members.
    """
    members = list_7z(path, name)
    refuse_too_many(len(members), name)
    for member in members:
        inside(_NOWHERE, member.filename, name)
        if not (member.is_file or member.is_directory):
            msg = f"{name} : archive refusée, membre qui n'est pas un fichier"
            raise SourceError(msg)
    return sorted(member.filename for member in members if member.is_file)


def stream_7z_member(path: Path, member: str, name: str) -> Iterator[bytes]:
    """
    Give the bytes of one file of a 7z, written for a while to a temporary folder.

    A solid archive is decompressed up to the file; the others are not written.

    Raises
    ------
    SourceError
        If it is damaged, or gives too many bytes for what it weighs.
    """
    budget = Budget(name, path.stat().st_size)
    with tempfile.TemporaryDirectory(prefix="parzan-") as work:
        into = Path(work).resolve()
        extract_7z(path, into, name, budget.spend, only=[member])
        with inside(into, member, name).open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk


def _damaged(error: Exception, name: str) -> SourceError:
    reason = " ".join(str(error).split())
    return SourceError(f"{name} : archive endommagée ou tronquée ({reason}) ; la redemander")
