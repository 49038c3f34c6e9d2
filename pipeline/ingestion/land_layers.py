"""Layers of a land cover: what each holds, told by its columns, and its polygons."""

import dataclasses
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import geopandas as gpd
import pandas as pd

from pipeline.contracts import conform, empty
from pipeline.ingestion.catalogue import SourceFolder
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import keep_polygons
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import count_fields, list_layers, read_layer
from pipeline.schemas import Table

FOLDER = "ocsge"

_DATED = re.compile(r"(?:code_)?(?P<axis>cs|us)_?(?P<year>(?:19|20)?[0-9]{2})")
_CENTURY = 2000  # of `cs21`
_DIFFERENCE = 2
_AXES = {"cs": "couverture (code_cs)", "us": "usage (code_us)"}


@dataclass(frozen=True)
class StockColumns:
    """Names of the codes of a land cover of one vintage; `year` when the names bear it."""

    cover: str
    use: str
    year: int | None = None


@dataclass(frozen=True)
class ChangeColumns:
    """Names of the codes of a difference product, the earlier vintage first."""

    before: StockColumns
    after: StockColumns


Columns = TypeVar("Columns", StockColumns, ChangeColumns)


def layers_with_codes(
    report: FileReport, scope: Scope
) -> Iterator[tuple[str, StockColumns | ChangeColumns]]:
    """Yield the layers of a file that hold codes, with their columns; note the others."""
    for layer in list_layers(report):
        names, _ = count_fields(report, layer)
        columns = find_columns(names, layer, report, scope.catalogue[FOLDER])
        if columns is None:
            report.note(f"couche {layer} sans codes de couverture et d'usage, non lue")
        else:
            yield layer, columns


def read_layers(
    schema: type[Table],
    kind: type[Columns],
    reports: Sequence[FileReport],
    scope: Scope,
    read: Callable[[FileReport, str, Columns, Scope], pd.DataFrame],
) -> gpd.GeoDataFrame:
    """Return the rows of all layers of a kind, whole, in the order of the files; not checked."""
    whole, crs = dataclasses.replace(scope, window=None), scope.territory.crs
    parts = [
        read(report, layer, columns, whole)
        for report in reports
        for layer, columns in layers_with_codes(report, whole)
        if isinstance(columns, kind)
    ]
    if not any(len(part) for part in parts):
        return empty(schema, crs)
    return gpd.GeoDataFrame(conform(schema, pd.concat(parts, ignore_index=True), crs))


def read_polygons(report: FileReport, layer: str, scope: Scope) -> gpd.GeoDataFrame:
    """Return the polygons of a layer, valid, with the id of the producer or a rank: `row_id`."""
    table = read_layer(report, layer, scope)
    if table.empty:
        report.warn(f"couche {layer} vide")
    ids = scope.catalogue[FOLDER].take(table, "id")
    bare = table.index[ids.isna().to_numpy()]
    ranks = [report.file.row_id(layer, rank) for rank in bare]
    ids = ids.fillna(pd.Series(ranks, index=bare, dtype="str"))
    kept = keep_polygons(table.assign(row_id=ids), ids, report)
    if len(table) and kept.empty:
        report.warn(f"couche {layer} sans aucun polygone : rien n'en est lu")
    return kept


def find_columns(
    names: Collection[str], layer: str, report: FileReport, folder: SourceFolder
) -> StockColumns | ChangeColumns | None:
    """
    Tell what a layer holds from its columns (lower case); None when it is no land cover.

    Raises
    ------
    SourceError
        If one of the two codes is missing, or if a row bears more than two vintages.
    """
    dated = _by_year(names)
    if len(dated) > _DIFFERENCE:
        years = ", ".join(str(year) for year in dated)
        why = f"couche {layer} : {years} dans une même ligne ; déposer une couche par millésime"
        raise report.refusal(why)
    if len(dated) == _DIFFERENCE:
        before, after = (_pair(found, layer, report, year) for year, found in dated.items())
        return ChangeColumns(before, after)
    plain = _named(names, folder, "cover_code", "use_code")
    if len(plain) == len(_AXES):
        return _pair(plain, layer, report)
    sides = [_named(names, folder, f"cover_{side}", f"use_{side}") for side in ("before", "after")]
    if any(sides):
        before, after = (_pair(found, layer, report) for found in sides)
        return ChangeColumns(before, after)
    for year, found in dated.items():
        return _pair(found, layer, report, year)
    words = _named(names, folder, "cover_word", "use_word")
    if len(words) == len(_AXES):
        return _pair(words, layer, report)
    return _pair(plain, layer, report) if plain else None


def _by_year(names: Collection[str]) -> dict[int, dict[str, str]]:
    """Return the columns that bear a year, by year then axis, the earliest year first."""
    found: dict[int, dict[str, str]] = {}
    for name in sorted(names):
        if match := _DATED.fullmatch(name):
            year = int(match["year"])
            full = year if year > _CENTURY / 2 else _CENTURY + year
            found.setdefault(full, {}).setdefault(match["axis"], name)
    return dict(sorted(found.items()))


def _named(names: Collection[str], folder: SourceFolder, cover: str, use: str) -> dict[str, str]:
    known = {"cs": folder.known(names, cover), "us": folder.known(names, use)}
    return {axis: name for axis, name in known.items() if name is not None}


def _pair(
    found: dict[str, str], layer: str, report: FileReport, year: int | None = None
) -> StockColumns:
    for axis, what in _AXES.items():
        if axis not in found:
            of_year = "" if year is None else f" de {year}"
            there = ", ".join(found.values()) or "aucune"
            why = (
                f"couche {layer} : colonne de {what}{of_year} absente ; colonnes de code"
                f" présentes : {there} ; redéposer la couche complète"
            )
            raise report.refusal(why)
    return StockColumns(found["cs"], found["us"], year)


def told_apart(ids: "pd.Series[str]") -> "pd.Series[str]":
    """Return ids that are unique: the second time, `id#2`."""
    rank = ids.groupby(ids).cumcount()
    return ids.where(rank == 0, ids + "#" + (rank + 1).astype("str"))
