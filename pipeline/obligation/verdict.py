"""The verdict on one car park: a pure function of its facts and of the law on a day."""

from dataclasses import dataclass, replace
from datetime import date

from pipeline.assumption_groups import PleaAssumptions
from pipeline.obligation import article40, new_parks
from pipeline.obligation.deadlines import deadline
from pipeline.obligation.doubts import Doubt
from pipeline.obligation.equipment import equipment
from pipeline.obligation.facts import Facts
from pipeline.obligation.law import Law, measure
from pipeline.obligation.new_parks import Duties, duties
from pipeline.obligation.pleas import Plea, find_pleas, possible_codes
from pipeline.obligation.regime import Situation, situation
from pipeline.obligation.sentences import (
    Account,
    exempt_sentence,
    new_park_sentence,
    not_subject_sentence,
    out_of_scope_sentence,
    subject_sentence,
    to_check_sentence,
)
from pipeline.obligation.trace import Conclusion, Step, first_conclusion
from pipeline.obligation.wording import NOT_A_DECISION, sentence

# What decides when two texts reach one park: the stronger asks first.
_STRENGTH = ("hors_champ", "assujetti", "a_verifier", "exonere", "non_assujetti")


@dataclass(frozen=True)
class Decision:
    """
    Verdict on one car park; texts in French, areas in m², penalties in euros a year.

    `steps` holds (law, step) in order: read again, they give the same status and reason code.
    """

    status: str
    reason_code: str
    reason: str
    regime: str
    situation: str
    regime_is_presumed: bool
    articles: str
    steps: tuple[tuple[str, Step], ...]
    pleas: tuple[Plea, ...]
    question: str | None = None
    how_to_settle: str | None = None
    due_date: date | None = None
    other_due_date: date | None = None
    deferred_due_date: date | None = None
    deferral_state: str | None = None
    deferral_conditions: str | None = None
    due_state: str | None = None
    penalty_cap_eur: float | None = None
    other_penalty_cap_eur: float | None = None
    area_to_cover_m2: float | None = None
    mixed_canopy_min_m2: float | None = None
    rainwater_to_treat_m2: float | None = None
    shade_to_provide_m2: float | None = None
    debtor: str | None = None
    possible_derogations: str | None = None
    required_tree_count: int | None = None
    equipment: str | None = None


def replay(steps: tuple[tuple[str, Step], ...]) -> Conclusion | None:
    """Return the verdict that the comparisons of a trace give, each made again."""
    by_law: dict[str, list[Step]] = {}
    for law, step in steps:
        by_law.setdefault(law, []).append(step)
    return strongest([first_conclusion(found) for found in by_law.values()])


def strongest(conclusions: list[Conclusion | None]) -> Conclusion | None:
    """Return the conclusion that decides; the first law wins a tie."""
    reached = [item for item in conclusions if item is not None]
    return min(reached, key=lambda item: _STRENGTH.index(item.status)) if reached else None


def decide(facts: Facts, law: Law, assumptions: PleaAssumptions) -> Decision:
    """
    Say what the law asks of a car park on a day: article 40, and L. 111-19-1 where it is reached.

    A park may fall under both: the stronger verdict is the park's, the other is told, and penalties
    do not add up. Exemptions, doubts and due dates: `article40.reasoning`, `deadlines.deadline`.

    Parameters
    ----------
    facts
        Measures of the park with intervals, and its file.
    law
        Values in force on the day, in the commune of the park.
    assumptions
        From which measure a fact lets the owner plead.

    References
    ----------
    Loi n° 2023-175 du 10 mars 2023, art. 40 ; décret n° 2024-1023 ; CU, art. L. 111-19-1.
    """
    known = replace(facts, dossier=facts.dossier.known_on(law.day))
    steps, doubts = article40.reasoning(known, law)
    main = _reached(steps)
    age = situation(known, law)
    if main.status == "hors_champ":
        return _out_of_scope(known, law, steps, main)
    second = _second(known, law, age) if age.opens_new_branch else None
    pleas = find_pleas(known, law, assumptions, main)
    account = _account(known, law, age, main, doubts, pleas)
    return _combined(account, steps, second)


@dataclass(frozen=True)
class _Second:
    """What L. 111-19-1 gives: its comparisons, its open question, what is to be provided."""

    law: Law
    steps: tuple[Step, ...]
    doubt: Doubt | None
    duties: Duties

    @property
    def conclusion(self) -> Conclusion:
        return _reached(self.steps)

    @property
    def traced(self) -> tuple[Step, ...]:
        is_due = self.conclusion.status == "assujetti"
        return (*self.steps, *(new_parks.consequences(self.law, self.duties) if is_due else ()))


