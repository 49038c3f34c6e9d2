"""Two height files of the same ground: where they tell other heights, one of them must go."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import SourceError
from pipeline.french import percent
from pipeline.heights import Heights, Positions
from pipeline.ingestion.height_files import HeightFile
from pipeline.ingestion.height_windows import BoolArray, Window

# Two flights of one place, or two versions: heights that differ by more are other heights. Metres,
# excluded.
OTHER_M = 1.0
# Files are compared by cells of this side, pixels of the grid: about a crown and its ground. One
# where more than this share of the common pixels differ is enough; fewer common pixels say nothing.
_CELL_PIXELS, _OTHER_SHARE, _ENOUGH_PIXELS = 32, 0.5, 100


def other_share(one: Heights, other: Heights) -> float:
    """Return the share of the pixels known to both that differ by more than `OTHER_M`."""
    gaps = np.abs(one - other)
    known = gaps[np.isfinite(gaps)]
    return float((known > OTHER_M).mean()) if known.size else 0.0


def other_cell(one: Heights, other: Heights, first: tuple[int, int]) -> Window | None:
    """
    Return a cell where two readings of a window tell other heights, None where there is none.

    Parameters
    ----------
    one, other
        Same shape, metres, NaN where unknown.
    first
        Row and column of the grid where they begin: cells are those of the grid, cut by the window.
    """
    gaps = np.abs(one - other)
    lines = [_lines(start, size) for start, size in zip(first, gaps.shape, strict=True)]
    known = _counts(np.isfinite(gaps), lines)
    is_other = (known >= _ENOUGH_PIXELS) & (_counts(gaps > OTHER_M, lines) > _OTHER_SHARE * known)
    if not is_other.any():
        return None
    i, j = np.argwhere(is_other)[0].tolist()
    row, column = first[0] + int(lines[0][i]), first[1] + int(lines[1][j])
    last_row, last_column = (_CELL_PIXELS * (side // _CELL_PIXELS + 1) for side in (row, column))
    rows, columns = gaps.shape
    return (row, column, min(last_row, first[0] + rows), min(last_column, first[1] + columns))


def disagreement(one: HeightFile, other: HeightFile, share: float) -> SourceError:
    """Return the error that names two files, a share of whose common pixels differ."""
    why = (
        f"{percent(share)} des pixels communs avec {one.name} diffèrent de plus de"
        f" {OTHER_M:.0f} m : deux millésimes ? n'en garder qu'un"
    )
    return other.report.refusal(why)


def _lines(start: int, size: int) -> Positions:
    """Return where cells begin along a side, counted from its start."""
    lines = np.arange(-(start % _CELL_PIXELS), size, _CELL_PIXELS, dtype=np.intp)
    return np.maximum(lines, 0)


def _counts(mask: BoolArray, lines: list[Positions]) -> npt.NDArray[np.int64]:
    """Count the pixels of a mask in each cell."""
    rows = np.add.reduceat(mask, lines[0], axis=0, dtype=np.int64)
    return np.asarray(np.add.reduceat(rows, lines[1], axis=1))
