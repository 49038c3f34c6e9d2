"""Everything that the sources tell of the ground, as one table of surfaces."""

from collections.abc import Iterable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, conform, empty
from pipeline.crs import FloatArray, GeometryArray
from pipeline.ingestion.land_axes import draw_axes
from pipeline.ingestion.land_words import LandRows
from pipeline.ingestion.placement import BoolArray
from pipeline.schemas import LandEvidence

_AXIS_COLUMNS = ("highway", "width_m", "tracks")
_FROM_TAGS = "osm"  # its car parks come with their surface, from its tags


def gather_land_evidence(
    rows: Iterable[LandRows],
    buildings: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    assumptions: Assumptions,
    crs: str,
) -> gpd.GeoDataFrame:
    """
    Return what all sources tell of the ground, lines drawn as wide as they are.

    Parameters
    ----------
    rows
        What the readers of vegetation, water, roads, rails and zones found.
    buildings, candidates
        `Building` and `ParkingCandidate`; of a building or a car park that several sources draw,
        the first one of the assumptions is kept.

    Returns
    -------
    evidence
        `LandEvidence`, in a stable order.
    """
    found = list(rows)
    parts = [
        *(part for item in found for part in item.surfaces),
        draw_axes(_stacked(part for item in found for part in item.axes), assumptions),
        _buildings(buildings, assumptions),
        _car_parks(candidates, assumptions),
    ]
    conformed = [conform(LandEvidence, part, crs) for part in parts if len(part)]
    if not conformed:
        return empty(LandEvidence, crs)
    table = pd.concat(conformed).sort_values(["kind", "source", "source_id"], ignore_index=True)
    return check(LandEvidence, gpd.GeoDataFrame(table, crs=crs), crs)


def _stacked(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the axes of all sources, columns that one lacks missing."""
    there = [part for part in parts if len(part)]
    if not there:
        return pd.DataFrame(columns=["kind", *_AXIS_COLUMNS])
    full = [
        part.reindex(columns=[*part.columns, *set(_AXIS_COLUMNS) - set(part.columns)])
        for part in there
    ]
    typed = [part.astype({"highway": object, "width_m": float, "tracks": float}) for part in full]
    return pd.concat(typed, ignore_index=True)


def _buildings(buildings: gpd.GeoDataFrame, assumptions: Assumptions) -> pd.DataFrame:
    choices = assumptions.derived_land
    kept = buildings[_first_drawn(buildings, choices.building_sources.value, assumptions)]
    return pd.DataFrame(
        {
            "kind": np.where(kept["is_open"], "construction_legere", "batiment"),
            "source": kept["source"],
            "source_id": kept["building_id"],
            "geometry": kept.geometry.to_numpy(),
        }
    )


def _car_parks(candidates: gpd.GeoDataFrame, assumptions: Assumptions) -> pd.DataFrame:
    """Return the car parks on the ground that sources other than OSM draw, where it draws none."""
    drawn = candidates["defect"].isna() & (candidates["role"] == "outline")
    parks = candidates[drawn & (candidates["parking_type"] == "surface")]
    first = _first_drawn(parks, assumptions.source_priority.value, assumptions)
    kept = parks[first & (parks["source"] != _FROM_TAGS)]
    return pd.DataFrame(
        {
            "kind": "stationnement",
            "source": kept["source"],
            "source_id": kept["source_id"],
            "vintage": kept["vintage"],
            "geometry": kept.geometry.to_numpy(),
        }
    )


def _first_drawn(
    table: gpd.GeoDataFrame, order: Sequence[str], assumptions: Assumptions
) -> BoolArray:
    """Tell the objects that no source earlier in the order draws already."""
    shapes = table.geometry.to_numpy()
    place = table["source"].map({name: i for i, name in enumerate(order)}).fillna(len(order))
    rank = place.to_numpy(dtype=np.intp)
    kept = np.zeros(len(table), dtype=np.bool_)
    for step in np.unique(rank):
        own = np.flatnonzero(rank == step)
        share = _covered(shapes[own], shapes[kept])
        kept[own] = share < assumptions.derived_land.same_object_share.value
    return kept


def _covered(shapes: GeometryArray, others: GeometryArray) -> FloatArray:
    """Return the share of each shape under the others, which do not overlap much."""
    mine, theirs = shapely.STRtree(others).query(shapes, predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[mine], others[theirs]))
    covered = np.bincount(mine, weights=common, minlength=len(shapes))
    return np.asarray(covered / shapely.area(shapes))
