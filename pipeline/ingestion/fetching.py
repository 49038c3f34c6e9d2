"""What a data folder lacks around a commune: fetched, kept, written where the readers look."""

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import WGS84, Territory, territory_of
from pipeline.errors import ServiceError, SourceError
from pipeline.ingestion import (
    live_bdtopo,
    live_cadastre,
    live_communes,
    live_downloads,
    live_geofabrik,
    live_mnh,
    live_osm,
    live_owners,
)
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.communes import INSEE_CODE, find_window, read_communes
from pipeline.ingestion.deliveries import Deliveries, Fetched, State
from pipeline.ingestion.evidence import EvidenceStore
from pipeline.ingestion.files import find_files
from pipeline.ingestion.formats import VECTORS
from pipeline.ingestion.live_around import context_around
from pipeline.ingestion.live_bdtopo import bdtopo_around
from pipeline.ingestion.live_cadastre import cadastre_of
from pipeline.ingestion.live_communes import departement_of, limits_of
from pipeline.ingestion.live_lots import park_boxes
from pipeline.ingestion.live_mnh import heights_around
from pipeline.ingestion.live_osm import osm_around
from pipeline.ingestion.proofs import STORE
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.scope import Bounds, Scope
from pipeline.ingestion.wanted import Listed, Wanted

__all__ = ["Choice", "Fetched", "Fetcher", "State", "Surroundings", "mixed_vintages", "store_of"]

# Folders of hundreds of megabytes a département: fetched for a commune only when asked for.
HEAVY = ("ocsge", "proprietaires")
FOLDERS = (
    "bdtopo",
    "cadastre",
    "icpe",
    "irradiation",
    "mnh",
    "monuments",
    "ocsge",
    "osm",
    "parkings",
    "plu",
    "proprietaires",
    "servitudes",
)
_NEIGHBOURS = "communes/ (départements voisins)"
_OF_SEVERAL_VINTAGES = frozenset({"ocsge", "proprietaires"})
_CODE = re.compile(r"-((?:[0-9]{2}|2[AB])[0-9]{3})(?=[-.])")
_NATIONAL = re.compile(r"parkings/parkings_sup500m2-20[0-9]{2}-.*")


@dataclass(frozen=True)
class Choice:
    """Which folders are fetched: `heavy` adds some of `HEAVY` to a commune, `without` takes off."""

    heavy: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Surroundings:
    """What the plans need to know: where coordinates are, the tags looked at, the columns."""

    territories: tuple[Territory, ...]
    assumptions: Assumptions
    catalogue: Catalogue


