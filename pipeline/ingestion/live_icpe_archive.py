"""Classified installations of a département: the archive of CSV files of Géorisques."""

import json
from functools import partial
from pathlib import PurePosixPath

from pipeline.errors import ServiceError, SourceError
from pipeline.ingestion.archive_members import stream_zip_member, zip_names
from pipeline.ingestion.encoding import decode
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.live_icpe import SERVICE
from pipeline.ingestion.live_pages import UnfitError, fitting
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.wanted import Wanted

_INSTALLATIONS = "installationclassee"
_ID = "codeaiot"


def installations_of(departement: str) -> Wanted:
    """
    Return the archive of the installations of a département, as Géorisques gives it.

    It must hold at least as many rows as the service counts: an archive is cut without a word.
    """
    archive = Request(SERVICE, "csv/installations_classees", ("zip",), {"departement": departement})
    params = {"departement": departement, "page": "1", "page_size": "1"}
    count = Request(SERVICE, "installations_classees", ("json",), params)
    place = f"icpe/georisques-{departement}.zip"
    return Wanted(place, archive, partial(_fetch, archive=archive, count=count))


def _fetch(retrieval: Retrieval, archive: Request, count: Request) -> list[Evidence]:
    where = archive.where(retrieval.transport.services[SERVICE])

    def collect(renew: bool) -> list[Evidence]:
        told = retrieval.get(count, _read_count, renew=renew)
        held = retrieval.get(archive, _read_archive, renew=renew)
        if (held.row_count or 0) < (told.row_count or 0):
            msg = (
                f"{where} : {held.row_count} installations reçues sur {told.row_count} annoncées ;"
                " relancer"
            )
            raise UnfitError(msg)
        return [told, held]

    return fitting(collect, where)[1:]


def _read_count(answer: Answer, where: str) -> Facts:
    document = json.loads(answer.path.read_bytes())
    total = document.get("results") if isinstance(document, dict) else None
    if not isinstance(total, int):
        msg = f"{where} : nombre d'installations introuvable ; relancer plus tard"
        raise ServiceError(msg)
    return Facts(row_count=total)


def _read_archive(answer: Answer, where: str) -> Facts:
    try:
        names = zip_names(answer.path, where)
        tables = [
            b"".join(stream_zip_member(answer.path, name, where))
            for name in names
            if PurePosixPath(name).stem.lower() == _INSTALLATIONS
        ]
    except SourceError as error:
        raise ServiceError(str(error)) from error
    if len(tables) != 1:
        there = ", ".join(names)[:200]
        msg = f"{where} : archive sans InstallationClassee.csv ({there}) ; relancer plus tard"
        raise ServiceError(msg)
    lines = decode(tables[0])[0].splitlines()
    if not lines or _ID not in lines[0].lower():
        msg = f"{where} : InstallationClassee.csv sans colonne codeAiot ; relancer plus tard"
        raise ServiceError(msg)
    return Facts(row_count=sum(bool(line.strip()) for line in lines[1:]))
