"""OCS GE: land covers by vintage, with the status that IGN's products state."""

from collections.abc import Collection, Sequence
from functools import partial

import geopandas as gpd
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.contracts import check
from pipeline.ingestion.catalogue import as_text
from pipeline.ingestion.land_codes import read_codes
from pipeline.ingestion.land_coverage import as_coverage
from pipeline.ingestion.land_layers import (
    FOLDER,
    StockColumns,
    layers_with_codes,
    read_layers,
    read_polygons,
    told_apart,
)
from pipeline.ingestion.land_years import read_two_vintages, read_vintages
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.schemas import LandPiece

_STATUS = {"artif": True, "non artif": False}
_YES_NO = {
    **dict.fromkeys(["1", "true", "t", "oui", "o", "vrai"], True),
    **dict.fromkeys(["0", "false", "f", "non", "n", "faux"], False),
}


def read_land(
    reports: Sequence[FileReport],
    scope: Scope,
    assumptions: Assumptions,
    known_codes: Collection[str],
) -> gpd.GeoDataFrame:
    """
    Read the land covers of a folder, whole files: thresholds come before any cut by commune.

    The window of `scope` is not used: a component that crosses it would lose its size. Files of one
    vintage are stacked, and checked or mended together as one coverage. Difference products are
    left to `read_declared_changes`; other layers are noted.

    Parameters
    ----------
    reports, scope
        Files of `ocsge/`, vector layers; territory, catalogue.
    assumptions
        Tolerances of the coverage, `land_cover`.
    known_codes
        Dotted codes of the nomenclature, both axes; any other is left missing and told.

    Returns
    -------
    pieces
        `LandPiece`, every vintage, sorted by vintage then id. Empty when no layer is a land cover.

    Raises
    ------
    SourceError
        If a layer cannot be read, lacks one of the two codes, has no vintage, or if a vintage
        cannot be made a coverage within the tolerances.
    """
    crs = scope.territory.crs
    read = partial(_read_layer, known_codes)
    rows = read_layers(LandPiece, StockColumns, reports, scope, read)
    if rows.empty:
        return check(LandPiece, rows, crs)
    by_name = {report.file.name: report for report in reports}
    covers = [
        as_coverage(rows[rows["vintage"] == year], by_name, scope.territory, assumptions.land_cover)
        for year in sorted(rows["vintage"].unique())
    ]
    pieces = pd.concat(covers).sort_values(["vintage", "land_id"], ignore_index=True)
    for name, number in pieces["source"].value_counts().items():
        by_name[str(name)].row_count += int(number)
    pieces["land_id"] = told_apart(pieces["land_id"])
    return check(LandPiece, gpd.GeoDataFrame(pieces, crs=crs), crs)


def count_rows(report: FileReport, scope: Scope) -> int:
    """Open the layers of a file that hold codes, without their coverage; return their polygons."""
    found = 0
    for layer, columns in layers_with_codes(report, scope):
        table = read_polygons(report, layer, scope)
        if isinstance(columns, StockColumns):
            read_vintages(table, layer, columns, report, scope.catalogue[FOLDER])
        else:
            read_two_vintages(layer, columns, report)
        found += len(table)
    return found


def _read_layer(
    known_codes: Collection[str],
    report: FileReport,
    layer: str,
    columns: StockColumns,
    scope: Scope,
) -> pd.DataFrame:
    folder = scope.catalogue[FOLDER]
    table = read_polygons(report, layer, scope)
    years = read_vintages(table, layer, columns, report, folder)
    if (years > scope.latest_year).any():
        why = (
            f"couche {layer} : millésime {int(years.max())} à venir ; corriger la colonne millesime"
            " ou le nom du fichier"
        )
        raise report.refusal(why)
    if len(years):
        report.vintage = max(report.vintage or "", str(years.max()))
    if folder.find(table, "frame") is None:
        report.note(f"couche {layer} sans colonne ossature : aucun polygone n'en est")
    return pd.DataFrame(
        {
            "land_id": years.astype("str") + "/" + table["row_id"],
            "vintage": years,
            "cover_code": read_codes(as_text(table[columns.cover]), "CS", known_codes, report),
            "use_code": read_codes(as_text(table[columns.use]), "US", known_codes, report),
            "is_frame": _told(folder.take(table, "frame"), _YES_NO, report).fillna(value=False),
            "origin": "ocsge",
            "source": report.file.name,
            "declared_artificial": _told(folder.take(table, "artificial"), _STATUS, report),
            "declared_by_threshold": _told(folder.take(table, "by_threshold"), _YES_NO, report),
            "geometry": table.geometry.to_numpy(),
        }
    )


def _told(
    written: "pd.Series[str]", meaning: dict[str, bool], report: FileReport
) -> "pd.Series[bool]":
    """Return what a column says, nullable; missing where it is blank or says something else."""
    told = written.str.lower().map(meaning).astype("boolean")
    other = written[told.isna() & written.notna()]
    words = " ou ".join(list(meaning)[:2])
    report.count(
        len(other), f"valeur autre que {words}", f"valeurs autres que {words}", ids=other.unique()
    )
    return told
