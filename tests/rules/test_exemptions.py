"""What takes the obligation of article 40 off a park, and what its owner may only plead."""

from dataclasses import replace
from datetime import date

import pytest

from tests.rules.cases import ASSUMPTIONS, DAY, codes, exactly, inside, park, plain, shaded, verdict

BEFORE, DECREE = date(2024, 11, 15), date(2024, 11, 16)
STEEP = ASSUMPTIONS.pleas.slope_percent.value
AUTOMATIC = {
    "mh_terrain": "art. 5, I, 1°: land of a monument",
    "abords_delimites": "art. 5, I, 1°: delimited abords",
    "spr": "art. 5, I, 1°: remarkable heritage site",
    "site_inscrit": "art. 5, I, 2°: listed site",
    "site_classe": "art. 5, I, 2°: classified site",
    "coeur_parc_national": "art. 5, I, 2°: core of a national park",
    "l151_19": "art. 5, I, 3°: land protected by the plan",
}


@pytest.mark.parametrize("kind", AUTOMATIC, ids=list(AUTOMATIC.values()))
@pytest.mark.parametrize(
    ("on", "share", "status"),
    [
        pytest.param(BEFORE, 1.0, "assujetti", id="wholly inside, the day before the decree"),
        pytest.param(DECREE, 1.0, "exonere", id="wholly inside, the day of the decree"),
        pytest.param(DECREE, 0.99, "a_verifier", id="99 % inside"),
        pytest.param(DECREE, 0.01, "a_verifier", id="1 % inside"),
    ],
)
def test_automatic_perimeters(kind, on, share, status):
    assert verdict(park(3000, **inside(kind, share)), on=on).status == status


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        pytest.param(
            "abords_500m", "abords_500m_covisibilite", id="L. 621-30: 500 m, covisibility to judge"
        ),
        pytest.param(
            "abords_incertains", "abords_500m_covisibilite", id="L. 621-30: abords not delimited"
        ),
        pytest.param("risque_naturel", "risque_naturel", id="art. 4, I, 2°: natural risk"),
        pytest.param("risque_technologique", "risque_technologique", id="art. 4, I, 2°: PPRT"),
    ],
)
def test_what_must_be_judged_never_exempts(kind, code):
    found = verdict(park(3000, **inside(kind, 1.0)))
    assert (found.status, codes(found)) == ("assujetti", {code})
    assert verdict(park(3000, **inside(kind)), on=BEFORE).possible_derogations is None


@pytest.mark.parametrize(
    ("area", "margin", "status"),
    [
        pytest.param(1500, 0, "non_assujetti", id="no obligation, so nothing to exempt from"),
        # 1 450 to 1 550: subject or not, it is exempt
        pytest.param(1500, 50, "exonere", id="straddling, exempt on either side"),
        pytest.param(12000, 0, "exonere", id="a large park"),
    ],
)
def test_a_perimeter_against_the_threshold(area, margin, status):
    found = verdict(park(area, margin, **inside("spr")))
    assert found.status == status
    assert (found.due_date, found.penalty_cap_eur, found.area_to_cover_m2) == (None, None, None)


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        pytest.param(0.51, 0.6, "exonere", id="II, 3°: more than half on the low bound"),
        # the law is read « au moins » and « plus de la moitié »: half exactly does not conclude
        pytest.param(0.5, 0.5, "a_verifier", id="II, 3°: half exactly"),
        pytest.param(0.5, 0.6, "a_verifier", id="II, 3°: half on the low bound"),
        pytest.param(0.4, 0.5, "a_verifier", id="II, 3°: half on the high bound"),
        pytest.param(0.4, 0.49, "assujetti", id="II, 3°: below half on the high bound"),
    ],
)
@pytest.mark.parametrize("on", [BEFORE, DECREE], ids=["before the decree", "since the decree"])
def test_shade_of_trees(low, high, status, on):
    assert verdict(park(3000, **shaded(low, high)), on=on).status == status


@pytest.mark.parametrize(
    ("on", "wide", "count", "spread", "status"),
    [
        # 75 spaces: 75 / 3 = 25 trees
        pytest.param(BEFORE, 25, 25, True, "assujetti", id="one per three spaces: the day before"),
        pytest.param(DECREE, 25, 25, True, "exonere", id="one per three spaces: the day of"),
        pytest.param(DECREE, 24, 24, True, "assujetti", id="one per three spaces: one tree short"),
        pytest.param(DECREE, 24, 25, True, "a_verifier", id="one per three spaces: one not wide"),
        pytest.param(DECREE, 25, 25, False, "a_verifier", id="one per three spaces: not spread"),
    ],
)
def test_trees_per_space(on, wide, count, spread, status):
    facts = park(3000, **shaded(0.1, 0.2, wide, count, spread=spread))
    assert verdict(facts, on=on).status == status


@pytest.mark.parametrize(
    ("spaces", "trees"),
    [
        pytest.param(75, 25, id="75 spaces"),
        pytest.param(76, 26, id="76 spaces: 25.3, so 26"),  # rounded up: project convention
        pytest.param(78, 26, id="78 spaces"),
    ],
)
def test_required_trees(spaces, trees):
    assert verdict(park(3000, spaces=exactly(spaces))).required_tree_count == trees


@pytest.mark.parametrize(
    ("low", "said"),
    [
        pytest.param(0.504, "les arbres ombragent plus de 50 % de", id="rounds to the threshold"),
        pytest.param(0.513, "les arbres ombragent au moins 51 %, plus de 50 %, de", id="above it"),
    ],
)
def test_the_share_told_does_not_contradict_the_threshold(low, said):
    assert said in plain(verdict(park(3000, **shaded(low))).reason)


