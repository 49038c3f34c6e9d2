"""What a data folder lacks around a commune: fetched, kept, written where the readers look."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from pipeline.assumptions import Assumptions
from pipeline.crs import WGS84, Territory, territory_of
from pipeline.errors import AbsentError, ServiceError, SourceError
from pipeline.ingestion import live_bdtopo, live_mnh, live_osm
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.communes import INSEE_CODE, find_window, read_communes
from pipeline.ingestion.evidence import EvidenceStore
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.files import find_files
from pipeline.ingestion.formats import VECTORS
from pipeline.ingestion.live_around import context_around
from pipeline.ingestion.live_bdtopo import bdtopo_around
from pipeline.ingestion.live_cadastre import cadastre_of
from pipeline.ingestion.live_communes import limits_of
from pipeline.ingestion.live_lots import park_boxes
from pipeline.ingestion.live_mnh import heights_around
from pipeline.ingestion.live_osm import osm_around
from pipeline.ingestion.proofs import STORE
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.scope import Bounds, Scope
from pipeline.ingestion.wanted import Wanted

State = Literal["telecharge", "deja_la", "a_demander", "absent", "depose", "echec"]


@dataclass(frozen=True)
class Fetched:
    """
    What became of one file.

    `state` tells whether its answer is new (`telecharge`), was kept (`deja_la`), would be asked for
    (`a_demander`), does not exist at the producer (`absent`), was left to a file of somebody
    (`depose`), or could not be had (`echec`, with the error in `detail`). The rest is None without
    an answer; `size` is in bytes.
    """

    place: str
    state: State
    service: str
    size: int | None = None
    fetched_at: str | None = None
    vintage: str | None = None
    licence: str | None = None
    detail: str | None = None


class Fetcher:
    """
    Fills a data folder.

    Parameters
    ----------
    data
        The folder; made as needed.
    retrieval
        Its store must be `data / STORE`.
    territories, assumptions, catalogue
        Give the window around the commune, the tags looked at, the columns of the limits.
    clock
        Gives the time, in UTC.
    on_step
        Called with what is being fetched.
    """

    def __init__(
        self,
        data: Path,
        retrieval: Retrieval,
        territories: tuple[Territory, ...],
        assumptions: Assumptions,
        catalogue: Catalogue,
        *,
        clock: Callable[[], datetime],
        on_step: Callable[[str], None],
    ) -> None:
        self._data = data
        self._retrieval = retrieval
        self._territories = territories
        self._assumptions = assumptions
        self._catalogue = catalogue
        self._clock = clock
        self._on_step = on_step

    def fetch(self, insee_code: str) -> Iterator[Fetched]:
        """
        Fetch what the folder lacks around a commune, file by file.

        A folder that holds files of somebody is left as it is: two sources are never mixed unseen.
        A file that cannot be had is told, and the others are fetched; without limits nothing is.

        Raises
        ------
        SourceError
            If the code is no INSEE code, or the limits do not hold the commune.
        """
        _refuse_bad_code(insee_code)
        limits = self._fetched(limits_of(insee_code))
        yield limits
        if limits.state in {"absent", "echec"} and not self._has_files("communes"):
            return
        box, codes = self._around(insee_code)
        for wanted in self._wanted(insee_code, box, codes):
            yield self._fetched(wanted)
        for wanted in self._heights(insee_code):
            yield self._fetched(wanted)

    def plan(self, insee_code: str) -> Iterator[Fetched]:
        """Tell what `fetch` would do, asking nobody; what lies around needs the limits first."""
        _refuse_bad_code(insee_code)
        yield self._planned(limits_of(insee_code))
        if not self._has_files("communes"):
            note = "le reste dépend des limites de la commune : les télécharger d'abord"
            yield Fetched("cadastre/, osm/, bdtopo/", "a_demander", "", detail=note)
            return
        box, codes = self._around(insee_code)
        for wanted in self._wanted(insee_code, box, codes):
            yield self._planned(wanted)
        for wanted in self._heights(insee_code):
            yield self._planned(wanted)

    def _wanted(self, insee_code: str, box: Bounds, codes: list[str]) -> list[Wanted]:
        services = self._retrieval.transport.services
        covers = self._assumptions.ground_cover
        ground = [cover.tag for cover in covers if cover.source == "osm"]
        return [
            *(wanted for code in codes for wanted in cadastre_of(code)),
            osm_around(insee_code, box, ground, services[live_osm.SERVICE]),
            *bdtopo_around(insee_code, box, services[live_bdtopo.SERVICE]),
            *context_around(insee_code, box, codes, services, self._assumptions.solar),
        ]

    def _heights(self, insee_code: str) -> list[Wanted]:
        """Return the squares of heights around the car parks that the folder draws by now."""
        territory = territory_of(insee_code, self._territories)
        service = self._retrieval.transport.services[live_mnh.SERVICE]
        if service.heights is None or service.heights.crs != territory.crs:
            return []
        boxes = park_boxes(self._data, insee_code, territory, self._assumptions, self._catalogue)
        plan = heights_around(boxes, service)
        self._on_step(f"mnh/ : {len(plan.files)} dalles, {plan.size // 1024**2} Mo au plus")
        return plan.files

    def _around(self, insee_code: str) -> tuple[Bounds, list[str]]:
        """Return the window of the commune in degrees, and the communes there, its own first."""
        territory = territory_of(insee_code, self._territories)
        with tempfile.TemporaryDirectory() as work:
            scope = Scope(territory, None, insee_code, self._catalogue, Path(work))
            files = find_files(self._data, "communes", Path(work)) or ()
            reports = [FileReport(file) for file in files if file.format in VECTORS]
            halo_m = self._assumptions.parking_lots.halo_m.value
            scope = replace(scope, window=find_window(reports, scope, halo_m))
            met = read_communes([FileReport(file.file) for file in reports], scope)
            box = scope.window_in(WGS84)
        if box is None:
            raise AssertionError  # the window was set just above
        others = sorted(set(met["insee_code"]) - {insee_code})
        return box, [insee_code, *others]

    def _fetched(self, wanted: Wanted) -> Fetched:
        left = self._left(wanted)
        if left is not None:
            return left
        self._on_step(wanted.place)
        before = self._retrieval.kept_count
        try:
            parts = wanted.fetch(self._retrieval)
            store = self._retrieval.store
            store.deliver(parts, self._data, wanted.place, self._clock(), make=wanted.make)
        except AbsentError as error:
            return Fetched(wanted.place, "absent", wanted.request.service, detail=str(error))
        except ServiceError as error:
            return Fetched(wanted.place, "echec", wanted.request.service, detail=str(error))
        is_new = self._retrieval.kept_count > before
        return _told(wanted, parts, "telecharge" if is_new else "deja_la")

    def _planned(self, wanted: Wanted) -> Fetched:
        left = self._left(wanted)
        if left is not None:
            return left
        last = self._retrieval.store.latest(wanted.request)
        service = self._retrieval.transport.services[wanted.request.service]
        if last is not None and self._retrieval.is_fresh(last, service):
            return _told(wanted, [last], "absent" if last.is_absence else "deja_la")
        where = wanted.request.where(service)
        return Fetched(wanted.place, "a_demander", wanted.request.service, detail=where)

    def _left(self, wanted: Wanted) -> Fetched | None:
        """Return what is said of a file left to somebody's; None when it may be written."""
        store = self._retrieval.store
        ours = set(store.register.uses()) if store.exists() else set()
        here = _visible(self._data / wanted.folder)
        places = {path.relative_to(self._data).as_posix() for path in here}
        if not places <= ours:
            detail = f"{wanted.folder}/ : fichiers déposés à la main, employés tels quels"
        elif wanted.place in places and not store.is_ours(self._data, wanted.place):
            detail = f"{wanted.place} : modifié depuis, employé tel quel"
        else:
            return None
        return Fetched(wanted.place, "depose", wanted.request.service, detail=detail)

    def _has_files(self, folder: str) -> bool:
        return any(_visible(self._data / folder))


