"""What is worth telling between two products, and what is not: both sides of each tolerance."""

from datetime import date, timedelta

import pytest

from pipeline.contracts import check_table
from pipeline.inventory.changes import retouched
from pipeline.schemas import JournalEntry
from tests.unit.inventory.french_parks import compared, decisions, evidence, parcs, park, told


def kinds(before, after, **differs):
    return [row[0] for row in told(before, after, evidence(**differs))]


def test_nothing_changed_tells_nothing():
    assert compared([park()], [park()]).empty
    assert compared([], []).empty


def test_a_new_park_is_told_with_its_status_area_and_due_date():
    assert told([], [park(surface_assujettie_m2=1530.0)]) == [
        (
            "nouveau",
            None,
            "assujetti, superficie assujettie 1 530 m², échéance 01/07/2028",
            "nouveau parc : assujetti, superficie assujettie 1 530 m², échéance 01/07/2028",
        )
    ]


def test_a_gone_park_is_told_with_what_it_was():
    gone = park(surface_assujettie_m2=None, statut="hors_champ", echeance=None)
    ((kind, before, after, detail),) = told([gone], [])
    assert (kind, before, after) == ("disparu", "hors champ, superficie brute 2 500 m²", None)
    assert detail == "n'est plus un parc ; il était hors champ, superficie brute 2 500 m²"


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [
        pytest.param(600.0, 610.0, False, id="ten square metres exactly"),
        pytest.param(600.0, 610.5, True, id="more than ten square metres and than one percent"),
        pytest.param(600.0, 589.5, True, id="less is told as more is"),
        pytest.param(5000.0, 5050.0, False, id="one percent exactly"),
        pytest.param(5000.0, 5050.5, True, id="more than one percent"),
        pytest.param(5000.0, 5011.0, False, id="more than ten square metres, under one percent"),
        pytest.param(800.0, 809.0, False, id="more than one percent, under ten square metres"),
        pytest.param(None, 600.0, True, id="an area that becomes known"),
        pytest.param(600.0, None, True, id="an area that is no longer known"),
    ],
)
def test_an_area_changes_beyond_both_tolerances(before, after, is_told):
    sides = [park(surface_assujettie_m2=before)], [park(surface_assujettie_m2=after)]
    assert ("superficie" in kinds(*sides)) == is_told


def test_a_changed_area_names_both():
    before, after = park(surface_assujettie_m2=1600.0), park(surface_assujettie_m2=1700.0)
    assert told([before], [after]) == [
        ("superficie", "1 600 m²", "1 700 m²", "superficie assujettie 1 600 → 1 700 m²")
    ]


def test_an_area_that_is_lost_says_so():
    before, after = park(surface_assujettie_m2=1600.0), park(surface_assujettie_m2=None)
    assert told([before], [after]) == [
        ("superficie", "1 600 m²", "inconnue", "superficie assujettie 1 600 m² → inconnue")
    ]


def test_a_park_out_of_scope_is_followed_by_its_gross_area():
    before, after = (
        park(surface_assujettie_m2=None, statut="hors_champ", surface_brute_m2=area)
        for area in (2500.0, 3000.0)
    )
    assert told([before], [after]) == [
        ("superficie", "2 500 m²", "3 000 m²", "superficie brute 2 500 → 3 000 m²")
    ]


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [
        pytest.param(1480.0, 1530.0, "franchit 1 500 m²", id="above"),
        pytest.param(1530.0, 1480.0, "repasse sous 1 500 m²", id="below again"),
        pytest.param(1499.0, 1500.0, None, id="1 500 exactly is not above"),
        pytest.param(1500.0, 1501.0, "franchit 1 500 m²", id="from exactly 1 500"),
        pytest.param(9995.0, 10000.0, "franchit 10 000 m²", id="10 000 exactly is large"),
        pytest.param(10000.0, 10005.0, None, id="already large"),
        pytest.param(10000.0, 9999.0, "repasse sous 10 000 m²", id="no longer large"),
        pytest.param(490.0, 510.0, None, id="500 concerns new parks only"),
        pytest.param(None, 1530.0, None, id="an unknown area crosses nothing"),
    ],
)
def test_a_threshold_is_crossed_as_strictly_as_its_text(before, after, verb):
    sides = [park(surface_assujettie_m2=before)], [park(surface_assujettie_m2=after)]
    found = [row[3] for row in told(*sides) if row[0] == "seuil"]
    assert len(found) == (verb is not None)
    assert all(verb in detail for detail in found)


