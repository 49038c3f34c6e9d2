"""What a run says at its end: tables that fit a terminal, or one JSON document."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.french import number
from pipeline.rules import FRENCH_COMPARISON, Exclusion, Protection, Rule, RuleBook
from pipeline.run import Result

STATUS_LABELS = {
    "assujetti": "assujetti",
    "exonere": "exonéré",
    "a_verifier": "à vérifier",
    "non_assujetti": "non assujetti",
    "hors_champ": "hors champ",
}
_STATE_LABELS = {
    "utilisee": "utilisée",
    "partielle": "partielle",
    "absente": "absente",
    "sans_objet": "sans objet",
}
_NONE = "(aucune)"


def as_document(result: Result) -> dict[str, Any]:
    """Return a run as a JSON document: counts by verdict, m² by exclusion, sources, warnings."""
    product = result.product
    statuses = product.verdicts["status"].value_counts()
    return {
        "insee": product.insee_code,
        "nom": str(product.commune["name"].iloc[0]),
        "fichier": str(result.path),
        "regles_au": product.as_of.isoformat(),
        "parcs": {status: int(statuses.get(status, 0)) for status in STATUS_LABELS},
        "exclusions_m2": {motif: round(area, 1) for motif, area in _deducted(result).items()},
        "sources": {
            state: sorted(set(product.records.loc[product.records["state"] == state, "folder"]))
            for state in _STATE_LABELS
        },
        "avertissements": list(result.warnings),
    }


def _deducted(result: Result) -> dict[str, float]:
    pieces = result.product.pieces
    sums = pieces[pieces["is_deducted"]].groupby("motif")["area_m2"].sum()
    return {str(motif): float(area) for motif, area in sums.items()}


def print_summary(result: Result, console: Console) -> None:
    """Print what a person wants to know of a run, in the width of a terminal."""
    document, product = as_document(result), result.product
    title = f"{document['nom']} ({document['insee']}), règles au {product.as_of:%d/%m/%Y}"
    console.print(_verdict_table(result, title))
    labels = {item.motif: item.label for item in product.rules.exclusions}
    if document["exclusions_m2"]:
        table = Table("Exclusion", title="Surfaces exclues", title_justify="left")
        table.add_column("m²", justify="right")
        for motif, area in document["exclusions_m2"].items():
            table.add_row(labels.get(motif, motif), number(area))
        console.print(table)
    for state, label in _STATE_LABELS.items():
        if document["sources"][state]:
            plural = label if label.endswith("objet") else f"{label}s"
            console.print(f"Sources {plural} : {', '.join(document['sources'][state])}")
    for warning in result.warnings:
        if not warning.endswith("source absente"):  # said just above, in one line
            console.print(f"Attention : {warning}", style="yellow", markup=False)
    console.print(f"Produit : {result.path}", markup=False, soft_wrap=True)


def _verdict_table(result: Result, title: str) -> Table:
    product = result.product
    joined = product.verdicts.merge(product.surfaces, on="lot_id", how="left")
    table = Table("Verdict (art. 40)", title=title, title_justify="left")
    for column in ("parcs", "superficie m²", "à couvrir m²"):
        table.add_column(column, justify="right")
    for status, label in STATUS_LABELS.items():
        of_status = joined[joined["status"] == status]
        to_cover = of_status["area_to_cover_m2"].sum() if status == "assujetti" else None
        table.add_row(
            label,
            str(len(of_status)),
            number(of_status["eligible_area_m2"].sum()),
            "" if to_cover is None else number(to_cover),
        )
    return table


def rules_document(book: RuleBook, day: date) -> dict[str, list[dict[str, Any]]]:
    """Return what is in force on `day`: legal values, exclusions, protections, one entry each."""
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
    }


def _rule_entry(rule: Rule, day: date) -> dict[str, Any]:
    return {
        "id": rule.id,
        "description": rule.description,
        "valeur": _json(rule.at(day).value),
        "unite": rule.unit,
        "comparaison": FRENCH_COMPARISON[rule.comparison] if rule.comparison else None,
        "article": rule.article,
        "en_vigueur_du": rule.at(day).valid_from.isoformat(),
        "a_relire": rule.needs_review,
    }


def _dated(item: Exclusion | Protection) -> dict[str, Any]:
    return {
        "article": item.article,
        "en_vigueur_du": item.valid_from.isoformat(),
        "a_relire": item.needs_review,
    }


def _json(value: float | date | tuple[str, ...]) -> float | str:
    if isinstance(value, float | int):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return ", ".join(value) or _NONE


def print_rules(book: RuleBook, day: date, console: Console) -> None:
    """Print what is in force on `day`: legal values, exclusions, protections."""
    document = rules_document(book, day)
    rules = [(rule["id"], _with_unit(rule), *_common_cells(rule)) for rule in document["regles"]]
    console.print(_dated_table(f"Règles au {day:%d/%m/%Y}", ("Règle", "Valeur"), rules))
    for key, heads in (
        ("exclusions", ("Exclusion", "Libellé")),
        ("protections", ("Protection", "Libellé")),
    ):
        rows = [(item["id"], item["libelle"], *_common_cells(item)) for item in document[key]]
        console.print(_dated_table(f"{key.capitalize()} au {day:%d/%m/%Y}", heads, rows))


def _with_unit(rule: dict[str, Any]) -> str:
    if rule["valeur"] == _NONE:
        return _NONE
    parts = (rule["comparaison"], rule["valeur"], rule["unite"])
    return " ".join(str(part) for part in parts if part is not None)


def _common_cells(item: dict[str, Any]) -> tuple[str, str, str]:
    return item["article"], item["en_vigueur_du"], "oui" if item["a_relire"] else ""


def _dated_table(title: str, heads: tuple[str, str], rows: Sequence[tuple[str, ...]]) -> Table:
    """Return a table of which 80 columns hide nothing: identifiers whole, long texts folded."""
    table = Table(title=title, title_justify="left", pad_edge=False)
    for head in (*heads, "Article", "Depuis", "À relire"):
        table.add_column(head, overflow="fold", no_wrap=head in {heads[0], "Depuis"})
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def print_sources(table: pd.DataFrame, console: Console) -> None:
    """Print a table of sources, missing values blank."""
    shown = Table(*[str(column).capitalize() for column in table.columns])
    for row in table.astype(object).where(table.notna(), "").to_numpy():
        shown.add_row(*(Text(str(value)) for value in row))
    console.print(shown)
