"""Squares of countryside, hamlet and village, drawn once: what a generated land cover repeats."""

from dataclasses import dataclass

import numpy as np
import shapely

SIDE = 1024.0  # of a square, m
CELL = 32.0  # squares share a vertex every cell along their sides
MIDDLE, ROAD_M = SIDE / 2, 6.0  # a road crosses each square in the middle, both ways
EDGE = MIDDLE - ROAD_M / 2  # where a quarter meets the road
CELLS = 16  # along a quarter, the last one cut short by the road
WIGGLE_M = 5.0
VILLAGE = 64.0  # from the side of the square; no street reaches it
STREET_EVERY = 89.0
STREET_WIDTHS = (3.5, 4.5, 6.0, 8.0)

# (cover, use) of what is drawn, as an OCS GE writes them.
CODES = (
    ("CS1.1.1.2", "US4.1.1"),  # road
    ("CS1.1.1.1", "US5"),  # house
    ("CS1.1.1.2", "US5"),  # yard
    ("CS2.2.1", "US5"),  # garden
    ("CS1.1.2.1", "US2"),  # works yard
    ("CS1.1.1.1", "US1.1"),  # barn
    ("CS2.2.1", "US1.1"),  # field
    ("CS2.1.1.1", "US1.2"),  # wood
    ("CS2.1.2", "US6.3"),  # scrub
    ("CS2.1.1.3", "US6.3"),  # copse
    ("CS1.2.2", "US6.3"),  # pond
    ("CS2.1.3", "US1.1"),  # orchard, vines
)
ROAD, HOUSE, YARD, GARDEN, WORKS, BARN, FIELD, WOOD, SCRUB, COPSE, POND, ORCHARD = range(len(CODES))
ARTIFICIAL = np.isin(np.arange(len(CODES)), [ROAD, HOUSE, YARD, GARDEN, WORKS, BARN])
OPEN_LAND = ((FIELD, WOOD, SCRUB, COPSE, ORCHARD, GARDEN, WORKS), (55, 16, 8, 7, 8, 3, 3))
PLOTS = ((GARDEN, YARD, WORKS, FIELD, COPSE), (62, 18, 4, 8, 8))
Shapes = np.ndarray


@dataclass(frozen=True)
class Square:
    """Polygons that tile a square from (0, 0) to (`SIDE`, `SIDE`), and their ranks in `CODES`."""

    polygons: Shapes
    codes: np.ndarray


def draw_square(random: np.random.Generator, villages: int) -> Square:
    """Draw a square of which `villages` quarters, 0 to 4, are built up; the others are fields."""
    lines, streets, built = [_frame(), *_crossing()], [*_crossing()], []
    for quarter in range(4):
        own_lines, own_streets, own_built = _quarter(random, is_village=quarter < villages)
        for own, drawn in ((own_lines, lines), (own_streets, streets), (own_built, built)):
            drawn.extend(_mirrored(np.array(own, dtype=object), quarter))
    noded = shapely.union_all([_outline(shape) for shape in [*lines, *streets, *built]])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inside = shapely.point_on_surface(faces)
    is_road, is_plot = (_any_covers(shapes, inside) for shapes in (streets, built))
    codes = np.where(
        is_plot, _draw(random, PLOTS, len(faces)), _draw(random, OPEN_LAND, len(faces))
    )
    codes[is_road] = ROAD
    return _with_islands(random, faces, codes, is_plot & ~is_road)


def _draw(random: np.random.Generator, mix: tuple[tuple[int, ...], ...], count: int) -> np.ndarray:
    weights = np.array(mix[1], dtype=float)
    return random.choice(mix[0], count, p=weights / weights.sum())


def _outline(shape: shapely.Geometry) -> shapely.Geometry:
    return shape.exterior if shape.geom_type == "Polygon" else shape


def _any_covers(shapes: list[shapely.Geometry], points: Shapes) -> np.ndarray:
    found, _ = shapely.STRtree(shapes).query(points, predicate="intersects")
    return np.isin(np.arange(len(points)), found)


def _lattice(last: int = CELLS) -> np.ndarray:
    return np.minimum(np.arange(last + 1) * CELL, EDGE)


def _frame() -> shapely.Geometry:
    side = np.union1d(np.arange(0, SIDE + 1, CELL), [EDGE, SIDE - EDGE])
    side = side[side != MIDDLE]
    south = np.column_stack([side, np.zeros(len(side))])
    east = np.column_stack([np.full(len(side), SIDE), side])
    return shapely.Polygon(np.concatenate([south, east[1:], (SIDE - south)[1:], (SIDE - east)[1:]]))


def _crossing() -> list[shapely.Geometry]:
    """Return the two roads, their edges with a vertex every cell."""
    along = shapely.segmentize(shapely.box(0, EDGE, SIDE, SIDE - EDGE), CELL)
    return [along, _swapped(along)]


def _swapped(shapes: Shapes) -> Shapes:
    return shapely.transform(shapes, lambda xy: xy[:, ::-1])


