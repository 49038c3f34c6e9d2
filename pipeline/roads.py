"""Roads on the ground: which are public through roads, and how wide their carriageway is."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import FloatArray, GeometryArray


def settle_through_roads(roads: gpd.GeoDataFrame, assumptions: Assumptions) -> gpd.GeoDataFrame:
    """
    Class as `unknown` the minor streets without a name.

    Drawn through a car park, they are most often its own lane: they neither cut nor deduct, and the
    lot says that a road without class crosses it.

    Parameters
    ----------
    roads
        `Road`; returned with the same rows.
    """
    minor = roads["highway"].isin(assumptions.named_through_roads.value)
    nameless = (roads["road_class"] == "public") & minor & roads["name"].isna()
    return roads.assign(road_class=roads["road_class"].where(~nameless, "unknown"))


def carriageways(roads: gpd.GeoDataFrame, assumptions: Assumptions) -> GeometryArray:
    """
    Return the carriageway of each road as a polygon, ends cut square.

    Parameters
    ----------
    roads
        `Road`, territory CRS.
    """
    half = road_width(roads, assumptions) / 2
    return np.asarray(shapely.buffer(roads.geometry.to_numpy(), half, cap_style="flat"))


def road_width(roads: pd.DataFrame, assumptions: Assumptions) -> FloatArray:
    """
    Return the width of each road, metres.

    The data's own width first; else the one assumed for its `highway` value; else, for a service
    road or an aisle, the width of a parking aisle.
    """
    widths = {name: item.value for name, item in assumptions.road_width_m.items()}
    kind = roads["highway"].astype("str").str.removesuffix("_link")
    assumed = kind.map(widths).astype(float).fillna(assumptions.parking_lots.aisle_width_m.value)
    return roads["width_m"].fillna(assumed).to_numpy(dtype=float)
