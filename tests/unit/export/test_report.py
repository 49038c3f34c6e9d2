"""What the terminal shows: nothing hidden at 80 columns, nothing that only a machine reads."""

import json
import re
from datetime import date
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from pipeline.report import print_sources
from pipeline.rule_changes import changes
from pipeline.rule_files import load_rules
from pipeline.rule_report import changes_document, print_changes, print_rules, rules_document

BOOK = load_rules(Path(__file__).resolve().parents[3] / "config" / "rules")
DAY = date(2026, 11, 22)


def printed(show, *arguments):
    console = Console(file=StringIO(), width=80)
    show(*arguments, console)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def document():
    return rules_document(BOOK, DAY)


def test_rules_exclusions_protections_derogations_and_land_are_five_lists(document):
    assert list(document) == ["regles", "exclusions", "protections", "derogations", "sols"]
    assert json.loads(json.dumps(document)) == document
    by_id = {key: {entry["id"]: entry for entry in entries} for key, entries in document.items()}
    assert by_id["regles"]["APER40.seuil"]["valeur"] == 1500
    green = by_id["exclusions"]["espace_vert"]
    assert (green["article"], green["en_vigueur_du"]) == (
        "décret n° 2024-1023, art. 1er, III, 1°",
        "2024-11-16",
    )
    circle = by_id["protections"]["abords_500m"]
    assert (circle["effet"], circle["en_vigueur_du"]) == ("possible", "2024-11-16")
    trucks = by_id["derogations"]["poids_lourds_3t5"]
    assert (trucks["en_vigueur_au"], trucks["a_relire"]) == ("2027-12-31", True)
    mixed = by_id["regles"]["APER40.part_ombrieres_mixte"]
    assert (mixed["valeur"], mixed["part_de"]) == (0.35, "superficie_a_couvrir")
    island = by_id["regles"]["APER40.seuil_reunion"]
    assert (island["departements"], island["remplace"]) == (["974"], "APER40.seuil")
    assert by_id["regles"]["APER40.report_petit_acompte"]["valeur"] is None
    assert "280 cases" in by_id["sols"]["nomenclature_des_sols"]["libelle"]
    assert by_id["sols"]["centrale_solaire"]["a_relire"]


def test_what_was_not_yet_in_force_is_not_listed():
    before = rules_document(BOOK, date(2025, 5, 1))
    after = rules_document(BOOK, date(2025, 5, 2))
    names = [{entry["id"] for entry in found["exclusions"]} for found in (before, after)]
    assert names[1] - names[0] == {"voie_poids_lourds"}


def test_every_identifier_is_whole_at_80_columns(document):
    text = printed(print_rules, BOOK, DAY)
    entries = [entry for entries in document.values() for entry in entries]
    assert [entry["id"] for entry in entries if entry["id"] not in text] == []
    assert "…" not in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_nothing_is_cut_at_80_columns(document):
    shown = "".join(printed(print_rules, BOOK, DAY).split())
    entries = [entry for entries in document.values() for entry in entries]
    assert shown.count("dèsle") == len(entries)
    # Cells are side by side: the last words of each article are looked for, not the whole.
    ends = {entry["article"].split()[-1] for entry in entries}
    assert {end for end in ends if end not in shown} == set()
    assert shown.count("àrelire") == sum(entry["a_relire"] for entry in entries) + 1


@pytest.mark.parametrize(
    ("rule_id", "words"),
    [
        ("APER40.seuil ", "> 1 500 m²"),
        ("APER40.part ", "≥ 50 % de la"),
        ("APER40.part_ombrieres_mixte", "≥ 35 % de la"),
        ("APER40.sanction_grand", "40 000 € par an"),
        ("APER40.echeance_petit", "01/07/2028"),
        ("APER40.report_petit_acompte", "non établie"),
        ("APER40.debiteur ", "propriétaire"),
    ],
)
def test_a_value_is_said_as_a_reader_says_it(rule_id, words):
    rows = re.sub("[\u00a0\u202f]", " ", printed(print_rules, BOOK, DAY)).splitlines()
    assert words in next(row for row in rows if row.lstrip().startswith(rule_id))


def test_where_a_rule_applies_is_said():
    text = printed(print_rules, BOOK, DAY)
    assert "département 974" in text
    assert "prend fin le" in text


def test_changes_fit_80_columns_and_say_before_and_after():
    days = date(2025, 4, 1), date(2026, 7, 1)
    found = changes(BOOK, *days)
    text = printed(print_changes, found, *days)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert [change.id for change in found if change.id not in text] == []
    assert "avant : gestionnaire" in text
    assert "après : propriétaire" in text
    assert text.rstrip().endswith(f"{len(found)} changements.")


def test_no_change_says_so():
    days = date(2026, 2, 1), date(2026, 2, 2)
    assert changes(BOOK, *days) == ()
    assert "aucun changement" in printed(print_changes, (), *days)


def test_changes_are_also_a_document():
    (debtor, *_) = changes_document(changes(BOOK, date(2025, 5, 1), date(2025, 5, 2)))
    assert json.loads(json.dumps(debtor)) == debtor
    assert (debtor["id"], debtor["depuis"]) == ("APER40.debiteur", "2025-05-02")
    assert (debtor["avant"], debtor["apres"]) == ("gestionnaire", "propriétaire")


def test_an_empty_list_says_that_it_is_empty():
    rows = printed(print_rules, BOOK, DAY).splitlines()
    assert "(aucune)" in next(row for row in rows if "icpe_rubriques" in row)


def test_columns_of_the_sources_start_with_a_capital_and_values_are_only_text():
    table = pd.DataFrame({"dossier": ["osm", "mnh"], "libellé": ["[red]x[/red]", None]})
    text = printed(print_sources, table)
    assert "Dossier" in text
    assert "Libellé" in text
    assert "[red]x[/red]" in text
    assert "None" not in text
