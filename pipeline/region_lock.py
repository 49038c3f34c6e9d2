"""One refresh at a time in a folder of products: a lock that the system gives back by itself."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from pipeline.errors import PublicationError
from pipeline.ingestion.file_locks import held

STATE_FOLDER = ".etat"


@contextmanager
def only_one(out: Path) -> Iterator[None]:
    """
    Hold the products of `out` for one refresh.

    The lock is the system's: it is free again as soon as its holder dies, and no process number or
    clock is trusted. The name of the holder, beside it, is only told.

    Raises
    ------
    PublicationError
        If another refresh holds it, or the folder cannot be written.
    """
    folder = out / STATE_FOLDER
    holder = folder / "refresh.detenteur.json"
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            is_ours = stack.enter_context(held(folder / "refresh.verrou"))
        except OSError as error:
            msg = f"{folder} : écriture impossible ({error.strerror}) ; vérifier les droits"
            raise PublicationError(msg) from error
        if not is_ours:
            msg = f"{out} : une actualisation est déjà en cours ({_told(holder)}) ; attendre sa fin"
            raise PublicationError(msg)
        _tell(holder)
        stack.callback(holder.unlink, missing_ok=True)
        yield


def machine() -> str:
    """Return the name of this machine."""
    return platform.node()


def _tell(holder: Path) -> None:
    """Write who holds the lock; a full disk must not hide a better message."""
    said = {
        "pid": os.getpid(),
        "machine": machine(),
        "depuis": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    temporary = holder.with_name(f".{holder.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(said), encoding="utf-8")
        temporary.replace(holder)
    except OSError:
        temporary.unlink(missing_ok=True)


def _told(holder: Path) -> str:
    try:
        said = json.loads(holder.read_text(encoding="utf-8"))
        since = datetime.fromisoformat(said["depuis"])
        return (
            f"processus {said['pid']} de {said['machine']}, depuis le {since:%d/%m/%Y à %H:%M:%S}"
        )
    except (OSError, ValueError, KeyError, TypeError):
        return "par un autre processus"
