"""One car park in its window of the height model: shade, trees, crowns and flat roofs."""

from dataclasses import dataclass, replace

import numpy as np
import shapely

from pipeline.assumptions import HeightModelAssumptions
from pipeline.crs import FloatArray, GeometryArray
from pipeline.heights import HeightTile, Positions
from pipeline.polygons import polygonal
from pipeline.precision import GRID_SLACK
from pipeline.tree_canopy.crowns import Labels, crown_polygons, find_crowns
from pipeline.tree_canopy.plateaus import find_plateaus
from pipeline.tree_canopy.vegetation import Mask, Vegetation, burn, find_vegetation
from pipeline.tree_canopy.zonal import pixel_sums

NO_SHAPES: GeometryArray = np.empty(0, dtype=object)


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

    `low`, `central`, `high`: crowns rooted in the lot; `outside`: all other vegetation.
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

    `stems`, `heights_m`, `diameters_m` and `stands_in` have one value a tree of the window;
    `piece_of` is the tree of each piece of crown over the eligible surface (-1: none). `plateaus`
    are all the flat roofs of the window.
    """

    shade: Shade
    resolution: float
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
    with it. Roofs that no map shows (plateaus) are roofs: no tree grows there.
    """
    plateaus = find_plateaus(_without_roofs(tile, lot.roofs, choices), choices.plateaus)
    vegetation = find_vegetation(tile, np.concatenate([lot.roofs, plateaus]), choices)
    crowns = find_crowns(tile, vegetation, choices)
    stands_in = np.asarray(shapely.intersects(lot.outline, crowns.stems), dtype=np.bool_)
    own = np.concatenate([[False], stands_in])[crowns.labels]
    labels = np.where(vegetation.central, crowns.labels + 1, 0)
    pieces, piece_of = _pieces(lot.eligible, labels, tile)
    return WindowReading(
        shade=_shade(lot.eligible, vegetation, own, tile),
        resolution=tile.resolution,
        stems=crowns.stems,
        heights_m=crowns.heights_m,
        areas_m2=crowns.areas_m2,
        stands_in=stands_in,
        pieces=pieces,
        piece_of=piece_of,
        plateaus=plateaus,
    )


def _shade(
    eligible: shapely.Geometry, vegetation: Vegetation, own: Mask, tile: HeightTile
) -> Shade:
    central = vegetation.central
    layers = [
        vegetation.known, own & vegetation.low, own & central, own & vegetation.high,
        central & ~own,
    ]  # fmt: skip
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
    found, label = crown_polygons(labels[rows, columns], window_of(tile, bounds))
    over = polygonal(shapely.intersection(found, eligible))
    kept = shapely.area(over) > 0
    return over[kept], label[kept] - 2
