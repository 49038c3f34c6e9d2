"""Height files laid on one grid, read by windows: only the blocks that a window touches."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import rasterio  # type: ignore[import-untyped] # no stubs are published
from rasterio.enums import Resampling  # type: ignore[import-untyped] # idem
from rasterio.vrt import WarpedVRT  # type: ignore[import-untyped] # idem

from pipeline.errors import SourceError
from pipeline.heights import Heights
from pipeline.ingestion.height_files import HeightFile, Kind
from pipeline.ingestion.height_overlaps import disagreement, other_cell, other_share
from pipeline.ingestion.height_values import USUAL_NODATA, read_metres, refuse_towers
from pipeline.ingestion.height_windows import BoolArray, Grid, Window, Windows, meeting
from pipeline.ingestion.rasters import open_raster, readable

# Corners this close to those of the grid, in pixels, are the same: a file is then read as it is.
_SAME_CORNER = 0.01
# A commune of many tiles stays under the number of files that a process may open.
_MOST_OPEN = 256


class Mosaic:
    """
    Height files on one grid; each is opened when a window first meets it.

    Where several files of a kind have a value, the newest wins, one without date last, then the
    first by name. A context manager: the files are closed at its end.
    """

    def __init__(self, files: Sequence[HeightFile], grid: Grid) -> None:
        by_name = sorted(files, key=lambda file: file.name)
        self._files = sorted(by_name, key=lambda file: file.report.vintage or "", reverse=True)
        self._grid = grid
        self._kinds = np.array([file.kind for file in self._files])
        self._sides = np.array([file.native_m for file in self._files])
        self._windows: Windows = np.array([window_of(file, grid) for file in self._files])
        self._open: dict[int, _Laid] = {}

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every file."""
        while self._open:
            self._close_oldest()

    def heights(self, window: Window) -> Heights:
        """
        Return heights above the ground, metres; NaN where no file knows.

        Height models come first; surface less terrain fills what they leave.

        Raises
        ------
        SourceError
            Naming the file, if one cannot be read there, holds no heights in metres there, or tells
            other heights than a file of its kind.
        """
        heights = self.values("mnh", window)
        if (self._kinds == "mns").any() and (is_gap := np.isnan(heights)).any():
            above = self.values("mns", window) - self.values("mnt", window)
            for number in self._meeting("mns", window)[:1]:
                refuse_towers(above, self._files[number].report)
            np.copyto(heights, above, where=is_gap)
        return heights

    def coarsest_m(self, window: Window) -> float:
        """Return the longest native pixel, metres, of the files that see above the ground there."""
        seen = self._sides[self._meets(window) & (self._kinds != "mnt")]
        return float(seen.max()) if len(seen) else self._grid.resolution

    def values(self, kind: Kind, window: Window) -> Heights:
        """
        Return what the files of one kind hold; NaN where none has a value.

        Raises
        ------
        SourceError
            Also where two of them tell other heights.
        """
        row, column, last_row, last_column = window
        found = self._meeting(kind, window)
        if len(found) == 1 and meeting(window, _as_window(self._windows[found[0]])) == window:
            return self._laid(found[0]).read(window)
        values = np.full((last_row - row, last_column - column), np.nan, dtype=np.float32)
        for number in found:
            shared = meeting(window, _as_window(self._windows[number]))
            if shared is None:
                continue
            rows = slice(shared[0] - row, shared[2] - row)
            part = values[rows, shared[1] - column : shared[3] - column]
            own, is_gap = self._laid(number).read(shared), np.isnan(part)
            if not is_gap.all() and (cell := other_cell(part, own, shared[:2])) is not None:
                raise self._disagreement(number, cell)
            np.copyto(part, own, where=is_gap)
        return values

    def _disagreement(self, number: int, cell: Window) -> SourceError:
        """Name a file, and the one before it that differs most in a cell."""
        shares = {}
        for before in self._meeting(self._files[number].kind, cell):
            shared = meeting(cell, _as_window(self._windows[before]))
            both = shared and meeting(shared, _as_window(self._windows[number]))
            if before < number and both:
                one, other = (self._laid(each).read(both) for each in (before, number))
                shares[before] = other_share(one, other)
        first = max(shares, key=lambda before: shares[before])
        return disagreement(self._files[first], self._files[number], shares[first])

    def _meeting(self, kind: Kind, window: Window) -> list[int]:
        return np.flatnonzero(self._meets(window) & (self._kinds == kind)).tolist()

    def _meets(self, window: Window) -> BoolArray:
        first, last = self._windows[:, :2], self._windows[:, 2:]
        return np.asarray((first < window[2:]).all(axis=1) & (last > window[:2]).all(axis=1))

    def _laid(self, number: int) -> "_Laid":
        if number not in self._open:
            if len(self._open) >= _MOST_OPEN:
                self._close_oldest()
            self._open[number] = _lay(self._files[number], self._grid)
        return self._open[number]

    def _close_oldest(self) -> None:
        self._open.pop(next(iter(self._open))).close()


