"""The legal perimeter: pieces joined by aisles, cut by public roads, buildings and fences."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import GeometryArray
from pipeline.groups import IntArray, components, positions_by_key
from pipeline.parking_lots.conflation import Conflation, union
from pipeline.parking_lots.links import Links, find_links
from pipeline.polygons import polygonal
from pipeline.precision import DUST_M2, FENCE_SLIT_M
from pipeline.roads import carriageways


@dataclass(frozen=True)
class Obstacles:
    """What cuts a car park: public carriageways, solid buildings, fences without opening."""

    geometries: GeometryArray

    @classmethod
    def of(
        cls,
        roads: gpd.GeoDataFrame,
        buildings: gpd.GeoDataFrame,
        fences: gpd.GeoDataFrame,
        assumptions: Assumptions,
    ) -> "Obstacles":
        """Gather the obstacles of a territory; a road without class never cuts."""
        closed = fences[~fences["has_opening"]]
        solid = buildings[~buildings["is_open"]]
        return cls(
            np.concatenate(
                [
                    carriageways(roads[roads["road_class"] == "public"], assumptions),
                    solid.geometry.to_numpy(),
                    shapely.buffer(closed.geometry.to_numpy(), FENCE_SLIT_M, cap_style="flat"),
                ]
            )
        )


@dataclass(frozen=True)
class Perimeter:
    """
    Legal perimeter of one car park.

    `members` are the positions, in `Conflation.candidates`, of the pieces it is made of; `groups`
    the groups these belong to.
    """

    geometry: shapely.Geometry
    members: tuple[int, ...]
    groups: tuple[int, ...]
    is_cut: bool
    has_link: bool


def draw_perimeters(
    conflation: Conflation,
    roads: gpd.GeoDataFrame,
    obstacles: Obstacles,
    assumptions: Assumptions,
) -> list[Perimeter]:
    """
    Turn groups of candidates into legal perimeters.

    Parameters
    ----------
    conflation
        Groups of in-scope candidates.
    roads, obstacles
        Links and cuts.

    Returns
    -------
    perimeters
        One per car park; they do not overlap.
    """
    pieces = _without_overlap(conflation, assumptions)
    shapes = pieces.geometry.to_numpy()
    links = find_links(shapes, roads, assumptions)
    parks = _parks(pieces, links)
    bands = _free_ground(links.bands, pieces, parks)
    bands_of = dict(positions_by_key(parks[links.bands["piece"].to_numpy()]))
    members, groups = pieces["member"].to_numpy(), pieces["group"].to_numpy()
    tree = shapely.STRtree(obstacles.geometries)
    perimeters: list[Perimeter] = []
    for number, rows in positions_by_key(parks):
        own = bands[bands_of[number]] if number in bands_of else bands[:0]
        park = _Park(shapes[rows], members[rows], groups[rows], own)
        perimeters += _cut(park, conflation, obstacles.geometries, tree, assumptions)
    return perimeters


@dataclass(frozen=True)
class _Park:
    """One car park before it is cut: its pieces, shape `(n,)` each, and the ground of its links."""

    shapes: GeometryArray
    members: IntArray
    groups: IntArray
    bands: GeometryArray


def _free_ground(
    bands: gpd.GeoDataFrame, pieces: gpd.GeoDataFrame, parks: np.ndarray
) -> GeometryArray:
    """Take from the ground of each link what the other car parks, and their links, already hold."""
    shapes = np.concatenate([pieces.geometry.to_numpy(), bands.geometry.to_numpy()])
    owners = np.concatenate([parks, parks[bands["piece"].to_numpy()]])
    return _give_to_the_first(shapes, owners, first=len(pieces))[len(pieces) :]


def _give_to_the_first(shapes: GeometryArray, owners: np.ndarray, first: int = 0) -> GeometryArray:
    """Take from each shape, from position `first` on, what earlier shapes of others hold."""
    result = shapes.copy()
    later, earlier = shapely.STRtree(shapes).query(shapes[first:], predicate="intersects")
    later = later + first
    clash = (earlier < later) & (owners[earlier] != owners[later])
    later, earlier = later[clash], earlier[clash]
    for i, pairs in positions_by_key(later):
        result[i] = shapely.difference(shapes[i], union(shapes[earlier[pairs]]))
    return polygonal(result)


def _without_overlap(conflation: Conflation, assumptions: Assumptions) -> gpd.GeoDataFrame:
    """Return the chosen pieces; ground that two groups draw goes to the first in priority."""
    priority = {name: rank for rank, name in enumerate(assumptions.source_priority.value)}
    chosen = conflation.chosen
    pieces = chosen.assign(member=chosen.index, rank=chosen["source"].map(priority))
    order = ["rank", "size", "candidate_id"]
    pieces = pieces.sort_values(order, ascending=[True, False, True]).reset_index(drop=True)
    shapes = _give_to_the_first(pieces.geometry.to_numpy(), pieces["group"].to_numpy())
    pieces = pieces.set_geometry(shapes, crs=pieces.crs)
    return pieces[~pieces.is_empty].reset_index(drop=True)


def _parks(pieces: gpd.GeoDataFrame, links: Links) -> np.ndarray:
    """Give a number to each car park: pieces of one group, and pieces that a link joins."""
    positions = pd.Series(np.arange(len(pieces)))
    first = positions.groupby(pieces["group"].to_numpy()).transform("first")
    same_group = np.column_stack([first.to_numpy(), positions.to_numpy()])
    return components(len(pieces), np.vstack([same_group, links.pairs]))


def _cut(
    park: _Park,
    conflation: Conflation,
    obstacles: GeometryArray,
    tree: shapely.STRtree,
    assumptions: Assumptions,
) -> list[Perimeter]:
    """Return the car parks that the obstacles make of one."""
    shapes, bands = park.shapes, park.bands
    ground = union(np.concatenate([shapes, bands])) if len(bands) else union(shapes)
    tolerance = assumptions.parking_lots.link_tolerance_m.value
    envelope = _envelope(ground, park, shapely.buffer(bands, tolerance), conflation)
    met = np.sort(tree.query(envelope, predicate="intersects"))
    cells = _cells(ground, envelope, obstacles[met], assumptions)
    perimeters = []
    for cell in cells:
        inside = shapely.area(shapely.intersection(shapes, cell)) > DUST_M2
        members = tuple(park.members[inside].tolist())
        perimeters.append(
            Perimeter(
                geometry=cell,
                members=members,
                groups=_once(park.groups[inside]),
                is_cut=len(cells) > 1,
                has_link=len(bands) > 0 and len(members) > 1,
            )
        )
    return [perimeter for perimeter in perimeters if perimeter.members]


def _once(groups: IntArray) -> tuple[int, ...]:
    """Return the distinct groups, in the order they come."""
    return tuple(dict.fromkeys(groups.tolist()))


def _envelope(
    ground: shapely.Geometry,
    park: _Park,
    reaches: GeometryArray,
    conflation: Conflation,
) -> shapely.Geometry:
    """Add to the ground what holds its pieces together: polygons of other sources, link ends."""
    if len(park.shapes) == 1:
        return ground
    others = [
        conflation.rows[position]["geometry"]
        for group in _once(park.groups)
        for position in conflation.by_group[group]
        if not conflation.rows[position]["is_chosen"]
    ]
    return union(np.array([ground, *others, *reaches], dtype=object))


def _cells(
    ground: shapely.Geometry,
    envelope: shapely.Geometry,
    obstacles: GeometryArray,
    assumptions: Assumptions,
) -> list[shapely.Geometry]:
    """
    Part the ground where the obstacles part its envelope.

    What an obstacle takes from the ground is given back where it touches one cell only (a kiosk, a
    street that ends inside): the ledger deducts it. What lies between two cells is out of both.
    """
    if not len(obstacles):
        return [ground]
    smallest = assumptions.parking_lots.smallest_piece_m2.value
    barrier = union(obstacles)
    parted: list[shapely.Geometry] = []
    whole: list[shapely.Geometry] = []
    for body in shapely.get_parts(envelope):
        rest = shapely.get_parts(shapely.difference(body, barrier))
        inside = polygonal(shapely.intersection(rest, ground))
        kept = inside[shapely.area(inside) >= smallest]
        (parted if len(kept) > 1 else whole).extend(kept)
    if not parted:
        return [ground]
    cells = np.array(parted, dtype=object)
    if whole:  # drawn apart, but no obstacle parts it from the rest: it goes with the largest
        largest = int(shapely.area(cells).argmax())
        cells[largest] = union(np.array([cells[largest], *whole], dtype=object))
    taken = np.array([shapely.difference(ground, union(cells))], dtype=object)
    leftover = shapely.get_parts(polygonal(taken))
    touching = shapely.dwithin(leftover[:, None], cells[None, :], FENCE_SLIT_M)
    for i, cell in enumerate(cells):
        own = leftover[touching[:, i] & (touching.sum(axis=1) == 1)]
        if len(own):
            cells[i] = union(np.concatenate([[cell], own]))
    return list(cells)
