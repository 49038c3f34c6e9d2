"""Boxes of ground as windows of pixels, and the windows that are read together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.crs import FloatArray
from pipeline.heights import Positions
from pipeline.ingestion.scope import Bounds

BoolArray = npt.NDArray[np.bool_]
# Shape `(n, 4)`: first row, first column, last row, last column, the last ones excluded.
Windows = npt.NDArray[np.int64]
Window = tuple[int, int, int, int]

# Bound of the memory of a tile: 16 MB of float32.
MOST_PIXELS = 4_000_000
# A tile reads at most this many times what its windows need, and this many pixels more: a block of
# a usual file, decoded whole whatever is asked of it. Beyond, two tiles cost less.
MOST_WASTE = 1.5
BLOCK_PIXELS = 512 * 512
# A side this close to a line of the grid, in pixels, is on it: the rest is floating-point noise.
_ON_LINE = 1e-6


@dataclass(frozen=True)
class Grid:
    """
    Square pixels on the ground: the corner of one of them and their side.

    Metres in `crs`, that of the territory, first row to the north. The grid has no end: rows and
    columns before the corner are negative.
    """

    west: float
    north: float
    resolution: float
    crs: str

    def place(self, boxes: FloatArray) -> FloatArray:
        """Return boxes `(n, 4)` (west, south, east, north) as windows, in fractions of pixels."""
        west, south, east, north = boxes.T
        sides = [self.north - north, west - self.west, self.north - south, east - self.west]
        return np.column_stack(sides) / self.resolution

    def snap(self, boxes: FloatArray) -> Windows:
        """Return the windows of whole pixels that hold boxes."""
        places = self.place(boxes)
        first = np.floor(places[:, :2] + _ON_LINE)
        last = np.ceil(places[:, 2:] - _ON_LINE)
        return np.hstack([first, last]).astype(np.int64)

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Return the west and north sides of a pixel."""
        return self.west + column * self.resolution, self.north - row * self.resolution

    def bounds(self, rows: int, columns: int) -> Bounds:
        """Return the box of the first rows and columns."""
        east, south = self.corner(rows, columns)
        return (self.west, south, east, self.north)


def group_windows(windows: Windows) -> list[Positions]:
    """
    Group windows into tiles to read at once.

    All start together. A group is cut in two while its union holds more than `MOST_PIXELS`, or
    more than `MOST_WASTE` times the pixels of its windows and a block: at the median of their
    centres, along the longer side of the union. A window larger than a tile is alone in its own.

    Returns
    -------
    groups
        Positions in `windows`, each in one group. Groups that follow each other are neighbours,
        so that blocks decoded for one still serve the next; the same windows give the same groups.
    """
    if not len(windows):
        return []
    order = np.arange(len(windows), dtype=np.intp)
    starts = np.zeros(1, dtype=np.intp)
    while True:
        sizes = np.diff(starts, append=len(order))
        unions = _unions(windows[order], starts)
        is_cut = (sizes > 1) & _is_too_wide(windows[order], unions, starts)
        if not is_cut.any():
            return np.split(order, starts[1:])
        order = _sorted_along(order, windows, unions, is_cut, sizes)
        middles = starts[is_cut] + sizes[is_cut] // 2
        starts = np.sort(np.concatenate([starts, middles]))


def union_of(windows: Windows) -> Window:
    """Return the smallest window that holds all of them."""
    row, column = windows[:, :2].min(axis=0).tolist()
    last_row, last_column = windows[:, 2:].max(axis=0).tolist()
    return (row, column, last_row, last_column)


def meeting(one: Window, other: Window) -> Window | None:
    """Return the window that two of them share, None when they share no pixel."""
    row, column = max(one[0], other[0]), max(one[1], other[1])
    last_row, last_column = min(one[2], other[2]), min(one[3], other[3])
    if row >= last_row or column >= last_column:
        return None
    return (row, column, last_row, last_column)


def spread(window: Window, *, per_side: int, side: int) -> list[Window]:
    """
    Return at most `per_side`² small windows spread over a window, its corners among them.

    They are cells of a lattice of `side` pixels, so that each lies in one block of a tiled file.
    """
    row, column, last_row, last_column = window
    firsts = [
        start + side * np.unique(np.linspace(0, (end - start - 1) // side, per_side).round())
        for start, end in ((row, last_row), (column, last_column))
    ]
    return [
        (int(i), int(j), min(int(i) + side, last_row), min(int(j) + side, last_column))
        for i in firsts[0]
        for j in firsts[1]
    ]


def _unions(windows: Windows, starts: Positions) -> Windows:
    """Return the union of each run of windows."""
    first = np.minimum.reduceat(windows[:, :2], starts)
    last = np.maximum.reduceat(windows[:, 2:], starts)
    return np.hstack([first, last])


def _is_too_wide(windows: Windows, unions: Windows, starts: Positions) -> BoolArray:
    read = _pixels(unions)
    needed = np.add.reduceat(_pixels(windows), starts)
    return np.asarray((read > MOST_PIXELS) | (read > MOST_WASTE * needed + BLOCK_PIXELS))


def _pixels(windows: Windows) -> Windows:
    return np.asarray((windows[:, 2] - windows[:, 0]) * (windows[:, 3] - windows[:, 1]))


def _sorted_along(
    order: Positions, windows: Windows, unions: Windows, is_cut: BoolArray, sizes: Positions
) -> Positions:
    """Sort each group that is cut by the centres along its longer side; the others stay."""
    height, width = unions[:, 2] - unions[:, 0], unions[:, 3] - unions[:, 1]
    group = np.repeat(np.arange(len(sizes)), sizes)
    rows, columns = (windows[order, i] + windows[order, i + 2] for i in (0, 1))  # twice the centre
    centres = np.where((height > width)[group], rows, columns)
    return order[np.lexsort((np.where(is_cut[group], centres, 0), group))]
