"""What the terminal shows: nothing hidden at 80 columns, nothing that only a machine reads."""

import json
from datetime import date
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from pipeline.report import print_rules, print_sources, rules_document
from pipeline.rule_files import load_rules

BOOK = load_rules(Path(__file__).resolve().parents[3] / "config" / "rules")
DAY = date(2026, 11, 22)


def printed(show, *arguments):
    console = Console(file=StringIO(), width=80)
    show(*arguments, console)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def document():
    return rules_document(BOOK, DAY)


def test_rules_exclusions_and_protections_are_three_lists(document):
    assert list(document) == ["regles", "exclusions", "protections"]
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
