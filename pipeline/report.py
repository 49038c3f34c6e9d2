"""What a run says at its end: tables that fit a terminal, or one JSON document."""

from datetime import date
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from pipeline.rules import FRENCH_COMPARISON, RuleBook
from pipeline.run import Result

STATUS_LABELS = {
    "assujetti": "assujetti",
    "exonere": "exonéré",
    "a_verifier": "à vérifier",
    "non_assujetti": "non assujetti",
    "hors_champ": "hors champ",
}
_STATE_LABELS = {"utilisee": "utilisée", "partielle": "partielle", "absente": "absente"}


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
            table.add_row(labels.get(motif, motif), _number(area))
        console.print(table)
    for state, label in _STATE_LABELS.items():
        if document["sources"][state]:
            console.print(f"Sources {label}s : {', '.join(document['sources'][state])}")
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
            _number(of_status["eligible_area_m2"].sum()),
            "" if to_cover is None else _number(to_cover),
        )
    return table


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def rules_document(book: RuleBook, day: date) -> list[dict[str, Any]]:
    """Return the legal values in force on `day`, one entry each."""
    return [
        {
            "id": rule.id,
            "description": rule.description,
            "valeur": _json(rule.at(day).value),
            "unite": rule.unit,
            "comparaison": FRENCH_COMPARISON[rule.comparison] if rule.comparison else None,
            "article": rule.article,
            "en_vigueur_du": rule.at(day).valid_from.isoformat(),
            "a_relire": rule.needs_review,
        }
        for rule in book.rules
        if rule.is_in_force(day)
    ]


def _json(value: float | date | tuple[str, ...]) -> float | str:
    if isinstance(value, float | int):
        return value
    return value.isoformat() if isinstance(value, date) else ", ".join(value)


def print_rules(book: RuleBook, day: date, console: Console) -> None:
    """Print the legal values in force on `day`."""
    table = Table("Règle", "Valeur", "Article", "Depuis", "À relire", title=f"Règles au {day}")
    for rule in rules_document(book, day):
        value = " ".join(str(rule[key] or "") for key in ("comparaison", "valeur", "unite"))
        review = "oui" if rule["a_relire"] else ""
        table.add_row(rule["id"], value.strip(), rule["article"], rule["en_vigueur_du"], review)
    console.print(table)


def print_sources(table: pd.DataFrame, console: Console) -> None:
    """Print a table of sources, missing values blank."""
    shown = Table(*[str(column) for column in table.columns])
    for row in table.astype(object).where(table.notna(), "").to_numpy():
        shown.add_row(*[str(value) for value in row])
    console.print(shown)
