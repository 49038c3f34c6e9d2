"""Heights above the ground on a square grid, tile by tile: from `ingestion` to `tree_canopy`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.crs import FloatArray

Heights = npt.NDArray[np.float32]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True)
class HeightTile:
    """
    Heights over a block of ground, and the boxes that the block holds whole, with their margin.

    Attributes
    ----------
    heights
        Shape `(rows, columns)`, metres above the ground, first row to the north; NaN: unknown.
    west, north
        Outer corner of the first pixel, territory CRS.
    resolution
        Side of a pixel, metres. The corner of every tile of a run lies on one grid of that step.
    members
        Positions, among the boxes asked for, of those that the tile serves.
    native_m
        Shape `(len(members),)`: side of the largest native pixel among the files that see above
        the ground around each box, metres; None: `resolution`. A coarse file read on a finer grid
        stays coarse, for the boxes that it meets.
    """

    heights: Heights
    west: float
    north: float
    resolution: float
    members: Positions
    native_m: FloatArray | None = None

    @property
    def coarsest_m(self) -> float:
        """Side of the largest pixel that the heights come from, metres, `resolution` at least."""
        sides = [] if self.native_m is None else self.native_m.tolist()
        return float(max(self.resolution, *sides, 0.0))

    def of_member(self, rank: int) -> "HeightTile":
        """Return the same heights for one of the members alone."""
        native = None if self.native_m is None else self.native_m[[rank]]
        return replace(self, members=self.members[[rank]], native_m=native)


# Boxes `(n, 4)` (west, south, east, north) and a margin, metres → tiles; each box with data is
# served once.
TileReader = Callable[[FloatArray, float], Iterator[HeightTile]]
