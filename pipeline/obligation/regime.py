"""Age of a car park in law: existing, new, renovated or unknown, and what says so."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pipeline.obligation.facts import Facts
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
        for read in (_built, _renovated, _contracted, _requested):
            found = read(facts, law)
            if found is not None:
                return found
    return _existing(facts, law)


@dataclass(frozen=True)
class Resurfaced:
    """Share of the surface replaced at once, and over the years that cumulate, by a day."""

    by: date
    at_once: float
    cumulated: float


def resurfaced(facts: Facts, law: Law, gross_m2: float) -> tuple[Resurfaced, ...]:
    """
    Return what was replaced by each day of works, in order, as shares of an area of the park.

    Only works done since the text came into force open the branch; those of the years before each
    of them add up with it, the same day of the first year included. Empty when no such works tell
    their area.

    References
    ----------
    CU, art. R. 111-25-2.
    """
    areas = [(item.done_on, item.resurfaced_m2) for item in facts.dossier.works]
    told = [(day, area) for day, area in areas if area is not None]
    if gross_m2 <= 0 or law.value("NEUF500.renovation_cumul_duree") is None:
        return ()
    years = int(law.number("NEUF500.renovation_cumul_duree"))
    return tuple(
        Resurfaced(
            last,
            at_once / gross_m2,
            sum(area for day, area in told if day <= last <= years_after(day, years)) / gross_m2,
        )
        for last, at_once in told
        if law.holds("NEUF500.demande_depuis", last)
    )


def is_heavy(facts: Facts, law: Law) -> bool | None:
    """
    Tell whether the works are a heavy renovation; None when their extent does not settle it.

    The area of the park is an interval: the works must reach the share, or miss it, at both ends.
    More than the whole park cannot have been replaced at once: such works settle nothing.
    """
    if facts.dossier.is_heavy_renovation is not None:
        return facts.dossier.is_heavy_renovation
    ends = []
    for gross_m2 in _gross_interval(facts):
        shares = resurfaced(facts, law, gross_m2)
        if not shares or min(item.at_once for item in shares) > 1:
            return None
        ends.append(any(_reaches(item, law) for item in shares))
    return ends[0] if len(set(ends)) == 1 else None


def _gross_interval(facts: Facts) -> tuple[float, float]:
    """Return the raw area with the margins of the measured one."""
    area = facts.area
    return facts.gross_m2 - (area.central - area.low), facts.gross_m2 + (area.high - area.central)


def _reaches(item: Resurfaced, law: Law) -> bool:
    """Tell whether half is replaced at once, or more than half over the years that add up."""
    return law.holds("NEUF500.renovation_part", item.at_once) or law.holds(
        "NEUF500.renovation_cumul_part", item.cumulated
    )


def years_after(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=day.day - 1)


def _built(facts: Facts, law: Law) -> Situation | None:
    """Read a park that dated evidence shows to be new: first seen, or absent, after the request."""
    file, requested = facts.dossier, _recent(facts.dossier.requested_on, law)
    if file.is_heavy_renovation:
        return None
    if requested is not None:
        appeared = facts.first_seen is not None and facts.first_seen >= requested
        return _of_request(requested) if appeared or file.absent_on is not None else None
    if file.requested_on is not None or file.absent_on is None:
        return None
    if law.holds("APER40.existant_au", file.absent_on):
        return None
    return Situation("nouveau", True, "absent d'une vue plus récente", opens_new_branch=True)


def _of_request(requested: date) -> Situation:
    why = "demande d'autorisation"
    return Situation("nouveau", False, why, opens_new_branch=True, trigger_on=requested)


def _renovated(facts: Facts, law: Law) -> Situation | None:
    """Read works on a park that was there before: heavy, or of an extent to establish."""
    heavy, day = is_heavy(facts, law), _renovated_on(facts, law)
    if heavy:
        why = "rénovation lourde établie au dossier"
        return Situation("renove", day is None, why, opens_new_branch=True, trigger_on=day)
    worked = any(_recent(item.done_on, law) for item in facts.dossier.works)
    if heavy is None and worked and (_stood(facts, day) or facts.dossier.requested_on is None):
        why = "travaux connus, ampleur à établir"
        return Situation("renove", True, why, opens_new_branch=True, trigger_on=day)
    return None


def _stood(facts: Facts, day: date | None) -> bool:
    """Tell whether a dated source shows the park before a day."""
    return facts.first_seen is not None and day is not None and facts.first_seen < day


def _renovated_on(facts: Facts, law: Law) -> date | None:
    """Return the day that subjects a renovation: the request of its works, else those works."""
    heavy = [item.by for item in resurfaced(facts, law, facts.gross_m2) if _reaches(item, law)]
    done = [item.done_on for item in facts.dossier.works if _recent(item.done_on, law)]
    works = min(heavy, default=max(done, default=None))
    requested = _recent(facts.dossier.requested_on, law)
    if requested is None or (works is not None and works < requested):
        return works
    return requested


def _recent(day: date | None, law: Law) -> date | None:
    """Return a day since which the branch is open; None before it, or when it is not known."""
    return day if day is not None and law.holds("NEUF500.demande_depuis", day) else None


def _contracted(facts: Facts, law: Law) -> Situation | None:
    """Read a contract concluded while its conclusion opened the branch."""
    file = facts.dossier
    rule = law.rule("NEUF500.contrat")
    if file.contract_on is None or not rule.is_in_force(file.contract_on):
        return None
    why = "contrat conclu ou renouvelé pendant la période visée"
    day = file.contract_on
    return Situation("existant", False, why, opens_new_branch=True, trigger_on=day)


def _requested(facts: Facts, law: Law) -> Situation | None:
    """Read a request; works known not to be heavy, on a park that stood, make no new park."""
    requested = _recent(facts.dossier.requested_on, law)
    if requested is None or (is_heavy(facts, law) is False and _stood(facts, requested)):
        return None
    return _of_request(requested)


def _existing(facts: Facts, law: Law) -> Situation:
    file = facts.dossier
    if any(law.holds("APER40.existant_au", item.done_on) for item in file.works):
        return Situation("existant", False, "travaux au dossier avant la date visée")
    requested = file.requested_on
    if requested is not None and _asked_since(requested, law) and not _stood(facts, requested):
        return Situation("nouveau", False, "demande d'autorisation")
    if facts.first_seen is None:
        return Situation("existant", True, "présent dans une source non datée")
    if law.holds("APER40.existant_au", facts.first_seen):
        return Situation("existant", True, "présent dans une source antérieure à la date visée")
    return Situation("inconnu", False, "présent dans des sources récentes seulement")


def _asked_since(requested: date, law: Law) -> bool:
    """Tell whether article 40 reaches a park by its request; no text says it before it exists."""
    rule_id = "APER40.demande_depuis"
    return law.value(rule_id) is not None and law.holds(rule_id, requested)
