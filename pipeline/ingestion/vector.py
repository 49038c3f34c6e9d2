"""Any vector layer → rows of the window, in the territory CRS, columns in lower case."""

import struct
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
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
_SQLITE_PAGE_SIZE_AT = 16
_SQLITE_PAGE_COUNT_AT = 28
_SHAPEFILE_LENGTH_AT = 24
_CHANGED, _VALID_FOR = slice(24, 28), slice(92, 96)  # equal: the page count can be trusted
_HEADER_BYTES = 100
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
    _refuse_truncated(path, report)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # M values: dropped on purpose
            layers = pyogrio.list_layers(path)
    except _DRIVER_FAILURES as error:
        raise _unreadable(report, error) from error
    spatial = [str(name) for name, kind in layers if kind is not None]
    if not spatial:
        why = "couche sans géométrie ; déposer une couche de points, de lignes ou de polygones"
        raise report.refusal(why)
    return spatial


def read_layer(
    report: FileReport, layer: str, scope: Scope, *, where: str | None = None
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

    Returns
    -------
    table
        Columns in lower case, index = identifier of the row in the file, no missing geometry.

    Raises
    ------
    SourceError
        If the layer cannot be read, or no coordinate system puts it in the territory.
    """
    declared, box = _header(report, layer, scope)
    table = _read(report, layer, scope.work, box, where)
    declared = declared or table.crs
    if not len(table.columns.drop("geometry")) and report.file.format == "shapefile":
        _say_missing_table(report)
    table = _with_geometry(table, report)
    if box is None and len(table):
        return _in_window(_placed(table, declared, scope, report, layer), scope)
    crs = declared or CRS(scope.territory.crs)
    geometries = apply(
        table.geometry.to_numpy(), Placement(crs, False, np.ones(0, bool), None), scope.territory
    )
    return _in_window(_set(table, geometries, scope), scope)


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


def _with_geometry(table: gpd.GeoDataFrame, report: FileReport) -> gpd.GeoDataFrame:
    missing = table.geometry.isna() | table.geometry.is_empty
    report.count(
        int(missing.sum()),
        "ligne sans géométrie lisible écartée",
        "lignes sans géométrie lisible écartées",
    )
    return table[~missing]


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


def _refuse_truncated(path: Path, report: FileReport) -> None:
    """Refuse a shapefile or a GeoPackage shorter than its own header says."""
    with path.open("rb") as stream:
        header = stream.read(_HEADER_BYTES).ljust(_HEADER_BYTES, b"\0")
    announced = 0
    if report.file.format == "shapefile":
        announced = 2 * struct.unpack_from(">i", header, _SHAPEFILE_LENGTH_AT)[0]
    elif report.file.format == "geopackage" and header[_CHANGED] == header[_VALID_FOR]:
        page = struct.unpack_from(">H", header, _SQLITE_PAGE_SIZE_AT)[0]
        announced = (65_536 if page == 1 else page) * struct.unpack_from(
            ">I", header, _SQLITE_PAGE_COUNT_AT
        )[0]
    if path.stat().st_size < announced:
        why = "fichier tronqué ; le redéposer"
        raise report.refusal(why)


def _unreadable(report: FileReport, error: Exception) -> SourceError:
    reason = " ".join(str(error).replace(str(report.file.path), "").split())[:200]
    return report.refusal(f"fichier illisible ({reason}) ; le redéposer")
