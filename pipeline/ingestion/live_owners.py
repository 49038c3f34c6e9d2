"""Parcels of legal persons (DGFiP): the archive of the year that holds a département."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.errors import AbsentError, ServiceError, SourceError
from pipeline.ingestion.archive_members import stream_zip_member, zip_names
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Archive, Listed, Make, Member

SERVICE = "dgfip"
FOLDER = "proprietaires"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_YEAR = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])")
_CODE = r"(?P<{}>2[ab]|[0-9]{{1,3}})"
# « dpts_01_a_56 », « dept_62_a_976 » : the word before the codes changes.
_RANGE = re.compile(
    rf"(?<![0-9]){_CODE.format('first')}_a_(?:[a-z]+_?)?{_CODE.format('last')}(?![0-9])"
)
_PARCELS = re.compile(r"PM_[0-9]{2}_NB_[0-9A-Z]+\.csv", re.IGNORECASE)
_SHORT = 2  # length of the code of a mainland département: a digit of its direction follows


@dataclass(frozen=True)
class _Attached:
    """One attached archive of parcels: its name, its year, the départements it holds."""

    name: str
    year: int
    first: str
    last: str

    def holds(self, departement: str) -> bool:
        return _rank(self.first) <= _rank(departement) <= _rank(self.last)


def owners_of(departement: str, service: Service) -> list[Listed]:
    """
    Return the archive of the parcels of legal persons that holds a département.

    Parameters
    ----------
    departement
        `62`, `2A`, `971`.
    service
        Gives the dataset; without one, nothing is asked.
    """
    if service.dataset is None:
        return []
    request = Request(SERVICE, f"{service.dataset}/attachments", ("json",))
    expand = partial(_expand, request=request, departement=departement, dataset=service.dataset)
    return [Listed(FOLDER, request, expand)]


def _expand(
    retrieval: Retrieval, request: Request, departement: str, dataset: str
) -> list[Archive]:
    listed = retrieval.get(request, _read_list)
    names = _names(json.loads(retrieval.store.verified(listed).read_bytes()))
    where = request.where(retrieval.transport.services[SERVICE])
    found = _newest(names, departement, where)
    label = f"{where}, {found.name}"
    return [
        Archive(
            f"{FOLDER}/PM_{found.year % 100:02}_NB_{departement}*.csv",
            Request(SERVICE, f"{dataset}/attachments/{found.name}", ("zip",)),
            partial(_read_archive, year=found.year),
            partial(_members, departement=departement, label=label),
        )
    ]


def _read_list(answer: Answer, where: str) -> Facts:
    try:
        names = _names(json.loads(answer.path.read_bytes()))
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"{where} : liste de fichiers mal formée ({error!r}) ; relancer plus tard"
        raise ServiceError(msg) from error
    if not any(_attached(name) for name in names):
        msg = f"{where} : aucun fichier de parcelles parmi {len(names)} ; déposer celui de la DGFiP"
        raise ServiceError(msg)
    return Facts(row_count=len(names))


def _names(document: dict[str, Any]) -> list[str]:
    """Return the names of the attached files: their ids, or the ends of their addresses."""
    given = [
        str(item.get("id") or item.get("href") or item["url"]) for item in document["attachments"]
    ]
    return [name.rstrip("/").rsplit("/", 1)[-1] for name in given]


def _attached(name: str) -> _Attached | None:
    """Read the name of an archive of parcels; None for another file."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower())
    year = _YEAR.search(plain.replace("_", " "))
    if year is None or "parcelle" not in plain or _NAME.fullmatch(name) is None:
        return None
    part = _RANGE.search(plain)
    first, last = (part["first"], part["last"]) if part else ("01", "976")
    return _Attached(name, int(year[0]), first, last)


def _newest(names: Iterable[str], departement: str, where: str) -> _Attached:
    """Return the archive of the newest year that holds a département."""
    known = [found for name in sorted(names) if (found := _attached(name)) is not None]
    year = max(item.year for item in known)
    for item in known:
        if item.year == year and item.holds(departement):
            return item
    there = ", ".join(item.name for item in known if item.year == year)
    msg = f"{where} : aucun fichier de {year} ne couvre le département {departement} ({there})"
    raise AbsentError(msg)


def _rank(departement: str) -> float:
    """Return where a département comes in the order of the DGFiP: Corsica between 19 and 21."""
    code = departement.upper()
    return 20 + "AB".index(code[1]) / 2 if code in {"2A", "2B"} else float(code)


def _read_archive(answer: Answer, where: str, *, year: int) -> Facts:
    try:
        names = zip_names(answer.path, where)
    except SourceError as error:
        raise ServiceError(str(error)) from error
    if not any(_PARCELS.fullmatch(PurePosixPath(name).name) for name in names):
        msg = f"{where} : archive sans fichier de parcelles (PM_…_NB_….csv) ; réponse refusée"
        raise ServiceError(msg)
    return Facts(vintage=f"{year}-01-01")


def _members(path: Path, departement: str, label: str) -> list[Member]:
    """Return the files of a département: one for each of its directions."""
    direction = "[0-9A-Z]" if len(departement) == _SHORT else ""
    wanted = re.compile(rf"PM_[0-9]{{2}}_NB_{departement}{direction}\.csv", re.IGNORECASE)
    names = [it for it in zip_names(path, label) if wanted.fullmatch(PurePosixPath(it).name)]
    if not names:
        msg = f"{label} : aucun fichier du département {departement} dans l'archive ; le signaler"
        raise ServiceError(msg)
    return [
        Member(f"{FOLDER}/{PurePosixPath(name).name}", _copy_of(name, label))
        for name in sorted(names)
    ]


def _copy_of(member: str, label: str) -> Make:
    def make(paths: Sequence[Path]) -> Iterable[bytes]:
        return stream_zip_member(paths[0], member, label)

    return make
