"""Cutting some polygons of a coverage by shapes: what comes out is a coverage again."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from pipeline.artificialisation.coverage import BoolArray, Borders, label_components
from pipeline.crs import GeometryArray
from pipeline.groups import IntArray, fair_splits
from pipeline.polygons import polygonal
from pipeline.precision import (
    BATCH,
    DUST_M2,
    MOST_VERTICES,
    NODE_SNAP_M,
    SHARES_OF_WORK,
    THREADS,
)


@dataclass(frozen=True)
class Cut:
    """
    Polygons of a coverage once some are cut.

    `source` is the position of the polygon that each piece comes from; `is_inside` marks the pieces
    that lie within the shape that cuts them.
    """

    polygons: GeometryArray
    source: IntArray
    is_inside: BoolArray


def cut_coverage(
    polygons: GeometryArray,
    touched: IntArray,
    cutters: GeometryArray,
    borders: Borders,
    *,
    threads: int = THREADS,
) -> Cut:
    """
    Cut some polygons of a coverage, each by a shape of its own.

    Parameters
    ----------
    polygons
        Shape `(n,)`, one valid coverage, metres.
    touched
        Positions of the polygons to cut, shape `(m,)`.
    cutters
        The shape that cuts each, shape `(m,)`.
    borders
        Those of `polygons`.
    threads
        The result does not depend on it.

    Returns
    -------
    cut
        A valid coverage of the same ground: both neighbours of a cut are noded at its ends.
    """
    is_inside = np.zeros(len(polygons), dtype=np.bool_)
    if not len(touched):
        return Cut(polygons, np.arange(len(polygons)), is_inside)
    inside, beside = _split(polygons[touched], cutters, threads)
    # Most are wholly in or wholly out of what cuts them: they stay as they are drawn.
    is_inside[touched] = shapely.area(beside) <= DUST_M2
    is_cut = (shapely.area(inside) > DUST_M2) & ~is_inside[touched]
    parts, source, is_in = _parts(inside[is_cut], beside[is_cut], touched[is_cut])
    near = _met_by_cuts(polygons, touched[is_cut], parts, borders)
    whole = np.setdiff1d(np.arange(len(polygons)), np.concatenate([touched[is_cut], near]))
    mended = _noded(
        np.concatenate([parts, polygons[near]]), np.concatenate([source, near]), borders, threads
    )
    return Cut(
        np.concatenate([polygons[whole], mended]),
        np.concatenate([whole, source, near]),
        np.concatenate([is_inside[whole], is_in, is_inside[near]]),
    )


def _split(
    polygons: GeometryArray, cutters: GeometryArray, threads: int
) -> tuple[GeometryArray, GeometryArray]:
    """Return what of each polygon lies in the shape that cuts it, and what does not."""
    _, first, cutter = np.unique(
        [id(shape) for shape in cutters], return_index=True, return_inverse=True
    )
    parts, owner = shapely.get_parts(polygonal(cutters[first]), return_index=True)
    tree = shapely.STRtree(parts)
    inside, beside = np.empty_like(polygons), np.empty_like(polygons)

    def split(rows: IntArray) -> None:
        window = shapely.box(*_bounds(polygons[rows]))
        close = tree.query(window)
        near = _near(polygons[rows], cutter[rows], parts[close], owner[close], window)
        inside[rows] = polygonal(shapely.intersection(polygons[rows], near))
        beside[rows] = polygonal(shapely.difference(polygons[rows], near))

    places = gpd.GeoSeries(polygons).hilbert_distance().to_numpy()
    order = np.argsort(places, kind="stable")
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(split, np.array_split(order, -(-len(order) // BATCH))))
    return inside, beside


def _near(
    polygons: GeometryArray,
    cutter: IntArray,
    parts: GeometryArray,
    owner: IntArray,
    window: shapely.Geometry,
) -> GeometryArray:
    """
    Return what cuts each polygon, without what lies far from them all.

    A cutter may be all the narrow roads of a département: each polygon would read all of it.
    """
    parts = parts.copy()
    large = shapely.get_num_coordinates(parts) > MOST_VERTICES
    parts[large] = polygonal(shapely.intersection(parts[large], window))
    parts, rank = shapely.get_parts(parts, return_index=True)
    row, part = shapely.STRtree(parts).query(polygons)
    own = owner[rank[part]] == cutter[row]
    row, part = row[own], part[own]
    near = np.full(len(polygons), shapely.Polygon(), dtype=object)
    hit, group = np.unique(row, return_inverse=True)
    order = np.argsort(group, kind="stable")
    near[hit] = shapely.multipolygons(parts[part[order]], indices=group[order])
    return near


def _bounds(polygons: GeometryArray) -> tuple[float, float, float, float]:
    """Return the bounds of polygons and a metre around: what is cut there cuts none of them."""
    west, south, east, north = shapely.total_bounds(polygons)
    return west - 1, south - 1, east + 1, north + 1


def _met_by_cuts(
    polygons: GeometryArray, rows: IntArray, parts: GeometryArray, borders: Borders
) -> IntArray:
    """Return the polygons on whose edge a cut of others ends: they lack a vertex there."""
    across = [
        one[np.isin(other, rows)]
        for one, other in ((borders.left, borders.right), (borders.right, borders.left))
    ]
    beside = np.setdiff1d(np.concatenate(across), rows)
    old, new = (
        np.unique(shapely.get_coordinates(shapes).view(np.complex128))
        for shapes in (polygons[rows], parts)
    )
    ends = shapely.points(np.setdiff1d(new, old).view(np.float64).reshape(-1, 2))
    tree = shapely.STRtree(polygons[beside])
    met = tree.query(ends, predicate="dwithin", distance=NODE_SNAP_M)[1]
    return np.asarray(beside[np.unique(met)])


def _noded(
    pieces: GeometryArray, source: IntArray, borders: Borders, threads: int
) -> GeometryArray:
    """Give neighbours the same vertices along their edges: the new ends of cuts in both."""
    is_in = np.zeros(len(borders.open_m), dtype=np.intp)
    is_in[source] = 1
    _, cluster = np.unique(label_components(is_in, borders)[source], return_inverse=True)
    mended = np.empty_like(pieces)

    def clean(rows: IntArray) -> None:
        mended[rows] = shapely.coverage_clean(  # type: ignore[attr-defined] # stubs of 2.1
            pieces[rows], snapping_distance=NODE_SNAP_M
        )

    # Clusters share no edge with one another: each is a coverage of its own.
    order, sizes = np.argsort(cluster, kind="stable"), np.bincount(cluster)
    first = np.append(0, np.cumsum(sizes))[fair_splits(sizes, SHARES_OF_WORK)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(clean, np.split(order, first)))
    return mended


def _parts(
    inside: GeometryArray, beside: GeometryArray, touched: IntArray
) -> tuple[GeometryArray, IntArray, BoolArray]:
    found, position = shapely.get_parts(np.concatenate([inside, beside]), return_index=True)
    kept = shapely.area(found) > DUST_M2
    found, position = found[kept], position[kept]
    is_inside = position < len(inside)
    return found, touched[position % len(touched)], np.asarray(is_inside)
