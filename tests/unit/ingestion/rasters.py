"""GeoTIFF files for the tests of the readers."""

import numpy as np
import rasterio
from rasterio import Affine

from tests.tables import X0, Y0


def write_raster(path, values, *, size, corner, crs, **profile):
    """Write a raster; `corner` is its north-west one, metres from the origin of the tests."""
    values = np.asarray(values, dtype=profile.pop("dtype", "float32"))
    layers = values if values.ndim == 3 else values[None]
    options = {
        "driver": "GTiff",
        "count": len(layers),
        "height": layers.shape[1],
        "width": layers.shape[2],
        "dtype": layers.dtype,
        "crs": crs,
        "transform": Affine(size, 0, X0 + corner[0], 0, -size, Y0 + corner[1]),
        **profile,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(path, "w", **{k: v for k, v in options.items() if v is not None}) as target:
        target.write(layers)
    return path
