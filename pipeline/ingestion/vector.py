"""Any vector layer → rows of the window, in the territory CRS, columns in lower case."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from pipeline.crs import FloatArray, GeometryArray
from pipeline.ingestion import prepared_layers
from pipeline.ingestion.placement import Placement, apply, place
from pipeline.ingestion.prepared_layers import Equal
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Bounds, Scope
from pipeline.ingestion.truncation import refuse_truncated
from pipeline.ingestion.vector_driver import (
    bare_filter,
    header,
    info_of,
    list_all_layers,
    named,
    read_columns,
    read_rows,
)

__all__ = [
    "Equal",
    "centres",
    "count_fields",
    "list_layers",
    "outside_counted",
    "read_columns",
    "read_layer",
    "read_placed",
]

_SERVICE_TABLES = ("layer_styles", "qgis_projects")
_NOTABLE_SHARE = 0.1


def list_layers(report: FileReport) -> list[str]:
    """
    Return the layers with a geometry of a vector file, in the order of the file.

    Raises
    ------
    SourceError
        If the file is truncated or unreadable, or if none of its layers has a geometry.
    """
    layers = prepared_layers.layers_of(report)
    if layers is None:
        refuse_truncated(report)
        layers = list_all_layers(report)
    spatial = [name for name, kind in layers if kind is not None]
    flat = [name for name, kind in layers if kind is None and name not in _SERVICE_TABLES]
    if not spatial:
        names = ", ".join(flat)[:200] or "aucune"
        why = f"couche sans géométrie ({names}) ; déposer une couche de points, lignes ou polygones"
        raise report.refusal(why)
    for name in flat:
        report.note(f"table {name} sans géométrie, non lue")
    return spatial


def read_layer(
    report: FileReport,
    layer: str,
    scope: Scope,
    *,
    equal: Equal | None = None,
    keep_missing: bool = False,
) -> gpd.GeoDataFrame:
    """
    Read one layer: what meets the window, in the territory CRS, in two dimensions.

    The driver reads the window only, when the header of the layer agrees with its declared CRS;
    otherwise everything is read and the coordinates tell where they are. Where the layer was
    prepared (`preparation`), its copy is read: the same rows, in the same order.

    Parameters
    ----------
    report
        The file; receives what was repaired or left out.
    layer
        One of `list_layers`.
    scope
        Territory and window.
    equal
        Optional attribute filter.
    keep_missing
        Also return the rows without geometry, wherever they are: nobody can tell. Otherwise those
        that were read are left out and counted.

    Returns
    -------
    table
        Columns in lower case, index = identifier of the row in the file; geometries are missing
        only with `keep_missing`.

    Raises
    ------
    SourceError
        If the layer cannot be read, no row has a geometry, or no coordinate system puts it in the
        territory.
    """
    copied = prepared_layers.placed_rows(report, layer, scope.territory, scope.window, equal)
    box = None
    if copied is not None:
        table, bare = (named(report, layer, part) for part in copied)
    else:
        declared, box = header(report, layer, scope)
        if box is None:
            table, bare = read_placed(report, layer, scope, declared, equal)
        else:
            table, bare = _split(_in_box(report, layer, scope, box))
            table = _in_territory(table, declared or table.crs, scope)
            _say_missing_table(report, table)
        table = _in_window(table, scope)
    report.meet(len(table) + len(bare))
    if not keep_missing:
        report.count(len(bare), "ligne sans géométrie écartée", "lignes sans géométrie écartées")
        return table
    if box is not None:  # the driver leaves them out of any window
        bare = pd.concat([bare, _unplaced(report, layer, scope)])
    return _followed_by(table, bare, scope)


def read_placed(
    report: FileReport, layer: str, scope: Scope, declared: CRS | None, equal: Equal | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """
    Return the rows of a layer whose coordinates tell the place, then those without geometry.

    The former are in the territory, and in its CRS; those beyond are counted.

    Raises
    ------
    SourceError
        If no row has a geometry, or no coordinate system puts the layer in the territory.
    """
    table = _read(report, layer, scope, equal)
    _say_missing_table(report, table)
    declared = declared or table.crs
    table, bare = _split(table)
    if len(bare) and table.empty:
        why = f"couche {layer} : aucune de ses {len(bare)} lignes n'a de géométrie ; la redéposer"
        raise report.refusal(why)
    if table.empty:
        return _in_territory(table, declared, scope), bare
    return _placed(table, declared, scope, report, layer), bare


def centres(geometries: gpd.GeoSeries) -> FloatArray:
    """Return the centre of the box of each geometry, shape `(n, 2)`."""
    bounds = shapely.bounds(geometries.to_numpy()).reshape(-1, 4)
    return (bounds[:, :2] + bounds[:, 2:]) / 2


def outside_counted(placement: Placement, report: FileReport) -> None:
    """Record how many objects fall out of the territory; warn when they are many."""
    outside = int((~placement.inside).sum())
    if outside > _NOTABLE_SHARE * len(placement.inside):
        report.warn(f"{outside} objets hors du territoire écartés sur {len(placement.inside)}")
    else:
        one, many = "objet hors du territoire écarté", "objets hors du territoire écartés"
        report.count(outside, one, many)


def count_fields(report: FileReport, layer: str) -> tuple[frozenset[str], int]:
    """Return the columns of a layer, in lower case, and its number of rows, without reading it."""
    info = info_of(report, layer)
    return frozenset(str(name).lower() for name in info["fields"]), int(info["features"])


def _read(
    report: FileReport, layer: str, scope: Scope, equal: Equal | None = None
) -> gpd.GeoDataFrame:
    """Return all rows of a layer, or those that a filter keeps."""
    if equal is None:
        return read_rows(report, layer, scope.work)
    copied = prepared_layers.driver_equal(report, layer, equal)
    if copied is not None:
        return named(report, layer, copied)
    where = f"\"{equal.column}\" = '{equal.text}'"
    return read_rows(report, layer, scope.work, where=where)


def _in_box(report: FileReport, layer: str, scope: Scope, box: Bounds) -> gpd.GeoDataFrame:
    copied = prepared_layers.driver_rows(report, layer, box)
    if copied is not None:
        return named(report, layer, copied)
    return read_rows(report, layer, scope.work, box=box)


def _unplaced(report: FileReport, layer: str, scope: Scope) -> gpd.GeoDataFrame:
    """Read the rows without geometry of a layer that a window was asked of."""
    copied = prepared_layers.driver_bare(report, layer)
    if copied is not None:
        found = named(report, layer, copied)
    else:
        found = read_rows(report, layer, scope.work, where=bare_filter(report, layer))
    report.meet(len(found))
    return found


def _split(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the rows with a geometry, then those without one (or with an empty one)."""
    is_bare = table.geometry.isna() | table.geometry.is_empty
    return table[~is_bare], table[is_bare]


