"""What an owner reads: complete French sentences, each figure with its article, no code."""

from dataclasses import dataclass
from datetime import date

from pipeline.french import number, percent
from pipeline.obligation.deadlines import Deadline
from pipeline.obligation.doubts import Doubt, how_measured, number_of_percent
from pipeline.obligation.equipment import Equipment, equipment_sentence
from pipeline.obligation.facts import Facts
from pipeline.obligation.law import Law
from pipeline.obligation.new_parks import Duties
from pipeline.obligation.pleas import Plea
from pipeline.obligation.regime import Situation
from pipeline.obligation.trace import Conclusion
from pipeline.obligation.wording import (
    OTHER_LAW,
    day,
    estimate,
    euros,
    sentence,
    sentence_case,
    square_metres,
)
from pipeline.precision import SMALLEST_TOLD_SHARE

_ARTICLE = "art. 40, loi n° 2023-175"


@dataclass(frozen=True)
class Account:
    """What article 40 gives for one car park: its conclusion, its doubts, its due date."""

    facts: Facts
    law: Law
    age: Situation
    conclusion: Conclusion
    doubts: tuple[Doubt, ...]
    pleas: tuple[Plea, ...]
    deadline: Deadline | None
    equipment: Equipment | None
    other_area_m2: float | None


def out_of_scope_sentence(facts: Facts, law: Law) -> str:
    """Say why a park is not an outdoor car park in the sense of the law."""
    return sentence(
        f"Hors du champ de l'article 40 (loi n° 2023-175) : {facts.out_of_scope}.",
        "Seuls les parcs extérieurs, non intégrés à un bâtiment et hors voie publique, sont visés"
        f" ({law.cite('APER40.champ')}).",
    )


def not_subject_sentence(account: Account) -> str:
    """Say that the whole interval is at or below the threshold, of which article alone."""
    facts, law = account.facts, account.law
    return (
        f"Parc non assujetti au titre de l'article 40 (loi n° 2023-175) : {_estimate(facts)}"
        f"{_deduction(facts, law)}, qui ne dépasse pas {square_metres(law.threshold_m2)}"
        f"{_other_law(account)}"
    )


def exempt_sentence(account: Account) -> str:
    """Say what exempts the park, and by which article."""
    return (
        f"Parc exonéré de l'obligation de l'article 40 (loi n° 2023-175) : {_why_exempt(account)}"
        f"{_other_law(account)}{_shade_behind(account)}"
    )


def _shade_behind(account: Account) -> str:
    """Tell the measure behind an exemption by trees."""
    by_trees = account.conclusion.code in {"ombrage_arbres", "arbres_par_place"}
    return f" {_shade(account.facts)}" if by_trees else ""


def to_check_sentence(account: Account) -> str:
    """Say which measured facts could flip the verdict, and what follows if the park is subject."""
    due = account.deadline
    return sentence(
        f"À vérifier ({_ARTICLE}) : {_estimate(account.facts)} ;",
        " ; ".join(doubt.finding for doubt in account.doubts) + ".",
        "" if due is None else f"S'il est assujetti, {_due(account, due)}",
        equipment_sentence(account.facts, account.law, account.equipment),
    )


def subject_sentence(account: Account) -> str:
    """Say why a park is presumed subject, when it is due, and what the owner may plead."""
    facts, law, due = account.facts, account.law, account.deadline
    return sentence(
        f"Parc présumé assujetti ({_ARTICLE}) : {_estimate(facts)}, supérieure à"
        f" {square_metres(law.threshold_m2)}{_deduction(facts, law)}.",
        "" if due is None else sentence_case(_due(account, due)),
        "" if due is None else _deferral(due),
        f"Plafond de la sanction : {euros(law.penalty_cap(facts.area.central))} par an, sans cumul"
        " avec celle d'un autre texte pour les mêmes faits.",
        _age(account),
        equipment_sentence(facts, law, account.equipment),
        _shade(facts),
        _pleas(account.pleas),
    )


def _shade(facts: Facts) -> str:
    """Say what trees shade, with the interval and the way it was measured."""
    if facts.trees is None:
        return "L'ombrage par des arbres n'est pas mesuré."
    shade = facts.trees.shade
    how, outside = how_measured(facts.trees), facts.trees.outside_share
    beside = (
        f" Des arbres plantés au dehors en ombragent {percent(outside)}, qui ne comptent pas."
        if outside >= SMALLEST_TOLD_SHARE
        else ""
    )
    if not shade.high:
        return f"Aucun arbre du parc ne l'ombrage ({how}).{beside}"
    return (
        f"Ombrage par les arbres du parc : {percent(shade.central)} de sa superficie (entre"
        f" {number_of_percent(shade.low)} et {percent(shade.high)} ; {how}).{beside}"
    )


