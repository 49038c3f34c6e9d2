"""Tell quickly that a table honours its schema; whatever is in doubt is left to pandera."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from pandera.api.checks import Check
from pandera.api.pandas.container import DataFrameSchema

_GEOMETRY = "geometry"
Signature = tuple[tuple[str, object], ...]
_Test = Callable[["pd.Series[Any]"], bool]

# The checks of pandera that our schemas use, on values without missing ones.
_KNOWN: dict[str, Callable[["pd.Series[Any]", dict[str, Any]], bool]] = {
    "greater_than_or_equal_to": lambda values, told: bool(
        (values.to_numpy() >= told["min_value"]).all()
    ),
    "greater_than": lambda values, told: bool((values.to_numpy() > told["min_value"]).all()),
    "less_than_or_equal_to": lambda values, told: bool(
        (values.to_numpy() <= told["max_value"]).all()
    ),
    "isin": lambda values, told: set(values.unique()) <= set(told["allowed_values"]),
    "str_length": lambda values, told: bool((values.str.len() == told["exact_value"]).all()),
}


class QuickCheck:
    """
    Says that tables honour one schema, at the price of a few vector operations a column.

    It judges only tables whose columns and dtypes are those of one that pandera accepted before:
    what a dtype must be is left to pandera, and so is what to say of a table that fails.
    """

    def __init__(self, schema: DataFrameSchema) -> None:
        self._is_judge = not schema.checks
        self._repeated_alone = schema.unique is None
        self._columns = {
            str(name): (bool(column.nullable), bool(column.unique), tuple(column.checks))
            for name, column in schema.columns.items()
        }
        self._accepted: set[Signature] = set()

    def learn(self, table: pd.DataFrame) -> None:
        """Remember the columns and dtypes of a table that pandera accepted."""
        self._accepted.add(_signature(table))

    def accepts(self, table: pd.DataFrame) -> bool:
        """Tell whether the table honours the schema for sure."""
        if not (self._is_judge and self._repeated_alone):
            return False
        if _signature(table) not in self._accepted:
            return False
        if table.empty:
            return True
        plain = pd.DataFrame(table)  # reading the columns of a GeoDataFrame one by one is slow
        return all(
            self._is_sound(table[name] if name == _GEOMETRY else plain[name], *told)
            for name, told in self._columns.items()
        )

    def _is_sound(
        self, values: "pd.Series[Any]", nullable: bool, unique: bool, checks: tuple[Check, ...]
    ) -> bool:
        if values.hasnans:
            if not nullable:
                return False
            if checks or unique:
                values = values.dropna()
        if unique and not values.is_unique:
            return False
        return all(_passes(check, values) for check in checks)


def _passes(check: Check, values: "pd.Series[Any]") -> bool:
    known = _KNOWN.get(str(check.name))
    if known is not None:
        return known(values, check.statistics or {})
    return bool(check(values).check_passed)


def _signature(table: pd.DataFrame) -> Signature:
    return tuple(zip(map(str, table.columns), table.dtypes, strict=True))
