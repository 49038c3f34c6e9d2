"""An OSM file → what of it may show in a window, found by boxes before anything is assembled."""

from array import array
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import osmium
import shapely
from osmium.filter import IdFilter, KeyFilter
from osmium.osm import mutable

from pipeline.crs import FloatArray
from pipeline.garbage import no_collection
from pipeline.ingestion.osm_objects import GroundTags
from pipeline.ingestion.osm_tags import ROLES, encloses, is_of_interest, is_plain_road
from pipeline.ingestion.scope import Bounds

# Ways drawn at a time: the lines of a region would not hold in memory.
_CHUNK = 100_000


def cut_to_window(path: Path, window: Bounds, ground: GroundTags, target: Path) -> Path:
    """
    Write what of a sorted OSM file may show in a window, and all that it is made of.

    Ways whose box meets the window are kept, and tagged nodes of the window. So is what the
    remarks on a whole file count, wherever it lies: every relation, and the ways that lack a node,
    do not close or enclose nothing. A file with ways that were never published is returned as it
    is.

    Parameters
    ----------
    path
        Sorted by type and id.
    window
        West, south, east, north in degrees, limits included.
    ground
        Pairs (key, value) of the ground covers that areas may carry.
    target
        Replaced, and returned.

    Raises
    ------
    RuntimeError
        If osmium cannot read the file.
    """
    looked = _Looked(window, ground)
    looked.at(path)
    if looked.has_unpublished():  # numbers of an editor, which osmium cannot look for
        return path
    picked = IdFilter(looked.ways())
    picked.enable_for(osmium.osm.WAY)
    nodes = looked.nodes
    for number, place in _corners(path, picked, looked.places):
        nodes.setdefault(number, mutable.Node(id=number, version=1, location=place))
    header = osmium.io.Header()
    header.set("sorting", "Type_then_ID")
    above_nodes = osmium.osm.WAY | osmium.osm.RELATION
    with osmium.SimpleWriter(str(target), header=header, overwrite=True) as writer:
        for number in sorted(nodes, key=lambda it: (it > 0, abs(it))):
            writer.add_node(nodes[number])
        for thing in osmium.FileProcessor(str(path), above_nodes).with_filter(picked):
            writer.add(thing)
    return target


class _Looked:
    """What one pass over a file tells: tagged nodes of a window, boxes of ways, members."""

    def __init__(self, window: Bounds, ground: GroundTags) -> None:
        self._window = window
        self._ground = ground
        self._numbers = array("q")
        self._boxes: FloatArray = np.empty((0, 4))
        self._members: set[int] = set()
        self.nodes: dict[int, mutable.Node] = {}
        self.places: osmium.index.LocationTable | None = None

    def at(self, path: Path) -> None:
        """Look at a file."""
        tagged = KeyFilter(*ROLES)
        tagged.enable_for(osmium.osm.NODE)
        processor = osmium.FileProcessor(str(path)).with_locations()
        lines = self._lines(processor.with_filter(tagged))
        boxes: list[FloatArray] = [self._boxes]
        with no_collection():
            while chunk := list(islice(lines, _CHUNK)):
                boxes.append(_boxes(chunk))
        self._boxes = np.concatenate(boxes)
        self.places = processor.node_location_storage

    def has_unpublished(self) -> bool:
        """Tell whether a way has a number below zero."""
        return min(self._numbers, default=0) < 0

    def ways(self) -> set[int]:
        """Return the ways to keep."""
        numbers = np.asarray(self._numbers, dtype=np.int64)
        held = self._members.intersection(self._numbers)
        return held | set(numbers[_may_meet(self._boxes, self._window)].tolist())

    def _lines(self, processor: osmium.FileProcessor) -> Iterator[bytes | None]:
        """Give the course of each way in WKB, None to keep it anyway; write down all the rest."""
        factory = osmium.geom.WKBFactory()
        for thing in processor:
            if isinstance(thing, osmium.osm.Way):
                self._numbers.append(thing.id)
                yield None if self._is_open_area(thing) else _line(thing, factory)
            elif isinstance(thing, osmium.osm.Node):
                self._add_node(thing)
            elif isinstance(thing, osmium.osm.Relation):
                self._members.update(it.ref for it in thing.members if it.type == "w")

    def _is_open_area(self, way: osmium.osm.Way) -> bool:
        if way.ends_have_same_id() or is_plain_road(way.tags):
            return False
        tags = dict(way.tags)
        return is_of_interest(tags, self._ground) and encloses(tags, "way/")

    def _add_node(self, node: osmium.osm.Node) -> None:
        west, south, east, north = self._window
        place = node.location
        if place.valid() and west <= place.lon <= east and south <= place.lat <= north:
            self.nodes[node.id] = mutable.Node(
                id=node.id,
                version=node.version,
                timestamp=node.timestamp,
                location=(place.lon, place.lat),
                tags=dict(node.tags),
            )


def _line(way: osmium.osm.Way, factory: osmium.geom.WKBFactory) -> bytes | None:
    try:
        # Bytes are parsed four times faster than the text that osmium gives.
        return bytes.fromhex(factory.create_linestring(way))
    except (osmium.InvalidLocationError, RuntimeError):  # a place lacks, or all are the same
        return None


def _boxes(lines: list[bytes | None]) -> FloatArray:
    """Return the boxes of lines, `(n, 4)` degrees; NaN for none, or one that encloses nothing."""
    shapes = shapely.from_wkb(np.asarray(lines, dtype=object))
    boxes = shapely.bounds(shapes).reshape(-1, 4)
    xy, rows = shapely.get_coordinates(shapes, return_index=True)
    is_step = rows[1:] == rows[:-1]
    turns = (xy[:-1, 0] * xy[1:, 1] - xy[1:, 0] * xy[:-1, 1])[is_step]
    # To and fro between two places cancels exactly.
    enclosed = np.bincount(rows[1:][is_step], turns, minlength=len(shapes))
    boxes[enclosed == 0] = np.nan
    return boxes


def _corners(
    path: Path, picked: osmium.BaseFilter, places: osmium.index.LocationTable | None
) -> Iterator[tuple[int, osmium.osm.Location]]:
    """Give the nodes of some ways, those that the file holds."""
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(picked):
        if isinstance(way, osmium.osm.Way) and places is not None:
            for node in way.nodes:
                try:
                    place = places.get(node.ref)
                except KeyError:
                    continue
                yield node.ref, place


def _may_meet(boxes: FloatArray, window: Bounds) -> npt.NDArray[np.bool_]:
    """Tell which boxes, shape `(n, 4)`, meet a window, or are not known."""
    west, south, east, north = window
    is_beyond = (boxes[:, 0] > east) | (boxes[:, 2] < west)
    return ~(is_beyond | (boxes[:, 1] > north) | (boxes[:, 3] < south))