def _age(account: Account) -> str:
    """Say that nothing tells the age of a park, when nothing does."""
    if account.age.kind != "inconnu":
        return ""
    return "L'ancienneté du parc n'est pas établie : seules des sources récentes le montrent."


def new_park_sentence(
    account: Account,
    law: Law,
    conclusion: Conclusion,
    doubt: Doubt | None,
    duties: Duties,
) -> str:
    """
    Say what L. 111-19-1 of the code de l'urbanisme adds for a new or renovated park.

    `law` is that of the day which subjects the park; `account` holds that of the run.
    """
    facts, age = account.facts, account.age
    kind = {"renove": "parc rénové", "nouveau": "parc nouveau"}.get(age.kind, "parc existant")
    opening = f"Au titre de l'article L. 111-19-1 du code de l'urbanisme ({kind} : {age.why})"
    if conclusion.status == "assujetti":
        return sentence(
            f"{opening}, {_duties(facts, law, duties)}.",
            _from_when(age),
            _in_perimeter(facts, account.law),
            _trees_do(facts, law),
        )
    if doubt is not None:
        return f"{opening}, à vérifier : {doubt.finding}."
    if conclusion.status == "exonere":
        return f"{opening}, le parc est exonéré : sa suppression était déjà autorisée."
    if conclusion.code == "neuf_sous_le_seuil":
        threshold = square_metres(law.number("NEUF500.seuil"))
        return f"{opening}, le parc n'est pas soumis : il ne dépasse pas {threshold}."
    return f"{opening}, le parc n'est pas visé."


def _other_law(account: Account) -> str:
    """Reserve the other text, unless what follows tells it."""
    return "." if account.age.opens_new_branch else f", {OTHER_LAW}."


def _why_exempt(account: Account) -> str:
    facts, law, code = account.facts, account.law, account.conclusion.code
    trees = facts.trees
    if code == "ombrage_arbres" and trees is not None:
        least, most = percent(trees.shade.low), percent(law.number("APER40.ombrage_arbres"))
        share = f"plus de {most}" if least == most else f"au moins {least}, plus de {most},"
        return (
            f"les arbres ombragent {share} de sa superficie ({law.cite('APER40.ombrage_arbres')})"
        )
    if code == "arbres_par_place" and trees is not None:
        required = law.required_trees(facts.spaces.high) or 0
        return (
            f"{number(trees.wide_tree_count)} arbres à canopée large, répartis sur le parc, pour"
            f" {number(required)} requis au plus ({law.cite('APER40.arbres_par_place')})"
        )
    plea = next(
        item for item in account.pleas if item.code == code and item.certainty == "automatique"
    )
    return f"le parc est entièrement dans un périmètre protégé ({plea.label}) ({plea.article})"


def _due(account: Account, due: Deadline) -> str:
    law = account.law
    if account.facts.dossier.is_concession:
        return f"{_due_of_contract(account, due)}{_delay(account, due.due)}."
    told = f"échéance : {day(due.due)}{_delay(account, due.due)}"
    if due.other is None or account.other_area_m2 is None:
        large = due.due == law.due_date(law.large_threshold_m2)
        why = f" (au moins {square_metres(law.large_threshold_m2)}, art. 40, III)" if large else ""
        return f"{told}{why}{_reserve(account, due)}."
    return (
        f"{told}, ou {day(due.other)}{_delay(account, due.other)} (plafond"
        f" {euros(law.penalty_cap(account.other_area_m2))} par an) selon que la superficie atteint"
        f" ou non {square_metres(law.large_threshold_m2)}{_reserve(account, due)}."
    )


def _reserve(account: Account, due: Deadline) -> str:
    """Say what may still move the due date: a file may have ruled it out, or a term passed."""
    moves = ["concession", "délégation"] if account.facts.dossier.is_concession is None else []
    if due.deferral == "a_justifier":
        moves.append("report justifié")
    if not moves:
        return ""
    *first, last = moves
    return f", sauf {', '.join(first)} ou {last}" if first else f", sauf {last}"


def _delay(account: Account, due: date) -> str:
    """Say that a date is that of the delay granted by the prefect."""
    granted = account.facts.dossier.extended_to
    return " (délai accordé par le préfet)" if granted == due else ""


