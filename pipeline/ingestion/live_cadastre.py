"""Parcels and buildings of a commune or a département, from the cadastre that Etalab publishes."""

import gzip
import json
import re
from collections import Counter
from functools import partial
from pathlib import Path
from typing import IO, cast

from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.live_communes import departement_of
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Wanted, single

SERVICE = "cadastre_etalab"
LAYERS = ("parcelles", "batiments")
_GZIP = b"\x1f\x8b"
_DATED = re.compile(r"/(\d{4}-\d{2}-\d{2})/")
_CHUNK = 4 * 1024**2
_COMMUNE = re.compile(rb'"commune"\s*:\s*"([0-9A-Z]{1,8})"')
_END = re.compile(rb"\]\s*\}\s*$")
_LONGEST = 64  # bytes of such a mention, spaces included


def cadastre_of(insee_code: str, service: Service) -> list[Wanted]:
    """
    Return the files of the parcels and of the buildings of a commune.

    Parameters
    ----------
    service
        Tells the arrondissements of Paris, Lyon and Marseille: each has its files, and not the
        commune.
    """
    codes = service.arrondissements.get(insee_code, (insee_code,))
    return [_layer_of(code, layer) for code in codes for layer in LAYERS]


def cadastre_of_departement(departement: str) -> list[Wanted]:
    """Return the files of the parcels and buildings of a département, over a million each."""
    return [_whole_layer_of(departement, layer) for layer in LAYERS]


def _layer_of(insee_code: str, layer: str) -> Wanted:
    name = f"cadastre-{insee_code}-{layer}.json.gz"
    folder = f"latest/geojson/communes/{departement_of(insee_code)}/{insee_code}"
    # Some servers declare the compression of the file as that of the transport: plain JSON comes.
    request = Request(SERVICE, f"{folder}/{name}", ("gzip", "json"))

    def read(answer: Answer, where: str) -> Facts:
        return _read(answer, insee_code, where)

    return single(f"cadastre/{name}", request, read)


def _whole_layer_of(departement: str, layer: str) -> Wanted:
    name = f"cadastre-{departement}-{layer}.json.gz"
    path = f"latest/geojson/departements/{departement}/{name}"
    request = Request(SERVICE, path, ("gzip", "json"))
    return single(f"cadastre/{name}", request, partial(_scan, departement=departement))


def _read(answer: Answer, insee_code: str, where: str) -> Facts:
    """Count the objects; those of another commune mean that another file came."""
    content = answer.path.read_bytes()
    try:
        document = json.loads(gzip.decompress(content) if content[:2] == _GZIP else content)
        communes = [str(item["properties"]["commune"]) for item in document["features"]]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{where} : cadastre mal formé ({error!r}) ; relancer plus tard"
        raise ServiceError(msg) from error
    _refuse_others(set(communes) - {insee_code}, where)
    return Facts(vintage=_vintage(answer), row_count=len(communes))


def _scan(answer: Answer, where: str, *, departement: str) -> Facts:
    """
    Count the objects of a file that would not hold in memory: each names its commune once.

    Its compression was read to the end before: it is whole.
    """
    found, is_collection = _mentions(answer.path)
    if not is_collection:
        msg = f"{where} : cadastre mal formé ; relancer plus tard"
        raise ServiceError(msg)
    communes = {code.decode() for code in found}
    _refuse_others({code for code in communes if departement_of(code) != departement}, where)
    return Facts(vintage=_vintage(answer), row_count=found.total())


def _mentions(path: Path) -> tuple[Counter[bytes], bool]:
    """Return how often each commune is named, and whether the text has both ends of GeoJSON."""
    found: Counter[bytes] = Counter()
    with path.open("rb") as raw:
        is_packed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if is_packed else raw
        head = text = stream.read(_CHUNK)
        last = head
        while text:
            rest = stream.read(_CHUNK)
            # What touches the end of a block is counted with the next one.
            end = max(len(text) - _LONGEST, 0) if rest else len(text)
            found.update(it[1] for it in _COMMUNE.finditer(text) if it.start() < end)
            last = text
            text = text[end:] + rest
    has_ends = b'"FeatureCollection"' in head[:_LONGEST] and _END.search(last[-_LONGEST:])
    return found, bool(has_ends)


def _refuse_others(others: set[str], where: str) -> None:
    if others:
        msg = f"{where} : objets de {', '.join(sorted(others)[:3])} ; réponse refusée, relancer"
        raise ServiceError(msg)


def _vintage(answer: Answer) -> str | None:
    dated = _DATED.search(answer.url)
    return dated[1] if dated else None
