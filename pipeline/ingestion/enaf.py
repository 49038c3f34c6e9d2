"""Consumption of natural, agricultural and forest land (*ENAF*), per commune and year: Cerema."""

import re
from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from pipeline.contracts import check_table, conform
from pipeline.ingestion.catalogue import as_text
from pipeline.ingestion.columns import layers_of, read_areas
from pipeline.ingestion.communes import INSEE_CODE
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.tables import read_csv
from pipeline.ingestion.vector import count_fields, read_columns
from pipeline.schemas import EnafConsumption

FOLDER = "enaf"
# naf09art10: what was consumed from 1 January 2009 to 1 January 2010; naf11art21: in ten years.
_PERIOD = re.compile(r"naf(?P<since>[0-9]{2})art(?P<until>[0-9]{2})")
_CENTURY = 2000
_INSEE_LENGTH = 5
# Published values are rounded, each to a tenth of m² at the finest: a sum may differ by so much.
_ROUNDING_M2 = 1.0
_SHOWN = 5


def read_enaf_consumption(
    reports: Sequence[FileReport], scope: Scope, communes: Collection[str]
) -> pd.DataFrame:
    """
    Read what some communes consumed, year by year, in m².

    The producer's dictionary says hectares, its files hold m² (Cerema, *CONSOENAF*). Totals of
    several years are compared with the sum of their years, never read. Each delivery tells all
    years again: for one commune, the file that reaches the latest year is kept, alone.

    Parameters
    ----------
    reports, scope
        Files of `enaf/`: CSV, or layers whose attributes alone are read.
    communes
        INSEE codes.

    Returns
    -------
    consumption
        `EnafConsumption`, sorted by commune and year; a commune that no file tells has no row.

    Raises
    ------
    SourceError
        If a file has no column of INSEE codes or of years, or tells a commune twice.
    """
    parts = []
    for report in reports:
        table = _read_table(report, scope)
        parts.append(_years_of(table[table["insee_code"].isin(list(communes))], report))
    filled = [part for part in parts if len(part)]
    if not filled:
        return conform(EnafConsumption, _none())
    rows = _latest(pd.concat(filled, ignore_index=True), reports)
    rows = rows.sort_values(["insee_code", "from_year"], ignore_index=True)
    return check_table(EnafConsumption, conform(EnafConsumption, rows))


def count_enaf_communes(report: FileReport, scope: Scope) -> int:
    """
    Return the number of communes of a file.

    Raises
    ------
    SourceError
        See `read_enaf_consumption`.
    """
    return len(_read_table(report, scope))


def _read_table(report: FileReport, scope: Scope) -> pd.DataFrame:
    """Return one row per commune: `insee_code`, then the columns of periods, as text."""
    folder = scope.catalogue[FOLDER]
    if report.file.format == "csv":
        tables = [read_csv(report)]
    else:
        tables = [_attributes(report, layer, scope) for layer in layers_of(report, folder)]
    read = [_communes_of(table, report, scope) for table in tables]
    return pd.concat(read, ignore_index=True) if read else pd.DataFrame({"insee_code": []})


def _attributes(report: FileReport, layer: str, scope: Scope) -> pd.DataFrame:
    names = count_fields(report, layer)[0]
    code = scope.catalogue[FOLDER].known(names, "insee_code")
    wanted = {name for name in names if _PERIOD.fullmatch(name) or name == code}
    return read_columns(report, layer, wanted, scope.work)


def _communes_of(table: pd.DataFrame, report: FileReport, scope: Scope) -> pd.DataFrame:
    folder = scope.catalogue[FOLDER]
    folder.require(table, report.file.name)
    periods = [name for name in table.columns if _PERIOD.fullmatch(str(name))]
    if not any(_is_one_year(name) for name in periods):
        present = ", ".join(str(name) for name in table.columns if name != "geometry")
        why = (
            "aucune colonne de consommation annuelle (naf11art12, naf12art13…) ; colonnes"
            f" présentes : {present[:200]} ; déposer le fichier du Cerema par commune et par année"
        )
        raise report.refusal(why)
    codes = folder.take(table, "insee_code").str.upper()
    short = codes.str.fullmatch(r"[0-9]{4}").fillna(value=False).astype(bool)
    report.count(int(short.sum()), "code INSEE complété à gauche", "codes INSEE complétés à gauche")
    codes = codes.where(~short, codes.str.zfill(_INSEE_LENGTH))
    is_code = codes.str.fullmatch(INSEE_CODE.pattern).fillna(value=False).astype(bool)
    report.count(int((~is_code).sum()), "ligne sans code INSEE", "lignes sans code INSEE")
    texts = {name: as_text(table[name])[is_code] for name in periods}
    return pd.DataFrame({"insee_code": codes[is_code], **texts})


