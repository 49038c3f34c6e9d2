"""The 25 % of trees, where crowns are mapped: land drawn as herbaceous that is under trees."""

import numpy as np
import shapely

from pipeline.artificialisation.coverage import BoolArray
from pipeline.crs import GeometryArray
from pipeline.groups import IntArray, positions_by_key
from pipeline.precision import SUM_SLACK_M2


def wooded(
    polygons: GeometryArray, surface: IntArray, crowns: GeometryArray, least_share: float
) -> BoolArray:
    """
    Tell which herbaceous polygons are of a surface under trees on at least a share of its area.

    A map of crowns is never known to be whole: it can only add trees. Where it shows fewer than the
    land cover does, the land cover stands.

    Parameters
    ----------
    polygons
        Shape `(n,)`, metres.
    surface
        The surface that each polygon belongs to (neighbours with the same codes are one, however
        they are cut), shape `(n,)`; −1 where the land cover does not say that it is herbaceous.
    crowns
        Shape `(m,)`, crowns as polygons; they may overlap: shared ground counts once.
    least_share
        In [0, 1]; land with that share is wooded (herbaceous is strictly less).

    References
    ----------
    Code de l'urbanisme, annexe à l'article R. 101-1, note (**).
    """
    herbaceous = np.flatnonzero(surface >= 0)
    if not len(crowns) or not len(herbaceous):
        return np.zeros(len(polygons), dtype=np.bool_)
    shade = np.zeros(len(polygons))
    crown, position = shapely.STRtree(polygons[herbaceous]).query(crowns, predicate="intersects")
    for i, pairs in positions_by_key(position):
        ground = polygons[herbaceous[i]]
        over = shapely.intersection(shapely.union_all(crowns[crown[pairs]]), ground)
        shade[herbaceous[i]] = shapely.area(over)
    own = surface[herbaceous]
    shaded = np.bincount(own, weights=shade[herbaceous])
    whole = np.bincount(own, weights=shapely.area(polygons[herbaceous]))
    is_wooded = shaded >= least_share * whole - SUM_SLACK_M2
    found = np.zeros(len(polygons), dtype=np.bool_)
    found[herbaceous] = is_wooded[own]
    return found