def _mirrored(shapes: Shapes, quarter: int) -> Shapes:
    """Carry what is drawn in the first quarter to another one."""
    flips = np.array([quarter % 2, quarter // 2], dtype=bool)
    return shapely.transform(shapes, lambda xy: np.where(flips, SIDE - xy, xy))


def _quarter(random: np.random.Generator, *, is_village: bool) -> tuple[list, list, list]:
    """Return the lines, the streets and the plots of the quarter from (0, 0) to the roads."""
    if is_village:
        return [], *_village(random)
    lines = _fields(random, 0, 0, CELLS, CELLS)
    if random.random() < 0.5:
        return lines, [], []
    south, width = 268.0 + float(random.integers(0, 6)), float(random.choice([3.0, 3.5, 4.0]))
    track = shapely.segmentize(shapely.box(2 * CELL, south, EDGE, south + width), CELL)
    return lines, [track], []


def _fields(random: np.random.Generator, west: int, south: int, east: int, north: int) -> list:
    """Split a rectangle of cells in two, again and again, along lines that wander."""
    wide, high = east - west, north - south
    if wide * high <= random.integers(4, 20) or max(wide, high) < 4:
        return []
    if wide >= high:
        at = int(random.integers(west + 2, east - 1))
        parts = [(west, south, at, north), (at, south, east, north)]
        line = _swapped(_wander(random, south, north, at))
    else:
        at = int(random.integers(south + 2, north - 1))
        parts = [(west, south, east, at), (west, at, east, north)]
        line = _wander(random, west, east, at)
    return [line, *(found for part in parts for found in _fields(random, *part))]


def _wander(random: np.random.Generator, begin: int, end: int, at: int) -> shapely.Geometry:
    """Return a line along x that meets the lattice at each cell and strays in between."""
    ends = _lattice(end)[begin:]
    along = np.sort(np.concatenate([ends, *(ends[:-1] + share * np.diff(ends)
                                            for share in (0.35, 0.7))]))  # fmt: skip
    aside = np.round(random.uniform(-WIGGLE_M, WIGGLE_M, len(along)) * 4) / 4
    aside[np.isin(along, ends)] = 0.0
    return shapely.LineString(np.column_stack([along, _lattice()[at] + aside]))


def _village(random: np.random.Generator) -> tuple[list, list]:
    """Return streets and the plots along them: two rows back to back between two streets."""
    streets, plots = [], []
    south = VILLAGE
    while south + STREET_EVERY <= EDGE + 1:
        width = float(random.choice(STREET_WIDTHS))
        street = shapely.box(VILLAGE, south, EDGE, south + width)
        streets.append(shapely.segmentize(street, CELL))
        north = min(south + STREET_EVERY, EDGE)
        back = (south + width + north) / 2
        for begin, end in ((south + width, back), (back, north)):
            cuts = np.sort(np.unique(np.concatenate(
                [[VILLAGE, EDGE], np.round(random.uniform(VILLAGE, EDGE, 13))]
            )))  # fmt: skip
            cuts = cuts[np.append(True, np.diff(cuts) >= 8)]
            plots += list(shapely.box(cuts[:-1], begin, cuts[1:], end))
        south = north
    return streets, plots


def _with_islands(
    random: np.random.Generator, faces: Shapes, codes: np.ndarray, is_plot: np.ndarray
) -> Square:
    """Cut houses out of plots, farms, sheds and ponds out of the open land."""
    room = shapely.distance(shapely.point_on_surface(faces), shapely.boundary(faces))
    chance = random.random(len(faces))
    polygons, kinds = faces.copy(), list(codes)
    islands: list[shapely.Geometry] = []
    for i in np.flatnonzero((codes != ROAD) & (room > 8)):
        if is_plot[i]:
            layers = [(HOUSE, 4, min(room[i] - 1, 9.0))] if chance[i] < 0.75 else []
        elif chance[i] < 0.06:
            size = float(random.uniform(10, min(room[i] - 1, 36.0) + 10)) / 1.4
            layers = [(YARD, 9, size), (BARN, 4, size / 2)]
        elif chance[i] < 0.13:
            code, corners = (POND, 16) if chance[i] < 0.11 else (BARN, 4)
            layers = [(code, corners, min(room[i] - 1, float(random.uniform(4, 20))))]
        else:
            layers = []
        centre = shapely.point_on_surface(faces[i])
        drawn = [_blob(random, centre, min(size, room[i] - 1), n) for _, n, size in layers]
        for outer, inner in zip([None, *drawn[:-1]], drawn, strict=True) if drawn else []:
            if outer is None:
                polygons[i] = polygons[i].difference(inner)
            else:
                islands[-1] = outer.difference(inner)
            islands.append(inner)
        kinds += [code for code, _, _ in layers]
    return Square(np.array([*polygons, *islands], dtype=object), np.array(kinds))


def _blob(
    random: np.random.Generator, centre: shapely.Point, reach: float, corners: int
) -> shapely.Polygon:
    turn = random.uniform(0, np.pi)
    angle = turn + np.linspace(0, 2 * np.pi, corners, endpoint=False)
    far = reach * (1.0 if corners == 4 else random.uniform(0.8, 1, corners))
    xy = np.column_stack([np.cos(angle), np.sin(angle)]) * np.reshape(far, (-1, 1))
    return shapely.Polygon(xy + np.array([centre.x, centre.y]))
