"""CU, art. L. 111-19-1 and R. 111-25-1 to -19: new or renovated parks above 500 m², by clause."""

from datetime import date

import pytest

from pipeline.obligation.facts import Interval, Protected
from tests.rules.cases import DAY, exactly, park, plain, verdict, works

ASKED = {"requested_on": date(2024, 1, 1)}
_SITE = (Protected("spr", 1.0),)
BELOW_40 = 1200  # m², below the threshold of article 40: L. 111-19-1 speaks alone


def public(area_m2, margin_m2=0, **facts):
    """Return a park open to the public, that a source draws since 2015."""
    return park(area_m2, margin_m2, **({"is_open_to_public": True} | facts))


def recent(area_m2, margin_m2=0, **facts):
    """Return a park open to the public, that no source draws before March 2025."""
    return public(area_m2, margin_m2, **({"first_seen": date(2025, 3, 1)} | facts))


@pytest.mark.parametrize(
    ("requested", "status", "regime"),
    [
        pytest.param(
            date(2023, 12, 31), "non_assujetti", "existant_1500",
            id="décret 2023-1208: requested on 31 December 2023",
        ),
        pytest.param(
            date(2024, 1, 1), "assujetti", "neuf_500",
            id="décret 2023-1208: requested on 1 January 2024",
        ),
        pytest.param(
            None, "non_assujetti", "inconnu", id="L. 111-19-1: no evidence, branch closed"
        ),
        pytest.param(
            date(2026, 11, 23), "non_assujetti", "inconnu",
            id="L. 111-19-1: a request of tomorrow is not known",
        ),
    ],
)  # fmt: skip
def test_request(requested, status, regime):
    found = verdict(recent(BELOW_40), requested_on=requested)
    assert (found.status, found.regime) == (status, regime)


@pytest.mark.parametrize(
    ("area", "margin", "status"),
    [
        pytest.param(500, 0, "non_assujetti", id="L. 111-19-1: 500 m² exactly is not above"),
        pytest.param(501, 0, "assujetti", id="L. 111-19-1: 501 m² is above"),
        pytest.param(490, 10, "non_assujetti", id="L. 111-19-1: up to 500 m²"),
        pytest.param(510, 10, "a_verifier", id="L. 111-19-1: from 500 m²"),
        pytest.param(511, 10, "assujetti", id="L. 111-19-1: from 501 m²"),
    ],
)
def test_threshold_of_500(area, margin, status):
    assert verdict(recent(area, margin), **ASKED).status == status


@pytest.mark.parametrize(
    ("rainwater", "shade", "half_of_each"),
    [
        pytest.param(1300, 1100, (650, 550), id="L. 111-19-1: half of two different areas"),
        pytest.param(600, 500, (300, None), id="L. 111-19-1: shade at 500 m² exactly is not due"),
        pytest.param(501, 501, (250.5, 250.5), id="L. 111-19-1: just above, both"),
    ],
)
def test_two_areas_two_obligations(rainwater, shade, half_of_each):
    facts = recent(BELOW_40, rainwater=exactly(rainwater), shade=exactly(shade))
    found = verdict(facts, **ASKED)
    assert found.status == "assujetti"
    assert (found.rainwater_to_treat_m2, found.shade_to_provide_m2) == half_of_each
    assert found.penalty_cap_eur is None  # no amount of its own is known


@pytest.mark.parametrize(
    ("opened", "building", "status"),
    [
        pytest.param(True, None, "assujetti", id="L. 111-19-1: open to the public"),
        pytest.param(True, False, "assujetti", id="L. 111-19-1: public, no building beside"),
        pytest.param(False, True, "assujetti", id="L. 111-19-1: private, beside a L. 171-4 one"),
        pytest.param(None, True, "assujetti", id="L. 111-19-1: beside a L. 171-4 building"),
        pytest.param(False, False, "non_assujetti", id="L. 111-19-1: private, no such building"),
        pytest.param(False, None, "a_verifier", id="L. 111-19-1: private, building unknown"),
        pytest.param(None, False, "a_verifier", id="L. 111-19-1: opening unknown"),
        pytest.param(None, None, "a_verifier", id="L. 111-19-1: nothing known"),
    ],
)
def test_who_is_aimed_at(opened, building, status):
    facts = recent(BELOW_40, is_open_to_public=opened)
    assert verdict(facts, serves_l171_building=building, **ASKED).status == status


