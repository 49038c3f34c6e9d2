"""What is vegetation on a height model, and what only looks like it: roofs, cranes, canopies."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import rasterio  # type: ignore[import-untyped] # no stubs are published
import rasterio.features  # type: ignore[import-untyped] # idem
import shapely
from scipy import ndimage

from pipeline.assumptions import HeightModelAssumptions
from pipeline.crs import GeometryArray
from pipeline.heights import HeightTile

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Vegetation:
    """
    Masks `(rows, columns)` of a tile.

    `known`: the height is. `low`, `central` and `high` are nested: what is vegetation for sure, in
    the central reading, and at most.
    """

    known: Mask
    low: Mask
    central: Mask
    high: Mask


def find_vegetation(
    tile: HeightTile, roofs: GeometryArray, choices: HeightModelAssumptions
) -> Vegetation:
    """
    Tell vegetation from the rest: high enough, under no roof, thicker than a post or a jib.

    The bounds move two choices at once: the least height of what shades, and how far beyond a drawn
    roof its edge may be. A height above the tallest tree is none; the surface whose height is not
    known is no vegetation (`known` tells how much of it there is).

    Parameters
    ----------
    roofs
        Buildings, carports and plateaus near the tile, polygons in its CRS.
    """
    heights = tile.heights  # unknown ones are neither above nor below
    plausible = heights <= choices.tallest_tree_m.value

    def above(least_m: float, margin_m: float) -> Mask:
        raised = plausible & (heights >= least_m) & ~burn(roofs, margin_m, tile)
        return _without_slender(raised, choices.slender_width_m.value, tile.resolution)

    central = above(choices.vegetation_height_m.value, choices.roof_margin_m.value)
    low = above(choices.vegetation_height_high_m.value, choices.roof_margin_high_m.value)
    high = above(choices.vegetation_height_low_m.value, choices.roof_margin_low_m.value)
    return Vegetation(~np.isnan(tile.heights), low & central, central, high | central)


def burn(shapes: GeometryArray, margin_m: float, tile: HeightTile) -> Mask:
    """Return the pixels whose centre lies within `margin_m` of a shape."""
    grown = shapely.buffer(shapes, margin_m)
    grown = grown[~shapely.is_empty(grown)]
    if len(grown) == 0:
        return np.zeros(tile.heights.shape, dtype=np.bool_)
    burnt = rasterio.features.rasterize(
        grown, out_shape=tile.heights.shape, transform=transform_of(tile), dtype="uint8"
    )
    return np.asarray(burnt, dtype=np.bool_)


def transform_of(tile: HeightTile) -> rasterio.Affine:
    """Return what carries columns and rows of a tile to its CRS."""
    step = tile.resolution
    return rasterio.Affine(step, 0, tile.west, 0, -step, tile.north)


def _without_slender(mask: Mask, width_m: float, resolution: float) -> Mask:
    """Remove what is narrower than `width_m`: posts, cables, jibs (opening by a disc)."""
    return np.asarray(ndimage.binary_opening(mask, structure=disc(width_m / 2, resolution)))


def disc(radius_m: float, resolution: float) -> Mask:
    """Return the pixels whose centre lies within a radius of that of the middle one."""
    reach = int(radius_m / resolution)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1] * resolution
    return np.asarray(rows**2 + columns**2 <= radius_m**2)
