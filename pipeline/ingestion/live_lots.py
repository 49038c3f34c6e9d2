"""Where the car parks of a commune are, before any run: boxes of the outlines already in `data`."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import FloatArray, Territory
from pipeline.ingestion.bdtopo import read_bdtopo
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.communes import find_window, read_communes
from pipeline.ingestion.files import find_files
from pipeline.ingestion.formats import READ_IN, VECTORS
from pipeline.ingestion.osm import read_osm
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope

_SURFACE = 2  # dimension of a polygon


def park_boxes(
    data: Path,
    insee_code: str,
    territory: Territory,
    assumptions: Assumptions,
    catalogue: Catalogue,
) -> FloatArray:
    """
    Return the boxes of the car parks that OSM and BD TOPO draw in a commune, with their margin.

    The run will merge and cut these outlines: the boxes hold what it measures, and a little more.

    Parameters
    ----------
    data
        Folder of the sources; `communes/` must hold the commune.
    territory
        That of the commune.
    assumptions, catalogue
        The margin around a lot (`height_model.margin_m`); what is known of each folder.

    Returns
    -------
    boxes
        Shape `(n, 4)`: west, south, east, north, metres in the territory CRS; none where neither
        folder is there.

    Raises
    ------
    SourceError
        If a file cannot be read, or the commune has no limits here.
    """
    with tempfile.TemporaryDirectory() as work:
        scope = Scope(territory, None, insee_code, catalogue, Path(work))
        reports = _reports(data, "communes", scope)
        window = find_window(reports, scope, assumptions.parking_lots.halo_m.value)
        scope = replace(scope, window=window)
        limits = read_communes([FileReport(report.file) for report in reports], scope)
        tables = _candidates(data, scope, assumptions)
    own = limits[(limits["insee_code"] == insee_code).to_numpy(dtype=bool)]
    inside = shapely.union_all(own.geometry.to_numpy())
    shapes = np.concatenate(
        [np.empty(0, dtype=object), *(t["geometry"].to_numpy() for t in tables)]
    )
    is_drawn = shapely.get_dimensions(shapes) == _SURFACE
    kept = shapes[is_drawn & shapely.intersects(shapes, inside)]
    margin_m = assumptions.height_model.margin_m.value
    return shapely.bounds(kept).reshape(-1, 4) + margin_m * np.array([-1, -1, 1, 1])


def _candidates(data: Path, scope: Scope, assumptions: Assumptions) -> list[pd.DataFrame]:
    osm, bdtopo = (_reports(data, folder, scope) for folder in ("osm", "bdtopo"))
    tables = [read_osm(osm, scope, assumptions).candidates] if osm else []
    return [*tables, *read_bdtopo(bdtopo, scope, assumptions).candidates]


def _reports(data: Path, folder: str, scope: Scope) -> list[FileReport]:
    """Return the files of a folder that its reader reads; none when it is absent or empty."""
    if not any(path.is_file() for path in (data / folder).rglob("*")):
        return []
    files = find_files(data, folder, scope.work / folder) or ()
    formats = READ_IN.get(folder, VECTORS)
    return [FileReport(file) for file in files if file.format in formats]
