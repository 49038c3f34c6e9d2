"""What the verdict on one car park rests on: measures and facts, without a rule in them."""

from dataclasses import dataclass
from typing import Literal

Protected = tuple[str, float]


@dataclass(frozen=True)
class Interval:
    """Lowest, central and highest value of a measure."""

    low: float
    central: float
    high: float


@dataclass(frozen=True)
class TreeFacts:
    """Shade share of the eligible surface, and trees standing in the lot."""

    shade: Interval
    wide_tree_count: float
    tree_count: float
    are_spread: bool


@dataclass(frozen=True)
class Facts:
    """
    Facts about one car park; areas in m² on the ground.

    Attributes
    ----------
    area
        Eligible surface with its interval.
    excluded_m2
        What the decree leaves out of the raw area.
    uncertain_m2, flagged_m2
        What each doubt adds to the interval: uncertain pieces, flagged pieces.
    has_uncertain_ring
        The 10 m of an installation whose heading is not verified are left out.
    source_areas
        French account of what each source gives; empty when one source draws the lot.
    sources_low_m2, sources_high_m2
        Eligible surface if the lowest, or the highest, source were right.
    is_bays_only
        Only the spaces are drawn, not the lanes between them.
    piece_count, largest_piece_m2, joined_by
        How the perimeter was put together.
    trees
        Missing when no tree is mapped on the lot.
    protections
        (kind, share of the lot) of each perimeter that meets it.
    """

    out_of_scope: str | None
    area: Interval
    excluded_m2: float
    uncertain_m2: float
    flagged_m2: float
    has_uncertain_ring: bool
    source_areas: str
    sources_low_m2: float
    sources_high_m2: float
    outline_known: bool
    is_bays_only: bool
    piece_count: int
    largest_piece_m2: float
    joined_by: str | None
    spaces: Interval
    trees: TreeFacts | None
    protections: tuple[Protected, ...]


Status = Literal["assujetti", "non_assujetti", "exonere", "a_verifier", "hors_champ"]
