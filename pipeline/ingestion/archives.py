"""Safe extraction: an archive is hostile until each of its bytes has been counted."""

import bz2
import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.errors import SourceError
from pipeline.ingestion.formats import Format, sniff_bytes

# Limits of safety, not of the model: the largest real delivery read here is one département.
MAX_MEMBERS = 10_000
MAX_BYTES = 4 * 1024**3
MAX_RATIO = 300
_RATIO_APPLIES_FROM = 64 * 1024**2
_CHUNK = 1024**2
_TAR_HEAD = 512
_ENCRYPTED = 0x1
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
)


_Readable = IO[bytes] | gzip.GzipFile | bz2.BZ2File


@dataclass
class Budget:
    """
    Bytes written so far, against what the archive weighs; raises before the disk suffers.

    `name` is how messages call the archive, `compressed` its size, bytes.
    """

    name: str
    compressed: int
    written: int = 0

    def spend(self, count: int) -> None:
        """Count bytes about to be written; raise `SourceError` when there are too many."""
        self.written += count
        if self.written > MAX_BYTES:
            _refuse(self.name, f"plus de {MAX_BYTES // 1024**3} Go une fois décompressée")
        if self.written > max(_RATIO_APPLIES_FROM, MAX_RATIO * self.compressed):
            _refuse(self.name, f"taux de compression supérieur à {MAX_RATIO}")


def unpack(path: Path, archive: Format, into: Path, name: str) -> None:
    """
    Extract an archive, or a single compressed file, into an empty folder.

    Only regular files are accepted, with relative paths that stay inside `into`.

    Parameters
    ----------
    path, archive
        The file and its format, one of `formats.ARCHIVES` or `7z`.
    into
        Folder to fill; created.
    name
        How messages call the archive.

    Raises
    ------
    SourceError
        If the archive is damaged or encrypted, or holds a link, a path that climbs, too many
        members or too many bytes (declared, or counted while reading).
    """
    into.mkdir(parents=True)
    budget = Budget(name, path.stat().st_size)
    try:
        _EXTRACT[archive](path, into, budget)
    except SourceError:
        raise
    except _DAMAGED as error:
        msg = f"{name} : archive endommagée ou tronquée ({_one_line(error)}) ; la redéposer"
        raise SourceError(msg) from error
    except RuntimeError as error:  # zipfile asks so for a password
        msg = f"{name} : archive chiffrée ; déposer les fichiers sans mot de passe"
        raise SourceError(msg) from error


def _unzip(path: Path, into: Path, budget: Budget) -> None:
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        refuse_too_many(len(members), budget.name)
        if sum(info.file_size for info in members) > MAX_BYTES:
            _refuse(budget.name, f"plus de {MAX_BYTES // 1024**3} Go annoncés")
        for info in members:
            if stat.S_ISLNK(info.external_attr >> 16) or info.flag_bits & _ENCRYPTED:
                _refuse(budget.name, f"membre « {_shown(info.filename)} » chiffré ou lien")
            with archive.open(info) as stream:
                _write(stream, inside(into, info.filename, budget.name), budget)


def _untar(path: Path, into: Path, budget: Budget) -> None:
    with tarfile.open(path, mode="r|*") as archive:
        for count, member in enumerate(archive, start=1):
            refuse_too_many(count, budget.name)
            if member.isdir():
                continue
            stream = archive.extractfile(member) if member.isreg() else None
            if stream is None:
                _refuse(budget.name, f"membre « {_shown(member.name)} » qui n'est pas un fichier")
            else:
                _write(stream, inside(into, member.name, budget.name), budget)


def _decompress(
    path: Path, into: Path, budget: Budget, opener: Callable[[Path], _Readable]
) -> None:
    with opener(path) as stream:
        holds_tar = sniff_bytes(stream.read(_TAR_HEAD)) == "tar"
    if holds_tar:
        _untar(path, into, budget)
        return
    with opener(path) as stream:
        _write(stream, into / (path.stem or "fichier"), budget)


def _gunzip(path: Path, into: Path, budget: Budget) -> None:
    _decompress(path, into, budget, gzip.GzipFile)


def _bunzip(path: Path, into: Path, budget: Budget) -> None:
    _decompress(path, into, budget, bz2.BZ2File)


def _un7z(path: Path, into: Path, budget: Budget) -> None:
    from pipeline.ingestion.seven_zip import extract_7z, list_7z  # slow to load: only when met

    members = list_7z(path, budget.name)
    refuse_too_many(len(members), budget.name)
    if sum(member.uncompressed for member in members) > MAX_BYTES:
        _refuse(budget.name, f"plus de {MAX_BYTES // 1024**3} Go annoncés")
    for member in members:
        inside(into, member.filename, budget.name)
        if not (member.is_file or member.is_directory):
            shown = _shown(member.filename)
            _refuse(budget.name, f"membre « {shown} » qui n'est pas un fichier")
    extract_7z(path, into.resolve(), budget.name, budget.spend)


_EXTRACT: dict[Format, Callable[[Path, Path, Budget], None]] = {
    "zip": _unzip,
    "7z": _un7z,
    "tar": _untar,
    "gzip": _gunzip,
    "bzip2": _bunzip,
}


def _write(stream: _Readable, target: Path, budget: Budget) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as output:
        for chunk in _chunks(stream):
            budget.spend(len(chunk))
            output.write(chunk)


def _chunks(stream: _Readable) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def inside(into: Path, member: str, name: str) -> Path:
    """
    Return where a member goes; refuse what would land elsewhere (on any system).

    Raises
    ------
    SourceError
        If the path climbs, is absolute or names a drive.
    """
    parts = PurePosixPath(member.replace("\\", "/"))
    climbs = parts.is_absolute() or ".." in parts.parts or ":" in member or "\x00" in member
    if climbs or not parts.parts:
        _refuse(name, f"chemin « {_shown(member)} » qui sort de l'archive")
    return into.joinpath(*parts.parts)


def refuse_too_many(count: int, name: str) -> None:
    """
    Refuse an archive of more than `MAX_MEMBERS` members.

    Raises
    ------
    SourceError
        If it has more.
    """
    if count > MAX_MEMBERS:
        _refuse(name, f"plus de {MAX_MEMBERS} membres")


def _refuse(name: str, why: str) -> None:
    msg = f"{name} : archive refusée, {why} ; déposer les fichiers extraits"
    raise SourceError(msg)


def _shown(member: str) -> str:
    return _one_line(member)[:80]


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
