"""Parcels and buildings of a commune, from the cadastre that Etalab publishes."""

import gzip
import json
import re

from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.live_communes import departement_of
from pipeline.ingestion.wanted import Wanted, single

SERVICE = "cadastre_etalab"
LAYERS = ("parcelles", "batiments")
_GZIP = b"\x1f\x8b"
_DATED = re.compile(r"/(\d{4}-\d{2}-\d{2})/")


def cadastre_of(insee_code: str) -> list[Wanted]:
    """Return the files of the parcels and of the buildings of a commune."""
    return [_layer_of(insee_code, layer) for layer in LAYERS]


def _layer_of(insee_code: str, layer: str) -> Wanted:
    name = f"cadastre-{insee_code}-{layer}.json.gz"
    folder = f"latest/geojson/communes/{departement_of(insee_code)}/{insee_code}"
    # Some servers declare the compression of the file as that of the transport: plain JSON comes.
    request = Request(SERVICE, f"{folder}/{name}", ("gzip", "json"))

    def read(answer: Answer, where: str) -> Facts:
        return _read(answer, insee_code, where)

    return single(f"cadastre/{name}", request, read)


def _read(answer: Answer, insee_code: str, where: str) -> Facts:
    """Count the objects; those of another commune mean that another file came."""
    content = answer.path.read_bytes()
    try:
        document = json.loads(gzip.decompress(content) if content[:2] == _GZIP else content)
        communes = [str(item["properties"]["commune"]) for item in document["features"]]
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{where} : cadastre mal formé ({error!r}) ; relancer plus tard"
        raise ServiceError(msg) from error
    others = set(communes) - {insee_code}
    if others:
        msg = f"{where} : objets de {', '.join(sorted(others)[:3])} ; réponse refusée, relancer"
        raise ServiceError(msg)
    dated = _DATED.search(answer.url)
    return Facts(vintage=dated[1] if dated else None, row_count=len(communes))
