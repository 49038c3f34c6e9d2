"""Deferral on performing panels: art. 40, III, 2°, by loi 2023-973, then loi 2025-1129."""

from datetime import date

import pytest

from tests.rules.cases import DAY, park, plain, verdict

LARGE, SMALL = 12000, 3000
JULY_2026, JULY_2028 = date(2026, 7, 1), date(2028, 7, 1)
LARGE_END, SMALL_END = date(2028, 1, 1), date(2030, 1, 1)
PROVEN = {
    "deposit_on": date(2026, 6, 30),
    "order_on": date(2026, 12, 30),
    "has_efficient_panels": True,
}


@pytest.mark.parametrize(
    ("area", "on", "state", "deferred"),
    [
        pytest.param(
            LARGE, date(2024, 12, 3), None, None, id="décret 2024-1104: the day before, large"
        ),
        pytest.param(
            LARGE, date(2024, 12, 4), "a_justifier", LARGE_END,
            id="décret 2024-1104: the day of, large",
        ),
        pytest.param(SMALL, date(2024, 12, 4), None, None, id="décret 2024-1104: large parks only"),
        pytest.param(
            9999, date(2025, 11, 27), None, None, id="loi 2025-1129, art. 8: the day before, small"
        ),
        pytest.param(
            9999, date(2025, 11, 28), "a_justifier", SMALL_END,
            id="loi 2025-1129, art. 8: the day of, 9 999 m²",
        ),
        pytest.param(
            10000, date(2025, 11, 28), "a_justifier", LARGE_END,
            id="loi 2025-1129, art. 8: 10 000 m² is deferred as large",
        ),
    ],
)  # fmt: skip
def test_which_deferral_a_park_may_prove(area, on, state, deferred):
    found = verdict(park(area), on=on)
    assert (found.deferral_state, found.deferred_due_date) == (state, deferred)
    assert found.due_date == (JULY_2026 if area >= 10000 else JULY_2028)  # never moved by itself


@pytest.mark.parametrize(
    ("on", "deposit", "state"),
    [
        # first scheme: by 31 December 2024
        pytest.param(
            date(2025, 1, 15), date(2024, 12, 31), "a_justifier",
            id="décret 2024-1104: deposit on the last day",
        ),
        pytest.param(
            date(2025, 1, 15), date(2025, 1, 1), "ecarte",
            id="décret 2024-1104: deposit a day late",
        ),
        pytest.param(
            date(2025, 11, 27), date(2025, 6, 1), "ecarte",
            id="loi 2025-1129, art. 8: the day before, a deposit of June 2025 is late",
        ),
        # second scheme: by 30 June 2026
        pytest.param(
            date(2025, 11, 28), date(2025, 6, 1), "a_justifier",
            id="loi 2025-1129, art. 8: the day of, the same deposit is in time",
        ),
        pytest.param(
            DAY, date(2026, 6, 30), "a_justifier",
            id="loi 2025-1129, art. 8: deposit on 30 June 2026",
        ),
        pytest.param(
            DAY, date(2026, 7, 1), "ecarte", id="loi 2025-1129, art. 8: deposit on 1 July 2026"
        ),
    ],
)  # fmt: skip
def test_limit_of_the_deposit(on, deposit, state):
    assert verdict(park(LARGE), on=on, deposit_on=deposit).deferral_state == state


@pytest.mark.parametrize(
    ("on", "order", "state"),
    [
        pytest.param(
            date(2025, 11, 27), date(2025, 11, 27), "a_justifier",
            id="décret 2024-1104: order before 31 December 2025",
        ),
        pytest.param(
            date(2027, 1, 15), date(2026, 12, 30), "a_justifier",
            id="loi 2025-1129, art. 8: order on 30 December 2026",
        ),
        pytest.param(
            date(2027, 1, 15), date(2026, 12, 31), "ecarte",
            id="loi 2025-1129, art. 8: « avant le 31 décembre », order on that day",
        ),
        pytest.param(
            date(2027, 1, 15), date(2027, 1, 1), "ecarte",
            id="loi 2025-1129, art. 8: order on 1 January 2027",
        ),
    ],
)  # fmt: skip
def test_limit_of_the_order(on, order, state):
    assert verdict(park(LARGE), on=on, order_on=order).deferral_state == state


@pytest.mark.parametrize(
    ("change", "state", "deferred"),
    [
        pytest.param({}, "justifie", LARGE_END, id="all three proven"),
        pytest.param({"order_on": None}, "a_justifier", LARGE_END, id="no order told"),
        pytest.param({"deposit_on": None}, "a_justifier", LARGE_END, id="no deposit told"),
        pytest.param({"has_efficient_panels": None}, "a_justifier", LARGE_END, id="panels unknown"),
        pytest.param({"has_efficient_panels": False}, "ecarte", None, id="panels fail, rest holds"),
        pytest.param({"deposit_on": date(2026, 7, 1)}, "ecarte", None, id="deposit late"),
        pytest.param({"order_on": date(2026, 12, 31)}, "ecarte", None, id="order late"),
    ],
)
def test_all_three_conditions_are_needed(change, state, deferred):
    found = verdict(park(LARGE), on=date(2027, 1, 15), **(PROVEN | change))
    assert (found.deferral_state, found.deferred_due_date) == (state, deferred)
    assert found.due_date == JULY_2026
    assert found.status == "assujetti"


