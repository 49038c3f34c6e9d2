"""The tables of the land of one commune: status, changes, balance, brownfields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import pandas as pd

from pipeline.artificialisation.agreement import compare_variants, find_disagreements
from pipeline.artificialisation.brownfields import cross_brownfields
from pipeline.artificialisation.flows import land_change
from pipeline.artificialisation.indicators import CommuneReport, ReportRules, report_indicators
from pipeline.artificialisation.nomenclature import undetermined
from pipeline.artificialisation.qualify import LandRules, QualifiedLand
from pipeline.artificialisation.report_scope import Planning
from pipeline.contracts import conform, empty
from pipeline.crs import Territory, ground_area
from pipeline.export.land_tables import LandTables
from pipeline.ingestion.land_context import LandContext
from pipeline.schemas import LandFlow, LandStatus, LandTransition, UnreadCodes


@dataclass(frozen=True)
class Commune:
    """
    What the tables of a commune are drawn from.

    `limits` is `Commune`, one row; `vintages` its land by OCS GE, by year; `lots` its `ParkingLot`.
    `derived`: its land by other sources, where OCS GE says nothing of it; it is in no balance, and
    compared with no vintage.
    """

    limits: gpd.GeoDataFrame
    vintages: Sequence[QualifiedLand]
    context: LandContext
    lots: gpd.GeoDataFrame
    derived: QualifiedLand | None = None

    @property
    def covers(self) -> list[QualifiedLand]:
        """Every land cover of the commune, derived or not."""
        return [*self.vintages, *([] if self.derived is None else [self.derived])]

    @property
    def insee_code(self) -> str:
        """INSEE code of the commune."""
        return str(self.limits["insee_code"].iloc[0])


def land_tables(
    commune: Commune, rules: LandRules, report: ReportRules, territory: Territory
) -> LandTables:
    """Return every table of the land of a commune; each pair of its vintages is compared."""
    own, crs = commune.covers, territory.crs
    pairs = combinations(commune.vintages, 2)
    changes = [land_change(one.land, other.land, territory) for one, other in pairs]
    matrices = [conform(LandTransition, change.matrix) for change in changes]
    nothing = LandTables.none(crs)
    pieces = _stack(LandStatus, (item.land for item in own), crs)
    chosen = rules.variant.name
    return LandTables(
        pieces=pieces,
        flows=_stack(LandFlow, (change.flows for change in changes), crs),
        disagreements=find_disagreements(pieces),
        brownfields=_brownfields(commune, territory),
        transitions=_concat(matrices, nothing.transitions),
        variants=_concat([compare_variants(item, chosen) for item in own], nothing.variants),
        unread=_concat([_unread(item, rules) for item in own], nothing.unread),
        indicators=report_indicators(_report(commune, matrices, territory), report),
    )


def planning_of(documents: pd.DataFrame, insee_code: str) -> Planning:
    """
    Return what the sources say together of the planning document of a commune.

    One that covers it is enough; « none » needs every source to say so. The date is that of the
    earliest version known: a later one does not disprove it.
    """
    rows = documents[documents["insee_code"] == insee_code]
    covering = rows[rows["is_covered"].fillna(value=False).astype(bool)]
    if len(covering):
        kinds = covering["document_type"].dropna()
        days = covering["approved_on"].dropna()
        return Planning(
            is_covered=True,
            document=str(kinds.iloc[0]) if len(kinds) else None,
            approved_on=str(days.min()) if len(days) else None,
        )
    denied = len(rows) > 0 and rows["is_covered"].notna().all()
    return Planning(is_covered=False if denied else None)


def _report(
    commune: Commune, matrices: Sequence[pd.DataFrame], territory: Territory
) -> CommuneReport:
    consumption = commune.context.consumption
    return CommuneReport(
        vintages=commune.vintages,
        matrices=matrices,
        consumption=consumption[consumption["insee_code"] == commune.insee_code],
        planning=planning_of(commune.context.documents, commune.insee_code),
        area_m2=float(ground_area(commune.limits.geometry.to_numpy(), territory)[0]),
    )


def _brownfields(commune: Commune, territory: Territory) -> gpd.GeoDataFrame:
    sites = commune.context.brownfields
    met = sites.intersects(commune.limits.geometry.iloc[0])
    latest = commune.covers[-1].land if commune.covers else empty(LandStatus, territory.crs)
    return cross_brownfields(gpd.GeoDataFrame(sites[met]), latest, commune.lots, territory)


def _unread(own: QualifiedLand, rules: LandRules) -> pd.DataFrame:
    land = own.land[own.land["reason"] != "non_couvert"]
    pairs = undetermined(
        land["cover_code"],
        land["use_code"],
        land["area_m2"].to_numpy(dtype=float),
        rules.nomenclature,
    )
    return conform(UnreadCodes, pairs.assign(vintage=int(own.land["vintage"].iloc[0])))


def _stack(
    schema: type[LandStatus | LandFlow], parts: Iterable[gpd.GeoDataFrame], crs: str
) -> gpd.GeoDataFrame:
    tables = [part for part in parts if len(part)]
    if not tables:
        return empty(schema, crs)
    return gpd.GeoDataFrame(conform(schema, pd.concat(tables, ignore_index=True), crs))


def _concat(parts: Sequence[pd.DataFrame], nothing: pd.DataFrame) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else nothing
