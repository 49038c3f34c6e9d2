"""Verdict of article 40, both sides of each threshold and of each date."""

from dataclasses import replace
from datetime import date

import pytest

from pipeline.obligation.facts import Facts, Interval, Protected, TreeFacts
from pipeline.obligation.law import Law
from pipeline.obligation.verdict import decide
from pipeline.obligation.wording import day as in_words
from pipeline.obligation.wording import estimate, square_metres
from tests.tables import ASSUMPTIONS, RULES

DAY = date(2026, 11, 22)
BASE = Facts(
    out_of_scope=None,
    area=Interval(2190, 2310, 2420),
    excluded_m2=0,
    uncertain_m2=0,
    flagged_m2=0,
    has_uncertain_ring=False,
    source_areas="OSM 2 310 m²",
    sources_low_m2=2310,
    sources_high_m2=2310,
    outline_known=True,
    is_bays_only=False,
    piece_count=1,
    largest_piece_m2=2310,
    joined_by=None,
    spaces=Interval(77, 92, 116),
    trees=None,
    protections=(),
)


def verdict(*, on=DAY, insee="35236", **facts):
    return decide(replace(BASE, **facts), Law(RULES, on, insee), ASSUMPTIONS.pleas)


def around(low, high):
    middle = (low + high) / 2
    return {
        "area": Interval(low, middle, high), "sources_low_m2": middle, "sources_high_m2": middle,
        "largest_piece_m2": middle,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        pytest.param(1300, 1499.9, "non_assujetti", id="all below"),
        pytest.param(1300, 1500, "non_assujetti", id="1 500 m² exactly is not subject"),
        pytest.param(1300, 1500.1, "a_verifier", id="the top just above"),
        pytest.param(1499, 1700, "a_verifier", id="the bottom just below"),
        pytest.param(1500, 1700, "a_verifier", id="the bottom at 1 500 m² exactly"),
        pytest.param(1500.1, 1700, "assujetti", id="all above"),
    ],
)
def test_threshold_is_strict_on_the_whole_interval(low, high, status):
    assert verdict(**around(low, high)).status == status


@pytest.mark.parametrize(
    ("low", "high", "due", "other", "cap"),
    [
        pytest.param(9800, 9999.9, "2028-07-01", None, 20000, id="below 10 000 m²"),
        pytest.param(10000, 10200, "2026-07-01", None, 40000, id="10 000 m² exactly is large"),
        pytest.param(9900, 10300, "2026-07-01", "2028-07-01", 40000, id="straddles, centre above"),
        pytest.param(9700, 10100, "2028-07-01", "2026-07-01", 20000, id="straddles, centre below"),
    ],
)
def test_size_gives_the_due_date_and_the_ceiling(low, high, due, other, cap):
    found = verdict(**around(low, high))
    assert found.status == "assujetti"
    assert found.due_date.isoformat() == due
    assert (found.other_due_date and found.other_due_date.isoformat()) == other
    assert found.penalty_cap_eur == cap
    assert found.other_penalty_cap_eur == (None if other is None else 60000 - cap)


@pytest.mark.parametrize(
    ("on", "state"),
    [
        pytest.param(date(2026, 6, 30), "a_venir", id="the day before"),
        pytest.param(date(2026, 7, 1), "echue_report_a_justifier", id="the day itself"),
        pytest.param(date(2027, 12, 31), "echue_report_a_justifier", id="last day of the deferral"),
        pytest.param(date(2028, 1, 1), "echue", id="the deferral is over"),
    ],
)
def test_state_of_the_due_date_of_a_large_park(on, state):
    assert verdict(on=on, **around(12000, 12500)).due_state == state


def test_half_of_the_area_is_to_cover():
    assert verdict().area_to_cover_m2 == 1155


def test_sentence_of_a_subject_park():
    reason = verdict().reason.replace("\u202f", " ").replace("\u00a0", " ")
    assert reason.startswith(
        "Parc présumé assujetti (art. 40, loi n° 2023-175) : superficie estimée 2 310 m²"
        " (entre 2 190 et 2 420), supérieure à 1 500 m². Échéance : 1er juillet 2028, sauf"
        " concession, délégation ou report justifié."
    )
    assert reason.endswith("ne vaut ni constat ni décision.")


