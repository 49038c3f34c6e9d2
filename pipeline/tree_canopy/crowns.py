"""Crowns: each pixel of vegetation goes to a tree top, as water to a spring."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy import ndimage
from skimage.segmentation import watershed

from pipeline.assumption_groups import HeightModelAssumptions
from pipeline.crs import FloatArray, GeometryArray
from pipeline.heights import Heights, HeightTile, Positions
from pipeline.tree_canopy.tree_tops import TopWindow, find_tops
from pipeline.tree_canopy.vegetation import Labels, Vegetation


@dataclass(frozen=True)
class Crowns:
    """
    Trees of a tile, and the crown that each pixel belongs to.

    `labels`: 0 without tree, else 1 + the rank of the tree. `stems`: points at the centre of the
    top pixel; `heights_m` above the ground; `areas_m2` of the central crown, on the grid.
    """

    labels: Labels
    stems: GeometryArray
    heights_m: FloatArray
    areas_m2: FloatArray


def find_crowns(
    tile: HeightTile, vegetation: Vegetation, choices: HeightModelAssumptions
) -> Crowns:
    """
    Find the trees of a tile and share the vegetation between them.

    Tops are sought on heights smoothed a little, where roofs count as ground; the crown of a top is
    what runs down from it (marker-controlled watershed). Vegetation that no top reaches keeps the
    label 0.

    References
    ----------
    Popescu & Wynne, 2004 (tops); Chen et al., 2006 (watershed from the tops).
    """
    heights = np.where(vegetation.central, tile.heights, np.float32(0)).astype(np.float32)
    smooth = smoothed(heights, choices.smoothing_m.value, tile.resolution)
    rows, columns = find_tops(smooth, tile.resolution, top_window(choices))
    markers = np.zeros(heights.shape, dtype=np.int32)
    markers[rows, columns] = np.arange(1, len(rows) + 1)
    reach = vegetation.high & vegetation.known
    filled = np.where(reach, np.nan_to_num(tile.heights, nan=0.0), np.float32(0))
    labels = watershed(  # type: ignore[no-untyped-call] # idem
        -smoothed(filled, choices.smoothing_m.value, tile.resolution), markers, mask=reach
    ).astype(np.int32)
    pixels = np.bincount(labels[vegetation.central], minlength=len(rows) + 1)[1:]
    return Crowns(
        labels=labels,
        stems=_centres(rows, columns, tile),
        heights_m=_highest(heights, labels, len(rows)),
        areas_m2=np.asarray(pixels * tile.resolution**2, dtype=float),
    )


def top_window(choices: HeightModelAssumptions) -> TopWindow:
    """Return the window of the tree tops, from the modelling choices."""
    return TopWindow(
        base_m=choices.window_base_m.value,
        slope=choices.window_slope.value,
        least_m=choices.window_least_m.value,
        most_m=choices.window_most_m.value,
        least_height_m=choices.vegetation_height_m.value,
    )


def smoothed(heights: Heights, sigma_m: float, resolution: float) -> Heights:
    """
    Return heights smoothed by a binomial filter, the Gaussian of a grid, `sigma_m` wide.

    The mean of a pixel and the next, taken twice, weighs 1, 2, 1; n times, its standard deviation
    is √(n/2) pixels. n is 1 at least unless `sigma_m` is 0; a pixel depends on its n neighbours
    each way, whatever lies beyond.
    """
    found = heights
    passes = round(2 * (sigma_m / resolution) ** 2)
    for _ in range(max(passes, 1) if sigma_m > 0 else 0):
        found = _weighed(_weighed(found).T).T
    return np.ascontiguousarray(found)


def _weighed(heights: Heights) -> Heights:
    """Weigh each row with the two beside it, 1, 2, 1; the first and last stand for those beyond."""
    framed = np.concatenate([heights[:1], heights, heights[-1:]])
    between = (framed[:-1] + framed[1:]) / 2
    return np.asarray((between[:-1] + between[1:]) / 2)


def _highest(heights: Heights, labels: Labels, count: int) -> FloatArray:
    """Return the highest pixel of each crown: smoothing moves a top off its highest branch."""
    highest = ndimage.maximum(heights, labels, np.arange(1, count + 1))
    return np.asarray(highest, dtype=float).reshape(count)


def _centres(rows: Positions, columns: Positions, tile: HeightTile) -> GeometryArray:
    half = tile.resolution / 2
    x = tile.west + columns * tile.resolution + half
    y = tile.north - rows * tile.resolution - half
    return np.asarray(shapely.points(x, y), dtype=object)
