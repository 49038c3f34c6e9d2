"""Groups of rows: by key, or by the pairs that join them, in time that follows their number."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

IntArray = npt.NDArray[np.intp]


def positions_by_key(keys: IntArray) -> Iterator[tuple[int, IntArray]]:
    """
    Yield each distinct key with the positions that hold it.

    Parameters
    ----------
    keys
        Shape `(n,)`, any order.

    Yields
    ------
    key, positions
        Keys in increasing order; positions in their own order.
    """
    if not len(keys):
        return
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    for part in np.split(order, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1):
        yield int(keys[part[0]]), part


def components(count: int, pairs: IntArray) -> IntArray:
    """Return the connected component of each of `count` nodes joined by `pairs`, shape `(m, 2)`."""
    if not len(pairs):
        return np.arange(count)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1])


def fair_splits(sizes: IntArray, shares: int) -> IntArray:
    """
    Return where to split groups, in their order, into shares of about as many rows.

    Parameters
    ----------
    sizes
        Rows of each group, shape `(k,)`; a group is never split, a share may be empty.
    shares
        How many, one at least.

    Returns
    -------
    splits
        Rank of the first group of each share but the first, shape `(shares - 1,)`.
    """
    done = np.cumsum(sizes)
    return np.searchsorted(done, np.arange(1, shares) * (np.sum(sizes) / shares))
