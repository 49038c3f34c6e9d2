"""OSM files → objects: one assembler, so that a figure never depends on the format."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import shapely

from pipeline.garbage import no_collection
from pipeline.ingestion.osm_gaps import find_gaps
from pipeline.ingestion.osm_objects import GroundTags, Objects, OsmObjects, Tags
from pipeline.ingestion.osm_shapes import Shapes, draw
from pipeline.ingestion.osm_tagged import Rows, Tagged, members_of, read_tagged
from pipeline.ingestion.osm_tags import (
    encloses,
    is_line,
    is_line_of,
    is_of_interest,
    is_parking_or_space,
    is_point,
)

# The epoch, and the rest of its year, stand for « not told ».
_NOT_TOLD = int(datetime(1970, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
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
    return _Assembly(path, ground, lines).read()


class _Assembly:
    """Draws shapes, sorts them by their tags; what did not assemble is looked at last."""

    def __init__(self, path: Path, ground: GroundTags, lines: GroundTags) -> None:
        self._path = path
        self._ground = ground
        self._lines = lines
        self._found = OsmObjects()
        self._drawn: dict[str, Tags] = {}
        self._outers: dict[str, list[str]] = {}
        self._latest = _NOT_TOLD

    def read(self) -> OsmObjects:
        with no_collection(), tempfile.TemporaryDirectory() as work:
            text = Path(work) / "objets.opl"
            shapes = draw(self._path, self._ground, self._lines, text)
            self._sort(shapes, *read_tagged(text))
        self._drop_outlines_of_relations()
        assembled = set(self._found.areas.keys)
        missing = {key: tags for key, tags in self._drawn.items() if key not in assembled}
        find_gaps(self._path, missing, self._found)
        if self._latest > _NOT_TOLD:
            self._found.vintage = datetime.fromtimestamp(self._latest, UTC).date().isoformat()
        return self._found

    def _sort(self, shapes: Shapes, nodes: Tagged, ways: Tagged, relations: Tagged) -> None:
        self._add_points(nodes)
        self._expect_ways(ways)
        self._expect_relations(relations)
        self._add_areas(shapes)
        self._add_lines(shapes, ways)

    def _add_points(self, nodes: Tagged) -> None:
        rows = nodes.tell(is_point)
        east, north = (axis[rows] for axis in nodes.places)
        wkb = list(shapely.to_wkb(shapely.points(east, north)))
        self._found.points = Objects(nodes.keys(rows), nodes.tags(rows), wkb)
        self._date(nodes, rows)

    def _expect_ways(self, ways: Tagged) -> None:
        self._expect(
            ways,
            ways.tell(lambda tags: is_of_interest(tags, self._ground) and encloses(tags, "way/")),
        )

    def _expect_relations(self, relations: Tagged) -> None:
        rows = relations.tell(lambda tags: is_of_interest(tags, self._ground) and _bounds(tags))
        self._expect(relations, rows)
        parks = rows & relations.tell(_is_parking)
        members = relations.members.filter(pa.array(parks)).to_pylist()
        for key, text in zip(relations.keys(parks), members, strict=True):
            self._outers[key] = [f"way/{ref}" for kind, ref in members_of(text) if kind == "w"]

    def _expect(self, things: Tagged, rows: Rows) -> None:
        """Note the objects, told by a mask, that should become areas."""
        self._drawn.update(zip(things.keys(rows), things.tags(rows), strict=True))
        self._date(things, rows)

    def _date(self, things: Tagged, rows: Rows) -> None:
        self._latest = max(self._latest, int(things.edits[rows].max(initial=0)))
        dated = rows & things.tell(is_parking_or_space) & (things.edits > _NOT_TOLD)
        self._found.dates.update(zip(things.keys(dated), things.days(dated), strict=True))

    def _add_areas(self, shapes: Shapes) -> None:
        keys = [key for key in shapes.areas if key in self._drawn]
        tags = [self._drawn[key] for key in keys]
        self._found.areas = Objects(keys, tags, [shapes.areas[key] for key in keys])

    def _add_lines(self, shapes: Shapes, ways: Tagged) -> None:
        rows = ways.tell(lambda tags: is_line(tags) or is_line_of(tags, self._lines))
        for key, tags in zip(ways.keys(rows), ways.tags(rows), strict=True):
            wkb = shapes.lines.get(key)
            if wkb is not None:
                self._found.lines.add(key, tags, wkb)
            self._found.cut_lines += key in shapes.cut

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


def _is_parking(tags: Tags) -> bool:
    return tags.get("amenity") == "parking"


def _bounds(tags: Tags) -> bool:
    """Tell whether a relation may bound an area."""
    return _is_parking(tags) or tags.get("type") in _AREA_RELATIONS
