"""What the sources say together of a car park: areas, agreement, reliability and its reasons."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory, ground_area
from pipeline.parking_lots.conflation import union

SOURCE_LABELS = {
    "osm": "OSM",
    "bdtopo": "BD TOPO",
    "parkings_sup500m2": "couche nationale",
    "pot_sol_park": "POT-SOL-PARK",
}


@dataclass(frozen=True)
class Context:
    """Facts about a lot that weaken or support its outline."""

    crossed_by_unknown_road: bool
    has_cadastral_hint: bool
    outside_parcels_share: float


def source_areas(candidates: gpd.GeoDataFrame, territory: Territory) -> pd.DataFrame:
    """
    Measure what each source draws of each group.

    Parameters
    ----------
    candidates
        Candidates with their `group`, territory CRS.

    Returns
    -------
    areas
        One row per group, one column per source; m² on the ground, missing where a source draws
        nothing. An enclosing unit of land is not an outline: it is left out.
    """
    drawn = candidates[candidates["role"] != "enclosing"]
    rows = [
        (group, source, union(part.geometry.to_numpy()))
        for (group, source), part in drawn.groupby(["group", "source"], sort=True)
    ]
    table = pd.DataFrame(rows, columns=["group", "source", "geometry"])
    table["area"] = ground_area(table["geometry"].to_numpy(), territory)
    return table.pivot_table(index="group", columns="source", values="area")


def span(
    kept: dict[int, float], gross_m2: float, areas: pd.DataFrame, chosen: str
) -> tuple[float, float, str]:
    """
    Return the lowest and highest area that the sources give for a lot, and a French account.

    Parameters
    ----------
    kept
        Share of each group of the lot that is left in it after cuts; 1 when it is whole. Every
        source is taken to lose the same share.
    gross_m2
        Area of the lot; what it adds to its groups (ground of a link) is added to every source.
    areas
        From `source_areas`.
    chosen
        Source that draws the lot.
    """
    known = areas.reindex([group for group in kept if group in areas.index])
    if known.empty or chosen not in known:
        return gross_m2, gross_m2, ""
    left = known.mul(pd.Series(kept).reindex(known.index), axis=0)
    added = gross_m2 - float(left[chosen].sum())
    low, high = float(left.min(axis=1).sum()) + added, float(left.max(axis=1).sum()) + added
    totals = left.sum().loc[lambda found: found > 0]
    account = " ; ".join(
        f"{SOURCE_LABELS[str(name)]} {french(area)} m²" for name, area in totals.items()
    )
    return max(0.0, min(low, gross_m2)), max(high, gross_m2), account


def french(number: float) -> str:
    """Write a number the French way, without decimals: 1 588."""
    return f"{number:,.0f}".replace(",", "\u202f")


def judge(
    sources: set[str],
    span_m2: tuple[float, float],
    joined_by: str | None,
    context: Context,
    assumptions: Assumptions,
) -> tuple[str, str]:
    """Return the reliability of a lot (`elevee`, `moyenne`, `faible`) and its French reasons."""
    choices = assumptions.parking_lots
    low, high = span_m2
    drawing = sources - {"pot_sol_park"}
    agree = high - low <= choices.sources_agree_share.value * high
    reasons: list[str] = []
    level = 1
    if not drawing:
        reasons.append("contour inconnu : seule l'unité foncière est déclarée")
        level = -1
    elif len(drawing) > 1 and agree:
        reasons.append("plusieurs sources concordent")
        level = 2
    elif len(drawing) > 1:
        reasons.append(f"les sources divergent de {100 * (1 - low / high):.0f} %")
        level = 0
    else:
        reasons.append("une seule source")
    if joined_by:
        reasons.append("réunion de plusieurs morceaux")
        level -= 1
    if context.crossed_by_unknown_road:
        reasons.append("traversé par une voie sans classe : coupure non décidée")
        level -= 1
    if context.has_cadastral_hint:
        reasons.append("trait du plan cadastral (symbole 64) à l'appui")
    if context.outside_parcels_share > choices.outside_parcels_share.value:
        reasons.append("largement hors parcelle cadastrale")
    return ("faible", "moyenne", "elevee")[int(np.clip(level, 0, 2))], " ; ".join(reasons)


def crossed_by(lots: gpd.GeoDataFrame, roads: gpd.GeoDataFrame) -> np.ndarray:
    """Tell, for each lot, whether a road without class enters it and leaves it; shape `(n,)`."""
    unknown = roads[roads["road_class"] == "unknown"].geometry.to_numpy()
    shapes = lots.geometry.to_numpy()
    lot, road = shapely.STRtree(unknown).query(shapes, predicate="intersects")
    inside = shapely.intersection(unknown[road], shapes[lot])
    outside = shapely.difference(unknown[road], shapes[lot])
    through = (shapely.length(inside) > 0) & (shapely.get_num_geometries(outside) > 1)
    return np.isin(np.arange(len(lots)), lot[through])


def near_hints(lots: gpd.GeoDataFrame, hints: gpd.GeoDataFrame) -> np.ndarray:
    """Tell, for each lot, whether a cadastral outline (symbol 64) meets it; shape `(n,)`."""
    lot = hints.sindex.query(lots.geometry, predicate="intersects")[0]
    return np.isin(np.arange(len(lots)), lot)
