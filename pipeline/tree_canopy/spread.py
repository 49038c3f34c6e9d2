"""Spread of the trees: over the whole car park, or along one side of it."""

import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import MappedTreeAssumptions
from pipeline.crs import FloatArray, GeometryArray, Territory, ground_area
from pipeline.groups import IntArray, positions_by_key
from pipeline.tree_canopy.canopy import share_of


def spread_share(
    lots: GeometryArray,
    stems: GeometryArray,
    lot: IntArray,
    choices: MappedTreeAssumptions,
    territory: Territory,
) -> FloatArray:
    """
    Return the share of each lot that lies close to a tree.

    A share has no scale: a lot planted evenly reaches 1 whatever its size, one planted along a side
    has the strip along that side only.

    Parameters
    ----------
    lots
        Shape `(n,)`, footprints.
    stems, lot
        Shape `(m,)`, trees that stand in a lot, and the position of that lot.

    Returns
    -------
    share
        Shape `(n,)`, in [0, 1]; 0 without a tree.
    """
    near = shapely.buffer(stems, choices.spread_distance_m.value)
    close = np.full(len(lots), shapely.Polygon(), dtype=object)
    for i, trees in positions_by_key(lot):
        close[i] = shapely.intersection(shapely.union_all(near[trees]), lots[i])
    return share_of(ground_area(close, territory), ground_area(lots, territory))


def are_spread(share: "pd.Series[float]", choices: MappedTreeAssumptions) -> "pd.Series[bool]":
    """Tell which shares are enough (the threshold is); missing stays missing."""
    enough = share >= choices.spread_share.value
    return enough.astype("boolean").mask(share.isna())