def _reached(steps: tuple[Step, ...]) -> Conclusion:
    found = first_conclusion(steps)
    if found is None:  # pragma: no cover - a reasoning always ends on a conclusion
        msg = "a reasoning without conclusion"
        raise AssertionError(msg)
    return found


def _second(facts: Facts, law: Law, age: Situation) -> _Second:
    """Judge a park that positive evidence opens to L. 111-19-1, by the text of its own day."""
    then = law if age.trigger_on is None else replace(law, day=min(age.trigger_on, law.day))
    steps, doubt = new_parks.reasoning(facts, then, age)
    return _Second(then, steps, doubt, duties(facts, then))


def _account(
    facts: Facts,
    law: Law,
    age: Situation,
    main: Conclusion,
    doubts: tuple[Doubt, ...],
    pleas: tuple[Plea, ...],
) -> Account:
    """Gather what the sentences of article 40 say."""
    may_be_due = main.status in {"assujetti", "a_verifier"} and law.has_threshold
    other = other_size(facts, law) if may_be_due else None
    due = deadline(facts, law, other) if may_be_due else None
    found = equipment(facts, law) if may_be_due else None
    return Account(facts, law, age, main, doubts, pleas, due, found, other)


def _combined(account: Account, steps: tuple[Step, ...], second: _Second | None) -> Decision:
    """Let the stronger of the two texts decide, and tell what each of them asks."""
    main, age = account.conclusion, account.age
    found = strongest([main, None if second is None else second.conclusion]) or main
    both = second is not None and second.conclusion.status == main.status == "assujetti"
    new_decides = second is not None and (both or found == second.conclusion)
    doubts = [*account.doubts]
    if second is not None and second.doubt is not None:
        doubts.append(second.doubt)
    traced = [(article40.NAME, step) for step in (*steps, *_consequences(account))]
    traced += [(new_parks.NAME, step) for step in (() if second is None else second.traced)]
    decision = Decision(
        status=found.status,
        reason_code=found.code,
        reason=_reason(account, second),
        regime="neuf_500" if new_decides else _regime(age),
        situation=age.kind,
        regime_is_presumed=age.is_presumed,
        articles=_articles(traced),
        steps=tuple(traced),
        pleas=account.pleas,
        question=" ; ".join(doubt.question for doubt in doubts) or None,
        how_to_settle=" ; ".join(doubt.how_to_settle for doubt in doubts) or None,
        possible_derogations=_possible(found, account),
    )
    decision = _with_article40(decision, account)
    return decision if second is None else _with_second(decision, second, account)


def _regime(age: Situation) -> str:
    return "inconnu" if age.kind == "inconnu" else "existant_1500"


def _possible(found: Conclusion, account: Account) -> str | None:
    return possible_codes(account.pleas) if found.status in {"assujetti", "a_verifier"} else None


def _with_article40(decision: Decision, account: Account) -> Decision:
    """Add what article 40 asks of a park that it makes subject, or may."""
    facts, law, due = account.facts, account.law, account.deadline
    if due is None:
        return decision
    area = facts.area.central
    trees = law.required_trees(facts.spaces.central)
    if account.conclusion.status != "assujetti":
        state = None if account.equipment is None else account.equipment.state
        return replace(
            decision, required_tree_count=trees, debtor=_debtor(facts, law), equipment=state
        )
    other = account.other_area_m2
    return replace(
        decision,
        due_date=due.due,
        other_due_date=due.other,
        deferred_due_date=due.deferred,
        deferral_state=due.deferral,
        deferral_conditions=due.conditions,
        due_state=due.state,
        penalty_cap_eur=law.penalty_cap(area),
        other_penalty_cap_eur=None if other is None else law.penalty_cap(other),
        area_to_cover_m2=law.area_to_cover(area),
        mixed_canopy_min_m2=law.mixed_canopy_min(area),
        debtor=_debtor(facts, law),
        required_tree_count=trees,
        equipment=None if account.equipment is None else account.equipment.state,
    )


