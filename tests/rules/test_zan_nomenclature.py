"""The nomenclature of artificial land: each cell, the exemptions, unknown codes, the loader."""

import json
from datetime import date
from itertools import product

import numpy as np
import pandas as pd
import pyogrio
import pytest
import yaml

from pipeline.artificialisation.nomenclature import classify, undetermined
from pipeline.errors import ConfigError, RuleNotInForceError
from pipeline.legal_values import compare
from pipeline.rule_files import load_rules
from tests.tables import CONFIG, RULES

DAY = date(2026, 11, 22)
LAND = RULES.land_on(DAY)

# The codes of OCS GE and the rule that the State's observatory applies, as docs/rules.md §3.3 and
# docs/sources.md §8 write them: read here apart from the file under test.
COVERS = [
    "CS1.1.1.1", "CS1.1.1.2", "CS1.1.2.1", "CS1.1.2.2", "CS1.2.1", "CS1.2.2", "CS1.2.3",
    "CS2.1.1.1", "CS2.1.1.2", "CS2.1.1.3", "CS2.1.2", "CS2.1.3", "CS2.2.1", "CS2.2.2",
]  # fmt: skip
USES = [
    "US1.1", "US1.2", "US1.3", "US1.4", "US1.5", "US2", "US3", "US235", "US4.1.1", "US4.1.2",
    "US4.1.3", "US4.1.4", "US4.1.5", "US4.2", "US4.3", "US5", "US6.1", "US6.2", "US6.3", "US6.6",
]  # fmt: skip
CELLS = list(product(COVERS, USES))
ALWAYS = {"CS1.1.1.1", "CS1.1.1.2", "CS1.1.2.2"}
HERBACEOUS = {"CS2.2.1", "CS2.2.2"}
ARTIFICIAL_USES = {
    "US2", "US3", "US5", "US235", "US4.1.1", "US4.1.2", "US4.1.3", "US4.1.4", "US4.1.5", "US4.2",
    "US4.3", "US6.1", "US6.2",
}  # fmt: skip


def is_artificial(cover, use):
    """Return the status that docs/rules.md §3.3 gives a cell."""
    return (
        cover in ALWAYS
        or (cover == "CS1.1.2.1" and use != "US1.3")
        or (cover in HERBACEOUS and use in ARTIFICIAL_USES)
    )


def classes(cells, **exempted):
    """Classify (cover, use) pairs; `exempted` names the exemptions granted to all of them."""
    covers, uses = (pd.Series(list(codes), dtype=object) for codes in zip(*cells, strict=True))
    granted = {code: np.full(len(cells), value) for code, value in exempted.items()}
    return classify(covers, uses, LAND, exempted=granted)


def one(cover, use, **exempted):
    """Return (category, artificial, sealed) of one cell; None where it is not known."""
    row = classes([(cover, use)], **exempted).iloc[0]
    return tuple(
        None if pd.isna(row[name]) else row[name]
        for name in ("category", "is_artificial", "is_sealed")
    )


def test_the_codes_are_those_of_ocs_ge():
    assert {item.code for item in LAND.cover_codes if not item.read_as} == set(COVERS)
    assert {item.code for item in LAND.use_codes if not item.read_as} == set(USES)


def test_the_status_of_every_cell_is_that_of_the_observatory():
    expected = [is_artificial(*cell) for cell in CELLS]
    found = classes(CELLS)
    assert found["is_artificial"].tolist() == expected
    assert found["is_sealed"].tolist() == [
        cover in {"CS1.1.1.1", "CS1.1.1.2"} for cover, _ in CELLS
    ]
    assert sum(expected) == 3 * 20 + 19 + 2 * 13  # always; mineral but extraction; herbaceous


def test_the_first_five_categories_are_the_artificial_ones():
    found = classes(CELLS)
    assert ((found["category"] <= 5) == found["is_artificial"]).all()
    assert found["category"].dtype == "Int64"
    assert found["exemption"].isna().all()


