"""A generated height model of 10 km by 10 km at 0.5 m, and car parks on it: fixed seed."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from rasterio.windows import Window

from tests.benchmarks.generated import ORIGIN, SEED, _blobs

SIDE_M = 10_000
RESOLUTION = 0.5
BLOCK = 512
EDGE_M = 200
TREES_PER_BLOCK = 650  # 100 a hectare: dense for a town


def generate_heights(folder: Path, side_m: int = SIDE_M) -> Path:
    """Write `heights.tif`: rounded crowns over noisy ground, heights to the centimetre."""
    path = folder / f"heights_{side_m}.tif"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    size = int(side_m / RESOLUTION)
    profile = {
        "driver": "GTiff", "dtype": "float32", "count": 1, "width": size, "height": size,
        "crs": "EPSG:2154", "nodata": -9999.0, "tiled": True, "blockxsize": BLOCK,
        "blockysize": BLOCK, "compress": "DEFLATE", "predictor": 3, "zlevel": 6,
        "num_threads": "ALL_CPUS", "BIGTIFF": "YES",
        "transform": rasterio.Affine(RESOLUTION, 0, ORIGIN[0], 0, -RESOLUTION, ORIGIN[1] + side_m),
    }  # fmt: skip
    part = path.with_suffix(".part.tif")
    with rasterio.open(part, "w", **profile) as dataset:
        for row in range(0, size, BLOCK):
            for column in range(0, size, BLOCK):
                block = _block(np.random.default_rng([SEED, row, column]))
                block = block[: size - row, : size - column]
                window = Window(column, row, block.shape[1], block.shape[0])
                dataset.write(block, 1, window=window)
    part.rename(path)
    return path


def generate_lots(lot_count: int, side_m: int = SIDE_M) -> gpd.GeoDataFrame:
    """Return car parks of some 1 500 m² anywhere on the raster, and whole; they may overlap."""
    random = np.random.default_rng(SEED)
    radius = np.minimum(np.exp(random.normal(2.9, 0.4, lot_count)), EDGE_M / 2)
    shapes = _blobs(random, lot_count, side_m - 2 * EDGE_M, 12, radius)
    shapes = shapely.transform(shapes, lambda xy: xy + EDGE_M)
    return gpd.GeoDataFrame(
        {"lot_id": [f"l{i}" for i in range(lot_count)]}, geometry=shapes, crs="EPSG:2154"
    )


def _block(random: np.random.Generator) -> np.ndarray:
    """Return one block: each crown is the cap of an ellipsoid, the highest one wins."""
    block = np.zeros((BLOCK, BLOCK), dtype=np.float32)
    for _ in range(TREES_PER_BLOCK):
        height = random.uniform(4, 20)
        radius = 0.15 * height + random.uniform(1, 3)
        row, column = random.uniform(0, BLOCK, 2)
        reach = int(radius / RESOLUTION) + 1
        r0, c0 = max(int(row) - reach, 0), max(int(column) - reach, 0)
        rows = (np.arange(r0, min(int(row) + reach, BLOCK)) + 0.5 - row) * RESOLUTION / radius
        columns = (np.arange(c0, min(int(column) + reach, BLOCK)) + 0.5 - column) * RESOLUTION
        inside = 1 - rows[:, None] ** 2 - (columns / radius)[None] ** 2
        crown = np.where(inside > 0, height * (0.6 + 0.4 * np.sqrt(np.maximum(inside, 0))), 0)
        part = block[r0 : r0 + len(rows), c0 : c0 + len(columns)]
        np.maximum(part, crown, out=part)
    block += random.normal(0, 0.03, block.shape).astype(np.float32)
    return np.round(block, 2)