def _with_second(decision: Decision, second: _Second, account: Account) -> Decision:
    """Add what L. 111-19-1 asks; it is due with the park itself, article 40 on its own day."""
    if second.conclusion.status != "assujetti" or account.age.trigger_on is None:
        return decision
    own_state = _own_state(account.facts, account.age.trigger_on, account.law.day)
    return replace(
        decision,
        due_date=decision.due_date or account.age.trigger_on,
        due_state=decision.due_state if decision.due_date else own_state,
        rainwater_to_treat_m2=second.duties.rainwater_to_treat_m2,
        shade_to_provide_m2=second.duties.shade_to_provide_m2,
        required_tree_count=decision.required_tree_count or second.duties.trees,
    )


def _own_state(facts: Facts, trigger_on: date, today: date) -> str | None:
    """
    Say where the duties of L. 111-19-1 stand; missing while nothing shows the park.

    A source that shows the park since then, or that is undated, shows it; so do works, and a
    contract (the park stood already). A request alone makes nothing due yet.
    """
    if today < trigger_on:
        return "a_venir"
    file = facts.dossier
    seen = facts.first_seen is None or facts.first_seen >= trigger_on
    worked = any(item.done_on >= trigger_on for item in file.works)
    return "echue" if seen or worked or file.contract_on == trigger_on else None


def _debtor(facts: Facts, law: Law) -> str:
    suffix = "_concession" if facts.dossier.is_concession else ""
    return law.words(f"APER40.debiteur{suffix}")


def other_size(facts: Facts, law: Law) -> float | None:
    """
    Return an area that the facts allow and that gives another due date, if there is one.

    Either end of the interval may; so may the largest piece, where only a join makes the park
    large.
    """
    due = law.due_date(facts.area.central)
    possible = [facts.area.low, facts.area.high]
    if facts.joined_by is not None:
        possible.append(facts.largest_piece_m2)
    return next(
        (area for area in possible if law.exceeds_threshold(area) and law.due_date(area) != due),
        None,
    )


def _consequences(account: Account) -> list[Step]:
    """Return what follows for a subject park: size, due date, area to cover, ceiling."""
    if account.conclusion.status != "assujetti" or account.deadline is None:
        return []
    law, area, large = account.law, account.facts.area.central, "APER40.seuil_grand"
    cap = f"APER40.sanction_{law.size(area)}"
    figures = [
        ("a_couvrir", "Superficie d'ombrières à couvrir", "APER40.part", law.area_to_cover(area)),
        ("sanction", "Plafond de la sanction annuelle", cap, law.penalty_cap(area)),
    ]
    mixed = law.mixed_canopy_min(area)
    if mixed is not None:
        question = "Ombrières, au moins, quand des arbres font le reste"
        figures.append(("mixte", question, "APER40.part_ombrieres_mixte", mixed))
    return [
        law.step("taille", "Le parc relève-t-il de la première échéance ?", large, area),
        *account.deadline.steps,
        *(() if account.equipment is None else account.equipment.steps),
        *(_figure(law, *figure) for figure in figures),
    ]


def _figure(law: Law, name: str, question: str, rule_id: str, value: float) -> Step:
    rule = law.rule(rule_id)
    unit = "m2" if rule.unit == "/1" else rule.unit
    return replace(measure(name, question, value, unit, law.cite(rule_id)), rule_id=rule.id)


def _articles(traced: list[tuple[str, Step]]) -> str:
    """Return the articles of the comparisons made, each once, in their order."""
    cited = (part for _, step in traced if step.article for part in step.article.split(" ; "))
    return " ; ".join(dict.fromkeys(cited))


def _out_of_scope(facts: Facts, law: Law, steps: tuple[Step, ...], main: Conclusion) -> Decision:
    traced = [(article40.NAME, step) for step in steps]
    return Decision(
        status=main.status,
        reason_code=main.code,
        reason=sentence(out_of_scope_sentence(facts, law), NOT_A_DECISION),
        regime="aucun",
        situation="aucun",
        regime_is_presumed=False,
        articles=_articles(traced),
        steps=tuple(traced),
        pleas=(),
    )


def _reason(account: Account, second: _Second | None) -> str:
    """Write the verdict of article 40, then what L. 111-19-1 adds, then what it is worth."""
    say = {
        "assujetti": subject_sentence,
        "non_assujetti": not_subject_sentence,
        "exonere": exempt_sentence,
        "a_verifier": to_check_sentence,
    }[account.conclusion.status]
    other = ""
    if second is not None:
        other = new_park_sentence(
            account, second.law, second.conclusion, second.doubt, second.duties
        )
    return sentence(say(account), other, NOT_A_DECISION)
