"""Canopy over many car parks on one large raster: one measured case per process."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("GDAL_CACHEMAX", "256")  # as the command line sets it

import exactextract
import geopandas as gpd
import numpy as np
import rasterio
import rasterio.mask
import rasterstats
import shapely
from rasterio.windows import Window

from pipeline.assumptions import load_assumptions
from pipeline.crs import load_territories
from pipeline.heights import HeightTile
from pipeline.ingestion.catalogue import load_catalogue
from pipeline.ingestion.files import find_files
from pipeline.ingestion.height_model import HeightModel, read_height_model
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.tree_canopy.crowns import top_window
from pipeline.tree_canopy.height_cover import measure_heights
from pipeline.tree_canopy.tree_tops import TopWindow, find_tops
from pipeline.tree_canopy.zonal import pixel_sums
from tests.benchmarks.cases import peak_memory
from tests.benchmarks.generated_heights import BLOCK, generate_lots

CONFIG = Path(__file__).resolve().parents[2] / "config"
CHOICES = load_assumptions(CONFIG / "assumptions.yaml").height_model
LEAST_M = CHOICES.vegetation_height_m.value
RASTER = "mnh/heights_10000.tif"
_MODELS: dict[Path, HeightModel] = {}


def decode(data: Path, lots: gpd.GeoDataFrame) -> np.ndarray:
    """Read each block that a car park touches, once, and do nothing with it."""
    with rasterio.open(data / RASTER) as dataset:
        for row, column in _touched(lots, dataset):
            dataset.read(1, window=Window(column * BLOCK, row * BLOCK, BLOCK, BLOCK))
    return np.zeros(len(lots))


def _touched(lots: gpd.GeoDataFrame, dataset: rasterio.DatasetReader) -> list[tuple[int, int]]:
    bounds = shapely.bounds(lots.geometry.to_numpy())
    step, limit = BLOCK * dataset.res[0], -(-dataset.height // BLOCK) - 1
    west, north = dataset.transform.c, dataset.transform.f
    columns = np.clip((bounds[:, [0, 2]] - west) // step, 0, limit).astype(int)
    rows = np.clip((north - bounds[:, [3, 1]]) // step, 0, limit).astype(int)
    blocks = {
        (row, column)
        for (top, bottom), (left, right) in zip(rows.tolist(), columns.tolist(), strict=True)
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    }
    return sorted(blocks)


def parzan(data: Path, lots: gpd.GeoDataFrame) -> np.ndarray:
    """Share of each car park above the least height, and the tree tops of what is read."""
    shapes = lots.geometry.to_numpy()
    sums = np.zeros(len(lots))
    for tile in tiles(data, lots, CHOICES.window_most_m.value):
        above = tile.heights >= LEAST_M
        sums[tile.members] = pixel_sums(shapes[tile.members], [above], tile)[:, 0]
        find_tops(tile.heights, tile.resolution, top_window(CHOICES))
    return sums * tile.resolution**2 / shapely.area(shapes)


def stage(data: Path, lots: gpd.GeoDataFrame) -> np.ndarray:
    """Measure everything: three bounds, roofs, crowns as polygons, a row a tree."""
    assumptions = load_assumptions(CONFIG / "assumptions.yaml")
    shapes = lots.geometry.to_numpy()
    read = measure_heights(
        lots, shapes, tiles(data, lots, CHOICES.margin_m.value), np.empty(0, dtype=object),
        assumptions, load_territories(CONFIG / "territories.yaml")[0],
    )  # fmt: skip
    cover = read.canopy.cover
    return (cover["shade_share"] + cover["outside_shade_share"]).to_numpy()


def tiles(data: Path, lots: gpd.GeoDataFrame, margin_m: float) -> Iterator[HeightTile]:
    """Read the windows of the car parks, as a run does."""
    return _model(data).tiles(shapely.bounds(lots.geometry.to_numpy()), margin_m)


def _model(data: Path) -> HeightModel:
    france = load_territories(CONFIG / "territories.yaml")[0]
    catalogue = load_catalogue(CONFIG / "sources.yaml")
    if data in _MODELS:
        return _MODELS[data]
    with tempfile.TemporaryDirectory() as work:
        files = find_files(data, "mnh", Path(work)) or ()
        scope = Scope(france, None, "62999", catalogue, Path(work))
        _MODELS[data] = read_height_model([FileReport(file) for file in files], scope)
    return _MODELS[data]


def exact(data: Path, lots: gpd.GeoDataFrame) -> np.ndarray:
    """Exactextract, raster by raster: the oracle of the shares."""
    rows = exactextract.exact_extract(
        str(data / RASTER), lots, ["values", "coverage"], output="pandas"
    )
    return np.array(
        [
            (cover * (heights >= LEAST_M)).sum() / cover.sum()
            for heights, cover in zip(rows["values"], rows["coverage"], strict=True)
        ]
    )


def tops(data: Path, lots: gpd.GeoDataFrame) -> np.ndarray:
    """Count tops found otherwise than pixel by pixel, tops, and those of a plain maximum filter."""
    window, wrong, found, plain = top_window(CHOICES), 0, 0, 0
    for tile in tiles(data, lots, CHOICES.window_most_m.value):
        reach = window.reach(tile.resolution)
        alone, highest = (
            _pixel_by_pixel(tile.heights, tile.resolution, window, ties_are_tops=ties)
            for ties in (False, True)
        )
        mine = np.zeros(tile.heights.shape, dtype=bool)
        mine[find_tops(tile.heights, tile.resolution, window)] = True
        whole = (slice(reach, -reach), slice(reach, -reach))
        wrong += int((mine != alone)[whole].sum())
        found, plain = found + int(mine.sum()), plain + int(highest[whole].sum())
    return np.array([wrong, found, plain])


def _pixel_by_pixel(
    heights: np.ndarray, resolution: float, window: TopWindow, *, ties_are_tops: bool
) -> np.ndarray:
    """Compare each pixel with every neighbour of its window, whatever they are."""
    reach, kept = window.reach(resolution), heights >= window.least_height_m
    radius = window.radius_m(heights, resolution) / resolution
    padded = np.pad(heights, reach)
    for row in range(-reach, reach + 1):
        for column in range(-reach, reach + 1):
            other = padded[
                reach + row : reach + row + heights.shape[0],
                reach + column : reach + column + heights.shape[1],
            ]
            comes_first = (row, column) < (0, 0) and not ties_are_tops
            beaten = (other >= heights) if comes_first else (other > heights)
            kept &= ~(beaten & (row**2 + column**2 <= radius**2))
    return np.asarray(kept)


def with_rasterstats(data: Path, lots: gpd.GeoDataFrame) -> np.ndarray:
    """Rasterstats, the usual library."""
    stats = rasterstats.zonal_stats(
        lots.geometry, str(data / RASTER), stats=[],
        add_stats={"above": lambda values: float((values >= LEAST_M).mean())},
    )  # fmt: skip
    return np.array([row["above"] for row in stats])


def with_mask(data: Path, lots: gpd.GeoDataFrame) -> np.ndarray:
    """`rasterio.mask`, one car park after the other."""
    shares = []
    with rasterio.open(data / RASTER) as dataset:
        for shape in lots.geometry:
            cut, _ = rasterio.mask.mask(dataset, [shape], crop=True, filled=False)
            shares.append(float((cut >= LEAST_M).mean()))
    return np.array(shares)


CASES = {
    "decode": decode, "parzan": parzan, "stage": stage, "exact": exact,
    "rasterstats": with_rasterstats, "mask": with_mask, "tops": tops,
}  # fmt: skip


def main(name: str, data: str, lot_count: str) -> None:
    """Run a case after its imports; print seconds, CPU seconds and peak memory; save shares."""
    lots = generate_lots(int(lot_count))
    _model(Path(data))  # the file is hashed and checked once a run, whatever is measured
    begin, cpu = time.perf_counter(), time.process_time()
    shares = CASES[name](Path(data), lots)
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
    peak = peak_memory()
    np.save(Path(data) / f"{name}_{lot_count}.npy", shares)
    print(json.dumps({"s": seconds, "cpu": cpu_seconds, "MB": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:4])
