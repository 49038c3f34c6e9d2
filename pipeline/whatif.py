"""What the law of another day would say: the car parks whose verdict differs, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from pipeline.car_parks import OnStep, measure_commune
from pipeline.configuration import Configuration
from pipeline.export.product import Product
from pipeline.obligation.trace import Step
from pipeline.rule_words import value_words, written
from pipeline.rules import RuleBook

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
_UNEXPLAINED = "Aucune comparaison du raisonnement ne l'explique."
# Law, name of the comparison, occurrence of that name.
Key = tuple[str, str, int]
Trace = dict[Key, Step]


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
        step = Step.from_row({str(name): value for name, value in row.items()})
        trace[str(row["law"]), step.step, seen] = step
    return traces


@dataclass(frozen=True)
class _Difference:
    """A comparison that the two reasonings do not make alike; one of them may not make it."""

    law: str
    step: Step  # that of the later law, else of the earlier one
    before: Step | None
    after: Step | None

    @property
    def name(self) -> tuple[str, str]:
        """Return what names the comparison, whatever its occurrence."""
        return self.law, self.step.step

    @property
    def is_measure(self) -> bool:
        """Tell whether nothing is compared: an area that counts, or no longer does."""
        return self.step.result == "mesure"

    @property
    def is_of_law(self) -> bool:
        """Tell whether the law itself differs, and not the value that it judges."""
        if self.before is None or self.after is None:
            return True
        old, new = self.before, self.after
        return (old.threshold, old.comparison) != (new.threshold, new.comparison)


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
    if they do; under a law that only one of the days reads, all differ, and it is the one that
    concludes. When only the due date moves, it is the one that holds the new date, or the first
    that differs after the conclusion.
    """
    found = list(_differences(old, new))
    leading = _leading(old) | _leading(new)
    by_status = any(
        said_before.get(name) != said_after.get(name) for name in ("status", "reason_code")
    )
    relevant = [it for it in found if (it.name in leading) == by_status]
    if by_status:
        deciding, in_both = _deciding(new, said_after), _laws(old) & _laws(new)
        relevant = [it for it in relevant if it.law in deciding] or relevant
        telling = [it for it in relevant if it.law in in_both or it.step.conclusion is not None]
        relevant = telling or relevant
    due = said_after.get("due_date")
    if not by_status and due is not None and due != said_before.get("due_date"):
        day = date.fromisoformat(due)
        holding = [it for it in found if day in (it.step.threshold, it.step.value)]
        relevant = holding[-1:] or relevant
    first = _first(relevant or (found if by_status else []), found)
    if first is None:
        return {"regle_id": None, "article": None, "cause": _UNEXPLAINED}
    return {
        "regle_id": first.step.rule_id,
        "article": first.step.article,
        "cause": _sentence(first, book),
    }


def _first(relevant: list[_Difference], found: list[_Difference]) -> _Difference | None:
    """
    Return the first comparison that differs; a measure only where no comparison does.

    Where the answer on a figure alone differs, the areas that the law counts otherwise are the
    cause; a day or a word (is a threshold known?) speaks for itself.
    """
    if not relevant:
        return None
    first = next((it for it in relevant if not it.is_measure), relevant[0])
    if first.is_of_law or first.step.unit in {"date", "texte"}:
        return first
    return next((it for it in found if it.is_measure and it.is_of_law), first)


def _differences(old: Trace, new: Trace) -> Iterator[_Difference]:
    """Yield what differs, in the order of the reasoning."""
    places: dict[Key, int] = {}
    for trace in (old, new):
        for place, key in enumerate(trace):
            places[key] = min(place, places.get(key, place))
    for key in sorted(places, key=lambda key: (places[key], key)):
        before, after = old.get(key), new.get(key)
        found = _Difference(key[0], new[key] if key in new else old[key], before, after)
        results = {step.result for step in (before, after) if step is not None}
        if found.is_of_law or len(results) > 1:
            yield found


def _leading(trace: Trace) -> set[tuple[str, str]]:
    """Return the comparisons of a trace that lead to a status: up to the conclusion of each law."""
    leading: set[tuple[str, str]] = set()
    concluded: set[str] = set()
    for (law, name, _), step in trace.items():
        if law not in concluded:
            leading.add((law, name))
        if step.conclusion is not None:
            concluded.add(law)
    return leading


def _laws(trace: Trace) -> set[str]:
    return {law for law, _, _ in trace}


def _deciding(trace: Trace, said: Mapping[str, str | None]) -> set[str]:
    """Return the laws whose conclusion is the verdict: one of the two, when both are read."""
    verdict = f"{said.get('status')}/{said.get('reason_code')}"
    return {law for (law, _, _), step in trace.items() if str(step.conclusion) == verdict}


def _sentence(found: _Difference, book: RuleBook) -> str:
    """Say in French what the later law does otherwise."""
    question = f"« {found.step.question} »"
    by = f" ({found.step.article})" if found.step.article else ""
    kind = "Mesure" if found.is_measure else "Comparaison"
    if found.before is None:
        return f"{kind} nouvelle : {question}{by}."
    if found.after is None:
        return f"{kind} abandonnée : {question}{by}."
    if found.is_of_law:
        old, new = (_threshold(step, book) for step in (found.before, found.after))
        return f"Le seuil passe de {old} à {new} : {question}{by}."
    answers = f"de « {found.before.result} » à « {found.after.result} »"
    return f"La réponse passe {answers} : {question}{by}."


def _threshold(step: Step, book: RuleBook) -> str:
    """Write a threshold as a reader says it; as the trace does where no rule gives its unit."""
    rule = next((rule for rule in book.rules if rule.id == step.rule_id), None)
    if step.threshold is None:
        return "« non établi »"
    if rule is None or rule.unit != step.unit:
        parts = (step.comparison, written(step.threshold))
        return f"« {' '.join(part for part in parts if part)} »"
    return f"« {value_words(rule, step.threshold)} »"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
