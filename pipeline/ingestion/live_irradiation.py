"""Photovoltaic yield on a small grid over a commune, from PVGIS."""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio  # type: ignore[import-untyped] # no stubs are published
from rasterio.io import MemoryFile  # type: ignore[import-untyped] # idem

from pipeline.assumption_groups import SolarAssumptions
from pipeline.crs import WGS84
from pipeline.errors import AbsentError, ServiceError
from pipeline.ingestion.evidence import Facts
from pipeline.ingestion.evidence_records import Evidence
from pipeline.ingestion.exchange import Answer, Request
from pipeline.ingestion.live_settings import YieldGrid
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.scope import Bounds
from pipeline.ingestion.services import Service
from pipeline.ingestion.wanted import Wanted

SERVICE = "pvgis"
_NODATA = -9999.0
_DECIMALS = 6
_SAME_PLACE_DEG = 1e-3
# Columns and rows of a cell from the origin of degrees: its middle is at a whole number of steps.
Cell = tuple[int, int]


def yields_around(
    insee_code: str, box: Bounds, service: Service, plant: SolarAssumptions
) -> list[Wanted]:
    """
    Return the file of the yields of one kWc over a box: a GeoTIFF in degrees, kWh a year.

    Each cell is asked at its middle; those that the service has nothing for (sea) have no value.

    Parameters
    ----------
    box
        West, south, east, north in degrees; every cell that it meets is asked.
    plant
        Tilt, azimuth and losses of the plant asked about.
    """
    grid = service.yields
    if grid is None:
        return []
    requests = [_request(cell, grid, plant) for cell in _cells(box, grid.step_deg)]
    return [
        Wanted(
            f"irradiation/pvgis-{insee_code}.tif",
            requests[0],
            partial(_fetch, requests=requests, tilt_deg=plant.plant_tilt_deg.value),
            partial(_raster, step=grid.step_deg),
        )
    ]


def _cells(box: Bounds, step: float) -> list[Cell]:
    west, south, east, north = (round(side / step) for side in box)
    return [(column, row) for row in range(south, north + 1) for column in range(west, east + 1)]


def _request(cell: Cell, grid: YieldGrid, plant: SolarAssumptions) -> Request:
    lon, lat = (round(number * grid.step_deg, _DECIMALS) for number in cell)
    params = {
        "lat": f"{lat:g}",
        "lon": f"{lon:g}",
        "peakpower": "1",
        "loss": f"{plant.plant_loss_percent.value:g}",
        "mountingplace": "free",
        "angle": f"{plant.plant_tilt_deg.value:g}",
        "aspect": f"{plant.plant_azimuth_deg.value:g}",
        "pvtechchoice": "crystSi",
        "raddatabase": grid.database,
        "usehorizon": "1",
        "outputformat": "json",
    }
    return Request(SERVICE, "PVcalc", ("json",), params)


def _fetch(retrieval: Retrieval, requests: Sequence[Request], tilt_deg: float) -> list[Evidence]:
    """Return the answers of the cells that have one."""
    parts, absent = [], None
    for request in requests:
        try:
            parts.append(retrieval.get(request, partial(_read, asked=request, tilt_deg=tilt_deg)))
        except AbsentError as error:
            absent = error
    if absent is not None and not parts:
        raise absent
    return parts


def _read(answer: Answer, where: str, *, asked: Request, tilt_deg: float) -> Facts:
    """Refuse what tells of another place or plant than was asked."""
    document = json.loads(answer.path.read_bytes())
    try:
        lon, lat, value = _told(document)
        plant = document["inputs"]
        fixed = plant["mounting_system"]["fixed"]
        power, slope = plant["pv_module"]["peak_power"], fixed["slope"]["value"]
        first, last = (int(plant["meteo_data"][name]) for name in ("year_min", "year_max"))
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{where} : productible mal formé ({error!r}) ; relancer plus tard"
        raise ServiceError(msg) from error
    place = (float(asked.params["lon"]), float(asked.params["lat"]))
    is_there = np.allclose((lon, lat), place, rtol=0, atol=_SAME_PLACE_DEG)
    if not is_there or (power, slope) != (1, tilt_deg) or not value > 0:
        msg = (
            f"{where} : {value:g} kWh pour {power:g} kWc inclinés de {slope:g}° en {lat:g}, {lon:g}"
            " : autre chose que demandé ; réponse refusée"
        )
        raise ServiceError(msg)
    return Facts(vintage=f"{first}-{last}", row_count=1)


def _told(document: dict[str, Any]) -> tuple[float, ...]:
    """Return the longitude, the latitude and the yield of an answer."""
    place = document["inputs"]["location"]
    energy = document["outputs"]["totals"]["fixed"]["E_y"]
    return tuple(float(number) for number in (place["longitude"], place["latitude"], energy))


def _raster(paths: Sequence[Path], step: float) -> Iterable[bytes]:
    """Give the GeoTIFF of the answers, their places in the middle of its cells."""
    told = [_told(json.loads(path.read_bytes())) for path in paths]
    columns, rows = (np.array([round(item[axis] / step) for item in told]) for axis in (0, 1))
    west, north = columns.min(), rows.max()
    values = np.full((north - rows.min() + 1, columns.max() - west + 1), _NODATA, dtype="float32")
    values[north - rows, columns - west] = [item[2] for item in told]
    place = rasterio.Affine(step, 0, (west - 0.5) * step, 0, -step, (north + 0.5) * step)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "nodata": _NODATA}
    with MemoryFile() as memory:
        with memory.open(
            **profile, height=values.shape[0], width=values.shape[1], crs=WGS84, transform=place
        ) as target:
            target.write(values, 1)
        yield memory.read()
