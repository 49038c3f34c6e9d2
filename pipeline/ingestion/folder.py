"""The folder of the sources, read for one commune: which reader for which folder, in order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, check_table, conform, empty
from pipeline.crs import Territory
from pipeline.errors import SourceError
from pipeline.ingestion.bdtopo import read_bdtopo
from pipeline.ingestion.cadastre import read_cadastre
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.checking import check_sources, list_proofs, list_sources
from pipeline.ingestion.communes import find_window, read_communes
from pipeline.ingestion.dossiers import read_dossiers
from pipeline.ingestion.files import find_files
from pipeline.ingestion.formats import READ_IN, VECTORS
from pipeline.ingestion.height_model import HeightModel, read_height_model
from pipeline.ingestion.icpe import read_installations
from pipeline.ingestion.land_evidence import gather_land_evidence
from pipeline.ingestion.monuments import read_monuments
from pipeline.ingestion.osm import read_osm
from pipeline.ingestion.owners import read_owned_parcels, tells_owners
from pipeline.ingestion.parkings import read_parkings
from pipeline.ingestion.proofs import proofs_of
from pipeline.ingestion.protections import read_protections
from pipeline.ingestion.provenance import FileReport, note_mixed_vintages, to_records
from pipeline.ingestion.rpg import read_rpg
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.trees import read_trees
from pipeline.masks import MASKS
from pipeline.schemas import (
    Building,
    CadastralHint,
    Carport,
    Commune,
    Fence,
    Installation,
    LandEvidence,
    OwnedParcel,
    Parcel,
    ParkDossier,
    ParkingBay,
    ParkingCandidate,
    Perimeter,
    Road,
    SourceRecord,
    Table,
    Tree,
    YieldCell,
)

_SHOWN_REMARKS = 300
_INSEE_LENGTH = 5

__all__ = ["Sources", "check_sources", "list_proofs", "list_sources", "read_sources"]


@dataclass(frozen=True)
class Sources:
    """
    Everything read around one commune, in the territory CRS; a missing source gives no row.

    `masks` is the ground cover only (`pipeline.masks.MASKS`); `owners_known` says that a file
    of owners tells of the commune: otherwise a parcel that is not listed says nothing;
    `land_evidence` has no row unless it was asked for; `heights`
    are still on disk, read where they are needed; `records` has one row per file and one per
    missing folder; `warnings` are French sentences of one line.
    """

    communes: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    bays: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    fences: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    carports: gpd.GeoDataFrame
    installations: gpd.GeoDataFrame
    trees: gpd.GeoDataFrame
    perimeters: gpd.GeoDataFrame
    parcels: gpd.GeoDataFrame
    hints: gpd.GeoDataFrame
    masks: pa.Table
    land_evidence: gpd.GeoDataFrame
    dossiers: gpd.GeoDataFrame
    owned_parcels: pd.DataFrame
    owners_known: bool
    yield_cells: gpd.GeoDataFrame
    heights: HeightModel
    records: pd.DataFrame
    warnings: tuple[str, ...]


def read_sources(
    data: Path,
    insee_code: str,
    territory: Territory,
    assumptions: Assumptions,
    catalogue: Catalogue,
    *,
    heritage_radius_m: float,
    work: Path,
    with_land: bool = False,
    on_progress: Callable[[str], None] | None = None,
) -> Sources:
    """
    Read the folder of the sources for one commune and what surrounds it.

    Parameters
    ----------
    data
        Folder of the sources, one folder each (contract §3).
    insee_code
        The commune; the window is its box grown by the halo of the assumptions.
    territory
        Gives the CRS of every table.
    assumptions, catalogue
        Modelling choices; what is known of each folder.
    heritage_radius_m
        Radius of the surroundings of a monument without perimeter, metres.
    work
        Temporary folder that receives what archives hold; heights are read there later.
    with_land
        Also tell what the ground is made of, for a derived land cover; opens `rpg/`.
    on_progress
        Called with the label of each folder before it is read.

    Returns
    -------
    sources
        Tables checked against their schemas. A missing folder gives an `absente` record.

    Raises
    ------
    SourceError
        If the commune is unknown or has no limits here, or if a file named as data cannot be used.
    """
    if not data.is_dir():
        msg = f"{data} : dossier des sources introuvable ; le créer ou indiquer --data"
        raise SourceError(msg)
    scope = Scope(territory, None, insee_code, catalogue, work)
    folders = Folders(data, scope, on_progress or (lambda _: None))
    return _read(folders, assumptions, heritage_radius_m, with_land=with_land)


class Folders:
    """Opens folders one by one, and remembers what was found in each."""

    def __init__(self, data: Path, scope: Scope, on_progress: Callable[[str], None]) -> None:
        self.scope = scope
        self.reports: list[FileReport] = []
        self.missing: list[str] = []
        self._data = data
        self._on_progress = on_progress

    def opened(self, name: str) -> list[FileReport]:
        """Return the readable files of a folder opened before."""
        accepted = READ_IN.get(name, VECTORS)
        return [r for r in self.reports if r.file.folder == name and r.file.format in accepted]

    def open(self, name: str) -> list[FileReport]:
        """Return the files of a folder; none, and a record, when it is absent."""
        self._on_progress(self.scope.catalogue[name].label)
        files = find_files(self._data, name, self.scope.work)
        if files is None:
            self.missing.append(name)
            return []
        reports = [FileReport(file) for file in files]
        self.reports += reports
        for report in reports:
            if report.file.damage is not None:
                raise report.refusal(report.file.damage)
            if report.file.format not in READ_IN.get(name, VECTORS):
                _leave(report)
        if not self.opened(name):
            formats = self.scope.catalogue[name].formats
            msg = f"{name}/ : aucun fichier lisible dans ce dossier ; formats lus : {formats}"
            raise SourceError(msg)
        return self.opened(name)

    def records(self) -> pd.DataFrame:
        """Return what each file gave, and the folders that are absent."""
        self.mixed()
        proofs = proofs_of(self._data)
        found = to_records(self.reports, self.missing, self.scope.catalogue, proofs)
        return check_table(SourceRecord, found)

    def warnings(self) -> tuple[str, ...]:
        """Return what the person who runs the command should know, one line each."""
        absent = [
            f"{name}/ : {self.scope.catalogue[name].label}, source absente" for name in self.missing
        ]
        useless = [
            f"{name}/ : {self._why_useless(name)}"
            for name in dict.fromkeys(report.file.folder for report in self.reports)
            if not any(report.row_count for report in self.opened(name))
        ]
        return (
            *absent,
            *useless,
            *self.mixed(),
            *(line for report in self.reports for line in report.warnings),
        )

    def mixed(self) -> list[str]:
        """Note the vintages that mix on the files concerned, and return what to say of them."""
        return note_mixed_vintages(self.reports, self.scope.catalogue, proofs_of(self._data))

    def _why_useless(self, name: str) -> str:
        """Tell a folder without data around the commune from one whose data was set aside."""
        around = f"autour de la commune {self.scope.insee_code}"
        reports = self.opened(name)
        met = sum(report.met or 0 for report in reports)
        said = " ; ".join(remark for report in reports for remark in report.remarks)
        if met == 0 and all(report.met is not None for report in reports):
            return f"aucune donnée {around}"
        seen = f"aucun des {met} objets lus n'est gardé" if met else "aucun objet n'est lu"
        return f"{seen} {around} : {said[:_SHOWN_REMARKS] or 'voir la table des sources'}"


def _read(
    folders: Folders, assumptions: Assumptions, heritage_radius_m: float, *, with_land: bool
) -> Sources:
    scope = _around_commune(folders, assumptions.parking_lots.halo_m.value)
    communes = read_communes(folders.opened("communes"), scope)
    files = folders.open("osm")
    osm = [read_osm(files, scope, assumptions, with_land=with_land)] if files else []
    bdtopo = read_bdtopo(folders.open("bdtopo"), scope, assumptions, with_land=with_land)
    rpg = [read_rpg(folders.open("rpg"), scope, assumptions.derived_land)] if with_land else []
    cadastre = read_cadastre(folders.open("cadastre"), scope)
    parkings = read_parkings(folders.open("parkings"), scope)
    icpe = read_installations(folders.open("icpe"), folders.open("icpe_emprises"), scope)
    trees = read_trees(folders.open("arbres"), scope)
    perimeters = read_protections(folders.open("servitudes"), scope)
    circles = _read_circles(folders, scope, assumptions, heritage_radius_m)
    dossiers = read_dossiers(folders.open("dossiers"), scope)
    owned = _read_owned(folders, scope, communes, cadastre.parcels)
    cells = _read_cells(folders.open("irradiation"), scope)
    heights = read_height_model(folders.open("mnh"), scope)
    crs = scope.territory.crs
    parks = [*(o.candidates for o in osm), *bdtopo.candidates, *parkings]
    candidates = _stack(ParkingCandidate, parks, crs)
    built = [*(o.buildings for o in osm), *bdtopo.buildings, *cadastre.buildings]
    buildings = _stack(Building, built, crs)
    told = [rows for rows in (*(o.land for o in osm), bdtopo.land, *rpg) if rows is not None]
    land = empty(LandEvidence, crs)
    if with_land:
        land = gather_land_evidence(told, buildings, candidates, assumptions, crs)
    return Sources(
        communes=check(Commune, communes, crs),
        candidates=candidates,
        bays=_stack(ParkingBay, [o.bays for o in osm], crs),
        roads=_stack(Road, [*(o.roads for o in osm), *bdtopo.roads], crs),
        fences=_stack(Fence, [o.fences for o in osm], crs),
        buildings=buildings,
        carports=_stack(Carport, [*(o.carports for o in osm), *bdtopo.carports], crs),
        installations=check(Installation, icpe, crs),
        trees=_stack(Tree, [*(o.trees for o in osm), *trees], crs),
        perimeters=_stack(Perimeter, [*perimeters, *circles], crs),
        parcels=_stack(Parcel, cadastre.parcels, crs),
        hints=_stack(CadastralHint, cadastre.hints, crs),
        masks=pa.concat_tables([MASKS.empty_table(), *(o.masks for o in osm), *bdtopo.masks]),
        land_evidence=land,
        dossiers=check(ParkDossier, dossiers, crs),
        owned_parcels=check_table(OwnedParcel, owned),
        owners_known=tells_owners(owned, scope.insee_code),
        yield_cells=check(YieldCell, cells, crs),
        heights=heights,
        records=folders.records(),
        warnings=folders.warnings(),
    )


def _read_circles(
    folders: Folders, scope: Scope, assumptions: Assumptions, radius_m: float
) -> list[pd.DataFrame]:
    segments = int(assumptions.eligible_surface.ring_segments_per_quadrant.value)
    return read_monuments(folders.open("monuments"), scope, radius_m=radius_m, segments=segments)


def _read_owned(
    folders: Folders,
    scope: Scope,
    communes: gpd.GeoDataFrame,
    parcels: Iterable[pd.DataFrame],
) -> pd.DataFrame:
    """Read the owners of the window; parcels give the arrondissements of Paris, Lyon, Marseille."""
    of_parcels = {str(idu)[:_INSEE_LENGTH] for part in parcels for idu in part["idu"]}
    codes = {scope.insee_code, *communes["insee_code"], *of_parcels}
    return read_owned_parcels(folders.open("proprietaires"), codes)


def _read_cells(reports: list[FileReport], scope: Scope) -> gpd.GeoDataFrame:
    if not reports:
        return empty(YieldCell, scope.territory.crs)
    # A raster library is slow to load: only the runs that have a grid pay for it.
    from pipeline.ingestion.irradiation import read_yield_cells

    return read_yield_cells(reports, scope)


def _leave(report: FileReport) -> None:
    """Record a file that its folder does not read."""
    report.state = "sans_objet"
    what = report.file.format
    known = "format non reconnu" if what == "unknown" else f"format {what} sans usage ici"
    report.warn(f"{known}, fichier non lu")


def _around_commune(folders: Folders, halo_m: float) -> Scope:
    """Return the scope of the run, its window set around the commune."""
    limits = folders.open("communes")
    if not limits:
        msg = "communes/ : dossier absent ; y déposer les limites communales, indispensables"
        raise SourceError(msg)
    return replace(folders.scope, window=find_window(limits, folders.scope, halo_m))


def _stack(schema: type[Table], parts: Iterable[pd.DataFrame], crs: str) -> gpd.GeoDataFrame:
    """Return the rows of several readers as one table, sorted by id, checked."""
    conformed = [conform(schema, part, crs) for part in parts if len(part)]
    if not conformed:
        return check(schema, empty(schema, crs), crs)
    table = pd.concat(conformed).sort_values(conformed[0].columns[0], ignore_index=True)
    return check(schema, gpd.GeoDataFrame(table, crs=crs), crs)
