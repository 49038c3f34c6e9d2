"""Existing solar canopies: enough, enough with trees, in part, to be checked."""

from dataclasses import replace
from datetime import date

import pytest

from pipeline.obligation.equipment import equipment, equipment_sentence
from pipeline.obligation.facts import CarportFacts, Interval, TreeFacts
from pipeline.obligation.law import Law
from tests.rules.cases import park
from tests.tables import RULES

# 4 000 m², between 3 800 and 4 200: 2 100 m² of canopies are enough whatever the area is.
PARK = park(4_000, 200)
NOW = date(2026, 11, 26)
BEFORE_MIXED = date(2025, 11, 27)


def shaded(low, **told):
    told = {"is_from_heights": True, **told}
    return TreeFacts(Interval(low, low, low), 0, 0, are_spread=False, **told)


def state(solar, other=0.0, *, trees=None, day=NOW):
    facts = replace(PARK, carports=CarportFacts(solar, other), trees=trees)
    found = equipment(facts, Law(RULES, day, "62999"))
    return None if found is None else found.state


@pytest.mark.parametrize(
    ("solar", "other", "expected"),
    [
        pytest.param(2_100, 0, "suffisant", id="half of the highest area"),
        pytest.param(2_099, 0, "a_verifier", id="half of the central area, not of the highest"),
        pytest.param(1_900, 0, "a_verifier", id="half of the lowest area"),
        pytest.param(1_899, 0, "partiel", id="less than half of the lowest area"),
        pytest.param(100, 0, "partiel", id="a few bays"),
        pytest.param(0, 0, "aucun", id="none seen from the sky"),
        pytest.param(0, 1_900, "a_verifier", id="roofs that could be half of the lowest area"),
        pytest.param(0, 1_899, "partiel", id="roofs that could not"),
        pytest.param(1_000, 900, "a_verifier", id="both together"),
        pytest.param(2_100, 900, "suffisant", id="enough without the doubtful ones"),
    ],
)
def test_canopies_against_the_half(solar, other, expected):
    assert state(solar, other) == expected


# 35 % of the half of 4 200 m²: 735 m², 17.5 % of the area; trees must then shade 32.5 %.
@pytest.mark.parametrize(
    ("solar", "shade", "day", "expected"),
    [
        pytest.param(735, 0.325, NOW, "suffisant_mixte", id="35 % of the half, trees the rest"),
        pytest.param(734, 0.5, NOW, "partiel", id="less than 35 % of the half"),
        pytest.param(735, 0.324, NOW, "partiel", id="less than half shaded in all"),
        pytest.param(735, 0.325, BEFORE_MIXED, "partiel", id="before the law allowed it"),
    ],
)
def test_canopies_and_trees(solar, shade, day, expected):
    assert state(solar, trees=shaded(shade), day=day) == expected


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"is_recent": False, "vintage": "2005"}, id="heights of long ago"),
        pytest.param({"is_from_heights": False}, id="a mapped crown may hang over a canopy"),
    ],
)
def test_shaky_trees_leave_the_mix_open(told):
    assert state(735, trees=shaded(0.325, **told)) == "a_verifier"


def test_nothing_told_is_nothing_known():
    assert equipment(PARK, Law(RULES, NOW, "62999")) is None


def said(solar, other=0.0):
    facts = replace(PARK, carports=CarportFacts(solar, other))
    law = Law(RULES, NOW, "62999")
    return equipment_sentence(facts, law, equipment(facts, law)).replace("\u202f", " ")


def test_sentences_say_what_is_in_place_against_what_is_due():
    assert "couvrent déjà 2 100\u00a0m², pour 2 000\u00a0m² exigés" in said(2_100)
    assert "Ombrières solaires en place : 100\u00a0m², pour 2 000\u00a0m² exigés" in said(100)
    assert said(0) == ""
    doubtful = said(0, 400)
    assert doubtful.startswith("Toitures ou installations dont les panneaux sont à confirmer : 400")
    assert "solaires" not in doubtful
