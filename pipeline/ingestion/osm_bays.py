"""Mapped spaces outside any mapped car park → groups that may be one."""

from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.crs import GeometryArray


def group_bays(bays: gpd.GeoDataFrame, candidates: pd.DataFrame, gap_m: float) -> pd.DataFrame:
    """
    Group the spaces that lie in no drawn car park and are at most `gap_m` apart.

    Spaces of different kinds (street, underground…) are never grouped. Spaces mapped as points
    draw nothing: they stay spaces only.

    Parameters
    ----------
    bays
        Spaces, polygons or points, with `parking_type`; territory CRS.
    candidates
        Car parks already found; those with a geometry absorb the spaces inside.
    gap_m
        Largest distance between two spaces of a group, metres, inclusive.

    Returns
    -------
    groups
        Rows of `ParkingCandidate` with role `bays`: the union of the spaces, closed over the gap.
    """
    free = _outside(bays, candidates)
    rows = [
        _group(free.iloc[members], gap_m)
        for _, same in free.reset_index(drop=True).groupby("parking_type", sort=True)
        for members in _connected(cast("gpd.GeoDataFrame", same), gap_m)
    ]
    return pd.DataFrame(rows)


def _outside(bays: gpd.GeoDataFrame, candidates: pd.DataFrame) -> gpd.GeoDataFrame:
    drawn = bays[shapely.get_dimensions(bays.geometry.to_numpy()) == 2]  # noqa: PLR2004 - a surface
    parks = candidates["geometry"].dropna().to_numpy()
    centres = shapely.point_on_surface(drawn.geometry.to_numpy())
    inside = np.unique(shapely.STRtree(parks).query(centres, predicate="intersects")[0])
    is_free = np.ones(len(drawn), dtype=bool)
    is_free[inside.astype(int)] = False
    free: gpd.GeoDataFrame = drawn[is_free].sort_values("bay_id", ignore_index=True)
    return free


def _connected(same: gpd.GeoDataFrame, gap_m: float) -> list[list[int]]:
    """Return the positions (in the index of `same`) of each group, smallest first."""
    geometries = same.geometry.to_numpy()
    first, second = shapely.STRtree(geometries).query(
        geometries, predicate="dwithin", distance=gap_m
    )
    root = list(range(len(geometries)))

    def find(member: int) -> int:
        while root[member] != member:
            root[member] = root[root[member]]
            member = root[member]
        return member

    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        low, high = sorted((find(one), find(other)))
        root[high] = low
    groups: dict[int, list[int]] = {}
    for member, position in enumerate(same.index):
        groups.setdefault(find(member), []).append(position)
    return list(groups.values())


def _group(members: gpd.GeoDataFrame, gap_m: float) -> dict[str, object]:
    count = float(members["capacity"].sum())
    keys = list(members["source_id"])
    return {
        "candidate_id": f"osm/places/{min(keys)}",
        "source": "osm",
        "source_id": ";".join(keys),
        "role": "bays",
        "parking_type": members["parking_type"].iloc[0],
        "capacity_min": count,
        "capacity_max": count,
        "is_for_trucks": bool(members["is_for_trucks"].any()),
        "geometry": _closed(members.geometry.to_numpy(), gap_m),
    }


def _closed(spaces: GeometryArray, gap_m: float) -> shapely.Geometry:
    """Return the union of spaces, the gaps up to `gap_m` filled (straight corners kept)."""
    grown = shapely.union_all(shapely.buffer(spaces, gap_m / 2, join_style="mitre"))
    return shapely.union_all([shapely.buffer(grown, -gap_m / 2, join_style="mitre"), *spaces])
