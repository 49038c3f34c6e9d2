"""Article 40 of loi n° 2023-175 on one car park: the comparisons, in the order of the reasoning."""

from collections.abc import Iterator
from datetime import date

from pipeline.legal_values import Exclusion
from pipeline.obligation.doubts import (
    OVERSEAS,
    Doubt,
    creation_doubt,
    outline_doubts,
    protection_doubt,
    straddle,
    tree_doubt,
)
from pipeline.obligation.facts import Facts, Protected, TreeFacts
from pipeline.obligation.law import NO, YES, Law, fact, measure, yes_or_no
from pipeline.obligation.trace import Conclusion, Step, until_concluded

NAME = "art. 40"
OPEN_AIR = "parc extérieur"


def reasoning(facts: Facts, law: Law) -> tuple[tuple[Step, ...], tuple[Doubt, ...]]:
    """
    Return the comparisons up to the conclusion, and the questions left open if there are any.

    In this order: out of scope; threshold of the commune; not subject (the whole interval at or
    below the threshold); exempt (wholly inside an automatic perimeter, or a tree test passed on its
    low bound); to be checked (a measured fact could flip the verdict); subject. An exemption
    supposes an obligation: a park that the threshold leaves out is `non_assujetti` wherever it
    lies. All the doubts of a park are told, not the first alone.

    References
    ----------
    Loi n° 2023-175 du 10 mars 2023, art. 40 ; décret n° 2024-1023, art. 1er à 5.
    """
    steps = list(until_concluded(_before_doubts(facts, law)))
    if steps[-1].conclusion is not None:
        doubt = OVERSEAS if steps[-1].conclusion == OVERSEAS.conclusion else None
        return tuple(steps), () if doubt is None else (doubt,)
    doubted = list(_doubts(facts, law))
    told = [doubt for step, doubt in doubted if step.conclusion is not None and doubt is not None]
    # A doubt on the outline explains the interval by itself: the straddle is then not told.
    if any(doubt.is_of_outline for doubt in told):
        told = [doubt for doubt in told if not doubt.is_of_interval]
    steps += [step for step, _ in doubted]
    steps.append(
        fact(
            "conclusion",
            "Une mesure peut-elle encore renverser le verdict ?",
            yes_or_no(bool(told)),
            NO,
            article=law.cite("APER40.seuil"),
            if_true=Conclusion("assujetti", "au_dessus_du_seuil"),
        )
    )
    return tuple(steps), tuple(told)


def _before_doubts(facts: Facts, law: Law) -> Iterator[Step]:
    yield fact(
        "champ",
        "Le parc est-il un parc extérieur, hors bâtiment et hors voie publique ?",
        facts.out_of_scope or OPEN_AIR,
        OPEN_AIR,
        article=law.cite("APER40.champ"),
        if_false=Conclusion("hors_champ", "hors_champ"),
    )
    yield fact(
        "seuil_connu",
        "Le seuil applicable dans la commune est-il établi ?",
        yes_or_no(law.has_threshold),
        YES,
        article=law.cite("APER40.seuil"),
        rule_id=law.rule("APER40.seuil").id,
        if_false=OVERSEAS.conclusion,
    )
    yield from _areas(facts, law)
    if facts.outline_known:
        yield law.step(
            "seuil_haut",
            "La superficie, au plus, dépasse-t-elle le seuil ?",
            "APER40.seuil",
            facts.area.high,
            if_false=Conclusion("non_assujetti", "sous_le_seuil"),
        )
    yield from _heritage(facts, law)
    if facts.trees is not None:
        yield from _trees(facts, facts.trees, law)


def _age(facts: Facts, law: Law) -> Iterator[tuple[Step, Doubt | None]]:
    """Yield the tests of date, when the file tells the request: requested since, or existing."""
    requested = facts.dossier.requested_on
    if requested is None or law.value("APER40.demande_depuis") is None:
        return
    asked = law.step(
        "demande",
        "L'autorisation a-t-elle été demandée depuis le jour qui soumet les parcs nouveaux ?",
        "APER40.demande_depuis",
        requested,
    )
    yield asked, None
    known = _known_on(facts, law)
    if asked.result == "non" and known is not None:
        doubt = creation_doubt(law)
        yield law.step(
            "existant",
            "Le parc est-il connu à la date à laquelle la loi vise les parcs existants ?",
            "APER40.existant_au",
            known,
            if_false=doubt.conclusion,
        ), doubt  # fmt: skip


