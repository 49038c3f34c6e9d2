"""Where a car park lies: the commune that holds most of it, the parcels under it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.parking_lots.conflation import union


def owner_commune(lots: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> "pd.Series[str]":
    """
    Return the INSEE code of the commune that holds most of each lot; "" where none is known.

    Ground outside every known commune counts as one more commune, so that a lot mostly outside the
    data is not given to the one that happens to be known. Ties go to the lowest code.
    """
    shapes = lots.geometry.to_numpy()
    lot, commune = communes.sindex.query(lots.geometry, predicate="intersects")
    limits = communes.geometry.to_numpy()
    codes = communes["insee_code"].to_numpy()
    table = pd.DataFrame({"lot": lot, "code": codes[commune]})
    table["area"] = shapely.area(shapely.intersection(shapes[lot], limits[commune]))
    known = table.groupby("lot")["area"].sum().reindex(range(len(lots)), fill_value=0.0)
    unknown = pd.DataFrame(
        {"lot": range(len(lots)), "code": "", "area": shapely.area(shapes) - known.to_numpy()}
    )
    best = pd.concat([table, unknown]).sort_values(
        ["lot", "area", "code"], ascending=[True, False, True]
    )
    owner = best.drop_duplicates("lot").set_index("lot")["code"]
    return pd.Series(owner.to_numpy(), index=lots.index, dtype="str")


def parcels_under(
    lots: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame, assumptions: Assumptions
) -> pd.DataFrame:
    """
    Return `outside_parcels_share` and `parcel_ids` of each lot; missing without cadastre.

    Returns
    -------
    land
        Index of `lots`; share in [0, 1] of the lot on no parcel; ids joined by `;`, largest first.
    """
    if parcels.empty:
        blank = pd.DataFrame(index=lots.index)
        return blank.assign(outside_parcels_share=np.nan, parcel_ids=None)
    shapes, ground = lots.geometry.to_numpy(), parcels.geometry.to_numpy()
    lot, parcel = parcels.sindex.query(lots.geometry, predicate="intersects")
    common = shapely.intersection(shapes[lot], ground[parcel])
    table = pd.DataFrame({"lot": lot, "idu": parcels["idu"].to_numpy()[parcel]})
    table["area"], table["common"] = shapely.area(common), common
    table = table[table["area"] > assumptions.parking_lots.shared_edge_m2.value]
    table = table.sort_values(["lot", "area", "idu"], ascending=[True, False, True])
    by_lot = table.groupby("lot", sort=True)
    held = by_lot["common"].apply(lambda found: shapely.area(union(found.to_numpy())))
    share = 1 - held.reindex(range(len(lots)), fill_value=0.0).to_numpy() / shapely.area(shapes)
    ids = by_lot["idu"].agg(";".join).reindex(range(len(lots)))
    return pd.DataFrame(
        {"outside_parcels_share": np.clip(share, 0.0, 1.0), "parcel_ids": ids.to_numpy()},
        index=lots.index,
    )


def parcels_of_lots(lots: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the parcels under a lot with its `lot_id`; the first by id where several share one."""
    listed = lots[["lot_id", "parcel_ids"]].dropna()
    pairs = listed.assign(idu=listed["parcel_ids"].str.split(";")).explode("idu")
    first = pairs.sort_values(["idu", "lot_id"]).drop_duplicates("idu")
    lot_of = dict(zip(first["idu"], first["lot_id"], strict=True))
    under = parcels[parcels["idu"].isin(lot_of)].reset_index(drop=True)
    return under.assign(lot_id=under["idu"].map(lot_of).astype("str"))
