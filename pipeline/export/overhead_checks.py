"""What is over a car park adds up: crowns to the shade, roofs to the area already covered."""

import sqlite3
from collections.abc import Iterator

from pipeline.export.verdict_checks import ids

_TOLERANCE_M2 = 0.5
# Unknown heights leave the crowns seen between the two bounds of the shade.
_CROWNS = """SELECT p.parc_id, coalesce(sum(c.surface_m2), 0) AS vu,
 p.ombrage_arbore_min * p.surface_assujettie_m2, p.ombrage_arbore_max * p.surface_assujettie_m2
 FROM parcs p LEFT JOIN canopee c ON c.parc_id = p.parc_id AND NOT c.hors_parc
 WHERE p.ombrage_arbore_part IS NOT NULL GROUP BY p.parc_id
 HAVING vu < p.ombrage_arbore_min * p.surface_assujettie_m2 - :slack
 OR vu > p.ombrage_arbore_max * p.surface_assujettie_m2 + :slack ORDER BY p.parc_id"""
_ROOFS = """SELECT p.parc_id, coalesce(sum(o.surface_m2), 0) AS vu,
 coalesce(p.ombrieres_existantes_m2, 0) + coalesce(p.toitures_a_verifier_m2, 0) AS dit
 FROM parcs p LEFT JOIN ombrieres o ON o.parc_id = p.parc_id
 GROUP BY p.parc_id HAVING abs(vu - dit) > :slack ORDER BY p.parc_id"""
_TREES = """SELECT p.parc_id, p.arbres_nb, count(a.arbre_id) AS vus
 FROM parcs p LEFT JOIN arbres a ON a.parc_id = p.parc_id AND a.compte AND NOT a.hors_parc
 WHERE p.arbres_nb IS NOT NULL GROUP BY p.parc_id
 HAVING vus <> p.arbres_nb ORDER BY p.parc_id"""


def check_overhead(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield the breaches, with the first identifiers and their amounts."""
    slack = {"slack": _TOLERANCE_M2}
    if rows := connection.execute(_CROWNS, slack).fetchall():
        lot, seen, low, high = rows[0]
        amounts = f"{seen:.1f} m² hors de {low:.1f} – {high:.1f} m² ({lot})"
        yield f"canopee : la somme n'est pas l'ombrage du parc, {ids(rows)} ; {amounts}"
    if rows := connection.execute(_ROOFS, slack).fetchall():
        lot, seen, told = rows[0]
        amounts = f"{seen:.1f} ≠ {told:.1f} m² ({lot})"
        yield f"ombrieres : la somme n'est pas celle du parc, {ids(rows)} ; {amounts}"
    if rows := connection.execute(_TREES).fetchall():
        lot, told, seen = rows[0]
        yield f"arbres : {seen} au lieu de {told}, {ids(rows)} ({lot})"
