"""Gather as masks everything that may leave a car park: ground cover, buildings, roads, rings."""

import geopandas as gpd
import pyarrow as pa

from pipeline.assumptions import Assumptions
from pipeline.roads import carriageways
from pipeline.schemas import to_masks


def gather_masks(
    ground_cover: pa.Table,
    buildings: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame,
    rings: gpd.GeoDataFrame,
    assumptions: Assumptions,
) -> list[pa.RecordBatch]:
    """
    Return the masks of a commune, schema `MASKS`, in batches.

    A building deducts, but an open roof does not. A public road deducts with the width that the
    data give; with an assumed width the piece is `a_verifier`. So is a lane that only a tag says
    freight lorries use, and a 10 m ring whose heading is not verified.
    """
    solid = buildings[~buildings["is_open"]]
    public = roads[roads["road_class"] == "public"]
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
            carriageways(public, assumptions),
            ids=public["road_id"],
            source=public["source"],
            motif="voie_publique",
            deducts=True,
            certain=public["width_m"].notna(),
        ),
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
