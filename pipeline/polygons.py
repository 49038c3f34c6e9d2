"""Polygons: those of an overlay, their outer outline, their shares of ground without overlap."""

import numpy as np
import shapely

from pipeline.crs import GeometryArray
from pipeline.groups import IntArray, positions_by_key

POLYGON_TYPES = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def polygonal(shapes: GeometryArray) -> GeometryArray:
    """
    Keep the polygons of each geometry, shape `(n,)`.

    A geometry that has none comes out as an empty polygon, a missing one stays missing.
    """
    result = np.asarray(shapes, dtype=object).copy()
    kinds = shapely.get_type_id(result)
    for i in np.flatnonzero(~np.isin(kinds, POLYGON_TYPES) & ~shapely.is_missing(result)):
        parts = shapely.get_parts(result[i])
        areal = parts[np.isin(shapely.get_type_id(parts), POLYGON_TYPES)]
        result[i] = shapely.union_all(areal) if len(areal) else shapely.Polygon()
    return result


def filled(shapes: GeometryArray) -> GeometryArray:
    """Return polygons without their holes, shape `(n,)`: what their outer rings enclose."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    rings = np.asarray(shapely.polygons(shapely.get_exterior_ring(parts)), dtype=object)
    result = np.full(len(shapes), shapely.Polygon(), dtype=object)
    for i, members in positions_by_key(owner):
        result[i] = shapely.union_all(rings[members])
    return result


def own_grounds(shapes: GeometryArray, island_m2: float) -> GeometryArray:
    """
    Return each polygon and its islands, less the other polygons in them.

    An island is a hole of `island_m2` at most (included), in the units of the CRS: ground of the
    car park, unless another car park lies in it.
    """
    holes = shapely.difference(filled(shapes), shapes)
    parts, owner = shapely.get_parts(holes, return_index=True)
    small = shapely.area(parts) <= island_m2
    grounds = shapes.copy()
    for i, members in positions_by_key(owner[small]):
        grounds[i] = shapely.union_all([shapes[i], *parts[small][members]])
    holed = np.flatnonzero(shapely.area(grounds) > shapely.area(shapes))
    outer, inner = shapely.STRtree(shapes).query(grounds[holed], predicate="intersects")
    other = holed[outer] != inner
    for i, pairs in positions_by_key(holed[outer[other]]):
        inside = shapely.union_all(shapes[inner[other][pairs]])
        grounds[i] = shapely.difference(grounds[i], inside)
    return polygonal(grounds)


def without_earlier(shapes: GeometryArray, groups: IntArray) -> GeometryArray:
    """
    Cut each polygon by those that come before it in its group: none overlaps another any more.

    Parameters
    ----------
    shapes
        Shape `(n,)`, valid polygons, the one that keeps shared ground first.
    groups
        Shape `(n,)`, the group of each; polygons of distinct groups do not meet.
    """
    later, earlier = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    kept = (earlier < later) & (groups[earlier] == groups[later])
    later, earlier = later[kept], earlier[kept]
    result = np.asarray(shapes, dtype=object).copy()
    for i, pairs in positions_by_key(later):
        result[i] = shapely.difference(shapes[i], shapely.union_all(shapes[earlier[pairs]]))
    return polygonal(result)
