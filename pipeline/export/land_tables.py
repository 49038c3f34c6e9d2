"""The tables of the land of one commune, as the stages leave them."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.contracts import check, check_table, empty, without_rows
from pipeline.schemas import (
    CrossedBrownfield,
    Indicator,
    LandFlow,
    LandStatus,
    LandTransition,
    UnreadCodes,
    VariantArea,
)

_GEO: dict[str, type[Any]] = {
    "pieces": LandStatus,
    "flows": LandFlow,
    "disagreements": LandStatus,
    "brownfields": CrossedBrownfield,
}
_PLAIN: dict[str, type[Any]] = {
    "transitions": LandTransition,
    "variants": VariantArea,
    "unread": UnreadCodes,
    "indicators": Indicator,
}


@dataclass(frozen=True)
class LandTables:
    """
    The land of one commune, every vintage.

    `pieces` is its status, `disagreements` those where the producer states another, `unread` the
    codes that the nomenclature does not answer; the others are as their schemas say.
    """

    pieces: gpd.GeoDataFrame
    flows: gpd.GeoDataFrame
    disagreements: gpd.GeoDataFrame
    brownfields: gpd.GeoDataFrame
    transitions: pd.DataFrame
    variants: pd.DataFrame
    unread: pd.DataFrame
    indicators: pd.DataFrame

    @classmethod
    def none(cls, crs: str) -> "LandTables":
        """Return tables without a row: no land cover was read."""
        tables: dict[str, Any] = {name: empty(schema, crs) for name, schema in _GEO.items()}
        tables |= {name: without_rows(schema) for name, schema in _PLAIN.items()}
        return cls(**tables)

    @property
    def vintages(self) -> tuple[int, ...]:
        """Years of the land covers, the earliest first."""
        return tuple(sorted({int(year) for year in self.pieces["vintage"]}))

    @property
    def derived(self) -> tuple[int, ...]:
        """Years of the land covers drawn from other sources than OCS GE."""
        rows = self.pieces[self.pieces["origin"] == "derive"]
        return tuple(sorted({int(year) for year in rows["vintage"]}))

    @property
    def periods(self) -> tuple[tuple[int, int], ...]:
        """Pairs of vintages that were compared."""
        pairs = self.transitions[["vintage_before", "vintage_after"]].drop_duplicates()
        return tuple(sorted((int(one), int(other)) for one, other in pairs.to_numpy()))


def check_land(land: LandTables, crs: str) -> None:
    """Refuse tables that break their schema, or are not in the territory CRS."""
    for name, schema in _GEO.items():
        check(schema, getattr(land, name), crs)
    for name, schema in _PLAIN.items():
        check_table(schema, getattr(land, name))
