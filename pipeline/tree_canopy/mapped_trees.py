"""Shade and trees of each car park, from trees mapped one by one (stems or crowns)."""

import math
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumption_groups import MappedTreeAssumptions
from pipeline.assumptions import Assumptions
from pipeline.contracts import check
from pipeline.crs import FloatArray, GeometryArray, Territory, ground_area
from pipeline.groups import IntArray, positions_by_key
from pipeline.polygons import own_grounds, polygonal, without_earlier
from pipeline.precision import CROWN_SEGMENTS
from pipeline.schemas import ShadeMethod, Tree
from pipeline.tree_canopy.canopy import (
    Canopy,
    checked_cover,
    checked_crowns,
    checked_trees,
    disc_diameter,
    share_of,
)
from pipeline.tree_canopy.spread import are_spread, shown_trees, spread_share

_METHOD: ShadeMethod = "arbres_cartographies"
Estimate = Literal["low", "central", "high"]
_ESTIMATES: dict[str, Estimate] = {
    "shade_share_min": "low",
    "shade_share": "central",
    "shade_share_max": "high",
}


def measure_mapped_trees(
    lots: gpd.GeoDataFrame,
    eligible: GeometryArray,
    trees: gpd.GeoDataFrame,
    assumptions: Assumptions,
    territory: Territory,
) -> Canopy:
    """
    Measure the shade of mapped trees over each eligible surface, and count those of the lot.

    A surveyed crown gives one figure; a stem without crown diameter takes the assumed one, low,
    central and high. Shade is taken as the vertical projection of the crowns. A lot where no tree
    is mapped comes out missing, never at zero: an unmapped tree still shades.

    Parameters
    ----------
    lots
        `lot_id` and the footprint of each lot, territory CRS. A tree also stands in a lot when it
        is in a hole of it no larger than `island_area_m2`: a planted island, not a square.
    eligible
        Shape `(n,)`, eligible surface of each lot: shares are shares of it.
    trees
        `Tree`, stems (points) or crowns (polygons).

    Returns
    -------
    canopy
        Shares in [0, 1], missing where nothing is eligible. Only trees rooted in the lot are
        counted and make the main shares; the others make `outside_shade_share`.

    References
    ----------
    Code de l'urbanisme, art. R. 111-25-8 (two tests: trees per space and spread, or shade).
    """
    found = check(Tree, trees, territory.crs)
    met = _meetings(lots, found, assumptions)
    cover = _cover(lots, eligible, found, met, assumptions, territory)
    counted = cover["method"].notna().to_numpy()[met.lot]
    return Canopy(
        cover=cover,
        trees=checked_trees(_rows(lots, found, met, counted, assumptions), territory),
        crowns=checked_crowns(_pieces(lots, eligible, found, met, assumptions), _METHOD, territory),
    )


@dataclass(frozen=True)
class _Meetings:
    """Pairs of a lot and a tree that stands in it or reaches over it, those in it first."""

    lot: IntArray
    tree: IntArray
    is_outside: np.ndarray


def _meetings(lots: gpd.GeoDataFrame, trees: gpd.GeoDataFrame, choices: Assumptions) -> _Meetings:
    shapes = lots.geometry.to_numpy()
    stems = shapely.point_on_surface(trees.geometry.to_numpy())
    grounds = own_grounds(shapes, choices.mapped_trees.island_area_m2.value)
    standing = shapely.STRtree(stems).query(grounds, predicate="intersects")
    crowns = crowns_of(trees, "central", choices)
    over = shapely.STRtree(crowns).query(shapes, predicate="intersects")
    pairs = pd.DataFrame(np.hstack([standing, over]).T, columns=["lot", "tree"])
    pairs["is_outside"] = np.arange(len(pairs)) >= standing.shape[1]
    pairs = pairs.drop_duplicates(["lot", "tree"]).sort_values(["lot", "is_outside", "tree"])
    return _Meetings(*(pairs[name].to_numpy() for name in ("lot", "tree", "is_outside")))


def _cover(
    lots: gpd.GeoDataFrame,
    eligible: GeometryArray,
    trees: gpd.GeoDataFrame,
    met: _Meetings,
    assumptions: Assumptions,
    territory: Territory,
) -> pd.DataFrame:
    table = pd.DataFrame({"lot_id": lots["lot_id"].to_numpy()})
    area = ground_area(eligible, territory)
    lot, rooted = met.lot[~met.is_outside], met.tree[~met.is_outside]
    for column, estimate in _ESTIMATES.items():
        crowns = crowns_of(trees, estimate, assumptions)
        table[column] = share_of(_shaded(eligible, crowns[rooted], lot, territory), area)
    everything = _shaded(
        eligible, crowns_of(trees, "central", assumptions)[met.tree], met.lot, territory
    )
    table["outside_shade_share"] = share_of(
        np.maximum(everything - table["shade_share"].to_numpy() * area, 0.0), area
    )
    wide = _is_wide(trees, assumptions)
    is_wide = wide.fillna(value=False).to_numpy(dtype=bool)[rooted]
    may_be = wide.fillna(value=True).to_numpy(dtype=bool)[rooted]
    table["tree_count"] = np.bincount(lot, minlength=len(lots)).astype(float)
    table["wide_tree_count"] = np.bincount(lot, weights=is_wide, minlength=len(lots))
    table["possible_wide_count"] = np.bincount(lot, weights=may_be, minlength=len(lots))
    shown = shown_trees(is_wide, lot, len(lots))
    stems = shapely.point_on_surface(trees.geometry.to_numpy())[rooted]
    table["spread_share"] = spread_share(
        lots.geometry.to_numpy(), stems[shown], lot[shown], assumptions.mapped_trees, territory
    )
    table["trees_are_spread"] = are_spread(table["spread_share"], assumptions.mapped_trees)
    table["method"] = _METHOD
    return checked_cover(_without_guesses(table))


