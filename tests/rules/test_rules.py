"""The law as data: dates, strictness, refusals of the loader."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from pipeline.assumptions import load_assumptions
from pipeline.errors import ConfigError, RuleNotInForceError
from pipeline.obligation.law import Law, check_completeness
from pipeline.rule_files import load_rules
from pipeline.rules import RuleBook
from tests.tables import CONFIG, RULES

RULE = {
    "id": "X.seuil",
    "description": "essai",
    "article": "art. 1er",
    "unit": "m2",
    "comparison": "greater_than",
    "needs_review": False,
    "values": [{"valid_from": date(2023, 1, 1), "value": 10, "sources": [{"title": "texte"}]}],
}


def load(tmp_path: Path, *rules, **file):
    for i, rule in enumerate(rules):
        content = {"text": "essai", "rules": [rule], **file}
        text = yaml.safe_dump(content, allow_unicode=True)
        (tmp_path / f"{i}.yaml").write_text(text, encoding="utf-8")
    return load_rules(tmp_path)


@pytest.mark.parametrize(
    ("area", "is_above"),
    [(1499.9, False), (1500, False), (1500.1, True)],
    ids=["below", "« supérieure à » : 1 500 m² is not above", "above"],
)
def test_threshold_of_article_40_is_strict(area, is_above):
    assert Law(RULES, date(2026, 1, 1)).holds("APER40.seuil", area) is is_above


@pytest.mark.parametrize(("area", "is_large"), [(9999.9, False), (10000, True)])
def test_large_parks_start_at_10_000_included(area, is_large):
    assert Law(RULES, date(2026, 1, 1)).holds("APER40.seuil_grand", area) is is_large


def test_a_value_starts_on_its_day():
    rule = RULES.rule("APER40.seuil")
    assert not rule.is_in_force(date(2023, 3, 10))
    assert rule.at(date(2023, 3, 11)).value == 1500
    with pytest.raises(RuleNotInForceError, match="2023-03-10"):
        rule.at(date(2023, 3, 10))


@pytest.mark.parametrize(
    ("day", "as_of"),
    [
        pytest.param(
            date(2026, 6, 30), date(2025, 11, 28), id="before it; the limit for a deposit is none"
        ),
        pytest.param(date(2026, 7, 1), date(2026, 7, 1), id="on it: a status boundary"),
        pytest.param(date(2026, 11, 22), date(2026, 7, 1), id="after it: nothing changed since"),
    ],
)
def test_a_product_is_dated_by_the_last_change(day, as_of):
    assert RULES.as_of(day) == as_of


def test_no_law_before_the_law():
    with pytest.raises(RuleNotInForceError, match="2023-03-11"):
        RULES.as_of(date(2023, 3, 10))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"seuil": 3}, "clé inconnue", id="an unknown key"),
        pytest.param({"unit": "/1"}, "share_of", id="a share without base"),
        pytest.param({"unit": "furlong"}, "unit", id="an unknown unit"),
        pytest.param({"values": []}, "values", id="no value"),
        pytest.param(
            {"values": [{"valid_from": date(2023, 1, 1), "value": 10, "sources": []}]},
            "sources", id="a value without source",
        ),
        pytest.param(
            {"values": [*RULE["values"], {**RULE["values"][0], "valid_from": date(2024, 1, 1)}]},
            "chevauche", id="two values on one day",
        ),
    ],
)  # fmt: skip
def test_the_loader_refuses(tmp_path, change, message):
    with pytest.raises(ConfigError, match=message) as error:
        load(tmp_path, {**RULE, **change})
    assert "0.yaml" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"values": [{**RULE["values"][0], "value": None}]}, "needs_review",
                     id="a value that was not read, without the flag"),
        pytest.param(
            {"values": [{**RULE["values"][0], "valid_to": date(2023, 12, 31)}]}, "ends",
            id="a last value that stops, with no text that ends"),
        pytest.param(
            {"values": [{**RULE["values"][0], "valid_to": date(2023, 12, 31)},
                        {**RULE["values"][0], "valid_from": date(2024, 1, 2)}]}, "combler le trou",
            id="a day without value"),
        pytest.param({"departements": ["974"]}, "replaces", id="a local rule that replaces none"),
        pytest.param({"departements": ["974"], "replaces": "Y.seuil"}, "dans aucun fichier",
                     id="a local rule that replaces an unknown one"),
        pytest.param({"values": [{**RULE["values"][0], "value": "dix"}]}, "n'est pas une valeur",
                     id="a word for a number"),
    ],
)  # fmt: skip
def test_the_loader_refuses_a_gap(tmp_path, change, message):
    with pytest.raises(ConfigError, match=message):
        load(tmp_path, {**RULE, **change})


SHARE = {**RULE, "unit": "/1", "share_of": "superficie"}


def valued(rule, value):
    """Return the rule with another value."""
    return {**rule, "values": [{**rule["values"][0], "value": value}]}


@pytest.mark.parametrize("value", [0, 0.5, 1, 1.0])
def test_a_share_lies_between_0_and_1_included(tmp_path, value):
    assert load(tmp_path, valued(SHARE, value)).number("X.seuil", date(2026, 1, 1)) == value


@pytest.mark.parametrize(
    ("rule", "value", "message"),
    [
        pytest.param(SHARE, -0.01, "une part", id="a share below 0"),
        pytest.param(SHARE, 1.01, "une part", id="a share above 1"),
        pytest.param(SHARE, 50, "une part", id="a share written in percent"),
        pytest.param(SHARE, float("nan"), "nombre fini", id="a share that is no number"),
        pytest.param(RULE, float("nan"), "nombre fini", id="an area that is no number"),
        pytest.param(RULE, float("inf"), "nombre fini", id="an infinite area"),
        pytest.param(RULE, -float("inf"), "nombre fini", id="an area that is minus infinity"),
    ],
)
def test_an_impossible_number_is_refused(tmp_path, rule, value, message):
    with pytest.raises(ConfigError, match=rf"X\.seuil : .*{message}") as error:
        load(tmp_path, valued(rule, value))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("unit", ["m2", "m", "/1", "kgCO2eq/kWc"])
def test_a_threshold_without_comparison_is_refused(tmp_path, unit):
    rule = valued({**(SHARE if unit == "/1" else RULE), "unit": unit}, 1)
    assert load(tmp_path, rule).rule("X.seuil").comparison == "greater_than"
    with pytest.raises(ConfigError, match=f"comparison est requis pour une valeur en {unit}"):
        load(tmp_path, {**rule, "comparison": None})


@pytest.mark.parametrize(
    ("unit", "value"),
    [
        ("EUR/an", 20000),
        ("ans", 5),
        ("mois", 18),
        ("places/arbre", 3),
        ("date", date(2028, 7, 1)),
        ("texte", "propriétaire"),
    ],
    ids=str,
)
def test_an_amount_a_duration_a_day_or_a_word_needs_no_comparison(tmp_path, unit, value):
    rule = valued({**RULE, "unit": unit, "comparison": None}, value)
    assert load(tmp_path, rule).rule("X.seuil").at(date(2026, 1, 1)).value == value


LOCAL = {**RULE, "id": "X.local", "departements": ["974"], "replaces": "X.seuil"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"unit": "m"}, "unit m, X.seuil m2", id="another unit"),
        pytest.param(
            {"comparison": "at_least"}, "comparison at_least, X.seuil greater_than",
            id="another strictness",
        ),
    ],
)  # fmt: skip
def test_a_local_rule_is_measured_as_the_general_one(tmp_path, change, message):
    load(tmp_path, RULE, LOCAL)
    with pytest.raises(ConfigError, match=f"X.local a pour {message}") as error:
        load(tmp_path, RULE, LOCAL | change)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("insee_code", "rule_id"),
    [
        pytest.param("97411", "X.local", id="in its département"),
        pytest.param("97302", "X.seuil", id="in another one"),
        pytest.param("", "X.seuil", id="in no commune"),
    ],
)
def test_a_local_rule_stands_for_the_general_one_in_its_place(tmp_path, insee_code, rule_id):
    assert load(tmp_path, RULE, LOCAL).local("X.seuil", insee_code).id == rule_id


def test_a_copy_of_a_book_with_other_rules_finds_them(tmp_path):
    book = load(tmp_path, RULE, LOCAL)
    assert book.local("X.seuil", "97411").id == "X.local"
    moved = book.rule("X.local").model_copy(update={"departements": ("973",)})
    copied = book.model_copy(update={"rules": (book.rule("X.seuil"), moved)})
    assert copied.rule("X.local").departements == ("973",)
    assert copied.local("X.seuil", "97411").id == "X.seuil"
    assert book.local("X.seuil", "97411").id == "X.local"


def test_a_notice_is_cited_as_a_notice():
    article = RULES.rule("APER40.demande_depuis_outre_mer").article
    assert article == "décret n° 2025-802, notice"


def test_two_local_rules_for_one_place_are_refused(tmp_path):
    local = {**RULE, "departements": ["974"], "replaces": "X.seuil"}
    with pytest.raises(ConfigError, match="remplacée deux fois dans le 974"):
        load(tmp_path, RULE, {**local, "id": "X.un"}, {**local, "id": "X.deux"})


def test_a_book_that_cannot_judge_a_park_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="absente de config/rules"):
        check_completeness(load(tmp_path, RULE))
    check_completeness(RULES)


@pytest.mark.parametrize(
    ("rule_id", "change", "message"),
    [
        pytest.param(
            "APER40.part", {"ends": True, "valid_to": date(2029, 12, 31)}, "chaque jour",
            id="a needed value that ends",
        ),
        pytest.param(
            "APER40.seuil_grand", {"needs_review": True, "value": None}, "n'est pas établie",
            id="a needed value that was not read",
        ),
    ],
)  # fmt: skip
def test_a_needed_value_may_not_lack(rule_id, change, message):
    rule = RULES.rule(rule_id)
    of_rule = {key: change[key] for key in ("ends", "needs_review") if key in change}
    of_value = {key: value for key, value in change.items() if key not in of_rule}
    values = tuple(dated.model_copy(update=of_value) for dated in rule.values)
    broken = rule.model_copy(update={**of_rule, "values": values})
    rules = tuple(broken if item.id == rule_id else item for item in RULES.rules)
    with pytest.raises(ConfigError, match=message):
        check_completeness(RuleBook(rules=rules, exclusions=(), protections=()))


def test_a_closed_period_may_be_followed_by_another(tmp_path):
    first = {**RULE["values"][0], "valid_to": date(2023, 12, 31)}
    then = {**RULE["values"][0], "valid_from": date(2024, 1, 1), "value": 20}
    rule = load(tmp_path, {**RULE, "values": [first, then]}).rule("X.seuil")
    assert rule.at(date(2023, 12, 31)).value == 10
    assert rule.at(date(2024, 1, 1)).value == 20


def test_the_same_rule_in_two_files_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"X\.seuil écrite deux fois"):
        load(tmp_path, RULE, RULE)


def test_two_exclusions_in_force_on_one_day_are_refused(tmp_path):
    exclusion = {
        "motif": "repos", "article": "a", "label": "l", "deducted_from": ["art40"],
        "needs_review": False, "valid_from": date(2024, 1, 1), "sources": [{"title": "t"}],
    }  # fmt: skip
    with pytest.raises(ConfigError, match="en vigueur deux fois"):
        load(tmp_path, RULE, exclusions=[exclusion, exclusion])


def test_a_key_written_twice_is_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("text: a\ntext: b\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="écrite deux fois"):
        load_rules(tmp_path)


@pytest.mark.parametrize("content", ["rules: [", "- 1", "", "a: !!python/object:os.system {}"])
def test_what_is_not_a_rule_file_is_refused(tmp_path, content):
    (tmp_path / "a.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"a\.yaml"):
        load_rules(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="aucun fichier de règles"):
        load_rules(tmp_path)


def test_every_value_has_a_source_and_every_doubt_is_marked():
    doubtful = {rule.id for rule in RULES.rules if rule.needs_review}
    assert {"APER40.icpe_rubriques", "APER40.report_grand", "APER40.ombrage_arbres"} <= doubtful
    assert all(dated.sources for rule in RULES.rules for dated in rule.values)


def test_no_icpe_heading_is_verified_yet():
    assert RULES.labels("APER40.icpe_rubriques", date(2026, 1, 1)) == ()


def test_an_assumption_out_of_its_tested_range_is_refused(tmp_path):
    text = (CONFIG / "assumptions.yaml").read_text(encoding="utf-8")
    path = tmp_path / "assumptions.yaml"
    path.write_text(text.replace("    value: 0.4\n", "    value: 40\n", 1), encoding="utf-8")
    with pytest.raises(ConfigError, match="plage éprouvée"):
        load_assumptions(path)


def test_an_unknown_assumption_is_refused(tmp_path):
    text = (CONFIG / "assumptions.yaml").read_text(encoding="utf-8")
    path = tmp_path / "assumptions.yaml"
    path.write_text(text + "\nsurprise: 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="surprise"):
        load_assumptions(path)
