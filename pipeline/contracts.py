"""Hold a table to its schema: check it, give it its columns and dtypes, make an empty one."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.geopandas as pg
from pandera.errors import SchemaErrors

from pipeline.errors import ContractError, CRSError

_SHOWN_FAILURES = 3


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
    return gpd.GeoDataFrame(_validate(schema, table))


def check_table(schema: type[pg.DataFrameModel], table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without geometry unchanged if it honours `schema`; else `ContractError`."""
    return pd.DataFrame(_validate(schema, table))


def _validate(schema: type[Any], table: pd.DataFrame) -> pd.DataFrame:
    try:
        validated: pd.DataFrame = schema.validate(table, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        shown = cases[["column", "check", "failure_case"]].head(_SHOWN_FAILURES).to_dict("records")
        msg = f"{schema.__name__}: {len(cases)} failure(s), first: {shown}"
        raise ContractError(msg) from error
    return validated


def conform(
    schema: type[pg.DataFrameModel], rows: pd.DataFrame, crs: str | None = None
) -> pd.DataFrame:
    """
    Give `rows` the columns, their order and the dtypes of `schema` (not its checks).

    Columns that `rows` lacks come out missing; extra ones are dropped; an empty table gets its
    dtypes too (an empty column would otherwise turn to float).
    """
    table = pd.DataFrame(index=rows.index)
    for name, column in schema.to_schema().columns.items():
        if name == "geometry":
            continue
        values = rows[name] if name in rows else pd.Series(pd.NA, index=rows.index, dtype=object)
        table[name] = _cast(values, str(column.dtype))
    if crs is None:
        return table
    geometry = rows["geometry"].to_numpy() if "geometry" in rows else np.empty(0, dtype=object)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(geometry, index=rows.index, crs=crs))


def _cast(values: "pd.Series[Any]", dtype: str) -> "pd.Series[Any]":
    if dtype == "float64":
        return pd.to_numeric(values).astype("float64")
    if dtype in {"int64", "Int64", "bool", "boolean"}:
        return values.astype(dtype)  # type: ignore[call-overload,no-any-return] # dtype is a name
    return values.astype(object).where(values.notna(), None).astype("str")


def empty(schema: type[pg.GeoDataFrameModel], crs: str) -> gpd.GeoDataFrame:
    """Return a table of `schema` without rows, with its dtypes."""
    columns = [name for name in schema.to_schema().columns if name != "geometry"]
    return gpd.GeoDataFrame(conform(schema, pd.DataFrame(columns=columns), crs))


def without_rows(schema: type[pg.DataFrameModel]) -> pd.DataFrame:
    """Return a table of `schema` without geometry and without rows, with its dtypes."""
    return conform(schema, pd.DataFrame(columns=list(schema.to_schema().columns)))
