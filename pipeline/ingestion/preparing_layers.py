"""Vector layers copied to the store of prepared sources, rows, place and remarks."""

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyproj import CRS

from pipeline.crs import WGS84, Territory, transformer_between
from pipeline.errors import SourceError
from pipeline.ingestion.prepared import Meta, Store, copy_key, effects_of
from pipeline.ingestion.prepared_layers import BARE, ROWS, frame_of, placed_in
from pipeline.ingestion.prepared_rows import FID, OWN, write_rows
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Bounds, Scope
from pipeline.ingestion.truncation import refuse_truncated
from pipeline.ingestion.vector import read_placed
from pipeline.ingestion.vector_driver import (
    DRIVER_FAILURES,
    bare_filter,
    decoded,
    header,
    info_of,
    is_windowed,
    list_all_layers,
    unreadable,
)

_GEOMETRY = "wkb_geometry"
_PLAIN = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_boolean,
    pa.types.is_date32,
)
_SIMPLE_KINDS = 7  # points to collections: no curve


class _NotCopiedError(Exception):
    """A layer that the store would not give back as it is: read from its file each time."""


def prepare_file(store: Store, report: FileReport) -> str:
    """
    Copy what the header of a vector file says: its layers, and their headers.

    Returns
    -------
    key
        That of the copy.

    Raises
    ------
    SourceError
        If the file is truncated or unreadable.
    """
    key = copy_key(report.file, "file")
    if store.sound(key) is None:
        refuse_truncated(report)
        layers = list_all_layers(report)
        is_light = report.file.format != "edigeo"  # a sheet is parsed whole for each header
        spatial = [name for name, kind in layers if kind is not None]
        infos = {name: _header(report, name) for name in spatial} if is_light else {}
        store.make(key, [report.file], lambda _: {"layers": layers, "infos": infos})
    return key


def prepare_layer(store: Store, report: FileReport, layer: str, scope: Scope) -> str | None:
    """
    Copy a layer, as a window of the territory will be read of it.

    Parameters
    ----------
    report
        Of the file; read for nothing else.
    scope
        Gives the territory and the temporary folder; its window does not count.

    Returns
    -------
    key
        That of the copy; None when the file will be read each time: a layer without any row,
        with types or outlines that a copy would not give back as they are, or that is refused.
    """
    around = dataclasses.replace(scope, window=_somewhere(scope.territory))
    is_driven = header(report, layer, around)[1] is not None
    parts = () if is_driven else placed_in(scope.territory)
    key = copy_key(report.file, "driver" if is_driven else "placed", layer, *parts)
    if store.sound(key) is not None:
        return key
    try:
        store.make(
            key,
            [report.file],
            lambda folder: (
                _copy_driven(report, layer, scope, folder)
                if is_driven
                else _copy_placed(report, layer, scope, folder)
            ),
        )
    except (_NotCopiedError, SourceError):  # what is refused is told when a commune reads it
        return None
    return key


def _header(report: FileReport, layer: str) -> dict[str, Any]:
    info = info_of(report, layer)
    bounds = info.get("total_bounds")
    return {
        "fields": [str(name) for name in info["fields"]],
        "features": int(info["features"]),
        "crs": info["crs"],
        "total_bounds": None if bounds is None else [float(side) for side in bounds],
        "geometry_name": info.get("geometry_name"),
    }


def _copy_driven(report: FileReport, layer: str, scope: Scope, folder: Path) -> Meta:
    """Copy rows in the CRS of the file: the window of a commune is looked for there."""
    trial = FileReport(report.file)
    rows, meta = _arrow(trial, layer, scope.work)
    shapes = _shapes(rows, meta)
    is_bare = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if (is_bare & rows[_GEOMETRY].is_valid().to_numpy() & ~shapely.is_empty(shapes)).any():
        raise _NotCopiedError  # a driver knows where a broken ring lies, we would not
    if (shapely.get_type_id(shapes[~is_bare]) > _SIMPLE_KINDS).any():
        raise _NotCopiedError
    kept = rows.filter(pa.array(~is_bare))
    bare, _ = _arrow(trial, layer, scope.work, where=bare_filter(trial, layer))
    crs = None if meta["crs"] is None else CRS.from_user_input(meta["crs"])
    write_rows(folder / ROWS, kept, shapes[~is_bare], _GEOMETRY, crs)
    pq.write_table(bare, folder / BARE)
    return {**meta, "dtypes": {}, "effects": effects_of(trial)}


