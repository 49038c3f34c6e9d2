"""Group positions by key, in time that follows their number."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

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
