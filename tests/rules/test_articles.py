"""The other texts, by date: debtor, mixed shade, areas left out, roofs, costs; hand-worked."""

from datetime import date

import pytest

from pipeline.obligation.law import Law, check_completeness
from tests.rules.cases import RULES, codes, park, verdict

BEFORE_DECREE, DECREE = date(2024, 11, 15), date(2024, 11, 16)
BEFORE_DDADUE, DDADUE = date(2025, 5, 1), date(2025, 5, 2)
BEFORE_HUWART, HUWART = date(2025, 11, 27), date(2025, 11, 28)
HELD = "concessionnaire, délégataire ou titulaire de l'autorisation d'occupation"


@pytest.mark.parametrize(
    ("on", "concession", "debtor"),
    [
        pytest.param(BEFORE_DDADUE, None, "gestionnaire", id="loi 2025-391, art. 24: before"),
        pytest.param(DDADUE, None, "propriétaire", id="loi 2025-391, art. 24: the day of"),
        pytest.param(DDADUE, False, "propriétaire", id="loi 2025-391, art. 24: no concession"),
        pytest.param(
            BEFORE_DDADUE, True, "gestionnaire", id="loi 2025-391, art. 24: concession, before"
        ),
        pytest.param(DDADUE, True, HELD, id="loi 2025-391, art. 24: concession, the day of"),
    ],
)
def test_who_owes(on, concession, debtor):
    assert verdict(park(3000), on=on, is_concession=concession).debtor == debtor


@pytest.mark.parametrize(
    ("on", "area", "canopies"),
    [
        pytest.param(BEFORE_HUWART, 10000, None, id="loi 2025-1129, art. 8: no mix the day before"),
        # 35 % of the half, not of the park: 0.35 x 5 000 = 1 750, where 0.35 x 10 000 = 3 500
        pytest.param(HUWART, 10000, 1750, id="loi 2025-1129, art. 8: 35 % of the half"),
        # 0.35 x 1 000
        pytest.param(HUWART, 2000, 350, id="loi 2025-1129, art. 8: 2 000 m²"),
    ],
)
def test_least_canopies_when_trees_do_the_rest(on, area, canopies):
    found = verdict(park(area), on=on)
    assert found.mixed_canopy_min_m2 == (canopies if canopies is None else pytest.approx(canopies))
    assert found.area_to_cover_m2 == area / 2  # the whole of the obligation stays a half


LATER = (
    "espace_vert",
    "repos",
    "stockage",
    "logistique",
    "marchandises_dangereuses",
    "icpe_prescription",
    "icpe_10m",
)  # décret n° 2024-1023, art. 1er, III, in the order of design.md


@pytest.mark.parametrize(
    ("on", "motifs"),
    [
        pytest.param(
            BEFORE_DECREE, ("batiment", "voie_publique"), id="décret 2024-1023, art. 1er: before"
        ),
        pytest.param(
            DECREE, ("batiment", "voie_publique", *LATER), id="décret 2024-1023, art. 1er: the day"
        ),
        pytest.param(
            BEFORE_DDADUE, ("batiment", "voie_publique", *LATER),
            id="art. 40, I, last alinéa: lanes of heavy goods vehicles count the day before",
        ),
        pytest.param(
            DDADUE, ("batiment", "voie_publique", *LATER, "voie_poids_lourds"),
            id="art. 40, I, last alinéa: lanes of heavy goods vehicles do not count",
        ),
    ],
)  # fmt: skip
def test_what_the_area_leaves_out(on, motifs):
    assert tuple(item.motif for item in RULES.exclusions_on(on)) == motifs


