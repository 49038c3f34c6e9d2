"""The modelling choices, group by group: what each holds and what makes it coherent."""

from collections import Counter
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

Source = Literal["osm", "bdtopo", "parkings_sup500m2", "pot_sol_park"]
Drawer = Literal["osm", "bdtopo", "parkings_sup500m2", "pot_sol_park", "agent"]
Motif = Literal[
    "batiment",
    "voie_publique",
    "espace_vert",
    "repos",
    "stockage",
    "logistique",
    "marchandises_dangereuses",
    "icpe_prescription",
    "icpe_10m",
    "voie_poids_lourds",
]

DEPARTEMENTS = frozenset(
    {f"{number:02}" for number in range(1, 96)} - {"20"}
    | {"2A", "2B", "971", "972", "973", "974", "976"}
)


class Strict(BaseModel):
    """A group of choices: no unknown key, nothing changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Assumption(Strict):
    """One number that the law does not give."""

    value: float
    unit: Literal["m", "m2", "/1", "1", "%", "kWc/m2", "kWh/kWc", "°", "j", "ans", "points"]
    reason: str
    tested_range: tuple[float, float]

    @model_validator(mode="after")
    def _inside_its_range(self) -> Self:
        low, high = self.tested_range
        if not low <= self.value <= high:
            msg = f"valeur {self.value} hors de sa plage éprouvée [{low}, {high}]"
            raise ValueError(msg)
        return self


class SourcePriority(Strict):
    """Order in which sources may give the geometry of a car park."""

    value: tuple[Source, ...]
    reason: str


class NamedThroughRoads(Strict):
    """Road classes that need a name to count as public through roads."""

    value: tuple[str, ...]
    reason: str


class GroundCover(Strict):
    """What a tag says of the ground: deducted from the eligible surface, or only flagged."""

    source: Literal["osm", "bdtopo"]
    tag: str
    value: str
    motif: Motif
    effect: Literal["deduit", "signale"]


class ParkingLotAssumptions(Strict):
    """Choices of stage `parking_lots`."""

    point_object_area_m2: Assumption
    same_lot_overlap_share: Assumption
    piece_covered_share: Assumption
    vertex_tolerance_m: Assumption
    best_geometry_cover_share: Assumption
    aisle_width_m: Assumption
    link_tolerance_m: Assumption
    aisle_link_length_m: Assumption
    service_link_length_m: Assumption
    bay_gap_m: Assumption
    bay_depth_m: Assumption
    kerb_share: Assumption
    kerb_gap_m: Assumption
    built_over_share: Assumption
    smallest_piece_m2: Assumption
    sources_agree_share: Assumption
    outside_parcels_share: Assumption
    shared_edge_m2: Assumption
    halo_m: Assumption


class EligibleSurfaceAssumptions(Strict):
    """Choices of stage `eligible_surface`."""

    enclosing_share: Assumption
    crowns_explain_share: Assumption
    ring_segments_per_quadrant: Assumption


class ProtectionAssumptions(Strict):
    """When a car park is wholly inside a perimeter."""

    whole_share: Assumption


class PleaAssumptions(Strict):
    """From which measure a fact lets the owner plead, where the texts give no number."""

    slope_percent: Assumption


class PublicAccess(Strict):
    """What the access written on a car park says of its opening to the public."""

    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    reason: str

    def tells(self, access: str | None) -> bool | None:
        """Tell whether a park is open to the public; None when the words do not say."""
        words = {word.strip().lower() for word in (access or "").split(";")}
        if words & set(self.yes_words):
            return True
        return False if words & set(self.no_words) else None


class SpaceSize(Strict):
    """Area per space of the car parks larger than `above_m2` (strict)."""

    above_m2: float
    area_per_space_m2: Assumption


class SpaceAssumptions(Strict):
    """How many spaces fit in an area, by the size of the car park."""

    sizes: tuple[SpaceSize, ...]
    area_per_space_low_m2: Assumption
    area_per_space_high_m2: Assumption
    counted_share: Assumption

    @model_validator(mode="after")
    def _sizes_in_order(self) -> Self:
        starts = [size.above_m2 for size in self.sizes]
        low, high = self.area_per_space_low_m2.value, self.area_per_space_high_m2.value
        areas = [size.area_per_space_m2.value for size in self.sizes]
        if starts[:1] != [0.0] or starts != sorted(set(starts)):
            msg = "les tailles de parc doivent partir de 0 et croître"
            raise ValueError(msg)
        if not low <= min(areas) <= max(areas) <= high:
            msg = f"superficie par place hors de [{low}, {high}]"
            raise ValueError(msg)
        return self


class MappedTreeAssumptions(Strict):
    """Trees of a row drawn as a line, crowns of those known as points, what « répartis » means."""

    crown_diameter_m: Assumption
    crown_diameter_low_m: Assumption
    crown_diameter_high_m: Assumption
    wide_crown_diameter_m: Assumption
    spread_distance_m: Assumption
    spread_share: Assumption
    row_spacing_m: Assumption
    island_area_m2: Assumption


class CarportAssumptions(Strict):
    """When two drawings are the same canopy."""

    same_roof_share: Assumption
    smallest_piece_m2: Assumption


class PlateauAssumptions(Strict):
    """What makes a flat surface above the ground a carport."""

    lowest_m: Assumption
    highest_m: Assumption
    bend_m: Assumption
    width_m: Assumption
    area_m2: Assumption


class HeightModelAssumptions(Strict):
    """
    What is vegetation, and what is a tree, on a height model.

    `_low` and `_high` give the interval of the shade; the window of a tree top is `base + slope ×
    height`, within its bounds.
    """

    vegetation_height_m: Assumption
    vegetation_height_low_m: Assumption
    vegetation_height_high_m: Assumption
    roof_margin_m: Assumption
    roof_margin_low_m: Assumption
    roof_margin_high_m: Assumption
    tallest_tree_m: Assumption
    slender_width_m: Assumption
    smoothing_m: Assumption
    window_base_m: Assumption
    window_slope: Assumption
    window_least_m: Assumption
    window_most_m: Assumption
    margin_m: Assumption
    measured_share: Assumption
    commission_share: Assumption
    oldest_years: Assumption
    agreement_share: Assumption
    plateaus: PlateauAssumptions


class NeighbourAssumptions(Strict):
    """When two car parks are adjacent."""

    distance_m: Assumption


class OwnerAssumptions(Strict):
    """When parcels make one land holding, and when a second owner of a car park is told."""

    edge_gap_m: Assumption
    edge_length_m: Assumption
    other_owner_share: Assumption


class RegionalYield(Strict):
    """Energy a year of one kWc on a canopy, in kWh/kWc; `source` says what it was read from."""

    departements: tuple[str, ...]
    value: float
    low: float
    high: float
    source: str
    reason: str

    @model_validator(mode="after")
    def _inside_its_bounds(self) -> Self:
        if not 0 < self.low <= self.value <= self.high:
            msg = f"{self.departements} : {self.value} hors de [{self.low}, {self.high}]"
            raise ValueError(msg)
        return self


class SolarAssumptions(Strict):
    """
    Power and energy of the canopies of a car park.

    The tested range of an assumption is the interval that is published, and `yields` holds each
    département of the regional law once.
    """

    module_density_kwc_m2: Assumption
    layout_share: Assumption
    grid_ratio: Assumption
    plant_tilt_deg: Assumption
    plant_azimuth_deg: Assumption
    plant_loss_percent: Assumption
    yields: tuple[RegionalYield, ...]

    @model_validator(mode="after")
    def _each_departement_once(self) -> Self:
        found = Counter(code for entry in self.yields for code in entry.departements)
        faults = {
            "absent": DEPARTEMENTS - set(found),
            "inconnu": set(found) - DEPARTEMENTS,
            "en double": {code for code, count in found.items() if count > 1},
        }
        told = [f"{name} : {', '.join(sorted(codes))}" for name, codes in faults.items() if codes]
        if told:
            msg = f"département {' ; '.join(told)}"
            raise ValueError(msg)
        return self

    def yield_of(self, insee_code: str) -> RegionalYield | None:
        """Return the yield where a commune lies; None outside the départements listed."""
        found = (entry for entry in self.yields if insee_code.startswith(entry.departements))
        return next(found, None)


class PriorityAssumptions(Strict):
    """Points that rank the car parks to instruct, and where the classes begin."""

    overdue_points: Assumption
    deferrable_points: Assumption
    soon_points: Assumption
    soon_days: Assumption
    large_points: Assumption
    medium_points: Assumption
    medium_area_m2: Assumption
    reliable_points: Assumption
    fairly_reliable_points: Assumption
    several_parks_points: Assumption
    several_parks: Assumption
    to_check_points: Assumption
    equipped_points: Assumption
    first_class_points: Assumption
    second_class_points: Assumption
    third_class_points: Assumption

    @model_validator(mode="after")
    def _classes_in_order(self) -> Self:
        first, second = self.first_class_points.value, self.second_class_points.value
        if not first > second > self.third_class_points.value > 0:
            msg = "les seuils des classes de priorité doivent décroître et rester positifs"
            raise ValueError(msg)
        return self


class ThresholdVariant(Strict):
    """Reading of the thresholds that gives the status, where the texts fix no order."""

    value: Literal[
        "statut_enclaves_dabord",
        "statut_isolats_dabord",
        "categorie_enclaves_dabord",
        "categorie_isolats_dabord",
    ]
    reason: str


class LandCoverAssumptions(Strict):
    """When polygons of a land cover are a coverage, how far they are mended, what is read of it."""

    variant: ThresholdVariant
    least_covered_share: Assumption

    snap_m: Assumption
    sliver_width_m: Assumption
    most_moved_share: Assumption
    most_repeated_share: Assumption


class PlanningAssumptions(Strict):
    """When a planning document is said to be that of a commune."""

    covered_share: Assumption
