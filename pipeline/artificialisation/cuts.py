"""Cutting some polygons of a coverage by shapes: what comes out is a coverage again."""

from dataclasses import dataclass

import numpy as np
import shapely

from pipeline.artificialisation.coverage import BoolArray, Borders
from pipeline.crs import GeometryArray
from pipeline.groups import IntArray
from pipeline.polygons import polygonal
from pipeline.precision import DUST_M2, NODE_SNAP_M


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
    if not len(touched):
        outside = np.zeros(len(polygons), dtype=np.bool_)
        return Cut(polygons, np.arange(len(polygons)), outside)
    inside = polygonal(shapely.intersection(polygons[touched], cutters))
    beside = polygonal(shapely.difference(polygons[touched], cutters))
    return _noded(polygons, touched, inside, beside, borders)


def _noded(
    polygons: GeometryArray,
    touched: IntArray,
    inside: GeometryArray,
    beside: GeometryArray,
    borders: Borders,
) -> Cut:
    """Put the pieces back among the others, the new ends of their edges in both neighbours."""
    is_cut = np.zeros(len(polygons), dtype=np.bool_)
    is_cut[touched] = True
    near = np.zeros(len(polygons), dtype=np.bool_)
    for one, other in ((borders.left, borders.right), (borders.right, borders.left)):
        near[one[is_cut[other]]] = True
    near &= ~is_cut
    whole, neighbours = np.flatnonzero(~is_cut & ~near), np.flatnonzero(near)
    parts, source, is_inside = _parts(inside, beside, touched)
    cleaned = shapely.coverage_clean(  # type: ignore[attr-defined] # stubs of 2.1
        np.concatenate([parts, polygons[neighbours]]), snapping_distance=NODE_SNAP_M
    )
    return Cut(
        np.concatenate([polygons[whole], np.asarray(cleaned, dtype=object)]),
        np.concatenate([whole, source, neighbours]),
        np.concatenate(
            [np.zeros(len(whole), np.bool_), is_inside, np.zeros(len(neighbours), np.bool_)]
        ),
    )


def _parts(
    inside: GeometryArray, beside: GeometryArray, touched: IntArray
) -> tuple[GeometryArray, IntArray, BoolArray]:
    found, position = shapely.get_parts(np.concatenate([inside, beside]), return_index=True)
    kept = shapely.area(found) > DUST_M2
    found, position = found[kept], position[kept]
    is_inside = position < len(inside)
    return found, touched[position % len(touched)], np.asarray(is_inside)
