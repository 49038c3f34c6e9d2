"""
Folder `mnh`: heights above the ground, checked at once and read later, tile by tile.

Working memory: two tiles of `MOST_PIXELS` float32, one read while the other is measured, what is
compared where files overlap (as much again at most), and the block cache of GDAL (256 MB from the
command line, `GDAL_CACHEMAX`). One box larger than a tile is read whole.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from pipeline.crs import FloatArray
from pipeline.heights import HeightTile, Positions
from pipeline.ingestion.height_windows import BoolArray, Grid, group_windows, union_of
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope

if TYPE_CHECKING:  # a raster library is slow to load: only the runs that have heights pay for it
    from pipeline.ingestion.height_files import HeightFile


@dataclass(frozen=True)
class HeightModel:
    """
    The height files of a run, in the order of their names, and the grid that they are read on.

    `grid` is that of the finest; None without any file. Files stay on disk: the folder that holds
    them must outlive the model.
    """

    files: tuple["HeightFile", ...] = ()
    grid: Grid | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether no height is known around the commune."""
        return not self.files

    def covers(self, boxes: FloatArray) -> BoolArray:
        """Tell which boxes `(n, 4)` (west, south, east, north) meet a file that holds heights."""
        return np.isin(np.arange(len(boxes)), self._meetings(boxes)[0])

    def vintages(self, boxes: FloatArray) -> list[str | None]:
        """Return the dates of the heights around each box, joined by `;`; None if one has none."""
        dates: list[set[str]] = [set() for _ in boxes]
        for box, number in zip(*self._meetings(boxes), strict=True):
            dates[box].add(self._seen[number].report.vintage or "")
        return [";".join(sorted(found)) or None if "" not in found else None for found in dates]

    @property
    def _seen(self) -> list["HeightFile"]:
        """Files that see what is above the ground."""
        return [file for file in self.files if file.kind != "mnt"]

    def _meetings(self, boxes: FloatArray) -> tuple[Positions, Positions]:
        tree = shapely.STRtree([shapely.box(*file.bounds) for file in self._seen])
        box, file = tree.query(shapely.box(*boxes.T), predicate="intersects")
        return box, file

    def tiles(self, boxes: FloatArray, margin_m: float) -> Iterator[HeightTile]:
        """
        Read heights around boxes: a `TileReader`.

        Parameters
        ----------
        boxes
            Shape `(n, 4)`: west, south, east, north, metres in the territory CRS.
        margin_m
            Ground read around each, metres.

        Yields
        ------
        tile
            Each box that meets a file is a member of exactly one, which holds it and its margin.

        Raises
        ------
        SourceError
            Naming the file, if one cannot be read where it is needed, holds no heights in metres
            there, or tells other heights than another file.

        Notes
        -----
        The next tile is read while one is measured: two are in memory, of `MOST_PIXELS` float32
        each unless a single box is larger.
        """
        served = np.flatnonzero(self.covers(boxes))
        if self.grid is None or not len(served):
            return
        from pipeline.ingestion.height_mosaic import Mosaic

        windows = self.grid.snap(boxes[served] + margin_m * np.array([-1, -1, 1, 1]))
        grid = self.grid
        with Mosaic(self.files, grid) as mosaic:

            def read(members: Positions) -> HeightTile:
                window = union_of(windows[members])
                heights = mosaic.heights(window)
                west, north = grid.corner(*window[:2])
                sides = np.array([mosaic.coarsest_m(tuple(own)) for own in windows[members]])
                return HeightTile(heights, west, north, grid.resolution, served[members], sides)

            yield from _one_ahead(read, group_windows(windows))


def _one_ahead(
    read: Callable[[Positions], HeightTile], groups: Sequence[Positions]
) -> Iterator[HeightTile]:
    """Read tiles in their order on a thread of their own, one ahead of the one in use."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = [reader.submit(read, members) for members in groups[:1]]
        for members in groups[1:]:
            tile = coming.pop().result()
            coming.append(reader.submit(read, members))
            yield tile
        yield coming.pop().result()


def read_height_model(reports: Sequence[FileReport], scope: Scope) -> HeightModel:
    """
    Check the files that meet the window; nothing is read but a bounded sample of each.

    Raises
    ------
    SourceError
        If a file is damaged, is not placed on the ground, holds no heights in metres, or
        contradicts another.
    """
    if not reports:
        return HeightModel()
    from pipeline.ingestion.height_checks import (
        keep_usable,
        refuse_disagreements,
        refuse_wrong_pairs,
    )
    from pipeline.ingestion.height_files import open_height_file

    opened = [open_height_file(report, scope) for report in reports]
    files = keep_usable([file for file in opened if file is not None])
    if not files:
        return HeightModel()
    grids = [file.grid for file in files if file.kind != "mnt"]
    grid = min(grids, key=lambda grid: round(grid.resolution, 6))
    refuse_disagreements(files, grid, scope.window)
    refuse_wrong_pairs(files, grid, scope.window)
    return HeightModel(files, grid)
