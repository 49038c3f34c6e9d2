"""Classified installations of the communes around, from the pages of Géorisques."""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.live_csv import csv_line
from pipeline.ingestion.live_pages import UnfitError, fitting
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Wanted

SERVICE = "georisques"
# What the reader uses; addresses, which may be those of persons (farms), stay in the proofs.
_COLUMNS = (
    "codeAIOT",
    "raisonSociale",
    "regime",
    "statutSeveso",
    "etatActivite",
    "rubriques",
    "codeInsee",
    "longitude",
    "latitude",
    "date_maj",
)
_ID, _COMMUNE, _HEADINGS, _HEADING = "codeAIOT", "codeInsee", "rubriques", "numeroRubrique"


def installations_around(insee_code: str, codes: Sequence[str], service: Service) -> Wanted:
    """
    Return the file of the installations that Géorisques locates in communes.

    One request, page after page, for each commune: the service tells by the code of the commune
    even what has no coordinates, which is then counted.

    Parameters
    ----------
    insee_code
        The commune whose surroundings these are: names the file.
    codes
        INSEE codes of the communes; one with arrondissements is asked under its code and theirs.
    service
        Gives the size of a page, and the arrondissements.
    """
    size = service.paged.page_size if service.paged is not None else 1
    known = service.arrondissements
    asked = [code for given in codes for code in (given, *known.get(given, ()))]
    return Wanted(
        f"icpe/georisques-{insee_code}.csv",
        _page_request(asked[0], 1, size),
        partial(_fetch, codes=asked, size=size),
        _table,
    )


def _page_request(code: str, page: int, size: int) -> Request:
    params = {"code_insee": code, "page": str(page), "page_size": str(size)}
    return Request(SERVICE, "installations_classees", ("json",), params)


def _fetch(retrieval: Retrieval, codes: Sequence[str], size: int) -> list[Evidence]:
    """Return the pages of every commune, in order, none missing and no installation twice."""
    where = _page_request(codes[0], 1, size).where(retrieval.transport.services[SERVICE])

    def collect(renew: bool) -> list[Evidence]:
        return [
            page
            for code in codes
            for page in _pages(retrieval, code, size, f"{where}, commune {code}", renew=renew)
        ]

    return fitting(collect, where)


def _pages(
    retrieval: Retrieval, code: str, size: int, where: str, *, renew: bool
) -> list[Evidence]:
    pages: list[Evidence] = []
    seen: set[str] = set()
    total: int | None = None
    while total is None or len(seen) < total:
        number = len(pages) + 1
        request = _page_request(code, number, size)
        known = {code, *retrieval.transport.services[SERVICE].arrondissements.get(code, ())}
        page = retrieval.get(request, _PageReader(known), renew=renew)
        document = json.loads(retrieval.store.verified(page).read_bytes())
        keys = [str(item[_ID]) for item in document["data"]]
        _refuse_unfit(document, keys, seen, total, number, where)
        seen.update(keys)
        total = document["results"]
        pages.append(page)
    return pages


def _refuse_unfit(
    document: dict[str, Any],
    keys: list[str],
    seen: set[str],
    total: int | None,
    number: int,
    where: str,
) -> None:
    """Refuse a page that is not the next one of the same answer."""
    results = document["results"]
    if total is not None and results != total:
        msg = f"{where} : total annoncé de {total} installations, puis de {results} ; relancer"
        raise UnfitError(msg)
    if document.get("page") not in {None, number}:
        msg = f"{where} : page {document['page']} reçue au lieu de la page {number} ; relancer"
        raise UnfitError(msg)
    found = len(seen | set(keys))
    if found < len(seen) + len(keys):
        msg = f"{where} : pages qui se recouvrent, installation donnée deux fois ; relancer"
        raise UnfitError(msg)
    if found > results or (found < results and not keys):
        msg = f"{where} : {found} installations reçues sur {results} annoncées ; relancer"
        raise UnfitError(msg)


class _PageReader:
    """Reads one page: installations of one commune (or its arrondissements), each with its code."""

    def __init__(self, codes: set[str]) -> None:
        self._codes = codes

    def __call__(self, answer: Answer, where: str) -> Facts:
        document = json.loads(answer.path.read_bytes())
        try:
            total = document["results"]
            items = list(document["data"])
            ids = [str(item[_ID]) for item in items]
            communes = {item[_COMMUNE] for item in items if item.get(_COMMUNE) is not None}
        except (KeyError, TypeError, AttributeError) as error:
            msg = f"{where} : page d'installations mal formée ({error!r}) ; relancer plus tard"
            raise ServiceError(msg) from error
        if not isinstance(total, int) or len(ids) > total:
            msg = f"{where} : {len(ids)} installations sur {total} annoncées ; relancer plus tard"
            raise ServiceError(msg)
        others = sorted(str(other) for other in communes - self._codes)
        if others:  # a filter that the service does not know is ignored
            msg = f"{where} : installations de {', '.join(others[:3])} ; réponse refusée"
            raise ServiceError(msg)
        return Facts(row_count=total)


def _table(paths: Sequence[Path]) -> Iterable[bytes]:
    """Give one CSV file; its header alone says that there is no installation."""
    yield csv_line(_COLUMNS)
    seen: set[str] = set()
    for path in paths:
        for item in json.loads(path.read_bytes())["data"]:
            if item[_ID] not in seen:  # a commune and its arrondissement may both tell of it
                yield csv_line([_text(item, column) for column in _COLUMNS])
            seen.add(item[_ID])


def _text(item: dict[str, Any], column: str) -> str:
    value = item.get(column)
    if column == _HEADINGS:
        given = [heading.get(_HEADING) for heading in value or ()]
        return ";".join(sorted({str(number) for number in given if number is not None}))
    return "" if value is None else str(value)
