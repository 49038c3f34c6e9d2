"""The folder of the sources, read for one commune: which reader for which folder, in order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, check_table, conform, empty
from pipeline.crs import Territory
from pipeline.errors import SourceError
from pipeline.ingestion.bdtopo import BdTopo, read_bdtopo
from pipeline.ingestion.cadastre import Cadastre, read_cadastre
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.checking import check_sources, list_proofs, list_sources
from pipeline.ingestion.communes import find_window, read_communes
from pipeline.ingestion.dossiers import read_dossiers
from pipeline.ingestion.folders import Folders
from pipeline.ingestion.height_model import HeightModel, read_height_model
from pipeline.ingestion.icpe import read_installations
from pipeline.ingestion.land_evidence import gather_land_evidence
from pipeline.ingestion.land_words import LandRows
from pipeline.ingestion.monuments import read_monuments
from pipeline.ingestion.osm import Osm, read_osm
from pipeline.ingestion.owners import read_owned_parcels, tells_owners
from pipeline.ingestion.parkings import read_parkings
from pipeline.ingestion.protections import read_protections
from pipeline.ingestion.provenance import FileReport
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
    Table,
    Tree,
    YieldCell,
)

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
    prepared: Path | None = None,
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
    prepared
        The store of prepared sources, when it is not the one of the data folder (`.prepare`).
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
    folders = Folders(data, scope, on_progress or (lambda _: None), prepared)
    return _read(folders, assumptions, heritage_radius_m, with_land=with_land)


def _read(
    folders: Folders, assumptions: Assumptions, heritage_radius_m: float, *, with_land: bool
) -> Sources:
    scope = _around_commune(folders, assumptions.parking_lots.halo_m.value)
    crs = scope.territory.crs
    communes = read_communes(folders.opened("communes"), scope)
    drawn = _read_drawn(folders, scope, assumptions, with_land=with_land)
    parkings = read_parkings(folders.open("parkings"), scope)
    icpe = read_installations(folders.open("icpe"), folders.open("icpe_emprises"), scope)
    trees = read_trees(folders.open("arbres"), scope)
    perimeters = read_protections(folders.open("servitudes"), scope)
    circles = _read_circles(folders, scope, assumptions, heritage_radius_m)
    dossiers = read_dossiers(folders.open("dossiers"), scope)
    owned = _read_owned(folders, scope, communes, drawn.cadastre.parcels)
    cells = _read_cells(folders.open("irradiation"), scope)
    heights = read_height_model(folders.open("mnh"), scope)
    parks = [*(o.candidates for o in drawn.osm), *drawn.bdtopo.candidates, *parkings]
    candidates = _stack(ParkingCandidate, parks, crs)
    buildings = _stack(Building, drawn.buildings, crs)
    land = empty(LandEvidence, crs)
    if with_land:
        land = gather_land_evidence(drawn.land, buildings, candidates, assumptions, crs)
    return Sources(
        **_tables_of(drawn, trees, crs),
        communes=check(Commune, communes, crs),
        candidates=candidates,
        buildings=buildings,
        installations=check(Installation, icpe, crs),
        perimeters=_stack(Perimeter, [*perimeters, *circles], crs),
        land_evidence=land,
        dossiers=check(ParkDossier, dossiers, crs),
        owned_parcels=check_table(OwnedParcel, owned),
        owners_known=tells_owners(owned, scope.insee_code),
        yield_cells=check(YieldCell, cells, crs),
        heights=heights,
        records=folders.records(),
        warnings=folders.warnings(),
    )


@dataclass(frozen=True)
class _Drawn:
    """What the maps of the commune draw: OpenStreetMap, BD TOPO, cadastre, RPG."""

    osm: list[Osm]
    bdtopo: BdTopo
    rpg: list[LandRows]
    cadastre: Cadastre

    @property
    def buildings(self) -> list[pd.DataFrame]:
        osm = (o.buildings for o in self.osm)
        return [*osm, *self.bdtopo.buildings, *self.cadastre.buildings]

    @property
    def land(self) -> list[LandRows]:
        told = (*(o.land for o in self.osm), self.bdtopo.land, *self.rpg)
        return [rows for rows in told if rows is not None]


def _read_drawn(
    folders: Folders, scope: Scope, assumptions: Assumptions, *, with_land: bool
) -> _Drawn:
    files = folders.open("osm")
    return _Drawn(
        osm=[read_osm(files, scope, assumptions, with_land=with_land)] if files else [],
        bdtopo=read_bdtopo(folders.open("bdtopo"), scope, assumptions, with_land=with_land),
        rpg=[read_rpg(folders.open("rpg"), scope, assumptions.derived_land)] if with_land else [],
        cadastre=read_cadastre(folders.open("cadastre"), scope),
    )


def _tables_of(drawn: _Drawn, trees: list[pd.DataFrame], crs: str) -> dict[str, Any]:
    """Return the tables that the maps fill, by name in `Sources`."""
    osm, bdtopo, cadastre = drawn.osm, drawn.bdtopo, drawn.cadastre
    return {
        "bays": _stack(ParkingBay, [o.bays for o in osm], crs),
        "roads": _stack(Road, [*(o.roads for o in osm), *bdtopo.roads], crs),
        "fences": _stack(Fence, [o.fences for o in osm], crs),
        "carports": _stack(Carport, [*(o.carports for o in osm), *bdtopo.carports], crs),
        "trees": _stack(Tree, [*(o.trees for o in osm), *trees], crs),
        "parcels": _stack(Parcel, cadastre.parcels, crs),
        "hints": _stack(CadastralHint, cadastre.hints, crs),
        "masks": pa.concat_tables([MASKS.empty_table(), *(o.masks for o in osm), *bdtopo.masks]),
    }


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
