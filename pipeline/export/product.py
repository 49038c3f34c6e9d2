"""Everything a commune's file is made of: the tables of a run, checked at the door of the stage."""

import re
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import pandas as pd

from pipeline.contracts import check, check_table
from pipeline.crs import Territory
from pipeline.errors import ContractError
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
    records: pd.DataFrame
    rules: RuleBook
    version: str

    @property
    def departement(self) -> str:
        """Folder of the commune: two characters, three overseas."""
        length = 3 if self.insee_code.startswith(_OVERSEAS) else 2
        return self.insee_code[:length]

    @property
    def commune_name(self) -> str:
        """Name of the commune."""
        return str(self.commune["name"].iloc[0])


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
    check(ParkingLot, product.lots, crs)
    check(ParkingCandidate, product.candidates, crs)
    check(ExclusionPiece, product.pieces, crs)
    check(LocatedInstallation, product.installations, crs)
    check(Perimeter, product.perimeters, crs)
    check(LotTree, product.trees, crs)
    check(CrownPiece, product.crowns, crs)
    check(CarportPiece, product.carports, crs)
    check(Parcel, _without(product.parcels, "Parcel", *_HELD), crs)
    check_table(EligibleSurface, product.surfaces)
    check_table(TreeCover, product.tree_cover)
    check_table(CarportCover, product.carport_cover)
    check_table(Verdict, product.verdicts)
    check_table(DecisionStep, product.steps)
    check_table(Plea, product.pleas)
    check_table(Ownership, product.ownership)
    check_table(SolarPotential, product.solar)
    check_table(Priority, product.priorities)
    check_table(CandidateOutcome, product.outcomes)
    check_table(ProtectionShare, product.protection_shares)
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
