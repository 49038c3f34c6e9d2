"""Generated car parks and green polygons, fixed seed: files that both ways of a benchmark read."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from pipeline.masks import to_masks

LOTS_PER_KM2 = 8
GREENS_PER_LOT = 10
FOREST_SHARE = 0.003
ROW_GROUP = 20_000
SEED = 20261122
ORIGIN = (600_000.0, 6_600_000.0)


def generate(folder: Path, lot_count: int) -> Path:
    """Write `lots.parquet`, `greens.parquet` (GeoParquet) and `masks.parquet` (schema `MASKS`)."""
    target = folder / str(lot_count)
    if (target / "masks.parquet").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    side = np.sqrt(lot_count / LOTS_PER_KM2) * 1000
    lots = _blobs(random, lot_count, side, 12, np.exp(random.normal(2.9, 0.4, lot_count)))
    count = lot_count * GREENS_PER_LOT
    radius = np.exp(random.normal(2.6, 0.6, count))
    forests = random.random(count) < FOREST_SHARE
    greens = _blobs(random, count, side, 32, np.where(forests, 10 * radius, radius))
    frame = gpd.GeoDataFrame({"lot_id": [f"l{i}" for i in range(lot_count)]}, geometry=lots,
                             crs="EPSG:2154")  # fmt: skip
    frame.to_parquet(target / "lots.parquet")
    green = gpd.GeoDataFrame({"green_id": [f"g{i}" for i in range(count)]}, geometry=greens,
                             crs="EPSG:2154")  # fmt: skip
    green = green.iloc[np.argsort(green.hilbert_distance().to_numpy(), kind="stable")]
    green.to_parquet(target / "greens.parquet", row_group_size=ROW_GROUP)
    masks = to_masks(
        green.geometry.to_numpy(), ids=green["green_id"], source=["generated"] * count,
        motif="espace_vert", deducts=True, certain=True,
    )  # fmt: skip
    pq.write_table(masks.combine_chunks(), target / "masks.parquet", row_group_size=ROW_GROUP)
    return target


def _blobs(
    random: np.random.Generator, count: int, side: float, vertices: int, radius: np.ndarray
) -> np.ndarray:
    """Return star-shaped polygons: valid, with as many vertices as a drawn outline has."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = radius[:, None] * (1 + 0.4 * random.random((count, vertices)))
    centre = random.random((count, 2)) * side + np.array(ORIGIN)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=-1)[None] * reach[..., None]
    ring = np.concatenate([ring, ring[:, :1]], axis=1) + centre[:, None]
    return np.asarray(shapely.polygons(ring))


def mask_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Stream the masks of a file, batch by batch; pre-buffering would hold the whole file."""
    return pq.ParquetFile(path, pre_buffer=False).iter_batches(batch_size=ROW_GROUP)
