"""The outline of one row of a GeoPackage: its header, its polygons, why it cannot be used."""

import struct
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from pipeline.crs import Territory
from pipeline.polygons import polygonal

_MAGIC = b"GP"
_FIXED_BYTES = 8
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_ENVELOPE_BITS = 0b111


@dataclass(frozen=True)
class Drawn:
    """An outline, or in French why there is none to use; neither, where nothing was drawn."""

    outline: BaseGeometry | None = None
    fault: str | None = None


def read_outline(blob: object, epsg: object, territory: Territory) -> Drawn:
    """
    Read the geometry of a row, in the CRS of the territory; a crossing outline is mended.

    Parameters
    ----------
    blob
        GeoPackage geometry; None where nothing was drawn.
    epsg
        Code of the CRS that its layer declares.
    """
    if blob is None:
        return Drawn()
    shape = _shape_of(blob)
    if shape is None:
        return Drawn(fault="contour illisible")
    if shape.is_empty:
        return Drawn()
    if epsg != territory.epsg:
        return Drawn(fault=f"contour en EPSG:{epsg}, attendu {territory.crs}")
    sound = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    outline = polygonal(np.array([shapely.force_2d(sound)], dtype=object))[0]
    if outline.is_empty or not np.isfinite(outline.bounds).all():
        return Drawn(fault="contour qui n'est pas une surface")
    return Drawn(outline)


def _shape_of(blob: object) -> BaseGeometry | None:
    """Return the shape behind a GeoPackage header (OGC 12-128r19, 2.1.3); None if there is none."""
    if not isinstance(blob, bytes) or len(blob) < _FIXED_BYTES or blob[:2] != _MAGIC:
        return None
    (flags,) = struct.unpack_from("B", blob, 3)
    envelope = _ENVELOPE_BYTES.get(flags >> 1 & _ENVELOPE_BITS)
    if envelope is None:
        return None
    try:
        return shapely.from_wkb(blob[_FIXED_BYTES + envelope :])
    except GEOSException:
        return None
