"""Loi n° 2023-175, art. 40: who is subject, of what, when, at what price; worked out by hand."""

from datetime import date

import pytest

from tests.rules.cases import park, plain, verdict

LARGE, SMALL = 12000, 3000
JULY_2026, JULY_2028 = date(2026, 7, 1), date(2028, 7, 1)


@pytest.mark.parametrize(
    ("area", "margin", "status"),
    [
        pytest.param(1499, 0, "non_assujetti", id="art. 40, I: 1 499 m² is not above 1 500 m²"),
        pytest.param(1500, 0, "non_assujetti", id="art. 40, I: 1 500 m² exactly is not above"),
        pytest.param(1501, 0, "assujetti", id="art. 40, I: 1 501 m² is above"),
        # 1 400 to 1 500: the top is the threshold itself, which is not above
        pytest.param(1450, 50, "non_assujetti", id="art. 40, I: an interval up to 1 500 m²"),
        # 1 401 to 1 501
        pytest.param(1451, 50, "a_verifier", id="art. 40, I: an interval up to 1 501 m²"),
        # 1 500 to 1 600: the bottom is not above
        pytest.param(1550, 50, "a_verifier", id="art. 40, I: an interval from 1 500 m²"),
        # 1 501 to 1 601
        pytest.param(1551, 50, "assujetti", id="art. 40, I: an interval from 1 501 m²"),
    ],
)
def test_threshold(area, margin, status):
    assert verdict(park(area, margin)).status == status


@pytest.mark.parametrize(
    ("area", "half"),
    [
        pytest.param(1501, 750.5, id="art. 40, I: half of 1 501 m²"),
        pytest.param(2310, 1155, id="art. 40, I: half of 2 310 m²"),
        pytest.param(10000, 5000, id="art. 40, I: half of 10 000 m²"),
    ],
)
def test_at_least_half_is_to_be_covered(area, half):
    assert verdict(park(area)).area_to_cover_m2 == half


@pytest.mark.parametrize("area", [1500, 400])
def test_a_park_that_is_not_subject_has_nothing_to_cover(area):
    found = verdict(park(area))
    assert (found.area_to_cover_m2, found.due_date, found.penalty_cap_eur) == (None, None, None)


@pytest.mark.parametrize(
    ("area", "due", "cap"),
    [
        pytest.param(1501, JULY_2028, 20000, id="art. 40, III, 2° and V: just above 1 500 m²"),
        pytest.param(9999, JULY_2028, 20000, id="art. 40, III, 2° and V: 9 999 m²"),
        pytest.param(10000, JULY_2026, 40000, id="art. 40, III, 2° and V: 10 000 m² exactly"),
        pytest.param(10001, JULY_2026, 40000, id="art. 40, III, 2° and V: above 10 000 m²"),
    ],
)
def test_size_gives_the_due_date_and_the_ceiling(area, due, cap):
    found = verdict(park(area))
    assert (found.due_date, found.penalty_cap_eur) == (due, cap)
    assert (found.other_due_date, found.other_penalty_cap_eur) == (None, None)


@pytest.mark.parametrize(
    ("area", "margin", "due", "other", "caps"),
    [
        # 9 900 to 10 100, then 9 899 to 10 099: the centre decides, the other end is told
        pytest.param(
            10000, 100, JULY_2026, JULY_2028, (40000, 20000),
            id="art. 40, III and V: the low end is below 10 000 m²",
        ),
        pytest.param(
            9999, 100, JULY_2028, JULY_2026, (20000, 40000),
            id="art. 40, III and V: the high end is above 10 000 m²",
        ),
        pytest.param(
            9900, 100, JULY_2028, JULY_2026, (20000, 40000),
            id="art. 40, III and V: the high end is 10 000 m² exactly, which is large",
        ),
        pytest.param(
            10100, 100, JULY_2026, None, (40000, None),
            id="art. 40, III and V: the low end is 10 000 m² exactly, which is large",
        ),
    ],
)  # fmt: skip
def test_an_interval_across_10_000_gives_two_dates_and_two_ceilings(area, margin, due, other, caps):
    found = verdict(park(area, margin))
    assert (found.due_date, found.other_due_date) == (due, other)
    assert (found.penalty_cap_eur, found.other_penalty_cap_eur) == caps


