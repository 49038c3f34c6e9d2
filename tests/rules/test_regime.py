"""Which text decides, and from which evidence: files that contradict, come late, or say little."""

from dataclasses import replace
from datetime import date

import pytest

from pipeline.errors import ConfigError
from pipeline.obligation.law import Law
from pipeline.obligation.verdict import decide
from tests.rules.cases import ASSUMPTIONS, DAY, RULES, inside, park, shaded, verdict, works

ASKED = date(2024, 6, 1)
SINCE = date(2025, 3, 1)  # first seen after the request: built since
BELOW_40 = 1200


def public(area_m2, **facts):
    return park(area_m2, **({"is_open_to_public": True} | facts))


@pytest.mark.parametrize(
    ("area", "opened", "regime", "status"),
    [
        pytest.param(2200, None, "existant_1500", "assujetti", id="article 40 decides alone"),
        pytest.param(2200, True, "neuf_500", "assujetti", id="both texts make it subject"),
        pytest.param(1200, True, "neuf_500", "assujetti", id="L. 111-19-1 decides"),
        pytest.param(1200, None, "neuf_500", "a_verifier", id="L. 111-19-1 leaves a question"),
        pytest.param(1200, False, "neuf_500", "a_verifier", id="private, building unknown"),
        pytest.param(400, True, "existant_1500", "non_assujetti", id="neither text reaches it"),
    ],
)
def test_the_regime_is_the_text_that_decides(area, opened, regime, status):
    found = verdict(park(area, is_open_to_public=opened, first_seen=SINCE), requested_on=ASKED)
    assert (found.regime, found.status) == (regime, status)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param({"is_heavy_renovation": False}, id="« rénovation lourde : non »"),
        pytest.param({"works": works((SINCE, 10))}, id="ten square metres of works"),
        pytest.param({"works": works((SINCE, 1200))}, id="its own construction"),
    ],
)
def test_a_park_first_seen_since_its_request_is_new_whatever_its_works(file):
    found = verdict(public(BELOW_40, first_seen=SINCE), requested_on=ASKED, **file)
    assert (found.situation, found.status) == ("nouveau", "assujetti")


def test_a_park_absent_from_a_view_is_new_by_its_request():
    found = verdict(
        public(BELOW_40, first_seen=None),
        requested_on=ASKED, absent_on=date(2024, 1, 1), is_heavy_renovation=False,
    )  # fmt: skip
    assert (found.situation, found.status) == ("nouveau", "assujetti")


def test_works_known_not_to_be_heavy_on_a_park_that_stood_open_nothing():
    found = verdict(public(BELOW_40), requested_on=ASKED, is_heavy_renovation=False)
    assert (found.situation, found.status) == ("existant", "non_assujetti")


def test_works_of_later_change_nothing_in_the_past():
    file = {"works": works((date(2026, 3, 1), 1200)), "is_heavy_renovation": True}
    before = verdict(public(BELOW_40), on=date(2025, 1, 1), **file)
    assert (before.status, before.situation) == ("non_assujetti", "existant")
    assert verdict(public(BELOW_40), on=date(2026, 3, 1), **file).situation == "renove"


def test_panels_of_an_order_to_come_are_not_there_yet():
    large = park(12000)
    file = {"deposit_on": date(2026, 5, 15), "order_on": date(2026, 9, 30)}
    before = verdict(large, on=date(2026, 9, 29), has_efficient_panels=True, **file)
    after = verdict(large, on=date(2026, 9, 30), has_efficient_panels=True, **file)
    assert (before.deferral_state, after.deferral_state) == ("a_justifier", "justifie")


@pytest.mark.parametrize(
    ("seen", "file", "state"),
    [
        pytest.param(date(2015, 1, 1), {}, None, id="a request alone makes nothing due"),
        pytest.param(SINCE, {}, "echue", id="a source shows it since"),
        pytest.param(None, {}, "echue", id="an undated source shows it"),
    ],
)
def test_where_the_duties_of_a_new_park_stand(seen, file, state):
    found = verdict(public(BELOW_40, first_seen=seen), requested_on=ASKED, **file)
    assert (found.due_date, found.due_state) == (ASKED, state)


