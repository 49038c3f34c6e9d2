"""Width of linear infrastructure: what is too narrow to count for itself."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely

from pipeline.artificialisation.coverage import BoolArray, Borders, label_components
from pipeline.artificialisation.cuts import Cut, cut_coverage
from pipeline.crs import FloatArray, GeometryArray, Territory, ground_area
from pipeline.groups import IntArray, positions_by_key
from pipeline.polygons import polygonal
from pipeline.precision import THREADS, WIDTH_SLACK_M


def cut_narrow(
    polygons: GeometryArray,
    is_linear: BoolArray,
    borders: Borders,
    width_m: float,
    territory: Territory,
) -> Cut:
    """
    Cut the parts of linear infrastructure that are narrower than the width.

    The width is that of the dissolved infrastructure, not of the polygons that it is made of: two
    lanes of 3 m side by side are 6 m wide. It is tested a millimetre below: opening a track of
    exactly 5.0 m by half of 5 m would erase it. The corners that an opening rounds off are no
    narrow part, nor is any part smaller than a square of that width.

    Parameters
    ----------
    polygons
        Shape `(n,)`, one valid coverage, metres.
    is_linear
        Polygons of linear infrastructure.
    borders
        Those of `polygons`.
    width_m
        A part as wide as that, on the ground, counts (at least).
    territory
        Gives the scale: a metre on the ground is not quite one in the working projection.

    Returns
    -------
    cut
        Inside are the parts of linear infrastructure below the width.

    References
    ----------
    Code de l'urbanisme, annexe à l'article R. 101-1, note (*): largeur minimale de cinq mètres.
    """
    narrow, component = _narrow(polygons, is_linear, borders, width_m, territory)
    touched = np.flatnonzero(is_linear)
    touched = touched[~shapely.is_empty(narrow[component[touched]])]
    return cut_coverage(polygons, touched, narrow[component[touched]], borders)


def _narrow(
    polygons: GeometryArray,
    is_linear: BoolArray,
    borders: Borders,
    width_m: float,
    territory: Territory,
) -> tuple[GeometryArray, IntArray]:
    """Return the narrow parts of each dissolved infrastructure, and that of each polygon."""
    component = label_components(is_linear.astype(np.intp), borders)
    names, component = np.unique(component, return_inverse=True)
    dissolved = np.full(len(names), shapely.Polygon(), dtype=object)
    linear = np.flatnonzero(is_linear)
    for name, members in positions_by_key(component[linear]):
        dissolved[name] = shapely.coverage_union_all(polygons[linear[members]])
    width = width_m * _scale(dissolved, territory)
    with ThreadPoolExecutor(THREADS) as pool:
        parts = np.array_split(np.arange(len(dissolved)), THREADS)
        found = pool.map(lambda part: _below(dissolved[part], width[part]), parts)
        narrow = np.concatenate(list(found))
    return narrow, component


def _scale(surfaces: GeometryArray, territory: Territory) -> FloatArray:
    """Return metres of the working projection per metre on the ground, where each surface lies."""
    ground = ground_area(surfaces, territory)
    planar = shapely.area(surfaces)
    return np.asarray(
        np.sqrt(np.divide(planar, ground, out=np.ones_like(ground), where=ground > 0))
    )


def _below(surfaces: GeometryArray, width_m: FloatArray) -> GeometryArray:
    """Return what an opening of half the width erases, corners left out."""
    radius = (width_m - WIDTH_SLACK_M) / 2
    opened = shapely.buffer(shapely.buffer(surfaces, -radius), radius)
    erased = polygonal(shapely.difference(surfaces, opened))
    parts, owner = shapely.get_parts(erased, return_index=True)
    large = shapely.area(parts) >= width_m[owner] ** 2
    narrow = np.full(len(surfaces), shapely.Polygon(), dtype=object)
    for i, members in positions_by_key(owner[large]):
        narrow[i] = shapely.union_all(parts[large][members])
    return narrow
