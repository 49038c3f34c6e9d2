"""
Why a park changed: data, rule, assumption, correction, version of parzan, calendar.

Two things are compared: what the two products were made from (`Evidence`), and what the park
itself shows. A cause is named when it differs between the products *and* can reach what changed:
an outline is not moved by a rule, nor a verdict on the same measures by a file of heights. Where
several can, all are named; where what a product was made from is not known, all that could are.
"""

from dataclasses import dataclass

import pandas as pd

from pipeline.inventory.park_values import OUTLINE, Park, differing, text
from pipeline.inventory.states import Digests, State
from pipeline.rule_changes import RuleChange
from pipeline.rule_changes import changes as law_changes
from pipeline.rules import RuleBook
from pipeline.schemas import CHANGE_CAUSES

# Folders that bear on nothing here: the land, the yield, and owners, whom no verdict asks.
_NEVER_PARKS = frozenset({"ocsge", "enaf", "exemptions_sols", "friches", "irradiation"}) | {
    "proprietaires"
}
_NEVER_DRAW = _NEVER_PARKS | {
    *("mnh", "arbres", "icpe", "icpe_emprises", "servitudes", "monuments", "plu", "dossiers"),
}
_NEVER_MEASURE = _NEVER_PARKS | {"servitudes", "monuments", "plu", "dossiers"}
# What these say of a park shows in its measures and its facts: those the same, they said the same.
_ALWAYS_SHOWN = _NEVER_PARKS | {
    *("communes", "osm", "cadastre", "bdtopo", "parkings", "mnh", "arbres"),
}
_MEASURES = frozenset(
    {
        *("surface_brute_m2", "surface_exclue_m2", "surface_assujettie_m2"),
        *("surface_assujettie_min_m2", "surface_assujettie_max_m2"),
        *("surface_eaux_pluviales_m2", "surface_ombrage_m2", "pieces_nb"),
        *("places", "places_min", "places_max", "ombrage_arbore_part", "ombrage_arbore_min"),
        *("ombrage_arbore_max", "ombrage_methode", "arbres_nb", "arbres_canopee_large_nb"),
        *("arbres_canopee_large_max", "arbres_repartis", "ombrieres_existantes_m2"),
        *("toitures_a_verifier_m2",),
    }
)
_FACTS = frozenset(
    {
        *("type_parc", "acces", "gestionnaire", "poids_lourds", "depuis_au_plus_tard"),
        *("motif_hors_champ", "reunion_par", "part_non_cadastree", "sources"),
    }
)
_OUTLINE = frozenset({OUTLINE, "surface_brute_m2"})
_EXCLUDED = frozenset({"surface_exclue_m2"})
_REVIEWED = frozenset({"statut_revu", "source_statut"})
_COMING = frozenset({"echeance", "echeance_reportee", "report_etat"})
# Of the law, what a verdict reads: pleas move none, roofs and land are judged elsewhere.
_PARK_RULES = ("APER40.", "NEUF500.")
_OF_PARKS = frozenset({"exclusion", "protection"})
_DECISION = ("correction_id", "parc_id", "action", "valeur")
_BY_AGENT = "agent"  # in the sources of a park that an agent added
_MAKERS = ("donnees", "hypothese", "code")


@dataclass(frozen=True)
class Evidence:
    """
    What differs between two products beside their parks; None where a product does not tell.

    Attributes
    ----------
    data
        Folders of which a file differs, came or went.
    rules
        Whether the law, or its files, differ: a value, an exclusion, a perimeter, not a mere day.
    assumptions, code
        Whether the modelling choices, the program differ.
    days_moved
        Whether the days on which the two products stand differ (`regles_au`).
    due_reached
        Whether a day that the law sets lies between the two.
    corrected
        Parks that a decision of an agent changes in one of the products only.
    before, after
        The replayed corrections (`REPLAYED` columns).
    """

    data: frozenset[str] | None
    rules: bool | None
    assumptions: bool | None
    code: bool | None
    days_moved: bool
    due_reached: bool
    corrected: frozenset[str]
    before: pd.DataFrame
    after: pd.DataFrame


def evidence_between(before: State, after: State, book: RuleBook) -> Evidence:
    """Compare what two states of a commune were made from, the law being that of `book`."""
    first, last = sorted((before.rules_as_of, after.rules_as_of))
    kinds = {change.kind for change in law_changes(book, first, last) if _reaches_parks(change)}
    rules = True if kinds - {"echeance"} else _differs(before, after, "regles")
    code = True if before.version != after.version else _differs(before, after, "code")
    return Evidence(
        data=_moved_folders(before.sources, after.sources),
        rules=rules,
        assumptions=_differs(before, after, "hypotheses"),
        code=code,
        days_moved=first != last,
        due_reached="echeance" in kinds,
        corrected=_corrected(before.replayed, after.replayed),
        before=before.replayed,
        after=after.replayed,
    )


def _reaches_parks(change: RuleChange) -> bool:
    """Tell whether a change of the law can move the area or the verdict of a car park."""
    return change.nature in _OF_PARKS or (
        change.nature == "valeur" and change.id.startswith(_PARK_RULES)
    )


def _differs(before: State, after: State, name: str) -> bool | None:
    old, new = before.fingerprints.get(name), after.fingerprints.get(name)
    return None if old is None or new is None else old != new


