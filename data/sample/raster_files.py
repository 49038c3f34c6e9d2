"""GeoTIFF: the grid of photovoltaic yield."""

from pathlib import Path

import numpy as np
import rasterio
from town import Town


def write_yields(path: Path, town: Town) -> None:
    """Write the yearly yield, kWh for one kWc, in squares of Lambert-93."""
    cells = np.array(town.yields["rows"], dtype="float32")
    step = town.yields["step"]
    west, north = town.yields["west_north"]
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 1,
        "height": cells.shape[0],
        "width": cells.shape[1],
        "crs": "EPSG:2154",
        "transform": rasterio.Affine(step, 0, west, 0, -step, north),
    }
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(cells, 1)
