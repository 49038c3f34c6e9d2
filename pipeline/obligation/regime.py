"""Age of a car park in law: existing, new, renovated or unknown, and what says so."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipeline.obligation.facts import Dossier, Facts
from pipeline.obligation.law import Law

Kind = Literal["existant", "nouveau", "renove", "inconnu"]


@dataclass(frozen=True)
class Situation:
    """
    What is known of the age of a park.

    `is_presumed`: no file says it. `trigger_on`: the day that opens the 500 m² branch (request,
    works, contract), missing when that branch is closed or its day is unknown. `why`: French words.
    """

    kind: Kind
    is_presumed: bool
    why: str
    opens_new_branch: bool = False
    trigger_on: date | None = None


def situation(facts: Facts, law: Law) -> Situation:
    """
    Say whether a park is existing, new or renovated; the 500 m² branch needs positive evidence.

    A permit, works or the absence from an older photograph open it. Without any, a park that a
    source shows by 1 July 2023, or that an undated source shows, is presumed existing; one that
    only later sources show is of unknown age.

    References
    ----------
    CU, art. L. 111-19-1, R. 111-25-1 and R. 111-25-2 ; loi n° 2023-175, art. 40, III.
    """
    if law.value("NEUF500.demande_depuis") is not None:
        found = _renovated(facts, law) or _contracted(facts.dossier, law) or _new(facts, law)
        if found is not None:
            return found
    return _existing(facts, law)


def resurfaced_share(facts: Facts, law: Law) -> tuple[float, float] | None:
    """
    Return the largest share of the surface replaced at once, and over the years that cumulate.

    Missing when no works tell their area. The window is closed: works done to the day the same
    number of years apart still cumulate.
    """
    works = [item for item in facts.dossier.works if item.resurfaced_m2 is not None]
    if not works or facts.gross_m2 <= 0:
        return None
    years = int(law.number("NEUF500.renovation_cumul_duree"))
    areas = [(item.done_on, item.resurfaced_m2 or 0.0) for item in works]
    cumulated = max(
        sum(area for day, area in areas if _within(start, day, years)) for start, _ in areas
    )
    return max(area for _, area in areas) / facts.gross_m2, cumulated / facts.gross_m2


def is_heavy(facts: Facts, law: Law) -> bool | None:
    """Tell whether the works are a heavy renovation: half at once, or more than half in time."""
    if facts.dossier.is_heavy_renovation is not None:
        return facts.dossier.is_heavy_renovation
    shares = resurfaced_share(facts, law)
    if shares is None:
        return None
    at_once, cumulated = shares
    return law.holds("NEUF500.renovation_part", at_once) or law.holds(
        "NEUF500.renovation_cumul_part", cumulated
    )


def _within(start: date, day: date, years: int) -> bool:
    return start <= day <= years_after(start, years)


def years_after(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=day.day - 1)


def _renovated(facts: Facts, law: Law) -> Situation | None:
    """Read works on a park that was there before: heavy, or of an extent to establish."""
    file = facts.dossier
    latest = max((item.done_on for item in file.works), default=None)
    trigger = file.requested_on or latest
    if trigger is None or not law.holds("NEUF500.demande_depuis", trigger):
        return None
    heavy = is_heavy(facts, law)
    if heavy:
        return Situation("renove", False, "rénovation lourde établie au dossier", True, trigger)
    if heavy is None and latest is not None and _stood_before(facts, trigger):
        return Situation("renove", True, "travaux connus, ampleur inconnue", True, trigger)
    return None


def _stood_before(facts: Facts, day: date) -> bool:
    """Tell whether the park was there before a day; an undated source is taken to show it."""
    return facts.first_seen is None or facts.first_seen < day


def _contracted(file: Dossier, law: Law) -> Situation | None:
    """Read a contract concluded while its conclusion opened the branch."""
    rule = law.rule("NEUF500.contrat")
    if file.contract_on is None or not rule.is_in_force(file.contract_on):
        return None
    return Situation(
        "existant", False, "contrat conclu ou renouvelé pendant la période visée", True,
        file.contract_on,
    )  # fmt: skip


def _new(facts: Facts, law: Law) -> Situation | None:
    file = facts.dossier
    if file.requested_on is not None:
        if law.holds("NEUF500.demande_depuis", file.requested_on) and not file.works:
            return Situation("nouveau", False, "demande d'autorisation", True, file.requested_on)
        return None
    if file.absent_on is not None and not law.holds("APER40.existant_au", file.absent_on):
        return Situation("nouveau", True, "absent d'une vue plus récente que la loi", True)
    return None


def _existing(facts: Facts, law: Law) -> Situation:
    file = facts.dossier
    if file.requested_on is not None or file.works:
        return Situation("existant", False, "dates du dossier")
    if facts.first_seen is None:
        return Situation("existant", True, "présent dans une source non datée")
    if law.holds("APER40.existant_au", facts.first_seen):
        return Situation("existant", True, "présent dans une source antérieure à la date visée")
    return Situation("inconnu", False, "présent dans des sources récentes seulement")
