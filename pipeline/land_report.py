"""What `parzan zan` says at its end: a table that fits a terminal, or a JSON document."""

from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from pipeline.export.domains import DOMAINS
from pipeline.export.publish import Result
from pipeline.french import number, percent

_STOCK, _SHARE = "surface_artificialisee", "part_artificialisee"
_SHOWN = (_STOCK, "surface_impermeable", "surface_par_seuil", "surface_indeterminee",
          "surface_non_couverte")  # fmt: skip


def land_document(result: Result) -> dict[str, Any]:
    """Return the land of a commune as a JSON document: indicators, variants, warnings."""
    product = result.product
    indicators = product.land.indicators.astype(object)
    variants = product.land.variants.astype(object)
    return {
        "insee": product.insee_code,
        "nom": product.commune_name,
        "fichier": str(result.path),
        "regles_au": product.as_of.isoformat(),
        "millesimes": list(product.land.vintages),
        "bilan": indicators.where(indicators.notna(), None).to_dict("records"),
        "variantes": variants.where(variants.notna(), None).to_dict("records"),
        "avertissements": list(result.warnings),
    }


def print_land(result: Result, console: Console, said: set[str]) -> None:
    """
    Print the stocks by vintage, the net change, and what the other readings would give.

    Warnings in `said` are not repeated: communes share their sources. Those printed are added.
    """
    product = result.product
    title = f"{product.commune_name} ({product.insee_code}), règles au {product.as_of:%d/%m/%Y}"
    measured = _measured(product.land.indicators)
    if product.land.vintages and not measured:
        console.print(f"{title} : sols dérivés", markup=False, soft_wrap=True)
        console.print(_derived(product.land.pieces), markup=False, soft_wrap=True)
    elif measured:
        console.print(_stocks(product.land.indicators, measured, title))
        for line in (*_changes(product.land.indicators), *_readings(product.land.variants)):
            console.print(line, markup=False, soft_wrap=True)
    else:
        console.print(f"{title} : aucune occupation du sol", markup=False, soft_wrap=True)
    for warning in (told for told in result.warnings if told not in said):
        console.print(f"Attention : {warning}", style="yellow", markup=False, soft_wrap=True)
    said.update(result.warnings)
    console.print(f"Produit : {result.path}", markup=False, soft_wrap=True)


def _measured(indicators: pd.DataFrame) -> tuple[int, ...]:
    """Return the vintages that are in the balance: a derived land cover is not."""
    years = indicators.loc[indicators["code"] == _STOCK, "vintage"]
    return tuple(sorted(int(year) for year in years))


def _derived(pieces: pd.DataFrame) -> str:
    """Say what a derived land cover knows, and how much of the commune it does not."""
    area, status = pieces["area_m2"], pieces["is_artificial"]
    known = status.notna()
    artificial = float(area[known & status.fillna(value=False)].sum())
    natural = float(area[known & ~status.fillna(value=True)].sum())
    unknown = float(area[~known].sum())
    return (
        f"Artificialisés {number(artificial)} m², non artificialisés {number(natural)} m²,"
        f" statut inconnu {number(unknown)} m² ({percent(unknown / float(area.sum()))})"
    )


def _stocks(indicators: pd.DataFrame, vintages: tuple[int, ...], title: str) -> Table:
    table = Table("m²", title=title, title_justify="left")
    for year in vintages:
        table.add_column(str(year), justify="right")
    values = indicators.set_index(["code", "vintage"])["value"]
    for code in _SHOWN:
        label = indicators.loc[indicators["code"] == code, "label"]
        if len(label):
            cells = (number(values.get((code, year), float("nan"))) for year in vintages)
            table.add_row(str(label.iloc[0]), *cells)
    shares = (percent(values.get((_SHARE, year), float("nan")), digits=1) for year in vintages)
    table.add_row("Part artificialisée de la commune", *shares)
    bounds = indicators[indicators["code"] == _SHARE].set_index("vintage")
    least, most = bounds["least"], bounds["most"]
    ranges = (
        f"{percent(least[year], digits=1)} à {percent(most[year], digits=1)}" for year in vintages
    )
    table.add_row("   selon la lecture, et le statut inconnu", *ranges)
    return table


def _changes(indicators: pd.DataFrame) -> list[str]:
    nets = indicators[indicators["code"] == "artificialisation_nette"]
    values = zip(nets["label"], nets["value"], nets["least"], nets["most"], strict=True)
    bare = indicators[indicators["code"] == "surface_incomparable"]
    pairs = zip(bare["vintage_before"], bare["vintage"], strict=True)
    unknown = dict(zip(pairs, bare["value"], strict=True))
    periods = zip(nets["vintage_before"], nets["vintage"], strict=True)
    lefts = [unknown[period] for period in periods]
    return [
        f"{label} : {number(value)} m²"
        + ("" if pd.isna(least) else f" (entre {number(least)} et {number(most)} selon la lecture)")
        + (f", sans compter {number(left)} m² de statut inconnu" if round(left) else "")
        for (label, value, least, most), left in zip(values, lefts, strict=True)
    ]


def _readings(variants: pd.DataFrame) -> list[str]:
    """Say how far the reading retained agrees with the producer, and which one agrees better."""
    agreed = variants["both_artificial_m2"] + variants["neither_artificial_m2"]
    whole = agreed + variants["only_ours_m2"] + variants["only_declared_m2"]
    compared = variants.assign(share=agreed / whole).dropna(subset="share")
    return [_reading(int(str(year)), rows) for year, rows in compared.groupby("vintage", sort=True)]


def _reading(year: int, rows: pd.DataFrame) -> str:
    best = rows.sort_values(["share", "is_default"], ascending=False).iloc[0]
    retained = rows[rows["is_default"]].iloc[0]
    said = f"Accord avec l'IGN en {year} : {percent(retained['share'], digits=2)} de la surface"
    if bool(best["is_default"]):
        return said
    name = DOMAINS["variante_seuils"].get(best["variant"], best["variant"]).lower()
    return f"{said} ({percent(best['share'], digits=2)} en lisant les seuils {name})"