@pytest.mark.parametrize(
    ("cover", "use", "category"),
    [
        pytest.param("CS1.1.1.1", "US5", 1, id="1°: a house"),
        pytest.param("CS1.1.1.1", "US1.1", 1, id="1°: a barn is built, whatever it serves"),
        pytest.param("CS1.1.1.2", "US4.1.1", 2, id="2°: a road"),
        pytest.param("CS1.1.1.2", "US3", 2, id="2°: an asphalt car park"),
        pytest.param("CS1.1.2.1", "US4.1.2", 3, id="3°: ballast"),
        pytest.param("CS1.1.2.1", "US1.1", 3, id="3°: a gravel farm yard"),
        pytest.param("CS1.1.2.2", "US2", 3, id="3°: composite materials"),
        pytest.param("CS2.2.1", "US5", 4, id="4°: a lawn"),
        pytest.param("CS2.2.1", "US4.1.1", 4, id="4°: a grassed verge"),
        pytest.param("CS2.2.2", "US235", 4, id="4°: other vegetation of a mixed use"),
        pytest.param("CS1.1.1.1", "US6.2", 5, id="5°: an abandoned building"),
        pytest.param("CS1.1.2.1", "US6.1", 5, id="5°: a building site"),
        pytest.param("CS2.2.1", "US6.1", 5, id="5°: grass of a building site"),
        pytest.param("CS2.2.1", "US6.2", 5, id="5°: grass of abandoned land"),
        pytest.param("CS1.1.2.1", "US1.3", 6, id="6°: a quarry at work"),
        pytest.param("CS1.2.1", "US6.3", 6, id="6°: rocks"),
        pytest.param("CS1.2.1", "US1.2", 6, id="6°: bare ground of a forest"),
        pytest.param("CS1.2.2", "US5", 6, id="6°: water"),
        pytest.param("CS1.2.3", "US1.1", 6, id="6°: snow, whatever it serves"),
        pytest.param("CS2.2.1", "US1.1", 7, id="7°: a field"),
        pytest.param("CS2.1.3", "US1.1", 7, id="7°: a vineyard"),
        pytest.param("CS1.2.1", "US1.1", 7, id="7°: bare arable soil"),
        pytest.param("CS1.2.2", "US1.4", 7, id="7°: a fish pond"),
        pytest.param("CS2.2.1", "US1.4", 7, id="7°: grown over, still a fishery"),
        pytest.param("CS2.1.1.2", "US1.2", 8, id="8°: a pine forest"),
        pytest.param("CS2.2.1", "US1.2", 8, id="8°: a clearing that is forestry"),
        pytest.param("CS2.1.2", "US6.3", 9, id="9°: a heath that serves nothing"),
        pytest.param("CS2.2.1", "US6.3", 9, id="9°: a meadow that serves nothing"),
        pytest.param("CS2.1.1.1", "US5", 10, id="10°: trees of a garden"),
        pytest.param("CS2.1.1.1", "US6.1", 10, id="10°: trees of a building site"),
        pytest.param("CS2.2.1", "US1.3", 10, id="10°: grass of a quarry"),
        pytest.param("CS2.2.1", "US6.6", 10, id="10°: grass of unknown use"),
    ],
)
def test_each_category_by_hand(cover, use, category):
    assert one(cover, use)[0] == category


def test_a_building_site_on_asphalt_is_sealed_though_5():
    assert one("CS1.1.1.2", "US6.1") == (5, True, True)


@pytest.mark.parametrize(
    ("cover", "use", "expected"),
    [
        pytest.param("CS1.1.2.1", None, (None, None, False), id="mineral: it may be a quarry"),
        pytest.param("CS2.2.1", None, (None, None, False), id="grass: the use decides"),
        pytest.param("CS1.1.1.1", None, (None, True, True), id="built: artificial, 1° or 5°"),
        pytest.param(
            "CS1.1.1.1", "INDETERMINE", (None, True, True), id="an unknown use is as none"
        ),
        pytest.param("CS1.2.2", None, (None, False, False), id="water: never artificial"),
        pytest.param("CS2.1.2", np.nan, (None, False, False), id="shrubs: never artificial"),
        pytest.param(None, "US5", (None, None, None), id="no cover"),
        pytest.param("CS9.9", "US5", (None, None, None), id="an unknown cover"),
        pytest.param(None, None, (None, None, None), id="nothing"),
        pytest.param("CS1111", "US5", (None, None, None), id="undotted: the reader's to mend"),
        pytest.param("CS2.1.1", "US5", (10, False, False), id="a coarse code, one answer"),
        pytest.param("CS2.2.1.4", "US1.1", (7, False, False), id="a finer code"),
        pytest.param("CS2.2", "US4.1", (4, True, False), id="two coarse codes, one answer"),
        pytest.param("CS1.1.1", "US5", (None, True, True), id="built or paved: 1° or 2°"),
    ],
)
def test_what_the_codes_do_not_tell_is_missing(cover, use, expected):
    assert one(cover, use) == expected


