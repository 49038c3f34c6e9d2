"""What changed in the law between two days: the day before, the day of, the day after."""

from datetime import date, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rule_changes import changes
from pipeline.rule_files import load_rules
from pipeline.rule_words import plain, value_words, written
from tests.tables import RULES

SOURCES = [{"title": "texte"}]
KNOWN = {"article": "art. 1er", "label": "essai", "needs_review": False, "sources": SOURCES}


def dated(start, value, end=None):
    """Return a value from a day to another, both included."""
    return {"valid_from": start, "valid_to": end, "value": value, "sources": SOURCES}


def rule(*values, rule_id="X.seuil", **changed):
    known = {"id": rule_id, "description": "essai", "article": "art. 1er", "needs_review": False}
    return {**known, "unit": "m2", "comparison": "greater_than", "values": list(values)} | changed


@pytest.fixture
def book(tmp_path):
    """Make a book from the content of one file."""

    def make(**content):
        path = tmp_path / "essai.yaml"
        path.write_text(yaml.safe_dump({"text": "essai", **content}), encoding="utf-8")
        return load_rules(tmp_path)

    return make


def told(book, before, after):
    """Return (kind, id, before, after, since) of each change."""
    return [
        (change.kind, change.id, change.before, change.after, change.since)
        for change in changes(book, before, after)
    ]


DAY = date(2025, 3, 1)
EVE = date(2025, 2, 28)


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        pytest.param(EVE - timedelta(days=1), EVE, 0, id="up to the day before: nothing"),
        pytest.param(EVE, DAY, 1, id="up to the day itself: it is in force"),
        pytest.param(EVE, EVE + timedelta(days=900), 1, id="it is told once"),
        pytest.param(DAY, DAY + timedelta(days=1), 0, id="from the day itself: already in force"),
        pytest.param(DAY, DAY, 0, id="from a day to itself: nothing"),
    ],
)
def test_a_rule_enters_on_its_first_day(book, before, after, count):
    made = book(rules=[rule(dated(DAY, 1500))])
    found = told(made, before, after)
    assert found == [("entree_en_vigueur", "X.seuil", None, "> 1\u202f500\u00a0m²", DAY)] * count


def test_a_value_gives_way_to_another(book):
    made = book(rules=[rule(dated(date(2023, 1, 1), 10, EVE), dated(DAY, 20.5))])
    expected = [("valeur", "X.seuil", "> 10\u00a0m²", "> 20,5\u00a0m²", DAY)]
    assert told(made, EVE, DAY) == expected


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        pytest.param(date(2025, 2, 27), EVE, 0, id="its last day: still in force"),
        pytest.param(EVE, DAY, 1, id="the day after: ended"),
    ],
)
def test_a_rule_ends_the_day_after_its_last(book, before, after, count):
    made = book(rules=[rule(dated(date(2023, 1, 1), 10, EVE), ends=True)])
    assert told(made, before, after) == [("fin", "X.seuil", "> 10\u00a0m²", None, DAY)] * count


def test_the_same_value_under_a_new_text_is_no_change(book):
    made = book(rules=[rule(dated(date(2023, 1, 1), 10, EVE), dated(DAY, 10))])
    assert told(made, EVE, DAY) == []


def test_a_value_that_nobody_read_is_told_as_such(book):
    doubtful = rule(dated(date(2023, 1, 1), 10, EVE), dated(DAY, None), needs_review=True)
    (change,) = told(book(rules=[doubtful]), EVE, DAY)
    assert change[2:4] == ("> 10\u00a0m²", "non établie")


DUE = {"unit": "date", "comparison": None}


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        pytest.param(date(2026, 6, 1), date(2026, 6, 30), 0, id="the day before"),
        pytest.param(date(2026, 6, 30), date(2026, 7, 1), 1, id="the day itself"),
        pytest.param(date(2026, 7, 1), date(2027, 7, 1), 0, id="after it"),
    ],
)
def test_a_day_that_the_law_sets_is_reached(book, before, after, count):
    made = book(rules=[rule(dated(date(2023, 1, 1), date(2026, 7, 1)), **DUE)])
    reached = ("echeance", "X.seuil", "date à venir", "date atteinte", date(2026, 7, 1))
    assert told(made, before, after) == [reached] * count


def test_a_day_that_a_later_text_put_off_is_never_reached(book):
    put_off = rule(
        dated(date(2023, 1, 1), date(2026, 7, 1), EVE), dated(DAY, date(2028, 1, 1)), **DUE
    )
    made = book(rules=[put_off])
    found = told(made, date(2024, 1, 1), date(2030, 1, 1))
    assert [(kind, since) for kind, *_, since in found] == [
        ("valeur", DAY),
        ("echeance", date(2028, 1, 1)),
    ]


