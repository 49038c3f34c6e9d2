"""Geometries → GeoPackage blobs and their envelopes (GeoPackage 1.3, §2.1.3)."""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

_LITTLE_ENDIAN, _ENVELOPE_XY, _EMPTY = 0b1, 0b10, 0b10000  # of the flags
_SHORT = np.dtype([("magic", "S2"), ("version", "u1"), ("flags", "u1"), ("srs", "<i4")])
_LONG = np.dtype([*_SHORT.descr, ("envelope", "<f8", 4)])


def to_blobs(wkb: list[bytes | None], srs_id: int) -> tuple[list[bytes | None], npt.NDArray[Any]]:
    """
    Put the header of GeoPackage before each geometry, as GDAL does.

    Parameters
    ----------
    wkb
        Little-endian WKB in the units of the layer; None stays None.
    srs_id
        CRS that the header names.

    Returns
    -------
    blobs
        With the envelope of what is neither a point nor empty.
    envelopes
        float64, shape (n, 4): min x, max x, min y, max y; NaN where missing or empty.
    """
    shapes = shapely.from_wkb(np.array(wkb, dtype=object))
    envelopes = shapely.bounds(shapes).reshape(-1, 4)[:, [0, 2, 1, 3]]
    empty = shapely.is_empty(shapes)
    short = empty | (shapely.get_type_id(shapes) == shapely.GeometryType.POINT)
    headers = np.zeros(len(wkb), dtype=_LONG)
    headers["magic"], headers["srs"], headers["envelope"] = b"GP", srs_id, envelopes
    headers["flags"] = _LITTLE_ENDIAN | np.where(short, 0, _ENVELOPE_XY) | empty * _EMPTY
    lengths = np.where(short, _SHORT.itemsize, _LONG.itemsize).tolist()
    blobs = [
        None if body is None else header[:length] + body
        for header, length, body in zip(_split(headers), lengths, wkb, strict=True)
    ]
    return blobs, envelopes


def _split(headers: npt.NDArray[Any]) -> list[bytes]:
    whole, size = headers.tobytes(), headers.itemsize
    return [whole[start : start + size] for start in range(0, len(whole), size)]