def _known_on(facts: Facts, law: Law) -> date | None:
    """
    Return the first day on which the park is known to be there, or known not to be there yet.

    Missing when an undated source alone shows it: it is then presumed existing.
    """
    file = facts.dossier
    seen = [day for day in (facts.first_seen, *(item.done_on for item in file.works)) if day]
    if seen:
        return min(seen)
    absent = [day for day in (file.requested_on, file.absent_on) if day is not None]
    return max((day for day in absent if not law.holds("APER40.existant_au", day)), default=None)


def _areas(facts: Facts, law: Law) -> Iterator[Step]:
    if facts.gross_m2 > 0:
        yield measure(
            "superficie_brute", "Superficie du parc avant exclusion", facts.gross_m2, "m2"
        )
    texts: dict[str, Exclusion] = {e.motif: e for e in law.rules.exclusions_on(law.day)}
    for motif, area in facts.deducted:
        text = texts[motif]
        yield Step(
            f"exclusion_{motif}", f"Surface qui ne compte pas : {text.label}", area, text.article,
            motif, "m2",
        )  # fmt: skip
    if facts.gross_m2 > 0:
        yield measure(
            "superficie",
            "Superficie qui compte",
            facts.area.central,
            "m2",
            law.cite("APER40.superficie"),
        )


def _heritage(facts: Facts, law: Law) -> Iterator[Step]:
    """Yield, for each automatic perimeter, the share of the lot inside; the whole lot exempts."""
    for protected in automatic(facts, law):
        text = law.protections()[protected.kind]
        yield Step(
            step=f"perimetre_{protected.kind}",
            question=f"Le parc est-il tout entier dans un périmètre protégé ({text.label}) ?",
            value=protected.share,
            article=text.article,
            rule_id=protected.kind,
            unit="/1",
            comparison="≥",
            threshold=1,
            if_true=Conclusion("exonere", text.derogation),
        )


def automatic(facts: Facts, law: Law) -> list[Protected]:
    """Return the perimeters that exempt a park wholly inside, the largest share first."""
    texts = law.protections()
    return [
        item
        for item in facts.protections
        if item.kind in texts and texts[item.kind].effect == "automatique"
    ]


def _trees(facts: Facts, trees: TreeFacts, law: Law) -> Iterator[Step]:
    """Yield the two tests of trees; either is enough, each on its low bound."""
    yield law.step(
        "ombrage_bas",
        "La part ombragée, au moins, dépasse-t-elle le seuil ?",
        "APER40.ombrage_arbres",
        trees.shade.low,
        if_true=Conclusion("exonere", "ombrage_arbres") if trees.is_recent else None,
    )
    required = law.required_trees(facts.spaces.high)
    if required is None:
        return
    article = law.cite("APER40.arbres_par_place")
    is_enough = trees.are_spread and trees.is_recent
    yield fact(
        "arbres_repartis", "Les arbres sont-ils répartis sur l'ensemble du parc ?",
        yes_or_no(trees.are_spread), YES, article=article,
    )  # fmt: skip
    yield measure("places", "Places, au plus", facts.spaces.high, "places", article)
    yield law.step(
        "arbres_par_place",
        "Les arbres à canopée large suffisent-ils au plus grand nombre de places ?",
        "APER40.arbres_par_place",
        trees.wide_tree_count,
        threshold=required,
        if_true=Conclusion("exonere", "arbres_par_place") if is_enough else None,
    )


def _doubts(facts: Facts, law: Law) -> Iterator[tuple[Step, Doubt | None]]:
    """Yield what may leave a question open; the first that does names the reason."""
    yield from outline_doubts(facts, law)
    yield from _area_doubt(facts, law)
    yield from _age(facts, law)
    yield from protection_doubt(facts, law, automatic(facts, law))
    yield from tree_doubt(facts, law)


def _area_doubt(facts: Facts, law: Law) -> Iterator[tuple[Step, Doubt | None]]:
    """Yield the low bound against the threshold, and the doubt it leaves when it is not above."""
    doubt = None if law.exceeds_threshold(facts.area.low) else straddle(facts, law)
    yield law.step(
        "seuil_bas",
        "La superficie, au moins, dépasse-t-elle le seuil ?",
        "APER40.seuil",
        facts.area.low,
        if_false=None if doubt is None else doubt.conclusion,
    ), doubt  # fmt: skip