@pytest.mark.parametrize(
    ("area", "facts", "status", "code"),
    [
        pytest.param(300, {}, "non_assujetti", "sous_le_seuil", id="too small whatever its age"),
        pytest.param(2200, inside("spr"), "exonere", "site_patrimonial_remarquable",
                     id="exempt whatever its age"),
        pytest.param(2200, {}, "a_verifier", "date_de_creation", id="only then does its age tell"),
    ],
)  # fmt: skip
def test_the_age_is_asked_only_where_it_could_flip_the_verdict(area, facts, status, code):
    built = park(area, first_seen=date(2024, 3, 1), is_open_to_public=False, **facts)
    found = verdict(built, requested_on=date(2022, 1, 1), serves_l171_building=False)
    assert (found.status, found.reason_code) == (status, code)


def test_all_the_doubts_of_a_park_are_told():
    found = verdict(
        replace(park(1500, 100), first_seen=date(2024, 3, 1)), requested_on=date(2022, 1, 1)
    )
    assert found.reason_code == "superficie_proche_du_seuil"
    assert "Le parc existait-il le 1er juillet 2023" in found.question


def test_trees_required_of_a_new_park_come_from_its_own_text():
    # 75 spaces: 25 trees
    found = verdict(public(BELOW_40, first_seen=SINCE), requested_on=ASKED)
    assert found.required_tree_count == 25
    enough = public(BELOW_40, first_seen=SINCE, **shaded(0.1, 0.2, wide=25, spread=True))
    assert "suffisent pour l'ombrage" in verdict(enough, requested_on=ASKED).reason
    old = replace(enough, trees=replace(enough.trees, is_recent=False))
    assert "suffisent pour l'ombrage" not in verdict(old, requested_on=ASKED).reason


def test_the_areas_of_a_new_park_are_in_its_trace_with_their_articles():
    found = verdict(public(BELOW_40, first_seen=SINCE), requested_on=ASKED)
    figures = {step.step: step.value for law, step in found.steps if law == "L. 111-19-1"}
    assert (figures["a_traiter"], figures["a_ombrager"]) == (600, 600)
    assert "CU, art. L. 111-19-1 et R. 111-25-3" in found.articles
    assert "CU, art. L. 111-19-1 et R. 111-25-7" in found.articles


def test_the_file_prevails_over_the_map_on_lorries():
    tagged = park(2200, is_for_trucks=True)
    assert "poids_lourds_3t5" in verdict(tagged).possible_derogations
    assert verdict(tagged, is_for_trucks=False).possible_derogations is None


def test_a_rule_that_lost_its_comparison_is_refused():
    rule = RULES.rule("APER40.report_grand_acompte").model_copy(update={"comparison": None})
    rules = type(RULES)(
        rules=tuple(rule if item.id == rule.id else item for item in RULES.rules),
        exclusions=RULES.exclusions, protections=RULES.protections,
        derogations=RULES.derogations,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="comparaison absente"):
        decide(park(12000), Law(rules, DAY, "35236"), ASSUMPTIONS.pleas)


@pytest.mark.parametrize(
    ("area", "facts", "file"),
    [
        pytest.param(400, {}, {"works": works((SINCE, None))}, id="works of unknown extent"),
        pytest.param(450, {}, {"absent_on": date(2024, 6, 1)}, id="absent from a view"),
    ],
)
def test_a_park_too_small_for_either_text_is_not_subject_whatever_its_file(area, facts, file):
    assert verdict(public(area, **facts), **file).status == "non_assujetti"


@pytest.mark.parametrize(
    ("margin", "status"),
    [
        # 600 m² of a park of 1 200: half exactly; of 1 190 more, of 1 210 less
        pytest.param(0, "assujetti", id="exactly half is half"),
        pytest.param(10, "a_verifier", id="the drawing itself decides: to be measured"),
    ],
)
def test_half_of_the_surface_is_judged_on_the_interval(margin, status):
    found = verdict(park(1200, margin, is_open_to_public=True), works=works((SINCE, 600)))
    assert found.status == status
    assert status == "assujetti" or found.reason_code == "renovation_a_etablir"


