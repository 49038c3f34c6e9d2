"""Height rasters made by hand, in whole metres of Lambert-93, deposited in a data folder."""

import tempfile
from pathlib import Path

import numpy as np
import rasterio

from pipeline.ingestion.files import find_files
from pipeline.ingestion.height_model import read_height_model
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from tests.tables import FRANCE, L93, X0, Y0
from tests.unit.ingestion.deposits import CATALOGUE, INSEE
from tests.unit.ingestion.rasters import write_raster

TILE = "LHD_FXX_0700_6322_MNH_O_0M50_LAMB93_IGN69.tif"


def tiff(data, values, name=TILE, *, size=1, corner=(0, 0), crs=L93, scale=1, tags=(), **profile):
    """Write a raster; `corner` is its north-west one, metres from the origin of the tests."""
    place = {"size": size, "corner": corner, "crs": crs, **profile}
    path = write_raster(Path(data) / "mnh" / name, values, **place)
    with rasterio.open(path, "r+") as target:
        target.update_tags(**dict(tags))
        if scale != 1:
            target.scales = (scale,) * target.count
    return path


def flat(height, rows=20, columns=20):
    return np.full((rows, columns), height, dtype="float32")


def ramp(rows, columns, step=0.01):
    """Heights that name their pixel: `step` more at each, row after row."""
    return np.arange(rows * columns, dtype="float32").reshape(rows, columns) * step


def spoil(path, block_row, block_column):
    """Overwrite one compressed block, which can then no longer be decoded."""
    with rasterio.open(path) as dataset:
        place, size = (
            int(dataset.get_tag_item(f"BLOCK_{what}_{block_column}_{block_row}", "TIFF", bidx=1))
            for what in ("OFFSET", "SIZE")
        )
    content = bytearray(path.read_bytes())
    content[place : place + size] = b"\xff" * size
    path.write_bytes(content)


def read_reports(data, window=None):
    """Read the folder `mnh`; `window` is a box, metres from the origin of the tests."""
    with tempfile.TemporaryDirectory() as work:
        box = None if window is None else boxes(window)[0]
        scope = Scope(FRANCE, box, INSEE, CATALOGUE, Path(work), latest_year=2026)
        reports = [FileReport(file) for file in find_files(Path(data), "mnh", Path(work))]
        return read_height_model(reports, scope), reports


def model(data, window=None):
    return read_reports(data, window)[0]


def boxes(*corners):
    """Boxes (west, south, east, north), metres from the origin of the tests."""
    return np.array(corners, dtype=float) + np.array([X0, Y0, X0, Y0])


def pixels(tile, box):
    """What a tile holds of a box, metres from the origin of the tests."""
    west, south, east, north = boxes(box)[0]
    rows = [round((tile.north - y) / tile.resolution) for y in (north, south)]
    columns = [round((x - tile.west) / tile.resolution) for x in (west, east)]
    return tile.heights[slice(*rows), slice(*columns)]


def heights(found, box):
    """What the height model holds of one box, read alone."""
    (tile,) = found.tiles(boxes(box), 0.0)
    return pixels(tile, box)


def names_of(found):
    """Return the paths of the files of a height model in the data folder."""
    return tuple(file.name for file in found.files)
