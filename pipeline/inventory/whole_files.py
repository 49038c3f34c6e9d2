"""Writing a file whole or not at all: a temporary name, the disk, then the swap."""

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from pipeline.disk import flush_folder, written
from pipeline.errors import PublicationError

_FORGOTTEN_S = 3_600.0  # a writer takes seconds: what is older was left by a killed one


def write_whole(path: Path, content: bytes) -> None:
    """
    Put `content` in the place of `path` at once; where it is there already, nothing is written.

    Raises
    ------
    PublicationError
        If the disk refuses; what was there is not touched.
    """
    try:
        if path.exists() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        temporary = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}.part")
        try:
            written([content], temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        flush_folder(path.parent)
    except OSError as error:
        reason = error.strerror or error
        msg = f"{path} : écriture impossible ({reason}) ; vérifier la place et les droits"
        raise PublicationError(msg) from error


def _sweep(path: Path) -> None:
    for left in path.parent.glob(f".{path.name}-*.part"):
        with suppress(OSError):  # another writer sweeps it
            if left.stat().st_mtime < time.time() - _FORGOTTEN_S:
                left.unlink()
