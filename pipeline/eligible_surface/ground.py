"""Gather as masks everything that may leave a car park: ground cover, buildings, roads, rings."""

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from pipeline.assumption_groups import Motif
from pipeline.assumptions import Assumptions
from pipeline.crs import GeometryArray
from pipeline.masks import to_masks
from pipeline.polygons import polygonal
from pipeline.roads import carriageways


def gather_masks(
    ground_cover: pa.Table,
    buildings: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    rings: gpd.GeoDataFrame,
    lots: gpd.GeoDataFrame,
    assumptions: Assumptions,
) -> list[pa.RecordBatch]:
    """
    Return the masks of a commune, schema `MASKS`, in batches.

    A building deducts, but an open roof does not. A public road of known width deducts all its
    carriageway. With an assumed width it deducts only from the lots that its axis meets, and the
    piece is `a_verifier`: beside the axis, the drawn edge of the lot is better evidence than our
    guess. So is a lane that only a tag says freight lorries use, and a 10 m ring whose heading is
    not verified.
    """
    solid = buildings[~buildings["is_open"]]
    public = roads[roads["road_class"] == "public"]
    measured = public[public["width_m"].notna()]
    freight = roads[roads["is_freight"] & (roads["road_class"] != "public")]
    lanes, streets = carriageways(freight, assumptions), carriageways(measured, assumptions)
    tables = [
        ground_cover,
        _deducting(solid, solid.geometry.to_numpy(), "building_id", "batiment", certain=True),
        _deducting(measured, streets, "road_id", "voie_publique", certain=True),
        _assumed_carriageways(public[public["width_m"].isna()], lots, assumptions),
        _deducting(freight, lanes, "road_id", "voie_poids_lourds", certain=False),
        _deducting(
            rings,
            rings.geometry.to_numpy(),
            "installation_id",
            "icpe_10m",
            certain=rings["is_certain"],
        ),
    ]
    return [batch for table in tables for batch in table.to_batches()]


def _deducting(
    rows: gpd.GeoDataFrame,
    shapes: GeometryArray,
    id_column: str,
    motif: Motif,
    *,
    certain: "bool | pd.Series[bool]",
) -> pa.Table:
    """Pack polygons that deduct for one motif, named by the rows they come from."""
    return to_masks(
        shapes,
        ids=rows[id_column],
        source=rows["source"],
        motif=motif,
        deducts=True,
        certain=certain,
    )


def _assumed_carriageways(
    roads: gpd.GeoDataFrame, lots: gpd.GeoDataFrame, assumptions: Assumptions
) -> pa.Table:
    """Return the ground that carriageways of assumed width take from the lots their axis meets."""
    lot, road = roads.sindex.query(lots.geometry, predicate="intersects")
    met = roads.iloc[road]
    ground = shapely.intersection(carriageways(met, assumptions), lots.geometry.to_numpy()[lot])
    areal = shapely.area(ground) > 0
    return _deducting(
        met[areal], polygonal(ground[areal]), "road_id", "voie_publique", certain=False
    )