def _without_guesses(table: pd.DataFrame) -> pd.DataFrame:
    """Leave missing what no tree of the lot tells: unmapped trees are not absent ones."""
    unmapped = table["tree_count"] == 0
    only_outside = unmapped & (table["outside_shade_share"] > 0)
    own = table.columns.drop(["lot_id", "method", "outside_shade_share"])
    table.loc[unmapped, own] = None
    table.loc[unmapped & ~only_outside, ["method", "outside_shade_share"]] = None
    return table


def _rows(
    lots: gpd.GeoDataFrame,
    trees: gpd.GeoDataFrame,
    met: _Meetings,
    is_counted: np.ndarray,
    assumptions: Assumptions,
) -> pd.DataFrame:
    rows = trees.iloc[met.tree].reset_index(drop=True)
    area = shapely.area(rows.geometry.to_numpy())
    drawn = area > 0
    diameter = np.where(drawn, disc_diameter(area), rows["crown_diameter_m"])
    disc = np.pi * (diameter.astype(float) / 2) ** 2
    points = np.where(drawn, shapely.centroid(rows.geometry.to_numpy()), rows.geometry.to_numpy())
    return pd.DataFrame(rows.drop(columns="geometry")).assign(
        lot_id=lots["lot_id"].to_numpy()[met.lot],
        is_outside=met.is_outside,
        is_counted=is_counted,
        is_wide=_is_wide(trees, assumptions).iloc[met.tree].to_numpy(),
        crown_diameter_m=diameter,
        crown_area_m2=np.where(drawn, area, disc),
        geometry=points,
    )


def _pieces(
    lots: gpd.GeoDataFrame,
    eligible: GeometryArray,
    trees: gpd.GeoDataFrame,
    met: _Meetings,
    assumptions: Assumptions,
) -> pd.DataFrame:
    """Return the central crown of each tree over the surface that counts, none over another."""
    crowns = crowns_of(trees, "central", assumptions)[met.tree]
    over = polygonal(shapely.intersection(crowns, eligible[met.lot]))
    return pd.DataFrame(
        {
            "lot_id": lots["lot_id"].to_numpy()[met.lot],
            "tree_id": trees["tree_id"].to_numpy()[met.tree],
            "is_outside": met.is_outside,
            "geometry": without_earlier(over, met.lot),
        }
    )


def crowns_of(
    trees: gpd.GeoDataFrame, estimate: Estimate, assumptions: Assumptions
) -> GeometryArray:
    """Return the crown of each tree: drawn, else a disc of its surveyed or assumed diameter."""
    shapes = trees.geometry.to_numpy()
    discs = shapely.buffer(
        shapely.point_on_surface(shapes),
        _diameter(trees, estimate, assumptions) / 2,
        quad_segs=CROWN_SEGMENTS,
    )
    return np.asarray(np.where(shapely.area(shapes) > 0, shapes, discs))


def _diameter(trees: gpd.GeoDataFrame, estimate: Estimate, assumptions: Assumptions) -> FloatArray:
    """Return the crown diameter of each tree, metres: surveyed, else assumed."""
    choices = assumptions.mapped_trees
    assumed = {
        "low": choices.crown_diameter_low_m,
        "central": choices.crown_diameter_m,
        "high": choices.crown_diameter_high_m,
    }[estimate]
    surveyed = trees["crown_diameter_m"].fillna(assumed.value).to_numpy(dtype=float)
    surveyed = np.where(trees["is_from_row"], surveyed * _thinned(estimate, choices), surveyed)
    # A drawn crown is as wide as the disc of its area.
    drawn = disc_diameter(shapely.area(trees.geometry.to_numpy()))
    return np.asarray(np.where(drawn > 0, drawn, surveyed))


def _thinned(estimate: Estimate, choices: MappedTreeAssumptions) -> float:
    """
    Return what multiplies the crowns of a row, so that its shade is that of another spacing.

    A row is drawn, its trees are not: the bounds take the widest and the narrowest spacing.
    """
    spacing = choices.row_spacing_m
    narrowest, widest = spacing.tested_range
    other = {"low": widest, "central": spacing.value, "high": narrowest}[estimate]
    return math.sqrt(spacing.value / other)


def _is_wide(trees: gpd.GeoDataFrame, assumptions: Assumptions) -> "pd.Series[bool]":
    """Tell which crowns are wide (the threshold is); missing without drawn or surveyed crown."""
    known = trees["crown_diameter_m"].notna() | (shapely.area(trees.geometry.to_numpy()) > 0)
    known &= ~trees["is_from_row"]  # set by us along a line: none is there for sure
    least = assumptions.mapped_trees.wide_crown_diameter_m.value
    wide = pd.Series(_diameter(trees, "low", assumptions) >= least, index=trees.index)
    return wide.astype("boolean").where(known)


def _shaded(
    shapes: GeometryArray, crowns: GeometryArray, lot: IntArray, territory: Territory
) -> FloatArray:
    """Return the ground under the crowns given for each lot, m²; overlapping crowns count once."""
    shade = np.full(len(shapes), shapely.Polygon(), dtype=object)
    for i, pairs in positions_by_key(lot):
        shade[i] = shapely.intersection(shapely.union_all(crowns[pairs]), shapes[i])
    return ground_area(shade, territory)