D = date(2024, 6, 1)


@pytest.mark.parametrize(
    ("done", "status"),
    [
        # 1 200 m²: half is 600 m²
        pytest.param(
            works((D, 599)), "non_assujetti", id="R. 111-25-2: 599 of 1 200 m², below half"
        ),
        pytest.param(works((D, 600)), "assujetti", id="R. 111-25-2: exactly half at once"),
        pytest.param(
            works((date(2020, 6, 1), 300), (D, 300)), "non_assujetti",
            id="R. 111-25-2: cumulated, exactly half is not « supérieure »",
        ),
        pytest.param(
            works((date(2020, 6, 1), 300), (D, 301)), "assujetti",
            id="R. 111-25-2: cumulated, 601 of 1 200 m²",
        ),
        pytest.param(
            works((date(2009, 6, 1), 400), (D, 400)), "assujetti",
            id="R. 111-25-2: 800 of 1 200 m² in fifteen years to the day",
        ),
        pytest.param(
            works((date(2009, 5, 31), 400), (D, 400)), "non_assujetti",
            id="R. 111-25-2: fifteen years and a day do not cumulate",
        ),
        pytest.param(
            works((date(2023, 12, 31), 1200)), "non_assujetti",
            id="R. 111-25-2: the whole on 31 December 2023",
        ),
        pytest.param(
            works((date(2024, 1, 1), 1200)), "assujetti",
            id="R. 111-25-2: the whole on 1 January 2024",
        ),
        pytest.param(works((D, None)), "a_verifier", id="R. 111-25-2: extent not told"),
        pytest.param(
            works((date(2020, 6, 1), 1200), (D, 12)), "assujetti",
            id="R. 111-25-2: 12 m² in 2024 and the whole in 2020 make more than half",
        ),
        # what was done before the text, and out of the fifteen years, is not the works of 2024
        pytest.param(
            works((date(2005, 6, 1), 1200), (D, 12)), "non_assujetti",
            id="R. 111-25-2: 12 m² in 2024 after a whole resurfacing in 2005",
        ),
        pytest.param(
            works((date(2001, 6, 1), 500), (date(2005, 6, 1), 500), (D, 12)), "non_assujetti",
            id="R. 111-25-2: 12 m² in 2024 after two halves of 2001 and 2005",
        ),
    ],
)  # fmt: skip
def test_heavy_renovation(done, status):
    assert verdict(public(BELOW_40), works=done).status == status


@pytest.mark.parametrize(
    ("told", "status"),
    [
        pytest.param(True, "assujetti", id="R. 111-25-2: heavy, says the service"),
        pytest.param(False, "non_assujetti", id="R. 111-25-2: not heavy, says the service"),
    ],
)
def test_what_the_service_establishes_prevails(told, status):
    found = verdict(public(BELOW_40), works=works((D, None)), is_heavy_renovation=told)
    assert found.status == status


def test_a_heavy_renovation_without_a_date_is_not_a_no():
    """R. 111-25-2: heavy, says the service, on a day not told: it may be since 2024."""
    assert verdict(public(BELOW_40), is_heavy_renovation=True).status == "a_verifier"


def test_the_request_of_the_first_building_does_not_hide_a_renovation():
    """R. 111-25-2: requested in 2012, wholly resurfaced in 2024: the branch is open."""
    found = verdict(public(BELOW_40), requested_on=date(2012, 3, 1), works=works((D, 1200)))
    assert found.status in {"assujetti", "a_verifier"}


def test_a_later_patch_does_not_move_a_heavy_renovation():
    """R. 111-25-2: the whole in June 2024 is the works aimed at, not 12 m² in March 2026."""
    found = verdict(public(BELOW_40), works=works((D, 1200), (date(2026, 3, 1), 12)))
    assert (found.status, found.due_date) == ("assujetti", D)


