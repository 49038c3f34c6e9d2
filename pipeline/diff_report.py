"""What `parzan diff` shows: a table by commune with a total, the changes, or a JSON document."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.diff import CommuneDiff, Side, Standing
from pipeline.export.domains import DOMAINS, cause_words
from pipeline.schemas import CHANGE_CAUSES, CHANGE_KINDS

_KINDS, _CAUSES = DOMAINS["nature_changement"], DOMAINS["cause_changement"]
_MOST_SHOWN = 60


def diff_document(found: CommuneDiff) -> dict[str, Any]:
    """Return the changes of a commune as a JSON document."""
    rows = found.entries.rename(columns={"lot_id": "parc_id"}).astype(object)
    rows = rows.where(rows.notna(), None)
    return {
        "insee": found.insee_code,
        "nom": found.name,
        "avant": _side_document(found.old),
        "apres": _side_document(found.new),
        "nombres": counts(found),
        "changements": [
            {
                "parc_id": row["parc_id"],
                "nom": row["name"],
                "nature": row["kind"],
                "avant": row["before"],
                "apres": row["after"],
                "causes": row["causes"].split(";"),
                "detail": row["detail"],
            }
            for row in rows.to_dict("records")
        ],
        "retouches": {lot: list(columns) for lot, columns in found.retouched.items()},
    }


def _side_document(side: Standing) -> dict[str, Any]:
    return {
        "etat_au": side.day.isoformat(),
        "regles_au": side.rules_as_of.isoformat(),
        "parcs": side.parks,
    }


def counts(found: CommuneDiff) -> dict[str, int]:
    """Return how many changes of each kind a commune has."""
    kinds = Counter(found.entries["kind"])
    return {kind: kinds[kind] for kind in CHANGE_KINDS}


def print_diff(found: Sequence[CommuneDiff], old: Side, new: Side, console: Console) -> None:
    """Print the communes that changed, the total, and the changes when they are few."""
    title = f"{_side_words(old)} → {_side_words(new)}"
    changed = [item for item in found if len(item.entries) or item.retouched]
    if changed:
        console.print(_table(changed, title))
        _print_entries(changed, console)
    total = sum(len(item.entries) for item in found)
    others = sum(len(item.retouched) for item in found)
    console.print(
        f"{title} : {total} changement(s) dans {len(changed)} commune(s) sur {len(found)} ;"
        f" {others} autre(s) parc(s) retouché(s) sans rien à signaler.",
        markup=False,
        soft_wrap=True,
    )


def _side_words(side: Side) -> str:
    return f"État au {side:%d/%m/%Y}" if isinstance(side, date) else str(side)


def _table(changed: Sequence[CommuneDiff], title: str) -> Table:
    table = Table(title=title, title_justify="left", show_footer=True)
    kinds: Counter[str] = Counter()
    for item in changed:
        kinds.update(counts(item))
    table.add_column("Commune", footer="Total", overflow="fold")
    table.add_column("Nb", footer=str(kinds.total()), justify="right")
    table.add_column("Changements", footer=_numbers(kinds), overflow="fold")
    table.add_column("Causes", overflow="fold")
    table.add_column("Retouches", footer=str(sum(len(it.retouched) for it in changed)))
    for item in changed:
        causes = set(";".join(item.entries["causes"]).split(";"))
        table.add_row(
            Text(f"{item.name} ({item.insee_code})"),
            str(len(item.entries)),
            _numbers(counts(item)),
            "\n".join(_CAUSES[cause] for cause in CHANGE_CAUSES if cause in causes),
            str(len(item.retouched) or ""),
        )
    return table


def _numbers(found: Mapping[str, int]) -> str:
    return "\n".join(f"{_KINDS[kind]} : {found[kind]}" for kind in CHANGE_KINDS if found[kind])


def _print_entries(changed: Sequence[CommuneDiff], console: Console) -> None:
    total = sum(len(item.entries) for item in changed)
    if total > _MOST_SHOWN:
        console.print(f"{total} changements : --json, ou --digest, les donne tous.")
        return
    for item in changed:
        for row in item.entries.to_dict("records"):
            parts = (row["name"], row["lot_id"])
            known = ", ".join(part for part in parts if isinstance(part, str))
            park = known or item.name
            line = f"- {park} : {row['detail']} [{cause_words(row['causes'])}]"
            console.print(line, markup=False, highlight=False)
