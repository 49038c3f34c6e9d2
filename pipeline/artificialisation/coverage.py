"""A land cover as a coverage: which polygons share an edge, and for how long."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array

from pipeline.crs import FloatArray, GeometryArray
from pipeline.groups import IntArray, components, fair_splits
from pipeline.precision import HASH_SHIFT, HASHES, SHARES_OF_WORK, THREADS

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
    points, point_owner = shapely.get_coordinates(polygons, return_index=True)
    start = np.flatnonzero(~_ends_ring(polygons)[:-1])
    owner = point_owner[start]
    length = np.hypot(*np.diff(points, axis=0).T)[start]
    first, second = _twins(points, start)
    other = owner[first] != owner[second]
    first, second = first[other], second[other]
    left = np.minimum(owner[first], owner[second])
    right = np.maximum(owner[first], owner[second])
    left, right, shared = _summed(left, right, length[first], len(polygons))
    alone = np.ones(len(owner), dtype=np.bool_)
    alone[first], alone[second] = False, False
    unshared = np.bincount(owner[alone], weights=length[alone], minlength=len(polygons))
    return Borders(left, right, shared, np.asarray(unshared, dtype=float))


def label_components(values: IntArray, borders: Borders) -> IntArray:
    """Return the component of each polygon: those of one value that edges join, whatever cuts."""
    same = values[borders.left] == values[borders.right]
    pairs = np.column_stack([borders.left[same], borders.right[same]])
    return components(len(values), pairs)


def dissolve(
    polygons: GeometryArray, component: IntArray, *, threads: int = THREADS
) -> GeometryArray:
    """
    Merge the polygons of each component.

    Components joined by edges come out as one polygon each, holes included; what touches at a
    corner stays apart, as in a general union, at a fraction of its time.

    Parameters
    ----------
    polygons
        Shape `(n,)`, polygons of one valid coverage.
    component
        Shape `(n,)`, as `label_components` numbers them: from 0, none left out.
    threads
        GEOS works outside the interpreter's lock.

    Returns
    -------
    merged
        Shape `(k,)`, in the order of the numbers.
    """
    order = np.argsort(component, kind="stable")
    groups = np.asarray(
        shapely.geometrycollections(polygons[order], indices=component[order]), dtype=object
    )
    shares = np.split(groups, fair_splits(np.bincount(component), SHARES_OF_WORK))
    with ThreadPoolExecutor(threads) as pool:
        merged = pool.map(lambda some: shapely.coverage_union_all(some[:, None], axis=1), shares)
        return np.concatenate(list(merged))


def _ends_ring(polygons: GeometryArray) -> BoolArray:
    """Tell which of the vertices, in the order of `shapely.get_coordinates`, close a ring."""
    counts = shapely.get_num_coordinates(polygons)
    end = np.cumsum(counts)
    closes = np.zeros(int(counts.sum()), dtype=np.bool_)
    closes[end[counts > 0] - 1] = True
    # Most polygons have one ring, and need no object a ring.
    is_single = shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON
    several = np.flatnonzero(~is_single | (shapely.get_num_interior_rings(polygons) > 0))
    parts, part_owner = shapely.get_parts(polygons[several], return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    ring_end = np.cumsum(shapely.get_num_coordinates(rings))
    shift = (end[several] - np.cumsum(counts[several]))[part_owner[ring_part]]
    closes[ring_end + shift - 1] = True
    return closes


def _twins(points: FloatArray, start: IntArray) -> tuple[IntArray, IntArray]:
    """
    Return the pairs of segments, told by the rank of their first vertex in `start`, that are one.

    Sorted by the head of their hash with their rank in its tail: several times faster than ranks
    sorted by hash.
    """
    if not len(start):
        return start, start
    key, check = (_segment_hash(points, start, mix) for mix in HASHES)
    tail = np.uint64(len(start).bit_length())
    packed = key >> tail << tail
    packed |= np.arange(len(start), dtype=np.uint64)
    packed.sort()
    rank = (packed & ((np.uint64(1) << tail) - np.uint64(1))).astype(np.intp)
    packed >>= tail
    same = packed[1:] == packed[:-1]
    # Three that share a head are told apart by the whole hash.
    crowded = np.append(same, False) & np.append(False, same)
    crowded = np.append(crowded[1:], False) | crowded | np.append(False, crowded[:-1])
    some = rank[crowded]
    some = some[np.lexsort((check[some], key[some]))]
    pairs = np.flatnonzero(same & ~crowded[1:] & ~crowded[:-1])
    first = np.concatenate([rank[pairs], some[:-1]])
    second = np.concatenate([rank[pairs + 1], some[1:]])
    # Two hashes of 64 bits: two segments that are not the same one never agree on both.
    agree = (key[first] == key[second]) & (check[first] == check[second])
    return first[agree], second[agree]


def _segment_hash(
    points: FloatArray, start: IntArray, mix: tuple[int, int]
) -> npt.NDArray[np.uint64]:
    hashed = _hash(points, mix)
    return np.asarray((hashed[:-1] + hashed[1:])[start])


def _hash(points: FloatArray, mix: tuple[int, int]) -> npt.NDArray[np.uint64]:
    """Hash points; the sum of two is that of the segment, whichever way it is drawn."""
    bits = np.ascontiguousarray(points + 0.0).view(np.uint64)  # + 0.0: −0 is 0
    mixed = bits >> np.uint64(HASH_SHIFT)
    mixed ^= bits  # in place: a département has millions of vertices
    mixed *= np.array(mix, dtype=np.uint64)
    across = mixed[:, 1] >> np.uint64(1)
    across ^= mixed[:, 0]
    return across


def _summed(
    left: IntArray, right: IntArray, length: FloatArray, count: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return each pair once, in order, with its whole length."""
    table = coo_array((length, (left, right)), shape=(count, count)).tocsr()
    table.sum_duplicates()
    rows = np.repeat(np.arange(count), np.diff(table.indptr))
    return rows, table.indices.astype(np.intp), np.asarray(table.data, dtype=float)
