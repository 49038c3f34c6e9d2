"""The polygons of an overlay: its lines and points have no ground."""

import numpy as np
import shapely

from pipeline.crs import GeometryArray

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
