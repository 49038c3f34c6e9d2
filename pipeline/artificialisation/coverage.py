"""A land cover as a coverage: which polygons share an edge, and for how long."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from pipeline.crs import FloatArray, GeometryArray
from pipeline.groups import IntArray, components
from pipeline.precision import HASH_SHIFT, HASHES

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Borders:
    """
    Edges of a coverage.

    `left`, `right`, `length_m`: pairs of polygons (positions, `left < right`) that share an edge,
    once each, with the whole length they share. `open_m`: length of the outline of each polygon
    that no other shares, shape `(n,)`.
    """

    left: IntArray
    right: IntArray
    length_m: FloatArray
    open_m: FloatArray


def find_borders(polygons: GeometryArray) -> Borders:
    """
    Return which polygons of a coverage share an edge; a corner is no border.

    Two neighbours share an edge when both draw the very same segment: the coverage must be noded
    (`shapely.coverage_is_valid`), which ingestion checks once. Time follows the number of vertices.

    Parameters
    ----------
    polygons
        Shape `(n,)`, polygons of one valid coverage, metres.
    """
    owner, start, end = _segments(polygons)
    key, check = (_hash(start, mix) + _hash(end, mix) for mix in HASHES)
    order = np.argsort(key, kind="stable")
    first, second = order[:-1], order[1:]
    # Two hashes of 64 bits: two segments that are not the same one never agree on both.
    same = (key[first] == key[second]) & (check[first] == check[second])
    same &= owner[first] != owner[second]
    first, second = first[same], second[same]
    length = np.hypot(end[:, 0] - start[:, 0], end[:, 1] - start[:, 1])
    pairs = np.sort(np.column_stack([owner[first], owner[second]]), axis=1)
    left, right, shared = _summed(pairs, length[first], len(polygons))
    alone = np.ones(len(owner), dtype=np.bool_)
    alone[first], alone[second] = False, False
    unshared = np.bincount(owner[alone], weights=length[alone], minlength=len(polygons))
    return Borders(left, right, shared, np.asarray(unshared, dtype=float))


def label_components(values: IntArray, borders: Borders) -> IntArray:
    """Return the component of each polygon: those of one value that edges join, whatever cuts."""
    same = values[borders.left] == values[borders.right]
    pairs = np.column_stack([borders.left[same], borders.right[same]])
    return components(len(values), pairs)


def _segments(polygons: GeometryArray) -> tuple[IntArray, FloatArray, FloatArray]:
    parts, part_owner = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    owner = part_owner[ring_part[ring[:-1][same]]]
    return owner, points[:-1][same], points[1:][same]


def _hash(points: FloatArray, mix: tuple[int, int]) -> npt.NDArray[np.uint64]:
    """Hash points; the sum of two is that of the segment, whichever way it is drawn."""
    bits = np.ascontiguousarray(points + 0.0).view(np.uint64)  # + 0.0: −0 is 0
    mixed = (bits ^ (bits >> np.uint64(HASH_SHIFT))) * np.array(mix, dtype=np.uint64)
    return np.asarray(mixed[:, 0] ^ (mixed[:, 1] >> np.uint64(1)))


def _summed(
    pairs: IntArray, length: FloatArray, count: int
) -> tuple[IntArray, IntArray, FloatArray]:
    code, inverse = np.unique(pairs[:, 0] * count + pairs[:, 1], return_inverse=True)
    left, right = np.divmod(code, max(count, 1))
    shared = np.bincount(inverse, weights=length, minlength=len(code))
    return np.asarray(left), np.asarray(right), np.asarray(shared, dtype=float)
