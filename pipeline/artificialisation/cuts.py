"""Cutting some polygons of a coverage by shapes: what comes out is a coverage again."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from pipeline.artificialisation.coverage import BoolArray, Borders
from pipeline.crs import GeometryArray
from pipeline.groups import IntArray, positions_by_key
from pipeline.polygons import polygonal
from pipeline.precision import BATCH, CUT_SNAP_M, DUST_M2, MOST_VERTICES


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
    polygons: GeometryArray, touched: IntArray, cutters: GeometryArray, borders: Borders
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

    Returns
    -------
    cut
        A valid coverage of the same ground: both neighbours of a cut are noded at its ends.
    """
    is_inside = np.zeros(len(polygons), dtype=np.bool_)
    if not len(touched):
        return Cut(polygons, np.arange(len(polygons)), is_inside)
    near = _near(polygons[touched], cutters)
    inside = polygonal(shapely.intersection(polygons[touched], near))
    beside = polygonal(shapely.difference(polygons[touched], near))
    # Most are wholly in or wholly out of what cuts them: they stay as they are drawn.
    is_inside[touched] = shapely.area(beside) <= DUST_M2
    is_cut = (shapely.area(inside) > DUST_M2) & ~is_inside[touched]
    return _noded(polygons, touched[is_cut], inside[is_cut], beside[is_cut], borders, is_inside)


def _near(polygons: GeometryArray, cutters: GeometryArray) -> GeometryArray:
    """
    Return what cuts each polygon, without what lies far from it.

    A cutter may be all the narrow roads of a département: each polygon would read all of it.
    """
    near = np.asarray(cutters, dtype=object).copy()
    large = np.flatnonzero(shapely.get_num_coordinates(cutters) > MOST_VERTICES)
    if not len(large):
        return near
    places = gpd.GeoSeries(polygons[large]).hilbert_distance().to_numpy()
    order = large[np.argsort(places, kind="stable")]
    same = np.unique([id(cutter) for cutter in cutters[order]], return_inverse=True)[1]
    for some in np.array_split(np.arange(len(order)), -(-len(order) // BATCH)):
        window = shapely.box(*_bounds(polygons[order[some]]))
        for _, members in positions_by_key(same[some]):
            rows = order[some[members]]
            near[rows] = shapely.intersection(near[rows[0]], window)
    return near


def _bounds(polygons: GeometryArray) -> tuple[float, float, float, float]:
    """Return the bounds of polygons and a metre around: what is cut there cuts none of them."""
    west, south, east, north = shapely.total_bounds(polygons)
    return west - 1, south - 1, east + 1, north + 1


def _noded(
    polygons: GeometryArray,
    touched: IntArray,
    inside: GeometryArray,
    beside: GeometryArray,
    borders: Borders,
    is_inside: BoolArray,
) -> Cut:
    """Put the pieces back among the others, the new ends of their edges in both neighbours."""
    is_cut = np.zeros(len(polygons), dtype=np.bool_)
    is_cut[touched] = True
    near = np.zeros(len(polygons), dtype=np.bool_)
    for one, other in ((borders.left, borders.right), (borders.right, borders.left)):
        near[one[is_cut[other]]] = True
    near &= ~is_cut
    whole, neighbours = np.flatnonzero(~is_cut & ~near), np.flatnonzero(near)
    parts, source, is_inside_part = _parts(inside, beside, touched)
    cleaned = shapely.coverage_clean(  # type: ignore[attr-defined] # stubs of 2.1
        np.concatenate([parts, polygons[neighbours]]), snapping_distance=CUT_SNAP_M
    )
    return Cut(
        np.concatenate([polygons[whole], np.asarray(cleaned, dtype=object)]),
        np.concatenate([whole, source, neighbours]),
        np.concatenate([is_inside[whole], is_inside_part, is_inside[neighbours]]),
    )


def _parts(
    inside: GeometryArray, beside: GeometryArray, touched: IntArray
) -> tuple[GeometryArray, IntArray, BoolArray]:
    found, position = shapely.get_parts(np.concatenate([inside, beside]), return_index=True)
    kept = shapely.area(found) > DUST_M2
    found, position = found[kept], position[kept]
    is_inside = position < len(inside)
    return found, touched[position % len(touched)], np.asarray(is_inside)
