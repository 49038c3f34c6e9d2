"""Files supplied by the service → the car park each speaks of, and what is known of it."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.contracts import check
from pipeline.obligation.facts import Dossier, Works
from pipeline.schemas import ParkDossier, ParkingLot

# Columns of one value each, and their name in the file of the service.
_DAYS = {
    "requested_on": "demande_autorisation_le",
    "absent_on": "absent_le",
    "contract_on": "contrat_le",
    "deposit_on": "acompte_le",
    "order_on": "commande_le",
    "extended_to": "delai_accorde_au",
    "removal_permit_on": "suppression_autorisee_le",
}
_FACTS = {
    "is_heavy_renovation": "renovation_lourde",
    "is_concession": "concession",
    "has_efficient_panels": "panneaux_performants",
    "is_open_to_public": "ouvert_au_public",
    "serves_l171_building": "batiment_l171_4",
    "is_for_trucks": "poids_lourds_3t5",
    "carries_hazmat": "marchandises_dangereuses",
    "pleads_cost": "cout_invoque",
}
_SINGLE = {**_DAYS, **_FACTS, "slope_percent": "pente_pct"}


def gather_dossiers(
    lots: gpd.GeoDataFrame, dossiers: gpd.GeoDataFrame
) -> tuple[dict[str, Dossier], tuple[str, ...]]:
    """
    Return what is known of each lot, and what an agent should know of the rows (French).

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
    return found, (*_lost(rows[owner.isna()]), *_contradictions(rows, owner))


def _lost(rows: pd.DataFrame) -> list[str]:
    """Tell the rows that fit no car park of the commune: none is lost in silence."""
    if rows.empty:
        return []
    names = ", ".join(rows["dossier_id"])
    return [f"dossiers/ : aucun parc de la commune à cet identifiant ou cette position : {names}"]


def _contradictions(rows: pd.DataFrame, owner: "pd.Series[str]") -> list[str]:
    """Tell the columns in which several rows of one lot say different things."""
    told = rows[list(_SINGLE)].groupby(owner, sort=True).nunique()
    return [
        f"dossiers/ : parc {lot_id}, « {_SINGLE[column]} » dit plusieurs choses ; la dernière ligne"
        " est retenue"
        for column in _SINGLE
        for lot_id in told.index[told[column] > 1]
    ]


def own_dossiers(
    dossiers: gpd.GeoDataFrame, commune: gpd.GeoDataFrame, lots: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """
    Return the rows of a commune: those that name a car park, and those placed in it.

    A park of the commune may reach beyond its limit: what is placed there is its own too.
    """
    ground = shapely.union_all([*commune.geometry, *lots.geometry])
    ours = dossiers["lot_id"].notna() | shapely.intersects(ground, dossiers.geometry.to_numpy())
    return dossiers[ours].reset_index(drop=True)


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
