"""Invariants 1, 2 and 5 of the contract, as queries that return the rows that break them."""

import sqlite3
from collections.abc import Iterator

from pipeline.export.layers import LAYERS
from pipeline.export.overhead_checks import check_overhead
from pipeline.export.verdict_checks import check_verdicts, ids

_TOLERANCE_M2 = 0.1
_ROUNDING = 1e-6
_INTERVALS = (
    ("surface_assujettie_min_m2", "surface_assujettie_m2", "surface_assujettie_max_m2"),
    ("places_min", "places", "places_max"),
    ("ombrage_arbore_min", "ombrage_arbore_part", "ombrage_arbore_max"),
    ("puissance_min_kwc", "puissance_kwc", "puissance_max_kwc"),
    ("production_min_kwh_an", "production_kwh_an", "production_max_kwh_an"),
)
_BALANCE = """SELECT parc_id, surface_brute_m2, surface_exclue_m2, surface_assujettie_m2 FROM parcs
 WHERE abs(surface_brute_m2 - surface_exclue_m2 - surface_assujettie_m2) > ? ORDER BY parc_id"""
_LEDGER = """SELECT p.parc_id, p.surface_exclue_m2, coalesce(sum(e.surface_m2), 0) AS deduit
 FROM parcs p LEFT JOIN exclusions e ON e.parc_id = p.parc_id AND e.deduite
 GROUP BY p.parc_id HAVING abs(p.surface_exclue_m2 - deduit) > ? ORDER BY p.parc_id"""
# A status that an agent gave is held to no measure: the computed one is.
_UNMEASURED = """SELECT parc_id FROM parcs
 WHERE CASE WHEN statut_revu IS NULL THEN statut ELSE statut_calcule END <> 'hors_champ' AND
 (surface_brute_m2 IS NULL OR surface_exclue_m2 IS NULL OR surface_assujettie_m2 IS NULL)
 ORDER BY parc_id"""
_SAID_OF_EVERY_PARK = ("statut", "motif", "motif_code", "regles_au")
_UNSEALED = """SELECT dossier || coalesce('/' || fichier, '') FROM sources
 WHERE etat IN ('utilisee', 'partielle') AND coalesce(sha256, '') = '' ORDER BY 1"""


def check_invariants(connection: sqlite3.Connection) -> list[str]:
    """Return the breaches, with the first identifiers and their amounts."""
    return [
        *_check_said(connection),
        *_check_ledger(connection),
        *_check_intervals(connection),
        *_check_identifiers(connection),
        *_check_candidates(connection),
        *check_overhead(connection),
        *check_verdicts(connection),
        *_check_provenance(connection),
    ]


def _check_said(connection: sqlite3.Connection) -> Iterator[str]:
    for name in _SAID_OF_EVERY_PARK:
        rows = connection.execute(
            f"SELECT parc_id FROM parcs WHERE coalesce({name}, '') = '' ORDER BY 1"  # noqa: S608
        ).fetchall()
        if rows:
            yield f"parcs : {name} manquant, {ids(rows)}"


def _check_ledger(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(_UNMEASURED).fetchall()
    if rows:
        yield f"parcs : superficie manquante, {ids(rows)}"
    rows = connection.execute(_BALANCE, (_TOLERANCE_M2,)).fetchall()
    if rows:
        lot, gross, excluded, eligible = rows[0]
        amounts = f"{gross:.1f} − {excluded:.1f} ≠ {eligible:.1f} m² ({lot})"
        yield f"parcs : brute − exclue ≠ assujettie, {ids(rows)} ; {amounts}"
    rows = connection.execute(_LEDGER, (_TOLERANCE_M2,)).fetchall()
    if rows:
        lot, excluded, pieces = rows[0]
        amounts = f"{excluded:.1f} m² au parc, {pieces:.1f} m² de pièces déduites ({lot})"
        yield f"exclusions : la somme n'est pas surface_exclue_m2, {ids(rows)} ; {amounts}"


def _check_intervals(connection: sqlite3.Connection) -> Iterator[str]:
    for low, value, high in _INTERVALS:
        rows = connection.execute(
            f"SELECT parc_id, {low}, {value}, {high} FROM parcs"  # noqa: S608 - our own names
            f" WHERE {low} > {value} + ? OR {value} > {high} + ? ORDER BY parc_id",
            (_ROUNDING, _ROUNDING),
        ).fetchall()
        if rows:
            lot, *bounds = rows[0]
            amounts = " ≤ ".join(f"{bound:g}" for bound in bounds)
            yield f"parcs : {value} hors de son intervalle, {ids(rows)} ; {amounts} ({lot})"


def _check_identifiers(connection: sqlite3.Connection) -> Iterator[str]:
    for layer in LAYERS:
        if layer.key is not None:
            rows = connection.execute(
                f'SELECT "{layer.key}" FROM "{layer.name}" GROUP BY 1'  # noqa: S608 - our own names
                f' HAVING count(*) > 1 OR "{layer.key}" IS NULL ORDER BY 1'
            ).fetchall()
            if rows:
                yield f"{layer.name} : {layer.key} en double ou vide, {ids(rows)}"
        if layer.name != "parcs" and any(item.name == "parc_id" for item in layer.columns):
            rows = connection.execute(
                f'SELECT DISTINCT parc_id FROM "{layer.name}" WHERE parc_id IS NOT NULL'  # noqa: S608
                " AND parc_id NOT IN (SELECT parc_id FROM parcs) ORDER BY 1"
            ).fetchall()
            if rows:
                yield f"{layer.name} : parc_id inconnu de parcs, {ids(rows)}"
    yield from _check_joined_identifiers(connection)


def _check_joined_identifiers(connection: sqlite3.Connection) -> Iterator[str]:
    lots = {lot for (lot,) in connection.execute("SELECT parc_id FROM parcs")}
    query = "SELECT parcs_concernes FROM perimetres_protection WHERE parcs_concernes IS NOT NULL"
    named = {lot for (joined,) in connection.execute(query) for lot in str(joined).split(";")}
    if strangers := sorted(named - lots):
        rows = [(lot,) for lot in strangers]
        yield f"perimetres_protection : parcs_concernes inconnus de parcs, {ids(rows)}"


def _check_candidates(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        "SELECT candidat_id FROM candidats WHERE parc_id IS NULL AND coalesce(raison, '') = ''"
        " ORDER BY 1"
    ).fetchall()
    if rows:
        yield f"candidats : ni parc ni raison, {ids(rows)}"


def _check_provenance(connection: sqlite3.Connection) -> Iterator[str]:
    used = "SELECT count(*) FROM sources WHERE etat IN ('utilisee', 'partielle')"
    if not connection.execute(used).fetchone()[0]:
        yield "sources : aucune source utilisée"
    if rows := connection.execute(_UNSEALED).fetchall():
        yield f"sources : sha256 manquant, {ids(rows)}"
    if not connection.execute("SELECT count(*) FROM regles").fetchone()[0]:
        yield "regles : table vide"
    rows = connection.execute(
        "SELECT parc_id FROM exclusions WHERE article NOT IN"
        " (SELECT article FROM regles WHERE article IS NOT NULL) OR article IS NULL ORDER BY 1"
    ).fetchall()
    if rows:
        yield f"exclusions : article absent de regles, {ids(rows)}"