def _is_one_year(period: str) -> bool:
    since, until = _years(period)
    return until == since + 1


def _years(period: str) -> tuple[int, int]:
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(period)
    return _CENTURY + int(found["since"]), _CENTURY + int(found["until"])


def _years_of(table: pd.DataFrame, report: FileReport) -> pd.DataFrame:
    """Return one row per commune and year, from one row per commune."""
    report.meet(len(table))
    table = _each_once(table, report)
    periods = [name for name in table.columns if name != "insee_code"]
    areas = pd.DataFrame(
        {name: read_areas(table[name], f"valeur de {name}", report) for name in periods}
    ).set_axis(table["insee_code"], axis=0)
    _compare_totals(areas, report)
    yearly = [name for name in periods if _is_one_year(name)]
    if not yearly:  # an empty layer
        return _none()
    report.keep_latest(f"{max(_years(name)[1] for name in yearly)}-01-01")
    rows = areas[yearly].reset_index().melt("insee_code", var_name="period", value_name="area_m2")
    years = [_years(str(name)) for name in rows["period"]]
    report.row_count += len(rows)
    return rows.assign(
        from_year=[since for since, _ in years],
        to_year=[until for _, until in years],
        source=report.file.name,
    ).drop(columns="period")


def _none() -> pd.DataFrame:
    return pd.DataFrame(columns=list(EnafConsumption.to_schema().columns))


def _each_once(table: pd.DataFrame, report: FileReport) -> pd.DataFrame:
    once = table.drop_duplicates()
    report.count(len(table) - len(once), "ligne répétée écartée", "lignes répétées écartées")
    twice = once.loc[once["insee_code"].duplicated(), "insee_code"]
    if len(twice):
        why = (
            f"commune(s) {', '.join(twice[:5])} : deux lignes aux valeurs différentes ; n'en garder"
            " qu'une"
        )
        raise report.refusal(why)
    return once


def _compare_totals(areas: pd.DataFrame, report: FileReport) -> None:
    """Note the totals of several years that are not the sum of their years, where all are known."""
    for total in (name for name in areas.columns if not _is_one_year(name)):
        years = _parts(total)
        if not years or not set(years) <= set(areas.columns):
            continue
        gap = (areas[years].sum(axis=1, skipna=False) - areas[total]).abs()
        wrong = gap.index[gap > _ROUNDING_M2 * len(years)]
        one = f"commune où {total} n'est pas la somme de ses années : seules les années sont lues"
        many = f"communes où {total} n'est pas la somme de ses années : seules les années sont lues"
        report.count(len(wrong), one, many, ids=(str(code) for code in wrong))


def _parts(total: str) -> list[str]:
    """Return the names of the years of a total: naf11art13 → naf11art12, naf12art13."""
    since, until = (year - _CENTURY for year in _years(total))
    return [f"naf{year:02}art{year + 1:02}" for year in range(since, until)]


def _latest(rows: pd.DataFrame, reports: Sequence[FileReport]) -> pd.DataFrame:
    """Keep, for each commune, the file that reaches the latest year; of equals, the first."""
    order = {report.file.name: rank for rank, report in enumerate(reports)}
    reach = rows.groupby(["insee_code", "source"])["to_year"].transform("max")
    ranked = rows.assign(reach=reach, order=rows["source"].map(order))
    ranked = ranked.sort_values(["insee_code", "reach", "order"], ascending=[True, False, True])
    chosen = ranked.groupby("insee_code")["source"].transform("first")
    is_kept = (ranked["source"] == chosen).to_numpy(dtype=bool)
    kept, left = ranked[is_kept], ranked[~is_kept]
    disputed = _disputed(kept, left)
    for report in reports:
        mine = left[left["source"] == report.file.name]
        report.row_count -= len(mine)
        one, many = "commune lue dans un autre fichier", "communes lues dans un autre fichier"
        report.count(mine["insee_code"].nunique(), one, many)
        codes = disputed[disputed["source"] == report.file.name]["insee_code"].unique()
        if len(codes):
            report.warn(
                "autres valeurs qu'un fichier aussi récent, seul gardé (commune(s)"
                f" {', '.join(codes[:_SHOWN])})"
            )
    return kept


def _disputed(kept: pd.DataFrame, left: pd.DataFrame) -> pd.DataFrame:
    """Return the years that a file set aside, as recent as the one kept, tells otherwise."""
    keys = ["insee_code", "from_year", "reach"]
    both = left.merge(kept[[*keys, "area_m2"]], on=keys, suffixes=("", "_kept"))
    agrees = np.isclose(both["area_m2"], both["area_m2_kept"], atol=_ROUNDING_M2, equal_nan=True)
    return both[~agrees]