@pytest.mark.parametrize(
    ("motif", "areas"),
    [
        pytest.param("espace_vert", {"art40", "ombrage"}, id="R. 111-25-3, 3°: keeps green spaces"),
        pytest.param(
            "repos", {"art40", "ombrage", "eaux_pluviales"}, id="R. 111-25-3 and -7: rest spaces"
        ),
        pytest.param("icpe_10m", {"art40", "ombrage"}, id="R. 111-25-7, c: ten metres"),
        pytest.param(
            "marchandises_dangereuses", {"art40", "ombrage"}, id="R. 111-25-7, b: dangerous goods"
        ),
        pytest.param("voie_poids_lourds", {"art40"}, id="art. 40, I: lanes, this area alone"),
    ],
)
def test_the_areas_differ(motif, areas):
    found = {item.motif: set(item.deducted_from) for item in RULES.exclusions_on(DDADUE)}
    assert found[motif] == areas


@pytest.mark.parametrize(
    ("distance", "is_near"),
    [
        pytest.param(9.99, True, id="décret 2024-1023, art. 1er, III, 3°: 9.99 m"),
        pytest.param(10, False, id="décret 2024-1023, art. 1er, III, 3°: ten metres exactly"),
    ],
)
def test_less_than_ten_metres(distance, is_near):
    assert Law(RULES, DECREE).holds("APER40.icpe_distance", distance) is is_near


@pytest.mark.parametrize(
    ("on", "share"),
    [
        pytest.param(date(2023, 7, 1), 0.3, id="L. 171-4: 30 % at the start"),
        pytest.param(date(2026, 6, 30), 0.3, id="L. 171-4: 30 % on 30 June 2026"),
        pytest.param(date(2026, 7, 1), 0.4, id="L. 171-4: 40 % on 1 July 2026"),
        pytest.param(date(2027, 6, 30), 0.4, id="L. 171-4: 40 % on 30 June 2027"),
        pytest.param(date(2027, 7, 1), 0.5, id="L. 171-4: 50 % on 1 July 2027"),
    ],
)
def test_share_of_a_roof(on, share):
    assert RULES.number("L171.part_toiture", on) == share


@pytest.mark.parametrize(
    ("rule_id", "value", "base", "on", "before"),
    [
        pytest.param(
            "ECO.part_travaux", 0.15, "cout_travaux", date(2024, 12, 14), date(2024, 12, 13),
            id="arrêté of 5 March 2024: 15 % of the works",
        ),
        pytest.param(
            "ECO.part_venale", 0.1, "valeur_venale", date(2024, 12, 14), date(2024, 12, 13),
            id="arrêté of 5 March 2024: 10 % of the market value",
        ),
        pytest.param(
            "ECO.duree", 20, None, DECREE, BEFORE_DECREE, id="R. 111-25-11: over 20 years"
        ),
    ],
)  # fmt: skip
def test_the_economic_tests_are_data(rule_id, value, base, on, before):
    assert RULES.number(rule_id, on) == value
    assert RULES.rule(rule_id).share_of == base
    assert not RULES.rule(rule_id).is_in_force(before)


@pytest.mark.parametrize(
    ("rule_id", "measured", "is_excessive"),
    [
        pytest.param("ECO.part_travaux", 0.15, False, id="15 % exactly is not above"),
        pytest.param("ECO.part_venale", 0.1, False, id="10 % exactly is not above"),
        pytest.param("ECO.part_venale", 0.11, True, id="11 % is above"),
    ],
)
def test_the_economic_ratios_are_strict(rule_id, measured, is_excessive):
    assert Law(RULES, date(2026, 1, 1)).holds(rule_id, measured) is is_excessive


def test_no_economic_value_enters_a_verdict():
    found = verdict(park(3000), pleads_cost=True)
    assert (found.status, codes(found)) == ("assujetti", {"economique"})
    assert not [step for _, step in found.steps if (step.rule_id or "").startswith("ECO")]


def test_each_article_is_listed_once():
    listed = verdict(park(12000)).articles.split(" ; ")
    assert len(listed) == len(set(listed))


def test_the_book_judges_every_day_since_the_law():
    check_completeness(RULES)