def test_rows_keep_their_index_and_an_empty_table_its_types():
    covers = pd.Series(["CS2.2.1", "CS1.1.1.1"], index=[7, 7])
    uses = pd.Series(["US1.1", "US5"], index=[7, 7])
    found = classify(covers, uses, LAND)
    assert found.index.tolist() == [7, 7]
    assert found["category"].tolist() == [7, 1]
    assert classify(covers[:0], uses[:0], LAND).dtypes.equals(found.dtypes)


def test_codes_that_are_not_known_are_listed_with_their_area():
    pieces = pd.DataFrame(
        [
            ("CS2.2.1", "US5", 1000.0),
            ("CS2.2.1", None, 10.0),
            ("CS2.2.1", None, 20.0),
            (None, None, 5.0),
            ("CS1.1.1.1", "US9", 40.0),
            ("CS1.1.1", "US5", 7.0),
            ("CS2.1.1", "US5", 500.0),
        ],
        columns=["cover_code", "use_code", "area_m2"],
    )
    found = undetermined(
        pieces["cover_code"], pieces["use_code"], pieces["area_m2"].to_numpy(), LAND
    )
    assert found["area_m2"].tolist() == [40, 30, 7, 5]
    assert found["piece_count"].tolist() == [1, 2, 1, 1]
    assert found["cause"].tolist() == [
        "usage inconnu",
        "usage absent",
        "couverture trop large",
        "couverture absente ; usage absent",
    ]
    known = [None if pd.isna(value) else value for value in found["is_artificial"]]
    assert known == [True, None, True, None]


def test_nothing_unknown_gives_an_empty_list():
    pairs = pd.DataFrame(CELLS, columns=["cover_code", "use_code"])
    listed = undetermined(pairs["cover_code"], pairs["use_code"], np.ones(len(pairs)), LAND)
    assert listed.empty
    assert list(listed) == [
        "cover_code", "use_code", "cause", "is_artificial", "piece_count", "area_m2",
    ]  # fmt: skip


# --- the two exemptions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cover", "use", "exemption", "expected"),
    [
        pytest.param("CS2.2.1", "US3", "parc_jardin_public", (10, False), id="a public lawn: 10°"),
        pytest.param("CS2.2.1", "US6.1", "parc_jardin_public", (5, True), id="5° stays 5°"),
        pytest.param("CS1.1.1.2", "US3", "parc_jardin_public", (2, True), id="its asphalt stays"),
        pytest.param("CS1.1.2.1", "US3", "parc_jardin_public", (3, True), id="its gravel stays"),
        pytest.param("CS2.1.1.1", "US3", "parc_jardin_public", (10, False), id="its trees are not"),
        pytest.param("CS2.2.1", "US6.3", "parc_jardin_public", (9, False), id="habitat stays 9°"),
        pytest.param("CS2.2.1", None, "parc_jardin_public", (None, None), id="no use: no answer"),
        pytest.param("CS2.2.1", "US4.3", "centrale_solaire", (10, False), id="grass under panels"),
        pytest.param("CS1.1.2.2", "US2", "centrale_solaire", (10, False), id="the panels"),
        pytest.param("CS1.1.2.1", "US4.3", "centrale_solaire", (6, False), id="bare ways: 6°"),
        pytest.param("CS1.1.2.2", "US1.1", "centrale_solaire", (7, False), id="farmed: 7°"),
        pytest.param("CS1.1.1.1", "US4.3", "centrale_solaire", (1, True), id="its buildings stay"),
        pytest.param("CS1.1.1.2", "US4.3", "centrale_solaire", (2, True), id="a paved way stays"),
        pytest.param("CS1.1.2.1", "US6.1", "centrale_solaire", (5, True), id="a building site"),
    ],
)
def test_an_exemption_moves_only_what_the_text_lets_go(cover, use, exemption, expected):
    assert one(cover, use, **{exemption: True})[:2] == expected
    assert one(cover, use, **{exemption: False}) == one(cover, use)


def test_an_exemption_never_makes_land_artificial_nor_frees_what_is_sealed():
    before = classes(CELLS)
    for exemption in LAND.exemptions:
        after = classes(CELLS, **{exemption.code: True})
        moved = after["exemption"].eq(exemption.code)
        assert moved.any()
        assert not after["is_artificial"][moved].any()
        assert before["is_artificial"][moved].all()
        assert not after["is_sealed"][moved].any()
        assert set(after["category"][moved]) <= set(exemption.admits)
        assert after[~moved].equals(before[~moved])


