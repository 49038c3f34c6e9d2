"""What the verdict on one car park rests on: measures and facts, without a rule in them."""

from dataclasses import dataclass, field, replace
from datetime import date


@dataclass(frozen=True)
class Interval:
    """Lowest, central and highest value of a measure."""

    low: float
    central: float
    high: float


@dataclass(frozen=True)
class TreeFacts:
    """
    Shade share of the eligible surface, and trees standing in the lot.

    `wide_tree_count`: those whose crown is wide for sure; `possible_wide_count`: those whose crown
    may be. `is_from_heights`: measured on a height model, else from mapped trees; `measured_share`:
    share of the lot whose height is known; `vintage`: date of the heights, as the source gives it;
    `is_recent`: recent enough to exempt. `outside_share`: shade of the trees that stand elsewhere.
    """

    shade: Interval
    wide_tree_count: float
    possible_wide_count: float
    are_spread: bool
    is_from_heights: bool = False
    measured_share: float = 1.0
    vintage: str | None = None
    is_recent: bool = True
    outside_share: float = 0.0


@dataclass(frozen=True)
class CarportFacts:
    """Area of the lot under roofs that a source says to be solar, and under others, m²."""

    solar_m2: float
    other_m2: float


@dataclass(frozen=True)
class Protected:
    """A kind of perimeter over the lot: share in [0, 1], and the names of those that meet it."""

    kind: str
    share: float
    names: str = ""


@dataclass(frozen=True)
class Works:
    """Works on the surface of a car park; `resurfaced_m2` is missing when not told."""

    done_on: date
    resurfaced_m2: float | None = None


@dataclass(frozen=True)
class Dossier:
    """
    What the service knows of one car park; every missing value is *unknown*, never *no*.

    Attributes
    ----------
    requested_on
        Day on which the planning authorisation was requested.
    works
        Works on the surface, in order of date.
    is_heavy_renovation
        The service has established that they are heavy (R. 111-25-2), or that they are not.
    absent_on
        Latest day of a photograph or map that does not show the park.
    is_concession, contract_on
        Run under a concession or delegation; day its contract is concluded or renewed.
    deposit_on, order_on, has_efficient_panels
        Conditions of a deferral.
    extended_to
        New due date granted by the prefect: past on that very day.
    removal_permit_on
        Day of the first authorisation to remove or transform the park.
    """

    requested_on: date | None = None
    works: tuple[Works, ...] = ()
    is_heavy_renovation: bool | None = None
    absent_on: date | None = None
    is_concession: bool | None = None
    contract_on: date | None = None
    deposit_on: date | None = None
    order_on: date | None = None
    has_efficient_panels: bool | None = None
    extended_to: date | None = None
    is_open_to_public: bool | None = None
    serves_l171_building: bool | None = None
    slope_percent: float | None = None
    is_for_trucks: bool | None = None
    carries_hazmat: bool | None = None
    pleads_cost: bool | None = None
    removal_permit_on: date | None = None

    def known_on(self, day: date) -> "Dossier":
        """
        Return what was known on `day`: a request, works, a deposit of later are not there yet.

        The day of a contract and the end of a delay stay: they are set in advance.
        """
        return replace(
            self,
            requested_on=_past(self.requested_on, day),
            works=tuple(item for item in self.works if item.done_on <= day),
            is_heavy_renovation=self.is_heavy_renovation if self._has_begun(day) else None,
            has_efficient_panels=(
                None
                if self.order_on is not None and self.order_on > day
                else self.has_efficient_panels
            ),
            absent_on=_past(self.absent_on, day),
            deposit_on=_past(self.deposit_on, day),
            order_on=_past(self.order_on, day),
            removal_permit_on=_past(self.removal_permit_on, day),
        )

    def _has_begun(self, day: date) -> bool:
        """Tell whether some works were done by a day; works without date are taken as done."""
        return not self.works or any(item.done_on <= day for item in self.works)


def _past(given: date | None, day: date) -> date | None:
    return given if given is not None and given <= day else None


@dataclass(frozen=True)
class Facts:
    """
    Facts about one car park; areas in m² on the ground.

    Attributes
    ----------
    insee_code
        Commune: some départements have a threshold of their own.
    area
        Eligible surface of article 40 with its interval.
    rainwater, shade
        Areas of R. 111-25-3 and R. 111-25-7, with the same margins.
    deducted
        (motif, m²) of what the decree leaves out of the raw area.
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
        Missing when neither a height model nor a mapped tree tells of the lot.
    carports
        Existing roofs; missing when nothing tells of any: there may be some.
    protections
        Perimeters that meet the lot, the largest share first.
    first_seen
        Earliest day a source shows the park; missing when one of them is undated.
    is_open_to_public
        From the file, else from the access that the sources write; missing when they do not say.
    is_for_trucks
        The sources or the file say that heavy vehicles park there.
    hazmat_m2
        Part for dangerous goods.
    installation
        Classified installation that the lot stands on: French name, share of the lot (0: a point).
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
    insee_code: str = ""
    gross_m2: float = 0.0
    rainwater: Interval = field(default=Interval(0.0, 0.0, 0.0))
    shade: Interval = field(default=Interval(0.0, 0.0, 0.0))
    deducted: tuple[tuple[str, float], ...] = ()
    first_seen: date | None = None
    is_open_to_public: bool | None = None
    is_for_trucks: bool = False
    hazmat_m2: float = 0.0
    installation: tuple[str, float] | None = None
    carports: CarportFacts | None = None
    dossier: Dossier = Dossier()
