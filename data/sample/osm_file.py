"""The OpenStreetMap extract, as Overpass answers in XML: nodes, then ways, then relations."""

from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import shapely
from frame import to_lon_lat
from shapely.geometry.base import BaseGeometry
from town import Feature, Town

_OSM_BASE = "2026-09-01T00:00:00Z"
_FIRST_NODE, _FIRST_WAY, _FIRST_RELATION = 9_900_000_001, 990_000_001, 19_000_001
_NOTE = "Invented data: the town does not exist. Made by data/sample/make_sample.py."

Position = tuple[float, float]


@dataclass
class _Extract:
    """Elements by kind; a position has one node, so that crossing streets share it."""

    nodes: dict[Position, int] = field(default_factory=dict)
    absent: set[int] = field(default_factory=set)
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    ways: list[tuple[list[int], dict[str, str]]] = field(default_factory=list)
    relations: list[tuple[list[tuple[int, str]], dict[str, str]]] = field(default_factory=list)

    def node(self, position: Position) -> int:
        return self.nodes.setdefault(position, _FIRST_NODE + len(self.nodes))

    def way(self, positions: list[Position], tags: dict[str, str]) -> int:
        nodes = [self.node(position) for position in positions]
        self.ways.append((nodes, tags))
        return _FIRST_WAY + len(self.ways) - 1


def write(path: Path, town: Town) -> None:
    """Write the streets, buildings, car parks and the rest of the OSM features."""
    extract = _Extract()
    for feature in [*town.streets, *town.osm]:
        _add(extract, feature)
    root = ET.Element("osm", version="0.6", generator="parzan data/sample/make_sample.py")
    ET.SubElement(root, "note").text = _NOTE
    ET.SubElement(root, "meta", osm_base=_OSM_BASE)
    _write_nodes(root, extract)
    for rank, (nodes, tags) in enumerate(extract.ways):
        way = ET.SubElement(root, "way", id=str(_FIRST_WAY + rank))
        for node in nodes:
            ET.SubElement(way, "nd", ref=str(node))
        _write_tags(way, tags)
    for rank, (members, tags) in enumerate(extract.relations):
        relation = ET.SubElement(root, "relation", id=str(_FIRST_RELATION + rank))
        for way_id, role in members:
            ET.SubElement(relation, "member", type="way", ref=str(way_id), role=role)
        _write_tags(relation, tags)
    ET.indent(root)
    path.write_bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


def _add(extract: _Extract, feature: Feature) -> None:
    geometry = to_lon_lat(feature.geometry)
    if isinstance(geometry, shapely.Point):
        extract.node_tags[extract.node(_positions(geometry)[0])] = feature.tags
    elif isinstance(geometry, shapely.Polygon) and geometry.interiors:
        _add_multipolygon(extract, geometry, feature.tags)
    elif isinstance(geometry, shapely.Polygon):
        ring = _positions(geometry.exterior)
        extract.way(ring, feature.tags)
        lost = ring[-1 - feature.missing_nodes : -1] if feature.missing_nodes else []
        extract.absent.update(extract.node(position) for position in lost)
    else:
        extract.way(_positions(geometry), feature.tags)


def _add_multipolygon(extract: _Extract, polygon: shapely.Polygon, tags: dict[str, str]) -> None:
    """Islands are inner ways; the tags are on the relation, as mappers do."""
    members = [(extract.way(_positions(polygon.exterior), {}), "outer")]
    members += [(extract.way(_positions(ring), {}), "inner") for ring in polygon.interiors]
    extract.relations.append((members, {"type": "multipolygon"} | tags))


def _positions(geometry: BaseGeometry) -> list[Position]:
    return [(float(lon), float(lat)) for lon, lat in shapely.get_coordinates(geometry)]


def _write_nodes(root: ET.Element, extract: _Extract) -> None:
    for (lon, lat), node_id in extract.nodes.items():
        if node_id in extract.absent:
            continue
        node = ET.SubElement(root, "node", id=str(node_id), lat=f"{lat:.7f}", lon=f"{lon:.7f}")
        _write_tags(node, extract.node_tags.get(node_id, {}))


def _write_tags(element: ET.Element, tags: dict[str, str]) -> None:
    for key, value in sorted(tags.items()):
        ET.SubElement(element, "tag", k=key, v=value)
