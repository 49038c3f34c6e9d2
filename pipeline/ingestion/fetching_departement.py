"""What a data folder lacks over a whole département: files of the département, not of communes."""

import re
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import shapely

from pipeline.crs import WGS84, FloatArray, territory_of, transformer_between
from pipeline.errors import ServiceError, SourceError
from pipeline.ingestion import (
    live_bdtopo,
    live_downloads,
    live_geofabrik,
    live_gpu,
    live_irradiation,
    live_monuments,
    live_owners,
)
from pipeline.ingestion.communes import read_communes
from pipeline.ingestion.deliveries import Deliveries, Fetched
from pipeline.ingestion.exchange import Request
from pipeline.ingestion.fetching import Choice, Surroundings, neighbours
from pipeline.ingestion.files import find_files
from pipeline.ingestion.formats import VECTORS
from pipeline.ingestion.live_bdtopo import bdtopo_over
from pipeline.ingestion.live_cadastre import cadastre_of_departement
from pipeline.ingestion.live_communes import DEPARTEMENT, departement_of, limits_of
from pipeline.ingestion.live_geofabrik import osm_of_departement, region_file
from pipeline.ingestion.live_gpu import planning_around
from pipeline.ingestion.live_icpe_archive import installations_of
from pipeline.ingestion.live_irradiation import yields_around
from pipeline.ingestion.live_monuments import monuments_of
from pipeline.ingestion.osm_land import keys_read
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.scope import Bounds, Scope
from pipeline.ingestion.wanted import Listed, Wanted

_INSEE_LENGTH = 5
_LEFT_OUT = {
    "mnh": "hauteurs non téléchargées pour un département entier (des dizaines de Go) :"
    " télécharger commune par commune (--commune)",
}
_DOWNLOADED = ("ocsge", "parkings")


@dataclass(frozen=True)
class _Place:
    """Windows of the communes of a département, in degrees, and the départements that they meet."""

    windows: shapely.Geometry
    others: tuple[str, ...]

    @property
    def box(self) -> Bounds:
        west, south, east, north = shapely.bounds(self.windows)
        return (float(west), float(south), float(east), float(north))


