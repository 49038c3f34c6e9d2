"""One car park in whole square metres, and the verdict on it: what the cases of the law vary."""

from dataclasses import replace
from datetime import date

from pipeline.obligation.facts import Dossier, Facts, Interval, Protected, TreeFacts, Works
from pipeline.obligation.law import Law
from pipeline.obligation.verdict import decide
from tests.tables import ASSUMPTIONS, RULES

DAY = date(2026, 11, 22)
MAINLAND = "35236"
SPACES = 75  # one wide-canopy tree per three spaces: 25 trees


def exactly(value):
    """Return an interval without width."""
    return Interval(value, value, value)


def park(area_m2, margin_m2=0, **facts):
    """Return a park that one dated source draws since 2015, `margin_m2` either side of its area."""
    area = Interval(area_m2 - margin_m2, area_m2, area_m2 + margin_m2)
    base = Facts(
        out_of_scope=None,
        area=area,
        excluded_m2=0,
        uncertain_m2=0,
        flagged_m2=0,
        has_uncertain_ring=False,
        source_areas="",
        sources_low_m2=area_m2,
        sources_high_m2=area_m2,
        outline_known=True,
        is_bays_only=False,
        piece_count=1,
        largest_piece_m2=area_m2,
        joined_by=None,
        spaces=exactly(SPACES),
        trees=None,
        protections=(),
        insee_code=MAINLAND,
        gross_m2=area_m2,
        rainwater=area,
        shade=area,
        first_seen=date(2015, 1, 1),
    )
    return replace(base, **facts)


def verdict(facts, on=DAY, insee=MAINLAND, rules=RULES, **dossier):
    """Decide on a park, its file holding `dossier`."""
    if dossier:
        facts = replace(facts, dossier=replace(facts.dossier, **dossier))
    return decide(replace(facts, insee_code=insee), Law(rules, on, insee), ASSUMPTIONS.pleas)


def plain(text):
    """Return a French text with ordinary spaces."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def codes(found):
    """Return the codes of the possible derogations."""
    return set((found.possible_derogations or "").split(";")) - {""}


def inside(kind, share=1.0):
    """Return the perimeters of a park of which a share lies in one of a kind."""
    return {"protections": (Protected(kind, share),)}


def shaded(low, high=None, wide=0, count=0, *, spread=False):
    """Return the trees of a park: share of shade, wide-canopy trees, all trees."""
    high = low if high is None else high
    shade = Interval(low, (low + high) / 2, high)
    return {"trees": TreeFacts(shade, wide, max(count, wide), spread)}


def works(*items):
    """Return works from (day, m²) pairs."""
    return tuple(Works(day, area) for day, area in items)


__all__ = [
    "ASSUMPTIONS",
    "DAY",
    "MAINLAND",
    "RULES",
    "Dossier",
    "codes",
    "exactly",
    "inside",
    "park",
    "plain",
    "shaded",
    "verdict",
    "works",
]