def test_no_space_counted_still_asks_for_a_tree():
    assert verdict(park(3000, spaces=exactly(0))).required_tree_count == 1


def test_either_tree_test_is_enough():
    """Décret n° 2024-1023: or, not and. Both passed, one passed, none passed."""
    both = shaded(0.6, wide=25, spread=True)
    one, other, none = shaded(0.6), shaded(0.1, wide=25, spread=True), shaded(0.1)
    found = [verdict(park(3000, **trees)).status for trees in (both, one, other, none)]
    assert found == ["exonere", "exonere", "exonere", "assujetti"]


@pytest.mark.parametrize(
    "trees",
    [
        pytest.param(shaded(0.6), id="shade of more than half"),
        pytest.param(shaded(0.1, wide=25, spread=True), id="one wide tree per three spaces"),
    ],
)
def test_trees_seen_too_long_ago_exempt_no_park_but_ask(trees):
    old = {"trees": replace(trees["trees"], is_recent=False, is_from_heights=True)}
    assert verdict(park(3000, **trees)).status == "exonere"
    assert verdict(park(3000, **old)).status == "a_verifier"


@pytest.mark.parametrize(
    ("vintage", "beginning"),
    [
        pytest.param(None, "Dater le modèle de hauteur", id="undated"),
        pytest.param("2010", "Visite", id="too old"),
    ],
)
def test_old_heights_say_what_would_settle(vintage, beginning):
    trees = replace(shaded(0.6)["trees"], is_recent=False, is_from_heights=True, vintage=vintage)
    assert verdict(park(3000, trees=trees)).how_to_settle.startswith(beginning)


PLEAS = [
    pytest.param({"slope_percent": STEEP + 1}, "pente", id="art. 4, I, 1°: above the slope"),
    pytest.param({"is_for_trucks": True}, "poids_lourds_3t5", id="art. 4, II, 2°: over 3.5 t"),
    pytest.param({"carries_hazmat": True}, "marchandises_dangereuses", id="art. 4, II: goods"),
    pytest.param({"pleads_cost": True}, "economique", id="art. 6 to 8: cost"),
    pytest.param(
        {"removal_permit_on": date(2023, 6, 30)},
        "suppression_prevue",
        id="art. 40, II, 4°: removal",
    ),
]


@pytest.mark.parametrize(("dossier", "code"), PLEAS)
def test_a_plea_never_moves_a_subject_park(dossier, code):
    found = verdict(park(3000), **dossier)
    assert (found.status, codes(found)) == ("assujetti", {code})
    assert found.due_date == date(2028, 7, 1)
    assert [plea.certainty for plea in found.pleas] == ["possible"]


@pytest.mark.parametrize(("dossier", "code"), PLEAS)
def test_a_plea_never_moves_a_park_to_check(dossier, code):
    found = verdict(park(1550, 100), **dossier)  # 1 450 to 1 650 m²
    assert (found.status, codes(found)) == ("a_verifier", {code})


@pytest.mark.parametrize(
    ("on", "listed"),
    [
        pytest.param(BEFORE, set(), id="art. 4: nothing the day before the decree"),
        pytest.param(DECREE, {"poids_lourds_3t5"}, id="art. 4: the day of the decree"),
        pytest.param(date(2027, 12, 31), {"poids_lourds_3t5"}, id="art. 4: 31 December 2027"),
        pytest.param(date(2028, 1, 1), set(), id="art. 4: « prend fin au 1er janvier 2028 »"),
    ],
)
def test_vehicles_over_3_5_tonnes(on, listed):
    for found in (
        verdict(park(3000), on=on, is_for_trucks=True),
        verdict(park(3000, is_for_trucks=True), on=on),
    ):
        assert (found.status, codes(found)) == ("assujetti", listed)


@pytest.mark.parametrize(
    ("slope", "listed"),
    [
        pytest.param(STEEP, set(), id="art. 4, I, 1°: the slope itself"),
        pytest.param(STEEP + 0.1, {"pente"}, id="art. 4, I, 1°: just above"),
        pytest.param(None, set(), id="art. 4, I, 1°: slope not told"),
    ],
)
def test_slope(slope, listed):
    assert codes(verdict(park(3000), slope_percent=slope)) == listed


@pytest.mark.parametrize(
    ("name", "share"),
    [
        pytest.param("Entrepôt", 0.25, id="art. 4, II: a quarter on an installation"),
        pytest.param("Entrepôt", 0.0, id="art. 4, II: an installation known by a point"),
    ],
)
def test_a_park_on_a_classified_installation(name, share):
    found = verdict(park(3000, installation=(name, share)))
    assert (found.status, codes(found)) == ("assujetti", {"parc_icpe"})
    assert found.pleas[0].share == (share or None)  # a point has no share: missing, never 0


def test_dangerous_goods_on_a_part_give_their_share():
    found = verdict(park(3000, hazmat_m2=600))
    assert found.pleas[0].share == pytest.approx(0.2)  # 600 / 3 000
    assert found.status == "assujetti"


def test_a_removal_permit_of_tomorrow_is_not_known_today():
    assert codes(verdict(park(3000), removal_permit_on=date(2026, 11, 23))) == set()
    assert codes(verdict(park(3000), removal_permit_on=DAY)) == {"suppression_prevue"}