def test_an_exemption_is_told_piece_by_piece_and_the_first_one_stands():
    covers, uses = pd.Series(["CS2.2.1"] * 3), pd.Series(["US3"] * 3)
    granted = {
        "centrale_solaire": np.array([True, False, False]),
        "parc_jardin_public": np.array([True, True, False]),
    }
    found = classify(covers, uses, LAND, exempted=granted)
    assert found["exemption"].tolist()[:2] == ["centrale_solaire", "parc_jardin_public"]
    assert pd.isna(found["exemption"].iloc[2])
    assert found["is_artificial"].tolist() == [False, False, True]


def test_an_exemption_that_is_unknown_or_not_yet_in_force_is_refused():
    with pytest.raises(ConfigError, match="exemption jardin : absente"):
        one("CS2.2.1", "US5", jardin=True)
    assert [item.code for item in RULES.land_on(date(2023, 12, 31)).exemptions] == [
        "parc_jardin_public"
    ]
    assert len(RULES.land_on(date(2024, 1, 1)).exemptions) == 2


# --- thresholds and dates -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule_id", "below", "at", "holds_at"),
    [
        pytest.param("ZAN.seuil_bati", 49.99, 50, True, id="50 m² counts"),
        pytest.param("ZAN.seuil_surface", 2499.99, 2500, True, id="2 500 m² counts"),
        pytest.param("ZAN.largeur_lineaire", 4.999, 5, True, id="5.0 m counts"),
        pytest.param("ZAN.couvert_arbore", 0.25, 0.2499, True, id="25 % is no longer herbaceous"),
    ],
)
def test_the_four_thresholds(rule_id, below, at, holds_at):
    rule = RULES.rule(rule_id)
    value = rule.at(DAY).value
    assert compare(rule.comparison, at, value) is holds_at
    assert compare(rule.comparison, below, value) is not holds_at
    assert not rule.needs_review


def test_only_the_first_heading_of_the_report_is_due_before_2031():
    assert RULES.labels("ZAN.rapport_rubriques", date(2030, 12, 31)) == ("1°",)
    assert RULES.labels("ZAN.rapport_rubriques", date(2031, 1, 1)) == ("1°", "2°", "3°", "4°")
    assert RULES.number("ZAN.un_hectare", DAY) == 10_000


def test_no_nomenclature_before_the_decree():
    assert RULES.land_on(date(2023, 11, 29)).article == "CU, annexe à l'art. R. 101-1"
    with pytest.raises(RuleNotInForceError, match="2023-11-28"):
        RULES.land_on(date(2023, 11, 28))


def test_what_the_text_does_not_say_is_marked():
    rows = {cell: line for cell, line in LAND.answers.items() if line.category in {9, 10}}
    assert all(line.needs_review and line.reading for line in rows.values())
    assert all(item.needs_review for item in LAND.exemptions)
    artificial = (line for cell, line in LAND.answers.items() if is_artificial(*cell))
    assert not any(line.needs_review for line in artificial)


# --- the loader -----------------------------------------------------------------------------------


def _add(key, index, field, *values):
    def change(land):
        land[key][index][field] = [*land[key][index][field], *values]

    return change


