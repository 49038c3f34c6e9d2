"""Any vector layer → rows of the window, in the territory CRS, columns in lower case."""

import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import (
    DataLayerError,
    DataSourceError,
    FeatureError,
    FieldError,
    GeometryError,
)
from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.crs import FloatArray, GeometryArray
from pipeline.errors import SourceError
from pipeline.ingestion.encoding import FALLBACK, LATIN_1, is_utf8, shapefile_encoding
from pipeline.ingestion.placement import Placement, apply, place, same_crs
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Bounds, Scope
from pipeline.ingestion.truncation import refuse_truncated

_DRIVER_FAILURES = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    pa.ArrowException,
    UnicodeDecodeError,
    OSError,
)
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
    path = report.file.path
    refuse_truncated(report)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # M values: dropped on purpose
            layers = pyogrio.list_layers(path)
    except _DRIVER_FAILURES as error:
        raise _unreadable(report, error) from error
    spatial = [str(name) for name, kind in layers if kind is not None]
    flat = [str(name) for name, kind in layers if kind is None and name not in _SERVICE_TABLES]
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
    where: str | None = None,
    keep_missing: bool = False,
) -> gpd.GeoDataFrame:
    """
    Read one layer: what meets the window, in the territory CRS, in two dimensions.

    The driver reads the window only, when the header of the layer agrees with its declared CRS;
    otherwise everything is read and the coordinates tell where they are.

    Parameters
    ----------
    report
        The file; receives what was repaired or left out.
    layer
        One of `list_layers`.
    scope
        Territory and window.
    where
        Optional attribute filter, in the syntax of OGR.
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
    declared, box = _header(report, layer, scope)
    table = _read(report, layer, scope.work, box, where)
    declared = declared or table.crs
    if not len(table.columns.drop("geometry")) and report.file.format == "shapefile":
        _say_missing_table(report)
    table, bare = _split(table)
    if box is None and len(bare) and table.empty:
        why = f"couche {layer} : aucune de ses {len(bare)} lignes n'a de géométrie ; la redéposer"
        raise report.refusal(why)
    if box is None and len(table):
        table = _in_window(_placed(table, declared, scope, report, layer), scope)
    else:
        table = _in_window(_in_territory(table, declared, scope), scope)
    report.meet(len(table) + len(bare))
    if not keep_missing:
        report.count(len(bare), "ligne sans géométrie écartée", "lignes sans géométrie écartées")
        return table
    if box is not None:  # the driver leaves them out of any window
        bare = pd.concat([bare, _unplaced(report, layer, scope)])
    return _followed_by(table, bare, scope)


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
    info = _info(report, layer)
    return frozenset(str(name).lower() for name in info["fields"]), int(info["features"])


def read_columns(
    report: FileReport, layer: str, names: Collection[str], work: Path
) -> pd.DataFrame:
    """Return columns of a layer, given in lower case, without its geometries nor its window."""
    path, encoding = _decoded(report, work)
    given = [str(name) for name in _info(report, layer)["fields"] if str(name).lower() in names]
    try:
        table = pyogrio.read_dataframe(
            path, layer=layer, columns=given, read_geometry=False, encoding=encoding
        )
    except _DRIVER_FAILURES as error:
        raise _unreadable(report, error) from error
    table.columns = [str(name).lower() for name in table.columns]
    return pd.DataFrame(table.loc[:, ~table.columns.duplicated()])


def _header(report: FileReport, layer: str, scope: Scope) -> tuple[CRS | None, Bounds | None]:
    """Return the CRS that the layer declares, and the window to ask the driver for."""
    if report.file.format == "edigeo":  # each opening parses the whole sheet: one is enough
        return None, None
    info = _info(report, layer)
    declared = _declared_crs(info, report)
    box = _trusted_window(info, declared, scope) if _is_windowed(report) else None
    return declared, box


def _is_windowed(report: FileReport) -> bool:
    """
    Tell whether a driver can read a window.

    GeoJSON is parsed whole in any case; read whole, its rows keep their rank, where the driver
    would take a numeric property `id` for an identifier and give it twice.
    """
    return report.file.format != "geojson"


def _info(report: FileReport, layer: str) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dict(pyogrio.read_info(report.file.path, layer=layer))
    except _DRIVER_FAILURES as error:
        raise _unreadable(report, error) from error


def _declared_crs(info: dict[str, Any], report: FileReport) -> CRS | None:
    try:
        return CRS.from_user_input(info["crs"]) if info["crs"] else None
    except CRSError:
        report.note("système de coordonnées déclaré illisible")
        return None


def _trusted_window(info: dict[str, Any], declared: CRS | None, scope: Scope) -> Bounds | None:
    """Return the window in the CRS of the layer when its header lies where it says, else None."""
    bounds = info.get("total_bounds")
    if declared is None or bounds is None or scope.window is None:
        return None
    corners = np.asarray(bounds, dtype=float).reshape(2, 2)
    if not np.isfinite(corners).all():
        return None
    found = place(corners, declared, scope.territory)
    if found is None or found.repair is not None or not found.inside.all():
        return None
    return scope.window if same_crs(declared, scope.territory) else scope.window_in(declared)


def _read(
    report: FileReport, layer: str, work: Path, box: Bounds | None, where: str | None
) -> gpd.GeoDataFrame:
    path, encoding = _decoded(report, work)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken rings come back as missing: counted below
            table = pyogrio.read_dataframe(
                path,
                layer=layer,
                bbox=box,
                where=where,
                encoding=encoding,
                use_arrow=True,
                fid_as_index=_is_windowed(report),
                on_invalid="ignore",
            )
    except _DRIVER_FAILURES as error:
        raise _unreadable(report, error) from error
    if not isinstance(table, gpd.GeoDataFrame):
        why = f"couche {layer} sans géométrie ; déposer une couche spatiale"
        raise report.refusal(why)
    table.columns = [str(name).lower() for name in table.columns]
    return table.loc[:, ~table.columns.duplicated()]


def _decoded(report: FileReport, work: Path) -> tuple[Path, str | None]:
    """Return a path that reads as UTF-8, or the encoding to ask for; record what is not UTF-8."""
    path = report.file.path
    if report.file.format == "shapefile":
        encoding = shapefile_encoding(path)
        if encoding == "CP1252":
            report.note(LATIN_1)
        return path, encoding
    if report.file.format != "geojson" or is_utf8(path):
        return path, None
    report.note(LATIN_1)
    target = work / "utf8" / report.file.sha256 / path.name  # the layer bears the name of the file
    target.parent.mkdir(exist_ok=True, parents=True)
    target.write_text(path.read_bytes().decode(FALLBACK, errors="replace"), encoding="utf-8")
    return target, None


def _split(table: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the rows with a geometry, then those without one (or with an empty one)."""
    is_bare = table.geometry.isna() | table.geometry.is_empty
    return table[~is_bare], table[is_bare]


def _unplaced(report: FileReport, layer: str, scope: Scope) -> gpd.GeoDataFrame:
    """Read the rows without geometry of a layer that a window was asked of."""
    name = _info(report, layer).get("geometry_name")
    is_bare = f'"{name}" IS NULL OR ST_IsEmpty("{name}")'
    where = is_bare if report.file.format == "geopackage" else "OGR_GEOMETRY IS NULL"
    found = _read(report, layer, scope.work, None, where)
    report.meet(len(found))
    return found


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


def _say_missing_table(report: FileReport) -> None:
    report.state = "partielle"
    report.warn("table .dbf absente : géométrie seule")


def _unreadable(report: FileReport, error: Exception) -> SourceError:
    reason = " ".join(str(error).replace(str(report.file.path), "").split())[:200]
    return report.refusal(f"fichier illisible ({reason}) ; le redéposer")
