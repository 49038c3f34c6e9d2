"""Points of CSV and JSON files read from the store of prepared sources: those of the window."""

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.ingestion.prepared import DAMAGED, Effects, Store, copy_key
from pipeline.ingestion.prepared_layers import placed_in
from pipeline.ingestion.prepared_rows import FID, OWN, read_meeting
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope

ROWS, KIND, GEOMETRY = "rows.parquet", "points", "wkb_geometry"


def read_prepared_points(report: FileReport, scope: Scope) -> gpd.GeoDataFrame | None:
    """
    Return the rows of a file that lie in the window, as `to_points` does, from the store.

    The report receives the remarks of the whole file. None when nothing is prepared, or without a
    window.
    """
    if report.file.store is None or scope.window is None:
        return None
    store = Store(report.file.store)
    copy = store.find(key_of_points(report, scope))
    if copy is None:
        return None
    try:
        rows, _ = read_meeting(copy.file(ROWS), scope.window)
        shapes = shapely.from_wkb(rows[GEOMETRY].to_numpy())
        index = pd.Index(rows[FID].to_numpy())
        plain = rows.drop_columns([GEOMETRY, *(n for n in OWN if n in rows.column_names)])
        table = plain.to_pandas().astype(copy.meta["dtypes"])
        for name in [name for name, kind in copy.meta["dtypes"].items() if kind == "object"]:
            table[name] = table[name].where(table[name].notna(), None)
    except DAMAGED:
        store.refuse(copy.folder)
        return None
    table.index = index
    Effects.read(copy.meta["effects"]).replay(report)
    report.meet(len(table))
    geometry = gpd.GeoSeries(shapes, index=index, crs=scope.territory.crs)
    return gpd.GeoDataFrame(table, geometry=geometry)


def key_of_points(report: FileReport, scope: Scope) -> str:
    """Return the key of the points of a file, as the reader of its folder finds them."""
    return copy_key(report.file, KIND, report.file.folder, *placed_in(scope.territory))