@pytest.mark.parametrize(
    ("area", "contract", "due", "other"),
    [
        pytest.param(
            SMALL, date(2026, 6, 30), JULY_2026, None,
            id="art. 40, III, 1°: contract the day before 1 July 2026 waits for that day",
        ),
        pytest.param(
            SMALL, date(2026, 7, 1), JULY_2026, None, id="art. 40, III, 1°: contract on 1 July 2026"
        ),
        pytest.param(
            SMALL, date(2026, 7, 2), date(2026, 7, 2), None,
            id="art. 40, III, 1°: contract the day after 1 July 2026",
        ),
        pytest.param(
            LARGE, date(2027, 3, 15), date(2027, 3, 15), None,
            id="art. 40, III, 1°: contract between the two, whatever the size",
        ),
        pytest.param(
            LARGE, date(2028, 6, 30), date(2028, 6, 30), None,
            id="art. 40, III, 1°: contract the day before 1 July 2028",
        ),
        pytest.param(
            SMALL, date(2028, 7, 1), JULY_2028, None, id="art. 40, III, 1°: contract on 1 July 2028"
        ),
        pytest.param(
            LARGE, date(2031, 1, 1), JULY_2028, None,
            id="art. 40, III, 1°: contract after 1 July 2028 does not wait for it",
        ),
        # unknown contract: at the latest the last date, possibly the first
        pytest.param(
            LARGE, None, JULY_2028, JULY_2026, id="art. 40, III, 1°: unknown contract, large park"
        ),
        pytest.param(
            SMALL, None, JULY_2028, JULY_2026, id="art. 40, III, 1°: unknown contract, small park"
        ),
    ],
)  # fmt: skip
def test_a_concession_is_due_with_its_contract(area, contract, due, other):
    found = verdict(park(area), is_concession=True, contract_on=contract)
    assert (found.due_date, found.other_due_date) == (due, other)
    assert found.deferral_state is None  # the deferral is in the 2°, closed to concessions
    assert found.deferred_due_date is None


@pytest.mark.parametrize("known", [False, None], ids=["not in concession", "unknown"])
def test_the_contract_of_a_park_outside_concession_moves_nothing(known):
    """Art. 40, III, 2°: the size alone gives the date."""
    found = verdict(park(LARGE), is_concession=known, contract_on=date(2027, 3, 15))
    assert found.due_date == JULY_2026


@pytest.mark.parametrize(
    ("area", "extended_to", "due"),
    [
        pytest.param(
            LARGE, date(2026, 6, 30), JULY_2026, id="art. 40, III: a delay that ends before is idle"
        ),
        pytest.param(
            LARGE, date(2026, 7, 2), date(2026, 7, 2), id="art. 40, III: a delay of one day"
        ),
        pytest.param(
            SMALL, date(2031, 7, 1), date(2031, 7, 1), id="art. 40, III: a delay of three years"
        ),
        pytest.param(
            SMALL, date(2027, 7, 1), JULY_2028, id="art. 40, III: a small park is due later anyway"
        ),
    ],
)
def test_delay_of_the_prefect(area, extended_to, due):
    assert verdict(park(area), extended_to=extended_to).due_date == due


@pytest.mark.parametrize(
    ("area", "due", "other"),
    [
        # 9 900 to 10 100: large, 1 July 2026 pushed to 2027; small, 1 July 2028 is later anyway
        pytest.param(
            10000, date(2027, 1, 1), JULY_2028, id="art. 40, III: delayed, centre at 10 000 m²"
        ),
        pytest.param(
            9999, JULY_2028, date(2027, 1, 1), id="art. 40, III: delayed, centre below 10 000 m²"
        ),
    ],
)
def test_delay_of_the_prefect_on_an_interval_across_10_000(area, due, other):
    found = verdict(park(area, 100), extended_to=date(2027, 1, 1))
    assert (found.due_date, found.other_due_date) == (due, other)


def test_a_delay_does_not_hide_the_second_due_date_in_the_sentence():
    """9 900 to 10 100 m², delayed to 2027: the other date, 1 July 2028, is told as well."""
    reason = plain(verdict(park(10000, 100), extended_to=date(2027, 1, 1)).reason)
    assert "1er janvier 2027" in reason
    assert "1er juillet 2028" in reason


def test_a_delay_on_a_concession_is_not_laid_on_its_contract():
    found = verdict(
        park(LARGE), is_concession=True, contract_on=date(2027, 3, 1), extended_to=date(2029, 1, 1)
    )
    assert found.due_date == date(2029, 1, 1)
    assert "délai accordé par le préfet" in plain(found.reason)


