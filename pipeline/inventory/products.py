"""What a published commune tells of itself: enough to do without the state, when it is lost."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.inventory.file_digests import NO_FILE, FileDigests
from pipeline.inventory.records import Inputs, Made
from pipeline.inventory.snapshot import snapshot
from pipeline.schemas import UNTIL

NO_CORRECTION = "aucune"
SEEN = "sources:"  # before the list of the files that a product says it was made from
_CODE_LENGTH = 5


def rebuild(out: Path, digests: FileDigests) -> Iterator[tuple[str, Made]]:
    """
    Yield the communes published under `out`, by INSEE code, as their products tell them.

    Parameters
    ----------
    out
        Root of the products.
    digests
        Gives the sha256 of each product.

    Notes
    -----
    A product that says nothing of what it was made from, or that cannot be read, is not yielded:
    its commune is made again.
    """
    for path in sorted(out.glob("*/*.gpkg")):
        code = path.stem
        if len(code) != _CODE_LENGTH or not code.startswith(path.parent.name):
            continue
        made = read_made(path, digests.sha256([path]))
        if made is not None:
            yield code, made


def read_made(path: Path, sha256: str) -> Made | None:
    """Return what a product was made from, None where it does not say."""
    try:
        with closing(_read_only(path)) as opened:
            prints = dict(opened.execute("SELECT nom, valeur FROM empreintes").fetchall())
            rows = opened.execute("SELECT dossier, fichier, sha256 FROM sources").fetchall()
            stamped = opened.execute("SELECT max(last_change) FROM gpkg_contents").fetchone()[0]
        as_of = date.fromisoformat(str(stamped)[:10])
        inputs = Inputs(
            data=_seen(rows),
            rules=prints["regles"],
            assumptions=prints["hypotheses"],
            code=prints["code"],
            corrections=prints["corrections"],
        )
        told = prints.get(UNTIL)
        until = date.fromisoformat(told) if told else None
    except (sqlite3.Error, KeyError, ValueError):
        return None
    return Made(inputs, day=as_of, as_of=as_of, until=until, sha256=sha256)


def _seen(rows: list[tuple[str, str | None, str | None]]) -> dict[str, str]:
    """Return the files of each folder that a product read, `absent` for a missing folder."""
    found: dict[str, list[tuple[str, str]]] = {}
    for folder, file, sha256 in rows:
        files = found.setdefault(folder, [])
        if file is not None and sha256 is not None:
            files.append((file, sha256))
    return {
        folder: f"{SEEN}{json.dumps(sorted(files))}" if files else NO_FILE
        for folder, files in found.items()
    }


def corrections_digest(path: Path, digests: FileDigests) -> str:
    """
    Return a digest of the corrections in a review file, `aucune` where there is none.

    What an agent follows or notes beside is not in it: it changes no product. A file that cannot
    be read is counted by its bytes, so that the commune is worked on, and the reader tells.
    """
    journal = path.with_name(f"{path.name}-wal")  # what QGIS has saved and not yet folded back

    def work_out() -> str:
        if not path.exists():
            return NO_CORRECTION
        try:
            with snapshot(path) as opened:  # an agent may have it open: not a byte is touched
                rows = opened.execute("SELECT * FROM corrections ORDER BY 1").fetchall()
        except (sqlite3.Error, SourceError):
            return hashlib.sha256(path.read_bytes()).hexdigest()
        return hashlib.sha256(repr(rows).encode()).hexdigest() if rows else NO_CORRECTION

    return digests.of(f"corrections {path}", [path, journal], work_out)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
