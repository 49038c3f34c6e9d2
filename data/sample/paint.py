"""Surfaces painted one over the other, cut into a coverage: every shared edge is drawn alike."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

_GRID_M = 0.01  # where edges cross; what the plan gives in whole metres stays there
Faces = npt.NDArray[np.object_]


def cut_faces(surfaces: Sequence[BaseGeometry]) -> Faces:
    """Cut the ground along every outline; whatever is painted is made of these faces."""
    outlines = shapely.union_all(shapely.boundary(np.array(surfaces)), grid_size=_GRID_M)
    return shapely.get_parts(shapely.polygonize(shapely.get_parts(outlines)))


def paint(
    faces: Faces, surfaces: Sequence[BaseGeometry], shown: Collection[int]
) -> list[tuple[int, shapely.Polygon]]:
    """
    Return what is seen of the surfaces `shown`, the later over the earlier: rank and polygon.

    Faces cut along more outlines than are shown keep their vertices: two paintings of the same
    faces draw the ground that they share alike.
    """
    middles = shapely.point_on_surface(faces)
    ranks = np.array(sorted(shown))
    inside, over = shapely.STRtree(np.array(surfaces)[ranks]).query(middles, predicate="intersects")
    top = np.full(len(faces), -1)
    np.maximum.at(top, inside, ranks[over])
    return [
        (int(rank), part)
        for rank in np.unique(top[top >= 0])
        for part in shapely.get_parts(
            shapely.normalize(shapely.coverage_union_all(faces[top == rank]))
        )
    ]
