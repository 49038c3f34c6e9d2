"""What a method says of the trees of each lot: the figures, the trees, the crowns."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.contracts import check, check_table, conform
from pipeline.crs import FloatArray, Territory, ground_area
from pipeline.precision import DUST_M2
from pipeline.schemas import CrownPiece, LotTree, ShadeMethod, TreeCover


@dataclass(frozen=True)
class Canopy:
    """`TreeCover`, `LotTree` and `CrownPiece` of the same lots, in the territory CRS."""

    cover: pd.DataFrame
    trees: gpd.GeoDataFrame
    crowns: gpd.GeoDataFrame


def checked_cover(table: pd.DataFrame) -> pd.DataFrame:
    """Return `TreeCover` from its columns; those that a method lacks come out missing."""
    return check_table(TreeCover, conform(TreeCover, table))


def checked_trees(table: pd.DataFrame, territory: Territory) -> gpd.GeoDataFrame:
    """
    Return `LotTree`, one row a tree.

    A tree that meets several lots goes to the one it stands in, else to the first by `lot_id`.
    """
    once = table.sort_values(["tree_id", "is_outside", "lot_id"], kind="stable")
    once = once.drop_duplicates("tree_id").reset_index(drop=True)
    return check(LotTree, gpd.GeoDataFrame(conform(LotTree, once, territory.crs)), territory.crs)


def checked_crowns(
    table: pd.DataFrame, method: ShadeMethod, territory: Territory
) -> gpd.GeoDataFrame:
    """Return `CrownPiece`, its areas on the ground; slivers are left."""
    area = ground_area(table["geometry"].to_numpy(), territory)
    kept = table.assign(area_m2=area, method=method)[area > DUST_M2]
    kept = kept.reset_index(drop=True)
    return check(
        CrownPiece, gpd.GeoDataFrame(conform(CrownPiece, kept, territory.crs)), territory.crs
    )


def disc_diameter(area_m2: FloatArray) -> FloatArray:
    """Return the diameter of the disc of an area, metres."""
    return np.asarray(2 * np.sqrt(area_m2 / np.pi))


def share_of(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return shares in [0, 1], missing where there is nothing to be a share of."""
    return np.asarray(np.clip(part / np.where(whole > 0, whole, np.nan), 0.0, 1.0))
