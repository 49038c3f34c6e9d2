"""Small height models for the tests: drawn in whole metres from the origin of the tests."""

import numpy as np

from pipeline.heights import HeightTile
from tests.tables import X0, Y0


def tile(width_m, height_m, *, resolution=0.5, west=0.0, south=0.0, members=(0,)):
    """Return bare ground, `width_m` by `height_m`, its south-west corner in metres."""
    shape = (round(height_m / resolution), round(width_m / resolution))
    return HeightTile(
        heights=np.zeros(shape, dtype=np.float32),
        west=X0 + west,
        north=Y0 + south + height_m,
        resolution=resolution,
        members=np.array(members, dtype=np.intp),
    )


def centres(ground):
    """Return x and y of the pixel centres, metres from the origin of the tests."""
    rows, columns = ground.heights.shape
    x = ground.west - X0 + (np.arange(columns) + 0.5) * ground.resolution
    y = ground.north - Y0 - (np.arange(rows) + 0.5) * ground.resolution
    return np.meshgrid(x, y)


def raise_box(ground, x0, y0, x1, y1, height):
    """Raise a rectangle to a height (a flat roof)."""
    x, y = centres(ground)
    inside = (x > x0) & (x < x1) & (y > y0) & (y < y1)
    ground.heights[inside] = height
    return ground


def plant(ground, x, y, radius, height):
    """Plant a tree: a rounded crown, a third of its height at the rim; the higher crown wins."""
    across, up = centres(ground)
    squared = ((across - x) ** 2 + (up - y) ** 2) / radius**2
    crown = np.where(squared <= 1, height * (1 - 2 / 3 * squared), 0)
    np.maximum(ground.heights, crown.astype(np.float32), out=ground.heights)
    return ground
