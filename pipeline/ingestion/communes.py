"""Commune limits: the commune of the run, and its neighbours inside the window."""

import dataclasses
import re
from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from pipeline.contracts import conform
from pipeline.errors import SourceError
from pipeline.ingestion.catalogue import as_text
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import drop_repeated, keep_polygons
from pipeline.ingestion.scope import Bounds, Scope
from pipeline.ingestion.vector import (
    Equal,
    count_fields,
    list_layers,
    read_columns,
    read_layer,
)
from pipeline.schemas import Commune

_COMMUNES = re.compile(r"communes?", re.IGNORECASE)
INSEE_CODE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")


def find_window(reports: Sequence[FileReport], scope: Scope, halo_m: float) -> Bounds:
    """
    Return the box of the commune of the run, grown by `halo_m` metres, in the territory CRS.

    Raises
    ------
    SourceError
        If the INSEE code has not the right form, or if no file holds this commune.
    """
    code = scope.insee_code
    if INSEE_CODE.fullmatch(code) is None:
        msg = f"« {code[:20]!r} » n'est pas un code INSEE de commune : cinq caractères, comme 35236"
        raise SourceError(msg)
    everywhere = dataclasses.replace(scope, window=None)
    for report in reports:
        trial = FileReport(report.file)  # read again below, with the window: noted once only
        table = read_communes([trial], everywhere, only=code)
        if len(table):
            xmin, ymin, xmax, ymax = table.total_bounds
            return (xmin - halo_m, ymin - halo_m, xmax + halo_m, ymax + halo_m)
    names = ", ".join(report.file.name for report in reports)[:200]
    msg = f"commune {code} absente de {names} ; vérifier le code INSEE ou déposer ses limites"
    raise SourceError(msg)


def read_communes(
    reports: Sequence[FileReport], scope: Scope, *, only: str | None = None
) -> gpd.GeoDataFrame:
    """
    Read the communes that meet the window.

    Returns
    -------
    communes
        `Commune`, in the territory CRS, sorted by INSEE code.

    Raises
    ------
    SourceError
        If a file cannot be read or has no column for the INSEE code.
    """
    seen: set[str] = set()
    tables = [
        _read_layer(report, layer, scope, seen, only)
        for report in reports
        for layer in _commune_layers(report)
    ]
    communes = pd.concat(tables).sort_values("insee_code", ignore_index=True)
    return gpd.GeoDataFrame(conform(Commune, communes, scope.territory.crs))


def insee_codes(report: FileReport, scope: Scope) -> list[str]:
    """Return the INSEE codes of a file, nothing placed; none when it cannot be read."""
    folder = scope.catalogue["communes"]
    codes: list[str] = []
    try:
        for layer in _commune_layers(report):
            fields, _ = count_fields(report, layer)
            name = folder.known(fields, "insee_code")
            if name is not None:
                column = read_columns(report, layer, [name], scope.work)[name]
                codes.extend(as_text(column).dropna())
    except SourceError:  # told when the file is read
        return []
    return [code for code in codes if INSEE_CODE.fullmatch(code)]


def _commune_layers(report: FileReport) -> list[str]:
    """Return the layers called communes, or all: national files also draw the départements."""
    layers = list_layers(report)
    return [name for name in layers if _COMMUNES.fullmatch(name)] or layers


def _read_rows(report: FileReport, layer: str, scope: Scope, only: str | None) -> gpd.GeoDataFrame:
    """Read one commune, or those of the window; a national file is not decoded to find one row."""
    fields, _ = count_fields(report, layer)
    name = scope.catalogue["communes"].known(fields, "insee_code")
    if only is not None and name is not None:
        try:
            row = read_layer(report, layer, scope, equal=Equal(name, only))
        except SourceError:  # a column of numbers: compared below, once read
            return read_layer(report, layer, scope)
        if len(row):
            return row
    return read_layer(report, layer, scope)


def _read_layer(
    report: FileReport, layer: str, scope: Scope, seen: set[str], only: str | None
) -> gpd.GeoDataFrame:
    folder = scope.catalogue["communes"]
    table = _read_rows(report, layer, scope, only)
    folder.require(table, f"{report.file.name}, couche {layer}")
    table = table.assign(
        insee_code=folder.take(table, "insee_code"),
        name=folder.take(table, "name").fillna(""),
        epci_name=folder.take(table, "epci_name"),
    )[["insee_code", "name", "epci_name", "geometry"]]
    is_code = table["insee_code"].str.fullmatch(INSEE_CODE.pattern).fillna(value=False).astype(bool)
    report.count(int((~is_code).sum()), "ligne sans code INSEE", "lignes sans code INSEE")
    table = table[is_code & (table["insee_code"] == only if only else True)]
    table = keep_polygons(table, list(table["insee_code"]), report)
    table, codes = drop_repeated(table, list(table["insee_code"]), seen, report)
    # A commune drawn in several rows would come back as `35236#2`: one row each, whole.
    table = table.assign(insee_code=[code.split("#")[0] for code in codes])
    report.row_count += len(table)
    return table.dissolve("insee_code", as_index=False) if len(table) else table
