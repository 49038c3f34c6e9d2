"""Tree tops on a height model: local maxima in a window that grows with the height of the tree."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.crs import FloatArray
from pipeline.heights import Heights, Positions
from pipeline.precision import MOST_VALUES, NEIGHBOURS


@dataclass(frozen=True)
class TopWindow:
    """
    Radius of the window of a tree of height h, metres: `base_m + slope · h`, within the bounds.

    `least_height_m`: what is lower is no tree (strict: exactly that height is one).
    """

    base_m: float
    slope: float
    least_m: float
    most_m: float
    least_height_m: float

    def radius_m(self, heights: Heights, resolution: float) -> FloatArray:
        """Return the radius of the window of each height: the eight neighbours at least."""
        found = np.clip(self.base_m + self.slope * heights.astype(float), self.least_m, self.most_m)
        return np.maximum(found, NEIGHBOURS * resolution)

    def reach(self, resolution: float) -> int:
        """Return how many pixels the largest window goes each way."""
        return int(max(self.most_m / resolution, NEIGHBOURS))


def find_tops(
    heights: Heights, resolution: float, window: TopWindow
) -> tuple[Positions, Positions]:
    """
    Return the rows and columns of the tree tops, in this order.

    A pixel is a top when no pixel whose centre lies within its radius (included) is higher. Of
    equal pixels the first in the order of rows, then columns, is the top: a plateau makes one top
    a window, and the result does not depend on how the ground is cut into tiles. A pixel whose
    largest window leaves the array is not looked at: tiles have a margin.

    Parameters
    ----------
    heights
        Shape `(rows, columns)`, metres, finite; 0 where there is no vegetation.
    resolution
        Side of a pixel, metres.

    References
    ----------
    Popescu & Wynne, 2004 (window that grows with the height).
    """
    height, width = heights.shape
    at = np.flatnonzero(_peaks(heights, window.least_height_m))
    rows, columns = np.divmod(at, width)
    reach = window.reach(resolution)
    whole = (np.minimum(rows, columns) >= reach) & (rows < height - reach)
    at = at[whole & (columns < width - reach)]
    # A first look close by leaves few candidates for the whole window.
    close = NEIGHBOURS * resolution
    at = at[_stand_out(heights, at, np.full(len(at), close), resolution)]
    radius = window.radius_m(heights.ravel()[at], resolution)
    kept = np.zeros(len(at), dtype=np.bool_)
    # A small tree has a small window: each class of radius looks at its own neighbours only.
    size = np.ceil(radius / resolution)
    for step in np.unique(size):
        of_size = size == step
        kept[of_size] = _stand_out(heights, at[of_size], radius[of_size], resolution)
    found = np.divmod(at[kept], width)
    return found[0], found[1]


def _peaks(heights: Heights, least: float) -> npt.NDArray[np.bool_]:
    """
    Return the pixels high enough that none of their four neighbours exceeds, row after row.

    The pixel before the first of a row is the last of the row above: pixels of the border, which
    have no whole window, are not to be asked for.
    """
    flat = heights.ravel()
    peaks = flat >= least
    for step in (1, heights.shape[1]):
        peaks[step:] &= flat[step:] >= flat[:-step]
        peaks[:-step] &= flat[:-step] >= flat[step:]
    return np.asarray(peaks)


def _offsets(radius: float) -> npt.NDArray[np.intp]:
    """Return the (row, column) steps within `radius` pixels, itself left out, the nearest first."""
    span = np.arange(-int(radius), int(radius) + 1)
    steps = np.stack(np.meshgrid(span, span, indexing="ij"), axis=-1).reshape(-1, 2)
    squared = (steps**2).sum(axis=1)
    order = np.argsort(squared, kind="stable")
    return np.asarray(steps[order][(squared[order] > 0) & (squared[order] <= radius**2)])


def _stand_out(
    heights: Heights, at: Positions, radius_m: FloatArray, resolution: float
) -> npt.NDArray[np.bool_]:
    """Tell which pixels no neighbour beats, among those within the radius of each."""
    flat, radius = heights.ravel(), radius_m / resolution
    offsets = _offsets(radius.max(initial=0.0))
    steps = offsets[:, 0] * heights.shape[1] + offsets[:, 1]
    distance = np.sqrt((offsets**2).sum(axis=1))
    comes_first = steps < 0  # of equal pixels, the one met earlier
    kept = np.ones(len(at), dtype=np.bool_)
    size = max(1, MOST_VALUES // max(1, len(steps)))
    for start in range(0, len(at), size):
        part = slice(start, start + size)
        around, mine = flat[at[part, None] + steps], flat[at[part]][:, None]
        beaten = (around > mine) | (comes_first & (around == mine))
        kept[part] = ~(beaten & (distance <= radius[part, None])).any(axis=1)
    return kept
