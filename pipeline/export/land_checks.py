"""Invariants 3 and 4 of the contract: land covers the commune, flows are the change of stock."""

import sqlite3
from collections.abc import Iterator

import numpy as np
import shapely

from pipeline.crs import FloatArray, GeometryArray, Territory, ground_area
from pipeline.export.geometry_checks import wkb_of

_TOLERANCE_M2 = 1.0  # of the contract, per commune
_PIECE_M2 = 0.1
_LAND = "SELECT surface_m2, raison, geom FROM sols WHERE millesime = ? AND geom IS NOT NULL"
# Ground whose status is known on one day only moves a stock, and is no flow.
_BALANCE = """WITH stock AS (
 SELECT millesime, sum(surface_m2) AS m2 FROM sols WHERE artificialise GROUP BY 1),
 period AS (
 SELECT millesime_avant AS avant, millesime_apres AS apres,
 sum(CASE WHEN artificialise_avant IS NULL AND artificialise_apres THEN surface_m2
 WHEN artificialise_avant AND artificialise_apres IS NULL THEN -surface_m2 ELSE 0 END) AS inconnu
 FROM sols_matrice GROUP BY 1, 2),
 net AS (
 SELECT millesime_avant AS avant, millesime_apres AS apres,
 sum(CASE flux WHEN 'artificialisation' THEN surface_m2 ELSE -surface_m2 END) AS m2
 FROM sols_flux GROUP BY 1, 2)
 SELECT p.avant, p.apres, coalesce(b.m2, 0) - coalesce(a.m2, 0) - p.inconnu, coalesce(n.m2, 0)
 FROM period p LEFT JOIN stock a ON a.millesime = p.avant LEFT JOIN stock b ON b.millesime = p.apres
 LEFT JOIN net n ON n.avant = p.avant AND n.apres = p.apres ORDER BY 1, 2"""
_DERIVED = """SELECT DISTINCT millesime FROM bilan WHERE millesime IN
 (SELECT millesime FROM sols GROUP BY 1 HAVING sum(origine = 'ocsge') = 0)
 AND indicateur LIKE 'surface%' ORDER BY 1"""


def check_land(connection: sqlite3.Connection, territory: Territory | None) -> Iterator[str]:
    """Yield the breaches, with the vintage and the amounts; areas on the ground."""
    vintages = connection.execute("SELECT DISTINCT millesime FROM sols ORDER BY 1").fetchall()
    if territory is not None:
        for (year,) in vintages:
            yield from _check_vintage(connection, int(year), territory)
    for before, after, change, net in connection.execute(_BALANCE).fetchall():
        if abs(change - net) > _TOLERANCE_M2:
            yield (
                f"sols_flux : de {before} à {after}, le stock varie de {change:.1f} m² et les flux"
                f" donnent {net:.1f} m²"
            )
    if rows := connection.execute(_DERIVED).fetchall():
        years = ", ".join(str(year) for (year,) in rows)
        yield f"bilan : occupation du sol dérivée comptée ({years})"


def _check_vintage(
    connection: sqlite3.Connection, year: int, territory: Territory
) -> Iterator[str]:
    rows = [row for row in connection.execute(_LAND, (year,)) if wkb_of(row[2]) is not None]
    shapes: GeometryArray = shapely.from_wkb(
        np.array([wkb_of(blob) for *_, blob in rows], dtype=object), on_invalid="ignore"
    )
    written = np.array([row[0] for row in rows], dtype=float)
    if not shapely.is_valid(shapes).all():  # told by the checks of geometries
        return
    yield from _check_areas(year, written, ground_area(shapes, territory))
    commune = connection.execute("SELECT surface_m2 FROM commune").fetchone()
    if commune and abs(written.sum() - commune[0]) > _TOLERANCE_M2:
        amounts = f"{written.sum():.1f} m² pour une commune de {commune[0]:.1f} m²"
        yield f"sols : le millésime {year} ne fait pas la commune, {amounts}"
    if not shapely.coverage_is_valid(shapes):
        yield f"sols : polygones superposés ou mal raccordés en {year}"


def _check_areas(year: int, written: FloatArray, drawn: FloatArray) -> Iterator[str]:
    wrong = np.flatnonzero(np.abs(written - drawn) > _PIECE_M2)
    if len(wrong):
        i = wrong[0]
        amounts = f"{written[i]:.1f} m² écrits, {drawn[i]:.1f} m² dessinés"
        yield f"sols : superficie autre que dessinée en {year}, {len(wrong)} ligne(s) ; {amounts}"
