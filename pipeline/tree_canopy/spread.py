"""Spread of the trees: over the whole car park, or along one side of it."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from pipeline.assumption_groups import MappedTreeAssumptions
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


def shown_trees(is_wide: npt.NDArray[np.bool_], lot: IntArray, count: int) -> npt.NDArray[np.bool_]:
    """
    Tell which trees of each lot have to be spread: the wide ones, which the text asks for.

    Where none is known as such, all of them.
    """
    wide = np.bincount(lot, weights=is_wide, minlength=count)
    return np.asarray(is_wide | (wide[lot] == 0))


def are_spread(share: "pd.Series[float]", choices: MappedTreeAssumptions) -> "pd.Series[bool]":
    """Tell which shares are enough (the threshold is); missing stays missing."""
    enough = share >= choices.spread_share.value
    return enough.astype("boolean").mask(share.isna())
