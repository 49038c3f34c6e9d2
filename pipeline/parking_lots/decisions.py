"""A correction as a decision: its place in time, what it replaces, what its value says."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from pipeline.assumptions import Assumptions
from pipeline.french import without_accents
from pipeline.parking_lots.scope import OUT_OF_SCOPE
from pipeline.schemas.inventory import STATUSES

TRUCKS = "poids_lourds"
OUTLINE_ACTIONS = ("redessiner", "ajouter", "fusionner", "scinder")
# What these do is drawn on the outline that the agent saw: without it, they mean nothing.
NEEDS_BASE = ("redessiner", "fusionner", "scinder")
_DRAWN = ("redessiner", "ajouter", "scinder")
_EXISTENCE = ("confirmer", "rejeter")
_RANGE = "-"


@dataclass(frozen=True)
class Decision:
    """One row of `Correction`; texts are None where the agent wrote nothing."""

    id: str
    lot_id: str | None
    action: str | None
    value: str | None
    motive: str | None
    agent: str | None
    decided_on: str | None
    base_hash: str | None
    fault: str | None
    drawn: BaseGeometry | None

    @property
    def replaces(self) -> Hashable:
        """
        What it speaks of: of the valid decisions that share this key, the last one wins.

        Each split and each added park stands by itself, each merge with its pair of parks.
        """
        match self.action:
            case None | "ajouter" | "scinder":
                return self.id
            case "fusionner":
                return "fusionner", frozenset({self.lot_id, self.value})
            case action:
                return self.lot_id, "existence" if action in _EXISTENCE else action


@dataclass(frozen=True)
class Usage:
    """What `fixer_usage` sets: a type of car park, who may park there, or heavy vehicles."""

    parking_type: str | None = None
    access: str | None = None
    is_for_trucks: bool = False


def decisions_in_order(corrections: gpd.GeoDataFrame) -> list[Decision]:
    """Return the rows of `Correction` by date, then in their own order; undated ones first."""
    texts = ("lot_id", "action", "value", "motive", "agent", "decided_on", "base_hash", "fault")
    found = [
        Decision(
            id=str(row["correction_id"]),
            drawn=row["geometry"],
            **{name: _text(row[name]) for name in texts},
        )
        for row in corrections.to_dict("records")
    ]
    return sorted(found, key=lambda decision: decision.decided_on or "")


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def fault_of(decision: Decision, assumptions: Assumptions) -> str | None:
    """Return in French why a decision cannot be used, whatever the car parks; None if it can."""
    if decision.fault or decision.action is None:
        return decision.fault or "action manquante"
    if decision.action in _DRAWN and decision.drawn is None:
        return "aucun contour dessiné"
    if decision.action != "ajouter" and decision.lot_id is None:
        return "aucun parc désigné"
    if decision.action == "rejeter" and decision.motive is None:
        return "rejet sans motif : le donner"
    return _fault_of_value(decision, assumptions)


def _fault_of_value(decision: Decision, assumptions: Assumptions) -> str | None:
    shown = f"valeur « {decision.value or ''} »"
    match decision.action:
        case "fixer_statut" if status_of(decision.value) is None:
            return f"{shown} : attendu {', '.join(STATUSES)}"
        case "fixer_places" if spaces_of(decision.value) is None:
            return f"{shown} : attendu un nombre de places (120), ou deux bornes (110-130)"
        case "fixer_date" if day_of(decision.value) is None:
            return f"{shown} : attendu une date AAAA-MM-JJ"
        case "fixer_usage" if usage_of(decision.value, assumptions) is None:
            words = ", ".join(usages(assumptions))
            return f"{shown} : attendu {words}"
        case "fusionner" if decision.value is None or decision.value == decision.lot_id:
            return f"{shown} : attendu l'identifiant de l'autre parc"
    return None


def status_of(value: str | None) -> str | None:
    """Read a status, as a code or as an analyst writes it (« À vérifier »)."""
    code = _code(value)
    return code if code in STATUSES else None


def spaces_of(value: str | None) -> tuple[float, float] | None:
    """Read a number of spaces, or its two bounds joined by a hyphen, the lower one first."""
    first, _, second = (value or "").partition(_RANGE)
    texts = [first.strip(), second.strip() or first.strip()]
    if not all(text.isdecimal() for text in texts):
        return None
    low, high = map(float, texts)
    return (low, high) if low <= high else None


def day_of(value: str | None) -> str | None:
    """Read a day, ISO or French (31/12/2019); return it in ISO."""
    text = (value or "").strip()
    if "/" in text:
        text = "-".join(reversed(text.split("/")))
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def usages(assumptions: Assumptions) -> tuple[str, ...]:
    """Return the values that `fixer_usage` knows."""
    words = assumptions.open_to_public
    return ("surface", *OUT_OF_SCOPE, TRUCKS, *words.yes_words, *words.no_words)


def usage_of(value: str | None, assumptions: Assumptions) -> Usage | None:
    """Read a use: a type of car park, heavy vehicles, or a word that says who may park there."""
    code = _code(value)
    known = {_code(word): word for word in usages(assumptions)}
    if code not in known:
        return None
    if code == TRUCKS:
        return Usage(is_for_trucks=True)
    if code in {"surface", *OUT_OF_SCOPE}:
        return Usage(parking_type=code)
    return Usage(access=known[code])


def _code(value: str | None) -> str:
    return "_".join(without_accents(value or "").replace(_RANGE, " ").split())


def absent(value: object) -> bool:
    """Tell whether a cell of a table is missing."""
    return bool(pd.isna(value))  # type: ignore[call-overload] # a scalar