def test_the_sentence_tells_what_was_deducted_and_why_the_date():
    reason = verdict(**around(12000, 12500), excluded_m2=300).reason.replace("\u00a0", " ")
    assert "après déduction de 300 m² (décret n° 2024-1023, art. 1er)" in reason
    assert "Échéance : 1er juillet 2026 (au moins 10" in reason
    assert "art. 40, III)" in reason


def test_the_sentence_tells_of_a_possible_derogation():
    reason = verdict(protections=(Protected("abords_500m", 0.4),)).reason
    assert "Dérogation possible, à apprécier : cercle de 500 m" in reason


def test_a_negative_says_of_which_article_and_reserves_the_other_law():
    reason = verdict(**around(800, 900)).reason
    assert "au titre de l'article 40" in reason
    assert "sous réserve de l'article L. 111-19-1 du code de l'urbanisme" in reason


def test_out_of_scope_comes_before_everything():
    found = verdict(out_of_scope="parc souterrain", protections=(Protected("spr", 1.0),))
    assert found.status == "hors_champ"
    assert "parc souterrain" in found.reason


@pytest.mark.parametrize(
    ("kind", "share", "status"),
    [
        pytest.param("mh_terrain", 1.0, "exonere", id="wholly on monument land"),
        pytest.param("abords_delimites", 1.0, "exonere", id="wholly in delimited abords"),
        pytest.param("spr", 1.0, "exonere", id="wholly in a remarkable site"),
        pytest.param("site_inscrit", 1.0, "exonere", id="wholly in a listed site"),
        pytest.param("coeur_parc_national", 1.0, "exonere", id="wholly in a park core"),
        pytest.param("l151_19", 1.0, "exonere", id="wholly in L. 151-19 land"),
        pytest.param("spr", 0.6, "a_verifier", id="partly in a remarkable site"),
        pytest.param("abords_500m", 1.0, "assujetti", id="a 500 m circle never exempts"),
        pytest.param("abords_incertains", 1.0, "assujetti", id="nor abords of unknown outline"),
    ],
)
def test_protections(kind, share, status):
    assert verdict(protections=(Protected(kind, share),)).status == status


def test_a_500_m_circle_is_a_possible_derogation():
    found = verdict(protections=(Protected("abords_500m", 0.4),))
    assert found.possible_derogations == "abords_500m_covisibilite"


def test_an_exemption_supposes_an_obligation():
    assert (
        verdict(**around(500, 600), protections=(Protected("spr", 1.0),)).status == "non_assujetti"
    )


def test_before_the_decree_no_perimeter_exempts():
    found = verdict(on=date(2024, 11, 15), protections=(Protected("spr", 1.0),))
    assert found.status == "assujetti"


def shaded(low, high, wide=0.0, count=10.0, spread=False):
    middle = (low + high) / 2
    return TreeFacts(Interval(low, middle, high), wide, count, spread)


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        pytest.param(0.51, 0.6, "exonere", id="more than half on the low bound"),
        pytest.param(0.5, 0.5, "a_verifier", id="half exactly does not conclude"),
        pytest.param(0.3, 0.5, "a_verifier", id="the high bound reaches half"),
        pytest.param(0.3, 0.49, "assujetti", id="below half on the high bound"),
    ],
)
def test_shade(low, high, status):
    assert verdict(trees=shaded(low, high)).status == status


