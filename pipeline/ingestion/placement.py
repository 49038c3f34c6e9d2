"""In which coordinate system numbers really are, whatever the file says: told by their range."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS
from pyproj.exceptions import ProjError

from pipeline.crs import WGS84, FloatArray, GeometryArray, Territory, transformer_between

BoolArray = npt.NDArray[np.bool_]

_WEB_MERCATOR = "EPSG:3857"
# A declared system is believed as soon as something falls in the territory: national files hold
# overseas objects. An undeclared one must put most of the file there.
_MOST = 0.5


@dataclass(frozen=True)
class Placement:
    """
    How to read coordinates: in `crs`, axes exchanged when `is_swapped`.

    `inside` tells which coordinates then fall in the territory; `repair` says in French what was
    changed with respect to what the file declares, None when nothing was.
    """

    crs: CRS
    is_swapped: bool
    inside: BoolArray
    repair: str | None


def place(xy: FloatArray, declared: CRS | None, territory: Territory) -> Placement | None:
    """
    Decide in which system coordinates are.

    What the file declares comes first. Otherwise axes exchanged, then longitude and latitude, then
    the projection of the territory, then Web Mercator where something else was declared. Against a
    declaration, a repair must put everything in the territory; without one, most of the file.

    Parameters
    ----------
    xy
        Shape `(n, 2)`, one point per object; (0, 0) and non-finite values say nothing.
    declared
        What the file says, None when it says nothing.
    territory
        Where coordinates must be.

    Returns
    -------
    placement
        None when no system fits: the caller refuses the file.
    """
    telling = np.isfinite(xy).all(axis=1) & (xy != 0).any(axis=1)
    if declared is not None:
        as_declared = _try(xy, declared, territory, is_swapped=False)
        if as_declared.inside[telling].any():
            return as_declared
    for crs, is_swapped in _repairs(declared, territory):
        found = _try(xy, crs, territory, is_swapped=is_swapped)
        share = found.inside[telling].mean() if telling.any() else 0.0
        if share == 1.0 or (declared is None and share > _MOST):
            return _explained(found, declared)
    return _partly(xy, territory) if declared is None else None


def apply(geometries: GeometryArray, placement: Placement, territory: Territory) -> GeometryArray:
    """Return geometries in the territory CRS, in two dimensions."""
    flat = shapely.force_2d(geometries)
    if placement.is_swapped:
        flat = shapely.transform(flat, lambda xy: xy[:, ::-1])
    if same_crs(placement.crs, territory):
        return flat
    transformer = transformer_between(placement.crs, territory.crs)

    def project(xy: FloatArray) -> FloatArray:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return shapely.transform(flat, project)


def same_crs(crs: CRS, territory: Territory) -> bool:
    """Tell whether a CRS is the territory's under another name (ESRI, IGNF)."""
    return bool(crs == territory.crs or crs.to_epsg(min_confidence=25) == territory.epsg)


def _repairs(declared: CRS | None, territory: Territory) -> list[tuple[CRS, bool]]:
    systems = [declared] if declared is not None else []
    systems += [CRS(WGS84), CRS(territory.crs)]
    if declared is not None:  # too wide to be guessed from numbers alone
        systems.append(CRS(_WEB_MERCATOR))
    options = [(crs, is_swapped) for crs in systems for is_swapped in (False, True)]
    return [option for option in options if option != (declared, False)]


def _try(xy: FloatArray, crs: CRS, territory: Territory, *, is_swapped: bool) -> Placement:
    points = xy[:, ::-1] if is_swapped else xy
    west, south, east, north = territory.lon_lat_bounds
    try:
        lon, lat = transformer_between(crs, WGS84).transform(*points.T)
    except ProjError:  # e.g. a local engineering system: nothing to compare with
        lon = lat = np.full(len(points), np.inf)
    with np.errstate(invalid="ignore"):
        inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return Placement(crs, is_swapped, np.asarray(inside), None)


def _partly(xy: FloatArray, territory: Territory) -> Placement | None:
    """Accept degrees of which only a few fall in the territory: a national file, read overseas."""
    with np.errstate(invalid="ignore"):
        are_degrees = (np.abs(xy) <= (180.0, 90.0)).all(axis=1).mean() > _MOST if len(xy) else False
    found = _try(xy, CRS(WGS84), territory, is_swapped=False)
    return _explained(found, None) if are_degrees and found.inside.any() else None


def _explained(found: Placement, declared: CRS | None) -> Placement:
    axes = "axes intervertis, " if found.is_swapped else ""
    name = found.crs.to_string() if found.crs.to_epsg() else found.crs.name
    if declared is None:
        repair = f"système de coordonnées non déclaré : {axes}lu comme {name} d'après les valeurs"
    elif found.crs == declared:
        repair = f"{axes}système {name} conservé : coordonnées remises dans l'ordre"
    else:
        repair = f"système déclaré {declared.name} démenti par les valeurs : {axes}lu comme {name}"
    return Placement(found.crs, found.is_swapped, found.inside, repair)
