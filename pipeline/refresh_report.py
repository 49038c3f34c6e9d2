"""What a refresh says: its plan, its end, one JSON document for scripts."""

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commune_task import Outcome
from pipeline.export.product import product_path
from pipeline.region import Refreshed
from pipeline.region_plan import Plan

_SHOWN_CODES = 8


def print_plan(plan: Plan, console: Console) -> None:
    """Print how many communes will be made, grouped by reason."""
    groups: dict[str, list[str]] = {}
    for task in plan.tasks:
        groups.setdefault(" ; ".join(task.reasons), []).append(task.insee_code)
    table = Table("Raison", title="À traiter", title_justify="left")
    table.add_column("communes", justify="right")
    table.add_column("lesquelles", overflow="fold")
    for reason, codes in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        more = f", … ({len(codes) - _SHOWN_CODES} autres)" if len(codes) > _SHOWN_CODES else ""
        table.add_row(Text(reason), str(len(codes)), ", ".join(sorted(codes)[:_SHOWN_CODES]) + more)
    if plan.tasks:
        console.print(table)
    console.print(said_plan(plan))


def said_plan(plan: Plan) -> str:
    """Say a plan in one line."""
    return f"{len(plan.tasks)} commune(s) à traiter, {len(plan.unchanged)} inchangée(s)"


def plan_document(plan: Plan, out: Path) -> dict[str, Any]:
    """Return a plan as a JSON document."""
    return {
        "a_traiter": len(plan.tasks),
        "inchangees": len(plan.unchanged),
        "communes": [
            *(_entry(code, out, "inchangee") for code in plan.unchanged),
            *(
                _entry(task.insee_code, out, "a_traiter") | {"raisons": list(task.reasons)}
                for task in sorted(plan.tasks, key=lambda task: task.insee_code)
            ),
        ],
    }


def print_refreshed(done: Refreshed, console: Console) -> None:
    """Print what a refresh did, in three lines; each failure was told as it came."""
    failed = len(done.failed)
    parks: Counter[str] = Counter()
    for outcome in done.outcomes.values():
        parks.update(outcome.summary.get("parcs", {}))
    console.print(
        f"{len(done.outcomes) - failed} commune(s) traitée(s), {len(done.plan.unchanged)}"
        f" inchangée(s), {failed} en échec"
    )
    if parks:
        told = ", ".join(f"{count} {status}" for status, count in sorted(parks.items()))
        console.print(f"Parcs des communes traitées : {told}", soft_wrap=True)
    for path in done.written:
        console.print(f"Écrit : {path}", markup=False, soft_wrap=True)
    if failed:
        console.print(f"En échec : {', '.join(done.failed)}", soft_wrap=True)


def refreshed_document(done: Refreshed, out: Path) -> dict[str, Any]:
    """Return what a refresh did as a JSON document, one entry per commune asked for."""
    shared = _shared(done.outcomes.values())
    reasons = {task.insee_code: list(task.reasons) for task in done.plan.tasks}
    entries = [_entry(code, out, "inchangee") for code in done.plan.unchanged]
    for code, outcome in done.outcomes.items():
        state = "faite" if outcome.error is None else "echec"
        entries.append(
            _entry(code, out, state) | {"raisons": reasons[code]} | _facts(outcome, shared)
        )
    peaks = [it.peak_mb for it in done.outcomes.values() if it.peak_mb is not None]
    return {
        "faites": len(done.outcomes) - len(done.failed),
        "inchangees": len(done.plan.unchanged),
        "echecs": len(done.failed),
        "moteur": done.said,
        "memoire_max_mio": round(max(peaks)) if peaks else None,
        "avertissements": sorted(shared),
        "fichiers": [str(path) for path in done.written],
        "communes": sorted(entries, key=lambda entry: str(entry["insee"])),
    }


def _entry(code: str, out: Path, state: str) -> dict[str, Any]:
    return {
        "insee": code,
        "etat": state,
        "fichier": str(product_path(out, code)),
    }


def _shared(outcomes: Collection[Outcome]) -> frozenset[str]:
    """Return what every commune that was made says, such as a missing source: told once."""
    said = [frozenset(outcome.warnings) for outcome in outcomes if outcome.error is None]
    return frozenset.intersection(*said) if said else frozenset()


def _facts(outcome: Outcome, shared: frozenset[str]) -> dict[str, Any]:
    return {
        "regles_au": outcome.as_of.isoformat() if outcome.as_of else None,
        "parcs": dict(outcome.summary.get("parcs", {})),
        "secondes": round(outcome.seconds, 3),
        "erreur": outcome.error,
        "avertissements": [said for said in outcome.warnings if said not in shared],
    }
