"""The windows of many communes, in one reading of their limits."""

import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import shapely

from pipeline.crs import Territory, territory_of
from pipeline.errors import SourceError
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.communes import read_communes
from pipeline.ingestion.formats import VECTORS
from pipeline.ingestion.prepared_listing import find_known_files
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Bounds, Scope


def commune_windows(
    data: Path,
    codes: Iterable[str],
    halo_m: float,
    territories: tuple[Territory, ...],
    catalogue: Catalogue,
    *,
    prepared: Path | None = None,
) -> dict[str, Bounds]:
    """
    Return the box of each commune grown by `halo_m` metres: what `find_window` gives for each.

    Parameters
    ----------
    codes
        INSEE codes; those that the folder does not know are left out: their run tells it.
    territories
        All known ones; each box is in the CRS of the territory of its commune.
    prepared
        The store of prepared sources, when it is not the one of the data folder.

    Raises
    ------
    SourceError
        If there are no limits of communes, or if they cannot be read.
    """
    wanted: dict[str, set[str]] = defaultdict(set)
    for code in codes:
        wanted[territory_of(code, territories).code].add(code)
    found: dict[str, Bounds] = {}
    with tempfile.TemporaryDirectory(prefix="parzan-") as work:
        files = find_known_files(data, "communes", Path(work), prepared) or ()
        usable = [file for file in files if file.damage is None and file.format in VECTORS]
        if not usable:
            msg = f"{data}/communes : dossier absent ; y déposer les limites communales"
            raise SourceError(msg)
        for territory in territories:
            if territory.code in wanted:
                scope = Scope(territory, None, "", catalogue, Path(work))
                limits = read_communes([FileReport(file) for file in usable], scope)
                boxes = shapely.bounds(limits.geometry.to_numpy()).reshape(-1, 4)
                boxes += (-halo_m, -halo_m, halo_m, halo_m)
                pairs = zip(limits["insee_code"], boxes.tolist(), strict=True)
                kept = {code: box for code, box in pairs if code in wanted[territory.code]}
                found |= {code: (box[0], box[1], box[2], box[3]) for code, box in kept.items()}
    return dict(sorted(found.items()))
