"""The digest of an outline: what a decision was taken on, and whether it has moved."""

from hashlib import blake2s

import shapely
from shapely.geometry.base import BaseGeometry

_GRID_M = 0.01
_BYTES = 8


def outline_hash(outline: BaseGeometry) -> str:
    """
    Return the digest of an outline, 16 hexadecimal digits.

    Two outlines that round to the same centimetres have the same one, whatever their first vertex
    or the order of their parts, and whether one part is written as a polygon or a multipolygon.

    Parameters
    ----------
    outline
        Polygon or multipolygon, metres.
    """
    rounded = shapely.set_precision(outline, _GRID_M, mode="pointwise")
    whole = shapely.MultiPolygon(list(shapely.get_parts(rounded)))  # as a GeoPackage stores them
    digits = shapely.to_wkb(shapely.normalize(whole), output_dimension=2, byte_order=1)
    return blake2s(digits, digest_size=_BYTES).hexdigest()