def window_of(file: HeightFile, grid: Grid) -> Window:
    """Return the window of a grid that holds a file."""
    bounds = np.array([file.bounds])
    places = np.rint(grid.place(bounds)) if _is_aligned(file, grid) else grid.snap(bounds)
    return _as_window(places[0])


@dataclass(frozen=True)
class _Laid:
    """An open file; the pixels of `view` are those of the grid from `first` row and column on."""

    file: HeightFile
    dataset: rasterio.DatasetReader
    view: rasterio.DatasetReader
    first: tuple[int, int]

    def read(self, window: Window) -> Heights:
        row, column = self.first
        own = (window[0] - row, window[1] - column, window[2] - row, window[3] - column)
        with readable(self.file.report):
            values = read_metres(self.view, own, self.dataset)
        if self.file.kind == "mnh":
            refuse_towers(values, self.file.report)
        return values

    def close(self) -> None:
        self.view.close()
        self.dataset.close()


def _lay(file: HeightFile, grid: Grid) -> _Laid:
    window = window_of(file, grid)
    with readable(file.report):
        dataset = open_raster(file.report)
        view = dataset if _is_aligned(file, grid) else _resampled(dataset, file, grid, window)
    return _Laid(file, dataset, view, window[:2])


def _resampled(
    dataset: rasterio.DatasetReader, file: HeightFile, grid: Grid, window: Window
) -> WarpedVRT:
    """
    Return a view of a file on the pixels of a grid.

    Bilinear: a crown stays where it is to a fraction of a pixel, which the nearest pixel would
    move by up to a half, and no height goes beyond those around it, which a cubic would make.
    """
    row, column, last_row, last_column = window
    west, north = grid.corner(row, column)
    side = grid.resolution
    return WarpedVRT(
        dataset,
        src_crs=file.crs,
        crs=grid.crs,
        transform=rasterio.Affine(side, 0, west, 0, -side, north),
        width=last_column - column,
        height=last_row - row,
        resampling=Resampling.bilinear,
        # Undeclared, it would be mixed with the heights beside it.
        src_nodata=USUAL_NODATA if dataset.nodata is None else dataset.nodata,
        nodata=np.nan,
        dtype="float32",
    )


def _is_aligned(file: HeightFile, grid: Grid) -> bool:
    """Tell whether the pixels of a file are pixels of the grid."""
    (place,) = grid.place(np.array([file.bounds]))
    corners = np.rint(place)
    same_shape = (corners[2:] - corners[:2]).tolist() == [file.rows, file.columns]
    return file.is_straight and same_shape and bool((abs(place - corners) <= _SAME_CORNER).all())


def _as_window(sides: Windows) -> Window:
    row, column, last_row, last_column = (int(side) for side in sides)
    return (row, column, last_row, last_column)
