"""All the objects of a WFS layer in a box: sorted pages, counted, none twice, none missing."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from pipeline.crs import GeometryArray
from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.scope import Bounds
from pipeline.ingestion.services import WfsLayer

# Pages asked in one go; older ones may describe another state of the layer.
_ONE_GO = timedelta(days=1)
_DECIMALS = 6
_MATCHED = re.compile(rb'numberMatched="([0-9]+)"')


def page_request(service: str, layer: WfsLayer, box: Bounds, start: int, size: int) -> Request:
    """
    Return the request of the objects `start`, `start + 1`… (from 0) that meet a box.

    Parameters
    ----------
    box
        West, south, east, north in degrees. The reference system is written out with it: without,
        or as a URN, a WFS reads latitude first.
    """
    place = ",".join(f"{side:.{_DECIMALS}f}" for side in box)
    params = {
        "SERVICE": "WFS",
        "VERSION": "2.0.0",
        "REQUEST": "GetFeature",
        "TYPENAMES": layer.typename,
        "OUTPUTFORMAT": "application/json",
        "SRSNAME": "EPSG:4326",
        "SORTBY": layer.sorted_by,
        "COUNT": str(size),
        "STARTINDEX": str(start),
        "BBOX": f"{place},EPSG:4326",
    }
    return Request(service, "ows", ("json",), params)


def fetch_pages(retrieval: Retrieval, service: str, layer: WfsLayer, box: Bounds) -> list[Evidence]:
    """
    Return the pages that hold every object of a layer in a box, in order.

    Pages that do not fit together, because some are copies of an earlier day, are all asked again.

    Raises
    ------
    ServiceError
        If pages overlap, announce different totals, stop before the total, or give their
        coordinates in the wrong order.
    """
    try:
        return _pages(retrieval, service, layer, box, renew=False)
    except _UnfitError:
        return _pages(retrieval, service, layer, box, renew=True)


def merged(paths: Sequence[Path]) -> Iterable[bytes]:
    """Give one GeoJSON document, in degrees, from the pages; one page in memory at a time."""
    yield b'{"type":"FeatureCollection","features":['
    lead = b""
    for path in paths:
        for feature in json.loads(path.read_bytes())["features"]:
            yield lead + json.dumps(feature, ensure_ascii=False).encode()
            lead = b",\n"
    yield b"]}"


def merged_within(paths: Sequence[Path], place: shapely.Geometry) -> Iterable[bytes]:
    """Give one GeoJSON document, in degrees, of the objects of the pages that meet a place."""
    yield b'{"type":"FeatureCollection","features":['
    shapely.prepare(place)
    lead = b""
    for path in paths:
        features = json.loads(path.read_bytes())["features"]
        # One without geometry is kept: nobody can tell where it is.
        texts = [json.dumps(it["geometry"]) if it["geometry"] else None for it in features]
        shapes = shapely.from_geojson(np.array(texts, dtype=object))
        kept = shapely.is_missing(shapes) | shapely.intersects(place, shapely.envelope(shapes))
        for feature, is_kept in zip(features, kept, strict=True):
            if is_kept:
                yield lead + json.dumps(feature, ensure_ascii=False).encode()
                lead = b",\n"
    yield b"]}"


def count_objects(retrieval: Retrieval, service: str, layer: WfsLayer, box: Bounds) -> str:
    """Return in French how many objects of a layer meet a box, and in how many pages they come."""
    request = page_request(service, layer, box, 0, 1)
    params = {**request.params, "RESULTTYPE": "hits"}
    hits = retrieval.get(Request(service, request.path, ("text",), params), _read_hits)
    wfs = retrieval.transport.services[service].wfs
    pages = math.ceil((hits.row_count or 0) / (wfs.page_size if wfs is not None else 1))
    return f"{layer.folder}/{layer.file} : {hits.row_count} objets, {max(pages, 1)} pages"


def _read_hits(answer: Answer, where: str) -> Facts:
    found = _MATCHED.search(answer.path.read_bytes())
    if found is None:
        msg = f"{where} : nombre d'objets introuvable ; relancer plus tard"
        raise ServiceError(msg)
    return Facts(row_count=int(found[1]))


class _UnfitError(ServiceError):
    """Pages that do not fit together."""


def _pages(
    retrieval: Retrieval, service: str, layer: WfsLayer, box: Bounds, *, renew: bool
) -> list[Evidence]:
    wfs = retrieval.transport.services[service].wfs
    size = wfs.page_size if wfs is not None else 1
    pages: list[Evidence] = []
    seen: set[str] = set()
    total: int | None = None
    while total is None or len(seen) < total:
        request = page_request(service, layer, box, len(seen), size)
        where = f"{request.where(retrieval.transport.services[service])}, {layer.typename}"
        reader = _PageReader(box)
        page = retrieval.get(request, reader, renew=renew)
        content = retrieval.store.verified(page)
        # Decoded once: a page of 5 000 objects takes longer to decode than to arrive.
        is_read = reader.digest == page.sha256
        document = reader.document if is_read else json.loads(content.read_bytes())
        total = _same_total(total, int(document["numberMatched"]), where)
        _add(seen, _keys(document, layer, where), total, where)
        pages.append(page)
    times = [page.time for page in pages]
    if max(times) - min(times) > _ONE_GO:
        msg = f"{where} : pages de dates différentes ; relancer plus tard"
        raise _UnfitError(msg)
    return pages


def _same_total(before: int | None, now: int, where: str) -> int:
    if before is not None and before != now:
        msg = f"{where} : total annoncé de {before} objets, puis de {now} ; relancer"
        raise _UnfitError(msg)
    return now


def _add(seen: set[str], keys: list[str], total: int, where: str) -> None:
    before = len(seen)
    seen.update(keys)
    if len(seen) - before < len(keys):
        msg = f"{where} : pages qui se recouvrent, objet donné deux fois ; relancer"
        raise _UnfitError(msg)
    if len(seen) > total or (len(seen) < total and not keys):
        msg = f"{where} : {len(seen)} objets reçus sur {total} annoncés ; relancer"
        raise _UnfitError(msg)


def _keys(document: dict[str, Any], layer: WfsLayer, where: str) -> list[str]:
    keys = [
        (feature.get("properties") or {}).get(layer.sorted_by) for feature in document["features"]
    ]
    if any(key is None for key in keys):
        msg = f"{where} : objet sans {layer.sorted_by} ; vérifier config/services.yaml"
        raise ServiceError(msg)
    return [str(key) for key in keys]


class _PageReader:
    """
    Reads one page: a collection that counts its objects, in longitude and latitude.

    `document` is what it read last, from the content of this `digest`; empty before.
    """

    def __init__(self, box: Bounds) -> None:
        self._box = box
        self.document: dict[str, Any] = {}
        self.digest = ""

    def __call__(self, answer: Answer, where: str) -> Facts:
        document = json.loads(answer.path.read_bytes())
        self.document, self.digest = document, answer.sha256
        try:
            features = list(document["features"])
            matched, returned = document["numberMatched"], document["numberReturned"]
            geometries = _geometries(features)
        except (KeyError, TypeError, shapely.errors.ShapelyError) as error:
            msg = f"{where} : page WFS mal formée ({error!r}) ; vérifier la demande"
            raise ServiceError(msg) from error
        if not isinstance(matched, int) or returned != len(features):
            msg = (
                f"{where} : page WFS de {len(features)} objets, {returned} annoncés sur {matched} ;"
                " relancer"
            )
            raise ServiceError(msg)
        if _are_swapped(geometries, self._box):
            msg = f"{where} : latitude donnée avant la longitude ; réponse refusée, le signaler"
            raise ServiceError(msg)
        # What a page lost tells nothing: the total does, and it is checked against every page.
        return Facts(row_count=matched)


def _geometries(features: list[dict[str, Any]]) -> GeometryArray:
    """Return the geometries of a page, those that are missing left out."""
    drawn = [item["geometry"] for item in features if item["geometry"] is not None]
    together = json.dumps({"type": "GeometryCollection", "geometries": drawn})
    return shapely.get_parts(shapely.from_geojson(together))


def _are_swapped(geometries: GeometryArray, box: Bounds) -> bool:
    """Tell whether objects miss the box as they are, and meet it once turned over."""
    if not len(geometries):
        return False
    west, south, east, north = box
    meets = shapely.intersects(shapely.envelope(geometries), shapely.box(west, south, east, north))
    turned = shapely.intersects(shapely.envelope(geometries), shapely.box(south, west, north, east))
    return bool((~meets & turned).any())
