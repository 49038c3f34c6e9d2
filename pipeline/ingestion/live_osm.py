"""OpenStreetMap around a commune, from Overpass."""

import json
import math
from collections.abc import Iterable

from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.osm_tags import ROLES
from pipeline.ingestion.refusals import one_line
from pipeline.ingestion.scope import Bounds
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Wanted, single

SERVICE = "overpass"
# The box is rounded outwards, so that a limit that moves by a metre asks for the same thing.
_STEPS_PER_DEGREE = 1000


def osm_around(insee_code: str, box: Bounds, ground: Iterable[str], service: Service) -> Wanted:
    """
    Return the file of the OSM objects that the reader looks at, whole where they meet a box.

    Parameters
    ----------
    box
        West, south, east, north in degrees.
    ground
        Keys of the tags that tell the ground cover.
    service
        Gives the time that the query may take there.
    """
    query = _query(box, sorted({*ROLES, *ground}), int(service.timeouts.silence_s))
    request = Request(SERVICE, "interpreter", ("json",), form={"data": query})
    return single(f"osm/overpass-{insee_code}.json", request, _read)


def _query(box: Bounds, keys: list[str], seconds: int) -> str:
    """Write the query: objects with one of the keys, then what they are made of."""
    west, south, east, north = box
    sides = (_down(south), _down(west), _up(north), _up(east))
    place = ",".join(f"{side:.3f}" for side in sides)
    wanted = "".join(f'nwr["{key}"];' for key in keys)
    # `meta` gives the day of the last edit, which dates a car park.
    return f"[out:json][timeout:{seconds}][bbox:{place}];({wanted});out meta;>;out skel qt;"


def _read(answer: Answer, where: str) -> Facts:
    document = json.loads(answer.path.read_bytes())
    remark = one_line(document.get("remark", "")) if isinstance(document, dict) else ""
    if remark:  # with status 200: the answer is partial or empty
        msg = f"{where} : requête interrompue (« {remark} ») ; relancer plus tard"
        raise ServiceError(msg)
    try:
        count = len(document["elements"])
        vintage = str(document["osm3s"]["timestamp_osm_base"])[: len("2026-01-01")]
    except (KeyError, TypeError) as error:
        msg = f"{where} : réponse Overpass mal formée ({error!r}) ; relancer plus tard"
        raise ServiceError(msg) from error
    if not count:
        msg = f"{where} : aucun objet autour de la commune ; réponse refusée, relancer plus tard"
        raise ServiceError(msg)
    return Facts(vintage=vintage, row_count=count)


def _down(degrees: float) -> float:
    return math.floor(degrees * _STEPS_PER_DEGREE) / _STEPS_PER_DEGREE


def _up(degrees: float) -> float:
    return math.ceil(degrees * _STEPS_PER_DEGREE) / _STEPS_PER_DEGREE
