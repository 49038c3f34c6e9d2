"""The legal thresholds on the area of a car park, as values: what it means to cross one."""

from dataclasses import dataclass
from datetime import date

from pipeline.inventory.park_values import Park, figure, text
from pipeline.legal_values import Comparison, compare
from pipeline.rules import RuleBook

ELIGIBLE = "surface_assujettie_m2"
_NEW_PARK_AREAS = ("surface_eaux_pluviales_m2", "surface_ombrage_m2")
_NEW_PARK = frozenset({"neuf_500"})
_READ: tuple[tuple[str, tuple[str, ...], frozenset[str] | None, str], ...] = (
    ("APER40.seuil", (ELIGIBLE,), None, "superficie assujettie"),
    ("APER40.seuil_grand", (ELIGIBLE,), None, "superficie assujettie"),
    ("NEUF500.seuil", _NEW_PARK_AREAS, _NEW_PARK, "superficie (la plus grande des deux)"),
)


@dataclass(frozen=True)
class Threshold:
    """
    An area that the law sets, in m².

    Attributes
    ----------
    value, comparison, article
        As the rule book holds them: `greater_than` is strict, `at_least` is not.
    columns
        The areas of a park that it judges: the largest counts.
    regimes
        The only regimes that it concerns; None: all.
    label
        What the area is called, in French.
    """

    value: float
    comparison: Comparison
    article: str
    columns: tuple[str, ...] = (ELIGIBLE,)
    regimes: frozenset[str] | None = None
    label: str = "superficie assujettie"

    def concerns(self, before: Park, after: Park) -> bool:
        """Tell whether the regime of the park, before or after, is one that it judges."""
        return self.regimes is None or bool(
            {text(before, "regime"), text(after, "regime")} & self.regimes
        )

    def area(self, park: Park) -> float | None:
        """Return the area that it judges; None where none is known."""
        known = [area for name in self.columns if (area := figure(park, name)) is not None]
        return max(known, default=None)

    def holds(self, area: float) -> bool:
        """Tell whether an area is on the far side, as strictly as the text says."""
        return compare(self.comparison, area, self.value)


def thresholds_on(book: RuleBook, insee_code: str, day: date) -> tuple[Threshold, ...]:
    """
    Return the thresholds on the area of a park of a commune, in force on `day`.

    One that no text sets there (Mayotte) is left out: nothing can cross it.
    """
    found = []
    for rule_id, columns, regimes, label in _READ:
        rule = book.local(rule_id, insee_code)
        value = rule.at(day).value if rule.is_in_force(day) else None
        if isinstance(value, int | float) and rule.comparison is not None:
            article = rule.article_on(day)
            found.append(Threshold(float(value), rule.comparison, article, columns, regimes, label))
    return tuple(found)
