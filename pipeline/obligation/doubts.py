"""Measured facts that could flip a verdict: each is a question, and a way to settle it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.french import number
from pipeline.obligation.article40 import Article40
from pipeline.obligation.facts import Facts
from pipeline.obligation.wording import square_metres


@dataclass(frozen=True)
class Doubt:
    """One open question about a car park, in French."""

    code: str
    finding: str
    question: str
    how_to_settle: str


def area_doubts(facts: Facts, law: Article40) -> Iterator[Doubt]:
    """
    Yield what keeps the area from being on one side of the threshold.

    Only the first cause that explains the straddle is given, the most specific first.
    """
    threshold = square_metres(law.threshold_m2)
    if not facts.outline_known:
        yield Doubt(
            "contour_inconnu",
            "seule l'unité foncière est connue, pas le contour du parc",
            "Quel est le contour du parc dans l'unité foncière ?",
            "Tracer l'emprise sur l'orthophotographie",
        )
    elif _join_alone_crosses(facts, law):
        yield Doubt(
            "perimetre_incertain",
            f"le parc réunit {facts.piece_count} morceaux dont le plus grand mesure"
            f" {square_metres(facts.largest_piece_m2)} ; seule leur réunion dépasse {threshold}",
            "Les morceaux forment-ils un seul parc (mêmes entrées et sorties, même gestionnaire) ?",
            "Visite ou plan du gestionnaire",
        )
    elif not law.exceeds_threshold(facts.area.low):
        yield _straddle(facts, law, threshold)


def _join_alone_crosses(facts: Facts, law: Article40) -> bool:
    return facts.joined_by is not None and not law.exceeds_threshold(facts.largest_piece_m2)


def _straddle(facts: Facts, law: Article40, threshold: str) -> Doubt:
    """Name the doubt without which the interval would not straddle the threshold."""
    above = law.exceeds_threshold
    if above(facts.sources_high_m2) and not above(facts.sources_low_m2):
        if facts.is_bays_only:
            return Doubt(
                "voies_non_dessinees",
                "seules les places sont dessinées : avec ses voies, le parc peut dépasser"
                f" {threshold}",
                "Quelle est l'emprise du parc, voies de circulation comprises ?",
                "Tracer l'emprise sur l'orthophotographie",
            )
        return Doubt(
            "sources_divergentes",
            f"les sources divergent de part et d'autre de {threshold} ({facts.source_areas})",
            "Quel contour est le bon ?",
            "Comparer les contours à l'orthophotographie la plus récente",
        )
    if not above(facts.area.high - facts.uncertain_m2):
        return Doubt(
            "exclusion_a_confirmer",
            f"{square_metres(facts.uncertain_m2)} sont exclus sous réserve (voir les exclusions)",
            f"Les surfaces exclues sous réserve le sont-elles ? Sinon le parc dépasse {threshold}",
            "Vérifier la rubrique et l'emprise de l'installation classée, ou la largeur de la voie",
        )
    if above(facts.area.low + facts.flagged_m2):
        return Doubt(
            "espace_vert_a_confirmer",
            f"{square_metres(facts.flagged_m2)} de végétation ou d'espaces signalés recouvrent le"
            " parc",
            "S'agit-il d'espaces verts au sol, ou de houppiers au-dessus du revêtement ?",
            "Orthophotographie d'hiver ou visite",
        )
    return Doubt(
        "superficie_proche_du_seuil",
        f"l'intervalle contient {threshold}",
        f"La superficie dépasse-t-elle {threshold} ?",
        "Plan de géomètre, ou mesure de l'emprise revêtue sur orthophotographie",
    )


def protection_doubts(facts: Facts, law: Article40) -> Iterator[Doubt]:
    """Yield the automatic perimeters that cover only a part of the car park."""
    texts = law.protections()
    for kind, share in facts.protections:
        text = texts.get(kind)
        if text is not None and text.effect == "automatique" and share < 1:
            yield Doubt(
                "protection_partielle",
                f"{number(100 * share)} % du parc est dans un périmètre protégé ({text.label})",
                "Le parc est-il implanté dans le périmètre protégé ?",
                "Avis de l'unité départementale de l'architecture et du patrimoine",
            )
            return


def tree_doubts(facts: Facts, law: Article40) -> Iterator[Doubt]:
    """Yield the tree test that the high bound passes and the low bound does not."""
    trees = facts.trees
    if trees is None:
        return
    required = law.required_trees(facts.spaces.low)
    if trees.shade.high >= law.shade_share:
        yield Doubt(
            "ombrage_a_mesurer",
            f"les arbres ombragent entre {number(100 * trees.shade.low)} et"
            f" {number(100 * trees.shade.high)} % du parc",
            "Les arbres ombragent-ils plus de la moitié du parc ?",
            "Modèle de hauteur LiDAR, ou relevé des houppiers sur orthophotographie d'été",
        )
    elif required is not None and trees.tree_count >= required:
        yield Doubt(
            "arbres_a_qualifier",
            f"{number(trees.tree_count)} arbres pour {number(required)} requis au moins",
            "Ces arbres sont-ils à canopée large et répartis sur l'ensemble du parc ?",
            "Inventaire des arbres, ou visite",
        )
