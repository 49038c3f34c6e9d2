"""The legal values in force on the date of a product, as rows an analyst can quote."""

from collections.abc import Iterator
from datetime import date

import pandas as pd

from pipeline.legal_values import FRENCH_COMPARISON, Dated
from pipeline.rule_words import plain
from pipeline.rules import RuleBook

_COLUMNS = [
    "rule_id",
    "nature",
    "label",
    "value",
    "unit",
    "share_of",
    "comparison",
    "departements",
    "replaces",
    "article",
    "valid_from",
    "valid_to",
    "needs_review",
    "title",
    "href",
]


def rule_rows(book: RuleBook, day: date) -> pd.DataFrame:
    """
    Return one row per rule, exclusion, protection and derogation in force on `day`.

    A rule without a value on that day has no row. Values are text: a number with a point, an ISO
    date, a word, or a list joined by « ; »; « non établie » where the text was not read.
    """
    rows = [
        *_values(book, day),
        *_exclusions(book, day),
        *_protections(book, day),
        *_derogations(book, day),
    ]
    return pd.DataFrame(rows, columns=_COLUMNS, dtype=object)


def _values(book: RuleBook, day: date) -> Iterator[dict[str, object]]:
    for rule in book.rules:
        if not rule.is_in_force(day):
            continue
        dated = rule.at(day)
        yield {
            "rule_id": rule.id,
            "nature": "valeur",
            "label": rule.description,
            "value": plain(dated.value),
            "unit": rule.unit,
            "share_of": rule.share_of,
            "comparison": FRENCH_COMPARISON[rule.comparison] if rule.comparison else None,
            "departements": ";".join(rule.departements) or None,
            "replaces": rule.replaces,
            "article": rule.article_on(day),
            "needs_review": rule.needs_review,
            **_dated(dated),
        }


def _exclusions(book: RuleBook, day: date) -> Iterator[dict[str, object]]:
    for item in book.exclusions_on(day):
        yield {
            "rule_id": item.motif,
            "nature": "exclusion",
            "label": item.label,
            "value": ";".join(item.deducted_from),
            "article": item.article,
            "needs_review": item.needs_review,
            **_dated(item),
        }


def _protections(book: RuleBook, day: date) -> Iterator[dict[str, object]]:
    for item in book.protections_on(day).values():
        yield {
            "rule_id": item.kind,
            "nature": "protection",
            "label": item.label,
            "value": item.effect,
            "article": item.article,
            "needs_review": item.needs_review,
            **_dated(item),
        }


def _derogations(book: RuleBook, day: date) -> Iterator[dict[str, object]]:
    for item in book.derogations_on(day).values():
        yield {
            "rule_id": item.code,
            "nature": "derogation",
            "label": item.label,
            "value": "possible",
            "article": item.article,
            "needs_review": item.needs_review,
            **_dated(item),
        }


def _dated(item: Dated) -> dict[str, object]:
    links = [str(source.href) for source in item.sources if source.href]
    return {
        "valid_from": item.valid_from,
        "valid_to": item.valid_to,
        "title": "\n".join(source.title for source in item.sources),
        "href": links[0] if links else None,
    }
