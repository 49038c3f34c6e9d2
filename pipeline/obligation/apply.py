"""The stage as one call: verdicts, then owners, solar potential and priority of each car park."""

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.obligation.classify import Evidence, Judgement, classify_lots
from pipeline.obligation.owners import ownership, parcel_owners
from pipeline.obligation.priority import prioritise
from pipeline.obligation.solar import solar_potential
from pipeline.rules import RuleBook


@dataclass(frozen=True)
class Ground:
    """
    Land and sun under the car parks: `Parcel`, `OwnedParcel`, `YieldCell`.

    `owners_known`: the file of owners speaks of the commune.
    """

    parcels: gpd.GeoDataFrame
    owned: pd.DataFrame
    owners_known: bool
    yields: gpd.GeoDataFrame


@dataclass(frozen=True)
class Applied:
    """
    What the law makes of the car parks of a commune, and what helps to instruct them.

    `land` is the parcels with their owner; `ownership`, `solar` and `priorities` follow the schemas
    of their names.
    """

    judgement: Judgement
    land: gpd.GeoDataFrame
    ownership: pd.DataFrame
    solar: pd.DataFrame
    priorities: pd.DataFrame


def apply_law(
    lots: gpd.GeoDataFrame,
    evidence: Evidence,
    ground: Ground,
    rules: RuleBook,
    assumptions: Assumptions,
    day: date,
) -> Applied:
    """
    Judge the car parks of a commune under the law of `day`, and say which to instruct first.

    Parameters
    ----------
    lots
        `ParkingLot`, territory CRS.
    evidence, ground
        Tables of the other stages, same CRS.
    """
    judged = classify_lots(lots, evidence, rules, assumptions, day)
    known = ground.owners_known
    land = parcel_owners(ground.parcels, ground.owned, assumptions, owners_known=known)
    status = lots["lot_id"].map(judged.verdicts.set_index("lot_id")["status"])
    may_owe = status.isin(["assujetti", "a_verifier"])
    owners = ownership(lots, land, may_owe, assumptions, owners_known=known)
    return Applied(
        judgement=judged,
        land=land,
        ownership=owners,
        solar=solar_potential(lots, judged.verdicts, ground.yields, assumptions),
        priorities=prioritise(
            lots, judged.verdicts, evidence.surfaces, owners, assumptions,
            day=day, large_m2=rules.number("APER40.seuil_grand", day),
        ),
    )  # fmt: skip
