"""Car parks that article 40 does not reach: covered, built, or along a public road."""

import geopandas as gpd
import numpy as np
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import FloatArray, GeometryArray
from pipeline.groups import positions_by_key
from pipeline.roads import road_width

OUT_OF_SCOPE = {
    "aerien_bati": "parc en ouvrage à étages, intégré à un bâtiment",
    "souterrain": "parc souterrain",
    "toiture": "parc en toiture",
    "couvert": "parc couvert",
    "voirie": "places ouvrant directement sur la voie publique",
}


def mark_kerbside_bays(
    candidates: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, assumptions: Assumptions
) -> gpd.GeoDataFrame:
    """
    Set to `voirie` the rows of spaces that open on a public road.

    A group of mapped bays, or an outline no deeper than one bay, is on the road when it starts
    within `kerb_gap_m` of a public carriageway, most of it lies along that carriageway (a bay
    deep), no aisle or service road reaches it, and no other source draws an open-air park over it.

    References
    ----------
    Décret n° 2024-1023 du 13 novembre 2024, art. 1er, II, 1° (« en dehors de la voie publique »).
    """
    choices = assumptions.parking_lots
    public = roads[roads["road_class"] == "public"]
    kerb = road_width(public, assumptions) / 2 + choices.kerb_gap_m.value
    lines, shapes = public.geometry.to_numpy(), candidates.geometry.to_numpy()
    starts = shapely.STRtree(shapely.buffer(lines, kerb)).query(shapes, predicate="intersects")[0]
    along = _share_covered(shapes, shapely.buffer(lines, kerb + choices.bay_depth_m.value))
    lanes = roads[roads["road_class"].isin(["aisle", "service"])].geometry.to_numpy()
    served = shapely.STRtree(lanes).query(
        shapes, predicate="dwithin", distance=choices.link_tolerance_m.value
    )[0]
    depth = 2 * shapely.area(shapes) / shapely.length(shapes)  # of a strip, within its width
    is_row = (candidates["role"] == "bays").to_numpy() | (depth <= choices.bay_depth_m.value)
    open_air = (candidates["parking_type"] == "surface").to_numpy()
    outlines = shapes[~is_row & open_air]
    drawn = _share_covered(shapes, outlines) >= choices.piece_covered_share.value
    positions = np.arange(len(candidates))
    on_road = (
        is_row
        & open_air
        & np.isin(positions, starts)
        & (along >= choices.kerb_share.value)
        & ~np.isin(positions, served)
        & ~drawn
    )
    kinds = candidates["parking_type"].where(~on_road, "voirie")
    return candidates.assign(parking_type=kinds)


def _share_covered(shapes: GeometryArray, covers: GeometryArray) -> FloatArray:
    """Return the share of each shape under the union of `covers`."""
    covered = np.zeros(len(shapes))
    shape, cover = shapely.STRtree(covers).query(shapes, predicate="intersects")
    for i, pairs in positions_by_key(shape):
        ground = shapely.intersection(shapes[i], shapely.union_all(covers[cover[pairs]]))
        covered[i] = shapely.area(ground) / shapely.area(shapes[i])
    return covered


def mark_built_over(
    candidates: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, assumptions: Assumptions
) -> gpd.GeoDataFrame:
    """
    Set to `aerien_bati` the open-air candidates that lie almost wholly under one building.

    A source that draws a car park on a building without saying so draws a park of that building.
    """
    solid = buildings[~buildings["is_open"]]
    shapes, roofs = candidates.geometry.to_numpy(), solid.geometry.to_numpy()
    candidate, roof = shapely.STRtree(roofs).query(shapes, predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[candidate], roofs[roof]))
    share = common / shapely.area(shapes)[candidate]
    built = candidate[share >= assumptions.parking_lots.built_over_share.value]
    is_built = np.isin(np.arange(len(candidates)), built)
    is_open_air = (candidates["parking_type"] == "surface").to_numpy()
    kinds = candidates["parking_type"].where(~(is_built & is_open_air), "aerien_bati")
    return candidates.assign(parking_type=kinds)
