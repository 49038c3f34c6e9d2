"""What is vegetation on a height model, and what only looks like it: roofs, cranes, canopies."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import rasterio  # type: ignore[import-untyped] # no stubs are published
import rasterio.features  # type: ignore[import-untyped] # idem
import shapely
from scipy import ndimage

from pipeline.assumption_groups import HeightModelAssumptions
from pipeline.crs import GeometryArray
from pipeline.heights import HeightTile, Positions

Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.int32]
NO_SHAPES: GeometryArray = np.empty(0, dtype=object)


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
    tile: HeightTile,
    roofs: GeometryArray,
    choices: HeightModelAssumptions,
    plateaus: GeometryArray = NO_SHAPES,
) -> Vegetation:
    """
    Tell vegetation from the rest: high enough, under no roof, thicker than a post or a jib.

    A flat surface that no map shows may be a roof, or a trimmed crown: it is vegetation at most.

    The bounds move two choices at once: the least height of what shades, and how far beyond a drawn
    roof its edge may be. A height above the tallest tree is none; the surface whose height is not
    known is no vegetation (`known` tells how much of it there is).

    Parameters
    ----------
    roofs
        Buildings and carports of the maps near the tile, polygons in its CRS.
    plateaus
        Flat surfaces that no map shows, idem.
    """
    heights = tile.heights  # unknown ones are neither above nor below
    plausible = heights <= choices.tallest_tree_m.value

    known = ~np.isnan(heights)
    bare = ~burn(plateaus, 0.0, tile)

    def above(least_m: float, margin_m: float) -> Mask:
        raised = plausible & (heights >= least_m) & ~burn(roofs, margin_m, tile)
        # An unknown pixel is no ground: a hole in the data does not thin a crown.
        thick = _without_slender(raised | ~known, choices.slender_width_m.value, tile)
        return np.asarray(raised & thick)

    central = bare & above(choices.vegetation_height_m.value, choices.roof_margin_m.value)
    low = above(choices.vegetation_height_high_m.value, choices.roof_margin_high_m.value)
    high = above(choices.vegetation_height_low_m.value, choices.roof_margin_low_m.value)
    return Vegetation(known, low & central, central, high | central)


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


def _without_slender(mask: Mask, width_m: float, tile: HeightTile) -> Mask:
    """Remove what is narrower than `width_m`: posts, cables, jibs (opening by a disc)."""
    structure = _thickest_post(width_m / 2, tile.resolution, tile.coarsest_m)
    return np.asarray(ndimage.binary_opening(mask, structure=structure))


def _thickest_post(radius_m: float, resolution: float, coarsest_m: float) -> Mask:
    """
    Return the pixels whose centre lies within a radius of that of the middle one.

    Where the heights are coarser than that, a square wider than one of their own pixels: what is
    one pixel wide may be a post.
    """
    if radius_m < coarsest_m:
        side = round(coarsest_m / resolution) + 1
        return np.ones((side, side), dtype=np.bool_)
    reach = int(radius_m / resolution)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1] * resolution
    return np.asarray(rows**2 + columns**2 <= radius_m**2)


def label_polygons(labels: Labels, tile: HeightTile) -> tuple[GeometryArray, Positions]:
    """Return the outline of each label but 0, along the pixels, and the labels, in their order."""
    shapes = rasterio.features.shapes(
        labels.astype(np.int32), mask=labels > 0, transform=transform_of(tile)
    )
    parts: dict[int, list[shapely.Geometry]] = {}
    for outline, label in shapes:
        parts.setdefault(int(label), []).append(shapely.geometry.shape(outline))
    found = sorted(parts)
    outlines = [shapely.union_all(parts[label]) for label in found]
    return np.array(outlines, dtype=object), np.array(found, dtype=np.intp)
