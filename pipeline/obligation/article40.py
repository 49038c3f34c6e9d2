"""Article 40 of loi n° 2023-175 on one day: its values, read once from the rules."""

from dataclasses import dataclass
from datetime import date
from math import ceil

from pipeline.rules import Protection, RuleBook


@dataclass(frozen=True)
class Article40:
    """The text in force on `day`; areas in m², penalties in euros a year."""

    rules: RuleBook
    day: date

    @property
    def threshold_m2(self) -> float:
        """Area that a park must exceed (strictly) to be subject."""
        return self.rules.number("APER40.seuil", self.day)

    def exceeds_threshold(self, area_m2: float) -> bool:
        """Tell whether an area is subject; 1 500 m² exactly is not."""
        return self.rules.holds("APER40.seuil", area_m2, self.day)

    @property
    def large_threshold_m2(self) -> float:
        """Area from which (included) the first due date applies."""
        return self.rules.number("APER40.seuil_grand", self.day)

    def is_large(self, area_m2: float) -> bool:
        """Tell whether an area falls under the first due date; 10 000 m² exactly does."""
        return self.rules.holds("APER40.seuil_grand", area_m2, self.day)

    def due_date(self, area_m2: float) -> date:
        """Return the due date of a park of that area."""
        size = "grand" if self.is_large(area_m2) else "petit"
        return self.rules.due_date(f"APER40.echeance_{size}", self.day)

    def penalty_cap(self, area_m2: float) -> float:
        """Return the ceiling of the yearly penalty of a park of that area."""
        size = "grand" if self.is_large(area_m2) else "petit"
        return self.rules.number(f"APER40.sanction_{size}", self.day)

    def deferral_end(self, area_m2: float) -> date | None:
        """Return until when an owner may prove a deferral; None where no text grants one."""
        rule = self.rules.rule("APER40.report_grand")
        if not self.is_large(area_m2) or not rule.is_in_force(self.day):
            return None
        return self.rules.due_date(rule.id, self.day)

    def area_to_cover(self, area_m2: float) -> float:
        """Return the least area of canopies."""
        return self.rules.number("APER40.part", self.day) * area_m2

    def is_shaded_enough(self, share: float) -> bool:
        """Tell whether trees shade more than half; exactly half does not conclude."""
        return self.rules.holds("APER40.ombrage_arbres", share, self.day)

    @property
    def shade_share(self) -> float:
        """Share that tree shade must exceed."""
        return self.rules.number("APER40.ombrage_arbres", self.day)

    def required_trees(self, spaces: float) -> int | None:
        """Return the trees that a number of spaces asks for, rounded up; None before the decree."""
        rule = self.rules.rule("APER40.arbres_par_place")
        if not rule.is_in_force(self.day):
            return None
        return ceil(spaces / self.rules.number(rule.id, self.day))

    def protections(self) -> dict[str, Protection]:
        """Return the perimeters that exempt, or may exempt, on that day."""
        return self.rules.protections_on(self.day)

    def has_adapted_threshold(self, insee_code: str) -> bool:
        """Tell whether the commune's département has a threshold of its own, not encoded yet."""
        return insee_code.startswith(self.rules.labels("APER40.seuils_adaptes", self.day))
