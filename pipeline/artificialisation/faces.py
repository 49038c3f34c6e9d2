"""Overlapping outlines → faces that do not overlap, noded, and merged where they say the same."""

from dataclasses import dataclass

import numpy as np
import shapely

from pipeline.artificialisation.coverage import BoolArray, find_borders, label_components
from pipeline.crs import GeometryArray
from pipeline.groups import IntArray, positions_by_key
from pipeline.precision import LAND_TILE_M


@dataclass(frozen=True)
class Told:
    """
    What is said of each face, shape `(n,)` each.

    `cover`, `use`: ranks of the layers that tell, one past the last where none does. `sources`: one
    bit per source that tells.
    """

    cover: IntArray
    use: IntArray
    sources: IntArray

    def at(self, positions: IntArray) -> "Told":
        """Return what is said at some positions."""
        return Told(self.cover[positions], self.use[positions], self.sources[positions])

    def alike(self) -> IntArray:
        """Return a number per face, the same for two of which all is the same."""
        rows = np.column_stack([self.cover, self.use, self.sources])
        return np.asarray(np.unique(rows, axis=0, return_inverse=True)[1]).reshape(-1)


def cut_into_faces(shapes: GeometryArray, extent: shapely.Polygon, grid_m: float) -> GeometryArray:
    """
    Cut the extent along every outline.

    And along the lines of a grid of tiles, which bound the size of a face: judging land joins what
    shares an edge, so that they change no result. All the outlines are noded at once on the grid,
    so that two faces draw the very same edge: the faces are a valid coverage by construction,
    without gap nor overlap.

    Parameters
    ----------
    shapes
        Shape `(n,)`, valid polygons within the extent, metres.
    grid_m
        Step of the grid; outlines move by less than it.
    """
    outlines = np.append(shapely.boundary(np.append(shapes, [extent])), _tile_lines(extent))
    noded = shapely.union_all(outlines, grid_size=grid_m)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    # A hole of the extent is a face too, but none of its ground.
    return np.asarray(faces[shapely.contains(extent, shapely.point_on_surface(faces))])


def mend_slivers(faces: GeometryArray, told: Told, width_m: float) -> Told:
    """
    Give what is thinner than the width the words of the neighbour with the longest common edge.

    It is the gap between two drawings of one limit, not land. Its neighbours must be wider; one
    that only touches slivers keeps its own words.
    """
    thin = _is_thin(faces, width_m)
    borders = find_borders(faces)
    one = np.concatenate([borders.left, borders.right])
    other = np.concatenate([borders.right, borders.left])
    length = np.concatenate([borders.length_m, borders.length_m])
    mends = thin[one] & ~thin[other]
    one, other, length = one[mends], other[mends], length[mends]
    # The longest last, ties by position: it is the one that stays.
    order = np.lexsort((other, length, one))
    positions = np.arange(len(faces))
    positions[one[order]] = other[order]
    return told.at(positions)


def merge_alike(faces: GeometryArray, told: Told) -> tuple[GeometryArray, Told]:
    """Merge the faces of a tile that share an edge and of which all the words are the same."""
    tile = np.floor(shapely.get_coordinates(shapely.point_on_surface(faces)) / LAND_TILE_M)
    rows = np.column_stack([told.alike(), tile])
    alike = np.asarray(np.unique(rows, axis=0, return_inverse=True)[1]).reshape(-1)
    component = label_components(alike, find_borders(faces))
    _, first, component = np.unique(component, return_index=True, return_inverse=True)
    pieces = faces[first]
    counts = np.bincount(component.reshape(-1))
    several = counts[component] > 1
    where = np.flatnonzero(several)
    for number, members in positions_by_key(component[where]):
        pieces[number] = shapely.coverage_union_all(faces[where[members]])
    return pieces, told.at(first)


def _tile_lines(extent: shapely.Polygon) -> GeometryArray:
    """Return the lines of the grid of tiles that cross the extent."""
    west, south, east, north = shapely.bounds(extent)
    xs, ys = (
        np.arange(np.ceil(low / LAND_TILE_M), np.ceil(high / LAND_TILE_M)) * LAND_TILE_M
        for low, high in ((west, east), (south, north))
    )
    upright = [shapely.LineString([(x, south), (x, north)]) for x in xs]
    level = [shapely.LineString([(west, y), (east, y)]) for y in ys]
    return np.array([*upright, *level], dtype=object)


def _is_thin(faces: GeometryArray, width_m: float) -> BoolArray:
    """Tell the faces that nothing of that width fits in; most are told by their size alone."""
    # Every point of a thin face is within half the width of its outline; twice that, to be safe.
    suspect = shapely.area(faces) < shapely.length(faces) * width_m
    thin = np.zeros(len(faces), dtype=np.bool_)
    where = np.flatnonzero(suspect)
    thin[where] = shapely.is_empty(shapely.buffer(faces[where], -width_m / 2))
    return thin
