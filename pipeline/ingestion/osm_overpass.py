"""Overpass JSON answers → the same OSM objects as any other file."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import osmium
from osmium.osm import mutable

from pipeline.ingestion.provenance import FileReport

Element = dict[str, Any]

_RANK = {"node": 0, "way": 1, "relation": 2}


def rewrite_overpass(report: FileReport, work: Path) -> Path:
    """
    Rewrite an Overpass answer as an OSM file; nodes of an `out geom` answer are rebuilt.

    Raises
    ------
    SourceError
        If the document is truncated, or says that the query failed (its content is then partial).
    """
    try:
        document = json.loads(report.file.path.read_text(encoding="utf-8"))
        remark = str(document.get("remark", ""))
        elements = [element for element in document["elements"] if element["type"] in _RANK]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = f"réponse Overpass illisible ou tronquée ({error})"
        raise report.refusal(why) from error
    if "error" in remark:
        why = f"requête Overpass échouée ({remark[:120]}) ; la relancer"
        raise report.refusal(why)
    path = work / f"overpass-{report.file.sha256[:16]}.osm.pbf"
    try:
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            _write(writer, _completed(elements))
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        why = f"objet Overpass mal formé ({error!r})"
        raise report.refusal(why) from error
    return path


def _completed(elements: list[Element]) -> list[Element]:
    """Return the elements once each, with the nodes and ways that `out geom` leaves implicit."""
    known = {(element["type"], element["id"]): element for element in reversed(elements)}
    for element in _implicit(list(known.values())):
        known.setdefault((element["type"], element["id"]), element)
    return sorted(known.values(), key=lambda element: (_RANK[element["type"]], element["id"]))


def _implicit(elements: list[Element]) -> Iterator[Element]:
    nodes = _Nodes(max((element["id"] for element in elements), default=0))
    for element in elements:
        if element["type"] == "way" and "geometry" in element:
            yield from nodes.of_way(element)
        for member in element.get("members", ()):
            if member["type"] == "way" and "geometry" in member:
                way = {"type": "way", "id": member["ref"], "geometry": member["geometry"]}
                yield from nodes.of_way(way)
                yield way


class _Nodes:
    """Nodes given as coordinates: those without an id get one, the same at the same place."""

    def __init__(self, highest: int) -> None:
        self._next = itertools.count(highest + 1)
        self._ids: dict[tuple[float, float], int] = {}

    def of_way(self, way: Element) -> Iterator[Element]:
        places = [(p["lon"], p["lat"]) if p else None for p in way["geometry"]]
        given = way.get("nodes") or [None] * len(places)
        refs = []
        for ref, place in zip(given, places, strict=False):
            ref = self._ref(place) if ref is None else ref
            refs.append(ref)
            if place is not None:
                yield {"type": "node", "id": ref, "lon": place[0], "lat": place[1]}
        way["nodes"] = refs

    def _ref(self, place: tuple[float, float] | None) -> int:
        if place is None:  # cut out of the answer: a node that nothing locates
            return next(self._next)
        if place not in self._ids:
            self._ids[place] = next(self._next)
        return self._ids[place]


def _write(writer: osmium.SimpleWriter, elements: list[Element]) -> None:
    for element in elements:
        attributes = {
            "id": element["id"],
            "version": element.get("version", 1),
            **({"timestamp": element["timestamp"]} if "timestamp" in element else {}),
            "tags": element.get("tags", {}),
        }
        if element["type"] == "node":
            place = (element["lon"], element["lat"])
            writer.add_node(mutable.Node(location=place, **attributes))
        elif element["type"] == "way":
            writer.add_way(mutable.Way(nodes=element.get("nodes", []), **attributes))
        else:
            members = [(m["type"][0], m["ref"], m.get("role", "")) for m in element["members"]]
            writer.add_relation(mutable.Relation(members=members, **attributes))
