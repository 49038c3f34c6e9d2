"""Candidates of all sources → one legal car park each: the steps of the stage, in order."""

from dataclasses import dataclass
from hashlib import blake2s

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory, ground_area
from pipeline.parking_lots.conflation import DRAWN_ROLES, Conflation, conflate, union
from pipeline.parking_lots.evidence import (
    Context,
    crossed_by,
    judge,
    near_hints,
    source_areas,
    span,
)
from pipeline.parking_lots.land import owner_commune, parcels_under
from pipeline.parking_lots.outcomes import explain_candidates
from pipeline.parking_lots.partial import add_confirmations, confirmed_lots, partial_outlines
from pipeline.parking_lots.perimeter import Obstacles, Perimeter, draw_perimeters
from pipeline.parking_lots.scope import OUT_OF_SCOPE, mark_built_over, mark_kerbside_bays
from pipeline.parking_lots.spaces import count_spaces
from pipeline.schemas import CandidateOutcome, ParkingLot, check, check_table, conform

_ID_BYTES = 5


@dataclass(frozen=True)
class Surroundings:
    """What lies around the candidates: tables of the schemas of their names."""

    communes: gpd.GeoDataFrame
    bays: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    fences: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    parcels: gpd.GeoDataFrame
    hints: gpd.GeoDataFrame


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
    conflation = conflate(marked, assumptions)
    perimeters = _perimeters(conflation, around, assumptions)
    lots = _describe(perimeters, conflation, around, assumptions, territory)
    partial = partial_outlines(candidates)
    confirmed = confirmed_lots(partial, lots.geometry.to_numpy(), assumptions)
    lots = add_confirmations(lots, partial, confirmed)
    confirms = dict(
        zip(partial["candidate_id"], confirmed.map(lots["lot_id"].to_dict()), strict=True)
    )
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


def _describe(
    perimeters: list[Perimeter],
    conflation: Conflation,
    around: Surroundings,
    assumptions: Assumptions,
    territory: Territory,
) -> gpd.GeoDataFrame:
    """Return the columns of `ParkingLot`, one row per perimeter, in their order."""
    shapes = np.array([perimeter.geometry for perimeter in perimeters], dtype=object)
    lots = gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs=territory.crs))
    lots["gross_area_m2"] = ground_area(shapes, territory)
    lots["insee_code"] = owner_commune(lots, around.communes)
    lots = lots.join(parcels_under(lots, around.parcels, assumptions))
    areas = source_areas(conflation.candidates, territory)
    contexts = map(
        Context,
        crossed_by(lots, around.roads),
        near_hints(lots, around.hints),
        lots["outside_parcels_share"],
    )
    facts = pd.DataFrame(
        _facts(perimeter, gross, conflation.candidates, areas, context, assumptions)
        for perimeter, gross, context in zip(
            perimeters, lots["gross_area_m2"], contexts, strict=True
        )
    )
    lots = lots.join(facts)
    lots["largest_piece_m2"] = _largest_pieces(perimeters, conflation, territory)
    lots["lot_id"] = _identifiers(lots)
    declared = _declared(perimeters, conflation)
    return lots.join(count_spaces(lots, declared, around.bays, assumptions))


def _facts(
    perimeter: Perimeter,
    gross_m2: float,
    candidates: gpd.GeoDataFrame,
    areas: pd.DataFrame,
    context: Context,
    assumptions: Assumptions,
) -> dict[str, object]:
    """Describe one lot from its candidates: type, names, sources, span, reliability."""
    members = candidates.loc[list(perimeter.members)]
    evidence = candidates[candidates["group"].isin(perimeter.groups)]
    sources = sorted(evidence["source"].unique())
    size = pd.Series(shapely.area(members.geometry.to_numpy()), index=members.index)
    kind = str(size.groupby(members["parking_type"]).sum().idxmax())
    kept = _kept_shares(perimeter, evidence[evidence["is_chosen"]])
    low, high, account = span(kept, gross_m2, areas, str(members["source"].iloc[0]))
    high = max(high, _lanes_included(members, assumptions))
    joined_by = _joined_by(members, perimeter)
    level, reasons = judge(set(sources), (low, high), joined_by, context, assumptions)
    accuracy = assumptions.positional_accuracy_m
    return {
        "parking_type": kind,
        "out_of_scope": OUT_OF_SCOPE.get(kind),
        "name": _first(evidence, "name"),
        "access": _first(evidence, "access"),
        "operator": _first(evidence, "operator"),
        "source_low_m2": low,
        "source_high_m2": high,
        "source_areas": account,
        "accuracy_m": max(accuracy[source].value for source in members["source"].unique()),
        "outline_known": bool((members["role"] != "enclosing").all()),
        "piece_count": len(members),
        "joined_by": joined_by,
        "reliability": level,
        "reliability_reasons": reasons,
        "sources": ";".join(sources),
        "source_ids": ";".join(sorted(evidence["candidate_id"])),
        "drawn_ids": ";".join(sorted(members["candidate_id"])),
    }


