"""What a product carries from run to run: identity, corrections, changes, fingerprints."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.contracts import check, check_table, empty, without_rows
from pipeline.schemas import (
    Conflict,
    Fingerprint,
    JournalEntry,
    KnownPark,
    Lineage,
    ReplayedCorrection,
    StatusOverride,
)

_GEO: dict[str, type[Any]] = {
    "known": KnownPark,
    "replayed": ReplayedCorrection,
    "conflicts": Conflict,
}
_PLAIN: dict[str, type[Any]] = {
    "lineage": Lineage,
    "journal": JournalEntry,
    "fingerprints": Fingerprint,
    "overrides": StatusOverride,
}


@dataclass(frozen=True)
class InventoryTables:
    """
    What is kept of former runs, and what agents decided; each table is as its schema says.

    `base_hashes` gives the digest of the detected outline of each lot, by `lot_id`: the outline
    which a decision taken today is taken on.
    """

    lineage: pd.DataFrame
    known: gpd.GeoDataFrame
    journal: pd.DataFrame
    replayed: gpd.GeoDataFrame
    conflicts: gpd.GeoDataFrame
    overrides: pd.DataFrame
    fingerprints: pd.DataFrame
    base_hashes: dict[str, str]

    @classmethod
    def none(cls, crs: str) -> "InventoryTables":
        """Return tables without a row: nothing came before, nobody decided."""
        tables: dict[str, Any] = {name: empty(schema, crs) for name, schema in _GEO.items()}
        tables |= {name: without_rows(schema) for name, schema in _PLAIN.items()}
        return cls(base_hashes={}, **tables)


def check_inventory(inventory: InventoryTables, crs: str) -> None:
    """Refuse tables that break their schema, or are not in the territory CRS."""
    for name, schema in _GEO.items():
        check(schema, getattr(inventory, name), crs)
    for name, schema in _PLAIN.items():
        check_table(schema, getattr(inventory, name))
