"""Choices that hold from one run to the next: identity, corrections of agents, journal."""

from typing import Self

from pydantic import model_validator

from pipeline.assumption_groups import Assumption, Strict


class IdentityAssumptions(Strict):
    """From which common ground a car park is the one of the last product."""

    same_source_share: Assumption
    overlap_share: Assumption
    kept_iou: Assumption

    @model_validator(mode="after")
    def _a_shared_source_asks_for_less(self) -> Self:
        if self.same_source_share.value > self.overlap_share.value:
            msg = "identity : same_source_share ne peut dépasser overlap_share"
            raise ValueError(msg)
        return self


class CorrectionAssumptions(Strict):
    """When a decision of an agent still fits the car park it was taken on."""

    moved_share: Assumption
    overlap_share: Assumption
    first_year: Assumption
    last_year: Assumption


class JournalChoices(Strict):
    """An area has changed when it moves by more than both (strict): square metres and a share."""

    area_tolerance_m2: Assumption
    area_tolerance_share: Assumption
