"""Existing solar canopies against what the law asks: enough, enough with the trees, in part."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.obligation.facts import CarportFacts, Facts, TreeFacts
from pipeline.obligation.law import Law
from pipeline.obligation.trace import Step
from pipeline.obligation.wording import square_metres

State = Literal["suffisant", "suffisant_mixte", "a_verifier", "partiel", "aucun"]


@dataclass(frozen=True)
class Equipment:
    """Where a park stands: its state, and the comparisons of `article 40` that say so."""

    state: State
    steps: tuple[Step, ...]


def equipment(facts: Facts, law: Law) -> Equipment | None:
    """
    Compare the existing canopies with the area to cover; None where nothing tells of any.

    Each comparison takes the bound that is the least favourable to the park: the highest area, the
    lowest shade. What would be enough for the lowest area, or with the roofs that no source says to
    be solar, is to be checked.

    References
    ----------
    Loi n° 2023-175, art. 40, I (half of the area); loi n° 2025-1129, art. 8 (canopies and trees).
    """
    roofs = facts.carports
    if roofs is None or facts.area.high <= 0:
        return None
    enough = law.step(
        "ombrieres_en_place",
        "Les ombrières solaires en place couvrent-elles déjà la part exigée ?",
        "APER40.part",
        roofs.solar_m2 / facts.area.high,
    )
    mixed = tuple(_mixed(facts, roofs, law))
    return Equipment(_state(facts, roofs, law, enough, mixed), (enough, *mixed))


def _mixed(facts: Facts, roofs: CarportFacts, law: Law) -> Iterator[Step]:
    """Yield the two tests of canopies with trees, where a text allows them and both exist."""
    least = law.mixed_canopy_min(facts.area.high)
    if least is None or not roofs.solar_m2 or facts.trees is None or not facts.trees.shade.high:
        return
    yield law.step(
        "ombrieres_mixte",
        "Les ombrières en place atteignent-elles leur part de la moitié, des arbres faisant le"
        " reste ?",
        "APER40.part_ombrieres_mixte",
        roofs.solar_m2 / law.area_to_cover(facts.area.high),
    )
    yield law.step(
        "ombrage_mixte",
        "Ombrières en place et arbres ombragent-ils ensemble la part exigée ?",
        "APER40.part",
        facts.trees.shade.low + roofs.solar_m2 / facts.area.high,
    )


def _state(
    facts: Facts, roofs: CarportFacts, law: Law, enough: Step, mixed: tuple[Step, ...]
) -> State:
    if enough.result == "oui":
        return "suffisant"
    if mixed and all(step.result == "oui" for step in mixed):
        return "suffisant_mixte" if _are_sure(facts.trees) else "a_verifier"
    everything = roofs.solar_m2 + roofs.other_m2
    if law.holds("APER40.part", everything / max(facts.area.low, 1.0)):
        return "a_verifier"
    return "partiel" if everything else "aucun"


def _are_sure(trees: TreeFacts | None) -> bool:
    """
    Tell whether shade may be added to that of the canopies: recent, and of other ground.

    The height model counts no shade over a canopy; a mapped crown may hang over one.
    """
    return trees is not None and trees.is_recent and trees.is_from_heights


def equipment_sentence(facts: Facts, law: Law, found: Equipment | None) -> str:
    """Say what is in place, and what it is against what is due; nothing when nothing is seen."""
    roofs = facts.carports
    if found is None or roofs is None or found.state == "aucun":
        return ""
    due = square_metres(law.area_to_cover(facts.area.central))
    solar = square_metres(roofs.solar_m2)
    told = {
        "suffisant": f"Des ombrières solaires couvrent déjà {solar}, pour {due} exigés :"
        " le parc paraît équipé, à confirmer sur pièces.",
        "suffisant_mixte": f"Des ombrières solaires couvrent déjà {solar}, et des arbres"
        f" ombragent le reste des {due} exigés (procédés mixtes) : le parc paraît équipé, à"
        " confirmer sur pièces.",
    }.get(found.state, f"Ombrières solaires en place : {solar}, pour {due} exigés.")
    if not roofs.solar_m2:
        told = ""
    other = (
        f"Toitures ou installations dont les panneaux sont à confirmer : "
        f"{square_metres(roofs.other_m2)}."
        if roofs.other_m2 and found.state not in {"suffisant", "suffisant_mixte"}
        else ""
    )
    return " ".join(part for part in (told, other) if part)
