"""Brownfields crossed with the artificial land and with the car parks."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.artificialisation.coverage import BoolArray
from pipeline.contracts import check, conform
from pipeline.crs import FloatArray, GeometryArray, Territory, ground_area
from pipeline.groups import positions_by_key
from pipeline.precision import COVERED_SLACK_M2
from pipeline.schemas import CrossedBrownfield

_SURFACE = 2  # dimension of a polygon


def cross_brownfields(
    sites: gpd.GeoDataFrame,
    land: gpd.GeoDataFrame,
    lots: gpd.GeoDataFrame,
    territory: Territory,
) -> gpd.GeoDataFrame:
    """
    Say of each brownfield how much of it is artificial, and which car parks it holds.

    Parameters
    ----------
    sites
        `Brownfield`: points and polygons.
    land
        `LandStatus` of one vintage, the latest; empty when no land cover is known.
    lots
        `ParkingLot`; empty when car parks were not looked for.

    Returns
    -------
    crossed
        `CrossedBrownfield`. A brownfield that no land cover wholly covers has no artificial area:
        unknown is not zero.
    """
    rows = sites.rename(columns={"area_m2": "declared_area_m2"}).reset_index(drop=True)
    shapes = rows.geometry.to_numpy()
    is_ground = shapely.get_dimensions(shapes) == _SURFACE
    drawn = np.where(is_ground, ground_area(shapes, territory), np.nan)
    table = rows.assign(
        area_m2=drawn,
        artificial_m2=_artificial_m2(shapes, is_ground, land, territory),
        is_artificial=_status_at(shapes, is_ground, land),
        lot_ids=_lots_met(shapes, lots),
    )
    crossed = gpd.GeoDataFrame(conform(CrossedBrownfield, table, territory.crs))
    return check(CrossedBrownfield, crossed, territory.crs)


def _artificial_m2(
    shapes: GeometryArray, is_ground: BoolArray, land: gpd.GeoDataFrame, territory: Territory
) -> FloatArray:
    """Return the artificial ground of each polygon; missing where part of it is not known."""
    found = np.full(len(shapes), np.nan)
    known = land[land["is_artificial"].notna()]
    status = known["is_artificial"].to_numpy(dtype=bool)
    pieces = known.geometry.to_numpy()
    site, piece = shapely.STRtree(pieces).query(shapes, predicate="intersects")
    for i, pairs in positions_by_key(site):
        if not is_ground[i]:
            continue
        common = ground_area(shapely.intersection(pieces[piece[pairs]], shapes[i]), territory)
        if common.sum() >= ground_area(shapes[[i]], territory)[0] - COVERED_SLACK_M2:
            found[i] = common[status[piece[pairs]]].sum()
    return found


def _status_at(
    shapes: GeometryArray, is_ground: BoolArray, land: gpd.GeoDataFrame
) -> pd.arrays.BooleanArray:
    """Return the status where each point lies; missing for a polygon, and where it is unknown."""
    found = pd.array([None] * len(shapes), dtype="boolean")
    site, piece = shapely.STRtree(land.geometry.to_numpy()).query(shapes, predicate="intersects")
    status = land["is_artificial"]
    for i, pairs in positions_by_key(site):
        told = set(status.iloc[piece[pairs]])
        if not is_ground[i] and len(told) == 1:  # on an edge, both sides agree
            found[i] = told.pop()
    return found


def _lots_met(shapes: GeometryArray, lots: gpd.GeoDataFrame) -> "pd.Series[str]":
    site, lot = shapely.STRtree(lots.geometry.to_numpy()).query(shapes, predicate="intersects")
    found: list[str | None] = [None] * len(shapes)
    for i, pairs in positions_by_key(site):
        found[i] = ";".join(sorted(lots["lot_id"].iloc[lot[pairs]]))
    return pd.Series(found, dtype=object)