@pytest.mark.parametrize(
    ("dossier", "state"),
    [
        pytest.param(PROVEN, "a_justifier", id="limits not read: dates prove nothing"),
        pytest.param(
            {**PROVEN, "deposit_on": date(2029, 1, 1), "order_on": date(2029, 2, 1)},
            "a_justifier", id="limits not read: dates refute nothing either",
        ),
        pytest.param({"has_efficient_panels": False}, "ecarte", id="panels that fail refute it"),
    ],
)  # fmt: skip
def test_deferral_of_a_small_park_is_never_proven(dossier, state):
    found = verdict(park(SMALL), on=date(2029, 6, 1), **dossier)
    assert found.deferral_state == state
    assert found.deferral_state != "justifie"


@pytest.mark.parametrize(
    ("on", "proof", "state"),
    [
        pytest.param(date(2026, 6, 30), {}, "a_venir", id="large: 30 June 2026"),
        pytest.param(date(2026, 7, 1), {}, "echue_report_a_justifier", id="large: 1 July 2026"),
        pytest.param(date(2027, 12, 31), {}, "echue_report_a_justifier", id="large: end of 2027"),
        pytest.param(date(2028, 1, 1), {}, "echue", id="large: 1 January 2028"),
        pytest.param(date(2027, 12, 31), PROVEN, "a_venir", id="large, proven: end of 2027"),
        pytest.param(date(2028, 1, 1), PROVEN, "echue", id="large, proven: 1 January 2028"),
        pytest.param(
            date(2026, 6, 30), {"has_efficient_panels": False}, "a_venir",
            id="large, refuted: 30 June 2026",
        ),
        pytest.param(
            date(2026, 7, 1), {"has_efficient_panels": False}, "echue",
            id="large, refuted: 1 July 2026",
        ),
    ],
)  # fmt: skip
def test_state_of_a_large_park(on, proof, state):
    assert verdict(park(LARGE), on=on, **proof).due_state == state


@pytest.mark.parametrize(
    ("on", "proof", "state"),
    [
        pytest.param(date(2028, 6, 30), {}, "a_venir", id="small: 30 June 2028"),
        pytest.param(date(2028, 7, 1), {}, "echue_report_a_justifier", id="small: 1 July 2028"),
        pytest.param(date(2029, 12, 31), {}, "echue_report_a_justifier", id="small: end of 2029"),
        pytest.param(date(2030, 1, 1), {}, "echue", id="small: 1 January 2030"),
        pytest.param(
            date(2028, 7, 1), {"has_efficient_panels": False}, "echue",
            id="small, refuted: 1 July 2028",
        ),
    ],
)  # fmt: skip
def test_state_of_a_small_park(on, proof, state):
    assert verdict(park(SMALL), on=on, **proof).due_state == state


@pytest.mark.parametrize(
    ("on", "state"),
    [
        pytest.param(date(2028, 6, 30), "a_venir", id="concession: 30 June 2028"),
        pytest.param(date(2028, 7, 1), "echue", id="concession: 1 July 2028, no deferral"),
    ],
)
def test_state_of_a_concession(on, state):
    found = verdict(park(LARGE), on=on, is_concession=True, contract_on=date(2029, 1, 1), **PROVEN)
    assert found.due_state == state


@pytest.mark.parametrize(
    ("extended_to", "deferred"),
    [
        pytest.param(date(2027, 12, 31), LARGE_END, id="the deferral still leads further"),
        pytest.param(date(2028, 1, 1), None, id="the delay leads as far: no deferral to prove"),
        pytest.param(date(2029, 1, 1), None, id="the delay leads further"),
    ],
)
def test_a_deferral_against_the_delay_of_the_prefect(extended_to, deferred):
    found = verdict(park(LARGE), extended_to=extended_to)
    assert (found.due_date, found.deferred_due_date) == (extended_to, deferred)


def test_a_deposit_of_tomorrow_is_not_known_today():
    late = date(2026, 7, 2)
    eve, day_itself = (verdict(park(LARGE), on=day, deposit_on=late) for day in (JULY_2026, late))
    assert (eve.deferral_state, day_itself.deferral_state) == ("a_justifier", "ecarte")


def test_the_conditions_are_told_with_their_limits():
    told = plain(verdict(park(LARGE)).deferral_conditions)
    assert "au plus tard le 30 juin 2026" in told
    assert "avant le 31 décembre 2026" in told
    assert "date limite à confirmer" in plain(verdict(park(SMALL)).deferral_conditions)
