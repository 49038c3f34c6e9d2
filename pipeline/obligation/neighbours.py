"""Adjacent car parks: who could pool the obligation, each keeping its own."""

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.groups import components


def neighbour_groups(
    lots: gpd.GeoDataFrame, may_owe: "pd.Series[bool]", assumptions: Assumptions
) -> pd.DataFrame:
    """
    Group the car parks that touch, directly or through others.

    Owners of adjacent parks may agree to pool the canopies, whose area is then the sum of what each
    park owes. A group is a hint to them: every park keeps its own area, threshold and verdict, and
    nothing here adds areas up. A park that owes nothing neither joins nor links a group.

    Parameters
    ----------
    lots
        `ParkingLot`, territory CRS.
    may_owe
        Index of `lots`: the park is subject, or may be.
    assumptions
        `neighbours.distance_m`, in metres of that CRS; at most that distance is adjacent.

    Returns
    -------
    neighbours
        One row per lot, in the order of `lots`: `lot_id`; `neighbour_group`, the smallest `lot_id`
        of the group; `neighbour_ids`, those that touch this lot directly, sorted, joined by `;`.
        The last two are missing for a lot alone.

    References
    ----------
    Loi n° 2023-175 du 10 mars 2023, art. 40, I, al. 3.
    """
    scope = lots[may_owe].sort_values("lot_id").reset_index(drop=True)
    one, other = scope.sindex.query(
        scope.geometry, predicate="dwithin", distance=assumptions.neighbours.distance_m.value
    )
    distinct = one != other
    pairs = np.column_stack([one[distinct], other[distinct]])
    ids = scope["lot_id"].to_numpy()
    touching = pd.DataFrame({"lot_id": ids[pairs[:, 0]], "other": ids[pairs[:, 1]]})
    beside = touching.sort_values(["lot_id", "other"]).groupby("lot_id")["other"].agg(";".join)
    # Ids are sorted: the first of a component is its smallest.
    group = pd.Series(ids).groupby(components(len(scope), pairs)).transform("first")
    named = pd.Series(group.to_numpy(), index=ids)
    return pd.DataFrame(
        {
            "lot_id": lots["lot_id"].to_numpy(),
            "neighbour_group": lots["lot_id"].map(named[named.index.isin(beside.index)]).to_numpy(),
            "neighbour_ids": lots["lot_id"].map(beside).to_numpy(),
        },
        index=lots.index,
    )
