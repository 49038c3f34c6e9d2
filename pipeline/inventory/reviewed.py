"""Corrections of a commune beside what the last product made of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.crs import Territory, ground_area
from pipeline.errors import ConfigError
from pipeline.inventory.previous import Previous, read_previous
from pipeline.inventory.review import read_review
from pipeline.inventory_choices import CorrectionAssumptions

NOT_YET = "a_rejouer"
_REVIEW = "_revue.gpkg"
# Of the review file → of the product.
_FRENCH = {
    "correction_id": "correction_id",
    "lot_id": "parc_id",
    "action": "action",
    "value": "valeur",
    "motive": "motif",
    "agent": "agent",
    "decided_on": "date",
}
# A row whose decision was changed since the last run has not been replayed.
_DECISION = ("action", "valeur", "motif", "agent")

_OF_CONFLICT = (
    "correction_id",
    "parc_id",
    "action",
    "valeur",
    "agent",
    "date",
    "part_deplacee",
    "raison",
)


@dataclass(frozen=True)
class ReviewedCommune:
    """Files of a commune that agents review."""

    insee_code: str
    product: Path
    review: Path


def reviewed_communes(out: Path, codes: Iterable[str] = ()) -> list[ReviewedCommune]:
    """
    Return the communes of a folder of products that have a review file, or those asked.

    Raises
    ------
    ConfigError
        If a commune that is asked has neither product nor review in the folder.
    """
    found = {
        path.name.removesuffix(_REVIEW): path
        for path in sorted(out.glob(f"*/*{_REVIEW}"))
        if re.fullmatch(r"[0-9AB]{5}_revue\.gpkg", path.name)
    }
    asked = list(dict.fromkeys(codes))
    if absent := [code for code in asked if code not in found]:
        msg = f"{out} : aucune revue pour {', '.join(absent)} ; lancer d'abord parzan run"
        raise ConfigError(msg)
    return [
        ReviewedCommune(code, found[code].with_name(f"{code}.gpkg"), found[code])
        for code in asked or found
    ]


def corrections_of(
    commune: ReviewedCommune, territory: Territory, choices: CorrectionAssumptions
) -> pd.DataFrame:
    """
    Return the corrections of a commune with what the last product made of each.

    Returns
    -------
    table
        French columns of `corrections`, then `etat` and `raison`; `etat` is `a_rejouer` for a
        decision that no product has met as it is now. In the order of the file.
    """
    read = read_review(commune.review, territory, choices).corrections
    table = pd.DataFrame(read[list(_FRENCH)].rename(columns=_FRENCH))
    met = _met(read_previous(commune.product, territory.crs))
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    told = [
        met.get(_key(row), (NOT_YET, fault)) for row, fault in zip(rows, read["fault"], strict=True)
    ]
    table["etat"] = pd.Series([state for state, _ in told], index=table.index, dtype=object)
    table["raison"] = pd.Series([reason for _, reason in told], index=table.index, dtype=object)
    return _with_none(table)


def _met(previous: Previous) -> dict[tuple[str, ...], tuple[str, object]]:
    """Return the state and reason of each correction as the product saw it."""
    records = previous.replayed.drop(columns="geometry").to_dict("records")
    rows = [{str(name): value for name, value in row.items()} for row in records]
    return {_key(row): (str(row["etat"]), row["raison"]) for row in rows}


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    """Return what a decision says: the row changes, and the key with it."""
    said = ["" if pd.isna(row[name]) else str(row[name]) for name in _DECISION]
    return str(row["correction_id"]), *said, _day(row["date"]) or ""


def _day(value: object) -> str | None:
    """Return a day as ISO text, read as a date by a driver or as a text."""
    return None if value is None or pd.isna(value) else str(value)[: len("AAAA-MM-JJ")]  # type: ignore[call-overload]


def _with_none(table: pd.DataFrame) -> pd.DataFrame:
    told = table.astype(object)
    told = told.where(told.notna(), None).reset_index(drop=True)
    return told.assign(date=pd.Series([_day(day) for day in told["date"]], dtype=object))


def conflicts_of(commune: ReviewedCommune, territory: Territory) -> pd.DataFrame:
    """
    Return the corrections of a commune that no longer fit, one row each.

    Returns
    -------
    table
        French columns of `conflits`, `base_m2` and `actuel_m2`: ground areas of the outline that
        the agent saw and of that of today, missing where it is not known.
    """
    rows = read_previous(commune.product, territory.crs).conflicts
    columns = [*_OF_CONFLICT, "base_m2", "actuel_m2"]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    areas = ground_area(rows.geometry.to_numpy(), territory)
    found = {
        (name, role): area
        for name, role, area in zip(rows["correction_id"], rows["role"], areas, strict=True)
        if area > 0
    }
    table = pd.DataFrame(rows[list(_OF_CONFLICT)]).drop_duplicates("correction_id")
    for role in ("base", "actuel"):
        sizes = [found.get((name, role)) for name in table["correction_id"]]
        table[f"{role}_m2"] = pd.Series(sizes, index=table.index, dtype=object)
    return _with_none(table)
