"""One car park in its window of the height model: shade, trees, crowns and flat roofs."""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy import ndimage

from pipeline.assumption_groups import HeightModelAssumptions
from pipeline.crs import FloatArray, GeometryArray
from pipeline.heights import HeightTile, Positions
from pipeline.polygons import polygonal
from pipeline.precision import GRID_SLACK
from pipeline.tree_canopy.crowns import find_crowns
from pipeline.tree_canopy.plateaus import find_plateaus
from pipeline.tree_canopy.vegetation import (
    NO_SHAPES,
    Labels,
    Mask,
    Vegetation,
    burn,
    find_vegetation,
    label_polygons,
)
from pipeline.tree_canopy.zonal import pixel_sums


@dataclass(frozen=True)
class LotGround:
    """A lot: its outer outline (a tree within stands in it), what counts of it, roofs around."""

    outline: shapely.Geometry
    eligible: shapely.Geometry
    roofs: GeometryArray


@dataclass(frozen=True)
class Shade:
    """
    Pixels of the eligible surface: all, those of known height, those under crowns.

    `low`, `central`, `high`: crowns rooted in the lot (`high`: or that may be); `outside`: all
    other vegetation.
    """

    area: float
    known: float
    low: float
    central: float
    high: float
    outside: float


@dataclass(frozen=True)
class WindowReading:
    """
    What a window says of a lot; it holds no raster.

    `resolution` and `coarsest_m` are those of the tile. `stems`, `heights_m`, `areas_m2` and
    `stands_in` have one value a tree of the window; `piece_of` is the tree of each piece of crown
    over the eligible surface (-1: none). `plateaus` are the flat surfaces of the window at the
    height of a carport.
    """

    shade: Shade
    resolution: float
    coarsest_m: float
    stems: GeometryArray
    heights_m: FloatArray
    areas_m2: FloatArray
    stands_in: Mask
    pieces: GeometryArray
    piece_of: Positions
    plateaus: GeometryArray


def read_window(lot: LotGround, tile: HeightTile, choices: HeightModelAssumptions) -> WindowReading:
    """
    Measure one lot on the heights around it.

    The figures of a lot rest on its own window alone: they are the same whichever lots are measured
    with it. Flat surfaces that no map shows are trees at most: nobody knows yet what they are.
    """
    flat, are_carports = find_plateaus(_without_roofs(tile, lot.roofs, choices), choices.plateaus)
    vegetation = find_vegetation(tile, lot.roofs, choices, flat)
    crowns = find_crowns(tile, vegetation, choices)
    stands_in = np.asarray(shapely.intersects(lot.outline, crowns.stems), dtype=np.bool_)
    own = np.concatenate([[False], stands_in])[crowns.labels]
    labels = np.where(vegetation.central, crowns.labels + 1, 0)
    pieces, piece_of = _pieces(lot.eligible, labels, tile)
    return WindowReading(
        shade=_shade(lot.eligible, vegetation, own, own | (crowns.labels == 0), tile),
        resolution=tile.resolution,
        coarsest_m=tile.coarsest_m,
        stems=crowns.stems,
        heights_m=crowns.heights_m,
        areas_m2=crowns.areas_m2,
        stands_in=stands_in,
        pieces=pieces,
        piece_of=piece_of,
        plateaus=flat[are_carports],
    )


def _shade(
    eligible: shapely.Geometry,
    vegetation: Vegetation,
    own: Mask,
    may_be_own: Mask,
    tile: HeightTile,
) -> Shade:
    """
    Sum the masks under the surface; the bounds move the outline of the crowns by half a pixel.

    A coarse file read on a finer grid is out by half a pixel of its own.

    `own`: crowns of trees that stand in the lot; `may_be_own`: with them, what no top explains.
    """
    central = vegetation.central
    low, high = own & vegetation.low, may_be_own & vegetation.high
    steps = round(tile.coarsest_m / tile.resolution)
    within = ndimage.binary_erosion(low, iterations=steps, border_value=1)
    around = ndimage.binary_dilation(high, iterations=steps)
    layers = [
        vegetation.known,
        (low + within.astype(float)) / 2,
        own & central,
        (high + around.astype(float)) / 2 * vegetation.known,
        central & ~own,
    ]
    sums = pixel_sums(np.array([eligible], dtype=object), layers, tile)[0]
    return Shade(shapely.area(eligible) / tile.resolution**2, *sums.tolist())


def window_of(tile: HeightTile, bounds: FloatArray, margin_m: float = 0.0) -> HeightTile:
    """Return the part of a tile that covers a box (west, south, east, north) and its margin."""
    rows, columns = _slices(tile, bounds, margin_m)
    return replace(
        tile,
        heights=tile.heights[rows, columns],
        west=tile.west + columns.start * tile.resolution,
        north=tile.north - rows.start * tile.resolution,
    )


def _slices(tile: HeightTile, bounds: FloatArray, margin_m: float) -> tuple[slice, slice]:
    west, south, east, north = bounds
    height, width = tile.heights.shape

    def between(first: float, last: float, size: int) -> slice:
        low = int(np.floor((first - margin_m) / tile.resolution + GRID_SLACK))
        high = int(np.ceil((last + margin_m) / tile.resolution - GRID_SLACK))
        return slice(max(low, 0), max(min(high, size), 0))

    return (
        between(tile.north - north, tile.north - south, height),
        between(west - tile.west, east - tile.west, width),
    )


def _without_roofs(
    tile: HeightTile, roofs: GeometryArray, choices: HeightModelAssumptions
) -> HeightTile:
    """Lower the known roofs to the ground: what is left raised and flat is on no map."""
    roofed = burn(roofs, choices.roof_margin_m.value, tile)
    return replace(tile, heights=np.where(roofed, np.float32(0), tile.heights))


def _pieces(
    eligible: shapely.Geometry, labels: Labels, tile: HeightTile
) -> tuple[GeometryArray, Positions]:
    """Return the crowns over a surface: label 1 is vegetation without tree, 2 the first tree."""
    if shapely.is_empty(eligible):
        return NO_SHAPES, np.empty(0, dtype=np.intp)
    bounds = shapely.bounds(eligible)
    rows, columns = _slices(tile, bounds, 0.0)
    found, label = label_polygons(labels[rows, columns], window_of(tile, bounds))
    over = polygonal(shapely.intersection(found, eligible))
    kept = shapely.area(over) > 0
    return over[kept], label[kept] - 2
