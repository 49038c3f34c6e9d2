"""Classified installations that a car park stands on: it may be one itself."""

import geopandas as gpd
import numpy as np
import shapely


def installations_over(
    lots: gpd.GeoDataFrame, installations: gpd.GeoDataFrame
) -> dict[str, tuple[str, float]]:
    """
    Return, by lot, the installation it stands on and the share of the lot inside its footprint.

    Parameters
    ----------
    lots, installations
        `ParkingLot` and `LocatedInstallation`, same CRS. A building beside the lot is none of its
        ground: only a supplied footprint that meets the lot counts, or a bare point inside it.

    Returns
    -------
    found
        French name, and share in [0, 1] (0 for a point). The largest share wins, then the name.
    """
    known = installations[installations["rung"] != "batiment"].reset_index(drop=True)
    shapes, sites = lots.geometry.to_numpy(), known.geometry.to_numpy()
    lot, site = known.sindex.query(lots.geometry, predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[lot], sites[site]))
    inside = np.clip(common / shapely.area(shapes[lot]), 0, 1)
    is_point = (known["rung"] == "point").to_numpy()[site]
    names = known["name"].fillna(known["installation_id"]).to_numpy()[site]
    found: dict[str, tuple[str, float]] = {}
    ids = lots["lot_id"].to_numpy()[lot]
    for lot_id, name, share, point in zip(ids, names, inside, is_point, strict=True):
        if not point and share == 0:  # the footprint only touches the lot
            continue
        what = f"installation classée {name} située dans le parc"
        words = what if point else f"parc sur l'emprise de l'installation classée {name}"
        found[lot_id] = max(found.get(lot_id, (words, -1.0)), (words, float(share)), key=_rank)
    return found


def _rank(item: tuple[str, float]) -> tuple[float, str]:
    return item[1], item[0]
