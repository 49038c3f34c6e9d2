"""What is known of each car park once drawn: type, names, owner, sources, spaces, identifier."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.contracts import empty
from pipeline.crs import FloatArray, GeometryArray, Territory, ground_area
from pipeline.parking_lots.conflation import Conflation, union
from pipeline.parking_lots.evidence import (
    Context,
    crossed_by,
    judge,
    near_hints,
    source_areas,
    span,
)
from pipeline.parking_lots.land import owner_commune, parcels_under
from pipeline.parking_lots.perimeter import Perimeter
from pipeline.parking_lots.scope import OUT_OF_SCOPE
from pipeline.parking_lots.spaces import count_spaces
from pipeline.precision import ID_BYTES
from pipeline.schemas import ParkingLot

_CAPACITIES = ["capacity_min", "capacity_max"]
Rows = list[dict[str, Any]]


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


def describe_lots(
    perimeters: list[Perimeter],
    conflation: Conflation,
    around: Surroundings,
    assumptions: Assumptions,
    territory: Territory,
) -> gpd.GeoDataFrame:
    """Return the columns of `ParkingLot`, one row per perimeter, in their order."""
    if not perimeters:
        return empty(ParkingLot, territory.crs)
    shapes = np.array([perimeter.geometry for perimeter in perimeters], dtype=object)
    lots = gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs=territory.crs))
    lots["gross_area_m2"] = ground_area(shapes, territory)
    lots["insee_code"] = owner_commune(lots, around.communes)
    lots = lots.join(parcels_under(lots, around.parcels, assumptions))
    contexts = map(
        Context,
        crossed_by(lots, around.roads),
        near_hints(lots, around.hints),
        lots["outside_parcels_share"],
        [_is_bays_only(perimeter, conflation) for perimeter in perimeters],
    )
    drawn = source_areas(conflation, territory)
    facts = pd.DataFrame(
        _facts(perimeter, gross, conflation, drawn, context, assumptions)
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
    conflation: Conflation,
    drawn: dict[int, dict[str, float]],
    context: Context,
    assumptions: Assumptions,
) -> dict[str, object]:
    """Describe one lot from its candidates: type, names, sources, span, reliability."""
    members = [conflation.rows[position] for position in perimeter.members]
    evidence = _evidence(perimeter, conflation)
    chosen = [row for row in evidence if row["is_chosen"]]
    own = {row["group"]: row["source"] for row in chosen}
    found = span(gross_m2, _kept_shares(perimeter, chosen), drawn, own)
    sources = {row["source"] for row in evidence}
    joined_by = _joined_by(members, perimeter)
    level, reasons = judge(sources, found, joined_by, context, assumptions)
    kind = _largest_kind(members)
    accuracy = assumptions.positional_accuracy_m
    return {
        "parking_type": kind,
        "out_of_scope": OUT_OF_SCOPE.get(kind),
        "name": _first(evidence, "name"),
        "access": _first(evidence, "access"),
        "operator": _first(evidence, "operator"),
        "source_low_m2": found.low,
        "source_high_m2": max(found.high, _lanes_included(members, context, assumptions)),
        "source_areas": found.account,
        "accuracy_m": max(accuracy[row["source"]].value for row in members),
        "is_for_trucks": any(row["is_for_trucks"] for row in evidence),
        "first_seen": _first_seen(evidence),
        "outline_known": all(row["role"] != "enclosing" for row in members),
        "is_bays_only": context.is_bays_only,
        "piece_count": len(members),
        "joined_by": joined_by,
        "reliability": level,
        "reliability_reasons": reasons,
        "sources": ";".join(sorted(sources)),
        "source_ids": ";".join(sorted(row["candidate_id"] for row in evidence)),
        "drawn_ids": ";".join(sorted(row["candidate_id"] for row in members)),
    }


def _evidence(perimeter: Perimeter, conflation: Conflation) -> Rows:
    """Return every candidate of the groups of a lot, the largest first."""
    rows = [
        conflation.rows[position]
        for group in perimeter.groups
        for position in conflation.by_group[group]
    ]
    return sorted(rows, key=lambda row: (-row["size"], row["candidate_id"]))


def _first(evidence: Rows, column: str) -> str | None:
    """Return the value of the largest candidate that has one."""
    return next((str(row[column]) for row in evidence if row[column] is not None), None)


def _first_seen(evidence: Rows) -> str | None:
    """Return the earliest day of the candidates; None when one is undated: it may be older."""
    days = [row["vintage"] for row in evidence]
    return None if None in days else min(str(day) for day in days)


def _largest_kind(members: Rows) -> str:
    """Return the type that most of the ground has; ties go to the first by name."""
    sizes: dict[str, float] = {}
    for row in members:
        sizes[row["parking_type"]] = sizes.get(row["parking_type"], 0.0) + row["size"]
    return min(sizes, key=lambda kind: (-sizes[kind], kind))


def _is_bays_only(perimeter: Perimeter, conflation: Conflation) -> bool:
    return all(conflation.rows[position]["role"] == "bays" for position in perimeter.members)


def _lanes_included(members: Rows, context: Context, assumptions: Assumptions) -> float:
    """Return the most that a park known by its bays alone can measure, its lanes included."""
    if not context.is_bays_only:
        return 0.0
    spaces = sum(row["capacity_max"] or 0.0 for row in members)
    return float(spaces * assumptions.spaces.area_per_space_high_m2.value)


def _kept_shares(perimeter: Perimeter, chosen: Rows) -> dict[int, float]:
    """Return the share of each group's drawn ground that is left in the perimeter."""
    pieces: dict[int, list[shapely.Geometry]] = {}
    for row in chosen:
        pieces.setdefault(row["group"], []).append(row["geometry"])
    shares = {}
    for group, shapes in pieces.items():
        drawn = union(_array(shapes))
        inside = shapely.intersection(drawn, perimeter.geometry)
        shares[group] = float(shapely.area(inside) / shapely.area(drawn))
    return shares


