"""Rows in a GeoParquet file, sorted along a curve, of which a window is read in the old order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from pipeline.crs import FloatArray, GeometryArray
from pipeline.ingestion.prepared_digests import digests_of_rows
from pipeline.ingestion.scope import Bounds

RANK, FID, BOX = "parzan_rank", "parzan_fid", "parzan_bbox"
DIGEST = ("parzan_digest_a", "parzan_digest_b")
OWN = (RANK, FID, BOX, *DIGEST)
_SIDES = ("xmin", "ymin", "xmax", "ymax")
# A group is what a window decodes at least: few enough rows, and few enough bytes of outlines.
MOST_ROWS = 20_000
_MOST_BYTES = 1024**2
_LEAST_ROWS = 64
_CACHED_FILES = 4_096

_BOX_TYPE = pa.struct([(side, pa.float64()) for side in _SIDES])


@dataclass(frozen=True)
class _Footer:
    """What the end of a file says: how to read it, and the box of each group of rows."""

    metadata: pq.FileMetaData
    boxes: FloatArray
    columns: tuple[str, ...]


def write_rows(
    path: Path, rows: pa.Table, shapes: GeometryArray, geometry: str, crs: CRS | None
) -> None:
    """
    Write rows sorted along a Hilbert curve.

    Parameters
    ----------
    rows
        In the order of the source, `geometry` in WKB; `FID` if rows have an identifier.
    shapes
        The same geometries, shape `(n,)`, none missing.
    geometry
        Name of the column of geometries.
    crs
        Theirs, for those who open the file elsewhere.
    """
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    lanes = digests_of_rows(rows, without=[FID])
    order = _along_curve(bounds)
    box = pa.StructArray.from_arrays([pa.array(side) for side in bounds.T], fields=list(_BOX_TYPE))
    table = rows.append_column(RANK, pa.array(np.arange(len(bounds))))
    table = table.append_column(BOX, box)
    for name, lane in zip(DIGEST, lanes, strict=True):
        table = table.append_column(name, pa.array(lane))
    size = pc.sum(pc.binary_length(rows[geometry])).as_py() or 1
    per_row = max(size / max(len(bounds), 1), 1)
    group = int(np.clip(_MOST_BYTES / per_row, _LEAST_ROWS, MOST_ROWS))
    described = {**(table.schema.metadata or {}), b"geo": _geo(geometry, bounds, crs)}
    pq.write_table(
        table.replace_schema_metadata(described).take(pa.array(order)),
        path,
        row_group_size=group,
        compression="zstd",
        use_dictionary=[name for name in rows.column_names if name != geometry],
        write_page_checksum=True,
    )
    _footer.cache_clear()


def read_meeting(
    path: Path, window: Bounds, columns: Sequence[str] | None = None
) -> tuple[pa.Table, FloatArray]:
    """
    Return the rows whose box meets a window (edges included), in the order of the source.

    Returns
    -------
    rows, boxes
        With the columns of the store; boxes `(n, 4)` of the same rows.
    """
    footer = _footer(path)
    groups = np.flatnonzero(meets(footer.boxes, window)).tolist()
    table = _groups(path, footer, groups, columns)
    boxes = boxes_of(table)
    kept = np.flatnonzero(meets(boxes, window))
    kept = kept[np.argsort(table[RANK].to_numpy()[kept], kind="stable")]
    return table.take(pa.array(kept)), boxes[kept]


def read_equal(path: Path, column: str, value: str) -> pa.Table:
    """Return the rows of which a column of text is `value`, in the order of the source."""
    footer = _footer(path)
    groups = list(range(footer.metadata.num_row_groups))
    found: list[pa.Table] = []
    for group in groups:
        told = _groups(path, footer, [group], [column])[column].to_pylist()
        rows = [row for row, text in enumerate(told) if text == value]
        if rows:
            found.append(_groups(path, footer, [group], None).take(pa.array(rows)))
    table = pa.concat_tables(found) if found else _groups(path, footer, [], None)
    return table.take(pa.array(np.argsort(table[RANK].to_numpy(), kind="stable")))


def read_all(path: Path, columns: Sequence[str]) -> pa.Table:
    """Return some columns of all rows, in the order of the file."""
    footer = _footer(path)
    return _groups(path, footer, list(range(footer.metadata.num_row_groups)), columns)


def boxes_of(table: pa.Table) -> FloatArray:
    """Return the boxes of rows of the store, shape `(n, 4)`."""
    box = table[BOX].combine_chunks()
    if isinstance(box, pa.ChunkedArray):  # no chunk at all
        return np.empty((0, 4))
    return np.column_stack([box.field(side).to_numpy(zero_copy_only=False) for side in _SIDES])


def meets(boxes: FloatArray, window: Bounds) -> npt.NDArray[np.bool_]:
    """Tell which boxes `(n, 4)` meet a window, edges included."""
    xmin, ymin, xmax, ymax = window
    return np.asarray(
        (boxes[:, 0] <= xmax)
        & (boxes[:, 2] >= xmin)
        & (boxes[:, 1] <= ymax)
        & (boxes[:, 3] >= ymin)
    )


def _groups(
    path: Path, footer: _Footer, groups: list[int], columns: Sequence[str] | None
) -> pa.Table:
    with pq.ParquetFile(
        path, metadata=footer.metadata, page_checksum_verification=True, pre_buffer=False
    ) as file:
        return file.read_row_groups(groups, columns=columns, use_threads=False)


@lru_cache(maxsize=_CACHED_FILES)
def _footer(path: Path) -> _Footer:
    metadata = pq.read_metadata(path)
    names = {metadata.schema.column(i).path: i for i in range(metadata.num_columns)}
    places = [names[f"{BOX}.{side}"] for side in _SIDES]
    boxes = np.full((metadata.num_row_groups, 4), (np.inf, np.inf, -np.inf, -np.inf))
    for group in range(metadata.num_row_groups):
        if metadata.row_group(group).num_rows:
            told = [metadata.row_group(group).column(place).statistics for place in places]
            boxes[group] = [*(item.min for item in told[:2]), *(item.max for item in told[2:])]
    return _Footer(metadata, boxes, tuple(metadata.schema.to_arrow_schema().names))


def _along_curve(bounds: FloatArray) -> npt.NDArray[np.intp]:
    """Return the order of boxes along a Hilbert curve; that of the source for equals."""
    if not len(bounds):
        return np.empty(0, dtype=np.intp)
    centres = gpd.GeoSeries(shapely.points((bounds[:, :2] + bounds[:, 2:]) / 2))
    return np.argsort(centres.hilbert_distance().to_numpy(), kind="stable")


def _geo(geometry: str, bounds: FloatArray, crs: CRS | None) -> bytes:
    """Return the metadata of GeoParquet 1.1, with the column that covers the geometries."""
    column: dict[str, object] = {
        "encoding": "WKB",
        "geometry_types": [],
        "crs": None if crs is None else crs.to_json_dict(),
        "covering": {"bbox": {side: [BOX, side] for side in _SIDES}},
    }
    if len(bounds):
        column["bbox"] = [*bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0)]
    document = {"version": "1.1.0", "primary_column": geometry, "columns": {geometry: column}}
    return json.dumps(document).encode()
