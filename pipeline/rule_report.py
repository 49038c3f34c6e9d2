"""What the terminal says of the law: what is in force on a day, what changed between two."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.land_nomenclature import LandExemption, LandNomenclature
from pipeline.legal_values import FRENCH_COMPARISON, Dated, Derogation, Exclusion, Protection, Rule
from pipeline.rule_changes import RuleChange
from pipeline.rule_words import (
    AREA_WORDS,
    EFFECT_WORDS,
    plain,
    territory_words,
    value_words,
)
from pipeline.rules import RuleBook

_KINDS = {
    "entree_en_vigueur": "entrée en vigueur",
    "fin": "fin",
    "valeur": "nouvelle valeur",
    "echeance": "date atteinte",
}
# Between the three columns of a table.
_MARGINS = 6
_NOMENCLATURE = "nomenclature_des_sols"
Row = tuple[str, str, str]


def rules_document(book: RuleBook, day: date) -> dict[str, list[dict[str, Any]]]:
    """Return what is in force on `day`, one entry each: values, exclusions, …, land."""
    return {
        "regles": [_rule_entry(rule, day) for rule in book.rules if rule.is_in_force(day)],
        "exclusions": [
            {
                "id": item.motif,
                "libelle": item.label,
                "deduite_de": list(item.deducted_from),
                **_dated(item),
            }
            for item in book.exclusions_on(day)
        ],
        "protections": [
            {
                "id": item.kind,
                "libelle": item.label,
                "effet": item.effect,
                "derogation": item.derogation,
                **_dated(item),
            }
            for item in book.protections_on(day).values()
        ],
        "derogations": [
            {"id": item.code, "libelle": item.label, **_dated(item)}
            for item in book.derogations_on(day).values()
        ],
        "sols": [
            {"id": name, "libelle": label, **_dated(item)}
            for name, label, item in _land_items(book, day)
        ],
    }


def _rule_entry(rule: Rule, day: date) -> dict[str, Any]:
    dated = rule.at(day)
    value = dated.value
    return {
        "id": rule.id,
        "description": rule.description,
        "valeur": value if isinstance(value, float | int) or value is None else plain(value),
        "unite": rule.unit,
        "part_de": rule.share_of,
        "comparaison": FRENCH_COMPARISON[rule.comparison] if rule.comparison else None,
        "departements": list(rule.departements),
        "remplace": rule.replaces,
        "article": rule.article_on(day),
        **_period(dated),
        "a_relire": rule.needs_review,
    }


def _land_items(
    book: RuleBook, day: date
) -> Iterator[tuple[str, str, LandNomenclature | LandExemption]]:
    """Yield the nomenclature of land in force on `day`, then its exemptions: name, label, item."""
    for item in (found.on(day) for found in book.land if found.covers(day)):
        doubts = f", dont {item.doubtful_cells} à confirmer" if item.doubtful_cells else ""
        cells = f"{len(item.answers)} cases couverture × usage{doubts}"
        yield _NOMENCLATURE, f"{len(item.categories)} catégories, {cells}", item
        yield from ((exemption.code, exemption.label, exemption) for exemption in item.exemptions)


def _dated(
    item: Exclusion | Protection | Derogation | LandNomenclature | LandExemption,
) -> dict[str, Any]:
    return {"article": item.article, **_period(item), "a_relire": item.needs_review}


def _period(dated: Dated) -> dict[str, Any]:
    return {
        "en_vigueur_du": dated.valid_from.isoformat(),
        "en_vigueur_au": None if dated.valid_to is None else dated.valid_to.isoformat(),
    }


def print_rules(book: RuleBook, day: date, console: Console) -> None:
    """Print what is in force on `day`: values, exclusions, protections, pleas, land."""
    rules = [rule for rule in book.rules if rule.is_in_force(day)]
    tables: dict[str, Sequence[Row]] = {
        "Règles": [_rule_cells(rule, day) for rule in rules],
        "Exclusions": [_exclusion_cells(item) for item in book.exclusions_on(day)],
        "Protections": [_protection_cells(item) for item in book.protections_on(day).values()],
        "Dérogations": [_plea_cells(item) for item in book.derogations_on(day).values()],
        "Sols": [_land_cells(*found) for found in _land_items(book, day)],
    }
    for title, rows in tables.items():
        heads = (title.removesuffix("s"), "Valeur" if title == "Règles" else "Effet", "Article")
        console.print(_table(f"{title} au {day:%d/%m/%Y}", heads, rows, console.width))
    doubtful = sum(rule.needs_review for rule in rules)
    console.print(f"{len(rules)} valeurs en vigueur, dont {doubtful} à relire.")


def _rule_cells(rule: Rule, day: date) -> Row:
    dated = rule.at(day)
    value = _lines(value_words(rule, dated.value), territory_words(rule))
    return _lines(rule.id, rule.description), value, _reference(rule, dated)


def _exclusion_cells(item: Exclusion) -> Row:
    areas = ", ".join(AREA_WORDS[area] for area in item.deducted_from)
    return _lines(item.motif, item.label), f"hors de : {areas}", _reference(item, item)


def _protection_cells(item: Protection) -> Row:
    return _lines(item.kind, item.label), EFFECT_WORDS[item.effect], _reference(item, item)


def _plea_cells(item: Derogation) -> Row:
    end = f"prend fin le {item.valid_to:%d/%m/%Y}" if item.valid_to else ""
    return _lines(item.code, item.label), _lines("à faire valoir", end), _reference(item, item)


def _land_cells(name: str, label: str, item: LandNomenclature | LandExemption) -> Row:
    optional = isinstance(item, LandExemption)
    effect = "non artificialisé, si le service le décide" if optional else "artificialisé ou non"
    return _lines(name, label), effect, _reference(item, item)


def _reference(
    item: Rule | Exclusion | Protection | Derogation | LandNomenclature | LandExemption,
    dated: Dated,
) -> str:
    """Say the article, since when, and whether the text is still to be read again."""
    doubt = "à relire" if item.needs_review else ""
    return _lines(item.article, f"dès le {dated.valid_from:%d/%m/%Y}", doubt)


def changes_document(found: Iterable[RuleChange]) -> list[dict[str, Any]]:
    """Return what changed in the law, one entry each."""
    return [
        {
            "depuis": change.since.isoformat(),
            "nature": change.nature,
            "changement": change.kind,
            "id": change.id,
            "libelle": change.label,
            "article": change.article,
            "avant": change.before,
            "apres": change.after,
        }
        for change in found
    ]


def print_changes(found: Sequence[RuleChange], before: date, after: date, console: Console) -> None:
    """Print what changed in the law after a day and up to another."""
    period = f"entre le {before:%d/%m/%Y} et le {after:%d/%m/%Y}"
    if not found:
        console.print(f"Droit {period} : aucun changement.")
        return
    rows = [_change_cells(change) for change in found]
    heads = ("Objet", "Changement", "Article")
    console.print(_table(f"Droit {period}", heads, rows, console.width))
    plural = "s" if len(found) > 1 else ""
    console.print(f"{len(found)} changement{plural}.")


def _change_cells(change: RuleChange) -> Row:
    said = f"{change.since:%d/%m/%Y} : {_KINDS[change.kind]}"
    if change.kind == "valeur":
        said = _lines(said, f"avant : {change.before}", f"après : {change.after}")
    elif change.kind == "entree_en_vigueur" and change.nature == "valeur":
        said = _lines(said, str(change.after))
    return _lines(change.id, change.label), said, change.article


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _table(title: str, heads: Row, rows: Sequence[Row], width: int) -> Table:
    """Return a table of which 80 columns hide nothing: identifiers whole, long texts folded."""
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False
    )
    first = max(len(row[0].partition("\n")[0]) for row in (heads, *rows))
    second = (width - first - _MARGINS) // 2
    for head, cells in zip(heads, (first, second, width - first - second - _MARGINS), strict=True):
        table.add_column(head, overflow="fold", width=cells)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
        table.add_row()
    return table
