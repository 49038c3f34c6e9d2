"""Indicators of the local report on artificialisation: stocks, net change, sealed land."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.artificialisation.coverage import BoolArray
from pipeline.artificialisation.qualify import QualifiedLand
from pipeline.artificialisation.report_scope import (
    BALANCE,
    REPORT_ITEM,
    SEALED,
    TARGETS,
    EnafTarget,
    Guarantee,
    Planning,
    Row,
    consumption_rows,
    guarantee_rows,
    scope_row,
)
from pipeline.contracts import check_table, conform
from pipeline.land_nomenclature import LandNomenclature
from pipeline.schemas import Indicator

_NOT_ENAF = (
    "Artificialisation mesurée sur l'OCS GE : ce n'est pas la consommation d'espaces naturels,"
    " agricoles et forestiers (ENAF) qui fait foi jusqu'en 2031, et cela ne vaut pas à l'échelle"
    " d'un projet."
)
_TARGETS = (
    "Les objectifs sont ceux du document d'urbanisme ou du schéma régional : aucune donnée publiée"
    " ne les donne par commune."
)
_FIELDS = frozenset(Row.__dataclass_fields__)


@dataclass(frozen=True)
class ReportRules:
    """
    What the texts of a day say of the local report.

    `compulsory`: items of article R. 2231-1 that the report must give.
    """

    nomenclature: LandNomenclature
    compulsory: tuple[str, ...]
    guarantee: Guarantee
    target: EnafTarget


@dataclass(frozen=True)
class CommuneReport:
    """
    What the indicators of a commune are drawn from.

    `vintages`: its land, one item per vintage of OCS GE (a derived land cover is no such item);
    `matrices`: `LandTransition`, one per pair of vintages; `consumption`: its `EnafConsumption`
    rows; `area_m2` on the ground.
    """

    vintages: Sequence[QualifiedLand]
    matrices: Iterable[pd.DataFrame]
    consumption: pd.DataFrame
    planning: Planning
    area_m2: float


def report_indicators(commune: CommuneReport, rules: ReportRules) -> pd.DataFrame:
    """
    Return the indicators of a commune, those that are not compulsory as well.

    Returns
    -------
    indicators
        `Indicator`. Areas in m² on the ground. A value is bounded by the variants of the
        thresholds, and by the land whose status is not known. A commune without planning document
        owes none of them.

    References
    ----------
    Code général des collectivités territoriales, art. L. 2231-1 et R. 2231-1.
    """
    rows = [
        scope_row(commune.planning),
        *guarantee_rows(commune.planning, rules.guarantee),
        *consumption_rows(commune.consumption, commune.area_m2, rules.target),
        *(row for own in commune.vintages for row in _stocks(own, commune.area_m2, rules)),
        *(row for matrix in commune.matrices for row in _changes(matrix, commune, rules)),
        Row("respect_objectifs", "Respect des objectifs de lutte contre l'artificialisation",
            None, "oui/non", REPORT_ITEM.format(TARGETS), _TARGETS, TARGETS),
    ]  # fmt: skip
    table = pd.DataFrame(
        [
            {
                **{name: getattr(row, name) for name in _FIELDS},
                "is_compulsory": _is_compulsory(row.item, commune.planning, rules),
            }
            for row in rows
        ]
    )
    return check_table(Indicator, conform(Indicator, table))


def _is_compulsory(item: str | None, planning: Planning, rules: ReportRules) -> bool | None:
    if item not in rules.compulsory or planning.is_covered is False:
        return False
    return planning.is_covered


def _stocks(own: QualifiedLand, commune_m2: float, rules: ReportRules) -> Iterator[Row]:
    land, year = own.land, int(own.land["vintage"].iloc[0])
    article, area = rules.nomenclature.article, own.land["area_m2"]

    def stock(code: str, label: str, rows: "pd.Series[bool]") -> Row:
        value = float(area[_true(rows)].sum())
        return Row(code, label, value, "m2", article, _NOT_ENAF, vintage=year)

    least, most = _bounds(own)
    artificial = stock("surface_artificialisee", "Surface artificialisée", land["is_artificial"])
    yield from _with_share(replace(artificial, least=least, most=most), commune_m2)
    sealed = stock("surface_impermeable", "Surface imperméabilisée", _is_sealed(land, rules))
    sealed = replace(sealed, article=REPORT_ITEM.format(SEALED), item=SEALED)
    yield from _with_share(sealed, commune_m2)
    moved = land["is_artificial"] != land["by_codes"]
    yield stock("surface_par_seuil", "Surface dont un seuil change le statut", moved)
    bare = land["reason"] == "non_couvert"
    unknown = land["is_artificial"].isna() & ~bare
    yield stock(
        "surface_indeterminee",
        "Surface au statut inconnu (codes absents, inconnus ou trop larges)",
        unknown,
    )
    yield stock("surface_non_couverte", "Surface sans donnée d'occupation du sol", bare)
    for item in rules.nomenclature.categories:
        code, label = f"surface_categorie_{item.number}", f"{item.number}° {item.label}"
        yield stock(code, label, land["category"] == item.number)


def _with_share(row: Row, commune_m2: float) -> Iterator[Row]:
    """Yield a row in m², then as a share of the commune."""
    yield row
    value, least, most = (
        None if amount is None else amount / commune_m2
        for amount in (row.value, row.least, row.most)
    )
    code = f"part_{row.code.removeprefix('surface_')}"
    label = f"{row.label}, part de la commune"
    yield replace(row, code=code, label=label, unit="/1", value=value, least=least, most=most)


def _bounds(own: QualifiedLand) -> tuple[float, float]:
    """Bound the artificial stock: over the variants, unknown land counted as either."""
    sums = list(_by_variant(own).values())
    unknown = float(own.land.loc[own.land["is_artificial"].isna(), "area_m2"].sum())
    return min(sums), max(sums) + unknown


def _by_variant(own: QualifiedLand) -> dict[str, float]:
    area = own.land["area_m2"]
    return {str(name): float(area[_true(own.variants[name])].sum()) for name in own.variants}


def _changes(matrix: pd.DataFrame, commune: CommuneReport, rules: ReportRules) -> Iterator[Row]:
    before, after = (int(matrix[f"vintage_{when}"].iloc[0]) for when in ("before", "after"))
    period = f"de {before} à {after}"
    was, became = matrix["is_artificial_before"], matrix["is_artificial_after"]
    article = REPORT_ITEM.format(BALANCE)
    row = Row("", "", None, "m2", article, _NOT_ENAF, BALANCE, vintage_before=before, vintage=after)
    gained, lost = _area(matrix, ~was & became), _area(matrix, was & ~became)
    unknown = _area(matrix, was.isna() | became.isna())
    label = f"Sols artificialisés {period}"
    yield replace(row, code="artificialisation", label=label, value=gained)
    label = f"Sols désartificialisés {period}"
    yield replace(row, code="desartificialisation", label=label, value=lost)
    # Ground that is unknown on one day only would move the stocks of the readings, and not the net.
    is_one_sided = _area(matrix, was.isna() ^ became.isna()) > 0
    bounds = (None, None) if is_one_sided else _net_bounds(commune.vintages, before, after)
    label = f"Artificialisation nette {period}"
    net = replace(row, code="artificialisation_nette", label=label, value=gained - lost)
    yield from _with_share(replace(net, least=bounds[0], most=bounds[1]), commune.area_m2)
    label = f"Surface au statut inconnu en {before} ou en {after}"
    yield replace(row, code="surface_incomparable", label=label, value=unknown, item=None)
    label = f"Imperméabilisation nette {period}"
    value = _net_sealed(matrix, rules)
    sealed = replace(row, code="impermeabilisation_nette", label=label, value=value)
    yield replace(sealed, article=REPORT_ITEM.format(SEALED), item=SEALED)


def _net_bounds(
    vintages: Sequence[QualifiedLand], before: int, after: int
) -> tuple[float | None, float | None]:
    """Bound the net change over the variants."""
    stocks = {int(own.land["vintage"].iloc[0]): _by_variant(own) for own in vintages}
    nets = [stocks[after][name] - stocks[before][name] for name in stocks[after]]
    return min(nets), max(nets)


def _net_sealed(matrix: pd.DataFrame, rules: ReportRules) -> float:
    """Return sealed land gained less lost, on the ground whose category is known on both days."""
    sealed = _sealed_categories(rules)
    known = matrix[matrix["category_before"].notna() & matrix["category_after"].notna()]
    was, became = (known[f"category_{when}"].isin(sealed) for when in ("before", "after"))
    return _area(known, ~was & became) - _area(known, was & ~became)


def _is_sealed(land: pd.DataFrame, rules: ReportRules) -> "pd.Series[bool]":
    return land["category"].isin(_sealed_categories(rules))


def _sealed_categories(rules: ReportRules) -> list[int]:
    return [item.number for item in rules.nomenclature.categories if item.is_sealed]


def _area(matrix: pd.DataFrame, rows: "pd.Series[bool]") -> float:
    return float(matrix.loc[_true(rows), "area_m2"].sum())


def _true(rows: "pd.Series[bool]") -> BoolArray:
    return np.asarray(rows.fillna(value=False).to_numpy(dtype=bool))
