"""Files read by pieces, hashed, and written so that a loss of power leaves them whole."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_CHUNK = 1024**2


def written(chunks: Iterable[bytes], path: Path) -> str:
    """Write a new file to the disk and return its sha256, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("xb") as output:
        for chunk in chunks:
            digest.update(chunk)
            output.write(chunk)
        output.flush()
        os.fsync(output.fileno())
    return digest.hexdigest()


def chunks_of(paths: Sequence[Path]) -> Iterator[bytes]:
    """Give the bytes of files, one after the other."""
    for path in paths:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk


def sha256_of(*paths: Path) -> str:
    """Return the sha256 of files put end to end, in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in chunks_of(paths):
        digest.update(chunk)
    return digest.hexdigest()


def flush(path: Path) -> None:
    """Have a file reach the disk."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def flush_folder(folder: Path) -> None:
    """Have the names that a folder holds reach the disk, where the system can be told to."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
