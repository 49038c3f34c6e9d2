"""What the law of another day would say: the car parks whose verdict differs, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.export.product import Product
from pipeline.legal_values import Rule, Value
from pipeline.rule_words import value_words
from pipeline.rules import RuleBook
from pipeline.run import Configuration, OnStep, measure_commune

COLUMNS = (
    *("parc_id", "nom", "statut_avant", "statut_apres", "motif_code_avant", "motif_code_apres"),
    *("echeance_avant", "echeance_apres", "situation_avant", "situation_apres"),
    *("regle_id", "article", "cause"),
)
_SAID = {
    "status": "statut",
    "reason_code": "motif_code",
    "due_date": "echeance",
    "due_state": "situation",
}
_MEASURE = "mesure"
_UNEXPLAINED = "Aucune comparaison du raisonnement ne l'explique."
Trace = dict[tuple[str, str, int], Mapping[str, Any]]


@dataclass(frozen=True)
class WhatIf:
    """The verdicts of one commune on two days: `rows` are the parks whose verdict differs."""

    insee_code: str
    name: str
    park_count: int
    rows: pd.DataFrame
    warnings: tuple[str, ...]


def compare_days(
    insee_code: str,
    *,
    data: Path,
    days: tuple[date, date],
    configuration: Configuration,
    on_step: OnStep = lambda _: None,
) -> WhatIf:
    """
    Qualify a commune twice on the same data, under the law of two days; nothing is written.

    Raises
    ------
    PipelineError
        As `measure_commune` does.
    """
    (before, warnings), (after, _) = (
        measure_commune(
            insee_code, data=data, day=day, configuration=configuration, on_step=on_step
        )
        for day in days
    )
    rows = compare(before, after, configuration.rules)
    return WhatIf(insee_code, after.commune_name, len(after.lots), rows, warnings)


def compare(before: Product, after: Product, book: RuleBook) -> pd.DataFrame:
    """
    Return one row per lot whose status, reason, due date or state of the due date differs.

    Parameters
    ----------
    before, after
        The same commune on the same data, under the law of two days.
    book
        Gives the unit of a threshold.

    Returns
    -------
    rows
        `COLUMNS`, by `parc_id`. `regle_id` and `article` are those of the comparison that makes the
        difference; `cause` says it in French. A lot that one product lacks is a row too.
    """
    sides = (_said(before), _said(after))
    traces = (_traces(before.steps), _traces(after.steps))
    names = {**_names(before), **_names(after)}
    rows = []
    for lot in sorted(names):
        old, new = (side.get(lot, {}) for side in sides)
        if old != new:
            cause = _cause(traces[0].get(lot, {}), traces[1].get(lot, {}), book, old, new)
            rows.append({"parc_id": lot, "nom": names[lot], **_beside(old, new), **cause})
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _said(product: Product) -> dict[str, dict[str, str | None]]:
    """Return what each verdict says, missing values as None."""
    return {
        str(row["lot_id"]): {name: _text(row[name]) for name in _SAID}
        for row in product.verdicts.to_dict("records")
    }


def _names(product: Product) -> dict[str, str | None]:
    lots = product.lots
    return {str(lot): _text(name) for lot, name in zip(lots["lot_id"], lots["name"], strict=True)}


def _beside(old: Mapping[str, str | None], new: Mapping[str, str | None]) -> dict[str, str | None]:
    return {
        f"{french}_{side}": said.get(name)
        for name, french in _SAID.items()
        for side, said in (("avant", old), ("apres", new))
    }


def _traces(steps: pd.DataFrame) -> dict[str, Trace]:
    """Return the comparisons of each lot in order, by law, name and occurrence of that name."""
    traces: dict[str, Trace] = {}
    for row in steps.sort_values(["lot_id", "rank"]).to_dict("records"):
        trace = traces.setdefault(str(row["lot_id"]), {})
        seen = 0
        while (str(row["law"]), str(row["step"]), seen) in trace:
            seen += 1
        trace[str(row["law"]), str(row["step"]), seen] = {
            str(name): value if isinstance(value, int) else _text(value)
            for name, value in row.items()
        }
    return traces


@dataclass(frozen=True)
class _Difference:
    """A comparison that the two reasonings do not make alike; one of them may not make it."""

    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None

    @property
    def step(self) -> Mapping[str, Any]:
        """Return the comparison of the later law, else of the earlier one."""
        return self.new if self.new is not None else self.old or {}

    @property
    def is_measure(self) -> bool:
        """Tell whether nothing is compared: an area that counts, or no longer does."""
        return bool(self.step["result"] == _MEASURE)

    @property
    def is_of_law(self) -> bool:
        """Tell whether the law itself differs, and not the value that it judges."""
        if self.old is None or self.new is None:
            return True
        return any(self.old[name] != self.new[name] for name in ("threshold", "comparison"))


def _cause(
    old: Trace,
    new: Trace,
    book: RuleBook,
    said_before: Mapping[str, str | None],
    said_after: Mapping[str, str | None],
) -> dict[str, str | None]:
    """
    Return the rule, the article and the sentence of the comparison that makes the difference.

    It is the first that differs among those that lead to the status, under the law that decides
    if they do; when only the due date moves, the one that holds the new date, or the first that
    differs after the conclusion.
    """
    found = list(_differences(old, new))
    leading = _leading(old) | _leading(new)
    by_status = any(
        said_before.get(name) != said_after.get(name) for name in ("status", "reason_code")
    )
    relevant = [it for it in found if (_key(it) in leading) == by_status]
    if by_status:
        deciding = _deciding(new, said_after)
        relevant = [it for it in relevant if it.step["law"] in deciding] or relevant
    due = said_after.get("due_date")
    if not by_status and due is not None and due != said_before.get("due_date"):
        holding = [it for it in found if due in (it.step["threshold"], it.step["value"])]
        relevant = holding[-1:] or relevant
    first = _first(relevant or (found if by_status else []), found)
    if first is None:
        return {"regle_id": None, "article": None, "cause": _UNEXPLAINED}
    return {
        "regle_id": first.step["rule_id"],
        "article": first.step["article"],
        "cause": _sentence(first, book),
    }


def _first(relevant: list[_Difference], found: list[_Difference]) -> _Difference | None:
    """
    Return the first comparison that differs; a measure only where no comparison does.

    Where the answer alone differs, the areas that the law counts otherwise are the cause.
    """
    if not relevant:
        return None
    first = next((it for it in relevant if not it.is_measure), relevant[0])
    if first.is_of_law or first.step["unit"] == "date":
        return first
    return next((it for it in found if it.is_measure and it.is_of_law), first)


def _differences(old: Trace, new: Trace) -> Iterator[_Difference]:
    """Yield what differs, in the order of the reasoning."""
    ranks = {key: min(t[key]["rank"] for t in (old, new) if key in t) for key in {*old, *new}}
    for key in sorted(ranks, key=lambda key: (ranks[key], key)):
        found = _Difference(old.get(key), new.get(key))
        if found.is_of_law or found.step["result"] != (found.old or {})["result"]:
            yield found


def _key(found: _Difference) -> tuple[str, str]:
    return str(found.step["law"]), str(found.step["step"])


def _leading(trace: Trace) -> set[tuple[str, str]]:
    """Return the comparisons of a trace that lead to a status: up to the conclusion of each law."""
    leading: set[tuple[str, str]] = set()
    concluded: set[str] = set()
    for (law, name, _), step in trace.items():
        if law not in concluded:
            leading.add((law, name))
        if _conclusion(step) is not None:
            concluded.add(law)
    return leading


def _deciding(trace: Trace, said: Mapping[str, str | None]) -> set[str]:
    """Return the laws whose conclusion is the verdict: one of the two, when both are read."""
    verdict = f"{said.get('status')}/{said.get('reason_code')}"
    return {law for (law, _, _), step in trace.items() if _conclusion(step) == verdict}


def _conclusion(step: Mapping[str, Any]) -> str | None:
    answers = {"oui": step["if_true"], "non": step["if_false"]}
    return answers.get(step["result"])


def _sentence(found: _Difference, book: RuleBook) -> str:
    """Say in French what the later law does otherwise."""
    question = f"« {found.step['question']} »"
    by = f" ({found.step['article']})" if found.step["article"] else ""
    if found.old is None:
        return f"{'Mesure' if found.is_measure else 'Comparaison'} nouvelle : {question}{by}."
    if found.new is None:
        return f"{'Mesure' if found.is_measure else 'Comparaison'} abandonnée : {question}{by}."
    if found.is_of_law:
        old, new = (_threshold(step, book) for step in (found.old, found.new))
        return f"Le seuil passe de {old} à {new} : {question}{by}."
    answers = f"de « {found.old['result']} » à « {found.new['result']} »"
    return f"La réponse passe {answers} : {question}{by}."


def _threshold(step: Mapping[str, Any], book: RuleBook) -> str:
    """Write a threshold as a reader says it; as the trace does where no rule gives its unit."""
    rules: dict[str, Rule] = {rule.id: rule for rule in book.rules}
    rule = rules.get(str(step["rule_id"]))
    threshold = step["threshold"]
    if threshold is None:
        return "« non établi »"
    if rule is None or rule.unit != step["unit"]:
        parts = (step["comparison"], threshold)
        return f"« {' '.join(part for part in parts if part)} »"
    return f"« {value_words(rule, _read(threshold, rule))} »"


def _read(threshold: str, rule: Rule) -> Value:
    if rule.unit == "date":
        return date.fromisoformat(threshold)
    return threshold if rule.unit == "texte" else float(threshold)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