class Fetcher:
    """
    Fills a data folder around communes.

    Parameters
    ----------
    data
        The folder; made as needed.
    retrieval
        Its store must be `data / STORE`.
    known
        Gives the window around the commune, the tags looked at, the columns of the limits.
    choice
        Which folders are fetched.
    clock
        Gives the time, in UTC.
    on_step
        Called with what is being fetched.
    """

    def __init__(
        self,
        data: Path,
        retrieval: Retrieval,
        known: Surroundings,
        choice: Choice,
        *,
        clock: Callable[[], datetime],
        on_step: Callable[[str], None],
    ) -> None:
        self._data = data
        self._retrieval = retrieval
        self._known = known
        self._choice = choice
        self._on_step = on_step
        self._desk = Deliveries(data, retrieval, clock=clock, on_step=on_step)

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
        desk = self._desk
        limits = desk.fetched(limits_of(departement_of(insee_code)))
        yield limits
        if limits.state in {"absent", "echec"} and not desk.has_files("communes"):
            return
        box, codes = self._around(insee_code)
        if limits.state != "depose":
            yield from self._neighbours(insee_code, box, desk.fetched)
            box, codes = self._around(insee_code)
        yield from self._each(self._wanted(insee_code, box, codes), desk.fetched, codes)
        for listed in self.lists(insee_code):
            archives = desk.archives(listed, dry_run=False)
            if isinstance(archives, Fetched):
                yield archives
                continue
            for archive in archives:
                yield from desk.archive_fetched(archive)
        yield from self._each(self._heights(insee_code), desk.fetched)

    def plan(self, insee_code: str) -> Iterator[Fetched]:
        """
        Tell what `fetch` would do; what lies around needs the limits first.

        Nobody is asked, but for the lists and the sizes of the heavy folders.
        """
        _refuse_bad_code(insee_code)
        desk = self._desk
        limits = desk.planned(limits_of(departement_of(insee_code)))
        yield limits
        if desk.has_files("communes"):
            box, codes = self._around(insee_code)
            if limits.state != "depose":
                yield from self._neighbours(insee_code, box, desk.planned, dry_run=True)
            yield from self._each(self._wanted(insee_code, box, codes), desk.planned, codes)
            yield from self._each(self._heights(insee_code), desk.planned)
        else:
            note = "le reste dépend des limites de la commune : les télécharger d'abord"
            yield Fetched("cadastre/, osm/, bdtopo/", "a_demander", "", detail=note)
        for listed in self.lists(insee_code):
            archives = desk.archives(listed, dry_run=True)
            if isinstance(archives, Fetched):
                yield archives
            else:
                yield from map(desk.archive_planned, archives)

    def lists(self, insee_code: str) -> list[Listed]:
        """Return the lists of the heavy folders that were asked for."""
        services = self._retrieval.transport.services
        folders = self._choice.heavy - self._choice.without
        departement = departement_of(insee_code)
        owners = live_owners.owners_of(departement, services[live_owners.SERVICE])
        downloads = services[live_downloads.SERVICE]
        return [
            *(it for it in owners if it.folder in folders),
            *live_downloads.archives_of(departement, downloads, folders),
        ]

    def _each(
        self, wanted: list[Wanted], do: Callable[[Wanted], Fetched], met: Iterable[str] = ()
    ) -> Iterator[Fetched]:
        """
        Do what is to be done of each file, but for those left out or held by a wider one.

        `met` are the communes of the window: those that a wider file does not hold are told.
        """
        for item in wanted:
            if item.folder in self._choice.without:
                continue
            wider = self._wider(item)
            if wider is None:
                yield do(item)
            else:
                beyond = self._beyond(met) if item.folder == "osm" else ""
                detail = f"{wider} : couvre déjà la commune{beyond}"
                yield Fetched(item.place, "ecarte", item.request.service, detail=detail)

    def _wider(self, wanted: Wanted) -> str | None:
        """Return the file of a département, of its region or of the country that holds a file."""
        code = _CODE.search(wanted.place)
        if code is None:
            return None
        departement, ours = departement_of(code[1]), self._desk.ours(wanted.folder)
        service = self._retrieval.transport.services[live_geofabrik.SERVICE]
        region = live_geofabrik.region_file(departement, service)
        if region in ours:
            return region
        whole = re.compile(rf"{wanted.folder}/(?:.*-)?{departement}[-.].*")
        return next((it for it in ours if whole.fullmatch(it) or _NATIONAL.fullmatch(it)), None)

    def _beyond(self, met: Iterable[str]) -> str:
        """Tell which départements of a window no file of OpenStreetMap holds; empty if none."""
        service = self._retrieval.transport.services[live_geofabrik.SERVICE]
        ours = self._desk.ours("osm")
        around = sorted({departement_of(code) for code in met})
        missing = [it for it in around if live_geofabrik.region_file(it, service) not in ours]
        if not missing:
            return ""
        asked = " ".join(f"--departement {it}" for it in missing)
        return f", mais rien de {', '.join(missing)} à côté : parzan sources fetch {asked}"

    def _neighbours(
        self,
        insee_code: str,
        box: Bounds,
        do: Callable[[Wanted], Fetched],
        *,
        dry_run: bool = False,
    ) -> Iterator[Fetched]:
        """Do what is to be done of the limits of the other départements that a window meets."""
        met = neighbours(self._desk, shapely.box(*box), dry_run=dry_run)
        if isinstance(met, Fetched):
            yield met
            return
        for departement in met:
            if departement != departement_of(insee_code):
                yield do(limits_of(departement))

    def _wanted(self, insee_code: str, box: Bounds, codes: list[str]) -> list[Wanted]:
        services = self._retrieval.transport.services
        covers = self._known.assumptions.ground_cover
        ground = [cover.tag for cover in covers if cover.source == "osm"]
        cadastre = services[live_cadastre.SERVICE]
        return [
            *(wanted for code in codes for wanted in cadastre_of(code, cadastre)),
            osm_around(insee_code, box, ground, services[live_osm.SERVICE]),
            *bdtopo_around(insee_code, box, services[live_bdtopo.SERVICE]),
            *context_around(insee_code, box, codes, services, self._known.assumptions.solar),
        ]

    def _heights(self, insee_code: str) -> list[Wanted]:
        """Return the squares of heights around the car parks that the folder draws by now."""
        territory = territory_of(insee_code, self._known.territories)
        service = self._retrieval.transport.services[live_mnh.SERVICE]
        is_drawn = service.heights is not None and service.heights.crs == territory.crs
        if not is_drawn or "mnh" in self._choice.without:
            return []
        assumptions, catalogue = self._known.assumptions, self._known.catalogue
        boxes = park_boxes(self._data, insee_code, territory, assumptions, catalogue)
        plan = heights_around(boxes, service)
        self._on_step(f"mnh/ : {len(plan.files)} dalles, {plan.size // 1024**2} Mo au plus")
        return plan.files

    def _around(self, insee_code: str) -> tuple[Bounds, list[str]]:
        """Return the window of the commune in degrees, and the communes there, its own first."""
        territory = territory_of(insee_code, self._known.territories)
        with tempfile.TemporaryDirectory() as work:
            scope = Scope(territory, None, insee_code, self._known.catalogue, Path(work))
            files = find_files(self._data, "communes", Path(work)) or ()
            reports = [FileReport(file) for file in files if file.format in VECTORS]
            halo_m = self._known.assumptions.parking_lots.halo_m.value
            scope = replace(scope, window=find_window(reports, scope, halo_m))
            met = read_communes([FileReport(file.file) for file in reports], scope)
            box = scope.window_in(WGS84)
        if box is None:
            raise AssertionError  # the window was set just above
        others = sorted(set(met["insee_code"]) - {insee_code})
        return box, [insee_code, *others]


