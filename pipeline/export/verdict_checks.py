"""Invariant 6 of the contract: a verdict has its due date, its article and a trace that agrees."""

import math
import sqlite3
from collections.abc import Iterator, Sequence

from pipeline.legal_values import FRENCH_COMPARISON

_SHOWN = 3
_EXISTING, _NEW = "APER40.seuil", "NEUF500.seuil"
_LOOSE = FRENCH_COMPARISON["at_least"]
# A status that an agent gave stands for itself: what is held to the law is the computed one.
_COMPUTED = "CASE WHEN statut_revu IS NULL THEN statut ELSE statut_calcule END"
_NO_DUE_DATE = f"""SELECT parc_id FROM parcs WHERE {_COMPUTED} = 'assujetti' AND echeance IS NULL
 ORDER BY 1"""  # noqa: S608 - a constant
_SUBJECT = f"""SELECT parc_id, surface_assujettie_min_m2 FROM parcs
 WHERE {_COMPUTED} = 'assujetti' ORDER BY 1"""  # noqa: S608 - a constant
# A local rule replaces the general one in its départements, whose codes start that of the commune.
_RULES = """SELECT valeur, comparaison, departements, coalesce(article, '') FROM regles
 WHERE regle_id = :rule OR remplace = :rule ORDER BY departements IS NULL, regle_id"""
_ABOVE_NEW = """SELECT DISTINCT parc_id FROM decisions
 WHERE etape = 'seuil_bas' AND regle_id = 'NEUF500.seuil' AND resultat = 'oui'"""
_WITHOUT_TRACE = f"""SELECT parc_id FROM parcs WHERE {_COMPUTED} <> 'hors_champ'
 AND parc_id NOT IN (SELECT parc_id FROM decisions WHERE parc_id IS NOT NULL)
 ORDER BY 1"""  # noqa: S608 - a constant
# The first comparison that concludes, under each law, in the order of the laws.
_CONCLUSIONS = """WITH reached AS (
  SELECT parc_id, loi, rang, CASE resultat WHEN 'oui' THEN si_oui WHEN 'non' THEN si_non END AS said
  FROM decisions),
 concluding AS (
  SELECT *, row_number() OVER (PARTITION BY parc_id, loi ORDER BY rang) AS place
  FROM reached WHERE said IS NOT NULL)
 SELECT parc_id, loi, said FROM concluding WHERE place = 1 ORDER BY parc_id, rang"""
_VERDICTS = f"""SELECT parc_id, {_COMPUTED}
  || '/' || motif_code AS verdict
 FROM parcs WHERE verdict IS NOT NULL AND parc_id IN (SELECT parc_id FROM decisions)
 ORDER BY 1"""  # noqa: S608 - a constant
# What decides when two laws reach one park: the stronger conclusion.
_STRENGTH = ("hors_champ", "assujetti", "a_verifier", "exonere", "non_assujetti")
_NEW_LAW = "L. 111-19-1"
_Deciding = dict[str, tuple[str, str]]


def check_verdicts(connection: sqlite3.Connection) -> Iterator[str]:
    """
    Yield the breaches of invariant 6.

    A subject park has a due date; its interval is wholly above the threshold of its commune, or,
    where L. 111-19-1 decides, its trace says so. Every park in scope has a trace, and its status is
    the stronger conclusion of that trace.
    """
    if rows := connection.execute(_NO_DUE_DATE).fetchall():
        yield f"parcs : assujetti sans échéance, {ids(rows)}"
    deciding = _deciding(connection)
    subject = connection.execute(_SUBJECT).fetchall()
    new = {lot for lot, (law, _) in deciding.items() if law == _NEW_LAW}
    yield from _check_existing(connection, [row for row in subject if row[0] not in new])
    yield from _check_new(connection, [row for row in subject if row[0] in new])
    yield from _check_trace(connection, deciding)


def _deciding(connection: sqlite3.Connection) -> _Deciding:
    """Return, for each park, the law that decides and its conclusion; the first law wins a tie."""
    deciding: _Deciding = {}
    for lot, law, said in connection.execute(_CONCLUSIONS):
        if lot not in deciding or _weakness(said) < _weakness(deciding[lot][1]):
            deciding[lot] = (law, said)
    return deciding


def _weakness(conclusion: str) -> int:
    status = conclusion.partition("/")[0]
    return _STRENGTH.index(status) if status in _STRENGTH else len(_STRENGTH)


def _check_existing(
    connection: sqlite3.Connection, subject: Sequence[tuple[str, float | None]]
) -> Iterator[str]:
    if not subject:
        return
    rule = _threshold(connection, _EXISTING)
    if rule is None:
        yield f"regles : {_EXISTING} sans valeur ni article, or des parcs sont assujettis"
        return
    threshold, comparison = rule
    below = [(lot, low) for lot, low in subject if not _above(low, threshold, comparison)]
    if below:
        lot, low = below[0]
        shown = "absent" if low is None else f"{low:.1f} m²"
        amounts = f"minimum {shown}, seuil {threshold:g} m² ({lot})"
        yield f"parcs : assujetti, intervalle non au-dessus du seuil, {ids(below)} ; {amounts}"


def _check_new(
    connection: sqlite3.Connection, subject: Sequence[tuple[str, float | None]]
) -> Iterator[str]:
    """Check the parks of L. 111-19-1 on their trace: the area that it compares has no column."""
    if not subject:
        return
    if _threshold(connection, _NEW) is None:
        yield f"regles : {_NEW} sans valeur ni article, or des parcs nouveaux sont assujettis"
    above = {lot for (lot,) in connection.execute(_ABOVE_NEW)}
    if rows := [row for row in subject if row[0] not in above]:
        yield f"decisions : assujetti, aucune comparaison à {_NEW} ne l'établit, {ids(rows)}"


def _threshold(connection: sqlite3.Connection, rule_id: str) -> tuple[float, str] | None:
    """Return the threshold in force in the commune; None when it has no value or no article."""
    commune = connection.execute("SELECT insee FROM commune").fetchone()
    for value, comparison, departements, article in connection.execute(_RULES, {"rule": rule_id}):
        places = tuple(str(departements).split(";")) if departements else ("",)
        if str(commune[0] if commune else "").startswith(places):
            return (float(value), comparison) if article and _is_number(value) else None
    return None


def _is_number(text: object) -> bool:
    try:
        return math.isfinite(float(str(text)))
    except ValueError:
        return False


def _above(low: float | None, threshold: float, comparison: str) -> bool:
    if low is None:
        return False
    return low >= threshold if comparison == _LOOSE else low > threshold


def _check_trace(connection: sqlite3.Connection, deciding: _Deciding) -> Iterator[str]:
    if rows := connection.execute(_WITHOUT_TRACE).fetchall():
        yield f"decisions : aucun raisonnement, {ids(rows)}"
    reached = {lot: said for lot, (_, said) in deciding.items()}
    verdicts = connection.execute(_VERDICTS).fetchall()
    if wrong := [(lot, verdict) for lot, verdict in verdicts if reached.get(lot) != verdict]:
        lot, verdict = wrong[0]
        said = reached.get(lot, "aucune conclusion")
        amounts = f"{verdict} au parc, {said} au raisonnement ({lot})"
        yield f"decisions : le raisonnement ne mène pas au statut, {ids(wrong)} ; {amounts}"


def ids(rows: Sequence[tuple[object, ...]]) -> str:
    """Count rows and name the first ones by their first column."""
    shown = ", ".join(str(row[0]) for row in rows[:_SHOWN])
    return f"{len(rows)} ligne(s) : {shown}{'…' if len(rows) > _SHOWN else ''}"
