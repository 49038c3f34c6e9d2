"""Change between two vintages: the ground they share, its status before and after."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.contracts import check, conform
from pipeline.crs import GeometryArray, Territory, ground_area
from pipeline.groups import IntArray
from pipeline.polygons import polygonal
from pipeline.schemas import LandFlow, LandStatus

_KEPT = {"cover_code": "cover", "use_code": "use", "reason": "reason"}
_CELL = (
    *("vintage_before", "vintage_after", "category_before", "is_artificial_before"),
    *("category_after", "is_artificial_after"),
)


@dataclass(frozen=True)
class Overlay:
    """Pieces of ground that one polygon of each vintage covers, and the positions of the two."""

    pieces: GeometryArray
    before: IntArray
    after: IntArray


def overlay(before: GeometryArray, after: GeometryArray) -> Overlay:
    """
    Cross two coverages of the same ground.

    Polygons that are the same in both vintages, most of them, are not cut: they are their own
    piece. Nothing is dropped but what has no surface, so that areas add up on either side.

    Parameters
    ----------
    before, after
        Shape `(n,)` and `(m,)`, valid coverages in one CRS.
    """
    old, new = shapely.STRtree(after).query(before, predicate="intersects")
    same = shapely.equals_identical(before[old], after[new])
    settled = np.isin(old, old[same]) | np.isin(new, new[same])
    crossed = ~settled
    cut = polygonal(shapely.intersection(before[old[crossed]], after[new[crossed]]))
    real = shapely.area(cut) > 0
    return Overlay(
        np.concatenate([before[old[same]], cut[real]]),
        np.concatenate([old[same], old[crossed][real]]),
        np.concatenate([new[same], new[crossed][real]]),
    )


@dataclass(frozen=True)
class Change:
    """
    What changed between two vintages.

    `flows` is `LandFlow`; `matrix` has one row per pair of categories and statuses
    (`category_before`, `is_artificial_before`, `category_after`, `is_artificial_after`, missing
    where unknown) with its `area_m2`, all the common ground included, and the two vintages.
    """

    flows: gpd.GeoDataFrame
    matrix: pd.DataFrame


def land_change(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    territory: Territory,
) -> Change:
    """
    Tell where land became artificial, or ceased to be, and what it was before and after.

    Where one of the two statuses is not known, nothing is said to have changed. On the ground that
    both vintages qualify, the artificial stock grows by the flow of artificialisation less that of
    desartificialisation, to the rounding of the areas.

    Parameters
    ----------
    before, after
        `LandStatus` of two vintages over the same ground (a commune, or several), same CRS.
    """
    old, new = (check(LandStatus, table, territory.crs) for table in (before, after))
    crossed = overlay(old.geometry.to_numpy(), new.geometry.to_numpy())
    rows = pd.concat(
        [
            _side(old, crossed.before, "before"),
            _side(new, crossed.after, "after"),
        ],
        axis=1,
    ).assign(area_m2=ground_area(crossed.pieces, territory), geometry=crossed.pieces)
    matrix = rows.groupby(list(_CELL), dropna=False, sort=True)["area_m2"].sum()
    return Change(_flows(rows, territory), matrix.reset_index())


def _side(land: gpd.GeoDataFrame, positions: IntArray, when: str) -> pd.DataFrame:
    kept = land[["vintage", "category", "is_artificial", "by_codes", *_KEPT]]
    side = pd.DataFrame(kept.rename(columns=_KEPT))
    return side.iloc[positions].reset_index(drop=True).add_suffix(f"_{when}")


def _flows(rows: pd.DataFrame, territory: Territory) -> gpd.GeoDataFrame:
    became = (~rows["is_artificial_before"] & rows["is_artificial_after"]).fillna(value=False)
    ceased = (rows["is_artificial_before"] & ~rows["is_artificial_after"]).fillna(value=False)
    changed = rows[(became | ceased) & (rows["area_m2"] > 0)]
    by_codes = (changed["by_codes_before"] != changed["by_codes_after"]).fillna(value=True)
    flows = changed.assign(
        flow=np.where(became[changed.index], "artificialisation", "desartificialisation"),
        cause=np.where(by_codes, "occupation", "seuil"),
    ).reset_index(drop=True)
    table = gpd.GeoDataFrame(conform(LandFlow, flows, territory.crs))
    return check(LandFlow, table, territory.crs)
