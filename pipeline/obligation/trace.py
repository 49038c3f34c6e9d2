"""The reasoning on one car park as a list of comparisons that reads back to the same verdict."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, cast

from pipeline.legal_values import FRENCH_COMPARISON, Comparison, Value, compare
from pipeline.rule_words import written

Result = Literal["oui", "non", "inconnu", "mesure"]
EQUAL = "="
SYMBOLS: dict[str, Comparison] = {symbol: name for name, symbol in FRENCH_COMPARISON.items()}


@dataclass(frozen=True)
class Conclusion:
    """Where a comparison leads: a status and the code of its reason."""

    status: str
    code: str

    def __str__(self) -> str:
        """Write the conclusion as the table holds it."""
        return f"{self.status}/{self.code}"

    @classmethod
    def read(cls, text: object) -> "Conclusion | None":
        """Read a conclusion back from the table; None when the reasoning goes on."""
        return cls(*text.split("/")) if isinstance(text, str) else None


@dataclass(frozen=True)
class Step:
    """
    One comparison of a reasoning, or one measure (no comparison).

    `value` is a number, a day or a word; missing, the result is `inconnu` and concludes nothing.
    `comparison` is a symbol: `>`, `≥`, `<`, `≤`, `=`.
    """

    step: str
    question: str
    value: Value | None
    article: str | None = None
    rule_id: str | None = None
    unit: str | None = None
    comparison: str | None = None
    threshold: Value | None = None
    if_true: Conclusion | None = None
    if_false: Conclusion | None = None

    @property
    def result(self) -> Result:
        """Compare, as strictly as the text does."""
        if self.comparison is None:
            return "mesure"
        if self.value is None or self.threshold is None:
            return "inconnu"
        if self.comparison == EQUAL:
            return "oui" if self.value == self.threshold else "non"
        return "oui" if compare(SYMBOLS[self.comparison], self.value, self.threshold) else "non"

    @property
    def conclusion(self) -> Conclusion | None:
        """Return where the result leads; None when the reasoning goes on."""
        return {"oui": self.if_true, "non": self.if_false}.get(self.result)

    def as_row(self) -> dict[str, object]:
        """Return the columns of `DecisionStep` but the lot, the rank and the law."""
        return {
            "step": self.step,
            "question": self.question,
            "article": self.article,
            "rule_id": self.rule_id,
            "value": written(self.value),
            "unit": self.unit,
            "comparison": self.comparison,
            "threshold": written(self.threshold),
            "result": self.result,
            "if_true": None if self.if_true is None else str(self.if_true),
            "if_false": None if self.if_false is None else str(self.if_false),
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Step":
        """Read a step back from its row: the inverse of `as_row`."""
        text = {key: value if isinstance(value, str) else None for key, value in row.items()}
        return cls(
            step=str(row["step"]),
            question=str(row["question"]),
            value=_read(text["value"], text["unit"]),
            article=text["article"],
            rule_id=text["rule_id"],
            unit=text["unit"],
            comparison=text["comparison"],
            threshold=_read(text["threshold"], text["unit"]),
            if_true=Conclusion.read(text["if_true"]),
            if_false=Conclusion.read(text["if_false"]),
        )


def first_conclusion(steps: Iterable[Step]) -> Conclusion | None:
    """Return the first conclusion that the comparisons reach, in their order."""
    return next((step.conclusion for step in steps if step.conclusion is not None), None)


def until_concluded(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield steps up to the first that concludes, included."""
    for step in steps:
        yield step
        if step.conclusion is not None:
            return


def _read(text: str | None, unit: str | None) -> Value | None:
    if text is None or unit == "texte":
        return text
    if unit == "date":
        return date.fromisoformat(text)
    return cast("Value", float(text))
