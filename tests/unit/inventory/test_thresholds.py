"""The thresholds as the rule book holds them: where, since when, how strictly."""

from datetime import date

import pytest

from pipeline.inventory.thresholds import thresholds_on
from pipeline.inventory.words import area_words, day_words
from tests.tables import RULES

DAY = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("insee", "day", "expected"),
    [
        pytest.param("62999", DAY, [1500, 10000, 500], id="mainland"),
        pytest.param("97302", DAY, [2500, 10000, 500], id="Guyane"),
        pytest.param("97411", DAY, [1000, 10000, 500], id="La Réunion"),
        pytest.param("97411", date(2025, 8, 13), [10000, 500], id="the day before its decree"),
        pytest.param("97608", DAY, [10000, 500], id="Mayotte has none"),
        pytest.param("62999", date(2023, 6, 30), [1500, 10000], id="before new parks"),
    ],
)
def test_the_thresholds_of_a_commune(insee, day, expected):
    assert [threshold.value for threshold in thresholds_on(RULES, insee, day)] == expected


def test_each_is_as_strict_as_its_text():
    existing, large, new = thresholds_on(RULES, "62999", DAY)
    assert (existing.holds(1500), existing.holds(1500.001)) == (False, True)
    assert (large.holds(9999.999), large.holds(10000)) == (False, True)
    assert (new.holds(500), new.holds(500.001)) == (False, True)


@pytest.mark.parametrize(
    ("area", "others", "words"),
    [
        (1530.4, (), "1 530"),
        (12500.0, (10000.0,), "12 500"),
        (1500.4, (1500.0,), "1 500,4"),
        (1499.996, (1500.0,), "1 499,996"),
        (1500.0000001, (1500.0,), "1500,0000001"),
        (1500.0, (1500.0,), "1 500"),
        (None, (1500.0,), "inconnue"),
    ],
)
def test_an_area_is_rounded_but_where_that_would_hide_a_threshold(area, others, words):
    assert area_words(area, *others).replace("\u202f", " ") == words


def test_a_missing_day_is_none():
    assert day_words(None) == "aucune"
    assert day_words(date(2028, 7, 1)) == "01/07/2028"
