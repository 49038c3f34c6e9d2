"""Number of spaces of each car park: counted, else declared, else estimated, with its interval."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumption_groups import SpaceAssumptions
from pipeline.assumptions import Assumptions
from pipeline.crs import FloatArray


def count_spaces(
    lots: gpd.GeoDataFrame,
    declared: pd.DataFrame,
    bays: gpd.GeoDataFrame,
    assumptions: Assumptions,
) -> pd.DataFrame:
    """
    Count the spaces of each lot.

    Mapped bays count when they are not a mere sample (at least `counted_share` of the lowest
    estimate); else the tagged capacity; else the area divided by what a space of a car park of that
    size usually takes.

    Parameters
    ----------
    lots
        Rows with `gross_area_m2`, `parking_type` and a geometry.
    declared
        Same index: `capacity_min` and `capacity_max`, missing where a piece has no tag.
    bays
        `ParkingBay`; a bay belongs to the lot that holds its representative point.

    Returns
    -------
    spaces
        Same index: `spaces`, `spaces_min`, `spaces_max`, `spaces_source`; missing for a built park
        without tag.
    """
    choices = assumptions.spaces
    area = lots["gross_area_m2"]
    low = np.floor(area / choices.area_per_space_high_m2.value)
    high = np.ceil(area / choices.area_per_space_low_m2.value)
    table = pd.DataFrame(
        {
            "spaces": np.round(area / _usual_area(area, choices)),
            "spaces_min": low,
            "spaces_max": high,
            "spaces_source": "estimees",
        }
    )
    # Storeys multiply the spaces of a built park: its footprint tells nothing of them.
    table.loc[lots["parking_type"].isin(["aerien_bati", "souterrain"])] = None
    _fill(table, declared["capacity_min"], declared["capacity_max"], high, "declarees")
    counted = _bays_in(lots, bays)
    enough = counted.where((counted > 0) & (counted >= choices.counted_share.value * low))
    # Bays that fall short of the lowest estimate may not be all mapped.
    most = pd.concat([enough, declared["capacity_max"], low], axis=1).max(axis=1)
    _fill(table, enough, most, high, "comptees")
    return table


def _usual_area(area: "pd.Series[float]", choices: SpaceAssumptions) -> FloatArray:
    """Return the area per space that car parks of each size usually have, m²."""
    starts = [size.above_m2 for size in choices.sizes]
    usual = np.array([size.area_per_space_m2.value for size in choices.sizes])
    return np.asarray(usual[np.searchsorted(starts, area) - 1])


def _fill(
    table: pd.DataFrame,
    low: "pd.Series[float]",
    high: "pd.Series[float]",
    estimate: "pd.Series[float]",
    source: str,
) -> None:
    """Write a better count over the rows where there is one; « > 100 » has no upper end."""
    known = low.notna()
    ceiling = high.fillna(pd.concat([low, estimate], axis=1).max(axis=1))
    table.loc[known, "spaces"] = low[known]
    table.loc[known, "spaces_min"] = low[known]
    table.loc[known, "spaces_max"] = ceiling[known]
    table.loc[known, "spaces_source"] = source


def _bays_in(lots: gpd.GeoDataFrame, bays: gpd.GeoDataFrame) -> "pd.Series[float]":
    points = shapely.point_on_surface(bays.geometry.to_numpy())
    lot, bay = shapely.STRtree(points).query(lots.geometry.to_numpy(), predicate="intersects")
    total = np.bincount(lot, weights=bays["capacity"].to_numpy()[bay], minlength=len(lots))
    return pd.Series(total, index=lots.index)