def test_a_crossing_names_the_numbers_and_the_article():
    before, after = park(surface_assujettie_m2=1480.0), park(surface_assujettie_m2=1530.0)
    crossed = [row for row in told([before], [after]) if row[0] == "seuil"]
    detail = (
        "superficie assujettie 1 480 → 1 530 m² : franchit 1 500 m² (loi n° 2023-175, art. 40, I)"
    )
    assert crossed == [("seuil", "1 480 m²", "1 530 m²", detail)]


def test_rounding_does_not_hide_a_crossing():
    before, after = park(surface_assujettie_m2=1500.0), park(surface_assujettie_m2=1500.004)
    ((kind, *_, detail),) = told([before], [after])
    assert kind == "seuil"
    assert detail.startswith("superficie assujettie 1 500 → 1 500,004 m² : franchit 1 500 m²")


@pytest.mark.parametrize(
    ("regimes", "is_told"),
    [
        (("neuf_500", "neuf_500"), True),
        (("inconnu", "neuf_500"), True),
        (("neuf_500", "inconnu"), True),
        (("existant_1500", "existant_1500"), False),
    ],
)
def test_the_threshold_of_new_parks_judges_the_larger_of_their_two_areas(regimes, is_told):
    before, after = (
        park(
            regime=regime,
            surface_assujettie_m2=400.0,
            surface_eaux_pluviales_m2=rain,
            surface_ombrage_m2=shade,
        )
        for regime, rain, shade in zip(regimes, (490.0, 450.0), (480.0, 505.0), strict=True)
    )
    found = [row for row in told([before], [after]) if row[0] == "seuil"]
    assert bool(found) == is_told
    for _, old, new, detail in found:
        assert (old, new) == ("490 m²", "505 m²")
        assert "franchit 500 m² (CU, art. L. 111-19-1)" in detail


def test_a_changed_verdict_names_both():
    before = park(statut="a_verifier", statut_calcule="a_verifier")
    assert told([before], [park()]) == [
        ("statut", "à vérifier", "assujetti", "statut : à vérifier → assujetti")
    ]


def test_a_status_given_by_an_agent_is_told_even_where_it_confirms():
    after = park(statut_revu="assujetti", source_statut="revue")
    assert told([park()], [after]) == [
        ("statut", "aucun", "assujetti", "statut revu par un agent : aucun → assujetti")
    ]


def test_a_status_that_an_agent_overturns_is_one_change():
    after = park(statut="exonere", statut_revu="exonere", source_statut="revue")
    ((_, old, new, detail),) = told([park()], [after])
    assert (old, new) == ("assujetti", "exonéré")
    assert detail == "statut : assujetti → exonéré ; statut revu par un agent : aucun → exonéré"


