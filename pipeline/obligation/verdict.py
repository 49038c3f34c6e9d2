"""The verdict on one car park: a pure function of its facts and of the law on a day."""

from dataclasses import dataclass
from datetime import date

from pipeline.french import number
from pipeline.obligation.article40 import Article40
from pipeline.obligation.doubts import Doubt, area_doubts, protection_doubts, tree_doubts
from pipeline.obligation.facts import Facts, Status
from pipeline.obligation.wording import (
    NOT_A_DECISION,
    OTHER_LAW,
    day,
    estimate,
    euros,
    sentence,
    square_metres,
)

_ARTICLE = "art. 40, loi n° 2023-175"


@dataclass(frozen=True)
class Decision:
    """Verdict on one car park; texts in French, areas in m², penalties in euros a year."""

    status: Status
    reason_code: str
    reason: str
    question: str | None = None
    how_to_settle: str | None = None
    due_date: date | None = None
    other_due_date: date | None = None
    due_state: str | None = None
    penalty_cap_eur: float | None = None
    other_penalty_cap_eur: float | None = None
    area_to_cover_m2: float | None = None
    possible_derogations: str | None = None
    required_tree_count: int | None = None
    priority: int | None = None


def decide(facts: Facts, law: Article40, insee_code: str) -> Decision:
    """
    Say what article 40 asks of a car park.

    In this order: out of scope; not subject (the whole interval at or below the threshold); exempt
    (wholly inside an automatic perimeter, or a tree test passed on its low bound); to be checked
    (a measured fact could flip the verdict); subject. An exemption supposes an obligation: a park
    that the threshold leaves out is `non_assujetti` wherever it lies.

    Parameters
    ----------
    facts
        Measures of the park, with intervals.
    law
        Values in force on the day of the run.
    insee_code
        Commune of the park: some overseas départements have a threshold of their own.

    References
    ----------
    Loi n° 2023-175 du 10 mars 2023, art. 40 ; décret n° 2024-1023, art. 1er à 5.
    """
    if facts.out_of_scope:
        return _out_of_scope(facts)
    if law.has_adapted_threshold(insee_code):
        return _to_check(facts, law, [_ADAPTED_THRESHOLD])
    if facts.outline_known and not law.exceeds_threshold(facts.area.high):
        return _not_subject(facts, law)
    exemption = _exemption(facts, law)
    if exemption:
        return exemption
    doubts = [
        *area_doubts(facts, law),
        *protection_doubts(facts, law),
        *tree_doubts(facts, law),
    ]
    return _to_check(facts, law, doubts) if doubts else _subject(facts, law)


_ADAPTED_THRESHOLD = Doubt(
    "seuil_outre_mer",
    "le seuil adapté à ce département d'outre-mer n'est pas encodé",
    "Quel est le seuil applicable dans ce département ?",
    "Décret n° 2025-802 du 11 août 2025",
)


def _out_of_scope(facts: Facts) -> Decision:
    return Decision(
        status="hors_champ",
        reason_code="hors_champ",
        reason=sentence(
            f"Hors du champ de l'article 40 (loi n° 2023-175) : {facts.out_of_scope}.",
            "Seuls les parcs extérieurs, non intégrés à un bâtiment et hors voie publique, sont",
            "visés (décret n° 2024-1023, art. 1er).",
            NOT_A_DECISION,
        ),
    )


def _not_subject(facts: Facts, law: Article40) -> Decision:
    return Decision(
        status="non_assujetti",
        reason_code="sous_le_seuil",
        reason=sentence(
            f"Parc non assujetti au titre de l'article 40 (loi n° 2023-175) : {_estimate(facts)}"
            f"{_deduction(facts)}, qui ne dépasse pas {square_metres(law.threshold_m2)},",
            f"{OTHER_LAW}.",
            NOT_A_DECISION,
        ),
    )


def _exemption(facts: Facts, law: Article40) -> Decision | None:
    """Return the exemption that the facts prove by themselves, if any."""
    texts = law.protections()
    for kind, share in facts.protections:
        text = texts.get(kind)
        if text is not None and text.effect == "automatique" and share == 1:
            why = f"le parc est entièrement dans un périmètre protégé ({text.label})"
            return _exempt(text.derogation, why, text.article)
    trees = facts.trees
    if trees is None:
        return None
    if law.is_shaded_enough(trees.shade.low):
        why = (
            f"les arbres ombragent au moins {number(100 * trees.shade.low)} % de sa superficie,"
            " plus de la moitié"
        )
        return _exempt("ombrage_arbres", why, law.rules.rule("APER40.ombrage_arbres").article)
    required = law.required_trees(facts.spaces.high)
    if required is not None and trees.are_spread and trees.wide_tree_count >= required:
        why = (
            f"{number(trees.wide_tree_count)} arbres à canopée large, répartis sur le parc, pour"
            f" {number(required)} requis au plus"
        )
        return _exempt("arbres_par_place", why, law.rules.rule("APER40.arbres_par_place").article)
    return None


