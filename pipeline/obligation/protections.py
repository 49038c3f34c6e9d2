"""Heritage and nature perimeters over each car park: share covered, and what it does."""

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, check_table, conform
from pipeline.schemas import ParkingLot, Perimeter, ProtectionShare


def protection_shares(
    lots: gpd.GeoDataFrame, perimeters: gpd.GeoDataFrame, assumptions: Assumptions
) -> pd.DataFrame:
    """
    Measure which share of each lot lies in each perimeter.

    Parameters
    ----------
    lots
        `ParkingLot`, territory CRS.
    perimeters
        `Perimeter`, same CRS.

    Returns
    -------
    shares
        `ProtectionShare`, in [0, 1] of the footprint; exactly 1 when the lot is wholly inside,
        up to the thickness of the drawing (`protections.whole_share`). A perimeter that only
        touches the lot, within that thickness, is left out.
    """
    crs = str(lots.crs)
    parks, zones = check(ParkingLot, lots, crs), check(Perimeter, perimeters, crs)
    lot, zone = zones.sindex.query(parks.geometry, predicate="intersects")
    shapes = parks.geometry.to_numpy()[lot]
    table = pd.DataFrame(
        {
            "lot_id": parks["lot_id"].to_numpy()[lot],
            "perimeter_id": zones["perimeter_id"].to_numpy()[zone],
            "kind": zones["kind"].to_numpy()[zone],
            "inside": shapely.intersection(shapes, zones.geometry.to_numpy()[zone]),
            "area": shapely.area(shapes),
        }
    )
    whole = assumptions.protections.whole_share.value
    table["share"] = _settled(shapely.area(table["inside"].to_numpy()) / table["area"], whole)
    together = table.groupby(["lot_id", "kind"])["inside"].transform(
        lambda found: shapely.area(shapely.union_all(found.to_numpy()))
    )
    table["kind_share"] = _settled(together.astype(float) / table["area"], whole)
    met = table[table["share"] > 0].sort_values(["lot_id", "perimeter_id"]).reset_index(drop=True)
    return check_table(ProtectionShare, conform(ProtectionShare, met))


def _settled(share: "pd.Series[float]", whole: float) -> "pd.Series[float]":
    """Bring to 0 or 1 what differs from it by less than the thickness of the drawing."""
    return share.mask(share >= whole, 1.0).mask(share <= 1 - whole, 0.0)
