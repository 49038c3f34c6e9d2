"""What changed between two states of a commune, ready for its journal."""

from datetime import date

import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.inventory.causes import evidence_between
from pipeline.inventory.changes import Reading, changes
from pipeline.inventory.states import State
from pipeline.inventory.thresholds import thresholds_on
from pipeline.rules import RuleBook


def differences(
    before: State, after: State, *, seen_on: date, book: RuleBook, assumptions: Assumptions
) -> pd.DataFrame:
    """
    Return what changed from one state to another, and why.

    Parameters
    ----------
    before, after
        Two states of the same commune.
    seen_on
        The day on which the change is told: that of the run.
    book
        The law: thresholds are those of the later state.
    assumptions
        Tolerances (`journal`) and nearness (`priority.soon_days`).

    Returns
    -------
    entries
        `JournalEntry`; no row when nothing worth telling changed.
    """
    reading = Reading(
        thresholds=thresholds_on(book, after.insee_code, after.rules_as_of),
        choices=assumptions.journal,
        soon_days=assumptions.priority.soon_days.value,
    )
    return changes(
        before.parks,
        after.parks,
        seen_on=seen_on,
        reading=reading,
        causes=evidence_between(before, after, book),
    )