def test_a_request_made_after_the_works_is_not_theirs():
    """R. 111-25-2: the whole in June 2024; a request of February 2026 is for something else."""
    found = verdict(public(BELOW_40), works=works((D, 1200)), requested_on=date(2026, 2, 1))
    assert (found.status, found.due_date) == ("assujetti", D)


def test_works_of_unknown_extent_on_a_park_that_stood_are_to_be_measured():
    """R. 111-25-2: drawn since 2015, so not new by the request of 2024; heavy or not, who knows."""
    found = verdict(public(BELOW_40), works=works((D, None)), **ASKED)
    assert (found.status, found.reason_code) == ("a_verifier", "renovation_a_etablir")


@pytest.mark.parametrize("on", [date(2023, 7, 1), date(2023, 12, 31)])
@pytest.mark.parametrize(
    "dossier",
    [
        pytest.param({}, id="nothing told"),
        pytest.param({"works": works((date(2023, 7, 1), 1200))}, id="wholly resurfaced"),
        pytest.param({"requested_on": date(2023, 7, 1)}, id="requested"),
        pytest.param({"is_heavy_renovation": False}, id="not heavy"),
    ],
)
def test_before_its_decree_the_branch_is_closed(on, dossier):
    """The law is in force on 1 July 2023, its decree for requests made since 1 January 2024."""
    assert verdict(public(BELOW_40), on=on, **dossier).status == "non_assujetti"


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param({}, id="L. 111-19-1: the request alone"),
        pytest.param({"works": works((D, None))}, id="L. 111-19-1: the request and its works"),
        pytest.param(
            {"works": works((D, None)), "absent_on": date(2023, 9, 1)},
            id="L. 111-19-1: the request, its works, absent before",
        ),
    ],
)
def test_a_park_built_by_the_works_requested_is_new(extra):
    """Requested in January 2024, first seen in 2025: new, whatever else the file tells."""
    found = verdict(recent(BELOW_40), **ASKED, **extra)
    assert (found.status, found.regime) == ("assujetti", "neuf_500")


@pytest.mark.parametrize(
    ("contract", "status"),
    [
        pytest.param(date(2023, 12, 31), "non_assujetti", id="contract: 31 December 2023"),
        pytest.param(date(2024, 1, 1), "assujetti", id="contract: 1 January 2024"),
        pytest.param(date(2025, 5, 1), "assujetti", id="contract: 1 May 2025"),
        pytest.param(
            date(2025, 5, 2), "non_assujetti", id="contract: removed by loi 2025-391, art. 24"
        ),
    ],
)
def test_contract(contract, status):
    assert verdict(public(BELOW_40), contract_on=contract).status == status


def test_a_private_park_is_not_called_aimed_at_and_not_aimed_at():
    found = verdict(
        park(BELOW_40, is_open_to_public=False),
        contract_on=date(2024, 6, 1), serves_l171_building=False,
    )  # fmt: skip
    assert found.status == "non_assujetti"
    assert not ("(parc visé" in found.reason and "le parc n'est pas visé" in found.reason)


@pytest.mark.parametrize(
    ("absent", "status", "code"),
    [
        pytest.param(
            date(2024, 6, 1), "a_verifier", "date_de_demande",
            id="absent from a photograph of June 2024: new, request to find",
        ),
        pytest.param(
            date(2022, 6, 1), "non_assujetti", "sous_le_seuil",
            id="absent from a photograph of June 2022: may stand on 1 July 2023",
        ),
        pytest.param(
            date(2026, 11, 23), "non_assujetti", "sous_le_seuil",
            id="absent from a photograph of tomorrow: not known",
        ),
    ],
)  # fmt: skip
def test_absence_from_an_older_vintage(absent, status, code):
    found = verdict(public(BELOW_40, first_seen=None), absent_on=absent)
    assert (found.status, found.reason_code) == (status, code)


