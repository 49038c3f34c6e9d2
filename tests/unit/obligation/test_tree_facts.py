"""What the verdict takes from the measure of trees."""

from datetime import date

import pytest

from pipeline.obligation.classify import _tree_facts
from tests.tables import ASSUMPTIONS

DAY = date(2026, 11, 26)
SEEN = {
    "method": "modele_hauteur",
    "shade_share_min": 0.5,
    "shade_share": 0.6,
    "shade_share_max": 0.7,
    "wide_tree_count": 3.0,
    "possible_wide_count": 5.0,
    "trees_are_spread": True,
    "measured_share": 1.0,
    "heights_vintage": "2024-05-14",
    "outside_shade_share": 0.0,
}


def facts(**changes):
    return _tree_facts({**SEEN, **changes}, DAY, ASSUMPTIONS)


@pytest.mark.parametrize(
    ("vintage", "recent"),
    [
        pytest.param("2024-05-14", True, id="two years"),
        pytest.param("2016", True, id="ten years exactly"),
        pytest.param("2015-12-31", False, id="more than ten"),
        pytest.param("2024-05-14;2015", False, id="the oldest of two decides"),
        pytest.param(None, False, id="undated"),
        pytest.param("2027-01-01", False, id="flown after the day of the verdict"),
    ],
)
def test_heights_are_recent_up_to_ten_years(vintage, recent):
    assert ASSUMPTIONS.height_model.oldest_years.value == 10
    assert facts(heights_vintage=vintage).is_recent is recent


def test_mapped_trees_have_no_vintage_to_be_old():
    assert facts(method="arbres_cartographies", heights_vintage=None).is_recent


@pytest.mark.parametrize("changes", [{"method": None}, {"shade_share": float("nan")}])
def test_no_method_or_no_share_is_no_fact(changes):
    assert facts(**changes) is None
