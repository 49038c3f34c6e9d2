"""What the sources say together of a car park: areas, agreement, reliability and its reasons."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory, ground_area
from pipeline.french import number, percent
from pipeline.groups import positions_by_key
from pipeline.parking_lots.conflation import Conflation, union_by
from pipeline.schemas import AGENT

SOURCE_LABELS = {
    "osm": "OSM",
    "bdtopo": "BD TOPO",
    "parkings_sup500m2": "couche nationale",
    "pot_sol_park": "POT-SOL-PARK",
    AGENT: "agent",
}


@dataclass(frozen=True)
class Context:
    """Facts about a lot that weaken or support its outline."""

    crossed_by_unknown_road: bool
    has_cadastral_hint: bool
    outside_parcels_share: float
    is_bays_only: bool


def source_areas(conflation: Conflation, territory: Territory) -> dict[int, dict[str, float]]:
    """
    Measure what each source draws of each group.

    Returns
    -------
    areas
        By group, then by source; m² on the ground. An enclosing unit of land is not an outline: it
        is left out.
    """
    candidates = conflation.candidates
    table = union_by(candidates[candidates["role"] != "enclosing"], ["group", "source"])
    measured = ground_area(table["geometry"].to_numpy(), territory)
    areas: dict[int, dict[str, float]] = {}
    for group, source, area in zip(table["group"], table["source"], measured, strict=True):
        areas.setdefault(int(group), {})[str(source)] = float(area)
    return areas


@dataclass(frozen=True)
class Span:
    """
    Lowest and highest area that the sources give for a lot, m², and a French account.

    `is_compared` tells whether two sources draw the same ground.
    """

    low: float
    high: float
    account: str
    is_compared: bool


def span(
    gross_m2: float, kept: dict[int, float], drawn: dict[int, dict[str, float]], own: dict[int, str]
) -> Span:
    """
    Return what the sources give for a lot.

    Parameters
    ----------
    gross_m2
        Area of the lot; what it adds to its groups (ground of a link) is added to every source.
    kept
        Share of each group of the lot that is left in it after cuts; 1 when it is whole. Every
        source is taken to lose the same share.
    drawn
        From `source_areas`.
    own
        Source that gives the geometry of each group.
    """
    left = {
        group: {source: share * area for source, area in drawn[group].items()}
        for group, share in kept.items()
        if own[group] in drawn.get(group, {})
    }
    if len(left) < len(kept):  # a unit of land, not an outline
        return Span(gross_m2, gross_m2, "", is_compared=False)
    added = gross_m2 - sum(areas[own[group]] for group, areas in left.items())
    low = added + sum(min(areas.values()) for areas in left.values())
    high = added + sum(max(areas.values()) for areas in left.values())
    totals: dict[str, float] = {}
    for areas in left.values():
        for source, area in areas.items():
            totals[source] = totals.get(source, 0.0) + area
    account = " ; ".join(
        f"{SOURCE_LABELS[source]} {number(area)} m²" for source, area in sorted(totals.items())
    )
    compared = any(len(areas) > 1 for areas in left.values())
    return Span(max(0.0, min(low, gross_m2)), max(high, gross_m2), account, is_compared=compared)


def judge(
    sources: set[str],
    found: Span,
    joined_by: str | None,
    context: Context,
    assumptions: Assumptions,
) -> tuple[str, str]:
    """Return the reliability of a lot (`elevee`, `moyenne`, `faible`) and its French reasons."""
    agree_share = assumptions.parking_lots.sources_agree_share.value
    level, reason = _agreement(sources, found, agree_share)
    return weigh(level, reason, joined_by, context, assumptions)


def weigh(
    level: int, reason: str, joined_by: str | None, context: Context, assumptions: Assumptions
) -> tuple[str, str]:
    """Return a reliability and its reasons from a level (0 to 2), less what weakens an outline."""
    weakened = {
        "seules les places sont dessinées, pas les voies": context.is_bays_only,
        "réunion de plusieurs morceaux": joined_by is not None,
        "traversé par une voie sans classe : coupure non décidée": context.crossed_by_unknown_road,
    }
    outside = context.outside_parcels_share > assumptions.parking_lots.outside_parcels_share.value
    told = {
        "trait du plan cadastral (symbole 64) à l'appui": context.has_cadastral_hint,
        "largement hors parcelle cadastrale": outside,
    }
    level -= sum(weakened.values())
    reasons = [reason, *(text for text, holds in (weakened | told).items() if holds)]
    return ("faible", "moyenne", "elevee")[int(np.clip(level, 0, 2))], " ; ".join(reasons)


def _agreement(sources: set[str], found: Span, agree_share: float) -> tuple[int, str]:
    """Return the level (0 to 2) that the sources give by themselves, and why."""
    if not sources - {"pot_sol_park"}:
        return 0, "contour inconnu : seule l'unité foncière est déclarée"
    if not found.is_compared:
        return 1, "une seule source"
    if found.high - found.low <= agree_share * found.high:
        return 2, "plusieurs sources concordent"
    return 0, f"les sources divergent de {percent(1 - found.low / found.high)}"


def crossed_by(lots: gpd.GeoDataFrame, roads: gpd.GeoDataFrame) -> np.ndarray:
    """Tell, for each lot, whether a road without class enters it and leaves it; shape `(n,)`."""
    unknown = roads[roads["road_class"] == "unknown"].geometry.to_numpy()
    shapes = lots.geometry.to_numpy()
    lot, road = shapely.STRtree(unknown).query(shapes, predicate="intersects")
    crossed = np.zeros(len(lots), dtype=bool)
    for i, pairs in positions_by_key(lot):
        # A road is often cut at each junction: its stretches are put end to end first.
        ways = shapely.get_parts(shapely.line_merge(shapely.union_all(unknown[road[pairs]])))
        inside = shapely.length(shapely.intersection(ways, shapes[i]))
        outside = shapely.get_num_geometries(shapely.difference(ways, shapes[i]))
        crossed[i] = bool(((inside > 0) & (outside > 1)).any())
    return crossed


def near_hints(lots: gpd.GeoDataFrame, hints: gpd.GeoDataFrame) -> np.ndarray:
    """Tell, for each lot, whether a cadastral outline (symbol 64) meets it; shape `(n,)`."""
    lot = hints.sindex.query(lots.geometry, predicate="intersects")[0]
    return np.isin(np.arange(len(lots)), lot)
