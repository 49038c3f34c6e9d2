"""OSM files → areas and lines as drawn, in one pass that also writes the objects as text."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import osmium
import shapely
from osmium.filter import EntityFilter, KeyFilter, TagFilter

from pipeline.ingestion.osm_objects import GroundTags
from pipeline.ingestion.osm_tagged import TEXT
from pipeline.ingestion.osm_tags import AREA_KEYS, LINES, ROLES


@dataclass
class Shapes:
    """Courses in WKB, degrees, by key (`way/123`), of all that may be an area or a line."""

    areas: dict[str, bytes] = field(default_factory=dict)
    lines: dict[str, bytes] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)  # lines that lack a node, or run nowhere


def draw(path: Path, ground: GroundTags, lines: GroundTags, text: Path) -> Shapes:
    """
    Draw the areas and the lines of a sorted OSM file; write what it tells of its objects.

    Filters of osmium leave out most of what is no area and no line that is looked for, not all.
    Rings that lack a node, or cross, have no area. Lines keep the stretches that the file locates.

    Parameters
    ----------
    ground, lines
        Pairs (key, value) of the areas, and of the lines, that are looked for beside the usual.
    text
        Receives, for `osm_tagged.read_tagged`, the objects that have one of the keys.

    Raises
    ------
    RuntimeError
        If osmium cannot read the file.
    """
    shapes, factory = Shapes(), osmium.geom.WKBFactory()
    with osmium.SimpleWriter(osmium.io.File(str(text), TEXT)) as writer:
        for thing in _drawn(path, ground, lines, writer):
            if isinstance(thing, osmium.osm.Area):
                _add_area(thing, factory, shapes)
            elif isinstance(thing, osmium.osm.Way):
                _add_line(thing, factory, shapes)
    return shapes


def _drawn(
    path: Path, ground: GroundTags, lines: GroundTags, writer: osmium.SimpleWriter
) -> osmium.FileProcessor:
    """Give areas and ways; the text is written on the way, before types are told apart."""
    known = KeyFilter(*ROLES, *(key for key, _ in ground | lines))
    kinds = EntityFilter(osmium.osm.AREA | osmium.osm.WAY)
    areas = KeyFilter(*AREA_KEYS, *(key for key, _ in ground))
    areas.enable_for(osmium.osm.AREA)
    traced = TagFilter(*LINES, *lines)
    traced.enable_for(osmium.osm.WAY)
    things = osmium.FileProcessor(str(path)).with_areas()
    for step in (known, writer, kinds, areas, traced):
        things = things.with_filter(step)
    return things


def _add_area(area: osmium.osm.Area, factory: osmium.geom.WKBFactory, shapes: Shapes) -> None:
    key = f"{'way' if area.from_way() else 'relation'}/{area.orig_id()}"
    try:
        shapes.areas[key] = bytes.fromhex(factory.create_multipolygon(area))
    except RuntimeError:  # rings that cross: an area without ring, looked at with the gaps
        return


def _add_line(way: osmium.osm.Way, factory: osmium.geom.WKBFactory, shapes: Shapes) -> None:
    key = f"way/{way.id}"
    try:
        shapes.lines[key] = bytes.fromhex(factory.create_linestring(way))
    except osmium.InvalidLocationError:
        shapes.cut.add(key)
        stretches = _known_stretches(way.nodes)
        if stretches:
            shapes.lines[key] = shapely.to_wkb(_as_line(stretches))
    except RuntimeError:  # all its nodes at one place: nothing to draw
        shapes.cut.add(key)


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