def _set(key, index, field, value):
    def change(land):
        land[key][index][field] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(_add("cells", 0, "covers", "CS7"), "CS7 utilisé mais non listé",
                     id="a cover that is not listed"),
        pytest.param(_add("cells", 0, "uses", "US7"), "US7 utilisé mais non listé",
                     id="a use that is not listed"),
        pytest.param(_add("cells", 0, "covers", "CS2.1.1"), r"CS2.1.1 utilisé mais non listé",
                     id="a coarse code has no cell"),
        pytest.param(_add("cells", 0, "uses", "US6.1"), "case CS1.1.2.1 × US6.1 écrite deux fois",
                     id="two answers"),
        pytest.param(_add("cells", 2, "covers", "CS1.1.1.2"), "couverture CS1.1.1.2 écrite deux",
                     id="two answers to every other use"),
        pytest.param(lambda land: land["cells"].pop(2), "CS1.1.1.1 × US1.1 : aucune catégorie",
                     id="no answer"),
        pytest.param(_set("cells", 0, "category", 11), "category", id="a category above 10"),
        pytest.param(_set("cells", 0, "category", 0), "category", id="a category below 1"),
        pytest.param(lambda land: land["categories"].pop(), "10° utilisée mais absente",
                     id="a category that is not described"),
        pytest.param(_set("categories", 0, "is_artificial", "peut-être"), "is_artificial",
                     id="an unknown status"),
        pytest.param(_set("categories", 0, "number", 2), "catégorie 2 écrite deux fois",
                     id="a category twice"),
        pytest.param(lambda land: land["use_codes"].append(land["use_codes"][0]),
                     "code US1.1 écrite deux fois", id="a code twice"),
        pytest.param(_set("cover_codes", 14, "read_as", ["CS7"]), "CS7 utilisé mais non listé",
                     id="read as an unknown code"),
        pytest.param(_set("cells", 0, "surprise", 1), "clé inconnue", id="an unknown key"),
        pytest.param(_set("cells", 0, "needs_review", True), "demande reading",
                     id="a doubt without its reading"),
    ],
)  # fmt: skip
def test_the_loader_refuses(tmp_path, change, message):
    load_changed(tmp_path, lambda _: None)
    with pytest.raises(ConfigError, match=message) as error:
        load_changed(tmp_path, lambda file: change(file["land"][0]))
    assert "\n" not in str(error.value)


def _exemption(field, value):
    return lambda land: land["exemptions"][0].update({field: value})


def _freed(**changed):
    return lambda land: land["exemptions"][0]["cells"][0].update(changed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(_exemption("admits", [9]), "catégorie 10° hors de", id="a category not let"),
        pytest.param(_freed(uses="*"), "nomme ses usages", id="every use at once"),
        pytest.param(_freed(uses=["US6.3"]), "sol perméable et artificialisé",
                     id="land that is not artificial"),
        pytest.param(_freed(covers=["CS1.1.1.2"]), "sol perméable", id="land that is sealed"),
        pytest.param(_exemption("conditions", ["ZAN.rien"]), "ZAN.rien, qui n'est dans aucun",
                     id="a condition that is no rule"),
        pytest.param(_exemption("code", "centrale_solaire"), "exemption centrale_solaire écrite",
                     id="an exemption twice"),
    ],
)  # fmt: skip
def test_the_loader_refuses_an_exemption(tmp_path, change, message):
    with pytest.raises(ConfigError, match=message) as error:
        load_changed(tmp_path, lambda file: change(file["land"][0]))
    assert "\n" not in str(error.value)


def test_two_nomenclatures_on_one_day_are_refused_and_may_follow_one_another(tmp_path):
    def twice(file):
        file["land"].append({**file["land"][0], "valid_from": date(2027, 1, 1)})

    with pytest.raises(ConfigError, match="nomenclature des sols en vigueur deux fois"):
        load_changed(tmp_path, twice)

    def replaced(file):
        twice(file)
        file["land"][0]["valid_to"] = date(2026, 12, 31)

    book = load_changed(tmp_path, replaced)
    assert book.land_on(date(2026, 12, 31)).valid_from == date(2023, 11, 29)
    assert book.land_on(date(2027, 1, 1)).valid_from == date(2027, 1, 1)


def load_changed(tmp_path, change):
    """Load the real file after a change to its content."""
    text = (CONFIG / "rules/zan_nomenclature.yaml").read_text(encoding="utf-8")
    file = unshared(yaml.safe_load(text))
    change(file)
    path = tmp_path / "zan.yaml"
    path.write_text(yaml.safe_dump(file, allow_unicode=True), encoding="utf-8")
    return load_rules(tmp_path)


def unshared(value):
    """Copy what YAML anchors share, so that a change touches one place."""
    if isinstance(value, dict):
        return {key: unshared(item) for key, item in value.items()}
    return [unshared(item) for item in value] if isinstance(value, list) else value


# --- real data ------------------------------------------------------------------------------------


