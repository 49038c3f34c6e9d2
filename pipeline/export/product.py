"""Everything a commune's file is made of: the tables of a run, checked at the door of the stage."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.contracts import check, check_table, empty, without_rows
from pipeline.crs import Territory
from pipeline.errors import ContractError
from pipeline.export.inventory_tables import InventoryTables, check_inventory
from pipeline.export.land_tables import LandTables, check_land
from pipeline.rules import RuleBook
from pipeline.schemas import (
    CandidateOutcome,
    CarportCover,
    CarportPiece,
    Commune,
    CrownPiece,
    DecisionStep,
    EligibleSurface,
    ExclusionPiece,
    LocatedInstallation,
    LotTree,
    Ownership,
    Parcel,
    ParkingCandidate,
    ParkingLot,
    Perimeter,
    Plea,
    Priority,
    ProtectionShare,
    SolarPotential,
    SourceRecord,
    TreeCover,
    Verdict,
)

_INSEE = re.compile(r"(?:\d{2}|2[AB]|97\d)\d{2,3}")
_INSEE_LENGTH = 5
_OVERSEAS = "97"
_RING_COLUMNS = {"installation_id", "is_certain", "area_m2", "geometry"}
_HELD = ("lot_id", "owner_name", "siren", "owner_class", "right", "holding_id")
# Of the tables of a product: those with a geometry, then the others.
_GEO: dict[str, type[Any]] = {
    "lots": ParkingLot,
    "candidates": ParkingCandidate,
    "pieces": ExclusionPiece,
    "installations": LocatedInstallation,
    "perimeters": Perimeter,
    "trees": LotTree,
    "crowns": CrownPiece,
    "carports": CarportPiece,
}
_PLAIN: dict[str, type[Any]] = {
    "surfaces": EligibleSurface,
    "tree_cover": TreeCover,
    "carport_cover": CarportCover,
    "verdicts": Verdict,
    "steps": DecisionStep,
    "pleas": Plea,
    "ownership": Ownership,
    "solar": SolarPotential,
    "priorities": Priority,
    "outcomes": CandidateOutcome,
    "protection_shares": ProtectionShare,
}


@dataclass(frozen=True)
class Product:
    """
    The tables of one commune, as the stages leave them (`pipeline/schemas`).

    `trees`, `crowns` and `carports` are those on or over a lot; `parcels` those under a lot, with
    `lot_id`, `owner_name`, `siren`, `owner_class`, `right` and `holding_id`; `rings` has
    `installation_id`, `is_certain`, `area_m2`; `perimeters` those that meet a lot. `as_of` is the
    date of the rules, and the only date written in the file.
    """

    territory: Territory
    insee_code: str
    as_of: date
    commune: gpd.GeoDataFrame
    lots: gpd.GeoDataFrame
    surfaces: pd.DataFrame
    tree_cover: pd.DataFrame
    carport_cover: pd.DataFrame
    verdicts: pd.DataFrame
    steps: pd.DataFrame
    pleas: pd.DataFrame
    ownership: pd.DataFrame
    solar: pd.DataFrame
    priorities: pd.DataFrame
    candidates: gpd.GeoDataFrame
    outcomes: pd.DataFrame
    pieces: gpd.GeoDataFrame
    trees: gpd.GeoDataFrame
    crowns: gpd.GeoDataFrame
    carports: gpd.GeoDataFrame
    installations: gpd.GeoDataFrame
    rings: gpd.GeoDataFrame
    perimeters: gpd.GeoDataFrame
    protection_shares: pd.DataFrame
    parcels: gpd.GeoDataFrame
    land: LandTables
    inventory: InventoryTables
    records: pd.DataFrame
    rules: RuleBook
    version: str

    @property
    def departement(self) -> str:
        """Folder of the commune."""
        return departement_of(self.insee_code)

    @property
    def commune_name(self) -> str:
        """Name of the commune."""
        return str(self.commune["name"].iloc[0])


def departement_of(insee_code: str) -> str:
    """Return the département of a commune: two characters, three overseas."""
    return insee_code[: 3 if insee_code.startswith(_OVERSEAS) else 2]


def product_path(out: Path, insee_code: str) -> Path:
    """Return where the product of a commune is published."""
    return out / departement_of(insee_code) / f"{insee_code}.gpkg"


def review_path(out: Path, insee_code: str) -> Path:
    """Return where the agents of a commune work, beside its product."""
    return out / departement_of(insee_code) / f"{insee_code}_revue.gpkg"


def without_parks(
    territory: Territory,
    insee_code: str,
    as_of: date,
    commune: gpd.GeoDataFrame,
    land: LandTables,
    records: pd.DataFrame,
    rules: RuleBook,
    version: str,
) -> Product:
    """Return a product of the land alone: its tables of car parks have no row."""
    crs = territory.crs
    tables: dict[str, Any] = {name: empty(schema, crs) for name, schema in _GEO.items()}
    tables |= {name: without_rows(schema) for name, schema in _PLAIN.items()}
    nothing: dict[str, list[object]] = {name: [] for name in sorted(_RING_COLUMNS - {"geometry"})}
    return Product(
        territory=territory,
        insee_code=insee_code,
        as_of=as_of,
        commune=commune,
        land=land,
        inventory=InventoryTables.none(crs),
        records=records,
        rules=rules,
        version=version,
        parcels=empty(Parcel, crs).assign(**dict.fromkeys(_HELD, "")),
        rings=gpd.GeoDataFrame(nothing, geometry=[], crs=crs),
        **tables,
    )


def check_tables(product: Product) -> None:
    """
    Refuse a product whose tables break their contract.

    Raises
    ------
    ContractError
        If the INSEE code is not one, `commune` does not hold exactly that commune, or a table
        breaks its schema; the message names the table.
    CRSError
        If a table is not in the territory CRS.
    """
    _check_commune(product)
    crs = product.territory.crs
    for name, schema in _GEO.items():
        check(schema, getattr(product, name), crs)
    for name, schema in _PLAIN.items():
        check_table(schema, getattr(product, name))
    check_land(product.land, crs)
    check_inventory(product.inventory, crs)
    check(Parcel, _without(product.parcels, "Parcel", *_HELD), crs)
    check_table(SourceRecord, product.records)
    if not set(product.rings.columns) >= _RING_COLUMNS or product.rings.crs != crs:
        msg = f"rings: attendu {sorted(_RING_COLUMNS)} en {crs}"
        raise ContractError(msg)
    _refuse_repeated_ranks(product.steps)


def _check_commune(product: Product) -> None:
    """Refuse a code that could climb out of the folder, and a table of another commune."""
    code = product.insee_code
    if len(code) != _INSEE_LENGTH or _INSEE.fullmatch(code) is None:
        msg = f"code INSEE {code!r} : cinq caractères attendus, par exemple 35236 ou 2A004"
        raise ContractError(msg)
    check(Commune, product.commune, product.territory.crs)
    if product.commune["insee_code"].tolist() != [code]:
        msg = f"commune: une ligne attendue, celle de {code} ; reçu {len(product.commune)} ligne(s)"
        raise ContractError(msg)


def _refuse_repeated_ranks(steps: pd.DataFrame) -> None:
    """Refuse two comparisons at one rank of a lot: the reasoning could not be read in order."""
    twice = steps[steps.duplicated(["lot_id", "rank"])]
    if len(twice):
        lot, rank = twice[["lot_id", "rank"]].iloc[0]
        msg = f"DecisionStep: {len(twice)} rang(s) en double, le premier {rank} du parc {lot}"
        raise ContractError(msg)


def _without(table: gpd.GeoDataFrame, name: str, *extra: str) -> gpd.GeoDataFrame:
    missing = [column for column in extra if column not in table.columns]
    if missing:
        msg = f"{name}: colonne(s) absente(s) {missing}"
        raise ContractError(msg)
    return gpd.GeoDataFrame(table.drop(columns=list(extra)))