def neighbours(desk: Deliveries, place: shapely.Geometry, *, dry_run: bool) -> list[str] | Fetched:
    """
    Return the départements that a place meets, or nearly, sorted; or what is said without them.

    Parameters
    ----------
    place
        In degrees.
    dry_run
        Ask nobody: only outlines that are kept tell.
    """
    service = desk.retrieval.transport.services[live_communes.OUTLINES]
    request = live_communes.outlines_request(service)
    if request is None or service.outlines is None:
        return []
    if dry_run and not desk.is_kept(request):
        where = request.where(service)
        return Fetched(_NEIGHBOURS, "a_demander", live_communes.OUTLINES, detail=where)
    try:
        held = desk.retrieval.get(request, live_communes.read_outlines)
    except ServiceError as error:
        return Fetched(_NEIGHBOURS, "echec", live_communes.OUTLINES, detail=str(error))
    outlines = desk.store.verified(held)
    return live_communes.departements_meeting(outlines, place, service.outlines.margin_m)


def mixed_vintages(store: EvidenceStore) -> list[str]:
    """
    Return one French sentence per folder whose files were made from several vintages.

    Folders that hold one land cover a vintage, or that are read by the latest, are not told.
    """
    if not store.exists():
        return []
    known = {(it.key, it.sha256): it.vintage for it in store.register.answers()}
    of_folder: dict[str, set[str]] = {}
    for use in store.register.uses().values():
        if not (store.root.parent / use.place).is_file():
            continue
        vintages = {known.get(part) for part in use.parts} - {None}
        of_folder.setdefault(use.place.split("/")[0], set()).update(str(it) for it in vintages)
    return [
        f"{folder}/ : millésimes mêlés ({', '.join(sorted(vintages))}) ; --renew redemande tout"
        for folder, vintages in sorted(of_folder.items())
        if len(vintages) > 1 and folder not in _OF_SEVERAL_VINTAGES
    ]


def store_of(data: Path) -> EvidenceStore:
    """Return the evidence store of a data folder."""
    return EvidenceStore(data / STORE)


def _refuse_bad_code(insee_code: str) -> None:
    if INSEE_CODE.fullmatch(insee_code) is None:
        msg = f"« {insee_code[:20]} » n'est pas un code INSEE de commune : cinq caractères"
        raise SourceError(msg)