def _followed_by(table: gpd.GeoDataFrame, bare: gpd.GeoDataFrame, scope: Scope) -> gpd.GeoDataFrame:
    if bare.empty:
        return table
    rows = pd.concat([table.drop(columns="geometry"), bare.drop(columns="geometry")])
    shapes = [*table.geometry, *([None] * len(bare))]
    series = gpd.GeoSeries(shapes, index=rows.index, crs=scope.territory.crs)
    return gpd.GeoDataFrame(rows, geometry=series)


def _in_territory(table: gpd.GeoDataFrame, declared: CRS | None, scope: Scope) -> gpd.GeoDataFrame:
    """Carry a table that lies where it says to the territory CRS."""
    crs = declared or CRS(scope.territory.crs)
    as_declared = Placement(crs, False, np.ones(0, bool), None)
    return _set(table, apply(table.geometry.to_numpy(), as_declared, scope.territory), scope)


def _placed(
    table: gpd.GeoDataFrame, declared: CRS | None, scope: Scope, report: FileReport, layer: str
) -> gpd.GeoDataFrame:
    placement = place(centres(table.geometry), declared, scope.territory)
    if placement is None:
        system = declared.name if declared is not None else "non déclaré"
        why = (
            f"couche {layer} : aucun système de coordonnées ne la place dans le territoire"
            f" « {scope.territory.name} » (déclaré : {system}) ; vérifier le fichier"
        )
        raise report.refusal(why)
    if placement.repair is not None:
        report.warn(placement.repair)
    outside_counted(placement, report)
    table = table[placement.inside]
    return _set(table, apply(table.geometry.to_numpy(), placement, scope.territory), scope)


def _set(table: gpd.GeoDataFrame, geometries: GeometryArray, scope: Scope) -> gpd.GeoDataFrame:
    series = gpd.GeoSeries(geometries, index=table.index, crs=scope.territory.crs)
    return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=series)


def _in_window(table: gpd.GeoDataFrame, scope: Scope) -> gpd.GeoDataFrame:
    if scope.window is None or table.empty:
        return table
    xmin, ymin, xmax, ymax = scope.window
    bounds = shapely.bounds(table.geometry.to_numpy())
    meets = (
        (bounds[:, 0] <= xmax)
        & (bounds[:, 2] >= xmin)
        & (bounds[:, 1] <= ymax)
        & (bounds[:, 3] >= ymin)
    )
    return table[meets]


def _say_missing_table(report: FileReport, table: gpd.GeoDataFrame) -> None:
    if report.file.format == "shapefile" and not len(table.columns.drop("geometry")):
        report.state = "partielle"
        report.warn("table .dbf absente : géométrie seule")
