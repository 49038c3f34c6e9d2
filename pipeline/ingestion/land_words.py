"""What the words of a source say the ground is, and the rows that readers hand over."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pipeline.derived_land_choices import LandReading
from pipeline.groups import IntArray


@dataclass
class LandRows:
    """
    Ground that readers tell, source by source, before lines are drawn as surfaces.

    `surfaces`: `kind`, `source`, `source_id`, `vintage`, polygons. `axes`: the same with lines, and
    `highway` and `width_m` (missing where not told).
    """

    surfaces: list[pd.DataFrame] = field(default_factory=list)
    axes: list[pd.DataFrame] = field(default_factory=list)


def kinds_of(
    words: pd.DataFrame, readings: Sequence[LandReading], *, only_first: bool = False
) -> tuple[IntArray, list[str]]:
    """
    Return the rows that some reading fits, and the kind it gives: one pair per row and kind.

    Parameters
    ----------
    words
        Columns named in the conditions of the readings, as text.
    readings
        In order; words are compared whatever their case.
    only_first
        Keep the first reading that fits each row, instead of all.
    """
    rows: list[IntArray] = []
    kinds: list[str] = []
    lowered = {name: words[name].astype("str").str.lower() for name in words.columns}
    is_told = np.zeros(len(words), dtype=np.bool_)
    given: dict[str, IntArray] = {}
    for reading in readings:
        fits = np.ones(len(words), dtype=np.bool_)
        for name, values in reading.where.items():
            fits &= lowered[name].isin(values).to_numpy(dtype=bool)
        if only_first:
            fits &= ~is_told
        is_told |= fits
        for kind in reading.kinds:
            new = np.setdiff1d(np.flatnonzero(fits), given.get(kind, []))
            given[kind] = np.union1d(given.get(kind, []), new).astype(np.intp)
            rows.append(new.astype(np.intp))
            kinds += [kind] * len(new)
    return np.concatenate([np.empty(0, dtype=np.intp), *rows]), kinds