@pytest.mark.parametrize(
    ("requested", "seen", "status"),
    [
        pytest.param(
            date(2023, 3, 9), date(2023, 7, 1), "assujetti",
            id="art. 40, III: requested before promulgation, standing on 1 July 2023",
        ),
        pytest.param(
            date(2023, 3, 9), date(2023, 7, 2), "a_verifier",
            id="art. 40, III: requested the day before promulgation, seen only after 1 July 2023",
        ),
        pytest.param(
            date(2023, 3, 10), date(2023, 7, 2), "assujetti",
            id="art. 40, III: requested on the day of promulgation",
        ),
        pytest.param(
            date(2023, 3, 10), date(2025, 1, 1), "assujetti",
            id="art. 40, III: requested since promulgation, built later",
        ),
        pytest.param(
            date(2023, 3, 9), None, "assujetti",
            id="art. 40, III: requested before, in an undated source: presumed standing",
        ),
    ],
)  # fmt: skip
def test_existing_or_requested_since(requested, seen, status):
    found = verdict(park(SMALL, first_seen=seen), requested_on=requested)
    assert found.status == status
    assert found.reason_code == {"a_verifier": "date_de_creation"}.get(status, "au_dessus_du_seuil")


@pytest.mark.parametrize(
    ("insee", "on", "area", "status"),
    [
        pytest.param("97105", date(2025, 8, 13), 1501, "a_verifier", id="VI, Guadeloupe: before"),
        pytest.param("97105", date(2025, 8, 14), 1501, "assujetti", id="VI, Guadeloupe: 1 501 m²"),
        pytest.param(
            "97105", date(2025, 8, 14), 1500, "non_assujetti", id="VI, Guadeloupe: 1 500 m²"
        ),
        pytest.param("97209", date(2025, 8, 13), 1501, "a_verifier", id="VI, Martinique: before"),
        pytest.param("97209", date(2025, 8, 14), 1501, "assujetti", id="VI, Martinique: 1 501 m²"),
        pytest.param(
            "97209", date(2025, 8, 14), 1500, "non_assujetti", id="VI, Martinique: 1 500 m²"
        ),
        pytest.param("97302", date(2025, 8, 13), 2501, "a_verifier", id="VI, Guyane: before"),
        pytest.param("97302", date(2025, 8, 14), 2501, "assujetti", id="VI, Guyane: 2 501 m²"),
        pytest.param("97302", date(2025, 8, 14), 2500, "non_assujetti", id="VI, Guyane: 2 500 m²"),
        pytest.param("97411", date(2025, 8, 13), 1001, "a_verifier", id="VI, La Réunion: before"),
        pytest.param("97411", date(2025, 8, 14), 1001, "assujetti", id="VI, La Réunion: 1 001 m²"),
        pytest.param(
            "97411", date(2025, 8, 14), 1000, "non_assujetti", id="VI, La Réunion: 1 000 m²"
        ),
        pytest.param("97611", date(2025, 8, 13), 12000, "a_verifier", id="VI, Mayotte: before"),
        pytest.param("97611", date(2025, 8, 14), 12000, "a_verifier", id="VI, Mayotte: no decree"),
        pytest.param("35236", date(2025, 8, 13), 1501, "assujetti", id="VI: the mainland, before"),
        pytest.param("35236", date(2025, 8, 14), 1001, "non_assujetti", id="VI: the mainland, on"),
    ],
)
def test_overseas_thresholds(insee, on, area, status):
    found = verdict(park(area), on=on, insee=insee)
    assert found.status == status
    assert status != "a_verifier" or found.reason_code == "seuil_outre_mer"


@pytest.mark.parametrize(
    ("requested", "status"),
    [
        # décret n° 2025-802, notice: requests since 1 September 2025
        pytest.param(date(2025, 8, 31), "a_verifier", id="VI: requested on 31 August 2025"),
        pytest.param(date(2025, 9, 1), "assujetti", id="VI: requested on 1 September 2025"),
    ],
)
def test_overseas_requests(requested, status):
    facts = park(SMALL, first_seen=date(2026, 1, 1), is_open_to_public=False)
    found = verdict(facts, insee="97411", requested_on=requested, serves_l171_building=False)
    assert found.status == status


def test_overseas_request_of_2025_is_not_said_to_precede_the_promulgation_of_2023():
    """Art. 40, VI: the sentence must not date 31 August 2025 before 10 March 2023."""
    facts = park(SMALL, first_seen=date(2026, 1, 1))
    found = verdict(facts, insee="97411", requested_on=date(2025, 8, 31))
    assert "demandée avant la promulgation" not in plain(found.reason)


@pytest.mark.parametrize(
    ("words", "joined"),
    [
        pytest.param("parc souterrain", 12000, id="décret, art. 1er, I: a basement"),
        pytest.param("parc en toiture", 12000, id="décret, art. 1er, I: a roof"),
        pytest.param("places ouvrant sur la voie publique", 12000, id="art. 1er, II: on a road"),
    ],
)
def test_what_is_not_an_open_air_park_is_out_of_scope(words, joined):
    found = verdict(park(joined, out_of_scope=words), requested_on=date(2024, 2, 1))
    assert (found.status, found.regime) == ("hors_champ", "aucun")
    assert found.due_date is None
