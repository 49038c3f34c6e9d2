"""OSM areas that did not assemble: what lacks, told in French; whole rings given as drawn."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import osmium
import shapely
from osmium.filter import EntityFilter, IdFilter

from pipeline.ingestion.osm_objects import LonLat, OsmObjects, Tags

_SHORTEST_RING = 4


@dataclass
class _Way:
    """A way as the extract holds it."""

    known: list[LonLat] = field(default_factory=list)
    node_count: int = 0
    missing_count: int = 0
    is_closed: bool = False


def find_gaps(path: Path, missing: dict[str, Tags], found: OsmObjects) -> None:
    """
    Say why each object of `missing` has no area; complete `found`.

    Car parks go to `found.incomplete` with the reason; a complete closed ring goes to
    `found.areas` as drawn (it crosses itself, and will be repaired); others are counted.

    Parameters
    ----------
    path
        The file, sorted.
    missing
        Tags by key (`way/1`, `relation/2`) of what did not assemble.
    found
        Completed.
    """
    if not missing:
        return
    members = _members(path, _numbers(missing, "relation/"))
    wanted = set(_numbers(missing, "way/")).union(*members.values())
    ways = _ways(path, wanted)
    for key in sorted(missing):
        number = int(key.split("/")[1])
        if key.startswith("way/"):
            _tell_way(key, missing[key], ways[number], found)
        else:
            defect = _relation_defect(missing[key], members.get(number, []), ways)
            present = [ways[ref] for ref in members.get(number, []) if ref in ways]
            _tell(
                key, missing[key], defect, [place for way in present for place in way.known], found
            )


def _tell_way(key: str, tags: Tags, way: _Way, found: OsmObjects) -> None:
    if way.missing_count:
        lacking = _absent(way.missing_count, way.node_count, "nœud")
        _tell(key, tags, f"geometrie_incomplete : {lacking}", way.known, found)
    elif not way.is_closed:
        _tell(key, tags, "contour ouvert : la ligne ne se referme pas", way.known, found)
    elif len(set(way.known)) < _SHORTEST_RING - 1:
        _tell(key, tags, "contour nul : moins de trois sommets distincts", way.known, found)
    else:
        found.areas.add(key, tags, shapely.to_wkb(shapely.Polygon(way.known)))


def _relation_defect(tags: Tags, members: list[int], ways: dict[int, _Way]) -> str:
    if tags.get("type") != "multipolygon":
        return f"relation de type « {tags.get('type', 'non précisé')} » : aucun contour"
    absent = sum(ref not in ways for ref in members)
    if absent:
        return f"geometrie_incomplete : {_absent(absent, len(members), 'membre')}"
    nodes = sum(ways[ref].missing_count for ref in members)
    if nodes:
        total = sum(ways[ref].node_count for ref in members)
        return f"geometrie_incomplete : {_absent(nodes, total, 'nœud')}"
    return "contour invalide : les membres de la relation ne forment pas un contour fermé"


def _absent(count: int, total: int, noun: str) -> str:
    plural = "s" if count > 1 else ""
    return f"{count} {noun}{plural} sur {total} absent{plural} de l'extrait"


def _tell(key: str, tags: Tags, defect: str, known: list[LonLat], found: OsmObjects) -> None:
    if tags.get("amenity") != "parking":
        found.incomplete_others += 1
        return
    found.add_incomplete(key, tags, defect, known)


def _numbers(keys: Iterable[str], prefix: str) -> list[int]:
    return [int(key.removeprefix(prefix)) for key in keys if key.startswith(prefix)]


def _members(path: Path, relations: list[int]) -> dict[int, list[int]]:
    """Return the ways of each relation, in the order of its members."""
    if not relations:
        return {}
    pass_ = osmium.FileProcessor(str(path), osmium.osm.RELATION).with_filter(IdFilter(relations))
    return {
        relation.id: [member.ref for member in relation.members if member.type == "w"]
        for relation in pass_
        if isinstance(relation, osmium.osm.Relation)
    }


def _ways(path: Path, numbers: set[int]) -> dict[int, _Way]:
    processor = (
        osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY)
        .with_locations()
        .with_filter(EntityFilter(osmium.osm.WAY))
        .with_filter(IdFilter(numbers))
    )
    return {way.id: _read_way(way.nodes) for way in processor if isinstance(way, osmium.osm.Way)}


def _read_way(nodes: osmium.osm.WayNodeList) -> _Way:
    way = _Way(is_closed=len(nodes) > 1 and nodes[0].ref == nodes[-1].ref)
    missing = set()
    for node in nodes:
        if node.location.valid():
            way.known.append((node.lon, node.lat))
        else:
            missing.add(node.ref)
    way.missing_count = len(missing)
    way.node_count = len({node.ref for node in nodes})
    return way
