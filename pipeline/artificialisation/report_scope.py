"""The local report beside the land: who owes it, what the law guarantees, ENAF consumption."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

ENAF, BALANCE, SEALED, TARGETS = "1°", "2°", "3°", "4°"
REPORT_ITEM = "CGCT, art. R. 2231-1, {}"
_SCOPE = "CGCT, art. L. 2231-1"
_ENAF = (
    "Consommation d'espaces mesurée sur les fichiers fonciers (Cerema) : ce n'est pas"
    " l'artificialisation au sens de l'article R. 101-1."
)
_LANDMARK = " Repère national : l'objectif de la commune est celui de son document d'urbanisme."


@dataclass(frozen=True)
class Guarantee:
    """The hectare that the law guarantees to a commune, m², and the day before which (strict)."""

    area_m2: float
    before: date
    article: str


@dataclass(frozen=True)
class EnafTarget:
    """Years (1 January) of the reference and of the target decades; share not to exceed."""

    reference_start: int
    start: int
    end: int
    most_share: float
    article: str


@dataclass(frozen=True)
class Planning:
    """
    What is known of the planning document of a commune.

    `is_covered`: None when no source tells; `document`: its type, `approved_on` an ISO date, where
    known.
    """

    is_covered: bool | None
    document: str | None = None
    approved_on: str | None = None


UNKNOWN_PLANNING = Planning(None)


@dataclass(frozen=True)
class Row:
    """An indicator before it is known whether it is compulsory; see `schemas.Indicator`."""

    code: str
    label: str
    value: float | None
    unit: str
    article: str
    warning: str
    item: str | None = None
    least: float | None = None
    most: float | None = None
    vintage_before: int | None = None
    vintage: int | None = None


def scope_row(planning: Planning) -> Row:
    """Say whether the commune owes a local report."""
    document = planning.document or "en vigueur"
    approved = f", approuvé le {_french(planning.approved_on)}" if planning.approved_on else ""
    said = {
        True: f"Soumise : document d'urbanisme {document}{approved}.",
        False: "Non soumise : commune sans document d'urbanisme (règlement national).",
        None: "Non établi : aucune source déposée ne dit si un document d'urbanisme couvre la"
        " commune (dossier plu/).",
    }[planning.is_covered]
    value = None if planning.is_covered is None else float(planning.is_covered)
    label = "Rapport local de suivi de l'artificialisation"
    return Row("rapport_local", label, value, "oui/non", _SCOPE, said)


def guarantee_rows(planning: Planning, guarantee: Guarantee) -> Iterator[Row]:
    """Say what is known of the guaranteed hectare: an information, never a right."""
    label = "Surface minimale de consommation d'espaces garantie (2021-2031)"
    condition = f"document prescrit, arrêté ou approuvé avant le {guarantee.before:%d/%m/%Y}"
    row = Row("garantie_communale", label, None, "m2", guarantee.article, "")
    dated = planning.approved_on
    if planning.is_covered is False:
        yield replace(row, warning=f"Pour information : sans {condition}, pas de garantie.")
    elif dated is not None and dated < guarantee.before.isoformat():
        said = f"Pour information : {condition} (ici le {_french(dated)}). Peut être mutualisée."
        yield replace(row, value=guarantee.area_m2, warning=said)
    else:
        yield replace(row, warning=f"Pour information : à vérifier, {condition}.")


def consumption_rows(table: pd.DataFrame, commune_m2: float, target: EnafTarget) -> Iterator[Row]:
    """
    Give ENAF consumption over the reference decade and since, year by year; `EnafConsumption` in.

    A period that lacks a year has no value.
    """
    row = Row("consommation_enaf", "Consommation d'ENAF", None, "m2", REPORT_ITEM.format(ENAF),
              _ENAF, ENAF)  # fmt: skip
    if table.empty:
        yield replace(row, warning=f"{_ENAF} Fichier du Cerema non déposé (dossier enaf/).")
        return
    last = min(int(table["to_year"].max()), target.end)
    for since, until in ((target.reference_start, target.start), (target.start, last)):
        if since < until:
            yield from _period(row, table, (since, until), commune_m2)
    yield _landmark(row, table, target)
    yield from _years(replace(row, code="consommation_enaf_annuelle"), table)


def _years(row: Row, table: pd.DataFrame) -> Iterator[Row]:
    years = table.sort_values("from_year")
    columns = (years[name].tolist() for name in ("from_year", "to_year", "area_m2"))
    for since, until, area in zip(*columns, strict=True):
        value = None if pd.isna(area) else float(area)
        label = f"{row.label} de l'année {since}"
        yield replace(row, label=label, value=value, vintage_before=since, vintage=until)


def _period(
    row: Row, table: pd.DataFrame, years: tuple[int, int], commune_m2: float
) -> Iterator[Row]:
    since, until = years
    value = _sum(table, since, until)
    label = f"{row.label} du 1er janvier {since} au 1er janvier {until}"
    gap = " Années manquantes au fichier." if value is None else ""
    period = replace(row, label=label, value=value, warning=_ENAF + gap,
                     vintage_before=since, vintage=until)  # fmt: skip
    yield period
    yield replace(
        period, code="part_consommation_enaf", label=f"{label}, part de la commune", unit="/1",
        value=None if value is None else value / commune_m2,
    )  # fmt: skip


def _landmark(row: Row, table: pd.DataFrame, target: EnafTarget) -> Row:
    """Give the share of the reference that the law wants not to be exceeded, nationwide."""
    reference = _sum(table, target.reference_start, target.start)
    return replace(
        row, code="repere_consommation_enaf", article=target.article,
        label=f"Part maximale de la consommation de référence, {target.start}-{target.end}",
        value=None if reference is None else target.most_share * reference, item=None,
        warning=_ENAF + _LANDMARK, vintage_before=target.start, vintage=target.end,
    )  # fmt: skip


def _sum(table: pd.DataFrame, since: int, until: int) -> float | None:
    """Sum the years of a period; None where one is missing."""
    years = table[(table["from_year"] >= since) & (table["to_year"] <= until)]
    whole = len(years) == until - since and years["area_m2"].notna().all()
    return float(years["area_m2"].sum()) if whole else None


def _french(day: str) -> str:
    return f"{date.fromisoformat(day):%d/%m/%Y}"
