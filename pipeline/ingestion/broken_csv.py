"""CSV texts whose quotes were not doubled or not closed: mended line by line, and told."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Lines that one value may take: an address of several lines.
_LONGEST_ROW = 6


@dataclass(frozen=True)
class Mended:
    """
    A text that any CSV reader reads, and the lines (from 1) of the former one that were not sound.

    Those of `mended` were cut at each separator, quotes or not; those of `lost` could not be read.
    """

    text: str
    row_count: int
    mended: tuple[int, ...]
    lost: tuple[int, ...]


def is_sound(text: str, delimiter: str) -> bool:
    """Tell whether every quote is closed and doubled as it must, and no row is too long."""
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        header = next(rows, [])
        return all(_fits(row, len(header)) for row in rows)
    except csv.Error:
        return False


def mend(text: str, delimiter: str) -> Mended:
    """
    Read each row by itself: a quote that is wrong in one never swallows the next ones.

    Parameters
    ----------
    text
        Its first line is the header.
    delimiter
        One character.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    width = len(next(csv.reader(lines[:1], delimiter=delimiter), []))
    clean = io.StringIO()
    writer = csv.writer(clean, delimiter=delimiter, lineterminator="\n")
    mended, lost, count = [], [], 0
    for number, row, is_clean in _rows(lines, width, delimiter):
        if row is None:
            lost.append(number)
            continue
        if not is_clean:
            mended.append(number)
        writer.writerow(row)
        count += 1
    return Mended(clean.getvalue(), max(count - 1, 0), tuple(mended), tuple(lost))


def _rows(
    lines: Sequence[str], width: int, delimiter: str
) -> Iterator[tuple[int, list[str] | None, bool]]:
    """Yield the line of each row, its values (None when nothing reads it), whether it was sound."""
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        taken, row = _sound_row(lines[at : at + _LONGEST_ROW], width, delimiter)
        is_clean = row is not None
        if row is None:
            cells = [_bare(cell) for cell in lines[at].split(delimiter)]
            row = cells if len(cells) == width else None
        yield at + 1, row, is_clean
        at += taken


def _sound_row(lines: Sequence[str], width: int, delimiter: str) -> tuple[int, list[str] | None]:
    """Return how many lines a sound row takes, and its values; 1 and None when it is not sound."""
    for taken in range(1, len(lines) + 1):
        together = io.StringIO("\n".join(lines[:taken]), newline="")
        try:
            rows = list(csv.reader(together, delimiter=delimiter, strict=True))
        except csv.Error:
            continue
        is_whole = len(rows) == 1 and (len(rows[0]) == width or taken == 1)
        if is_whole and len(rows[0]) <= width:
            return taken, rows[0]
        break
    return 1, None


def _bare(cell: str) -> str:
    """Return a value without the quotes around it."""
    text = cell.strip()
    return text.removeprefix('"').removesuffix('"')


def _fits(row: Sequence[str], width: int) -> bool:
    swallows = len(row) != width and any("\n" in cell for cell in row)
    return len(row) <= width and not swallows
