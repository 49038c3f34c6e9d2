"""National layers of car parks: `parkings_sup500m2` and the declared units of POT-SOL-PARK."""

import re
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.ingestion.outlines import keep_outlines
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import drop_repeated
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import list_layers, read_layer

_UNITS = re.compile(r"pot.?sol|unites?.?fonci", re.IGNORECASE)
_NATIONAL = re.compile(r"sup.?500", re.IGNORECASE)
_DATE = re.compile(r"(?<!\d)(20\d{2})-?(\d{2})-?(\d{2})(?!\d)")
# First match wins: an underground park may also say that it has several levels.
_TYPES = (
    ("souterrain", r"souterrain|sous-sol"),
    ("aerien_bati", r"étage|etage|silo|aérien|aerien|bâti|ouvrage"),
    ("toiture", r"toit"),
    ("couvert", r"couvert"),
)


def read_parkings(reports: Sequence[FileReport], scope: Scope) -> list[pd.DataFrame]:
    """
    Read the candidates of the national layers that meet the window.

    `parkings_sup500m2` draws car parks (`outline`); POT-SOL-PARK gives the land that holds one
    somewhere (`enclosing`). Rows without outline are kept with a `defect`.

    Raises
    ------
    SourceError
        If a file cannot be read, or is neither of the two layers.
    """
    seen: set[str] = set()
    return [
        _read_layer(report, layer, scope, seen)
        for report in reports
        for layer in list_layers(report)
    ]


def _read_layer(report: FileReport, layer: str, scope: Scope, seen: set[str]) -> pd.DataFrame:
    folder = scope.catalogue["parkings"]
    table = read_layer(report, layer, scope, keep_missing=True)
    source = _source(f"{report.file.name} {layer}", table, report, scope)
    for match in _DATE.finditer(report.file.name):
        report.keep_latest("-".join(match.groups()))
    column = (
        "id" if source == "parkings_sup500m2" or not folder.find(table, "unit_id") else "unit_id"
    )
    ranks = [report.file.row_id(layer, rank) for rank in table.index]
    names = folder.take(table, column).fillna(pd.Series(ranks, index=table.index, dtype="str"))
    given = [f"{source}/{name.removeprefix(f'{source}/')}" for name in names]
    table, ids = drop_repeated(table, given, seen, report)
    table = keep_outlines(table.assign(candidate_id=ids), report)
    report.row_count += len(table)
    return pd.DataFrame(
        {
            "candidate_id": table["candidate_id"],
            "source": source,
            "source_id": table["candidate_id"].str.removeprefix(f"{source}/"),
            "role": table["role"] if source == "parkings_sup500m2" else "enclosing",
            "parking_type": _parking_type(folder.take(table, "kind")),
            "is_for_trucks": False,
            "name": folder.take(table, "name"),
            "vintage": report.vintage,
            "defect": table["defect"],
            "geometry": table.geometry.to_numpy(),
        }
    )


def _source(name: str, table: gpd.GeoDataFrame, report: FileReport, scope: Scope) -> str:
    if _UNITS.search(name):
        return "pot_sol_park"
    folder = scope.catalogue["parkings"]
    if folder.find(table, "area_m2") or _NATIONAL.search(name):
        return "parkings_sup500m2"
    if folder.find(table, "unit_id"):
        return "pot_sol_park"
    columns = ", ".join(str(column) for column in table.columns if column != "geometry")[:200]
    why = (
        f"ni parkings_sup500m2 (colonne surfm2) ni POT-SOL-PARK (unités foncières) ;"
        f" colonnes présentes : {columns or 'aucune'} ; vérifier le fichier"
    )
    raise report.refusal(why)


def _parking_type(kind: "pd.Series[str]") -> "pd.Series[str]":
    text = kind.str.lower()
    tests = [text.str.contains(pattern, regex=True, na=False) for _, pattern in _TYPES]
    names = np.select(tests, [name for name, _ in _TYPES], "surface")
    return pd.Series(names, index=kind.index, dtype="str")
