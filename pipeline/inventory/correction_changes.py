"""The corrections that came, went, or fared otherwise between two products."""

from collections.abc import Iterator, Mapping
from datetime import date

import pandas as pd

from pipeline.inventory.causes import Evidence
from pipeline.inventory.journal import Entry
from pipeline.inventory.park_values import Park, text
from pipeline.inventory.words import ACTION_WORDS, STATE_WORDS

_DECIDED = ("action", "valeur", "parc_id")
_Row = Mapping[str, str | None]


def correction_rows(causes: Evidence, parks: Mapping[str, Park], seen_on: date) -> Iterator[Entry]:
    """
    Yield one entry per correction made, edited, taken back, or that fares otherwise.

    What an agent did has the cause `correction`; what became of an unchanged decision has those of
    the base on which it was taken.
    """
    old, new = _by_id(causes.before), _by_id(causes.after)
    for identifier in sorted({*old, *new}):
        before, after = old.get(identifier), new.get(identifier)
        if before == after:
            continue
        lot = (after or before or {}).get("parc_id")
        states = tuple(_state(row) for row in (before, after))
        yield Entry(
            seen_on=seen_on.isoformat(),
            lot_id=lot,
            name=text(parks.get(lot or "", {}), "nom"),
            kind="correction",
            before=states[0],
            after=states[1],
            causes=";".join(_causes(before, after, causes)),
            detail=_detail(before, after),
        )


def _by_id(table: pd.DataFrame) -> dict[str, _Row]:
    return {
        str(row["correction_id"]): {
            str(name): None if pd.isna(value) else str(value) for name, value in row.items()
        }
        for row in table.to_dict("records")
    }


def _state(row: _Row | None) -> str | None:
    state = (row or {}).get("etat")
    return None if state is None else STATE_WORDS.get(state, state)


def _causes(before: _Row | None, after: _Row | None, causes: Evidence) -> tuple[str, ...]:
    """Return `correction` for what an agent did, else what moved the base under a decision."""
    if before is None or after is None or any(before[key] != after[key] for key in _DECIDED):
        return ("correction",)
    moved = {
        "donnees": causes.data is None or bool(causes.data),
        "hypothese": causes.assumptions is not False,
        "correction": True,  # a later decision may have taken its place
        "code": causes.code is not False,
    }
    return tuple(name for name, possible in moved.items() if possible)


def _detail(before: _Row | None, after: _Row | None) -> str:
    row = after or before or {}
    action = row.get("action") or ""
    what = f"correction « {ACTION_WORDS.get(action, action)} »"
    if row.get("valeur"):
        what += f" ({row['valeur']})"
    if after is None:
        return f"{what} retirée par l'agent"
    reason = f" : {after['raison']}" if after.get("raison") else ""
    return f"{what} {_state(after)}{reason}"
