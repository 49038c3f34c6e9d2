"""OpenStreetMap of a département: the file of its region at Geofabrik, and an extract of it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import osmium

from pipeline.errors import ServiceError, SourceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.osm_extract import extraction
from pipeline.ingestion.refusals import one_line
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Wanted

SERVICE = "geofabrik"
_DIGEST = re.compile(r"([0-9a-fA-F]{32})\s+\*?\S+\s*")
_LONGEST_DIGEST = 1000
_DAY = len("2026-01-01")


def osm_of_departement(departement: str, keys: Sequence[str], service: Service) -> list[Wanted]:
    """
    Return the file of the OSM objects of the region that holds a département.

    The départements of a region share it: the same place, made once. Only what the region of
    Geofabrik holds is there, its last ways whole: beyond its limit, nothing.

    Parameters
    ----------
    departement
        `62`, `2A`, `974`.
    keys
        Keys of the objects to keep, from `osm_land.keys_read`.

    Raises
    ------
    SourceError
        If no region is declared for the département.
    """
    region = _region(departement, service)
    if region is None or service.regions is None:
        msg = (
            f"{service.label} : aucune région déclarée pour le département {departement[:5]} ;"
            " compléter config/services.yaml"
        )
        raise SourceError(msg)
    name = f"{region}-latest.osm.pbf"
    pbf, digest = Request(SERVICE, name, ("osm_pbf",)), Request(SERVICE, f"{name}.md5", ("text",))
    fetch = partial(_fetch, pbf=pbf, digest=digest)
    # What Overpass gave of the communes of the region would tell the same things twice.
    held = "|".join(service.regions.root[region])
    communes = rf"osm/overpass-(?:{held})[0-9]{{2,3}}\.json"
    return [Wanted(_place(region), pbf, fetch, extraction(keys), communes)]


def region_file(departement: str, service: Service) -> str | None:
    """Return the place of the file that holds the OSM objects of a département; None without."""
    region = _region(departement, service)
    return None if region is None else _place(region)


def _region(departement: str, service: Service) -> str | None:
    return None if service.regions is None else service.regions.of(departement)


def _place(region: str) -> str:
    return f"osm/geofabrik-{region}.osm.pbf"


def _fetch(retrieval: Retrieval, pbf: Request, digest: Request) -> list[Evidence]:
    """Return the extract, held to the digest that is told just before it is asked for."""
    service = retrieval.transport.services[SERVICE]
    if retrieval.transport.offline:
        return [retrieval.get(pbf, _read_header)]
    held = retrieval.store.latest(pbf)
    is_due = held is None or not retrieval.is_fresh(held, service)
    told = retrieval.get(digest, _read_digest, renew=is_due)
    if held is not None and not held.is_absence and not retrieval.is_fresh(told, service):
        return [held]  # the service is down, as the digest was: said already
    return [_told_twice(retrieval, pbf, digest, told)]


def _told_twice(retrieval: Retrieval, pbf: Request, digest: Request, told: Evidence) -> Evidence:
    """Return the extract; when it cannot be had, « latest » may have moved: ask for both again."""
    failure, found = None, None
    try:
        found = retrieval.get(_held_to(pbf, told, retrieval), _read_header)
        if retrieval.is_fresh(found, retrieval.transport.services[SERVICE]):
            return found
    except ServiceError as error:
        failure = error
    later = retrieval.get(digest, _read_digest, renew=True)
    if later.sha256 != told.sha256:
        return retrieval.get(_held_to(pbf, later, retrieval), _read_header)
    if found is None:
        raise failure or AssertionError
    return found


def _held_to(pbf: Request, told: Evidence, retrieval: Retrieval) -> Request:
    text = retrieval.store.verified(told).read_text(encoding="ascii")
    return replace(pbf, md5=text[:32].lower())


def _read_digest(answer: Answer, where: str) -> Facts:
    with answer.path.open(encoding="utf-8", errors="replace") as stream:
        text = stream.read(_LONGEST_DIGEST)
    if _DIGEST.fullmatch(text) is None:
        msg = f"{where} : somme md5 illisible (« {one_line(text)} ») ; relancer plus tard"
        raise ServiceError(msg)
    return Facts(row_count=1)


def _read_header(answer: Answer, where: str) -> Facts:
    """Return the date of the data, which the file tells in its header."""
    try:
        file = osmium.io.File(str(answer.path), "pbf")
        with osmium.io.Reader(file, osmium.osm.NOTHING) as reader:
            told = reader.header().get("osmosis_replication_timestamp")
    except RuntimeError as error:
        msg = f"{where} : extrait OSM illisible ({one_line(error)}) ; relancer plus tard"
        raise ServiceError(msg) from error
    return Facts(vintage=told[:_DAY] or None)
