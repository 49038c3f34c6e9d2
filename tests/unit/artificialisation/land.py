"""Small land covers drawn in whole metres: a field, and what is cut out of it."""

import numpy as np
import shapely

from pipeline.artificialisation.coverage import find_borders
from pipeline.artificialisation.thresholds import (
    ARTIFICIAL,
    NOT_ARTIFICIAL,
    VARIANTS,
    Thresholds,
    apply_thresholds,
)

THRESHOLDS = Thresholds(building_m2=50, surface_m2=2500)
A, N = ARTIFICIAL, NOT_ARTIFICIAL
DEFAULT = VARIANTS[0]
FIELD, YARD, HOUSE = 10, 2, 1  # categories: 10° other vegetation, 2° sealed, 1° building


AROUND = shapely.box(0, 0, 1000, 1000)


def cover(*layers, around=AROUND, ground=FIELD):
    """
    Cut shapes out of a ground: (category, shape) pairs, the later over the earlier.

    Returns the polygons of a noded coverage and their categories.
    """
    pieces = [(ground, around)]
    for category, shape in layers:
        pieces = [(kind, piece.difference(shape)) for kind, piece in pieces]
        pieces.append((category, shape))
    parts = [
        (kind, part)
        for kind, piece in pieces
        for part in shapely.get_parts(piece)
        if part.geom_type == "Polygon"
    ]
    noded = shapely.coverage_clean(np.array([part for _, part in parts], dtype=object))
    return np.asarray(noded, dtype=object), np.array([kind for kind, _ in parts], dtype=np.intp)


def judged(polygons, categories, variant=DEFAULT, areas=None):
    """Apply the thresholds; categories 1 to 5 are artificial."""
    status = np.where(categories <= 5, A, N).astype(np.int8)
    return apply_thresholds(
        status,
        categories,
        categories == HOUSE,
        shapely.area(polygons) if areas is None else areas,
        find_borders(polygons),
        THRESHOLDS,
        variant,
    )


def status_at(x, y, polygons, found):
    """Return the status where a point lies."""
    inside = shapely.intersects(polygons, shapely.Point(x, y))
    return int(found.status[inside][0])