def _due_of_contract(account: Account, due: Deadline) -> str:
    contract = account.facts.dossier.contract_on
    if contract is None:
        return (
            "échéance : à la conclusion ou au renouvellement du contrat de concession, au plus"
            f" tard le {day(due.due)} (art. 40, III)"
        )
    return (
        f"échéance : {day(due.due)} (contrat de concession conclu ou renouvelé le {day(contract)},"
        " art. 40, III)"
    )


def _deferral(due: Deadline) -> str:
    if due.deferred is None:
        return ""
    if due.deferral == "justifie":
        return (
            f"Échéance reportée au {day(due.deferred)}, les conditions du report étant au dossier."
        )
    return f"Un report au {day(due.deferred)} peut être justifié : {due.conditions}."


def _pleas(pleas: tuple[Plea, ...]) -> str:
    """Say what the owner may plead, the grounds that only he can prove."""
    words = list(dict.fromkeys(_plea(item) for item in pleas if item.certainty == "possible"))
    if not words:
        return ""
    head = "Dérogation possible" if len(words) == 1 else "Dérogations possibles"
    return f"{head}, à apprécier : {' ; '.join(words)}."


def _plea(plea: Plea) -> str:
    advice = " (avis UDAP)" if plea.code == "abords_500m_covisibilite" else ""
    until = f" (jusqu'au {day(plea.ends_on)})" if plea.ends_on is not None else ""
    return f"{plea.label[0].lower()}{plea.label[1:]}{advice}{until}"


def _duties(facts: Facts, law: Law, duties: Duties) -> str:
    parts = []
    if duties.rainwater_to_treat_m2 is not None:
        parts.append(
            f"{square_metres(duties.rainwater_to_treat_m2)} au moins doivent favoriser"
            " l'infiltration ou l'évaporation des eaux pluviales"
            f" ({percent(law.number('NEUF500.part_eaux_pluviales'))} de"
            f" {square_metres(facts.rainwater.central)}, art. R. 111-25-3)"
        )
    if duties.shade_to_provide_m2 is not None:
        parts.append(
            f"{square_metres(duties.shade_to_provide_m2)} au moins doivent être ombragés par des"
            f" arbres ou des ombrières ({percent(law.number('NEUF500.part_ombrage'))} de"
            f" {square_metres(facts.shade.central)}, art. R. 111-25-7)"
        )
    return " et ".join(parts)


def _from_when(age: Situation) -> str:
    """Say since when the duties bind: with the park itself, not at a date of the law."""
    if age.trigger_on is None:
        return ""
    when = {"nouveau": "dès la réalisation du parc", "renove": "dès les travaux"}
    told = when.get(age.kind, "depuis le contrat")
    return f"Ces obligations sont dues {told} ({age.why}, {day(age.trigger_on)})."


def _in_perimeter(facts: Facts, law: Law) -> str:
    """Say that a protected perimeter of today takes the solar canopies off, and nothing else."""
    texts = law.protections()
    if not any(
        item.share == 1 and item.kind in texts and texts[item.kind].effect == "automatique"
        for item in facts.protections
    ):
        return ""
    return (
        "Dans le périmètre protégé, les ombrières photovoltaïques ne sont pas exigées ; les arbres"
        " et le traitement des eaux le restent (art. R. 111-25-5 et R. 111-25-10)."
    )


def _trees_do(facts: Facts, law: Law) -> str:
    """Say when existing trees already give the shade that R. 111-25-8 asks for."""
    trees = facts.trees
    if trees is None or not trees.is_recent or law.value("NEUF500.ombrage_arbres") is None:
        return ""
    if law.holds("NEUF500.ombrage_arbres", trees.shade.low):
        share = percent(law.number("NEUF500.ombrage_arbres"))
        return f"Les arbres en place ombragent déjà plus de {share} du parc (art. R. 111-25-8)."
    required = law.trees_for(facts.spaces.high, "NEUF500.arbres_par_place")
    if required is not None and trees.are_spread and trees.wide_tree_count >= required:
        return (
            f"Les {number(trees.wide_tree_count)} arbres à canopée large en place, répartis sur le"
            " parc, suffisent pour l'ombrage (art. R. 111-25-8)."
        )
    return ""


def _deduction(facts: Facts, law: Law) -> str:
    """Say what was taken from the raw area, and by which text."""
    if facts.excluded_m2 < 1:
        return ""
    taken = square_metres(facts.excluded_m2)
    return f", après déduction de {taken} ({law.cite('APER40.superficie')})"


def _estimate(facts: Facts) -> str:
    return estimate(facts.area.low, facts.area.central, facts.area.high)