def _joined_by(members: Rows, perimeter: Perimeter) -> str | None:
    by_source = len(members) > len({row["group"] for row in members})
    if perimeter.has_link:
        return "source_et_allee" if by_source else "allee"
    return "source" if by_source else None


def _largest_pieces(
    perimeters: list[Perimeter], conflation: Conflation, territory: Territory
) -> FloatArray:
    """Return, for each perimeter, the ground area of the largest drawn piece it holds."""
    pairs = [
        (i, conflation.rows[position]["geometry"], found.geometry)
        for i, found in enumerate(perimeters)
        for position in found.members
    ]
    largest = np.zeros(len(perimeters))
    if pairs:
        lot, pieces, shapes = zip(*pairs, strict=True)
        inside = shapely.intersection(_array(pieces), _array(shapes))
        np.maximum.at(largest, np.array(lot), ground_area(inside, territory))
    return largest


def _array(shapes: Iterable[shapely.Geometry]) -> GeometryArray:
    return np.array(list(shapes), dtype=object)


def _declared(perimeters: list[Perimeter], conflation: Conflation) -> pd.DataFrame:
    """Sum the tagged capacities of each lot; missing unless every piece has one and none is cut."""
    rows = [
        [np.nan if found.is_cut else _sum(found, conflation, column) for column in _CAPACITIES]
        for found in perimeters
    ]
    return pd.DataFrame(rows, columns=_CAPACITIES, dtype=float)


def _sum(perimeter: Perimeter, conflation: Conflation, column: str) -> float:
    values = [conflation.rows[position][column] for position in perimeter.members]
    return np.nan if None in values else float(sum(values))


def _identifiers(lots: gpd.GeoDataFrame) -> list[str]:
    """
    Name each lot after its commune and the objects it is drawn from.

    Parts of one cut park share those objects: they are told apart by their order, largest first.
    """
    # Rounded, so that the noise of the last digits never swaps two halves of the same size.
    order = lots.assign(
        size=lots["gross_area_m2"].round(1),
        x=lots.bounds["minx"].round(1),
        y=lots.bounds["miny"].round(1),
    ).sort_values(["drawn_ids", "size", "x", "y"], ascending=[True, False, True, True])
    part = order.groupby("drawn_ids").cumcount().reindex(lots.index)
    names = []
    for code, drawn, number in zip(lots["insee_code"], lots["drawn_ids"], part, strict=True):
        digest = blake2s(f"{drawn}#{number}".encode(), digest_size=ID_BYTES).hexdigest()
        names.append(f"{code or '00000'}-{digest}")
    return names