def _exempt(code: str, why: str, article: str) -> Decision:
    return Decision(
        status="exonere",
        reason_code=code,
        reason=sentence(
            f"Parc exonéré de l'obligation de l'article 40 (loi n° 2023-175) : {why} ({article}),",
            f"{OTHER_LAW}.",
            NOT_A_DECISION,
        ),
    )


def _to_check(facts: Facts, law: Article40, doubts: list[Doubt]) -> Decision:
    due = law.due_date(facts.area.central)
    if_subject = f"S'il est assujetti, {_due_sentence(law, due, _other_size(facts, law))}"
    return Decision(
        status="a_verifier",
        reason_code=doubts[0].code,
        reason=sentence(
            f"À vérifier ({_ARTICLE}) : {_estimate(facts)} ;",
            " ; ".join(doubt.finding for doubt in doubts) + ".",
            if_subject,
            NOT_A_DECISION,
        ),
        question=" ; ".join(doubt.question for doubt in doubts),
        how_to_settle=" ; ".join(doubt.how_to_settle for doubt in doubts),
        possible_derogations=_possible_derogations(facts, law),
        required_tree_count=law.required_trees(facts.spaces.central),
        priority=3,
    )


def _subject(facts: Facts, law: Article40) -> Decision:
    area = facts.area
    due, cap = law.due_date(area.central), law.penalty_cap(area.central)
    other = _other_size(facts, law)
    state = _due_state(due, law.deferral_end(area.central), law.day)
    return Decision(
        status="assujetti",
        reason_code="au_dessus_du_seuil",
        reason=sentence(
            f"Parc présumé assujetti ({_ARTICLE}) : {_estimate(facts)}, supérieure à"
            f" {square_metres(law.threshold_m2)}{_deduction(facts)}.",
            _sentence_case(_due_sentence(law, due, other)),
            "" if facts.trees else "L'ombrage par des arbres n'est pas mesuré.",
            _plea(facts, law),
            NOT_A_DECISION,
        ),
        due_date=due,
        other_due_date=None if other is None else law.due_date(other),
        due_state=state,
        penalty_cap_eur=cap,
        other_penalty_cap_eur=None if other is None else law.penalty_cap(other),
        area_to_cover_m2=law.area_to_cover(area.central),
        possible_derogations=_possible_derogations(facts, law),
        required_tree_count=law.required_trees(facts.spaces.central),
        priority=2 if state == "a_venir" else 1,
    )


def _other_size(facts: Facts, law: Article40) -> float | None:
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


def _due_sentence(law: Article40, due: date, other: float | None) -> str:
    reserve = ", sauf concession, délégation ou report justifié."
    if other is None:
        large = due == law.due_date(law.large_threshold_m2)
        why = f" (au moins {square_metres(law.large_threshold_m2)}, art. 40, III)" if large else ""
        return f"échéance : {day(due)}{why}{reserve}"
    return (
        f"échéance : {day(due)}, ou {day(law.due_date(other))} (plafond"
        f" {euros(law.penalty_cap(other))} par an) selon que la superficie atteint ou non"
        f" {square_metres(law.large_threshold_m2)}{reserve}"
    )


def _due_state(due: date, deferral_end: date | None, today: date) -> str:
    """Say where the due date stands; the day itself counts as past. Never an infringement."""
    if today < due:
        return "a_venir"
    if deferral_end is not None and today < deferral_end:
        return "echue_report_a_justifier"
    return "echue"


def _deduction(facts: Facts) -> str:
    """Say what was taken from the raw area, and by which text."""
    if facts.excluded_m2 < 1:
        return ""
    return (
        f", après déduction de {square_metres(facts.excluded_m2)} (décret n° 2024-1023, art. 1er)"
    )


def _plea(facts: Facts, law: Article40) -> str:
    """Say what a perimeter that does not exempt by itself lets the owner plead."""
    texts = law.protections()
    labels = [
        texts[kind].label
        for kind, _ in facts.protections
        if kind in texts and texts[kind].effect == "possible"
    ]
    if not labels:
        return ""
    return f"Dérogation possible, à apprécier : {labels[0]} (avis UDAP)."


def _sentence_case(text: str) -> str:
    return text[0].upper() + text[1:]


def _possible_derogations(facts: Facts, law: Article40) -> str | None:
    """Return the codes of what the owner may plead on the strength of a measured fact."""
    texts = law.protections()
    codes = {texts[kind].derogation for kind, _ in facts.protections if kind in texts}
    if facts.has_uncertain_ring:
        codes.add("exclusion_a_confirmer")
    return ";".join(sorted(codes)) or None


def _estimate(facts: Facts) -> str:
    return estimate(facts.area.low, facts.area.central, facts.area.high)
