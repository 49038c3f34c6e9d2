"""Articles L. 111-19-1 and R. 111-25-1 to -19: new or heavily renovated parks above 500 m²."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.obligation.doubts import Doubt
from pipeline.obligation.facts import Facts, Interval
from pipeline.obligation.law import YES, Law, fact, measure, yes_or_no
from pipeline.obligation.regime import Situation, is_heavy, resurfaced
from pipeline.obligation.trace import Conclusion, Step, until_concluded
from pipeline.obligation.wording import square_metres

NAME = "L. 111-19-1"
_ARTICLE = "CU, art. L. 111-19-1"
_NOT_AIMED_AT = Conclusion("non_assujetti", "neuf_hors_champ")


@dataclass(frozen=True)
class Duties:
    """
    What a new or renovated park must provide, m²; missing where its area is at or below 500 m².

    `trees`: wide-canopy trees that give the shade by themselves (R. 111-25-8), by the number of
    spaces; missing before the text.
    """

    rainwater_to_treat_m2: float | None
    shade_to_provide_m2: float | None
    trees: int | None


def reasoning(facts: Facts, law: Law, found: Situation) -> tuple[tuple[Step, ...], Doubt | None]:
    """
    Return the comparisons up to the conclusion, and the question left open if there is one.

    Two areas, two obligations: rainwater on half of the area of R. 111-25-3, shade on half of that
    of R. 111-25-7. The branch is read only for a park that positive evidence opens to it.
    """
    steps = tuple(until_concluded(_steps(facts, law, found)))
    last = steps[-1].conclusion
    return steps, None if last is None else _doubt(last.code, law, found)


def duties(facts: Facts, law: Law) -> Duties:
    """Return the due part of each area, where the area exceeds the threshold."""
    rain, shade = facts.rainwater.central, facts.shade.central
    above = "NEUF500.seuil"
    return Duties(
        law.number("NEUF500.part_eaux_pluviales") * rain if law.holds(above, rain) else None,
        law.number("NEUF500.part_ombrage") * shade if law.holds(above, shade) else None,
        law.trees_for(facts.spaces.central, "NEUF500.arbres_par_place"),
    )


def consequences(law: Law, due: Duties) -> Iterator[Step]:
    """Yield what a subject park must provide, as figures with their article."""
    for name, question, rule_id, area in (
        ("a_traiter", "Surface à rendre perméable", "NEUF500.part_eaux_pluviales",
         due.rainwater_to_treat_m2),
        ("a_ombrager", "Surface à ombrager", "NEUF500.part_ombrage", due.shade_to_provide_m2),
    ):  # fmt: skip
        if area is not None:
            yield Step(name, question, area, law.cite(rule_id), rule_id, "m2")


def _steps(facts: Facts, law: Law, found: Situation) -> Iterator[Step]:
    larger = _larger(facts)
    yield law.step(
        "seuil_haut",
        "La plus grande des deux superficies, au plus, dépasse-t-elle le seuil ?",
        "NEUF500.seuil",
        larger.high,
        if_false=Conclusion("non_assujetti", "neuf_sous_le_seuil"),
    )
    yield fact(
        "demande_connue",
        "Le jour qui soumet le parc (demande, travaux ou contrat) est-il connu ?",
        yes_or_no(found.trigger_on is not None),
        YES,
        article=law.cite("NEUF500.demande_depuis"),
        if_false=Conclusion("a_verifier", "date_de_demande"),
    )
    yield law.step(
        "demande",
        "Ce jour est-il postérieur à l'entrée en vigueur ?",
        "NEUF500.demande_depuis",
        found.trigger_on,
        if_false=_NOT_AIMED_AT,
    )
    if found.kind == "renove":
        yield from _renovation(facts, law)
    yield from _aimed_at(facts)
    yield from _removal(facts, law)
    rain, shade = facts.rainwater.central, facts.shade.central
    rain_article = law.cite("NEUF500.part_eaux_pluviales")
    shade_article = law.cite("NEUF500.part_ombrage")
    yield measure("eaux_pluviales", "Superficie pour les eaux pluviales", rain, "m2", rain_article)
    yield measure("ombrage", "Superficie pour l'ombrage", shade, "m2", shade_article)
    yield law.step(
        "seuil_bas",
        "La plus grande des deux superficies, au moins, dépasse-t-elle le seuil ?",
        "NEUF500.seuil",
        larger.low,
        if_true=Conclusion("assujetti", "neuf_au_dessus_du_seuil"),
        if_false=Conclusion("a_verifier", "neuf_proche_du_seuil"),
    )


def _larger(facts: Facts) -> Interval:
    return max(facts.rainwater, facts.shade, key=lambda area: area.high)


def _renovation(facts: Facts, law: Law) -> Iterator[Step]:
    """Yield the extent of the works: half at once, or more than half over the years that add up."""
    shares = resurfaced(facts, law, facts.gross_m2)
    if shares and facts.dossier.is_heavy_renovation is None:
        yield law.step(
            "renovation_en_une_fois",
            "La part du revêtement remplacée en une fois atteint-elle le seuil ?",
            "NEUF500.renovation_part", max(item.at_once for item in shares),
        )  # fmt: skip
        yield law.step(
            "renovation_cumulee", "La part remplacée en plusieurs fois dépasse-t-elle le seuil ?",
            "NEUF500.renovation_cumul_part", max(item.cumulated for item in shares),
        )  # fmt: skip
    heavy = is_heavy(facts, law)
    yield fact(
        "renovation_connue",
        "L'ampleur des travaux est-elle établie ?",
        yes_or_no(heavy is not None),
        YES,
        article=law.cite("NEUF500.renovation_part"),
        if_false=Conclusion("a_verifier", "renovation_a_etablir"),
    )
    yield fact(
        "renovation_lourde", "La rénovation est-elle lourde ?", yes_or_no(heavy), YES,
        article=law.cite("NEUF500.renovation_part"), if_false=_NOT_AIMED_AT,
    )  # fmt: skip


def _removal(facts: Facts, law: Law) -> Iterator[Step]:
    if facts.dossier.removal_permit_on is None or law.value("NEUF500.suppression_avant") is None:
        return
    yield law.step(
        "suppression",
        "La suppression du parc a-t-elle été autorisée avant la date fixée ?",
        "NEUF500.suppression_avant",
        facts.dossier.removal_permit_on,
        if_true=Conclusion("exonere", "suppression_autorisee"),
    )


def _aimed_at(facts: Facts) -> Iterator[Step]:
    """Yield who the text aims at: parks open to the public, or beside a building under L. 171-4."""
    known = [facts.is_open_to_public, facts.dossier.serves_l171_building]
    aimed = True if True in known else None if None in known else False
    yield fact(
        "ouverture_connue",
        "Sait-on si le parc est ouvert au public, ou associé à un bâtiment soumis ?",
        yes_or_no(aimed is not None),
        YES,
        article=_ARTICLE,
        if_false=Conclusion("a_verifier", "ouverture_au_public"),
    )
    yield fact(
        "ouverture", "Le parc est-il ouvert au public, ou associé à un bâtiment soumis ?",
        yes_or_no(aimed), YES, article=_ARTICLE, if_false=_NOT_AIMED_AT,
    )  # fmt: skip


def _doubt(code: str, law: Law, found: Situation) -> Doubt | None:
    """Return the question that a conclusion leaves open; None when it leaves none."""
    threshold = square_metres(law.number("NEUF500.seuil"))
    doubts = (
        Doubt(
            "date_de_demande",
            "la rénovation est lourde, mais ni sa demande ni ses travaux ne sont datés"
            if found.kind == "renove"
            else "le parc est plus récent que la loi, mais le jour de la demande d'autorisation"
            " n'est pas connu",
            "Quand l'autorisation d'urbanisme a-t-elle été demandée ?",
            "Registre des autorisations d'urbanisme de la commune",
        ),
        Doubt(
            "renovation_a_etablir",
            "des travaux sont connus, mais la part du revêtement remplacée n'est pas établie",
            "Quelle part du revêtement a été remplacée, travaux antérieurs compris ?",
            "Dossier des travaux, ou comparaison d'orthophotographies",
        ),
        Doubt(
            "ouverture_au_public",
            "aucune source ne dit si le parc est ouvert au public ou associé à un bâtiment soumis",
            "Le parc est-il ouvert au public, ou associé à un bâtiment de l'article L. 171-4 ?",
            "Visite, ou permis de construire du bâtiment",
        ),
        Doubt(
            "neuf_proche_du_seuil",
            f"l'intervalle de la superficie contient {threshold}",
            f"La superficie dépasse-t-elle {threshold} ?",
            "Plan de géomètre, ou mesure de l'emprise revêtue sur orthophotographie",
        ),
    )
    return next((doubt for doubt in doubts if doubt.code == code), None)
