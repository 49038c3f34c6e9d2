"""OSM files → objects: one assembler, so that a figure never depends on the format."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import osmium
import shapely
from osmium.filter import KeyFilter

from pipeline.ingestion.osm_gaps import find_gaps
from pipeline.ingestion.osm_objects import GroundTags, OsmObjects, Tags
from pipeline.ingestion.osm_solar_tags import is_solar_power
from pipeline.ingestion.osm_tags import (
    ROLES,
    encloses,
    is_fence,
    is_line_of,
    is_of_interest,
    is_opening,
    is_tree,
    is_tree_row,
    road_class,
)

# The epoch, and the rest of its year, stand for « not told ».
_NOT_TOLD = datetime(1970, 12, 31, 23, 59, 59, tzinfo=UTC)
_PARKING = ("parking", "parking_space")
_AREA_RELATIONS = ("multipolygon", "boundary")


def assemble(path: Path, ground: GroundTags, lines: GroundTags = frozenset()) -> OsmObjects:
    """
    Read one sorted OSM file into points, lines and areas, in degrees.

    Rings that lack a node are never closed: car parks drawn so come out as `incomplete`, roads keep
    the stretches that the file locates. A complete ring that crosses itself comes out as drawn, to
    be repaired with the others.

    Parameters
    ----------
    path
        File sorted by type and id.
    ground
        Pairs (key, value) of the ground covers that areas may carry.
    lines
        Pairs of the lines to keep beside roads for cars, fences and rows of trees.

    Raises
    ------
    RuntimeError
        If osmium cannot read the file.
    """
    return _Assembly(ground, lines).read(path)


class _Assembly:
    """Sorts the objects of a file as they pass; what did not assemble is looked at afterwards."""

    def __init__(self, ground: GroundTags, lines: GroundTags) -> None:
        self._ground = ground
        self._lines = lines
        self._wkb = osmium.geom.WKBFactory()
        self._found = OsmObjects()
        self._drawn: dict[str, Tags] = {}
        self._outers: dict[str, list[str]] = {}
        self._latest = _NOT_TOLD

    def read(self, path: Path) -> OsmObjects:
        with _no_collection():
            self._sort(path)
        self._drop_outlines_of_relations()
        assembled = set(self._found.areas.keys)
        missing = {key: tags for key, tags in self._drawn.items() if key not in assembled}
        find_gaps(path, missing, self._found)
        if self._latest > _NOT_TOLD:
            self._found.vintage = self._latest.date().isoformat()
        return self._found

    def _sort(self, path: Path) -> None:
        keys = KeyFilter(*ROLES, *(key for key, _ in self._ground | self._lines))
        for thing in osmium.FileProcessor(str(path)).with_areas().with_filter(keys):
            if isinstance(thing, osmium.osm.Area):
                self._add_area(thing)
            elif isinstance(thing, osmium.osm.Way):
                self._add_way(thing, dict(thing.tags))
            elif isinstance(thing, osmium.osm.Node):
                self._add_node(thing, dict(thing.tags))
            elif isinstance(thing, osmium.osm.Relation):
                self._add_relation(thing, dict(thing.tags))

    def _add_area(self, area: osmium.osm.Area) -> None:
        key = f"{'way' if area.from_way() else 'relation'}/{area.orig_id()}"
        tags = self._drawn.get(key)
        if tags is None:  # a relation comes after its ways, a way before its area
            tags = {} if area.from_way() else dict(area.tags)
            if not is_of_interest(tags, self._ground):
                return
        try:
            self._found.areas.add(key, tags, self._wkb.create_multipolygon(area))
        except RuntimeError:  # rings that cross: an area without ring, looked at with the gaps
            return

    def _add_node(self, node: osmium.osm.Node, tags: Tags) -> None:
        is_parking = tags.get("amenity") in _PARKING
        if is_parking or is_tree(tags) or is_opening(tags) or is_solar_power(tags):
            key = f"node/{node.id}"
            self._found.points.add(key, tags, self._wkb.create_point(node))
            self._date(node, key, tags)

    def _add_way(self, way: osmium.osm.Way, tags: Tags) -> None:
        key = f"way/{way.id}"
        if is_of_interest(tags, self._ground) and encloses(tags, key):
            self._drawn[key] = tags
            self._date(way, key, tags)
        is_known = road_class(tags) is not None or is_fence(tags) or is_tree_row(tags)
        if is_known or is_line_of(tags, self._lines):
            self._add_line(way, key, tags)

    def _add_line(self, way: osmium.osm.Way, key: str, tags: Tags) -> None:
        try:
            self._found.lines.add(key, tags, self._wkb.create_linestring(way))
        except osmium.InvalidLocationError:
            stretches = _known_stretches(way.nodes)
            if stretches:
                self._found.lines.add(key, tags, shapely.to_wkb(_as_line(stretches)))
            self._found.cut_lines += 1
        except RuntimeError:  # all its nodes at one place: nothing to draw
            self._found.cut_lines += 1

    def _add_relation(self, relation: osmium.osm.Relation, tags: Tags) -> None:
        is_parking = tags.get("amenity") == "parking"
        if not (is_parking or tags.get("type") in _AREA_RELATIONS):
            return
        if not is_of_interest(tags, self._ground):
            return
        key = f"relation/{relation.id}"
        self._drawn[key] = tags
        self._date(relation, key, tags)
        if is_parking:
            self._outers[key] = [f"way/{member.ref}" for member in relation.members]

    def _drop_outlines_of_relations(self) -> None:
        """Leave a ring that repeats the tags of the relation it bounds: the same car park."""
        areas = self._found.areas
        assembled = set(areas.keys)
        outlines = {
            way
            for key, members in self._outers.items()
            if key in assembled
            for way in members
            if self._drawn.get(way, {}).get("amenity") == "parking"
        }
        if outlines & assembled:
            self._found.areas = areas.without(outlines)
            self._found.remarks.append(
                f"{len(outlines & assembled)} contour(s) écarté(s), déjà portés par une relation"
            )
        for way in outlines:
            self._drawn.pop(way)

    def _date(
        self, thing: osmium.osm.Node | osmium.osm.Way | osmium.osm.Relation, key: str, tags: Tags
    ) -> None:
        moment = thing.timestamp
        self._latest = max(self._latest, moment)
        if tags.get("amenity") in _PARKING and moment > _NOT_TOLD:
            self._found.dates[key] = moment.date().isoformat()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Look for no garbage meanwhile: millions of tags pile up, none in a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _known_stretches(nodes: Iterable[osmium.osm.NodeRef]) -> list[list[tuple[float, float]]]:
    """Return the runs of at least two consecutive nodes that the file locates."""
    stretches: list[list[tuple[float, float]]] = [[]]
    for node in nodes:
        if not node.location.valid():
            stretches.append([])
        elif not stretches[-1] or stretches[-1][-1] != (node.lon, node.lat):
            stretches[-1].append((node.lon, node.lat))
    return [stretch for stretch in stretches if len(stretch) > 1]


def _as_line(stretches: list[list[tuple[float, float]]]) -> shapely.Geometry:
    if len(stretches) == 1:
        return shapely.LineString(stretches[0])
    return shapely.MultiLineString(stretches)
