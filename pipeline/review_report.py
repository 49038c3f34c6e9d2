"""What agents decided and what became of it, in words: tables for the terminal, documents."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.export.domains import DOMAINS
from pipeline.french import number, percent
from pipeline.inventory.reviewed import NOT_YET

_STATES = {**DOMAINS["etat_correction"], NOT_YET: "Au prochain passage"}
Found = Iterable[tuple[str, pd.DataFrame]]


def review_document(found: Found) -> list[dict[str, Any]]:
    """Return the rows of each commune as a JSON document, under their French names."""
    return [{"insee": code, "corrections": table.to_dict("records")} for code, table in found]


def print_corrections(found: Found, console: Console) -> None:
    """Print one table per commune that has corrections, and how many there are in all."""
    total = 0
    for code, rows in found:
        total += len(rows)
        if rows.empty:
            continue
        table = Table("Correction", "Parc", "Action", "Valeur", "Agent", "Date", "État", title=code)
        for row in rows.to_dict("records"):
            state = " : ".join(filter(None, (_STATES[row["etat"]], row["raison"])))
            named = [row[name] or "" for name in ("correction_id", "parc_id")]
            rest = [row[name] or "" for name in ("valeur", "agent", "date")]
            _add(table, [*named, _action(row["action"]), *rest, state])
        console.print(table)
    console.print(f"{total} correction(s)", markup=False)


def print_conflicts(found: Found, console: Console) -> None:
    """Print one table per commune that has conflicts: both areas, what has moved, the reason."""
    total = 0
    for code, rows in found:
        total += len(rows)
        if rows.empty:
            continue
        table = Table("Correction", "Parc", "Action", title=code)
        for name in ("Vu, m²", "Actuel, m²", "Déplacé"):
            table.add_column(name, justify="right")
        table.add_column("Raison")
        for row in rows.to_dict("records"):
            areas = [_or_blank(row[name], number) for name in ("base_m2", "actuel_m2")]
            moved = _or_blank(row["part_deplacee"], percent)
            named = [row["correction_id"], row["parc_id"] or "", _action(row["action"])]
            _add(table, [*named, *areas, moved, row["raison"]])
        console.print(table)
    console.print(f"{total} conflit(s)", markup=False)


def _action(code: str | None) -> str:
    return DOMAINS["action_correction"].get(code or "", "Action inconnue")


def _or_blank(value: float | None, write: Any) -> str:  # noqa: ANN401 - writes a number
    return "" if value is None else str(write(value))


def _add(table: Table, cells: list[str]) -> None:
    table.add_row(*(Text(str(cell)) for cell in cells))
