"""Flat surfaces on a height model that no map shows: canopies over bays, unmapped buildings."""

import numpy as np
from scipy import ndimage

from pipeline.assumption_groups import PlateauAssumptions
from pipeline.crs import GeometryArray
from pipeline.heights import Heights, HeightTile
from pipeline.precision import ALL_AROUND
from pipeline.tree_canopy.vegetation import Mask, label_polygons


def find_plateaus(tile: HeightTile, choices: PlateauAssumptions) -> tuple[GeometryArray, Mask]:
    """
    Return the flat surfaces above the ground, as polygons along the pixels: roofs on no map.

    A roof runs straight, level or tilted, for as far as a carport is wide; a crown bends from one
    pixel to the next (leaves) or over a few metres (its round). A surface that is straight half a
    width each way around is a roof; it reaches as far as the height goes on straight, and one pixel
    more, the last one before the ground.

    Returns
    -------
    plateaus
        Shape `(n,)`, polygons in the CRS of the tile, in the order of their first pixel.
    are_carports
        Shape `(n,)`: those whose middle height is one of a carport; a higher one is a building.
    """
    heights = np.nan_to_num(tile.heights, nan=0.0)
    raised = heights >= choices.lowest_m.value
    reach = round(choices.width_m.value / 2 / tile.resolution)
    flat = raised & (_bend(heights, 1) <= choices.bend_m.value)
    roofs = flat & (_bend(heights, reach) <= choices.bend_m.value)
    roofs = ndimage.binary_dilation(roofs, ALL_AROUND, iterations=reach, mask=flat)
    roofs = ndimage.binary_dilation(roofs, ALL_AROUND, mask=raised)
    labels, count = ndimage.label(roofs)
    pixels = np.bincount(labels.ravel(), minlength=count + 1)
    large = pixels * tile.resolution**2 >= choices.area_m2.value
    large[0] = False
    kept = np.where(large[labels], labels, 0).astype(np.int32)
    plateaus, found = label_polygons(kept, tile)
    middle = np.asarray(ndimage.median(heights, kept, found), dtype=float).reshape(len(found))
    return plateaus, np.asarray(middle <= choices.highest_m.value)


def _bend(heights: Heights, step: int) -> Heights:
    """Return how far each pixel lies from the middle of those `step` away, at worst, metres."""
    worst = np.zeros_like(heights)
    for axis in (0, 1):
        before, after = np.roll(heights, step, axis), np.roll(heights, -step, axis)
        worst = np.maximum(worst, np.abs(heights - (before + after) / 2))
    return worst
