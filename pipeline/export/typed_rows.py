"""Rows of a layer → a typed Arrow table: French names, exact types, NULL where nothing is known."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from pipeline.crs import GeometryArray
from pipeline.export.fields import Column, Kind
from pipeline.export.layers import GEOMETRY_COLUMN, GeometryType, Layer

# Neither XML 1.0 nor a GeoPackage reader accepts them; a stray one would damage the whole project.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "real": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}


def clean(text: str) -> str:
    """Return `text` without the characters that XML 1.0 forbids; nothing else is changed."""
    return _FORBIDDEN.sub("", text)


def to_arrow(layer: Layer, rows: pd.DataFrame) -> pa.Table:
    """
    Give `rows` the columns of `layer`, in its order, sorted by its key.

    Parameters
    ----------
    layer
        Names, types and geometry that the file declares.
    rows
        Table with the columns' `origin`; one that lacks comes out NULL, an extra one is left out.

    Returns
    -------
    table
        Geometry as WKB in `geom`, polygons and multipolygons alike as multipolygons; a missing
        geometry is NULL.
    """
    plain = pd.DataFrame(rows)  # reading the columns of a GeoDataFrame one by one is slow
    arrays = {column.name: _array(column, plain) for column in layer.columns}
    if layer.geometry is not None:
        arrays[GEOMETRY_COLUMN] = _wkb(rows["geometry"].to_numpy(), layer.geometry)
    order = [(name, "ascending") for name in layer.sort]
    if layer.geometry is not None and layer.key is None:
        order.append((GEOMETRY_COLUMN, "ascending"))  # twins differ by their shape only
    return pa.table(arrays).sort_by(order)


def _array(column: Column, rows: pd.DataFrame) -> pa.Array:
    if column.origin is None or column.origin not in rows.columns:
        return pa.nulls(len(rows), ARROW[column.kind])
    values = rows[column.origin]
    if column.digits is not None:
        values = _numbers(values).round(column.digits)
    return _CAST[column.kind](values)


def _wkb(shapes: GeometryArray, declared: GeometryType) -> pa.Array:
    shapes = np.asarray(shapes, dtype=object)
    if declared == "MultiPolygon":
        single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
        shapes = shapes.copy()
        shapes[single] = [shapely.multipolygons([shape]) for shape in shapes[single]]
    encoded = shapely.to_wkb(shapely.force_2d(shapes), byte_order=1)
    return pa.array(list(encoded), type=pa.binary())


def _text(values: "pd.Series[Any]") -> pa.Array:
    gone = values.isna().tolist()
    texts = [None if no else str(it) for it, no in zip(values.tolist(), gone, strict=True)]
    if _FORBIDDEN.search("".join(it for it in texts if it is not None)):
        texts = [None if it is None else clean(it) for it in texts]
    return pa.array(texts, type=ARROW["text"])


def _numbers(values: "pd.Series[Any]") -> "pd.Series[Any]":
    if values.dtype == np.float64:
        return values
    return pd.to_numeric(values, errors="raise").astype("Float64")


def _integer(values: "pd.Series[Any]") -> pa.Array:
    rounded = _numbers(values).round()
    return pa.array(rounded.astype("Int64").tolist(), type=ARROW["integer"], from_pandas=True)


def _real(values: "pd.Series[Any]") -> pa.Array:
    numbers = pd.to_numeric(values, errors="raise").to_numpy(dtype="float64", na_value=np.nan)
    return pa.array(numbers, type=ARROW["real"], from_pandas=True)


def _boolean(values: "pd.Series[Any]") -> pa.Array:
    gone = values.isna().tolist()
    flags = [None if no else bool(it) for it, no in zip(values.tolist(), gone, strict=True)]
    return pa.array(flags, type=ARROW["boolean"])


def _date(values: "pd.Series[Any]") -> pa.Array:
    days = [None if pd.isna(value) else pd.Timestamp(value).date() for value in values]
    return pa.array(days, type=ARROW["date"])


_CAST: dict[Kind, Callable[["pd.Series[Any]"], pa.Array]] = {
    "text": _text,
    "integer": _integer,
    "real": _real,
    "boolean": _boolean,
    "date": _date,
}
