"""What a driver says of a vector file and gives of it: headers, rows, encodings."""

import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
from pyogrio.errors import (
    DataLayerError,
    DataSourceError,
    FeatureError,
    FieldError,
    GeometryError,
)
from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.errors import SourceError
from pipeline.ingestion import prepared_layers
from pipeline.ingestion.encoding import FALLBACK, LATIN_1, is_utf8, shapefile_encoding
from pipeline.ingestion.placement import place, same_crs
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Bounds, Scope

DRIVER_FAILURES = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    pa.ArrowException,
    UnicodeDecodeError,
    OSError,
)


def list_all_layers(report: FileReport) -> list[tuple[str, str | None]]:
    """
    Return every layer of a file and its kind of geometry, None for a table without any.

    Raises
    ------
    SourceError
        If no driver opens the file.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # M values: dropped on purpose
            layers = pyogrio.list_layers(report.file.path)
    except DRIVER_FAILURES as error:
        raise unreadable(report, error) from error
    return [(str(name), None if kind is None else str(kind)) for name, kind in layers]


def header(report: FileReport, layer: str, scope: Scope) -> tuple[CRS | None, Bounds | None]:
    """Return the CRS that the layer declares, and the window to ask the driver for."""
    if report.file.format == "edigeo":  # each opening parses the whole sheet: one is enough
        return None, None
    info = info_of(report, layer)
    declared = _declared_crs(info, report)
    box = _trusted_window(info, declared, scope) if is_windowed(report) else None
    return declared, box


def is_windowed(report: FileReport) -> bool:
    """
    Tell whether a driver can read a window.

    GeoJSON is parsed whole in any case; read whole, its rows keep their rank, where the driver
    would take a numeric property `id` for an identifier and give it twice.
    """
    return report.file.format != "geojson"


def info_of(report: FileReport, layer: str) -> dict[str, Any]:
    """Return the header of a layer: `fields`, `features`, `crs`, `total_bounds` and others."""
    known = prepared_layers.info_of(report.file, layer)
    if known is not None:
        return known
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dict(pyogrio.read_info(report.file.path, layer=layer))
    except DRIVER_FAILURES as error:
        raise unreadable(report, error) from error


def read_rows(
    report: FileReport,
    layer: str,
    work: Path,
    *,
    box: Bounds | None = None,
    where: str | None = None,
) -> gpd.GeoDataFrame:
    """
    Return rows as a driver gives them, in the order of the file, columns in lower case.

    Parameters
    ----------
    box
        Window in the CRS of the layer; None reads everything.
    where
        Optional attribute filter, in the syntax of OGR.
    """
    path, encoding = decoded(report, work)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken rings come back as missing: counted later
            table = pyogrio.read_dataframe(
                path,
                layer=layer,
                bbox=box,
                where=where,
                encoding=encoding,
                use_arrow=True,
                fid_as_index=is_windowed(report),
                on_invalid="ignore",
            )
    except DRIVER_FAILURES as error:
        raise unreadable(report, error) from error
    return named(report, layer, table)


def named(report: FileReport, layer: str, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a table of a driver in the order of the file, its columns in lower case, once each."""
    if not isinstance(table, gpd.GeoDataFrame):
        why = f"couche {layer} sans géométrie ; déposer une couche spatiale"
        raise report.refusal(why)
    # A spatial index gives rows in an order of its own, which the results must not depend on.
    table = table.sort_index(kind="stable")
    table.columns = [str(name).lower() for name in table.columns]
    return table.loc[:, ~table.columns.duplicated()]


def read_columns(
    report: FileReport, layer: str, names: Collection[str], work: Path
) -> pd.DataFrame:
    """Return columns of a layer, given in lower case, without its geometries nor its window."""
    path, encoding = decoded(report, work)
    given = [str(name) for name in info_of(report, layer)["fields"] if str(name).lower() in names]
    try:
        table = pyogrio.read_dataframe(
            path, layer=layer, columns=given, read_geometry=False, encoding=encoding
        )
    except DRIVER_FAILURES as error:
        raise unreadable(report, error) from error
    table.columns = [str(name).lower() for name in table.columns]
    return pd.DataFrame(table.loc[:, ~table.columns.duplicated()])


def decoded(report: FileReport, work: Path) -> tuple[Path, str | None]:
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


def bare_filter(report: FileReport, layer: str) -> str:
    """Return the filter of the rows without geometry, which a driver leaves out of any window."""
    name = info_of(report, layer).get("geometry_name")
    is_bare = f'"{name}" IS NULL OR ST_IsEmpty("{name}")'
    return is_bare if report.file.format == "geopackage" else "OGR_GEOMETRY IS NULL"


def unreadable(report: FileReport, error: Exception) -> SourceError:
    """Return the refusal of a file that its driver cannot read."""
    reason = " ".join(str(error).replace(str(report.file.path), "").split())[:200]
    return report.refusal(f"fichier illisible ({reason}) ; le redéposer")


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
