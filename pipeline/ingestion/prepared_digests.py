"""Digests of rows, and their sum over a set of rows whatever the order."""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Lane = npt.NDArray[np.uint64]
Lanes = tuple[Lane, Lane]

_BYTES = 16
_NOTHING = "~"
# Constants of the splitmix64 generator: a number differs in about half of its bits from its next.
_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def digests_of_rows(rows: pa.Table, without: Iterable[str] = ()) -> Lanes:
    """
    Return two 64-bit digests of each row, of everything that it holds, missing values told apart.

    Parameters
    ----------
    rows
        Columns of text, bytes, numbers, booleans or dates.
    without
        Columns that do not count.
    """
    left_out = set(without)
    names = sorted(name for name in rows.column_names if name not in left_out)
    parts = [_told(rows[name]) for name in names]
    if not parts or not len(rows):
        return np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.uint64)
    joined = pc.binary_join_element_wise(*parts, pa.scalar(b";"))
    digests = (hashlib.blake2b(item, digest_size=_BYTES).digest() for item in joined.to_pylist())
    words = np.frombuffer(b"".join(digests), dtype="<u8").reshape(-1, 2).astype(np.uint64)
    return words[:, 0].copy(), words[:, 1].copy()


def digests_of_texts(texts: Iterable[str]) -> Lanes:
    """Return two 64-bit digests of each text."""
    told = pa.table({"text": pa.array(list(texts), pa.string())})
    return digests_of_rows(told)


def mixed(lanes: Lanes, numbers: npt.NDArray[np.int64]) -> Lanes:
    """Return digests that also tell apart rows of another number (rank, identifier)."""
    salt = _scrambled(numbers.astype(np.uint64))
    return _scrambled(lanes[0] ^ salt), _scrambled(lanes[1] + salt)


def sum_by(lanes: Lanes, groups: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.uint64]:
    """
    Return the sums of digests by group, modulo 2⁶⁴, and the number of rows.

    Parameters
    ----------
    lanes
        Digests of rows.
    groups
        Group of each row, from 0 to `count` excluded.

    Returns
    -------
    sums
        Shape `(count, 3)`; zeros for a group without row.
    """
    sums = np.zeros((count, 3), np.uint64)
    if not len(groups):
        return sums
    order = np.argsort(groups, kind="stable")
    there, starts = np.unique(groups[order], return_index=True)
    for column, lane in enumerate(lanes):
        sums[there, column] = np.add.reduceat(lane[order], starts)
    sums[there, 2] = np.diff([*starts, len(order)])
    return sums


def _told(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return values as bytes with their length before, so that none can pass for two."""
    is_bytes = pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
    raw = column if is_bytes else pc.cast(column, pa.string())
    raw = pc.cast(raw, pa.binary())
    lengths = pc.cast(pc.cast(pc.binary_length(raw), pa.string()), pa.binary())
    told = pc.binary_join_element_wise(lengths, raw, pa.scalar(b":"))
    return pc.fill_null(told, pa.scalar(_NOTHING.encode()))


def _scrambled(values: Lane) -> Lane:
    with np.errstate(over="ignore"):
        x = values + np.uint64(_STEP)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(_FIRST)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(_SECOND)
        return x ^ (x >> np.uint64(31))