class DepartementFetcher:
    """
    Fills a data folder over whole départements.

    Parameters
    ----------
    data, retrieval, known, choice, clock, on_step
        As for `Fetcher`; heavy folders are fetched unless they are left out.
    tell
        Receives French sentences that stay: what is to be downloaded, what is not complete.
    together
        The départements that are fetched in one go.
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
        tell: Callable[[str], None],
        together: Collection[str] = (),
    ) -> None:
        self._data = data
        self._retrieval = retrieval
        self._known = known
        self._choice = choice
        self._tell = tell
        self._together = frozenset(together)
        self._desk = Deliveries(data, retrieval, clock=clock, on_step=on_step)

    def fetch(self, departement: str) -> Iterator[Fetched]:
        """
        Fetch what the folder lacks over a département, file by file.

        Raises
        ------
        SourceError
            If the code is no code of département, or no limits of its communes are there.
        """
        refuse_bad_departement(departement)
        desk = self._desk
        limits = desk.fetched(limits_of(departement))
        yield limits
        if limits.state in {"absent", "echec"} and not desk.has_files("communes"):
            return
        place, told = self._place(departement, dry_run=False)
        if told is not None:
            yield told
        if limits.state != "depose":
            yield from (desk.fetched(limits_of(other)) for other in place.others)
        self._tell_others(departement, place)
        wanted = self._wanted(departement, place)
        for sentence in self._announced(wanted):
            self._tell(sentence)
        yield from map(desk.fetched, wanted)
        for listed in self.lists(departement):
            archives = desk.archives(listed, dry_run=False)
            if isinstance(archives, Fetched):
                yield archives
                continue
            for archive in archives:
                yield from desk.archive_fetched(archive)
        yield from self._left_out(departement)

    def plan(self, departement: str) -> Iterator[Fetched]:
        """Tell what `fetch` would do; nobody is asked, but for the lists and the sizes."""
        refuse_bad_departement(departement)
        desk = self._desk
        limits = desk.planned(limits_of(departement))
        yield limits
        if desk.has_files("communes"):
            place, told = self._place(departement, dry_run=True)
            if told is not None:
                yield told
            if limits.state != "depose":
                yield from (desk.planned(limits_of(other)) for other in place.others)
            yield from map(desk.planned, self._wanted(departement, place))
        else:
            note = "le reste dépend des limites des communes : les télécharger d'abord"
            yield Fetched("cadastre/, bdtopo/, icpe/…", "a_demander", "", detail=note)
        for listed in self.lists(departement):
            archives = desk.archives(listed, dry_run=True)
            if isinstance(archives, Fetched):
                yield archives
            else:
                yield from map(desk.archive_planned, archives)
        yield from self._left_out(departement)

    def lists(self, departement: str) -> list[Listed]:
        """Return the lists of the archives of a département."""
        services = self._retrieval.transport.services
        downloads = services[live_downloads.SERVICE]
        listed = [
            *live_owners.owners_of(departement, services[live_owners.SERVICE]),
            *live_downloads.archives_of(departement, downloads, _DOWNLOADED),
        ]
        return [it for it in listed if it.folder not in self._choice.without]

    def downloads(self, departement: str) -> list[Request]:
        """Return the big downloads of a département that no list tells."""
        osm = self._osm(departement)
        files = [*cadastre_of_departement(departement), *(osm if isinstance(osm, list) else ())]
        return [
            it.request
            for it in files
            if it.folder not in self._choice.without
            and self._desk.left(it.folder, it.place, it.request.service) is None
        ]

    def _wanted(self, departement: str, place: _Place) -> list[Wanted]:
        """Return the files of a département that no list tells, in the order of the folders."""
        services = self._retrieval.transport.services
        box, osm = place.box, self._osm(departement)
        files = [
            *cadastre_of_departement(departement),
            *(osm if isinstance(osm, list) else ()),
            *bdtopo_over(departement, place.windows, services[live_bdtopo.SERVICE]),
            installations_of(departement),
            *planning_around(departement, box, services[live_gpu.SERVICE]),
            *yields_around(
                departement,
                box,
                services[live_irradiation.SERVICE],
                self._known.assumptions.solar,
            ),
            *monuments_of([departement, *place.others], services[live_monuments.SERVICE]),
        ]
        # The files of communes that were fetched before would tell the same things twice.
        return [
            replace(it, replaces=it.replaces or _of_communes(it.place, departement))
            for it in files
            if it.folder not in self._choice.without
        ]

    def _osm(self, departement: str) -> list[Wanted] | Fetched:
        """Return the file of the region of a département, or what is said without a region."""
        name = live_geofabrik.SERVICE
        service = self._retrieval.transport.services[name]
        try:
            return osm_of_departement(departement, keys_read(self._known.assumptions), service)
        except SourceError as error:
            return Fetched("osm/", "ecarte", name, detail=f"osm/ : {error}")

    def _announced(self, wanted: list[Wanted]) -> Iterator[str]:
        """Give one sentence per file that comes in pages, before the first is asked."""
        for item in wanted:
            is_left = self._desk.left(item.folder, item.place, item.request.service) is not None
            if item.announce is None or is_left or self._desk.is_kept(item.request):
                continue
            try:
                yield item.announce(self._retrieval)
            except ServiceError as error:
                yield str(error)

    def _tell_others(self, departement: str, place: _Place) -> None:
        others = [code for code in place.others if code not in self._together]
        if others:
            names = ", ".join(others)
            self._tell(
                f"{departement} : communes limitrophes, le cadastre, les installations classées,"
                f" les propriétaires et l'OCS GE de {names} ne sont pas téléchargés"
                f"{self._beyond_osm(departement, others)} ; les ajouter par --departement"
            )

    def _beyond_osm(self, departement: str, others: list[str]) -> str:
        """Tell which of the other départements no file of OpenStreetMap holds; empty if none."""
        osm = self._osm(departement)
        if isinstance(osm, Fetched) or "osm" in self._choice.without:
            return ""
        (own,) = osm
        if self._desk.left("osm", own.place, live_geofabrik.SERVICE) is not None:
            return ""
        service = self._retrieval.transport.services[live_geofabrik.SERVICE]
        held = {own.place, *self._desk.ours("osm")}
        beyond = [code for code in others if region_file(code, service) not in held]
        return f", ni OpenStreetMap de {', '.join(beyond)}" if beyond else ""

    def _left_out(self, departement: str) -> Iterator[Fetched]:
        osm = self._osm(departement)
        if isinstance(osm, Fetched) and "osm" not in self._choice.without:
            yield osm
        told = _LEFT_OUT | dict.fromkeys(sorted(self._choice.without), "écarté par --without")
        for folder, why in told.items():
            yield Fetched(f"{folder}/", "ecarte", "", detail=f"{folder}/ : {why}")

    def _place(self, departement: str, *, dry_run: bool) -> tuple[_Place, Fetched | None]:
        """Return where the département is, and what is said when its neighbours are not known."""
        windows = self._windows(departement)
        met = neighbours(self._desk, windows, dry_run=dry_run)
        if isinstance(met, Fetched):
            return _Place(windows, ()), met
        return _Place(windows, tuple(code for code in met if code != departement)), None

    def _windows(self, departement: str) -> shapely.Geometry:
        """Return the union of the windows of the communes, in degrees."""
        territory = territory_of(departement, self._known.territories)
        with tempfile.TemporaryDirectory() as work:
            scope = Scope(territory, None, "", self._known.catalogue, Path(work))
            files = find_files(self._data, "communes", Path(work)) or ()
            reports = [FileReport(file) for file in files if file.format in VECTORS]
            communes = read_communes(reports, scope)
        own = communes[[departement_of(code) == departement for code in communes["insee_code"]]]
        if own.empty:
            msg = f"communes/ : aucune commune du département {departement} ; déposer ses limites"
            raise SourceError(msg)
        halo_m = self._known.assumptions.parking_lots.halo_m.value
        grown = own.geometry.bounds.to_numpy() + halo_m * np.array([-1, -1, 1, 1])
        together = shapely.union_all(shapely.box(*grown.T))
        carry = transformer_between(territory.crs, WGS84).transform
        return shapely.transform(together, partial(_carried, carry=carry))


def refuse_bad_departement(code: str) -> None:
    """
    Refuse what is no code of département.

    Raises
    ------
    SourceError
        With what is expected.
    """
    if DEPARTEMENT.fullmatch(code) is None:
        msg = f"« {code[:20]} » n'est pas un code de département : 62, 2A, 974"
        raise SourceError(msg)


def _carried(xy: FloatArray, carry: Callable[..., tuple[FloatArray, FloatArray]]) -> FloatArray:
    return np.column_stack(carry(xy[:, 0], xy[:, 1]))


def _of_communes(place: str, departement: str) -> str:
    """Return the pattern of the files of communes that a file of their département holds."""
    rest = _INSEE_LENGTH - len(departement)
    before, is_named, after = place.partition(f"-{departement}")
    if not is_named:
        return rf"{place.split('/')[0]}/.*-{departement}[0-9]{{{rest}}}\..*"
    layer = re.escape(after.split(".")[0])
    return rf"{re.escape(before)}-{departement}[0-9]{{{rest}}}{layer}\..*"
