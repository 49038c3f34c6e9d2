"""Files supplied by the service → the car park each speaks of, and what is known of it."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.contracts import check
from pipeline.obligation.facts import Dossier, Works
from pipeline.schemas import ParkDossier, ParkingLot

_DAYS = (
    "requested_on",
    "absent_on",
    "contract_on",
    "deposit_on",
    "order_on",
    "extended_to",
    "removal_permit_on",
)
_FACTS = (
    "is_heavy_renovation",
    "is_concession",
    "has_efficient_panels",
    "is_open_to_public",
    "serves_l171_building",
    "is_for_trucks",
    "carries_hazmat",
    "pleads_cost",
)


def gather_dossiers(
    lots: gpd.GeoDataFrame, dossiers: gpd.GeoDataFrame
) -> tuple[dict[str, Dossier], tuple[str, ...]]:
    """
    Return what is known of each lot, and the rows that fit none.

    Parameters
    ----------
    lots
        `ParkingLot`.
    dossiers
        `ParkDossier`, same CRS. A row is matched by its `lot_id` if a lot bears it, else by its
        point: the lot that holds it, of which there is one since lots do not overlap. Rows of one
        lot are merged: works add up, and of any other column the last row that tells it, in order
        of id, is kept.
    """
    crs = str(lots.crs)
    parks, rows = check(ParkingLot, lots, crs), check(ParkDossier, dossiers, crs)
    owner = _matched(parks, rows)
    found = {
        str(lot_id): _merged(group.to_dict("records"))
        for lot_id, group in rows.drop(columns="geometry").groupby(owner, sort=True)
    }
    return found, tuple(rows.loc[owner.isna(), "dossier_id"])


def boundaries(dossiers: gpd.GeoDataFrame) -> tuple[date, ...]:
    """Return the days on which a file may change a verdict, for the date of the product."""
    days = [as_day(text) for column in (*_DAYS, "works_on") for text in dossiers[column].dropna()]
    return tuple(sorted({day for day in days if day is not None}))


def _matched(parks: gpd.GeoDataFrame, rows: gpd.GeoDataFrame) -> "pd.Series[str]":
    """Return the lot of each row; missing where none fits."""
    named = rows["lot_id"].where(rows["lot_id"].isin(parks["lot_id"])).astype(object)
    row, lot = parks.sindex.query(rows.geometry.to_numpy(), predicate="intersects")
    placed = pd.Series(np.nan, index=rows.index, dtype=object)
    placed.iloc[row] = parks["lot_id"].to_numpy()[lot]
    return named.where(named.notna(), placed)


def _merged(rows: list[dict[Any, Any]]) -> Dossier:
    works = sorted(
        (
            Works(day, _number(row["resurfaced_m2"]))
            for row in rows
            if (day := as_day(row["works_on"]))
        ),
        key=lambda item: item.done_on,
    )
    told: dict[str, Any] = {name: as_day(_last(row[name] for row in rows)) for name in _DAYS}
    told |= {name: _fact(_last(row[name] for row in rows)) for name in _FACTS}
    return Dossier(
        works=tuple(works),
        slope_percent=_number(_last(row["slope_percent"] for row in rows)),
        **told,
    )


def _last(values: Iterable[Any]) -> Any:  # noqa: ANN401 - a cell of any column
    told = [value for value in values if not pd.isna(value)]
    return told[-1] if told else None


def _number(value: Any) -> float | None:  # noqa: ANN401 - a cell of a column of numbers
    return None if value is None or pd.isna(value) else float(value)


def _fact(value: Any) -> bool | None:  # noqa: ANN401 - a cell of a column of facts
    return None if value is None else bool(value)


def as_day(text: object) -> date | None:
    """Read an ISO day; None for a missing one."""
    return datetime.fromisoformat(text).date() if isinstance(text, str) else None