@pytest.mark.shared_data
def test_the_matrix_published_before_the_decree_differs_only_on_grouping_codes(shared_data):
    path = shared_data / "ocsge/nomenclature/matrix.json"
    fields = [entry["fields"] for entry in json.loads(path.read_text(encoding="utf-8"))]
    cells = [(f"CS{item['couverture'][0]}", f"US{item['usage'][0]}") for item in fields]
    theirs = pd.Series([item["is_artificial"] for item in fields])
    ours = classes(cells)["is_artificial"]
    assert set(CELLS) <= set(cells)
    differ = {
        cell
        for cell, old, new in zip(cells, theirs, ours, strict=True)
        if not pd.isna(new) and old != new
    }
    # All 280 cells of codes with a meaning of their own agree. Theirs says « not artificial » of
    # every grouping code; ours says what all the codes of the group answer alike.
    assert differ == {("CS2.2", use) for use in (*ARTIFICIAL_USES, "US4.1")} | {
        (cover, "US4.1") for cover in HERBACEOUS
    }


@pytest.fixture(scope="module")
def flows(shared_data):
    """Real polygons with their codes at two dates and the direction that their producer states."""
    folder = shared_data / "sybarval_33/ocsge_flux"
    tables = [
        pyogrio.read_dataframe(folder / path).assign(stated=stated)
        for path, stated in (
            ("a_b_2015_2018/A_B_2015_2018.shp", "artificialisation"),
            ("a_b_2018_2015/A_B_2018_2015.shp", "desartificialisation"),
        )
    ]
    rows = pd.concat(tables, ignore_index=True)
    rows["area_m2"] = rows.geometry.area
    for year in (2015, 2018):
        rows[f"artificial_{year}"] = classify(rows[f"cs_{year}"], rows[f"us_{year}"], LAND)[
            "is_artificial"
        ]
    before, after = rows["artificial_2015"], rows["artificial_2018"]
    known, moves = (before.notna() & after.notna()), (before != after).fillna(value=False)
    up = after.fillna(value=False)
    rows["found"] = np.select(
        [~known, ~moves, up], ["inconnu", "aucun", "artificialisation"], "desartificialisation"
    )
    return rows


@pytest.mark.shared_data
def test_no_real_polygon_changes_against_the_stated_direction(flows):
    assert len(flows) == 3970 + 1296
    assert set(flows["found"][flows["found"] != flows["stated"]]) == {"aucun", "inconnu"}


@pytest.mark.shared_data
def test_every_real_disagreement_is_explained(flows):
    """
    Explain them all: the producer compares covers alone, CS1.1 against the rest.

    Either the other date is grass of an artificial use (4° or 5°: a lawn that gets a house was
    artificial already), or the CS1.1 of the pair is a quarry (6°: never artificial), or a code is
    missing.
    """
    other_year = np.where(flows["stated"] == "artificialisation", "2015", "2018")
    made_year = np.where(flows["stated"] == "artificialisation", "2018", "2015")

    def code(axis, years):
        return flows[f"{axis}_2015"].where(years == "2015", flows[f"{axis}_2018"])

    grass = code("cs", other_year).isin(HERBACEOUS) & code("us", other_year).isin(ARTIFICIAL_USES)
    quarry = (code("cs", made_year) == "CS1.1.2.1") & (code("us", made_year) == "US1.3")
    missing = code("cs", other_year).isna()
    explained = grass | quarry | missing
    assert (explained == (flows["found"] != flows["stated"])).all()
    whole = ~missing
    assert code("cs", made_year)[whole].str.startswith("CS1.1").all()
    assert not code("cs", other_year)[whole].str.startswith("CS1.1").any()


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("stated", "count_floor", "area_floor"),
    [
        # New houses fall on lawns of US5 as often as on forests; forests and fields are larger.
        pytest.param("artificialisation", 1 / 2, 3 / 5, id="artificialisation"),
        # Sites that end turn into lawns (4°), which the decree holds for artificial still.
        pytest.param("desartificialisation", 2 / 5, 2 / 5, id="desartificialisation"),
    ],
)
def test_the_matrix_agrees_with_the_stated_direction_as_often_as_it_may(
    flows, stated, count_floor, area_floor
):
    rows = flows[flows["stated"] == stated]
    agrees = rows["found"] == stated
    assert agrees.mean() >= count_floor
    assert rows["area_m2"][agrees].sum() / rows["area_m2"].sum() >= area_floor


@pytest.mark.shared_data
def test_real_codes_that_are_not_known_are_listed(flows):
    listed = undetermined(flows["cs_2015"], flows["us_2015"], flows["area_m2"].to_numpy(), LAND)
    assert set(listed["use_code"].dropna()) == {"INDETERMINE"}
    assert set(listed["cause"]) == {"usage inconnu", "couverture absente ; usage absent"}
