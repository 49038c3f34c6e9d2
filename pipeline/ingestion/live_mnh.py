"""Heights (LiDAR HD) around some places, from the WMS-R of the Géoplateforme, square by square."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import rasterio  # type: ignore[import-untyped] # no stubs are published
from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.crs import FloatArray
from pipeline.errors import ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.live_settings import HeightWindows
from pipeline.ingestion.rasters import FAULTS
from pipeline.ingestion.scope import Bounds
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Wanted, single

SERVICE = "geoplateforme_wms"
_CONFIDENCE = 25  # IGN names Lambert-93 in several ways
_TOLERANCE_M = 1e-3
_BYTES_PER_PIXEL = 4


@dataclass(frozen=True)
class HeightPlan:
    """Files of heights to fetch, and the size that they take at most, bytes."""

    files: list[Wanted]
    size: int


def heights_around(boxes: FloatArray, service: Service) -> HeightPlan:
    """
    Return the files of the squares that some boxes meet, each once, from the south-west.

    Parameters
    ----------
    boxes
        Shape `(n, 4)`: west, south, east, north, metres in the CRS of the layer (Lambert-93). Each
        holds what is looked at, the margin included; a box that only touches a square asks for it.
    service
        Gives the layer and its grid.

    Raises
    ------
    ServiceError
        If the service declares no layer of heights.
    """
    grid = service.heights
    if grid is None:
        msg = f"{service.label} : aucune couche de hauteurs déclarée ; voir config/services.yaml"
        raise ServiceError(msg)
    squares = sorted({square for box in boxes for square in _squares(box, grid)})
    files = [_file_of(square, grid) for square in squares]
    return HeightPlan(files, len(files) * grid.side_px**2 * _BYTES_PER_PIXEL)


def _squares(box: FloatArray, grid: HeightWindows) -> list[tuple[int, int]]:
    """Return the columns and rows of the squares that meet a box."""
    shift = np.array([grid.west_shift_m, grid.south_shift_m])
    first = np.floor((box[:2] - shift) / grid.side_m).astype(int)
    last = np.floor((box[2:] - shift) / grid.side_m).astype(int)
    columns, rows = (range(first[i], last[i] + 1) for i in (0, 1))
    return [(column, row) for column in columns for row in rows]


def _file_of(square: tuple[int, int], grid: HeightWindows) -> Wanted:
    west = square[0] * grid.side_m + grid.west_shift_m
    south = square[1] * grid.side_m + grid.south_shift_m
    bounds = (west, south, west + grid.side_m, south + grid.side_m)
    # Whole metres, of six digits and more: never read as a year.
    place = f"mnh/lidar-hd-mnh-{round(west)}-{round(south)}.tif"
    return single(place, _request(bounds, grid), partial(_read, bounds=bounds, grid=grid))


def _request(bounds: Bounds, grid: HeightWindows) -> Request:
    params = {
        "SERVICE": "WMS",
        "VERSION": "1.3.0",
        "REQUEST": "GetMap",
        "LAYERS": grid.layer,
        "STYLES": "",
        "FORMAT": "image/geotiff",
        "CRS": grid.crs,
        "BBOX": ",".join(f"{side:.2f}" for side in bounds),
        "WIDTH": str(grid.side_px),
        "HEIGHT": str(grid.side_px),
    }
    return Request(SERVICE, "wms-r", ("tiff",), params)


def _read(answer: Answer, where: str, *, bounds: Bounds, grid: HeightWindows) -> Facts:
    """Refuse what is not the square asked for, pixel for pixel; its values are read to the end."""
    try:
        with rasterio.open(answer.path, driver="GTiff") as dataset:
            found = _misfit(dataset, bounds, grid)
            if found is None:
                dataset.read(1)
    except FAULTS as error:
        msg = f"{where} : GeoTIFF illisible ou tronqué ; relancer"
        raise ServiceError(msg) from error
    if found is not None:
        msg = f"{where} : image qui n'est pas celle demandée ({found}) ; réponse refusée"
        raise ServiceError(msg)
    return Facts()


def _misfit(dataset: rasterio.DatasetReader, bounds: Bounds, grid: HeightWindows) -> str | None:
    """Tell how a raster differs from the square asked for; None when it does not."""
    shape = (dataset.height, dataset.width)
    if (dataset.count, dataset.dtypes[0]) != (1, "float32"):
        return f"{dataset.count} bande(s) {dataset.dtypes[0]}"
    if shape != (grid.side_px, grid.side_px):
        return f"{shape[1]} × {shape[0]} pixels"
    if dataset.crs is None or not _is_crs(dataset.crs.to_wkt(), grid.crs):
        return "autre système de coordonnées"
    if not np.allclose(dataset.bounds, bounds, rtol=0, atol=_TOLERANCE_M):
        return f"emprise {', '.join(f'{side:.2f}' for side in dataset.bounds)}"
    return None


def _is_crs(wkt: str, expected: str) -> bool:
    try:
        crs = CRS.from_wkt(wkt)
    except CRSError:
        return False
    horizontal = crs.sub_crs_list[0] if crs.is_compound else crs
    code = horizontal.to_epsg(min_confidence=_CONFIDENCE)
    return bool(horizontal == CRS(expected) or code == CRS(expected).to_epsg())
