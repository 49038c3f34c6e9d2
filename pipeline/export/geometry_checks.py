"""Invariant 7: every geometry valid, of the declared type, in the territory CRS, and indexed."""

import sqlite3
from collections.abc import Iterator

import numpy as np
import shapely

from pipeline.crs import GeometryArray, load_territories, territory_of
from pipeline.export.layers import GEOMETRY_COLUMN, LAYERS, Layer
from pipeline.settings import Settings

_MAGIC = b"GP"
_SRS = slice(4, 8)
_FLAGS = 3
_HEADER = 8
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_EMPTY_FLAG = 0b0001_0000
_SHOWN = 3
_DECLARED = {"MultiPolygon": "MULTIPOLYGON", "Point": "POINT", "Unknown": "GEOMETRY"}
_ACCEPTED = {
    "MultiPolygon": {shapely.GeometryType.MULTIPOLYGON},
    "Point": {shapely.GeometryType.POINT},
    "Unknown": {
        shapely.GeometryType.POINT,
        shapely.GeometryType.MULTIPOINT,
        shapely.GeometryType.POLYGON,
        shapely.GeometryType.MULTIPOLYGON,
    },
}
# A hint draws nothing; a correction may be taken on an outline that nobody kept.
_MAY_BE_MISSING = {"candidats", "corrections_rejouees", "conflits"}


def check_geometries(
    connection: sqlite3.Connection,
    layers: tuple[Layer, ...] = LAYERS,
    *,
    communes: str = "commune",
) -> list[str]:
    """Return what is wrong with the geometries; `communes` is the table that has INSEE codes."""
    expected = _expected_srs(connection, communes)
    return [
        finding
        for layer in layers
        if layer.geometry is not None
        for finding in _check_layer(connection, layer, expected)
    ]


def _expected_srs(connection: sqlite3.Connection, table: str) -> int | None:
    """Return the CRS of the commune's territory; None when the file names no commune."""
    row = connection.execute(f"SELECT insee FROM {table} LIMIT 1").fetchone()  # noqa: S608
    if row is None or row[0] is None:
        return None
    territories = load_territories(Settings().config / "territories.yaml")
    return territory_of(str(row[0]), territories).epsg


def _check_layer(
    connection: sqlite3.Connection, layer: Layer, expected: int | None
) -> Iterator[str]:
    declared = connection.execute(
        "SELECT column_name, geometry_type_name, srs_id FROM gpkg_geometry_columns"
        " WHERE table_name = ?",
        (layer.name,),
    ).fetchone()
    wanted = (GEOMETRY_COLUMN, _DECLARED[layer.geometry or "Unknown"], expected)
    if expected is not None and declared != wanted:
        yield f"{layer.name} : géométrie déclarée {declared}, attendu {wanted}"
    rows = connection.execute(
        f'SELECT fid, {GEOMETRY_COLUMN} FROM "{layer.name}" ORDER BY fid'  # noqa: S608 - our names
    ).fetchall()
    blobs = {int(fid): blob for fid, blob in rows if blob is not None}
    if len(blobs) < len(rows) and layer.name not in _MAY_BE_MISSING:
        missing = [fid for fid, blob in rows if blob is None]
        yield f"{layer.name} : géométrie absente, {_some(missing)}"
    if strange := [fid for fid, blob in blobs.items() if not _is_ours(blob, expected)]:
        yield f"{layer.name} : en-tête de géométrie ou SRS incorrect, {_some(strange)}"
    yield from _check_shapes(layer, {f: b for f, b in blobs.items() if f not in set(strange)})
    yield from _check_index(connection, layer, blobs)


def _check_shapes(layer: Layer, blobs: dict[int, bytes]) -> Iterator[str]:
    fids = np.array(list(blobs))
    shapes: GeometryArray = shapely.from_wkb(
        np.array([wkb_of(blob) for blob in blobs.values()], dtype=object), on_invalid="ignore"
    )
    accepted = [int(kind) for kind in _ACCEPTED[layer.geometry or "Unknown"]]
    wrong = ~np.isin(shapely.get_type_id(shapes), accepted)
    if wrong.any():
        yield f"{layer.name} : type de géométrie autre que déclaré, {_some(fids[wrong])}"
    invalid = ~shapely.is_valid(shapes) & ~wrong
    if invalid.any():
        reason = shapely.is_valid_reason(shapes[invalid][0])
        yield f"{layer.name} : géométrie invalide, {_some(fids[invalid])} ({reason})"


def _check_index(
    connection: sqlite3.Connection, layer: Layer, blobs: dict[int, bytes]
) -> Iterator[str]:
    table = f"rtree_{layer.name}_{GEOMETRY_COLUMN}"
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    if known is None:
        yield f"{layer.name} : index spatial absent"
        return
    indexed = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
    drawn = sum(1 for blob in blobs.values() if not blob[_FLAGS] & _EMPTY_FLAG)
    if indexed != drawn:
        yield f"{layer.name} : {indexed} géométries indexées pour {drawn} présentes"


def _is_ours(blob: bytes, expected: int | None) -> bool:
    """Tell whether a GeoPackage blob has its mark, a known envelope and the right SRS."""
    if not _has_header(blob):
        return False
    order = "little" if blob[_FLAGS] & 1 else "big"
    srs = int.from_bytes(blob[_SRS], "little" if order == "little" else "big", signed=True)
    return expected is None or srs == expected


def _envelope(blob: bytes) -> int:
    return (blob[_FLAGS] >> 1) & 0b111


def wkb_of(blob: bytes) -> bytes | None:
    """Return the WKB of a GeoPackage geometry; None when its header is not one."""
    if not _has_header(blob):
        return None
    return blob[_HEADER + _ENVELOPE_BYTES[_envelope(blob)] :]


def _has_header(blob: bytes) -> bool:
    return blob[:2] == _MAGIC and len(blob) > _HEADER and _envelope(blob) in _ENVELOPE_BYTES


def _some(fids: object) -> str:
    listed = [int(fid) for fid in fids]  # type: ignore[attr-defined] # list or array
    shown = ", ".join(str(fid) for fid in listed[:_SHOWN])
    return f"{len(listed)} ligne(s), fid {shown}{'…' if len(listed) > _SHOWN else ''}"
