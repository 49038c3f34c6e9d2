"""The car parks of a commune: drawn from the sources, under their identifiers, as corrected."""

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.before import Before
from pipeline.crs import Territory
from pipeline.ingestion.folder import Sources
from pipeline.inventory.bases import known_bases
from pipeline.inventory.identity import Identified, keep_identity, rename_lots
from pipeline.parking_lots.build import ParkingLots, build_parking_lots
from pipeline.parking_lots.corrections import Replayed, replay
from pipeline.parking_lots.describe import Surroundings
from pipeline.parking_lots.outcomes import outcomes_for_commune
from pipeline.roads import settle_through_roads


@dataclass(frozen=True)
class Delimited:
    """
    Car parks of a commune, and how they came to be.

    `lots` follows `ParkingLot`, `outcomes` `CandidateOutcome`; `roads` are those of the window,
    once it is settled which ones go through.
    """

    lots: gpd.GeoDataFrame
    outcomes: pd.DataFrame
    roads: gpd.GeoDataFrame
    identified: Identified
    corrected: Replayed


def delimit(
    insee_code: str,
    sources: Sources,
    before: Before,
    assumptions: Assumptions,
    territory: Territory,
    *,
    seen_on: date,
) -> Delimited:
    """
    Draw the car parks of the window, keep those of the commune, name them, correct them.

    Decisions of agents come after the detection and before any measure: the outline measured is
    the corrected one, the outline remembered (`identified.known`) the detected one.
    """
    roads = settle_through_roads(sources.roads, assumptions)
    around = _surroundings(sources, roads)
    parks = build_parking_lots(sources.candidates, around, assumptions, territory)
    own = parks.lots[parks.lots["insee_code"] == insee_code].reset_index(drop=True)
    identified = keep_identity(own, before.previous, seen_on, assumptions.identity)
    decided = before.review.corrections
    bases = known_bases(before.previous, decided)
    corrected = replay(identified.lots, decided, bases, around, assumptions, territory, insee_code)
    outcomes = _outcomes(insee_code, parks, identified, corrected)
    return Delimited(corrected.lots, outcomes, roads, identified, corrected)


def _outcomes(
    insee_code: str, parks: ParkingLots, identified: Identified, corrected: Replayed
) -> pd.DataFrame:
    """Return what became of each candidate, under the identifiers that the parks have now."""
    minted = outcomes_for_commune(insee_code, parks.lots, parks.outcomes)
    return rename_lots(rename_lots(minted, identified.names), corrected.absorbed)


def _surroundings(sources: Sources, roads: gpd.GeoDataFrame) -> Surroundings:
    return Surroundings(
        communes=sources.communes,
        bays=sources.bays,
        roads=roads,
        fences=sources.fences,
        buildings=sources.buildings,
        parcels=sources.parcels,
        hints=sources.hints,
    )