def _lanes_included(members: gpd.GeoDataFrame, assumptions: Assumptions) -> float:
    """Return the most that a park known by its bays alone can measure, its lanes included."""
    if not (members["role"] == "bays").all():
        return 0.0
    spaces = float(members["capacity_max"].sum())
    return spaces * assumptions.spaces.area_per_space_high_m2.value


def _kept_shares(perimeter: Perimeter, chosen: gpd.GeoDataFrame) -> dict[int, float]:
    """Return the share of each group's drawn ground that is left in the perimeter."""
    shares = {}
    for group, pieces in chosen.groupby("group"):
        drawn = union(pieces.geometry.to_numpy())
        inside = shapely.intersection(drawn, perimeter.geometry)
        shares[int(str(group))] = float(shapely.area(inside) / shapely.area(drawn))
    return shares


def _joined_by(members: gpd.GeoDataFrame, perimeter: Perimeter) -> str | None:
    by_source = len(members) > len(members["group"].unique())
    if perimeter.has_link:
        return "source_et_allee" if by_source else "allee"
    return "source" if by_source else None


def _first(candidates: gpd.GeoDataFrame, column: str) -> str | None:
    """Return the value of the largest candidate that has one."""
    order = candidates.assign(size=candidates.area).sort_values(
        ["size", "candidate_id"], ascending=[False, True]
    )
    found = order[column].dropna()
    return str(found.iloc[0]) if len(found) else None


def _largest_pieces(
    perimeters: list[Perimeter], conflation: Conflation, territory: Territory
) -> list[float]:
    """Return, for each perimeter, the ground area of the largest drawn piece it holds."""
    candidates = conflation.candidates
    inside = [
        shapely.intersection(
            candidates.loc[list(found.members)].geometry.to_numpy(), found.geometry
        )
        for found in perimeters
    ]
    return [float(ground_area(pieces, territory).max()) for pieces in inside]


def _declared(perimeters: list[Perimeter], conflation: Conflation) -> pd.DataFrame:
    """Sum the tagged capacities of each lot; missing unless every piece has one and none is cut."""
    capacities = conflation.candidates[["capacity_min", "capacity_max"]]
    rows = [
        capacities.loc[list(found.members)].sum(skipna=False)
        if not found.is_cut
        else pd.Series(np.nan, index=capacities.columns)
        for found in perimeters
    ]
    return pd.DataFrame(rows, columns=capacities.columns).reset_index(drop=True).astype(float)


def _identifiers(lots: gpd.GeoDataFrame) -> list[str]:
    """
    Name each lot after its commune and the objects it is drawn from.

    Parts of one cut park share those objects: they are told apart by their order, largest first.
    """
    if lots.empty:
        return []
    order = lots.assign(x=lots.bounds["minx"], y=lots.bounds["miny"]).sort_values(
        ["drawn_ids", "gross_area_m2", "x", "y"], ascending=[True, False, True, True]
    )
    part = order.groupby("drawn_ids").cumcount().reindex(lots.index)
    names = []
    for code, drawn, number in zip(lots["insee_code"], lots["drawn_ids"], part, strict=True):
        digest = blake2s(f"{drawn}#{number}".encode(), digest_size=_ID_BYTES).hexdigest()
        names.append(f"{code or '00000'}-{digest}")
    return names
