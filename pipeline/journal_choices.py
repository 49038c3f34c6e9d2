"""The choices of the journal: from how many square metres an area is said to have changed."""

from pipeline.assumption_groups import Assumption, Strict


class JournalChoices(Strict):
    """An area has changed when it moves by more than both (strict): square metres and a share."""

    area_tolerance_m2: Assumption
    area_tolerance_share: Assumption
