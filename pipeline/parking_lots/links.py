"""Aisles and short service roads that make one car park of several drawn pieces."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from pipeline.assumptions import Assumptions
from pipeline.crs import FloatArray, GeometryArray
from pipeline.groups import IntArray, positions_by_key
from pipeline.parking_lots.conflation import union
from pipeline.precision import BATCH, NODE_GRID_M, STEP_M
from pipeline.roads import carriageways, road_width

_Stretch = tuple[shapely.Geometry, float]  # a line and its width


@dataclass(frozen=True)
class Links:
    """
    What joins the pieces.

    Attributes
    ----------
    pairs
        Shape `(m, 2)`, positions of pieces that one link joins.
    bands
        Ground of the links: `piece` (position of one piece it touches) and `geometry`.
    """

    pairs: IntArray
    bands: gpd.GeoDataFrame


@dataclass(frozen=True)
class _Network:
    """Stretches of road outside the pieces, as the edges of a graph; pieces are nodes too."""

    graph: coo_array
    stretches: dict[tuple[int, int], _Stretch]


def find_links(pieces: GeometryArray, roads: gpd.GeoDataFrame, assumptions: Assumptions) -> Links:
    """
    Find the aisles and service roads that run from one piece to another.

    Two pieces are joined when the shortest way between them, outside every piece, is short: up to
    `aisle_link_length_m` of mapped aisle, or `service_link_length_m` of service road, or a mix in
    proportion. A public carriageway interrupts it. Only the ground of that way, its line grown to
    its width, belongs to the car park: not its dead ends. How the source splits its lines changes
    nothing.

    Parameters
    ----------
    pieces
        Shape `(n,)`, polygons of in-scope car parks.
    roads
        `Road`.
    """
    lanes = roads[roads["road_class"].isin(["aisle", "service"])]
    public = carriageways(roads[roads["road_class"] == "public"], assumptions)
    network = _network(pieces, _outside(lanes, np.concatenate([pieces, public])), assumptions)
    limit = assumptions.parking_lots.aisle_link_length_m.value + NODE_GRID_M
    pairs, shapes = [], []
    for starts in np.array_split(np.arange(len(pieces)), 1 + len(pieces) // BATCH):
        cost, before = dijkstra(
            network.graph, directed=False, indices=starts, limit=limit, return_predecessors=True
        )
        for row, end in np.argwhere(np.isfinite(cost[:, : len(pieces)])):
            if starts[row] < end:
                pairs.append((starts[row], end))
                shapes.append(_ground(_way(network, before[row], starts[row], end)))
    found = np.array(pairs, dtype=np.intp).reshape(-1, 2)
    ground = gpd.GeoSeries(np.array(shapes, dtype=object), crs=roads.crs)
    return Links(pairs=found, bands=gpd.GeoDataFrame({"piece": found[:, 0]}, geometry=ground))


def _outside(lanes: gpd.GeoDataFrame, obstacles: GeometryArray) -> gpd.GeoDataFrame:
    """Cut the lanes by the pieces and the public carriageways; one row per remaining part."""
    lines = lanes.geometry.to_numpy().copy()
    line, obstacle = shapely.STRtree(obstacles).query(lines, predicate="intersects")
    for i, pairs in positions_by_key(line):
        lines[i] = shapely.difference(lines[i], union(obstacles[obstacle[pairs]]))
    parts = lanes.set_geometry(gpd.GeoSeries(lines, index=lanes.index, crs=lanes.crs))
    parts = parts.explode(index_parts=False, ignore_index=True)
    return parts[parts.length > 0].reset_index(drop=True)


def _network(pieces: GeometryArray, parts: gpd.GeoDataFrame, assumptions: Assumptions) -> _Network:
    """Make a graph of the stretches between two vertices, and of the pieces they touch."""
    choices = assumptions.parking_lots
    points, part = shapely.get_coordinates(parts.geometry.to_numpy(), return_index=True)
    follows = np.flatnonzero(part[1:] == part[:-1])
    nodes, node = np.unique(np.round(points / NODE_GRID_M), axis=0, return_inverse=True)
    start, end = node[follows] + len(pieces), node[follows + 1] + len(pieces)
    length = np.linalg.norm(points[follows + 1] - points[follows], axis=1)
    is_service = (parts["road_class"] == "service").to_numpy()[part[follows]]
    dearer = choices.aisle_link_length_m.value / choices.service_link_length_m.value
    cost = length * np.where(is_service, dearer, 1.0)
    width = road_width(parts, assumptions)[part[follows]]
    lines = np.asarray(
        shapely.linestrings(np.stack([points[follows], points[follows + 1]], axis=1))
    )
    piece, touched = _touches(pieces, nodes * NODE_GRID_M, choices.link_tolerance_m.value)
    rows, columns = np.r_[start, piece], np.r_[end, touched + len(pieces)]
    costs = np.r_[cost, np.full(len(piece), STEP_M)]
    size = len(pieces) + len(nodes)
    kept = _cheapest(rows, columns, costs)
    graph = coo_array((costs[kept], (rows[kept], columns[kept])), shape=(size, size))
    stretches = {
        _edge(a, b): (line, wide) for a, b, line, wide in zip(start, end, lines, width, strict=True)
    }
    return _Network(graph, stretches)


def _touches(
    pieces: GeometryArray, nodes: FloatArray, tolerance_m: float
) -> tuple[IntArray, IntArray]:
    """Return the pairs (piece, node) that lie within the tolerance of drawing."""
    node, piece = shapely.STRtree(pieces).query(
        shapely.points(nodes), predicate="dwithin", distance=tolerance_m
    )
    return piece, node


def _cheapest(rows: IntArray, columns: IntArray, costs: FloatArray) -> IntArray:
    """Keep one edge between two nodes: a sparse matrix would add up the twins."""
    low, high = np.minimum(rows, columns), np.maximum(rows, columns)
    order = np.lexsort((costs, high, low))
    first = np.r_[True, (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)]
    return np.asarray(order[first[: len(order)]])


def _way(network: _Network, before: IntArray, start: int, end: int) -> list[_Stretch]:
    """Return the stretches, with their widths, of the shortest way between two pieces."""
    stretches = []
    node = end
    while node != start:
        previous = int(before[node])
        found = network.stretches.get(_edge(previous, node))
        if found is not None:
            stretches.append(found)
        node = previous
    return stretches


def _edge(a: int, b: int) -> tuple[int, int]:
    return (int(a), int(b)) if a < b else (int(b), int(a))


def _ground(stretches: list[_Stretch]) -> shapely.Geometry:
    """Grow the stretches of a way to their widths, put end to end so that bends leave no gap."""
    grown = []
    for width in sorted({width for _, width in stretches}):
        lines = shapely.multilinestrings([line for line, found in stretches if found == width])
        grown.append(shapely.buffer(shapely.line_merge(lines), width / 2, cap_style="flat"))
    return union(np.array(grown, dtype=object)) if grown else shapely.Polygon()
