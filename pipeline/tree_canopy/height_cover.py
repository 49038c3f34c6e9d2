"""Shade and trees of each car park, from the tiles of a height model."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumption_groups import HeightModelAssumptions
from pipeline.assumptions import Assumptions
from pipeline.contracts import empty
from pipeline.crs import FloatArray, GeometryArray, Territory
from pipeline.groups import IntArray, positions_by_key
from pipeline.heights import HeightTile
from pipeline.polygons import own_grounds
from pipeline.precision import SHARE_DIGITS
from pipeline.schemas import LotTree, ShadeMethod
from pipeline.tree_canopy.canopy import (
    Canopy,
    checked_cover,
    checked_crowns,
    checked_trees,
    disc_diameter,
)
from pipeline.tree_canopy.height_window import (
    LotGround,
    Shade,
    WindowReading,
    read_window,
    window_of,
)
from pipeline.tree_canopy.spread import are_spread, shown_trees, spread_share
from pipeline.tree_canopy.vegetation import NO_SHAPES, Mask

_METHOD: ShadeMethod = "modele_hauteur"


@dataclass(frozen=True)
class HeightReading:
    """
    Canopy of the lots (missing where the heights say too little), and plateaus over lots.

    `measured`: positions of the lots that the heights tell of. `plateaus` are whole, one row for
    each lot they meet, whose position is in `plateau_lot`.
    """

    canopy: Canopy
    measured: IntArray
    plateaus: GeometryArray
    plateau_lot: IntArray


def measure_heights(
    lots: gpd.GeoDataFrame,
    eligible: GeometryArray,
    tiles: Iterable[HeightTile],
    roofs: GeometryArray,
    assumptions: Assumptions,
    territory: Territory,
) -> HeightReading:
    """
    Measure shade and trees on a height model, each lot in its own window.

    Parameters
    ----------
    lots
        `lot_id` and footprint, territory CRS.
    eligible
        Shape `(n,)`, eligible surface of each lot: shares are shares of it.
    tiles
        Heights around the boxes of the lots, with `height_model.margin_m` of margin; a tile is
        dropped once read, so that memory holds one at a time.
    roofs
        Buildings and carports of the territory, polygons.

    Returns
    -------
    reading
        Shares in [0, 1]. Where part of a lot has no height, the low bound takes it as bare, the
        high bound as shaded; a lot whose known part is below `measured_share` is left missing.
    """
    grounds = _grounds(lots, eligible, roofs, assumptions)
    bounds = shapely.bounds(lots.geometry.to_numpy())
    model = assumptions.height_model
    found = sorted(_readings(grounds, bounds, tiles, model), key=lambda item: item[0])
    told = [item for item in found if _tells(item[1].shade, model)]
    canopy = Canopy(
        cover=_cover(lots, told, assumptions, territory),
        trees=checked_trees(_trees(lots, told, assumptions), territory),
        crowns=checked_crowns(_pieces(lots, told), _METHOD, territory),
    )
    measured = np.array([position for position, *_ in told], dtype=np.intp)
    return HeightReading(canopy, measured, *_plateaus(lots, found))


NO_TREES: Mask = np.empty(0, dtype=np.bool_)
_Found = tuple[int, WindowReading]


def _grounds(
    lots: gpd.GeoDataFrame,
    eligible: GeometryArray,
    roofs: GeometryArray,
    assumptions: Assumptions,
) -> list[LotGround]:
    shapes, margin_m = lots.geometry.to_numpy(), assumptions.height_model.margin_m.value
    own = own_grounds(shapes, assumptions.mapped_trees.island_area_m2.value)
    windows = shapely.box(*(shapely.bounds(shapes) + margin_m * np.array([-1, -1, 1, 1])).T)
    lot, roof = shapely.STRtree(roofs).query(windows)
    around = {position: roofs[np.sort(roof[pairs])] for position, pairs in positions_by_key(lot)}
    return [
        LotGround(outline, surface, around.get(position, NO_SHAPES))
        for position, (outline, surface) in enumerate(zip(own, eligible, strict=True))
    ]


def _readings(
    grounds: list[LotGround],
    bounds: FloatArray,
    tiles: Iterable[HeightTile],
    choices: HeightModelAssumptions,
) -> Iterator[_Found]:
    for tile in tiles:
        for rank, position in enumerate(tile.members.tolist()):
            window = window_of(tile.of_member(rank), bounds[position], choices.margin_m.value)
            yield position, read_window(grounds[position], window, choices)


def _tells(shade: Shade, choices: HeightModelAssumptions) -> bool:
    return shade.area > 0 and shade.known >= choices.measured_share.value * shade.area


def _cover(
    lots: gpd.GeoDataFrame, told: list[_Found], assumptions: Assumptions, territory: Territory
) -> pd.DataFrame:
    rows = pd.DataFrame([_figures(reading, assumptions) for _, reading in told])
    rows.index = pd.Index([position for position, _ in told])
    table = rows.reindex(range(len(lots)))
    table["lot_id"] = lots["lot_id"].to_numpy()
    counts = [int(reading.stands_in.sum()) for _, reading in told]
    lot = np.repeat(np.array([position for position, _ in told], dtype=np.intp), counts)
    standing = [reading.stems[reading.stands_in] for _, reading in told]
    is_wide = [_is_wide(reading, assumptions)[reading.stands_in] for _, reading in told]
    stems, wide = np.concatenate([NO_SHAPES, *standing]), np.concatenate([NO_TREES, *is_wide])
    shown = shown_trees(wide, lot, len(lots))
    spread = spread_share(
        lots.geometry.to_numpy(), stems[shown], lot[shown], assumptions.mapped_trees, territory
    )
    measured = table.index.isin(rows.index)
    table["spread_share"] = np.where(measured, spread, np.nan)
    table["trees_are_spread"] = are_spread(table["spread_share"], assumptions.mapped_trees)
    return checked_cover(table)


def _figures(reading: WindowReading, assumptions: Assumptions) -> dict[str, object]:
    """Return the columns of `TreeCover`: unknown ground is bare at least, shaded at most."""
    shade = reading.shade
    surely, possibly = _wide_counts(reading, assumptions)
    return {
        "method": _METHOD,
        "tree_count": float(reading.stands_in.sum()),
        "wide_tree_count": float(surely),
        "possible_wide_count": float(possibly),
        "shade_share_min": _within(shade.low / shade.area),
        "shade_share": _within(shade.central / shade.known),
        "shade_share_max": _within((shade.high + shade.area - shade.known) / shade.area),
        "outside_shade_share": _within(shade.outside / shade.known),
        "measured_share": _within(shade.known / shade.area),
    }


def _wide_counts(reading: WindowReading, assumptions: Assumptions) -> tuple[float, float]:
    """
    Return the wide trees of a lot, at least and at most.

    At least: those wide for sure, less the share of false trees that a detector makes of one
    crown. At most: those that may be, and as many as the ground without heights could hold.
    """
    model, mapped = assumptions.height_model, assumptions.mapped_trees
    seen = float((reading.stands_in & _is_wide(reading, assumptions)).sum())
    possible = float((reading.stands_in & _may_be_wide(reading, assumptions)).sum())
    hidden_m2 = (reading.shade.area - reading.shade.known) * reading.resolution**2
    crown_m2 = np.pi * (mapped.wide_crown_diameter_m.value / 2) ** 2
    hidden = math.floor(max(hidden_m2, 0.0) / crown_m2)
    return math.floor(seen * (1 - model.commission_share.value)), possible + hidden


def _within(share: float) -> float:
    """Return a share without its floating-point noise."""
    return round(min(max(share, 0.0), 1.0), SHARE_DIGITS)


def _is_wide(reading: WindowReading, assumptions: Assumptions) -> Mask:
    """Tell which crowns are wide even if their outline is a half pixel too large each way."""
    surely = disc_diameter(reading.areas_m2) - reading.coarsest_m
    return np.asarray(surely >= assumptions.mapped_trees.wide_crown_diameter_m.value)


def _may_be_wide(reading: WindowReading, assumptions: Assumptions) -> Mask:
    """Tell which crowns are wide if their outline is a half pixel too small each way."""
    at_most = disc_diameter(reading.areas_m2) + reading.coarsest_m
    return np.asarray(at_most >= assumptions.mapped_trees.wide_crown_diameter_m.value)


def _trees(lots: gpd.GeoDataFrame, told: list[_Found], assumptions: Assumptions) -> pd.DataFrame:
    """Return the trees that stand in a lot, and those that shade it from outside."""
    tables: list[pd.DataFrame] = [empty(LotTree, str(lots.crs))]
    for position, reading in told:
        over = np.zeros(len(reading.stems), dtype=np.bool_)
        over[reading.piece_of[reading.piece_of >= 0]] = True
        met = np.flatnonzero(reading.stands_in | over)
        tables.append(
            pd.DataFrame(
                {
                    "tree_id": [tree_id(stem) for stem in reading.stems[met]],
                    "lot_id": lots["lot_id"].iloc[position],
                    "source": "mnh",
                    "genus": None,
                    "height_m": reading.heights_m[met],
                    "crown_diameter_m": disc_diameter(reading.areas_m2[met]),
                    "crown_area_m2": reading.areas_m2[met],
                    "is_outside": ~reading.stands_in[met],
                    "is_wide": _is_wide(reading, assumptions)[met],
                    "is_counted": True,
                    "is_from_row": False,
                    "geometry": reading.stems[met],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def tree_id(stem: shapely.Point) -> str:
    """Name a tree of the height model by the centre of its top pixel, to the centimetre."""
    return f"mnh/{stem.x:.2f}/{stem.y:.2f}"


def _pieces(lots: gpd.GeoDataFrame, told: list[_Found]) -> pd.DataFrame:
    rows = [
        {
            "lot_id": lots["lot_id"].iloc[position],
            "tree_id": tree_id(reading.stems[tree]) if tree >= 0 else None,
            "is_outside": not (tree >= 0 and reading.stands_in[tree]),
            "geometry": piece,
        }
        for position, reading in told
        for piece, tree in zip(reading.pieces, reading.piece_of.tolist(), strict=True)
    ]
    return pd.DataFrame(rows, columns=["lot_id", "tree_id", "is_outside", "geometry"])


def _plateaus(lots: gpd.GeoDataFrame, found: list[_Found]) -> tuple[GeometryArray, IntArray]:
    """Return the plateaus that meet their lot, and the position of the lot."""
    shapes = lots.geometry.to_numpy()
    met = [
        (plateau, position)
        for position, reading in found
        for plateau in reading.plateaus
        if shapely.intersects(shapes[position], plateau)
    ]
    return (
        np.array([plateau for plateau, _ in met], dtype=object),
        np.array([position for _, position in met], dtype=np.intp),
    )
