"""Car parks as drawn: each has the area that it says, and no ground belongs to two of them."""

import sqlite3
from collections.abc import Iterator

import numpy as np
import shapely

from pipeline.crs import FloatArray, GeometryArray, Territory, ground_area, load_territories
from pipeline.export.geometry_checks import wkb_of
from pipeline.settings import Settings

_TOLERANCE_M2 = 0.1
_ROUNDING_M2 = 0.01  # areas are written with two decimals
_SHOWN = 3
_QUERY = "SELECT parc_id, surface_brute_m2, geom FROM parcs WHERE geom IS NOT NULL ORDER BY parc_id"


def check_park_geometry(connection: sqlite3.Connection) -> list[str]:
    """
    Return the parks whose area is not that of their outline, and those that overlap.

    Areas are on the ground, in m². Parks whose geometry cannot be read or is invalid are left to
    the geometry checks.
    """
    territory = territory_in(connection)
    if territory is None:
        return []
    rows = [row for row in connection.execute(_QUERY) if wkb_of(row[2]) is not None]
    shapes: GeometryArray = shapely.from_wkb(
        np.array([wkb_of(blob) for _, _, blob in rows], dtype=object), on_invalid="ignore"
    )
    sound = np.flatnonzero(shapely.is_valid(shapes))
    lots = [str(rows[i][0]) for i in sound]
    areas = np.array([np.nan if rows[i][1] is None else rows[i][1] for i in sound], dtype=float)
    return [
        *_check_areas(lots, areas, ground_area(shapes[sound], territory)),
        *_check_overlaps(lots, shapes[sound], territory),
    ]


def territory_in(connection: sqlite3.Connection) -> Territory | None:
    """Return a territory with the CRS of the layer: areas do not depend on which one it is."""
    row = connection.execute(
        "SELECT srs_id FROM gpkg_geometry_columns WHERE table_name = 'parcs'"
    ).fetchone()
    territories = load_territories(Settings().config / "territories.yaml")
    known = [item for item in territories if row is not None and item.epsg == row[0]]
    return known[0] if known else None


def _check_areas(lots: list[str], written: FloatArray, drawn: FloatArray) -> Iterator[str]:
    wrong = np.flatnonzero(np.abs(written - drawn) > _TOLERANCE_M2 + _ROUNDING_M2)
    if len(wrong):
        i = wrong[0]
        amounts = f"{written[i]:.1f} m² écrits, {drawn[i]:.1f} m² dessinés ({lots[i]})"
        named = _some([lots[i] for i in wrong])
        yield f"parcs : surface_brute_m2 n'est pas celle du contour, {named} ; {amounts}"


def _check_overlaps(lots: list[str], shapes: GeometryArray, territory: Territory) -> Iterator[str]:
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    common = ground_area(shapely.intersection(shapes[first], shapes[second]), territory)
    clash = np.flatnonzero(common > _TOLERANCE_M2)
    if len(clash):
        pairs = [f"{lots[first[i]]} et {lots[second[i]]}" for i in clash]
        yield f"parcs : parcs superposés, {_some(pairs)} ; {common[clash[0]]:.1f} m² en commun"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{len(names)} ligne(s) : {shown}{'…' if len(names) > _SHOWN else ''}"
