"""The legal values in force on the date of a product, as rows an analyst can quote."""

from collections.abc import Iterable, Iterator
from datetime import date

import pandas as pd

from pipeline.rules import FRENCH_COMPARISON, LegalSource, Rule, RuleBook

_COLUMNS = [
    "rule_id",
    "nature",
    "label",
    "value",
    "unit",
    "comparison",
    "article",
    "valid_from",
    "valid_to",
    "needs_review",
    "title",
    "href",
]


def rule_rows(book: RuleBook, day: date) -> pd.DataFrame:
    """
    Return one row per rule, exclusion and protection in force on `day`.

    A rule without a value on that day has no row. Values are text: a number with a point, an ISO
    date, or a list joined by « ; ».
    """
    rows = [*_values(book.rules, day), *_exclusions(book, day), *_protections(book, day)]
    return pd.DataFrame(rows, columns=_COLUMNS, dtype=object)


def _values(rules: Iterable[Rule], day: date) -> Iterator[dict[str, object]]:
    for rule in rules:
        if not rule.is_in_force(day):
            continue
        dated = rule.at(day)
        yield {
            "rule_id": rule.id,
            "nature": "valeur",
            "label": rule.description,
            "value": _written(dated.value),
            "unit": rule.unit,
            "comparison": FRENCH_COMPARISON[rule.comparison] if rule.comparison else None,
            "article": rule.article,
            "valid_from": dated.valid_from,
            "valid_to": dated.valid_to,
            "needs_review": rule.needs_review,
            **_texts(dated.sources),
        }


def _exclusions(book: RuleBook, day: date) -> Iterator[dict[str, object]]:
    for item in book.exclusions_on(day):
        yield {
            "rule_id": item.motif,
            "nature": "exclusion",
            "label": item.label,
            "value": ";".join(item.deducted_from),
            "article": item.article,
            "valid_from": item.valid_from,
            "valid_to": item.valid_to,
            "needs_review": item.needs_review,
            **_texts(item.sources),
        }


def _protections(book: RuleBook, day: date) -> Iterator[dict[str, object]]:
    for item in book.protections_on(day).values():
        yield {
            "rule_id": item.kind,
            "nature": "protection",
            "label": item.label,
            "value": item.effect,
            "article": item.article,
            "valid_from": item.valid_from,
            "valid_to": item.valid_to,
            "needs_review": item.needs_review,
            **_texts(item.sources),
        }


def _written(value: float | date | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return ";".join(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(int(value)) if value == int(value) else repr(value)


def _texts(sources: tuple[LegalSource, ...]) -> dict[str, object]:
    links = [str(source.href) for source in sources if source.href]
    return {
        "title": "\n".join(source.title for source in sources),
        "href": links[0] if links else None,
    }
