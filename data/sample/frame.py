"""The town's own frame: whole metres on the ground, turned and scaled into Lambert-93."""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from pipeline.crs import WGS84, Territory, ground_area, load_territories, territory_of

_ORIGIN = (678_000.0, 7_033_000.0)  # farmland of the Pas-de-Calais, about 2.7° E, 50.4° N
_TURN_DEGREES = 8.0  # no real street grid points to the north of Lambert-93
_TOWN_CENTRE = (679_000.0, 7_033_900.0)
_PROBE_M = 500.0
_DEGREE_DECIMALS = 7  # as OpenStreetMap and the cadastre publish them: about a centimetre
_CONFIG = Path(__file__).resolve().parents[2] / "config"

Coordinates = npt.NDArray[np.float64]


@cache
def _territory() -> Territory:
    return territory_of("62999", load_territories(_CONFIG / "territories.yaml"))


@cache
def _scale() -> float:
    """
    Lambert-93 metres per ground metre at the town's centre.

    Lambert-93 is conformal: a similarity keeps the shapes, and the ground areas to 0.01 %.
    """
    x, y = _TOWN_CENTRE
    probe = np.array([shapely.box(x - _PROBE_M, y - _PROBE_M, x + _PROBE_M, y + _PROBE_M)], object)
    return float(np.sqrt(shapely.area(probe) / ground_area(probe, _territory()))[0])


@cache
def _to_degrees() -> Transformer:
    return Transformer.from_crs(_territory().crs, WGS84, always_xy=True)


def to_lambert(geometry: BaseGeometry) -> BaseGeometry:
    """Carry a geometry of the town's frame to Lambert-93, to the centimetre."""
    matrix = _turn_and_scale()

    def similarity(xy: Coordinates) -> Coordinates:
        return np.round(xy @ matrix + np.array(_ORIGIN), 2)

    return shapely.transform(geometry, similarity)


def from_lambert(xy: Coordinates) -> Coordinates:
    """Carry points of Lambert-93, shape `(n, 2)`, to the town's frame."""
    return (xy - np.array(_ORIGIN)) @ np.linalg.inv(_turn_and_scale())


def _turn_and_scale() -> Coordinates:
    turn = np.radians(_TURN_DEGREES)
    return _scale() * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])


def to_lon_lat(geometry: BaseGeometry) -> BaseGeometry:
    """Carry a geometry of the town's frame to longitude and latitude, to 1e-7 degree."""

    def degrees(xy: Coordinates) -> Coordinates:
        return np.round(
            np.column_stack(_to_degrees().transform(xy[:, 0], xy[:, 1])), _DEGREE_DECIMALS
        )

    return shapely.transform(to_lambert(geometry), degrees)
