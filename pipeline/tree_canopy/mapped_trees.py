"""Shade and trees of each car park, from trees mapped one by one (stems or crowns)."""

from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, check_table, conform
from pipeline.crs import GeometryArray, Territory, ground_area
from pipeline.groups import positions_by_key
from pipeline.schemas import Tree, TreeCover

_METHOD = "arbres_cartographies"
Estimate = Literal["low", "central", "high"]
_ESTIMATES: dict[str, Estimate] = {
    "shade_share_min": "low",
    "shade_share": "central",
    "shade_share_max": "high",
}


def compute_tree_cover(
    lots: gpd.GeoDataFrame,
    eligible: GeometryArray,
    trees: gpd.GeoDataFrame,
    assumptions: Assumptions,
    territory: Territory,
) -> pd.DataFrame:
    """
    Measure the shade of mapped trees over each eligible surface, and count those of the lot.

    A surveyed crown gives one figure; a stem without crown diameter takes the assumed one, low,
    central and high. Shade is taken as the vertical projection of the crowns. A lot where no tree
    is mapped comes out missing, never at zero: an unmapped tree still shades.

    Parameters
    ----------
    lots
        `lot_id` and the footprint of each lot, territory CRS: a tree that stands in it counts.
    eligible
        Shape `(n,)`, eligible surface of each lot: shares are shares of it.
    trees
        `Tree`, stems (points) or crowns (polygons).

    Returns
    -------
    cover
        `TreeCover`: shares in [0, 1], missing where nothing is eligible. Only trees rooted in the
        lot are counted and make the main shares; the others make `outside_shade_share`.

    References
    ----------
    Code de l'urbanisme, art. R. 111-25-8 (two tests: trees per space and spread, or shade).
    """
    found = check(Tree, trees, territory.crs)
    shapes = lots.geometry.to_numpy()
    stems = shapely.point_on_surface(found.geometry.to_numpy())
    table = pd.DataFrame({"lot_id": lots["lot_id"].to_numpy()})
    area = ground_area(eligible, territory)
    area[area == 0] = np.nan
    lot, rooted = shapely.STRtree(stems).query(shapes, predicate="intersects")
    for column, estimate in _ESTIMATES.items():
        crowns = crowns_of(found, estimate, assumptions)
        table[column] = _shaded(eligible, crowns[rooted], lot, territory) / area
    outside = _outside_shade(found, eligible, lot, rooted, assumptions, territory)
    table["outside_shade_share"] = outside / area
    shares = [*_ESTIMATES, "outside_shade_share"]
    table[shares] = table[shares].clip(0.0, 1.0)
    is_wide = _diameter(found, "low", assumptions) >= (
        assumptions.mapped_trees.wide_crown_diameter_m.value
    )
    table["tree_count"] = np.bincount(lot, minlength=len(lots)).astype(float)
    table["wide_tree_count"] = np.bincount(lot, weights=is_wide[rooted], minlength=len(lots))
    table["trees_are_spread"] = _are_spread(shapes, stems[rooted], lot, assumptions, territory)
    table["method"] = _METHOD
    # A neighbour's crown says nothing of the trees of the lot: they are unmapped, not absent.
    unmapped = table["tree_count"] == 0
    only_outside = unmapped & (outside > 0)
    table.loc[unmapped, table.columns.drop(["lot_id", "method", "outside_shade_share"])] = None
    table.loc[unmapped & ~only_outside, ["method", "outside_shade_share"]] = None
    return check_table(TreeCover, conform(TreeCover, table))


def crowns_over(
    lots: gpd.GeoDataFrame, trees: gpd.GeoDataFrame, assumptions: Assumptions
) -> gpd.GeoDataFrame:
    """
    Return the trees whose central crown meets a lot, with `lot_id` and `is_outside`.

    A tree is `is_outside` when it shades a lot without standing in it; one that meets several lots
    goes to the one it stands in, else to the first by `lot_id`.
    """
    crowns = crowns_of(trees, "central", assumptions)
    lot, tree = shapely.STRtree(crowns).query(lots.geometry.to_numpy(), predicate="intersects")
    stems = shapely.point_on_surface(trees.geometry.to_numpy())
    pairs = pd.DataFrame({"tree": tree, "lot_id": lots["lot_id"].to_numpy()[lot]})
    pairs["is_outside"] = ~shapely.intersects(lots.geometry.to_numpy()[lot], stems[tree])
    pairs = pairs.sort_values(["tree", "is_outside", "lot_id"]).drop_duplicates("tree")
    met = trees.iloc[pairs["tree"]].reset_index(drop=True)
    return met.assign(
        lot_id=pairs["lot_id"].to_numpy(), is_outside=pairs["is_outside"].to_numpy(dtype=bool)
    )


def crowns_of(
    trees: gpd.GeoDataFrame, estimate: Estimate, assumptions: Assumptions
) -> GeometryArray:
    """Return the crown of each tree: drawn, else a disc of its surveyed or assumed diameter."""
    shapes = trees.geometry.to_numpy()
    discs = shapely.buffer(
        shapely.point_on_surface(shapes), _diameter(trees, estimate, assumptions) / 2
    )
    return np.asarray(np.where(shapely.area(shapes) > 0, shapes, discs))


def _diameter(trees: gpd.GeoDataFrame, estimate: Estimate, assumptions: Assumptions) -> np.ndarray:
    """Return the crown diameter of each tree, metres: surveyed, else assumed."""
    choices = assumptions.mapped_trees
    assumed = {
        "low": choices.crown_diameter_low_m,
        "central": choices.crown_diameter_m,
        "high": choices.crown_diameter_high_m,
    }[estimate]
    surveyed = trees["crown_diameter_m"].fillna(assumed.value).to_numpy(dtype=float)
    # A drawn crown is as wide as the disc of its area.
    drawn = 2 * np.sqrt(shapely.area(trees.geometry.to_numpy()) / np.pi)
    return np.asarray(np.where(drawn > 0, drawn, surveyed))


def _shaded(
    shapes: GeometryArray, crowns: GeometryArray, lot: np.ndarray, territory: Territory
) -> np.ndarray:
    """Return the ground under the crowns given for each lot, m²; overlapping crowns count once."""
    shade = np.full(len(shapes), shapely.Polygon(), dtype=object)
    for i, pairs in positions_by_key(lot):
        shade[i] = shapely.intersection(shapely.union_all(crowns[pairs]), shapes[i])
    return ground_area(shade, territory)


def _outside_shade(
    trees: gpd.GeoDataFrame,
    shapes: GeometryArray,
    rooted_lot: np.ndarray,
    rooted: np.ndarray,
    assumptions: Assumptions,
    territory: Territory,
) -> np.ndarray:
    """Return the ground that only trees rooted elsewhere shade, m²."""
    crowns = crowns_of(trees, "central", assumptions)
    lot, tree = shapely.STRtree(crowns).query(shapes, predicate="intersects")
    all_shade = _shaded(shapes, crowns[tree], lot, territory)
    return np.asarray(
        np.maximum(all_shade - _shaded(shapes, crowns[rooted], rooted_lot, territory), 0.0)
    )


def _are_spread(
    shapes: GeometryArray,
    stems: GeometryArray,
    lot: np.ndarray,
    assumptions: Assumptions,
    territory: Territory,
) -> np.ndarray:
    """Tell whether enough of each lot lies close to a tree that stands in it."""
    choices = assumptions.mapped_trees
    near = shapely.buffer(stems, choices.spread_distance_m.value)
    share = _shaded(shapes, near, lot, territory) / ground_area(shapes, territory)
    return np.asarray(share >= choices.spread_share.value, dtype=object)
