"""Modelling choices read from `config/assumptions.yaml`: a value, its reason, its tested range."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from pipeline.assumption_groups import (
    Assumption,
    CarportAssumptions,
    Drawer,
    EligibleSurfaceAssumptions,
    GroundCover,
    HeightModelAssumptions,
    LandCoverAssumptions,
    MappedTreeAssumptions,
    NamedThroughRoads,
    NeighbourAssumptions,
    OwnerAssumptions,
    ParkingLotAssumptions,
    PlanningAssumptions,
    PleaAssumptions,
    PriorityAssumptions,
    ProtectionAssumptions,
    PublicAccess,
    SolarAssumptions,
    SourcePriority,
    SpaceAssumptions,
    Strict,
)
from pipeline.derived_land_choices import DerivedLandChoices
from pipeline.errors import ConfigError, describe_faults
from pipeline.inventory_choices import (
    CorrectionAssumptions,
    IdentityAssumptions,
    JournalChoices,
)


class Assumptions(Strict):
    """All modelling choices of a run."""

    positional_accuracy_m: dict[Drawer, Assumption]
    source_priority: SourcePriority
    parking_lots: ParkingLotAssumptions
    named_through_roads: NamedThroughRoads
    road_width_m: dict[str, Assumption]
    eligible_surface: EligibleSurfaceAssumptions
    protections: ProtectionAssumptions
    pleas: PleaAssumptions
    open_to_public: PublicAccess
    spaces: SpaceAssumptions
    mapped_trees: MappedTreeAssumptions
    height_model: HeightModelAssumptions
    carports: CarportAssumptions
    neighbours: NeighbourAssumptions
    owners: OwnerAssumptions
    solar: SolarAssumptions
    priority: PriorityAssumptions
    journal: JournalChoices
    land_cover: LandCoverAssumptions
    planning: PlanningAssumptions
    identity: IdentityAssumptions
    corrections: CorrectionAssumptions
    derived_land: DerivedLandChoices
    ground_cover: tuple[GroundCover, ...]


def load_assumptions(path: Path) -> Assumptions:
    """
    Read `assumptions.yaml`.

    Raises
    ------
    ConfigError
        If a key is unknown or missing, or a value leaves its tested range; the message names it.
    """
    try:
        return Assumptions.model_validate(
            yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        )
    except ValidationError as error:
        msg = f"{path} : {describe_faults(error.errors())}"
        raise ConfigError(msg) from error
    except (OSError, yaml.YAMLError) as error:
        msg = f"{path} : hypothèses illisibles : {' '.join(str(error).split())}"
        raise ConfigError(msg) from error
