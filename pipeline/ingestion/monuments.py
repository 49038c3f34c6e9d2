"""Listed monuments as points (Mérimée): circles, where no easement draws the surroundings."""

import dataclasses
from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.ingestion.encoding import undo_double_encoding
from pipeline.ingestion.points import to_points
from pipeline.ingestion.prepared_points import read_prepared_points
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import drop_repeated
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.tables import read_csv, read_json
from pipeline.ingestion.vector import list_layers, read_layer

# Geocoding that found the commune only: the point says nothing of where the monument is.
_COMMUNE_ONLY = "municipality"


def read_monuments(
    reports: Sequence[FileReport], scope: Scope, *, radius_m: float, segments: int
) -> list[pd.DataFrame]:
    """
    Read the circles around monuments that meet the window.

    Parameters
    ----------
    reports, scope
        Files of `monuments/`; territory and window.
    radius_m
        Radius of the circle, metres.
    segments
        Segments per quadrant of the circle.

    Raises
    ------
    SourceError
        If a file cannot be read, or has no coordinates.
    """
    seen: set[str] = set()
    around = _grown(scope, radius_m)
    return [
        _circles(table, around, seen, report, radius_m, segments)
        for report in reports
        for table in _tables(report, around)
    ]


def _grown(scope: Scope, by_m: float) -> Scope:
    if scope.window is None:
        return scope
    xmin, ymin, xmax, ymax = scope.window
    return dataclasses.replace(scope, window=(xmin - by_m, ymin - by_m, xmax + by_m, ymax + by_m))


def _tables(report: FileReport, scope: Scope) -> list[gpd.GeoDataFrame]:
    copied = read_prepared_points(report, scope)
    if copied is not None:
        return [copied]
    if report.file.format == "csv":
        return [to_points(read_csv(report), scope, report)]
    if report.file.format == "json":
        return [to_points(read_json(report), scope, report)]
    return [read_layer(report, layer, scope) for layer in list_layers(report)]


def _circles(
    table: gpd.GeoDataFrame,
    scope: Scope,
    seen: set[str],
    report: FileReport,
    radius_m: float,
    segments: int,
) -> pd.DataFrame:
    folder = scope.catalogue["monuments"]
    folder.require(table, report.file.name)
    is_vague = folder.take(table, "result_type").eq(_COMMUNE_ONLY).fillna(value=False)
    report.count(
        int(is_vague.sum()),
        "monument situé à la commune seulement, sans périmètre",
        "monuments situés à la commune seulement, sans périmètre",
    )
    kept = table[~is_vague.to_numpy(dtype=bool)]
    given = [f"monuments/{name}" for name in folder.take(kept, "id").fillna("sans référence")]
    kept, ids = drop_repeated(kept, given, seen, report)
    report.row_count += len(kept)
    circles = shapely.buffer(kept.geometry.to_numpy(), radius_m, quad_segs=segments)
    return pd.DataFrame(
        {
            "perimeter_id": ids,
            "source": "monuments",
            "kind": "abords_500m",
            "name": undo_double_encoding(folder.take(kept, "name")).to_numpy(),
            "geometry": circles,
        }
    )