@pytest.mark.parametrize(
    ("wide", "count", "spread", "status"),
    [
        # 77 to 116 spaces: 26 to 39 trees
        pytest.param(39, 39, True, "exonere", id="one wide tree per three spaces at the most"),
        pytest.param(38, 38, True, "a_verifier", id="one short of the highest need"),
        pytest.param(39, 39, False, "a_verifier", id="enough but on one side"),
        pytest.param(0, 26, False, "a_verifier", id="the lowest need, unqualified"),
        pytest.param(0, 25, False, "assujetti", id="one short of the lowest need"),
    ],
)
def test_trees_per_space(wide, count, spread, status):
    assert verdict(trees=shaded(0.05, 0.1, wide, count, spread)).status == status


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        pytest.param({"outline_known": False}, "contour_inconnu", id="a unit of land only"),
        pytest.param(
            {"joined_by": "source", "piece_count": 3, "largest_piece_m2": 748},
            "perimetre_incertain",
            id="a join alone crosses the threshold",
        ),
        pytest.param(
            {"area": Interval(1390, 1455, 1590), "sources_low_m2": 1455, "sources_high_m2": 1588},
            "sources_divergentes",
            id="two sources on both sides",
        ),
        pytest.param(
            {"area": Interval(1200, 1300, 1600), "uncertain_m2": 200, "sources_low_m2": 1300,
             "sources_high_m2": 1300},
            "exclusion_a_confirmer",
            id="an uncertain exclusion alone keeps it below",
        ),
        pytest.param(
            {"area": Interval(1400, 1700, 1790), "flagged_m2": 210, "sources_low_m2": 1700,
             "sources_high_m2": 1700},
            "espace_vert_a_confirmer",
            id="flagged vegetation alone brings it below",
        ),
        pytest.param(around(1450, 1600), "superficie_proche_du_seuil", id="the drawing itself"),
    ],
)  # fmt: skip
def test_each_doubt_has_its_question_and_its_way_out(facts, code):
    found = verdict(**facts)
    assert found.status == "a_verifier"
    assert found.reason_code == code
    assert found.question
    assert found.question.endswith(("?", "seuil", "m²"))
    assert found.how_to_settle
    assert found.due_date is None


def test_a_join_whose_largest_piece_is_enough_is_no_doubt():
    assert verdict(joined_by="allee", largest_piece_m2=1800, piece_count=2).status == "assujetti"


def test_a_join_alone_that_makes_a_park_large_gives_two_due_dates():
    found = verdict(**around(11800, 12200) | {"joined_by": "allee", "largest_piece_m2": 6000})
    assert found.status == "assujetti"
    assert (found.due_date, found.other_due_date) == (date(2026, 7, 1), date(2028, 7, 1))
    assert (found.penalty_cap_eur, found.other_penalty_cap_eur) == (40000, 20000)


def test_bays_without_lanes_ask_for_the_lanes():
    facts = {"is_bays_only": True, "sources_low_m2": 1000, "sources_high_m2": 1800}
    found = verdict(area=Interval(960, 1000, 1800), largest_piece_m2=1000, **facts)
    assert found.reason_code == "voies_non_dessinees"


def test_diverging_sources_are_both_quoted():
    found = verdict(
        area=Interval(1390, 1455, 1590), sources_low_m2=1455, sources_high_m2=1588,
        source_areas="BD TOPO 1 588 m² ; OSM 1 455 m²",
    )  # fmt: skip
    assert "BD TOPO 1 588 m² ; OSM 1 455 m²" in found.reason


@pytest.mark.parametrize(
    ("insee", "on", "code"),
    [
        pytest.param("97302", date(2025, 8, 13), "seuil_outre_mer", id="Guyane, before the decree"),
        pytest.param("97302", date(2025, 8, 14), "sous_le_seuil", id="Guyane: 2 420 < 2 500 m²"),
        pytest.param("97411", DAY, "au_dessus_du_seuil", id="La Réunion: above 1 000 m²"),
        pytest.param("97611", DAY, "seuil_outre_mer", id="Mayotte: no text"),
    ],
)
def test_overseas_thresholds(insee, on, code):
    assert verdict(insee=insee, on=on).reason_code == code


def test_french_words():
    assert in_words(date(2028, 7, 1)) == "1er juillet 2028"
    assert in_words(date(2026, 12, 31)) == "31 décembre 2026"
    assert square_metres(12500.4) == "12\u202f500\u00a0m²"
    assert estimate(1, 2, 3) == "superficie estimée 2\u00a0m² (entre 1 et 3)"
