"""Order in which to instruct the car parks: points, then four classes."""

from datetime import date

import geopandas as gpd
import pandas as pd

from pipeline.assumption_groups import PriorityAssumptions
from pipeline.assumptions import Assumptions
from pipeline.contracts import check_table, conform
from pipeline.schemas import Priority

_SUBJECT, _TO_CHECK = "assujetti", "a_verifier"
_READ = ("status", "due_state", "due_date", "deferred_due_date", "deferral_state", "equipment")
_EQUIPPED = ("suffisant", "suffisant_mixte")


def prioritise(
    lots: gpd.GeoDataFrame,
    verdicts: pd.DataFrame,
    surfaces: pd.DataFrame,
    ownership: pd.DataFrame,
    assumptions: Assumptions,
    *,
    day: date,
    large_m2: float,
) -> pd.DataFrame:
    """
    Rank the car parks that a service has to instruct.

    The recipe is `priority` of the assumptions; points add up, and never fall below 0:

    - due date: `overdue_points` when it has passed, `deferrable_points` when it has passed but a
      deferral may be proved, `soon_points` when it comes within `soon_days`, last day included;
    - size: `large_points` from `large_m2`, else `medium_points` from `medium_area_m2`, both
      included;
    - measure: `reliable_points`, `fairly_reliable_points`, or none;
    - owner: `several_parks_points` when one owner has `several_parks` subject parks or more;
    - doubt: minus `to_check_points` for a park that is still to be checked;
    - canopies: minus `equipped_points` for a park that seems to be equipped already.

    Class 1 from `first_class_points`, 2 from `second_class_points`, 3 from `third_class_points`
    (all included), else 4. It orders work; it says nothing of the law.

    Parameters
    ----------
    lots
        `ParkingLot`, for their reliability.
    verdicts, surfaces, ownership
        `Verdict`, `EligibleSurface`, `Ownership`, of the same lots.
    day
        The day of the run.
    large_m2
        Eligible area, in m², from which the rules call a park large.

    Returns
    -------
    priority
        `Priority`, one row per lot; missing for a park that is neither subject nor to be checked.
    """
    recipe = assumptions.priority
    park = _together(lots, verdicts, surfaces, ownership)
    points = (
        _due(park, recipe, day)
        + _size(park, recipe, large_m2)
        + _reliability(park, recipe)
        + _owner(park, recipe)
        - (park["status"] == _TO_CHECK) * recipe.to_check_points.value
        - park["equipment"].isin(_EQUIPPED) * recipe.equipped_points.value
    ).clip(lower=0)
    is_to_instruct = park["status"].isin([_SUBJECT, _TO_CHECK])
    table = pd.DataFrame({"lot_id": park["lot_id"], "points": points.where(is_to_instruct)})
    table["priority"] = _class(points, recipe).where(is_to_instruct)
    return check_table(Priority, conform(Priority, table))


def _together(
    lots: gpd.GeoDataFrame,
    verdicts: pd.DataFrame,
    surfaces: pd.DataFrame,
    ownership: pd.DataFrame,
) -> pd.DataFrame:
    """Return what the recipe reads of each lot, index of `lots`."""
    parts = (
        (verdicts, list(_READ)),
        (surfaces, ["eligible_area_m2"]),
        (ownership, ["owner_group"]),
    )
    park = pd.DataFrame(lots[["lot_id", "reliability"]])
    for table, columns in parts:
        park = park.join(table.set_index("lot_id")[columns], on="lot_id", validate="1:1")
    return park


def _due(park: pd.DataFrame, recipe: PriorityAssumptions, day: date) -> "pd.Series[float]":
    proven = park["deferral_state"] == "justifie"
    coming = park["due_date"].mask(
        proven & park["deferred_due_date"].notna(), park["deferred_due_date"]
    )
    wait = (pd.to_datetime(coming, format="%Y-%m-%d") - pd.Timestamp(day)).dt.days
    is_soon = (park["due_state"] == "a_venir") & (wait <= recipe.soon_days.value)
    passed = park["due_state"].map(
        {
            "echue": recipe.overdue_points.value,
            "echue_report_a_justifier": recipe.deferrable_points.value,
        }
    )
    return passed.astype("float64").fillna(0).mask(is_soon, recipe.soon_points.value)


def _size(park: pd.DataFrame, recipe: PriorityAssumptions, large_m2: float) -> "pd.Series[float]":
    area = park["eligible_area_m2"]
    medium = (area >= recipe.medium_area_m2.value) * recipe.medium_points.value
    return medium.mask(area >= large_m2, recipe.large_points.value)


def _reliability(park: pd.DataFrame, recipe: PriorityAssumptions) -> "pd.Series[float]":
    points = {
        "elevee": recipe.reliable_points.value,
        "moyenne": recipe.fairly_reliable_points.value,
    }
    return park["reliability"].map(points).astype("float64").fillna(0)


def _owner(park: pd.DataFrame, recipe: PriorityAssumptions) -> "pd.Series[float]":
    subject = park.loc[park["status"] == _SUBJECT, "owner_group"].value_counts()
    parks = park["owner_group"].map(subject)
    return (parks >= recipe.several_parks.value) * recipe.several_parks_points.value


def _class(points: "pd.Series[float]", recipe: PriorityAssumptions) -> "pd.Series[float]":
    """Return 1 and one more for each class that the points do not reach."""
    starts = (recipe.first_class_points, recipe.second_class_points, recipe.third_class_points)
    missed = pd.concat([points < start.value for start in starts], axis=1)
    return 1 + missed.sum(axis=1).astype("float64")