def test_an_exclusion_that_counts_for_other_areas_is_a_change(book):
    first = {**KNOWN, "motif": "repos", "deducted_from": ["art40"]}
    later = {**first, "deducted_from": ["art40", "ombrage"], "valid_from": DAY}
    made = book(exclusions=[first | {"valid_from": date(2023, 1, 1), "valid_to": EVE}, later])
    (change,) = changes(made, EVE, DAY)
    assert (change.nature, change.kind, change.id) == ("exclusion", "valeur", "repos")
    assert change.after == f"{change.before}, superficie de l'art. R. 111-25-7"


def test_a_perimeter_that_exempts_and_no_longer_does_is_a_change(book):
    kind = {**KNOWN, "kind": "spr", "derogation": "spr", "effect": "automatique"}
    later = {**kind, "effect": "possible", "valid_from": DAY}
    made = book(protections=[kind | {"valid_from": date(2023, 1, 1), "valid_to": EVE}, later])
    (change,) = changes(made, EVE, DAY)
    assert (change.nature, change.kind) == ("protection", "valeur")
    assert "exonère" in change.before
    assert "dérogation possible" in change.after


def test_a_plea_ends_by_itself(book):
    plea = {**KNOWN, "code": "x", "valid_from": date(2023, 1, 1), "valid_to": EVE}
    assert told(book(derogations=[plea]), EVE, DAY) == [("fin", "x", "essai", None, DAY)]


def test_a_local_rule_says_where(book):
    local = rule(dated(DAY, 5), rule_id="X.local", departements=["974"], replaces="X.seuil")
    made = book(rules=[rule(dated(date(2023, 1, 1), 10)), local])
    (change,) = changes(made, EVE, DAY)
    assert change.label == "essai (département 974)"


def test_the_earlier_day_comes_first():
    with pytest.raises(ValueError, match="2025-03-01 follows 2025-02-28"):
        changes(RULES, DAY, EVE)


@pytest.mark.parametrize(
    ("day", "names"),
    [
        pytest.param(
            date(2025, 5, 2),
            {
                *("APER40.debiteur", "APER40.debiteur_concession", "NEUF500.contrat"),
                "voie_poids_lourds",
            },
            id="loi n° 2025-391: debtor, contract, lanes of heavy vehicles",
        ),
        pytest.param(date(2026, 2, 1), set(), id="a day when nothing changes"),
        pytest.param(date(2028, 1, 1), {"poids_lourds_3t5"}, id="3.5 t: the plea has ended"),
    ],
)
def test_what_changed_in_the_law_on_a_day(day, names):
    found = changes(RULES, day - timedelta(days=1), day)
    assert {change.id for change in found if change.kind != "echeance"} == names


def test_the_large_parks_are_due_on_1_july_2026():
    found = changes(RULES, date(2026, 6, 30), date(2026, 7, 1))
    reached = {change.id for change in found if change.kind == "echeance"}
    assert "APER40.echeance_grand" in reached
    assert "APER40.echeance_petit" not in reached


days = st.dates(date(2022, 1, 1), date(2032, 1, 1))


@given(st.lists(days, min_size=3, max_size=3).map(sorted))
def test_changes_add_up_from_day_to_day(ordered):
    first, middle, last = ordered
    assert changes(RULES, first, middle) + changes(RULES, middle, last) == changes(
        RULES, first, last
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1500, "1500"),
        (0.35, "0.35"),
        (20.0, "20"),
        (date(2028, 7, 1), "2028-07-01"),
        ("propriétaire", "propriétaire"),
        (("2718", "2760"), "2718;2760"),
        ((), ""),
        (None, "non établie"),
    ],
    ids=str,
)
def test_a_value_is_written_so_that_it_reads_back(value, text):
    assert plain(value) == text
    assert written(value) == (None if value is None else text)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (1234.5, "m2", "> 1 234,5 m²"),
        (12_000, "EUR/an", "> 12 000 € par an"),
        (0.175, "/1", "> 17,5 % du coût des travaux"),
        (20, "ans", "> 20 ans"),
    ],
    ids=str,
)
def test_a_legal_value_is_never_rounded(book, value, unit, words):
    base = {"share_of": "cout_travaux"} if unit == "/1" else {}
    (made,) = book(rules=[rule(dated(DAY, value), unit=unit, **base)]).rules
    said = value_words(made, value).replace("\u00a0", " ").replace("\u202f", " ")
    assert said == words


def test_the_nomenclature_of_the_land_and_its_exemptions_enter_into_force():
    found = {it.id: it for it in changes(RULES, date(2023, 11, 28), date(2024, 1, 1))}
    land = found["sols_artificialises"]
    assert (land.since, land.kind) == (date(2023, 11, 29), "entree_en_vigueur")
    assert land.after.startswith("1° : 18 cases")  # 20 uses of a building, sites and ruins are 5°
    assert found["parc_jardin_public"].since == date(2023, 11, 29)
    assert found["centrale_solaire"].since == date(2024, 1, 1)
