"""The rows of `parcs` as plain values, whichever way the table came: product, inventory, run."""

from collections.abc import Mapping
from datetime import date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.outline_digest import outline_hash
from pipeline.precision import SUM_SLACK_M2

Park = Mapping[str, object]
OUTLINE = "contour"
DAYS = frozenset(
    {"echeance", "echeance_reportee", "echeance_alternative", "regles_au", "depuis_au_plus_tard"}
)


def parks_by_id(table: pd.DataFrame) -> dict[str, Park]:
    """
    Return the rows of a `parcs` table (French columns) by `parc_id`.

    Missing values are None, days are `date`, and `contour` is the digest of the outline.
    """
    shapes = table.geometry if isinstance(table, gpd.GeoDataFrame) and len(table) else None
    rows = pd.DataFrame(table)
    if shapes is not None:
        rows = rows.drop(columns=shapes.name)
    parks: dict[str, Park] = {}
    for rank, row in enumerate(rows.to_dict("records")):
        park = {str(name): plain(str(name), value) for name, value in row.items()}
        if shapes is not None and shapes.iloc[rank] is not None:
            park[OUTLINE] = outline_hash(shapes.iloc[rank])
        parks[str(park["parc_id"])] = park
    return parks


def plain(name: str, value: object) -> object:
    """Return a value as Python holds it: None where missing, a `date` for a column of days."""
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, np.generic):
        return plain(name, value.item())
    if name in DAYS and isinstance(value, str):
        return date.fromisoformat(value)
    return value


def text(park: Park, name: str) -> str | None:
    """Return a text of a park; None where it has none."""
    value = park.get(name)
    return None if value is None else str(value)


def figure(park: Park, name: str) -> float | None:
    """Return a number of a park; None where it has none."""
    value = park.get(name)
    return float(value) if isinstance(value, int | float) else None


def day(park: Park, name: str) -> date | None:
    """Return a day of a park; None where it has none."""
    value = park.get(name)
    return value if isinstance(value, date) else None


def differing(before: Park, after: Park, columns: frozenset[str] | None = None) -> tuple[str, ...]:
    """
    Return the columns that do not say the same, in order.

    A column that only one of the products has (an older version) says nothing; two areas within the
    rounding of a sum are the same.
    """
    shared = before.keys() & after.keys()
    looked = shared if columns is None else shared & columns
    return tuple(sorted(name for name in looked if not _same(before[name], after[name])))


def _same(before: object, after: object) -> bool:
    if isinstance(before, float) and isinstance(after, int | float):
        return abs(before - after) <= SUM_SLACK_M2
    return before == after
