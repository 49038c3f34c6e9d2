"""Candidates of all sources → one legal car park each: the steps of the stage, in order."""

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, check_table, conform
from pipeline.crs import Territory
from pipeline.parking_lots.conflation import DRAWN_ROLES, Conflation, conflate, union
from pipeline.parking_lots.describe import Surroundings, describe_lots
from pipeline.parking_lots.outcomes import explain_candidates
from pipeline.parking_lots.partial import add_confirmations, confirmed_lots, partial_outlines
from pipeline.parking_lots.perimeter import Obstacles, Perimeter, draw_perimeters
from pipeline.parking_lots.scope import mark_built_over, mark_kerbside_bays
from pipeline.parking_lots.units import lonely_units, unit_outcomes
from pipeline.schemas import CandidateOutcome, ParkingLot


@dataclass(frozen=True)
class ParkingLots:
    """
    Car parks of the window (`ParkingLot`) and what became of each candidate.

    `outcomes` follows `CandidateOutcome`. `lots` holds those of every commune of the window: the
    run keeps its own.
    """

    lots: gpd.GeoDataFrame
    outcomes: pd.DataFrame


def build_parking_lots(
    candidates: gpd.GeoDataFrame,
    around: Surroundings,
    assumptions: Assumptions,
    territory: Territory,
) -> ParkingLots:
    """
    Turn the candidates of all sources into legal car parks.

    Candidates are marked in or out of scope, matched across sources, joined by aisles, cut by
    public roads, buildings and fences, then described. A lot is never cut by a commune's limit, and
    depends only on what lies around it: any window that holds it gives the same lot.

    Parameters
    ----------
    candidates
        `ParkingCandidate`, territory CRS; those that draw nothing get an outcome and no lot.
    around
        Tables of the same window.

    References
    ----------
    Décret n° 2024-1023 du 13 novembre 2024, art. 1er, I et II.
    """
    drawn = candidates[candidates["role"].isin([*DRAWN_ROLES, "enclosing"])]
    drawn = drawn[drawn.area > 0]
    marked = mark_kerbside_bays(drawn, around.roads, assumptions)
    marked = mark_built_over(marked, around.buildings, assumptions)
    units = marked["role"] == "enclosing"
    lonely = lonely_units(marked[units], marked[~units], assumptions)
    conflation = conflate(pd.concat([marked[~units], lonely]), assumptions)
    perimeters = _perimeters(conflation, around, assumptions)
    lots = describe_lots(perimeters, conflation, around, assumptions, territory)
    partial = partial_outlines(candidates)
    confirmed = confirmed_lots(partial, lots.geometry.to_numpy(), assumptions)
    lots = add_confirmations(lots, partial, confirmed)
    confirms = dict(
        zip(partial["candidate_id"], confirmed.map(lots["lot_id"].to_dict()), strict=True)
    )
    confirms |= unit_outcomes(marked[units].drop(index=lonely.index), lots)
    outcomes = explain_candidates(candidates, conflation, perimeters, lots, confirms)
    return ParkingLots(
        lots=check(
            ParkingLot,
            gpd.GeoDataFrame(conform(ParkingLot, pd.DataFrame(lots), territory.crs)),
            territory.crs,
        ),
        outcomes=check_table(CandidateOutcome, conform(CandidateOutcome, outcomes)),
    )


def _perimeters(
    conflation: Conflation, around: Surroundings, assumptions: Assumptions
) -> list[Perimeter]:
    """Draw the perimeters of open-air groups; the others keep the outline they have."""
    candidates = conflation.candidates
    covered = candidates["is_chosen"] & (candidates["parking_type"] != "surface")
    is_covered = candidates["group"].isin(candidates.loc[covered, "group"])
    obstacles = Obstacles.of(around.roads, around.buildings, around.fences, assumptions)
    open_air = Conflation(candidates[~is_covered])
    others = [
        Perimeter(
            geometry=union(part.geometry.to_numpy()),
            members=tuple(part.index),
            groups=(int(part["group"].iloc[0]),),
            is_cut=False,
            has_link=False,
        )
        for _, part in candidates[is_covered & candidates["is_chosen"]].groupby("group")
    ]
    return [*draw_perimeters(open_air, around.roads, obstacles, assumptions), *others]