def _copy_placed(report: FileReport, layer: str, scope: Scope, folder: Path) -> Meta:
    """Copy rows in the territory CRS: where they are was told by all of them together."""
    trial = FileReport(report.file)
    everywhere = dataclasses.replace(scope, window=None)
    declared, _ = header(trial, layer, everywhere)
    table, bare = read_placed(trial, layer, everywhere, declared)
    if table.empty:
        raise _NotCopiedError
    rows, meta = _arrow(FileReport(report.file), layer, scope.work)
    meta |= {"crs": scope.territory.crs}
    whole = frame_of(rows, meta)
    ranks = pd.Series(np.arange(len(whole)), index=whole.index)
    if not ranks.index.is_unique:
        raise _NotCopiedError
    shapes = table.geometry.to_numpy()
    placed = rows.take(pa.array(ranks[table.index].to_numpy()))
    column = placed.column_names.index(_GEOMETRY)
    placed = placed.set_column(column, _GEOMETRY, pa.array(shapely.to_wkb(shapes), pa.binary()))
    write_rows(folder / ROWS, placed, shapes, _GEOMETRY, CRS(scope.territory.crs))
    pq.write_table(rows.take(pa.array(ranks[bare.index].to_numpy())), folder / BARE)
    dtypes = {str(name): str(dtype) for name, dtype in whole.dtypes.items() if name != "geometry"}
    return {**meta, "dtypes": dtypes, "effects": effects_of(trial)}


def _arrow(
    report: FileReport, layer: str, work: Path, where: str | None = None
) -> tuple[pa.Table, Meta]:
    """Return the Arrow columns that `pyogrio.read_dataframe` starts from, and how to read them."""
    path, encoding = decoded(report, work)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta, table = pyogrio.read_arrow(
                path,
                layer=layer,
                encoding=encoding,
                where=where,
                return_fids=is_windowed(report),
                datetime_as_string=True,
            )
    except DRIVER_FAILURES as error:
        raise unreadable(report, error) from error
    if is_windowed(report):
        index = table[meta["fid_column"]].combine_chunks()
        table = table.drop_columns([meta["fid_column"]])
    else:
        index = pa.array(np.arange(len(table)))
    given = meta["geometry_name"] or _GEOMETRY
    names = [_GEOMETRY if name == given else name for name in table.column_names]
    _refuse_odd(table, names, given, meta)
    schema = pa.schema(
        [pa.field(name, field.type) for name, field in zip(names, table.schema, strict=True)]
    )
    plain = pa.table(table.columns, schema=schema).append_column(FID, index)
    moments = [
        str(name)
        for dtype, name in zip(meta["dtypes"], meta["fields"], strict=True)
        if str(dtype).startswith("datetime") and dtype != "datetime64[D]"
    ]
    texts = {n.lower(): n for n in names if pa.types.is_string(schema.field(n).type)}
    return plain, {
        "geometry": _GEOMETRY,
        "moments": moments,
        "texts": texts,
        "is_indexed": is_windowed(report),
        "crs": meta["crs"],
    }


def _refuse_odd(table: pa.Table, names: list[str], given: str, meta: dict[str, Any]) -> None:
    """Leave a layer whose columns would not come back the same."""
    lowered = [name.lower() for name in names]
    is_plain = all(
        any(fits(field.type) for fits in _PLAIN) for field in table.schema if field.name != given
    )
    is_odd = (
        given not in table.column_names
        or len(set(lowered)) < len(lowered)
        or bool({*OWN, "geometry"} & set(lowered))
        or "OFSTJSON" in meta["ogr_subtypes"]
        or not is_plain
    )
    if is_odd:
        raise _NotCopiedError


def _shapes(rows: pa.Table, meta: Meta) -> Any:  # noqa: ANN401 - an array of geometries
    frame: gpd.GeoDataFrame = frame_of(rows.select([_GEOMETRY, FID]), {**meta, "moments": []})
    return frame.geometry.to_numpy()


def _somewhere(territory: Territory) -> Bounds:
    """Return a window in the middle of a territory: that a header is believed hangs on none."""
    west, south, east, north = territory.lon_lat_bounds
    transformer = transformer_between(WGS84, territory.crs)
    x, y = transformer.transform((west + east) / 2, (south + north) / 2)
    return (x, y, x + 1, y + 1)
