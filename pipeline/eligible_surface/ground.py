"""Gather as masks everything that may leave a car park: ground cover, buildings, roads, rings."""

import geopandas as gpd
import pyarrow as pa
import shapely

from pipeline.assumptions import Assumptions
from pipeline.eligible_surface.subtraction import polygonal
from pipeline.masks import to_masks
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
    tables = [
        ground_cover,
        to_masks(
            solid.geometry.to_numpy(),
            ids=solid["building_id"],
            source=solid["source"],
            motif="batiment",
            deducts=True,
            certain=True,
        ),
        to_masks(
            carriageways(measured, assumptions),
            ids=measured["road_id"],
            source=measured["source"],
            motif="voie_publique",
            deducts=True,
            certain=True,
        ),
        _assumed_carriageways(public[public["width_m"].isna()], lots, assumptions),
        to_masks(
            carriageways(freight, assumptions),
            ids=freight["road_id"],
            source=freight["source"],
            motif="voie_poids_lourds",
            deducts=True,
            certain=False,
        ),
        to_masks(
            rings.geometry.to_numpy(),
            ids=rings["installation_id"],
            source=rings["source"],
            motif="icpe_10m",
            deducts=True,
            certain=rings["is_certain"],
        ),
    ]
    return [batch for table in tables for batch in table.to_batches()]


def _assumed_carriageways(
    roads: gpd.GeoDataFrame, lots: gpd.GeoDataFrame, assumptions: Assumptions
) -> pa.Table:
    """Return the ground that carriageways of assumed width take from the lots their axis meets."""
    lot, road = roads.sindex.query(lots.geometry, predicate="intersects")
    met = roads.iloc[road]
    ground = shapely.intersection(carriageways(met, assumptions), lots.geometry.to_numpy()[lot])
    areal = shapely.area(ground) > 0
    return to_masks(
        polygonal(ground[areal]),
        ids=met["road_id"][areal],
        source=met["source"][areal],
        motif="voie_publique",
        deducts=True,
        certain=False,
    )
