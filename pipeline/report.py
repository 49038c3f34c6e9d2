"""What a run, or a what-if, says at its end: tables that fit a terminal, or a JSON document."""

from datetime import date
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.export.domains import DOMAINS, conclusion_words
from pipeline.export.publish import Result
from pipeline.french import number
from pipeline.whatif import WhatIf

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
    table = Table("Verdict", title=title, title_justify="left")
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


def whatif_document(found: WhatIf, days: tuple[date, date]) -> dict[str, Any]:
    """Return a what-if as a JSON document."""
    return {
        "insee": found.insee_code,
        "nom": found.name,
        "entre": [day.isoformat() for day in days],
        "parcs_nb": found.park_count,
        "parcs": found.rows.to_dict("records"),
        "avertissements": list(found.warnings),
    }


def print_whatif(found: WhatIf, days: tuple[date, date], console: Console) -> None:
    """Print the parks whose verdict differs between two days, with what makes the difference."""
    period = f"du {days[0]:%d/%m/%Y} au {days[1]:%d/%m/%Y}"
    title = f"{found.name} ({found.insee_code}), {period}"
    if len(found.rows):
        table = Table(title=title, title_justify="left", expand=True)
        for head, ratio in (("Parc", 3), ("Avant", 3), ("Après", 3), ("Cause", 4)):
            table.add_column(head, ratio=ratio, overflow="fold")
        for row in found.rows.to_dict("records"):
            name = "\n".join(part for part in (row["nom"], row["parc_id"]) if part)
            cells = (name, _verdict(row, "avant"), _verdict(row, "apres"), row["cause"])
            table.add_row(*(Text(cell) for cell in cells), end_section=True)
        console.print(table)
    total = f"{len(found.rows)} parc(s) sur {found.park_count} changent de verdict"
    console.print(f"{title} : {total}.", markup=False, soft_wrap=True)


def _verdict(row: dict[Any, Any], side: str) -> str:
    """Write a verdict in French: status and cause, due date and where it stands."""
    status, code = row[f"statut_{side}"], row[f"motif_code_{side}"]
    if status is None:
        return "(absent)"
    due, state = row[f"echeance_{side}"], row[f"situation_{side}"]
    lines = [conclusion_words(f"{status}/{code}")]
    if due is not None:
        lines.append(f"échéance {date.fromisoformat(due):%d/%m/%Y}")
    if state is not None:
        lines.append(DOMAINS["echeance_situation"].get(state, state).lower())
    return "\n".join(line for line in lines if line)


def print_sources(table: pd.DataFrame, console: Console) -> None:
    """Print a table of sources, missing values blank."""
    shown = Table(*[str(column).capitalize() for column in table.columns])
    for row in table.astype(object).where(table.notna(), "").to_numpy():
        shown.add_row(*(Text(str(value)) for value in row))
    console.print(shown)


def sources_document(table: pd.DataFrame, proofs: pd.DataFrame | None) -> str:
    """Return a table of sources as JSON; with `preuves`, the files of each that a service gave."""
    if proofs is not None:
        folders = proofs["fichier"].str.split("/").str[0]
        told = [proofs[folders == name].to_dict("records") for name in table["dossier"]]
        table = table.assign(preuves=told)
    return str(table.to_json(orient="records", force_ascii=False))
