"""GeoTIFF: tiles of a height model, named and cut as IGN does those of LiDAR HD."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from frame import Coordinates, from_lambert
from town import Feature, Town

_SIDE_M = 1000
_STEP_M = 0.5
_SHIFT_M = 0.25  # IGN centres its pixels on round coordinates: corners end in .75 or .25
_PIXELS = int(_SIDE_M / _STEP_M)
_NODATA = -9999.0
_DECIMALS = 1  # few distinct values: small files

Values = npt.NDArray[np.float64]


def write_heights(folder: Path, town: Town) -> None:
    """Write the tiles of the plan: heights within what was flown over, nodata elsewhere."""
    for west, north in town.height_model["tiles"]:
        name = f"LHD_FXX_{west // 1000:04d}_{north // 1000:04d}_MNH_O_0M50_LAMB93_IGN69.tif"
        _write(folder / name, _heights(town, west, north), west, north, town.height_model["flown"])


def _write(path: Path, heights: Values, west: int, north: int, flown: str) -> None:
    profile = {
        "driver": "GTiff", "dtype": "float32", "count": 1, "height": _PIXELS, "width": _PIXELS,
        "crs": "EPSG:2154", "nodata": _NODATA,
        "transform": rasterio.Affine(_STEP_M, 0, west - _SHIFT_M, 0, -_STEP_M, north + _SHIFT_M),
        "tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "DEFLATE", "zlevel": 9,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.update_tags(TIFFTAG_DATETIME=f"{flown:%Y:%m:%d} 00:00:00")
        dataset.write(heights.astype("float32"), 1)


def _heights(town: Town, west: int, north: int) -> Values:
    """Return what a tile holds, first row to the north: the highest thing at each pixel centre."""
    rows, columns = np.mgrid[:_PIXELS, :_PIXELS]
    centres = np.stack([west + columns * _STEP_M, north - rows * _STEP_M], axis=-1)
    xy = from_lambert(centres.reshape(-1, 2))
    heights = np.full(len(xy), _NODATA)
    flown = _inside([shapely.box(*box) for box in town.height_model["boxes"]], xy)
    known, over = xy[flown], np.zeros(int(flown.sum()))
    for building in _meeting(town.buildings, known):
        over[_inside([building.geometry], known)] = building.tags["height"]
    for thing in _meeting(town.raised, known):
        over = np.maximum(over, _height_of(thing, known))
    heights[flown] = np.round(over, _DECIMALS)
    return heights.reshape(_PIXELS, _PIXELS)


def _height_of(thing: Feature, xy: Coordinates) -> Values:
    """
    Return the height of a thing at each point, 0 beside it.

    A box is flat. A crown is a paraboloid, `top` high in its middle and `rim` at its edge: the
    share of it above a height h is (top − h) / (top − rim).
    """
    top = thing.tags["top"]
    if not isinstance(thing.geometry, shapely.Point):
        return np.where(_inside([thing.geometry], xy), float(top), 0.0)
    away = ((xy - np.array(thing.geometry.coords[0])) ** 2).sum(axis=1)
    edge = (thing.tags["crown"] / 2) ** 2
    return np.where(away <= edge, top - (top - thing.tags["rim"]) * away / edge, 0.0)


def _meeting(things: list[Feature], xy: Coordinates) -> list[Feature]:
    around = shapely.box(*xy.min(axis=0), *xy.max(axis=0))
    return [thing for thing in things if around.intersects(thing.geometry)]


def _inside(shapes: list[shapely.Polygon], xy: Coordinates) -> npt.NDArray[np.bool_]:
    return np.logical_or.reduce([shapely.contains_xy(shape, *xy.T) for shape in shapes])
