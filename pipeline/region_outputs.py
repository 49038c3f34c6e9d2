"""What a refresh leaves beside the communes: the product of each area, the digest of the day."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from pipeline.digest import FOLDER as DIGESTS
from pipeline.digest import write_digest
from pipeline.digest_entries import Failure, gather
from pipeline.export.product import product_path
from pipeline.export.region import publish_region
from pipeline.inventory.file_digests import NO_FILE, FileDigests
from pipeline.region_communes import Covered


def write_outputs(
    covered: Sequence[Covered],
    out: Path,
    day: date,
    failures: Sequence[Failure],
    files: FileDigests,
    on_step: Callable[[str], None],
    *,
    changed: bool,
) -> tuple[Path, ...]:
    """
    Write what no longer says what the communes say; the rest is left as it is.

    Parameters
    ----------
    covered
        Areas whose product is wanted.
    failures
        Communes that could not be made: told in the digest.
    files
        Gives the digests of the products.
    changed
        Whether a commune was made, or failed, since the last time.

    Returns
    -------
    paths
        Files written.

    Raises
    ------
    PublicationError
        If a product cannot be read, one to replace is open, or the disk refuses.
    """
    written: list[Path] = []
    for item in covered:
        if not any(product_path(out, code).exists() for code in item.codes):
            continue  # every commune failed: each one tells why
        if not _is_current(out / f"{item.area.name}.gpkg", item.codes, out, files):
            on_step(f"Produit de {item.area.label}")
            written.append(publish_region(item.area, item.codes, out, day))
    if changed or written or not (out / DIGESTS / f"{day.isoformat()}.html").exists():
        on_step("Synthèse du jour")
        written += write_digest(out, gather(out, first=day, last=day, failures=failures))
    return tuple(written)


def _is_current(path: Path, codes: Sequence[str], out: Path, files: FileDigests) -> bool:
    """Tell whether the product of an area was made from the products that are there."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            told = dict(opened.execute("SELECT insee, sha256 FROM produits").fetchall())
    except sqlite3.Error:
        return False
    found = {code: files.sha256([product_path(out, code)]) for code in codes}
    return told == {code: None if sha == NO_FILE else sha for code, sha in found.items()}
