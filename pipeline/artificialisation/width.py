"""Width of linear infrastructure: what is too narrow to count for itself."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import shapely

from pipeline.artificialisation.coverage import BoolArray, Borders, label_components
from pipeline.crs import GeometryArray
from pipeline.groups import IntArray, positions_by_key
from pipeline.polygons import polygonal
from pipeline.precision import DUST_M2, FALLBACK_GRID_M, THREADS, WIDTH_SLACK_M


@dataclass(frozen=True)
class Cut:
    """
    Polygons of a coverage once the narrow parts are cut out of them.

    `source` is the position of the polygon that each piece comes from; `is_narrow` marks the parts
    of linear infrastructure below the width.
    """

    polygons: GeometryArray
    source: IntArray
    is_narrow: BoolArray


def cut_narrow(
    polygons: GeometryArray, is_linear: BoolArray, borders: Borders, width_m: float
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
        A part as wide as that counts (at least).

    Returns
    -------
    cut
        A valid coverage of the same ground: both neighbours of a cut are noded at its ends.

    References
    ----------
    Code de l'urbanisme, annexe à l'article R. 101-1, note (*): largeur minimale de cinq mètres.
    """
    narrow, component = _narrow(polygons, is_linear, borders, width_m)
    touched = np.flatnonzero(is_linear)
    touched = touched[~shapely.is_empty(narrow[component[touched]])]
    if not len(touched):
        everything = np.arange(len(polygons))
        return Cut(polygons, everything, np.zeros(len(polygons), dtype=np.bool_))
    inside = polygonal(shapely.intersection(polygons[touched], narrow[component[touched]]))
    beside = polygonal(shapely.difference(polygons[touched], narrow[component[touched]]))
    return _noded(polygons, touched, inside, beside, borders)


def _narrow(
    polygons: GeometryArray, is_linear: BoolArray, borders: Borders, width_m: float
) -> tuple[GeometryArray, IntArray]:
    """Return the narrow parts of each dissolved infrastructure, and that of each polygon."""
    component = label_components(is_linear.astype(np.intp), borders)
    names, component = np.unique(component, return_inverse=True)
    dissolved = np.full(len(names), shapely.Polygon(), dtype=object)
    linear = np.flatnonzero(is_linear)
    for name, members in positions_by_key(component[linear]):
        dissolved[name] = shapely.coverage_union_all(polygons[linear[members]])
    with ThreadPoolExecutor(THREADS) as pool:
        parts = np.array_split(np.arange(len(dissolved)), THREADS)
        found = pool.map(lambda part: _below(dissolved[part], width_m), parts)
        narrow = np.concatenate(list(found))
    return narrow, component


def _below(surfaces: GeometryArray, width_m: float) -> GeometryArray:
    """Return what an opening of half the width erases, corners left out."""
    radius = (width_m - WIDTH_SLACK_M) / 2
    opened = shapely.buffer(shapely.buffer(surfaces, -radius), radius)
    erased = polygonal(shapely.difference(surfaces, opened))
    parts, owner = shapely.get_parts(erased, return_index=True)
    large = shapely.area(parts) >= width_m**2
    narrow = np.full(len(surfaces), shapely.Polygon(), dtype=object)
    for i, members in positions_by_key(owner[large]):
        narrow[i] = shapely.union_all(parts[large][members])
    return narrow


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
    parts, source, is_narrow = _parts(inside, beside, touched)
    cleaned = _cleaned(np.concatenate([parts, polygons[neighbours]]))
    return Cut(
        np.concatenate([polygons[whole], cleaned]),
        np.concatenate([whole, source, neighbours]),
        np.concatenate(
            [np.zeros(len(whole), np.bool_), is_narrow, np.zeros(len(neighbours), np.bool_)]
        ),
    )


def _cleaned(polygons: GeometryArray) -> GeometryArray:
    """Node polygons where they are drawn; on a grid far below any survey if that fails."""
    clean = shapely.coverage_clean  # type: ignore[attr-defined] # stubs of 2.1
    try:
        found = clean(polygons, snapping_distance=0.0)
    except shapely.GEOSException:  # met: the whole road network of a commune in one polygon
        found = clean(polygons, snapping_distance=FALLBACK_GRID_M)
    return np.asarray(found, dtype=object)


def _parts(
    inside: GeometryArray, beside: GeometryArray, touched: IntArray
) -> tuple[GeometryArray, IntArray, BoolArray]:
    found, position = shapely.get_parts(np.concatenate([inside, beside]), return_index=True)
    kept = shapely.area(found) > DUST_M2
    found, position = found[kept], position[kept]
    is_narrow = position < len(inside)
    return found, touched[position % len(touched)], np.asarray(is_narrow)