def _moved_folders(before: Digests, after: Digests) -> frozenset[str] | None:
    if not before or not after:  # no product is made from nothing: its sources are not told
        return None
    folders = before.keys() | after.keys()
    return frozenset(name for name in folders if before.get(name) != after.get(name))


def _corrected(before: pd.DataFrame, after: pd.DataFrame) -> frozenset[str]:
    """Return the parks of the decisions that an agent took, edited or took back: those applied."""
    old, new = _decisions(before), _decisions(after)
    acts = {**old, **new}.keys() - (old.keys() & new.keys())
    applied = [key for key in acts if "appliquee" in (old.get(key), new.get(key))]
    parks = {lot for _, lot, _, _ in applied}
    merged = {value for _, _, action, value in applied if action == "fusionner"}
    return frozenset(str(lot) for lot in parks | merged if lot)


def _decisions(table: pd.DataFrame) -> dict[tuple[str, ...], str]:
    """Return what became of each decision: what happens to it is not what the agent decided."""
    rows = table.astype(object).where(table.notna(), "")
    keys = zip(*(rows[name] for name in _DECISION), strict=True)
    return dict(zip(keys, rows["etat"], strict=True))


def attribute_causes(
    kind: str, lot_id: str, before: Park | None, after: Park | None, evidence: Evidence
) -> tuple[str, ...]:
    """
    Return every possible cause of a change of a park, in the order of `CHANGE_CAUSES`.

    - *new, gone*: a correction of the park; else the data that draw parks, the assumptions, the
      code, whichever differ.
    - *area, threshold*: a correction of the park if the detected outline has not moved; else, as
      above. The same outline with other exclusions: the data that measure, the rules too.
    - *verdict, due date*: the same, and the rules. On identical measures and facts: the rules if
      they differ, the files that speak of a verdict without a measure (servitudes, monuments,
      dossiers…) if they differ, the calendar if only the day moved. Only `statut_revu` moved:
      the correction.
    - *due date passed or near, itself unmoved*: the calendar.

    Parameters
    ----------
    kind
        Of `CHANGE_KINDS`, `correction` left out: it says its own cause.
    before, after
        The park in each product; None where it is not.
    """
    if before is None or after is None:
        found = _of_presence(lot_id, after or before or {}, evidence)
    elif kind in {"superficie", "seuil"}:
        found = _of_area(lot_id, before, after, evidence)
    elif kind in {"echeance", "echeance_proche"} and not differing(before, after, _COMING):
        found = {"calendrier"}
    else:
        found = _of_verdict(lot_id, before, after, evidence)
    return tuple(cause for cause in CHANGE_CAUSES if cause in found)


def _of_presence(lot_id: str, park: Park, evidence: Evidence) -> set[str]:
    drawn_by = (text(park, "sources") or "").split(";")
    if lot_id in evidence.corrected or _BY_AGENT in drawn_by:
        return {"correction"}
    return _makers(evidence, _NEVER_DRAW)


def _of_area(lot_id: str, before: Park, after: Park, evidence: Evidence) -> set[str]:
    corrected = {"correction"} if lot_id in evidence.corrected else set()
    excluded = bool(differing(before, after, _EXCLUDED))
    by_rule = {"regle"} if evidence.rules is not False and excluded else set()
    if not differing(before, after, _OUTLINE):
        return corrected | by_rule | _makers(evidence, _NEVER_MEASURE, corrected | by_rule)
    base = _base_moved(before, after)
    if corrected and not base:
        return corrected
    if base is False:  # the published outline left the detected one, or came back to it
        return {"correction"} | _program(evidence)
    return corrected | by_rule | _makers(evidence, _NEVER_DRAW, corrected)


def _of_verdict(lot_id: str, before: Park, after: Park, evidence: Evidence) -> set[str]:
    reviewed = bool(differing(before, after, _REVIEWED))
    if reviewed and not differing(before, after, frozenset({"statut_calcule"})):
        return {"correction"}
    found = {"regle"} if evidence.rules is not False else set()
    if differing(before, after, _OUTLINE | _MEASURES):
        return found | _of_area(lot_id, before, after, evidence)
    if reviewed or lot_id in evidence.corrected:
        found.add("correction")
    if evidence.days_moved and (evidence.due_reached or not evidence.rules):
        found.add("calendrier")
    hidden = frozenset() if differing(before, after, _FACTS) else _ALWAYS_SHOWN
    return found | _makers(evidence, hidden | _NEVER_PARKS, found)


def _program(evidence: Evidence) -> set[str]:
    """Return the assumptions and the code, where they are known to differ."""
    told = {"hypothese": evidence.assumptions, "code": evidence.code}
    return {name for name, differs in told.items() if differs}


def _makers(evidence: Evidence, idle: frozenset[str], others: set[str] | None = None) -> set[str]:
    """
    Return which of data, assumptions and code differ and may be the cause.

    With no other cause and none of them known to differ, all three: something is not told.
    """
    moved = evidence.data is None or bool(evidence.data - idle)
    answers: tuple[bool | None, ...] = (moved, evidence.assumptions, evidence.code)
    found = {name for name, told in zip(_MAKERS, answers, strict=True) if told is not False}
    return found or (set() if others else set(_MAKERS))


def _base_moved(before: Park, after: Park) -> bool | None:
    """Tell whether the outline that the sources draw has moved; None where it is not known."""
    old, new = text(before, "base_hash"), text(after, "base_hash")
    return None if old is None or new is None else old != new