def test_a_due_date_that_moves_is_told():
    after = park(echeance=date(2029, 7, 1), echeance_reportee=date(2030, 1, 1))
    ((kind, old, new, detail),) = told([park()], [after])
    assert (kind, old, new) == ("echeance", "01/07/2028", "01/07/2029")
    assert detail == (
        "échéance : 01/07/2028 → 01/07/2029 ; échéance reportée : aucune → 01/01/2030"
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("echue", "échéance du 01/07/2028 désormais échue"),
        (
            "echue_report_a_justifier",
            "échéance du 01/07/2028 désormais échue, report à justifier",
        ),
    ],
)
def test_a_due_date_that_has_passed_is_told_once(state, words):
    passed = park(echeance_situation=state)
    assert [row[3] for row in told([park()], [passed])] == [words]
    assert told([passed], [passed]) == []


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [
        pytest.param(366, 365, True, id="365 days is near"),
        pytest.param(367, 366, False, id="366 days is not"),
        pytest.param(365, 300, False, id="it was near already"),
        pytest.param(400, 0, True, id="the day itself"),
    ],
)
def test_a_due_date_is_told_when_it_becomes_near(before, after, is_told):
    due = date(2028, 7, 1)
    sides = ([park(regles_au=due - timedelta(days=wait))] for wait in (before, after))
    assert ("echeance_proche" in kinds(*sides)) == is_told


def test_a_near_due_date_names_the_day():
    sides = ([park(regles_au=date(2027, month, 2))] for month in (6, 7))
    assert told(*sides) == [
        (
            "echeance_proche",
            None,
            "01/07/2028",
            "échéance le 01/07/2028, dans 365 jours ou moins",
        )
    ]


def test_a_proven_deferral_is_the_date_that_comes_near():
    far = {"report_etat": "justifie", "echeance_reportee": date(2030, 1, 1)}
    sides = ([park(regles_au=date(2027, month, 2), **far)] for month in (6, 7))
    assert told(*sides) == []


def test_a_due_date_that_is_past_is_not_near():
    after = park(regles_au=date(2028, 7, 2), echeance_situation="echue")
    assert kinds([park(regles_au=date(2027, 1, 1))], [after]) == ["echeance"]


def test_corrections_that_come_go_or_fare_otherwise_are_told():
    before = decisions(
        ("1", "p1", "fixer_places", "80", "appliquee", None),
        ("2", "p1", "redessiner", None, "appliquee", None),
        ("3", "p1", "confirmer", None, "appliquee", None),
    )
    after = decisions(
        ("1", "p1", "fixer_places", "80", "appliquee", None),
        ("2", "p1", "redessiner", None, "conflit", "contour déplacé de 40 %"),
        ("4", "p9", "ajouter", None, "appliquee", None),
    )
    found = told([park()], [park()], evidence(before=before, after=after, data=frozenset({"osm"})))
    assert sorted(found, key=lambda row: row[3]) == [
        ("correction", None, "appliquée", "correction « ajouter un parc » appliquée"),
        (
            "correction", "appliquée", None,
            "correction « confirmer le parc » retirée par l'agent",
        ),
        (
            "correction", "appliquée", "en conflit",
            "correction « redessiner le contour » en conflit : contour déplacé de 40 %",
        ),
    ]  # fmt: skip


def test_entries_honour_their_schema_and_are_sorted():
    rows = compared([park("b"), park("c")], [park("a"), park("b", statut="exonere")])
    check_table(JournalEntry, rows)
    assert rows["lot_id"].tolist() == ["a", "b", "c"]
    assert set(rows["seen_on"]) == {"2026-12-01"}
    assert set(rows["name"]) == {"Parking du Port"}


def test_what_is_not_worth_telling_is_still_counted():
    before = [park("a"), park("b"), park("c", regles_au=date(2026, 1, 1)), park("d")]
    after = [
        park("a", sources="osm;bdtopo"),
        park("b", surface_assujettie_m2=2001.0),
        park("c"),
        park("d", statut="exonere"),
    ]
    entries = compared(before, after)
    assert entries["lot_id"].tolist() == ["d"]
    assert retouched(parcs(*before), parcs(*after), entries) == {
        "a": ("sources",),
        "b": ("surface_assujettie_m2", "surface_eaux_pluviales_m2", "surface_ombrage_m2"),
    }


def test_a_column_that_an_older_product_lacks_changes_nothing():
    older = parcs(park()).drop(columns=["base_hash", "statut_revu"])
    entries = compared([park()], [park()])
    assert retouched(older, parcs(park()), entries) == {}
