"""Which year a land cover is of: its column, its columns' names, or the names around it."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import geopandas as gpd
import pandas as pd

from pipeline.ingestion.catalogue import SourceFolder
from pipeline.ingestion.land_layers import ChangeColumns, StockColumns
from pipeline.ingestion.provenance import FileReport

_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
# What follows a département in the names of IGN: D062_2021-01-01, D62-2021, D02A_2019.
_AFTER_DEPARTEMENT = re.compile(
    r"D(?:[0-9]{2,3}|0?2[AB])[-_](?P<year>(?:19|20)[0-9]{2})(?![0-9])", re.IGNORECASE
)
_TWO_YEARS = re.compile(
    r"(?<![0-9])(?P<one>(?:19|20)[0-9]{2})[-_](?P<two>(?:19|20)[0-9]{2})(?![0-9])"
)
_DELIVERY = "livraison"  # the year of such a folder is that of the delivery
_LEADING_YEAR = r"^((?:19|20)[0-9]{2})(?![0-9])"


def read_vintages(
    table: gpd.GeoDataFrame,
    layer: str,
    columns: StockColumns,
    report: FileReport,
    folder: SourceFolder,
) -> "pd.Series[int]":
    """
    Return the vintage (year) of each polygon: its `millesime`, else what names tell.

    Raises
    ------
    SourceError
        If a polygon has no vintage and no name tells one.
    """
    written = folder.take(table, "vintage")
    years = pd.to_numeric(written.str.extract(_LEADING_YEAR)[0])
    number = int(years.isna().sum())
    if not number:
        return years.astype("int64")
    year = columns.year or year_of_name(layer, report)
    if year is None:
        why = (
            f"couche {layer} : millésime inconnu pour {number} polygone(s) sur {len(table)} ;"
            " remplir la colonne millesime, ou mettre l'année dans le nom du fichier"
            " (« …_D062_2021-01-01 »)"
        )
        raise report.refusal(why)
    if columns.year is None:
        report.note(f"couche {layer} : millésime {year} lu dans les noms")
    return years.fillna(year).astype("int64")


def read_two_vintages(layer: str, columns: ChangeColumns, report: FileReport) -> tuple[int, int]:
    """
    Return the two vintages of a difference product, the earlier one first.

    Raises
    ------
    SourceError
        If neither the columns nor any name tell them.
    """
    if columns.before.year is not None and columns.after.year is not None:
        return columns.before.year, columns.after.year
    years = two_years_of_name(layer, report)
    if years is None:
        why = (
            f"couche {layer} : millésimes comparés inconnus ; les mettre dans le nom du fichier"
            " (« …_2018-2021 »)"
        )
        raise report.refusal(why)
    return years


def year_of_name(layer: str, report: FileReport) -> int | None:
    """
    Return the year that the layer bears, else the file, else the nearest folder; None when none.

    A name with several years tells nothing, unless one follows a département, as IGN writes it.
    """
    for name in _names(layer, report):
        after = _AFTER_DEPARTEMENT.search(name)
        years = {after["year"]} if after else set(_YEAR.findall(name))
        if len(years) == 1:
            return int(years.pop())
    return None


def two_years_of_name(layer: str, report: FileReport) -> tuple[int, int] | None:
    """Return the two years (`2018-2021`) of the layer, else of the file or a folder, in order."""
    for name in _names(layer, report):
        if (match := _TWO_YEARS.search(name)) and match["one"] != match["two"]:
            years = sorted((int(match["one"]), int(match["two"])))
            return years[0], years[1]
    return None


def _names(layer: str, report: FileReport) -> Iterator[str]:
    yield layer
    for part in reversed(PurePosixPath(report.file.name).parts[1:]):
        if _DELIVERY not in part.lower():
            yield part