@pytest.mark.parametrize(
    ("seen", "kind", "presumed"),
    [
        pytest.param(date(2023, 7, 1), "existant", True, id="seen on 1 July 2023"),
        pytest.param(date(2023, 7, 2), "inconnu", False, id="seen only since 2 July 2023"),
        pytest.param(None, "existant", True, id="undated: presumed existing"),
    ],
)
def test_a_recent_first_sight_opens_nothing_by_itself(seen, kind, presumed):
    found = verdict(public(BELOW_40, first_seen=seen))
    assert (found.situation, found.regime_is_presumed) == (kind, presumed)
    assert found.status == "non_assujetti"
    assert found.regime == ("inconnu" if kind == "inconnu" else "existant_1500")


@pytest.mark.parametrize(
    ("permit", "area", "status"),
    [
        pytest.param(date(2023, 6, 30), BELOW_40, "exonere", id="R. 111-25-16: 30 June 2023"),
        pytest.param(date(2023, 7, 1), BELOW_40, "assujetti", id="R. 111-25-16: 1 July 2023"),
        pytest.param(
            date(2023, 6, 30), 400, "non_assujetti",
            id="R. 111-25-16: 400 m², no obligation to exempt from",
        ),
    ],
)  # fmt: skip
def test_removal_permit(permit, area, status):
    assert verdict(recent(area), removal_permit_on=permit, **ASKED).status == status


def test_a_park_under_both_texts():
    """2 310 m²: half of it three times; one ceiling, that of article 40, not cumulated."""
    found = verdict(recent(2310), **ASKED)
    assert (found.status, found.regime) == ("assujetti", "neuf_500")
    assert found.area_to_cover_m2 == 1155
    assert (found.rainwater_to_treat_m2, found.shade_to_provide_m2) == (1155, 1155)
    assert (found.penalty_cap_eur, found.other_penalty_cap_eur) == (20000, None)
    reason = plain(found.reason)
    assert "art. 40, loi n° 2023-175" in reason
    assert "L. 111-19-1" in reason
    assert "sans cumul" in reason


def test_the_date_and_the_state_of_a_park_under_both_texts_agree():
    found = verdict(recent(2310), **ASKED)
    assert (found.due_state == "a_venir") is (found.due_date > DAY)


def test_the_sentence_gives_the_due_date_of_the_column():
    """One park, one `echeance`: the sentence may not give a later one alone."""
    found = verdict(recent(2310), **ASKED)
    day = {date(2024, 1, 1): "1er janvier 2024", date(2028, 7, 1): "1er juillet 2028"}
    assert day[found.due_date] in plain(found.reason)


def test_a_park_under_one_text_alone_is_not_told_of_two_penalties():
    assert "deux textes" not in verdict(recent(BELOW_40), **ASKED).reason


def test_a_contract_of_next_year_is_a_due_date_to_come():
    """On 1 June 2024, a contract to be concluded on 1 January 2025 is known in advance."""
    found = verdict(public(BELOW_40), on=D, contract_on=date(2025, 1, 1))
    assert (found.status, found.due_date) == ("assujetti", date(2025, 1, 1))
    assert found.due_state == "a_venir"


def test_a_park_exempt_from_article_40_still_owes_l_111_19_1():
    """In a remarkable site: article 5 of the decree speaks of article 40 alone (R. 111-25-10)."""
    found = verdict(recent(2310), **ASKED)
    exempt = verdict(recent(2310, protections=_SITE), **ASKED)
    assert (found.status, exempt.status) == ("assujetti", "assujetti")
    assert (exempt.area_to_cover_m2, exempt.penalty_cap_eur) == (None, None)
    assert (exempt.rainwater_to_treat_m2, exempt.shade_to_provide_m2) == (1155, 1155)


def test_an_interval_of_each_area_is_read():
    """Rainwater 450 to 550 m², shade 400 to 480 m²: only the first may exceed 500 m²."""
    facts = recent(BELOW_40, rainwater=Interval(450, 500, 550), shade=Interval(400, 440, 480))
    assert verdict(facts, **ASKED).reason_code == "neuf_proche_du_seuil"
