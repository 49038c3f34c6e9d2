"""Measured facts that could flip a verdict: each is a question, and a way to settle it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.french import number, percent
from pipeline.obligation.facts import Facts, Protected, TreeFacts
from pipeline.obligation.law import YES, Law, fact, yes_or_no
from pipeline.obligation.trace import Conclusion, Step
from pipeline.obligation.wording import day as in_words
from pipeline.obligation.wording import square_metres


@dataclass(frozen=True)
class Doubt:
    """
    One open question about a car park, in French.

    `is_of_outline`: the outline itself is in doubt, which explains the interval by itself;
    `is_of_interval`: the interval holds the threshold.
    """

    code: str
    finding: str
    question: str
    how_to_settle: str
    is_of_outline: bool = False
    is_of_interval: bool = False

    @property
    def conclusion(self) -> Conclusion:
        """Return what the doubt makes of the verdict."""
        return Conclusion("a_verifier", self.code)


OVERSEAS = Doubt(
    "seuil_outre_mer",
    "aucun texte lu ne fixe le seuil de ce département d'outre-mer à cette date",
    "Quel est le seuil applicable dans ce département ?",
    "Article 40, VI, de la loi n° 2023-175 et décret n° 2025-802 du 11 août 2025",
)


def creation_doubt(law: Law) -> Doubt:
    """Return the question on a park requested too early and first known too late."""
    day = in_words(law.day_of("APER40.existant_au"))
    asked = in_words(law.day_of("APER40.demande_depuis"))
    return Doubt(
        "date_de_creation",
        f"l'autorisation a été demandée avant le {asked} et le parc n'est connu qu'après le {day}",
        f"Le parc existait-il le {day} ?",
        "Déclaration d'achèvement des travaux, ou orthophotographie de l'époque",
    )


def outline_doubts(facts: Facts, law: Law) -> Iterator[tuple[Step, Doubt]]:
    """Yield the comparisons that put the outline in doubt: no outline, or a decisive join."""
    if not facts.outline_known:
        doubt = Doubt(
            "contour_inconnu",
            "seule l'unité foncière est connue, pas le contour du parc",
            "Quel est le contour du parc dans l'unité foncière ?",
            "Tracer l'emprise sur l'orthophotographie",
            is_of_outline=True,
        )
        yield fact(
            "contour", "Le contour du parc est-il dessiné par une source ?",
            yes_or_no(facts.outline_known), YES, if_false=doubt.conclusion,
        ), doubt  # fmt: skip
    elif facts.joined_by is not None:
        doubt = Doubt(
            "perimetre_incertain",
            f"le parc réunit {facts.piece_count} morceaux dont le plus grand mesure"
            f" {square_metres(facts.largest_piece_m2)} ; seule leur réunion dépasse"
            f" {square_metres(law.threshold_m2)}",
            "Les morceaux forment-ils un seul parc (mêmes entrées et sorties, même gestionnaire) ?",
            "Visite ou plan du gestionnaire",
            is_of_outline=True,
        )
        yield law.step(
            "plus_grand_morceau",
            "Le plus grand des morceaux réunis dépasse-t-il le seuil à lui seul ?",
            "APER40.seuil",
            facts.largest_piece_m2,
            if_false=doubt.conclusion,
        ), doubt  # fmt: skip


def straddle(facts: Facts, law: Law) -> Doubt:
    """Name the doubt without which the interval would not straddle the threshold."""
    above, threshold = law.exceeds_threshold, square_metres(law.threshold_m2)
    if above(facts.sources_high_m2) and not above(facts.sources_low_m2):
        return _between_sources(facts, threshold)
    if not above(facts.area.high - facts.uncertain_m2):
        return Doubt(
            "exclusion_a_confirmer",
            f"{square_metres(facts.uncertain_m2)} sont exclus sous réserve (voir les exclusions)",
            f"Les surfaces exclues sous réserve le sont-elles ? Sinon le parc dépasse {threshold}",
            "Vérifier la rubrique et l'emprise de l'installation classée, ou la largeur de la voie",
            is_of_interval=True,
        )
    if above(facts.area.low + facts.flagged_m2):
        return Doubt(
            "espace_vert_a_confirmer",
            f"{square_metres(facts.flagged_m2)} de végétation ou d'espaces signalés recouvrent le"
            " parc",
            "S'agit-il d'espaces verts au sol, ou de houppiers au-dessus du revêtement ?",
            "Orthophotographie d'hiver ou visite",
            is_of_interval=True,
        )
    return Doubt(
        "superficie_proche_du_seuil",
        f"l'intervalle contient {threshold}",
        f"La superficie dépasse-t-elle {threshold} ?",
        "Plan de géomètre, ou mesure de l'emprise revêtue sur orthophotographie",
        is_of_interval=True,
    )


def _between_sources(facts: Facts, threshold: str) -> Doubt:
    if facts.is_bays_only:
        return Doubt(
            "voies_non_dessinees",
            f"seules les places sont dessinées : avec ses voies, le parc peut dépasser {threshold}",
            "Quelle est l'emprise du parc, voies de circulation comprises ?",
            "Tracer l'emprise sur l'orthophotographie",
            is_of_interval=True,
        )
    return Doubt(
        "sources_divergentes",
        f"les sources divergent de part et d'autre de {threshold} ({facts.source_areas})",
        "Quel contour est le bon ?",
        "Comparer les contours à l'orthophotographie la plus récente",
        is_of_interval=True,
    )


def protection_doubt(
    facts: Facts, law: Law, inside: Sequence[Protected]
) -> Iterator[tuple[Step, Doubt]]:
    """Yield the automatic perimeter that covers the largest part, but not the whole, of a park."""
    for protected in inside[:1]:
        text = law.protections()[protected.kind]
        outside = (1 - protected.share) * facts.area.central
        named = f" « {protected.names} »" if protected.names else ""
        doubt = Doubt(
            "protection_partielle",
            f"{percent(protected.share)} du parc est dans un périmètre protégé ({text.label}"
            f"{named}), et environ {square_metres(outside)} sont en dehors",
            "Le parc est-il implanté dans le périmètre protégé ?",
            "Avis de l'unité départementale de l'architecture et du patrimoine",
        )
        yield (
            Step(
                step=f"perimetre_{protected.kind}_partiel",
                question=f"Une partie du parc est-elle dans un périmètre protégé ({text.label}) ?",
                value=protected.share,
                article=text.article,
                rule_id=protected.kind,
                unit="/1",
                comparison=">",
                threshold=0,
                if_true=doubt.conclusion,
            ),
            doubt,
        )


def tree_doubt(facts: Facts, law: Law) -> Iterator[tuple[Step, Doubt]]:
    """Yield the tree tests that the high bound may pass when the low bound does not."""
    if facts.trees is None:
        return
    reaches, doubt = _shade_doubt(facts.trees, law)
    yield reaches, doubt
    required = law.required_trees(facts.spaces.low)
    if reaches.conclusion is None and required is not None:
        yield _count_doubt(facts.trees, required, law)


def _shade_doubt(trees: TreeFacts, law: Law) -> tuple[Step, Doubt]:
    threshold = percent(law.number("APER40.ombrage_arbres"))
    doubt = Doubt(
        "ombrage_a_mesurer",
        f"les arbres ombragent entre {number_of_percent(trees.shade.low)} et"
        f" {percent(trees.shade.high)} du parc ({how_measured(trees)})",
        f"Les arbres ombragent-ils plus de {threshold} du parc ?",
        _how_to_measure(trees),
    )
    rule = law.rule("APER40.ombrage_arbres")
    step = Step(
        step="ombrage_haut",
        question="La part ombragée, au plus, atteint-elle le seuil ?",
        value=trees.shade.high,
        article=law.cite(rule.id),
        rule_id=rule.id,
        unit=rule.unit,
        comparison="≥",  # half exactly does not conclude: the texts differ
        threshold=law.value(rule.id),
        if_true=doubt.conclusion,
    )
    return step, doubt


def _how_to_measure(trees: TreeFacts) -> str:
    if not trees.is_from_heights:
        return "Modèle de hauteur LiDAR, ou relevé des houppiers sur orthophotographie d'été"
    seen = "visite, ou relevé des houppiers sur une orthophotographie d'été récente"
    if trees.vintage is None:
        return f"Dater le modèle de hauteur (année du vol dans le nom des fichiers), {seen}"
    return seen.capitalize()


def _count_doubt(trees: TreeFacts, required: int, law: Law) -> tuple[Step, Doubt]:
    doubt = Doubt(
        "arbres_a_qualifier",
        f"{number(trees.possible_wide_count)} arbres pour {number(required)} requis au moins",
        "Ces arbres sont-ils à canopée large et répartis sur l'ensemble du parc ?",
        "Inventaire des arbres, ou visite",
    )
    step = law.step(
        "arbres_comptes",
        "Les arbres suffisent-ils au plus petit nombre de places ?",
        "APER40.arbres_par_place",
        trees.possible_wide_count,
        threshold=required,
        if_true=doubt.conclusion,
    )
    return step, doubt


def how_measured(trees: TreeFacts) -> str:
    """Say by which method the shade was measured, on what date, over which part of the lot."""
    if not trees.is_from_heights:
        return "arbres cartographiés"
    dates = (trees.vintage or "").replace(";", " et ")
    when = f"modèle de hauteur de {dates}" if dates else "modèle de hauteur non daté"
    old = "" if trees.is_recent or not trees.vintage else ", trop ancien pour conclure"
    part = trees.measured_share
    known = "" if part >= 1 else f", hauteur connue sur {percent(part)} du parc"
    return f"{when}{old}{known}"


def number_of_percent(share: float) -> str:
    """Write the first of two percents: « entre 12 et 40 % »."""
    return percent(share).removesuffix("\u00a0%")
