"""When a subject park is due: by size, by contract, delayed by the prefect, deferred on proof."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipeline.obligation.facts import Facts
from pipeline.obligation.law import YES, Law, yes_or_no
from pipeline.obligation.trace import EQUAL, Step
from pipeline.obligation.wording import day as in_words

DeferralState = Literal["a_justifier", "justifie", "ecarte"]


@dataclass(frozen=True)
class Deadline:
    """
    Due date of a park and what may move it.

    `other`: another due date that the facts allow. `deferred`: until when a deferral leads, if its
    conditions are proven; missing when no text grants one or a condition has failed. `state`: where
    the due date stands on the day of the law; the day itself counts as past. `conditions`: French.
    """

    due: date
    other: date | None
    deferred: date | None
    deferral: DeferralState | None
    conditions: str | None
    state: str
    steps: tuple[Step, ...]


def deadline(facts: Facts, law: Law, other_area_m2: float | None) -> Deadline:
    """
    Return when a subject park is due.

    Parameters
    ----------
    facts
        Measures of the park, and the dates of its file.
    other_area_m2
        An area that the facts allow and that gives another due date by size.

    References
    ----------
    Loi n° 2023-175, art. 40, III ; loi n° 2023-973, art. 23 ; loi n° 2025-1129, art. 8.
    """
    due, other = _agreed(facts, law, other_area_m2)
    end = law.value(f"APER40.report_{law.size(facts.area.central)}")
    later = end if isinstance(end, date) and end > due else None
    steps = [] if later is None else list(deferral_steps(facts, law))
    deferral = _state_of(steps) if steps else None
    if deferral == "a_justifier" and later is not None and law.day >= later:
        deferral = None  # too late to be of use: the trace says so
    deferred = later if deferral in {"a_justifier", "justifie"} else None
    return Deadline(
        due=due,
        other=other,
        deferred=deferred,
        deferral=deferral,
        conditions=_conditions(steps) if deferral == "a_justifier" else None,
        state=_situation(law.day, due, deferred, is_proven=deferral == "justifie"),
        steps=(*_due_steps(facts, law, due), *steps),
    )


def _agreed(facts: Facts, law: Law, other_area_m2: float | None) -> tuple[date, date | None]:
    """Return the due date and another possible one, both after any delay of the prefect."""
    due = law.due_date(facts.area.central)
    other = None if other_area_m2 is None else law.due_date(other_area_m2)
    file = facts.dossier
    if file.is_concession:
        first, last = (
            law.day_of("APER40.concession_au_plus_tot"),
            law.day_of("APER40.concession_au_plus_tard"),
        )
        if file.contract_on is None:  # at the latest the last one, perhaps the first
            due, other = last, first
        else:
            due, other = min(max(file.contract_on, first), last), None
    if file.extended_to is not None:
        due = max(due, file.extended_to)
        other = None if other is None else max(other, file.extended_to)
        other = None if other == due else other
    return due, other


def deferral_steps(facts: Facts, law: Law) -> Iterator[Step]:
    """Yield the conditions of the deferral that a park may prove; a concession has none."""
    size, file = law.size(facts.area.central), facts.dossier
    rule_id = f"APER40.report_{size}"
    if law.value(rule_id) is None or file.is_concession:
        return
    yield law.step_on_day("report_terme", "Le report peut-il encore courir ?", rule_id)
    yield law.step(
        "report_acompte",
        "Le contrat d'engagement avec acompte est-il conclu à temps ?",
        f"{rule_id}_acompte",
        file.deposit_on,
    )
    yield law.step(
        "report_commande",
        "Le bon de commande est-il passé à temps ?",
        f"{rule_id}_commande",
        file.order_on,
    )
    yield Step(
        step="report_panneaux",
        question="Les panneaux répondent-ils aux critères de performance ?",
        value=yes_or_no(file.has_efficient_panels),
        article=law.cite(rule_id),
        unit="texte",
        comparison=EQUAL,
        threshold=YES,
    )


def _state_of(steps: list[Step]) -> DeferralState:
    results = {step.result for step in steps if step.step != "report_terme"}
    if "non" in results:
        return "ecarte"
    return "justifie" if results == {"oui"} else "a_justifier"


def _conditions(steps: list[Step]) -> str:
    """Say in French what is still to be proven."""
    return " ; ".join(_condition(step) for step in steps if step.result == "inconnu")


def _condition(step: Step) -> str:
    word = "avant" if step.comparison == "<" else "au plus tard"
    by = f" {word} le {in_words(step.threshold)}" if isinstance(step.threshold, date) else ""
    return {
        "report_acompte": f"contrat d'engagement avec acompte{by or ' (date limite à confirmer)'}",
        "report_commande": f"bon de commande{by or ' (date limite à confirmer)'}",
        "report_panneaux": "panneaux répondant aux critères de performance",
    }[step.step]


def _situation(today: date, due: date, deferred: date | None, *, is_proven: bool) -> str:
    """Say where the due date stands. Never an infringement."""
    if today < due or (is_proven and deferred is not None and today < deferred):
        return "a_venir"
    if deferred is not None and not is_proven and today < deferred:
        return "echue_report_a_justifier"
    return "echue"


def _due_steps(facts: Facts, law: Law, due: date) -> Iterator[Step]:
    rule = law.rule(f"APER40.echeance_{law.size(facts.area.central)}")
    if facts.dossier.is_concession:
        rule = law.rule("APER40.concession_au_plus_tot")
        yield from _contract_steps(facts.dossier.contract_on, law)
    if facts.dossier.extended_to is not None:
        yield Step(
            "delai", "Nouvelle échéance accordée par le préfet", facts.dossier.extended_to,
            law.cite(rule.id), None, "date",
        )  # fmt: skip
    yield Step(
        step="echeance",
        question="L'échéance est-elle encore à venir ?",
        value=law.day,
        article=law.cite(rule.id),
        rule_id=rule.id if due == law.value(rule.id) else None,
        unit="date",
        comparison="<",
        threshold=due,
    )


def _contract_steps(contract_on: date | None, law: Law) -> Iterator[Step]:
    """Yield the day of the contract against the two days that bound the due date."""
    for rule_id, question, comparison in (
        ("APER40.concession_au_plus_tot", "Le contrat est-il conclu après la borne basse ?", "≥"),
        ("APER40.concession_au_plus_tard", "Le contrat est-il conclu avant la borne haute ?", "≤"),
    ):
        rule = law.rule(rule_id)
        yield Step(
            "contrat", question, contract_on, law.cite(rule.id), rule.id, "date", comparison,
            law.value(rule_id),
        )  # fmt: skip
