"""Places where the service grants an exemption of article R. 101-1, III (CU)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.contracts import check, conform, empty
from pipeline.ingestion.columns import layers_of
from pipeline.ingestion.dossier_values import parse_answer, parse_day, plain_name
from pipeline.ingestion.placement import BoolArray
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import keep_polygons
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import count_fields, read_layer
from pipeline.land_nomenclature import LandExemption
from pipeline.schemas import ExemptedPlace

FOLDER = "exemptions_sols"


def read_exempted_places(
    reports: Sequence[FileReport], scope: Scope, exemptions: Sequence[LandExemption]
) -> gpd.GeoDataFrame:
    """
    Read the places of the window where the service grants an exemption.

    A row without `decision` grants nothing: set aside, told. So is a place whose conditions are
    said not to be met (`conditions_remplies`), and, for an exemption whose conditions the service
    states (`is_declared`), one where it says nothing.

    Parameters
    ----------
    reports, scope
        Files of `exemptions_sols/`; territory and window.
    exemptions
        Those that the nomenclature of the day admits.

    Returns
    -------
    places
        `ExemptedPlace`, in the territory CRS, sorted by place. Whether a decision had been taken
        on the day of the run is for the caller to compare.

    Raises
    ------
    SourceError
        If a file cannot be read, has no column `exemption` or `decision`, names an exemption that
        the nomenclature has not, or a date or an answer that cannot be read.
    """
    by_code = {exemption.code: exemption for exemption in exemptions}
    parts = [
        _places(read_layer(report, layer, scope), layer, by_code, scope, report)
        for report in reports
        for layer in layers_of(report, scope.catalogue[FOLDER])
    ]
    crs = scope.territory.crs
    filled = [part for part in parts if len(part)]
    if not filled:
        return empty(ExemptedPlace, crs)
    rows = pd.concat(filled).sort_values("place_id", ignore_index=True)
    return check(ExemptedPlace, gpd.GeoDataFrame(conform(ExemptedPlace, rows, crs)), crs)


def count_exempted_places(report: FileReport, scope: Scope) -> int:
    """
    Return the number of places of a file; its codes need the nomenclature and are not compared.

    Raises
    ------
    SourceError
        If a layer cannot be read or lacks a column.
    """
    layers = layers_of(report, scope.catalogue[FOLDER])
    for layer in layers:
        read_layer(report, layer, scope)
    return sum(count_fields(report, layer)[1] for layer in layers)


def _places(
    table: gpd.GeoDataFrame,
    layer: str,
    by_code: Mapping[str, LandExemption],
    scope: Scope,
    report: FileReport,
) -> pd.DataFrame:
    folder = scope.catalogue[FOLDER]
    ids = pd.Series([report.file.row_id(layer, rank) for rank in table.index], table.index)
    table = keep_polygons(table.assign(place_id=ids), list(ids), report)
    table = _decided(table, scope, report)
    codes = _codes(folder.take(table, "exemption"), by_code, table["place_id"], report)
    answers = _parsed(folder.take(table, "meets_conditions"), parse_answer, table, report)
    declared = codes.map({code: item.is_declared for code, item in by_code.items()})
    is_met = _are_met(answers, declared.to_numpy(dtype=bool), table["place_id"], report)
    rows = table[["place_id", "geometry"]].assign(
        exemption=codes,
        decision=folder.take(table, "decision"),
        decided_on=_parsed(folder.take(table, "decided_on"), parse_day, table, report),
        source=report.file.name,
    )[is_met]
    report.row_count += len(rows)
    return pd.DataFrame(rows)


def _decided(table: gpd.GeoDataFrame, scope: Scope, report: FileReport) -> gpd.GeoDataFrame:
    """Set aside the places without the reference of a decision."""
    has_decision = scope.catalogue[FOLDER].take(table, "decision").notna().to_numpy(dtype=bool)
    _set_aside(table["place_id"][~has_decision], "sans référence de décision", report)
    return table[has_decision]


def _set_aside(ids: Collection[str], why: str, report: FileReport) -> None:
    if len(ids):
        report.warn(f"lieux {why}, non exemptés ({len(ids)}) : {', '.join(ids)[:200]}")


def _codes(
    written: "pd.Series[str]",
    accepted: Collection[str],
    ids: "pd.Series[str]",
    report: FileReport,
) -> "pd.Series[str]":
    """Return codes of the nomenclature, whatever their case and accents."""
    codes = written.map(plain_name, na_action="ignore")
    wrong = (~codes.isin(list(accepted))).to_numpy(dtype=bool)
    if wrong.any():
        first = written[wrong].fillna("vide").iloc[0]
        listed = ", ".join(sorted(accepted)) or "aucune à cette date"
        why = (
            f"lieu {ids[wrong].iloc[0]}, colonne exemption : « {first[:60]} » inconnue ; exemptions"
            f" admises : {listed}"
        )
        raise report.refusal(why)
    return codes


def _parsed(
    written: "pd.Series[str]",
    parse: Callable[[str], object],
    table: pd.DataFrame,
    report: FileReport,
) -> "pd.Series[Any]":
    """Return what each cell says, blanks missing; refuse the first that cannot be read."""
    values: list[object] = []
    texts = written.astype(object).where(written.notna(), None)
    for text, place in zip(texts, table["place_id"], strict=True):
        try:
            values.append(None if text is None else parse(text))
        except ValueError as error:
            why = f"lieu {place}, colonne {written.name} : « {text[:60]} » illisible ; {error}"
            raise report.refusal(why) from error
    return pd.Series(values, index=written.index, dtype=object)


def _are_met(
    answers: "pd.Series[Any]", is_declared: BoolArray, ids: "pd.Series[str]", report: FileReport
) -> BoolArray:
    """Tell which places meet the conditions of their exemption, as far as the service says."""
    is_refused = answers.eq(other=False).to_numpy(dtype=bool)
    is_silent = answers.isna().to_numpy(dtype=bool) & is_declared
    _set_aside(ids[is_refused], "dont les conditions ne sont pas remplies", report)
    _set_aside(ids[is_silent], "dont rien ne dit que les conditions sont remplies", report)
    return ~(is_refused | is_silent)