def test_more_than_the_whole_park_was_never_resurfaced():
    found = verdict(public(1300), works=works((SINCE, 99_999)))
    assert (found.status, found.reason_code) == ("a_verifier", "renovation_a_etablir")


@pytest.mark.parametrize(
    ("insee", "file"),
    [
        pytest.param("97411", {"requested_on": date(2024, 5, 1)},
                     id="overseas, requested between the two dates of the texts"),
        pytest.param("35236", {"requested_on": date(2023, 3, 9), "absent_on": date(2023, 8, 1)},
                     id="requested before the promulgation, absent after 1 July 2023"),
    ],
)  # fmt: skip
def test_a_park_that_cannot_have_stood_on_the_day_is_to_be_checked(insee, file):
    built = park(3000, first_seen=None, is_open_to_public=False)
    found = verdict(built, insee=insee, serves_l171_building=False, **file)
    assert (found.status, found.reason_code) == ("a_verifier", "date_de_creation")


def test_a_park_subject_to_one_text_keeps_the_question_of_the_other():
    found = verdict(park(1500, 100, is_open_to_public=True, first_seen=SINCE), requested_on=ASKED)
    assert (found.status, found.regime) == ("assujetti", "neuf_500")
    assert "La superficie dépasse-t-elle" in found.question


@pytest.mark.parametrize(
    ("on", "cited"),
    [
        pytest.param(date(2024, 11, 15), False, id="the day before the decree"),
        pytest.param(date(2024, 11, 16), True, id="the day of the decree"),
    ],
)
def test_a_text_is_cited_from_its_own_day(on, cited):
    deducted = {"excluded_m2": 300, "deducted": (("batiment", 300),)}
    found = verdict(park(2310, **deducted), on=on)
    assert ("décret n° 2024-1023" in found.articles) is cited
    assert ("décret n° 2024-1023" in found.reason) is cited
    assert "2025" not in found.articles


def test_a_refused_deferral_is_no_longer_offered():
    late = verdict(park(12000), deposit_on=date(2026, 7, 1))
    assert late.deferral_state == "ecarte"
    assert "report" not in late.reason
    over = verdict(park(2310), on=date(2030, 1, 1))
    assert "report" not in over.reason


def test_the_ceiling_is_told_with_its_non_cumulation():
    reason = verdict(park(12000)).reason.replace("\u202f", " ").replace("\u00a0", " ")
    assert "Plafond de la sanction : 40 000 € par an, sans cumul" in reason


def test_an_unknown_age_is_told():
    assert "L'ancienneté du parc n'est pas établie" in verdict(park(2310, first_seen=SINCE)).reason
    assert "ancienneté" not in verdict(park(2310)).reason


def test_the_contract_is_compared_with_both_bounds():
    found = verdict(park(2310), is_concession=True, contract_on=date(2025, 3, 1))
    compared = [(step.rule_id, step.result) for _, step in found.steps if step.step == "contrat"]
    assert compared == [
        ("APER40.concession_au_plus_tot", "non"), ("APER40.concession_au_plus_tard", "oui"),
    ]  # fmt: skip
    assert found.due_date == date(2026, 7, 1)


def test_works_whose_area_is_told_are_not_said_to_lack_it():
    found = verdict(park(1200, 10, is_open_to_public=True), works=works((SINCE, 600)))
    assert "la part du revêtement remplacée n'est pas établie" in found.reason


@pytest.mark.parametrize(("slope", "said"), [(12.5, "12,5 %"), (14.0, "14 %")])
def test_a_slope_is_written_as_the_french_do(slope, said):
    pleas = verdict(park(2200), slope_percent=slope).pleas
    assert [plea.basis for plea in pleas] == [f"pente de {said}, au-delà de 10 %"]
