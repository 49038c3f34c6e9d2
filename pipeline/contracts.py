"""Hold a table to its schema: check it, give it its columns and dtypes, make an empty one."""

from functools import cache
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.geopandas as pg
from pandera.errors import SchemaErrors

from pipeline.errors import ContractError, CRSError
from pipeline.quick_checks import QuickCheck

_SHOWN_FAILURES = 3
_QUICK: dict[type[Any], QuickCheck] = {}


def check(
    schema: type[pg.GeoDataFrameModel], table: gpd.GeoDataFrame, crs: str
) -> gpd.GeoDataFrame:
    """
    Return `table` unchanged if it honours `schema` in the territory's `crs`.

    Raises
    ------
    CRSError
        If the CRS is missing or is not `crs`.
    ContractError
        If a column, a value or a geometry breaks the schema; the message counts them.
    """
    if table.crs != crs:
        msg = f"{schema.__name__}: expected {crs}, got {table.crs}. Reproject in ingestion."
        raise CRSError(msg)
    return cast("gpd.GeoDataFrame", _validate(schema, table))


def check_table(schema: type[pg.DataFrameModel], table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without geometry unchanged if it honours `schema`; else `ContractError`."""
    return _validate(schema, table)


def _validate(schema: type[Any], table: pd.DataFrame) -> pd.DataFrame:
    quick = _quick(schema)
    if quick.accepts(table):
        return table
    try:
        validated: pd.DataFrame = schema.validate(table, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        shown = cases[["column", "check", "failure_case"]].head(_SHOWN_FAILURES).to_dict("records")
        msg = f"{schema.__name__}: {len(cases)} failure(s), first: {shown}"
        raise ContractError(msg) from error
    quick.learn(table)
    return validated


def _quick(schema: type[Any]) -> QuickCheck:
    if schema not in _QUICK:
        _QUICK[schema] = QuickCheck(schema.to_schema())
    return _QUICK[schema]


def conform(
    schema: type[pg.DataFrameModel], rows: pd.DataFrame, crs: str | None = None
) -> pd.DataFrame:
    """
    Give `rows` the columns, their order and the dtypes of `schema` (not its checks).

    Columns that `rows` lacks come out missing; extra ones are dropped; an empty table gets its
    dtypes too (an empty column would otherwise turn to float).
    """
    missing = pd.Series(pd.NA, index=rows.index, dtype=object)
    table = pd.DataFrame(
        {
            name: _cast(rows.get(name, missing), dtype)
            for name, dtype in _dtypes(schema).items()
            if name != "geometry"
        },
        index=rows.index,
    )
    if crs is None:
        return table
    geometry = rows["geometry"].to_numpy() if "geometry" in rows else np.empty(0, dtype=object)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(geometry, index=rows.index, crs=crs))


@cache
def _dtypes(schema: type[pg.DataFrameModel]) -> dict[str, str]:
    return {str(name): str(it.dtype) for name, it in schema.to_schema().columns.items()}


def _cast(values: "pd.Series[Any]", dtype: str) -> "pd.Series[Any]":
    if dtype.startswith("string") and values.dtype == "str":
        return values
    if dtype == "float64":
        return pd.to_numeric(values).astype("float64")
    if dtype in {"int64", "Int64", "bool", "boolean"}:
        return values.astype(dtype)  # type: ignore[call-overload,no-any-return] # dtype is a name
    gone = values.isna().tolist()
    texts = [None if no else str(it) for it, no in zip(values.tolist(), gone, strict=True)]
    return pd.Series(texts, index=values.index, dtype="str")


def empty(schema: type[pg.GeoDataFrameModel], crs: str) -> gpd.GeoDataFrame:
    """Return a table of `schema` without rows, with its dtypes."""
    return cast("gpd.GeoDataFrame", _bare(schema, crs).copy())


def without_rows(schema: type[pg.DataFrameModel]) -> pd.DataFrame:
    """Return a table of `schema` without geometry and without rows, with its dtypes."""
    return _bare(schema, None).copy()


@cache
def _bare(schema: type[pg.DataFrameModel], crs: str | None) -> pd.DataFrame:
    columns = [name for name in _dtypes(schema) if crs is None or name != "geometry"]
    return conform(schema, pd.DataFrame(columns=columns), crs)
