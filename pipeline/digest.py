"""The digest of a region: one page that any browser opens offline, and its list as CSV and ODS."""

from pathlib import Path

from pipeline.digest_entries import Digest
from pipeline.digest_list import as_csv, as_ods
from pipeline.digest_page import digest_page
from pipeline.inventory.whole_files import write_whole

FOLDER = "digest"


def write_digest(out: Path, digest: Digest) -> tuple[Path, ...]:
    """
    Write `OUT/digest/AAAA-MM-JJ.html`, `.csv` and `.ods`, named after the last day told.

    Each file is whole or not there; the same digest gives the same bytes.

    Returns
    -------
    paths
        The page, the CSV, the ODS.

    Raises
    ------
    PublicationError
        If the disk refuses.
    """
    contents = {
        "html": digest_page(digest).encode(),
        "csv": as_csv(digest.entries),
        "ods": as_ods(digest.entries),
    }
    paths = []
    for suffix, content in contents.items():
        path = out / FOLDER / f"{digest.last.isoformat()}.{suffix}"
        write_whole(path, content)
        paths.append(path)
    return tuple(paths)
