"""Width of linear infrastructure: what is too narrow to count for itself."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely

from pipeline.artificialisation.coverage import BoolArray, Borders, dissolve, label_components
from pipeline.artificialisation.cuts import Cut, cut_coverage
from pipeline.crs import GeometryArray
from pipeline.groups import positions_by_key
from pipeline.polygons import polygonal
from pipeline.precision import SHARES_OF_WORK, THREADS, WIDTH_SLACK_M


def cut_narrow(
    polygons: GeometryArray,
    is_linear: BoolArray,
    borders: Borders,
    width_m: float,
    *,
    threads: int = THREADS,
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
        A part as wide as that, as drawn, counts (at least). Roads of a land cover are drawn around
        their axes in the working projection: measured on the ground, one drawn 5.00 m wide would be
        a centimetre narrower north of 49° N, and half the roads of a region would not count.
    threads
        The result does not depend on it.

    Returns
    -------
    cut
        Inside are the parts of linear infrastructure below the width.

    References
    ----------
    Code de l'urbanisme, annexe à l'article R. 101-1, note (*): largeur minimale de cinq mètres.
    """
    linear = np.flatnonzero(is_linear)
    component = label_components(is_linear.astype(np.intp), borders)[linear]
    _, own = np.unique(component, return_inverse=True)
    dissolved = dissolve(polygons[linear], own, threads=threads)
    shares = np.array_split(np.arange(len(dissolved)), min(SHARES_OF_WORK, len(dissolved) or 1))
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(lambda some: _below(dissolved[some], width_m), shares)
        narrow = np.concatenate(list(found))[own]
    touched = ~shapely.is_empty(narrow)
    return cut_coverage(polygons, linear[touched], narrow[touched], borders, threads=threads)


def _below(surfaces: GeometryArray, width_m: float) -> GeometryArray:
    """Return what an opening of half the width erases, corners left out."""
    eroded = shapely.buffer(surfaces, -(width_m - WIDTH_SLACK_M) / 2)
    # Grown back by half of the slack more: what stays reaches its edges, and leaves no sliver.
    erased = polygonal(shapely.difference(surfaces, shapely.buffer(eroded, width_m / 2)))
    parts, owner = shapely.get_parts(erased, return_index=True)
    large = shapely.area(parts) >= width_m**2
    narrow = np.full(len(surfaces), shapely.Polygon(), dtype=object)
    for i, members in positions_by_key(owner[large]):
        narrow[i] = shapely.multipolygons(parts[large][members])
    return narrow
