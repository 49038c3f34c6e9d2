"""Vector layers read from the store of prepared sources: the same rows as from their files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from pipeline.crs import Territory
from pipeline.ingestion.files import SourceFile
from pipeline.ingestion.prepared import DAMAGED, Copy, Effects, Meta, Store, copy_key
from pipeline.ingestion.prepared_rows import FID, OWN, read_equal, read_meeting
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Bounds

ROWS, BARE = "rows.parquet", "bare.parquet"

_AnswerT = TypeVar("_AnswerT")


@dataclass(frozen=True)
class Equal:
    """A filter: rows of which the column, in lower case, is this text."""

    column: str
    text: str


def layers_of(report: FileReport) -> list[tuple[str, str | None]] | None:
    """Return every layer of a file and its kind, None when nothing is prepared."""
    meta = _meta(report.file, "file")
    return None if meta is None else [(name, kind) for name, kind in meta["layers"]]


def info_of(file: SourceFile, layer: str) -> dict[str, Any] | None:
    """Return the header of a layer; None when nothing is prepared."""
    meta = _meta(file, "file")
    return None if meta is None else meta["infos"].get(layer)


def driver_rows(report: FileReport, layer: str, box: Bounds) -> gpd.GeoDataFrame | None:
    """
    Return what a driver would of a window, columns as written; None when nothing is prepared.

    Drivers keep the rows that meet the window, and not those of which only the box does.
    """

    def read(copy: Copy) -> gpd.GeoDataFrame:
        rows, boxes = read_meeting(copy.file(ROWS), box)
        xmin, ymin, xmax, ymax = box
        sides = boxes >= (xmin, ymin, -np.inf, -np.inf), boxes <= (np.inf, np.inf, xmax, ymax)
        is_met = np.asarray(np.logical_and(*sides).all(axis=1))
        crossing = rows[copy.meta["geometry"]].filter(pa.array(~is_met)).to_numpy()
        window = shapely.box(*box)
        shapely.prepare(window)
        is_met[~is_met] = shapely.intersects(window, shapely.from_wkb(crossing))
        return frame_of(rows.filter(pa.array(is_met)), copy.meta)

    return _answer(report, "driver", read, layer)


def driver_equal(report: FileReport, layer: str, equal: Equal) -> gpd.GeoDataFrame | None:
    """Return what a driver would of an attribute filter; None when nothing is prepared."""

    def read(copy: Copy) -> gpd.GeoDataFrame:
        column = copy.meta["texts"][equal.column]
        return frame_of(read_equal(copy.file(ROWS), column, equal.text), copy.meta)

    return _answer(report, "driver", read, layer, column=equal.column)


def driver_bare(report: FileReport, layer: str) -> gpd.GeoDataFrame | None:
    """Return the rows without geometry of a layer; None when nothing is prepared."""

    def read(copy: Copy) -> gpd.GeoDataFrame:
        return frame_of(pq.read_table(copy.file(BARE)), copy.meta)

    return _answer(report, "driver", read, layer)


def placed_rows(
    report: FileReport,
    layer: str,
    territory: Territory,
    window: Bounds | None,
    equal: Equal | None,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame] | None:
    """
    Return the rows of a file whose place its coordinates told, then those without geometry.

    The former, in the territory CRS, have a box that meets the window; None when nothing is
    prepared, or nothing would be left out.
    """

    def read(copy: Copy) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
        path = copy.file(ROWS)
        if equal is not None:
            rows = read_equal(path, copy.meta["texts"][equal.column], equal.text)
        else:
            assert window is not None  # noqa: S101 - asked just below
            rows, _ = read_meeting(path, window)
        bare = frame_of(pq.read_table(copy.file(BARE)), copy.meta)
        return _cast(frame_of(rows, copy.meta), copy), _cast(bare, copy)

    if window is None and equal is None:
        return None
    column = None if equal is None else equal.column
    return _answer(report, "placed", read, layer, *placed_in(territory), column=column)


def placed_in(territory: Territory) -> tuple[object, ...]:
    """Return what of a territory decides where coordinates are."""
    return territory.crs, territory.lon_lat_bounds


def frame_of(rows: pa.Table, meta: Meta) -> gpd.GeoDataFrame:
    """
    Return rows as `pyogrio.read_dataframe` does, from the same Arrow columns.

    Parameters
    ----------
    rows
        With the columns of the store, or without.
    meta
        `geometry`, `moments` (columns of dates and times, as text), `is_indexed`, `crs`.
    """
    own = [name for name in OWN if name in rows.column_names and name != FID]
    index = rows[FID].to_numpy()
    frame = rows.drop_columns([*own, FID]).to_pandas()
    for name in meta["moments"]:
        frame[name] = _moments(frame[name])
    frame.index = pd.Index(index, name="fid" if meta["is_indexed"] else None)
    shapes = shapely.from_wkb(frame.pop(meta["geometry"]).to_numpy(), on_invalid="ignore")
    frame["geometry"] = shapes
    crs = None if meta["crs"] is None else CRS.from_user_input(meta["crs"])
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=crs)


def layer_meta(report: FileReport, layer: str, kind: str, *parts: object) -> Copy | None:
    """Return the copy of a layer; None when nothing is prepared."""
    if report.file.store is None:
        return None
    return Store(report.file.store).find(copy_key(report.file, kind, layer, *parts))


def _moments(texts: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return dates and times read from text, in milliseconds; as objects where zones differ."""
    try:
        found = pd.to_datetime(texts, format="ISO8601")
    except ValueError:
        return texts.map(datetime.fromisoformat, na_action="ignore")
    return found.dt.as_unit("ms")


def _cast(frame: gpd.GeoDataFrame, copy: Copy) -> gpd.GeoDataFrame:
    """Give columns the types that the whole layer has: a number beside a blank is a float."""
    for name, dtype in copy.meta["dtypes"].items():
        if name not in frame.columns or str(frame[name].dtype) == dtype:
            continue
        if frame[name].isna().all():
            nothing = [None] * len(frame)
            frame[name] = pd.Series(nothing, index=frame.index, dtype=dtype)
        else:
            frame[name] = frame[name].astype(dtype)
    return frame


def _meta(file: SourceFile, *parts: object) -> Meta | None:
    if file.store is None:
        return None
    copy = Store(file.store).find(copy_key(file, *parts))
    return None if copy is None else copy.meta


def _answer(
    report: FileReport,
    kind: str,
    read: Callable[[Copy], _AnswerT],
    *parts: object,
    column: str | None = None,
) -> _AnswerT | None:
    """Read a copy, and do again what its making did to the report; None if it cannot be read."""
    layer = str(parts[0])
    copy = layer_meta(report, layer, kind, *parts[1:])
    if copy is None or (column is not None and column not in copy.meta["texts"]):
        return None
    try:
        answer = read(copy)
    except DAMAGED:  # removed meanwhile, or damaged: the file itself is read
        assert report.file.store is not None  # noqa: S101 - it gave the copy
        Store(report.file.store).refuse(copy.folder)
        return None
    Effects.read(copy.meta["effects"]).replay(report)
    return answer
