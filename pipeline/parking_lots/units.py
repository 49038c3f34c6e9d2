"""Declared units of land: they hold a car park somewhere, and never draw it."""

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions


def lonely_units(
    units: gpd.GeoDataFrame, outlines: gpd.GeoDataFrame, assumptions: Assumptions
) -> gpd.GeoDataFrame:
    """
    Return the units of land that no drawn car park fills.

    A unit that holds at least `piece_covered_share` of an outline only confirms it: it neither
    gives its geometry nor joins it to another one.
    """
    share = assumptions.parking_lots.piece_covered_share.value
    unit, outline = outlines.sindex.query(units.geometry, predicate="intersects")
    drawn, land = outlines.geometry.to_numpy()[outline], units.geometry.to_numpy()[unit]
    held = shapely.area(shapely.intersection(drawn, land)) >= share * shapely.area(drawn)
    return gpd.GeoDataFrame(units.drop(index=units.index[unit[held]]))


def unit_outcomes(units: gpd.GeoDataFrame, lots: gpd.GeoDataFrame) -> dict[str, str]:
    """Return the `lot_id` of the lot that each confirming unit holds most of."""
    unit, lot = lots.sindex.query(units.geometry, predicate="intersects")
    common = shapely.intersection(units.geometry.to_numpy()[unit], lots.geometry.to_numpy()[lot])
    pairs = pd.DataFrame(
        {
            "unit": units["candidate_id"].to_numpy()[unit],
            "lot_id": lots["lot_id"].to_numpy()[lot],
            "area": shapely.area(common).round(1),
        }
    ).sort_values(["unit", "area", "lot_id"], ascending=[True, False, True])
    first = pairs.drop_duplicates("unit")
    return dict(zip(first["unit"], first["lot_id"], strict=True))
