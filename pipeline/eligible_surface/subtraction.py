"""Subtract masks from car parks, many at a time, without ever merging the masks."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from pipeline.crs import FloatArray, GeometryArray
from pipeline.polygons import polygonal
from pipeline.precision import FALLBACK_GRID_M

IntArray = npt.NDArray[np.intp]

_BOUNDS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class Hits:
    """
    Pairs (car park, mask) whose boxes meet.

    Attributes
    ----------
    lot
        Position of the car park of each pair; sorted.
    mask
        Position in `masks` and `geometries` of the mask of each pair.
    masks
        Rows of the masks that meet a car park, schema `MASKS` without their packed polygons.
    geometries
        Their decoded polygons.
    """

    lot: IntArray
    mask: IntArray
    masks: pa.Table
    geometries: GeometryArray

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.lot)


def find_hits(lots: GeometryArray, masks: Iterable[pa.RecordBatch]) -> Hits:
    """
    Decode the masks whose box meets the box of a car park, and pair them.

    Batches are looked at one by one and only the polygons of the pairs are decoded: memory follows
    the hits, not the masks.

    Parameters
    ----------
    lots
        Shape `(n,)`, polygons in the territory CRS; empty and missing ones meet nothing.
    masks
        Record batches of schema `MASKS`, same CRS.
    """
    tree = shapely.STRtree(lots)
    lot_of, mask_of, kept, decoded, count = [], [], [], [], 0
    for batch in masks:
        bounds = [batch.column(name).to_numpy(zero_copy_only=False) for name in _BOUNDS]
        in_batch, lot = tree.query(shapely.box(*bounds))
        used, position = np.unique(in_batch, return_inverse=True)
        lot_of.append(lot)
        mask_of.append(position + count)
        # The packed polygons go as soon as they are decoded: kept, they would double the memory.
        met = batch.take(pa.array(used))
        decoded.append(shapely.from_wkb(met.column("wkb").to_numpy(zero_copy_only=False)))
        kept.append(met.select([name for name in met.schema.names if name != "wkb"]))
        count += len(used)
    if not kept:
        none = np.empty(0, dtype=np.intp)
        return Hits(none, none, pa.table({}), np.empty(0, dtype=object))
    table = pa.Table.from_batches(kept)
    geometries = np.concatenate(decoded)
    return _sorted_by_lot(np.concatenate(lot_of), np.concatenate(mask_of), table, geometries)


def _sorted_by_lot(
    lot: IntArray, mask: IntArray, masks: pa.Table, geometries: GeometryArray
) -> Hits:
    order = np.lexsort((mask, lot))
    return Hits(lot[order], mask[order], masks, geometries)


def without_enclosing(lots: GeometryArray, hits: Hits, share: float) -> Hits:
    """
    Drop the pairs whose mask covers at least `share` of the car park.

    A lawn or a wood that contains a car park is the land around it, drawn without its holes: it
    says nothing of the ground of the car park.
    """
    lot, mask = lots[hits.lot], hits.geometries[hits.mask]
    large = shapely.area(mask) >= share * shapely.area(lot)
    encloses = np.zeros(len(hits), dtype=bool)
    common = overlay(shapely.intersection, lot[large], mask[large])
    encloses[large] = shapely.area(common) >= share * shapely.area(lot[large])
    return Hits(hits.lot[~encloses], hits.mask[~encloses], hits.masks, hits.geometries)


def subtract(lots: GeometryArray, hits: Hits, *, threads: int = 2) -> GeometryArray:
    """
    Return what is left of each car park once all its masks are subtracted.

    Round `k` subtracts the `k`-th mask of every car park in one vectorised call. Masks are never
    merged: the union of large polygons would cost more than every difference together. The result
    does not depend on the order of the masks beyond floating-point noise.

    Parameters
    ----------
    lots
        Shape `(n,)`, valid polygons.
    hits
        Pairs from `find_hits` on the same `lots`.
    threads
        GEOS works outside the interpreter lock: two threads are nearly twice as fast.

    Returns
    -------
    remaining
        Shape `(n,)`; an empty polygon where everything is subtracted. Never shorter than `lots`.
    """
    remaining = lots.copy()
    shares = np.array_split(np.unique(hits.lot), max(1, threads))
    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        list(pool.map(lambda share: _subtract_share(remaining, hits, share), shares))
    return remaining


def _subtract_share(remaining: GeometryArray, hits: Hits, share: IntArray) -> None:
    if not len(share):
        return
    first, last = np.searchsorted(hits.lot, [share[0], share[-1] + 1])
    for pairs in rounds(hits.lot[first:last]):
        lot, mask = hits.lot[first:last][pairs], hits.mask[first:last][pairs]
        remaining[lot] = overlay(shapely.difference, remaining[lot], hits.geometries[mask])


def rounds(lot: IntArray) -> Iterable[IntArray]:
    """Yield positions of pairs such that no car park comes twice in a round; `lot` is sorted."""
    if not len(lot):
        return
    starts = np.flatnonzero(np.r_[True, lot[1:] != lot[:-1]])
    rank = np.arange(len(lot)) - np.repeat(starts, np.diff(np.r_[starts, len(lot)]))
    by_rank = np.argsort(rank, kind="stable")
    edges = np.searchsorted(rank[by_rank], np.arange(rank.max() + 2))
    for begin, end in pairwise(edges):
        yield by_rank[begin:end]


def overlay(
    operation: Callable[..., GeometryArray], left: GeometryArray, right: GeometryArray
) -> GeometryArray:
    """Apply a GEOS overlay; where floating point fails, snap those few rows to a fine grid."""
    try:
        return operation(left, right)
    except shapely.errors.GEOSException:
        result = np.empty(len(left), dtype=object)
        for i in range(len(left)):
            result[i] = _overlay_one(operation, left[i], right[i])
        return result


def _overlay_one(
    operation: Callable[..., Any], left: shapely.Geometry, right: shapely.Geometry
) -> Any:  # noqa: ANN401 - a geometry

    try:
        return operation(left, right)
    except shapely.errors.GEOSException:
        return operation(left, right, grid_size=FALLBACK_GRID_M)


def take_pieces(lots: GeometryArray, hits: Hits) -> tuple[GeometryArray, GeometryArray]:
    """
    Subtract like `subtract`, and keep what each mask removes.

    Pairs are taken in their order: overlapping masks give their common part to the first.

    Returns
    -------
    remaining, pieces
        What is left, shape `(n,)`; what each pair removed, shape `(len(hits),)`.
    """
    remaining = lots.copy()
    pieces = np.full(len(hits), shapely.Polygon(), dtype=object)
    for pairs in rounds(hits.lot):
        lot, masks = hits.lot[pairs], hits.geometries[hits.mask[pairs]]
        pieces[pairs] = polygonal(overlay(shapely.intersection, remaining[lot], masks))
        remaining[lot] = overlay(shapely.difference, remaining[lot], masks)
    return polygonal(remaining), pieces


def ground_of(pieces: GeometryArray, measure: Callable[[GeometryArray], FloatArray]) -> FloatArray:
    """Measure pieces, empty ones at 0 m²."""
    areas = np.zeros(len(pieces))
    filled = ~shapely.is_empty(pieces)
    areas[filled] = measure(pieces[filled])
    return areas
