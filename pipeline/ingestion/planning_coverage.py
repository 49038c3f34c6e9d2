"""How much of each commune a planning document covers, its zones taken together."""

from typing import NamedTuple

import numpy as np
import shapely

from pipeline.crs import FloatArray, GeometryArray, Territory, ground_area
from pipeline.groups import IntArray, positions_by_key
from pipeline.polygons import polygonal


class Coverage(NamedTuple):
    """Pairs of a document and a commune that meet, shape `(n,)`: `share` is in [0, 1]."""

    document: IntArray
    commune: IntArray
    share: FloatArray


def compute_coverage(
    zones: GeometryArray, documents: IntArray, communes: GeometryArray, territory: Territory
) -> Coverage:
    """
    Measure the share of the ground of each commune that the zones of each document cover.

    Zones that overlap count once. Pairs that only touch are left out.

    Parameters
    ----------
    zones
        Shape `(n,)`, valid polygons in the territory CRS.
    documents
        Shape `(n,)`, number of the document of each zone.
    communes
        Shape `(m,)`, valid polygons in the same CRS.
    territory
        For areas on the ground.
    """
    zone, commune = shapely.STRtree(communes).query(zones, predicate="intersects")
    parts = polygonal(shapely.intersection(zones[zone], communes[commune]))
    keys, covered = [], []
    for key, rows in positions_by_key(documents[zone] * len(communes) + commune):
        keys.append(key)
        covered.append(shapely.union_all(parts[rows]))
    document, whose = np.divmod(np.array(keys, dtype=np.intp), max(len(communes), 1))
    areas = ground_area(np.array(covered, dtype=object), territory)
    share = np.minimum(areas / ground_area(communes[whose], territory), 1.0)
    meets = share > 0
    return Coverage(document[meets], whose[meets], share[meets])
