"""What changed between two tables of car parks: one row per change, told in French."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from pipeline.french import number
from pipeline.inventory.causes import Evidence, attribute_causes
from pipeline.inventory.correction_changes import correction_rows
from pipeline.inventory.journal import Entry, journal_table
from pipeline.inventory.park_values import Park, day, differing, figure, parks_by_id, text
from pipeline.inventory.thresholds import ELIGIBLE, Threshold
from pipeline.inventory.words import area_words, day_words, status_words
from pipeline.inventory_choices import JournalChoices

_GROSS = "surface_brute_m2"
_TO_COME = "a_venir"
_NEW_STATES = {
    "echue": "désormais échue",
    "echue_report_a_justifier": "désormais échue, report à justifier",
}


@dataclass(frozen=True)
class Change:
    """One change of one park; `before` and `after` are what an analyst reads."""

    kind: str
    before: str | None
    after: str | None
    detail: str


@dataclass(frozen=True)
class Reading:
    """
    What makes a change worth telling.

    `thresholds` are those of the law; `choices` the tolerance on areas (m², and a share of the
    former area); a due date is near from `soon_days` days before it (included).
    """

    thresholds: Sequence[Threshold]
    choices: JournalChoices
    soon_days: float


def changes(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    seen_on: date,
    reading: Reading,
    causes: Evidence,
) -> pd.DataFrame:
    """
    Return what changed from one `parcs` table to another, and the corrections that did.

    Parameters
    ----------
    before, after
        The layer `parcs` of two products of one commune (French columns); identities are settled,
        only `parc_id` is compared.
    seen_on
        The day on which the change is told.
    reading
        Thresholds, tolerances.
    causes
        What the two products were made from.

    Returns
    -------
    entries
        `JournalEntry`, by park and kind; no row when nothing worth telling changed.
    """
    old, new = parks_by_id(before), parks_by_id(after)
    entries = list(correction_rows(causes, {**old, **new}, seen_on))
    for lot in sorted({*old, *new}):
        sides = old.get(lot), new.get(lot)
        for change in changes_of_park(*sides, reading):
            named = sides[1] or sides[0] or {}
            entries.append(
                Entry(
                    seen_on=seen_on.isoformat(),
                    lot_id=lot,
                    name=text(named, "nom"),
                    kind=change.kind,
                    before=change.before,
                    after=change.after,
                    causes=";".join(attribute_causes(change.kind, lot, *sides, causes)),
                    detail=change.detail,
                )
            )
    return journal_table(entries)


def retouched(
    before: pd.DataFrame, after: pd.DataFrame, told: pd.DataFrame
) -> dict[str, tuple[str, ...]]:
    """
    Return the columns that differ in the parks of which `told` says nothing.

    With `told`, every park that differs at all is named; the day of the rules is no difference.
    """
    old, new = parks_by_id(before), parks_by_id(after)
    silent = (old.keys() & new.keys()) - set(told["lot_id"].dropna())
    found = {
        lot: tuple(name for name in differing(old[lot], new[lot]) if name != "regles_au")
        for lot in sorted(silent)
    }
    return {lot: columns for lot, columns in found.items() if columns}


def changes_of_park(before: Park | None, after: Park | None, reading: Reading) -> Iterator[Change]:
    """Yield the changes of one park; None where a product does not have it."""
    if before is None or after is None:
        if after is not None:
            yield Change("nouveau", None, _said(after), f"nouveau parc : {_said(after)}")
        if before is not None:
            yield Change(
                "disparu", _said(before), None, f"n'est plus un parc ; il était {_said(before)}"
            )
        return
    yield from _area(before, after, reading.choices)
    for threshold in reading.thresholds:
        yield from _crossing(before, after, threshold)
    yield from _status(before, after)
    yield from _due(before, after)
    yield from _nearing(before, after, reading.soon_days)


def _said(park: Park) -> str:
    """Say a park in a few words: status, area, due date."""
    area, due = figure(park, ELIGIBLE), day(park, "echeance")
    parts = [status_words(text(park, "statut"))]
    if area is not None:
        parts.append(f"superficie assujettie {area_words(area)} m²")
    elif (gross := figure(park, _GROSS)) is not None:
        parts.append(f"superficie brute {area_words(gross)} m²")
    if due is not None:
        parts.append(f"échéance {day_words(due)}")
    return ", ".join(parts)


def _area(before: Park, after: Park, choices: JournalChoices) -> Iterator[Change]:
    """Yield a change of the eligible area; of the gross one for a park that has no other."""
    column, label = ELIGIBLE, "superficie assujettie"
    if figure(before, ELIGIBLE) is None and figure(after, ELIGIBLE) is None:
        column, label = _GROSS, "superficie brute"
    old, new = figure(before, column), figure(after, column)
    if (old is None and new is None) or not _exceeds(old, new, choices):
        return
    words = area_words(old, new), area_words(new, old)
    yield Change(
        "superficie",
        _with_unit(words[0], old),
        _with_unit(words[1], new),
        f"{label} {_arrow(words, (old, new))}",
    )


def _with_unit(words: str, area: float | None) -> str:
    return words if area is None else f"{words} m²"


def _exceeds(old: float | None, new: float | None, choices: JournalChoices) -> bool:
    """Tell whether an area moved by more than both tolerances, strictly; or is no longer known."""
    if old is None or new is None:
        return True
    moved = abs(new - old)
    share = choices.area_tolerance_share.value * old
    return moved > choices.area_tolerance_m2.value and moved > share


def _crossing(before: Park, after: Park, threshold: Threshold) -> Iterator[Change]:
    old, new = threshold.area(before), threshold.area(after)
    if old is None or new is None or not threshold.concerns(before, after):
        return
    was, now = threshold.holds(old), threshold.holds(new)
    if was == now:
        return
    limit = area_words(threshold.value)
    words = area_words(old, threshold.value, new), area_words(new, threshold.value, old)
    verb = "franchit" if now else "repasse sous"
    yield Change(
        "seuil",
        f"{words[0]} m²",
        f"{words[1]} m²",
        f"{threshold.label} {_arrow(words, (old, new))} : {verb} {limit} m² ({threshold.article})",
    )


def _arrow(words: tuple[str, str], areas: tuple[float | None, float | None]) -> str:
    """Write « 1 480 → 1 530 m² », or « inconnue → 1 530 m² »."""
    left = words[0] if areas[1] is not None else _with_unit(words[0], areas[0])
    return f"{left} → {_with_unit(words[1], areas[1])}"


def _status(before: Park, after: Park) -> Iterator[Change]:
    """Yield a change of the verdict, or of what an agent decided of it."""
    told = []
    for name, label in (("statut", "statut"), ("statut_revu", "statut revu par un agent")):
        if differing(before, after, frozenset({name})):
            old, new = (status_words(text(park, name)) for park in (before, after))
            told.append((old, new, f"{label} : {old} → {new}"))
    if told:
        yield Change("statut", told[0][0], told[0][1], " ; ".join(words for *_, words in told))


def _due(before: Park, after: Park) -> Iterator[Change]:
    """Yield a due date that moved, was deferred, or has passed."""
    told = []
    for name, label in (("echeance", "échéance"), ("echeance_reportee", "échéance reportée")):
        if differing(before, after, frozenset({name})):
            old, new = (day_words(day(park, name)) for park in (before, after))
            told.append((old, new, f"{label} : {old} → {new}"))
    passed = _NEW_STATES.get(text(after, "echeance_situation") or "")
    if passed and not _has_passed(before):
        due = day_words(day(after, "echeance"))
        told.append((due, passed, f"échéance du {due} {passed}"))
    if told:
        yield Change("echeance", told[0][0], told[0][1], " ; ".join(words for *_, words in told))


def _has_passed(park: Park) -> bool:
    return text(park, "echeance_situation") in _NEW_STATES


def _nearing(before: Park, after: Park, soon_days: float) -> Iterator[Change]:
    """Yield a due date that became near, as the priority of the park counts it."""
    due, wait = _coming(after), _wait(after)
    if due is None or wait is None or wait > soon_days:
        return
    earlier = _wait(before)
    if earlier is not None and earlier <= soon_days:
        return
    yield Change(
        "echeance_proche",
        None,
        day_words(due),
        f"échéance le {day_words(due)}, dans {number(wait)} jours ou moins",
    )


def _coming(park: Park) -> date | None:
    """Return the due date to come: the deferred one where the deferral is proven."""
    if text(park, "echeance_situation") != _TO_COME:
        return None
    deferred = day(park, "echeance_reportee")
    proven = text(park, "report_etat") == "justifie"
    return deferred if proven and deferred is not None else day(park, "echeance")


def _wait(park: Park) -> int | None:
    """Return the days from the day of the product to the due date to come."""
    due, today = _coming(park), day(park, "regles_au")
    return None if due is None or today is None else (due - today).days