def mixed_vintages(store: EvidenceStore) -> list[str]:
    """Return one French sentence per folder whose files were made from several vintages."""
    if not store.exists():
        return []
    known = {(it.key, it.sha256): it.vintage for it in store.register.answers()}
    of_folder: dict[str, set[str]] = {}
    for use in store.register.uses().values():
        vintages = {known.get(part) for part in use.parts} - {None}
        of_folder.setdefault(use.place.split("/")[0], set()).update(str(it) for it in vintages)
    return [
        f"{folder}/ : millésimes mêlés ({', '.join(sorted(vintages))}) ; --renew redemande tout"
        for folder, vintages in sorted(of_folder.items())
        if len(vintages) > 1
    ]


def store_of(data: Path) -> EvidenceStore:
    """Return the evidence store of a data folder."""
    return EvidenceStore(data / STORE)


def _told(wanted: Wanted, parts: list[Evidence], state: State) -> Fetched:
    """Describe a file by its answers: the oldest day and vintage of all."""
    vintages = [part.vintage for part in parts if part.vintage is not None]
    return Fetched(
        wanted.place,
        state,
        wanted.request.service,
        size=sum(part.size for part in parts),
        fetched_at=min(part.fetched_at for part in parts),
        vintage=min(vintages, default=None),
        licence=parts[0].licence,
    )


def _visible(folder: Path) -> Iterator[Path]:
    """Give the files that readers would see."""
    for path in folder.rglob("*") if folder.is_dir() else ():
        if path.is_file() and not any(
            part.startswith(".") for part in path.relative_to(folder).parts
        ):
            yield path


def _refuse_bad_code(insee_code: str) -> None:
    if INSEE_CODE.fullmatch(insee_code) is None:
        msg = f"« {insee_code[:20]} » n'est pas un code INSEE de commune : cinq caractères"
        raise SourceError(msg)
