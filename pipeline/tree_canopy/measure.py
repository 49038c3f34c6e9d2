"""The stage as one call: the best method for each lot, the other to confirm it, existing roofs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.contracts import check
from pipeline.crs import GeometryArray, Territory
from pipeline.groups import IntArray
from pipeline.heights import HeightTile
from pipeline.schemas import LotTree
from pipeline.tree_canopy.canopy import Canopy, checked_cover
from pipeline.tree_canopy.carports import ExistingCarports, measure_carports
from pipeline.tree_canopy.mapped_trees import measure_mapped_trees

_NO_ROWS = (np.empty(0, dtype=object), np.empty(0, dtype=np.intp))


@dataclass(frozen=True)
class OverheadSources:
    """
    What is known around the lots: `Tree`, `Building`, `Carport`, and tiles of heights if any.

    `vintages`: dates of the heights over each lot, missing where they are not told.
    """

    trees: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    carports: gpd.GeoDataFrame
    tiles: Iterable[HeightTile] | None = None
    vintages: Sequence[str | None] = ()


@dataclass(frozen=True)
class Overhead:
    """What is above each lot: trees and crowns, and existing roofs."""

    canopy: Canopy
    carports: ExistingCarports


def measure_overhead(
    lots: gpd.GeoDataFrame,
    eligible: GeometryArray,
    around: OverheadSources,
    assumptions: Assumptions,
    territory: Territory,
) -> Overhead:
    """
    Measure the shade, the trees and the existing roofs of each lot.

    A height model that covers a lot decides; mapped trees then only confirm it. Elsewhere mapped
    trees decide. A lot that neither tells of comes out missing.

    Parameters
    ----------
    lots
        `ParkingLot` in scope, territory CRS.
    eligible
        Shape `(n,)`, eligible surface of each lot.
    """
    mapped = measure_mapped_trees(lots, eligible, around.trees, assumptions, territory)
    if around.tiles is None:
        canopy, plateaus, measured = mapped, _NO_ROWS, np.empty(0, dtype=np.intp)
    else:
        # Image processing is slow to load: only the runs that have heights pay for it.
        from pipeline.tree_canopy.height_cover import measure_heights

        roofs = np.concatenate(
            [around.buildings.geometry.to_numpy(), around.carports.geometry.to_numpy()]
        )
        read = measure_heights(lots, eligible, around.tiles, roofs, assumptions, territory)
        dated = replace(read.canopy, cover=_dated(read.canopy.cover, around.vintages))
        slack = assumptions.height_model.agreement_share.value
        canopy = confirm(dated, mapped, read.measured, slack, territory)
        plateaus, measured = (read.plateaus, read.plateau_lot), read.measured
    existing = measure_carports(
        lots, eligible, around.carports, plateaus, measured, assumptions, territory
    )
    return Overhead(canopy, existing)


def _dated(cover: pd.DataFrame, vintages: Sequence[str | None]) -> pd.DataFrame:
    """Say of when the heights of each lot are, where they tell of it."""
    dates = pd.Series(
        list[object](vintages or [None] * len(cover)), index=cover.index, dtype=object
    )
    return checked_cover(cover.assign(heights_vintage=dates.where(cover["method"].notna())))


def confirm(
    heights: Canopy, mapped: Canopy, measured: IntArray, slack: float, territory: Territory
) -> Canopy:
    """
    Let the height model decide where it speaks, and say whether mapped trees agree.

    Mapped trees that shade more than the heights allow, beyond the slack, were planted since, or
    are not there any more: the interval then reaches their highest figure. Fewer mapped trees than
    the heights show are a survey that is not complete, and move nothing.

    Parameters
    ----------
    measured
        Positions of the lots that the height model tells of.
    slack
        Gap between the two intervals, a share, within which they still agree (included).
    """
    cover = mapped.cover.copy()
    cover.iloc[measured] = heights.cover.iloc[measured]
    both = np.zeros(len(cover), dtype=np.bool_)
    both[measured] = mapped.cover["shade_share"].iloc[measured].notna()
    cover["mapped_shade_share"] = mapped.cover["shade_share"].where(both)
    meet = (mapped.cover["shade_share_min"] <= cover["shade_share_max"] + slack) & (
        mapped.cover["shade_share_max"] + slack >= cover["shade_share_min"]
    )
    cover["methods_agree"] = meet.astype("boolean").where(both)
    more = both & (mapped.cover["shade_share_min"] > cover["shade_share_max"] + slack)
    for column in ("shade_share_max", "possible_wide_count"):
        highest = np.maximum(cover[column], mapped.cover[column])
        cover[column] = cover[column].mask(more, highest)
    decided = set(cover["lot_id"].iloc[measured])
    idle = mapped.trees["lot_id"].isin(decided)
    kept = mapped.trees.assign(is_counted=mapped.trees["is_counted"] & ~idle)
    elsewhere = mapped.crowns[~mapped.crowns["lot_id"].isin(decided)]
    return Canopy(
        cover=checked_cover(cover),
        trees=_stacked(heights.trees, kept, territory),
        crowns=gpd.GeoDataFrame(pd.concat([heights.crowns, elsewhere], ignore_index=True)),
    )


def _stacked(
    trees: gpd.GeoDataFrame, others: gpd.GeoDataFrame, territory: Territory
) -> gpd.GeoDataFrame:
    table = gpd.GeoDataFrame(pd.concat([trees, others], ignore_index=True), crs=territory.crs)
    return check(LotTree, table, territory.crs)
