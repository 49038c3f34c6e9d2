"""The 25 % of trees, where crowns are mapped: land drawn as herbaceous that is under trees."""

import numpy as np
import shapely

from pipeline.artificialisation.coverage import BoolArray
from pipeline.crs import GeometryArray
from pipeline.groups import positions_by_key


def wooded(
    polygons: GeometryArray, is_herbaceous: BoolArray, crowns: GeometryArray, least_share: float
) -> BoolArray:
    """
    Tell which herbaceous polygons are under trees on at least a share of their area.

    A map of crowns is never known to be whole: it can only add trees. Where it shows fewer than the
    land cover does, the land cover stands.

    Parameters
    ----------
    polygons
        Shape `(n,)`, metres.
    is_herbaceous
        Those that the land cover says are herbaceous, shape `(n,)`.
    crowns
        Shape `(m,)`, crowns as polygons; they may overlap: shared ground counts once.
    least_share
        In [0, 1]; land with that share is wooded (herbaceous is strictly less).

    References
    ----------
    Code de l'urbanisme, annexe à l'article R. 101-1, note (**).
    """
    found = np.zeros(len(polygons), dtype=np.bool_)
    herbaceous = np.flatnonzero(is_herbaceous)
    if not len(crowns) or not len(herbaceous):
        return found
    crown, position = shapely.STRtree(polygons[herbaceous]).query(crowns, predicate="intersects")
    for i, pairs in positions_by_key(position):
        ground = polygons[herbaceous[i]]
        shade = shapely.intersection(shapely.union_all(crowns[crown[pairs]]), ground)
        found[herbaceous[i]] = shapely.area(shade) >= least_share * shapely.area(ground)
    return found
