"""Aisles and short service roads that make one car park of several drawn pieces."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import GeometryArray
from pipeline.parking_lots.conflation import components, union
from pipeline.roads import carriageways

# Ends of aisles that stop on the same node meet exactly; this absorbs the last float digit.
_NODE_TOLERANCE_M = 1e-3


@dataclass(frozen=True)
class Links:
    """
    What joins the pieces.

    Attributes
    ----------
    pairs
        Shape `(m, 2)`, positions of pieces that one link joins.
    bands
        One row per link: `piece` (position of one piece it touches) and `geometry`, its ground.
    """

    pairs: np.ndarray
    bands: gpd.GeoDataFrame


def find_links(pieces: GeometryArray, roads: gpd.GeoDataFrame, assumptions: Assumptions) -> Links:
    """
    Find the aisles and service roads that run from one piece to another.

    A mapped aisle (`parking_aisle`) joins over `aisle_link_length_m` per piece; a service road of
    unknown status only over `service_link_length_m`. A public carriageway interrupts both. The
    ground of a link, its line grown to the assumed width, belongs to the car park.

    Parameters
    ----------
    pieces
        Shape `(n,)`, polygons of in-scope car parks.
    roads
        `Road`.
    """
    candidates = roads[roads["road_class"].isin(["aisle", "service"])]
    parts = _outside_parts(pieces, candidates, roads, assumptions)
    touches = _touches(parts, pieces, assumptions.parking_lots.link_tolerance_m.value)
    linking = _linking(parts, touches, assumptions)
    pairs = linking.groupby("network")["piece"].apply(_chain)
    stacked = np.vstack([*pairs]) if len(pairs) else np.empty((0, 2), dtype=int)
    return Links(pairs=stacked, bands=_bands(parts, linking, assumptions))


def _outside_parts(
    pieces: GeometryArray,
    candidates: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    assumptions: Assumptions,
) -> gpd.GeoDataFrame:
    """Cut the lines by the pieces and by the public carriageways; one row per remaining part."""
    public = roads[roads["road_class"] == "public"]
    obstacles = np.concatenate([pieces, carriageways(public, assumptions)])
    tree = shapely.STRtree(obstacles)
    lines = candidates.geometry.to_numpy().copy()
    line, obstacle = tree.query(lines, predicate="intersects")
    for i in np.unique(line):
        lines[i] = shapely.difference(lines[i], union(obstacles[obstacle[line == i]]))
    parts = candidates.assign(geometry=lines).explode(index_parts=False, ignore_index=True)
    parts = parts[parts.length > 0].reset_index(drop=True)
    return parts.assign(network=_networks(parts))


def _networks(parts: gpd.GeoDataFrame) -> np.ndarray:
    """Give a number to each network: aisles that meet make one; each service part stands alone."""
    a, b = parts.sindex.query(
        parts.geometry, predicate="dwithin", distance=np.full(len(parts), _NODE_TOLERANCE_M)
    )
    is_aisle = (parts["road_class"] == "aisle").to_numpy()
    both = is_aisle[a] & is_aisle[b]
    return components(len(parts), np.column_stack([a[both], b[both]]))


def _touches(parts: gpd.GeoDataFrame, pieces: GeometryArray, tolerance_m: float) -> pd.DataFrame:
    tree = shapely.STRtree(pieces)
    part, piece = tree.query(parts.geometry.to_numpy(), predicate="dwithin", distance=tolerance_m)
    return pd.DataFrame({"part": part, "piece": piece})


def _linking(
    parts: gpd.GeoDataFrame, touches: pd.DataFrame, assumptions: Assumptions
) -> pd.DataFrame:
    """Return (network, piece) of the networks that join at least two pieces and are short."""
    choices = assumptions.parking_lots
    length = parts.length.groupby(parts["network"]).sum()
    is_aisle = (parts["road_class"] == "aisle").groupby(parts["network"]).all()
    met = touches.assign(network=parts["network"].to_numpy()[touches["part"].to_numpy()])
    met = met[["network", "piece"]].drop_duplicates().sort_values(["network", "piece"])
    count = met.groupby("network")["piece"].transform("size")
    longest = np.where(
        met["network"].map(is_aisle),
        choices.aisle_link_length_m.value * (count - 1),
        choices.service_link_length_m.value,
    )
    joins = (count > 1) & (met["network"].map(length) <= longest)
    return met[joins].reset_index(drop=True)


def _chain(pieces: "pd.Series[int]") -> np.ndarray:
    return np.column_stack([pieces.to_numpy()[:-1], pieces.to_numpy()[1:]])


def _bands(
    parts: gpd.GeoDataFrame, linking: pd.DataFrame, assumptions: Assumptions
) -> gpd.GeoDataFrame:
    first = linking.drop_duplicates("network").set_index("network")["piece"]
    used = parts[parts["network"].isin(first.index)]
    return gpd.GeoDataFrame(
        {"piece": first.reindex(used["network"]).to_numpy(dtype=int)},
        geometry=carriageways(used, assumptions),
        crs=parts.crs,
    )
