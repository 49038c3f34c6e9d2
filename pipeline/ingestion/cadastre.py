"""Cadastral plan: parcels, buildings, and the outlines of symbol 64 (parking, terrace)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import drop_repeated, keep_polygons
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import list_layers, read_layer

_IDU_LENGTH = 14
_SHEET_IDU_LENGTH = 12  # EDIGEO leaves the département out
_LIGHT_BUILDING = "02"
# « Parking, terrasse, surplomb » : irregular, mixed with terraces, hence a hint and no more.
_PARKING_SYMBOL = "64"
SHEET_LAYERS = ("PARCELLE_id", "BATIMENT_id", "TLINE_id")
_SHEET = re.compile(r"(?<![0-9A-Z])(?P<departement>[0-9]{2}|2[AB])(?P<commune>[0-9]{3})[0-9A-Z]{7}")


@dataclass
class Cadastre:
    """Rows of the cadastre, sheet after sheet."""

    parcels: list[pd.DataFrame] = field(default_factory=list)
    buildings: list[pd.DataFrame] = field(default_factory=list)
    hints: list[pd.DataFrame] = field(default_factory=list)


def read_cadastre(reports: Sequence[FileReport], scope: Scope) -> Cadastre:
    """
    Read the parcels, buildings and parking symbols that meet the window.

    Raises
    ------
    SourceError
        If a file cannot be read.
    """
    found = Cadastre()
    seen: set[str] = set()
    for report in reports:
        for layer in list_layers(report):
            _read_layer(report, layer, scope, seen, found)
    return found


def _read_layer(
    report: FileReport, layer: str, scope: Scope, seen: set[str], found: Cadastre
) -> None:
    if report.file.format == "edigeo" and layer not in SHEET_LAYERS:
        return
    table = read_layer(report, layer, scope)
    for date in _dates(table):
        report.keep_latest(date)
    kind = _kind(f"{report.file.stem} {layer}".lower(), table, scope)
    if kind == "parcels":
        rows = _parcels(table, scope, seen, report)
    elif kind == "buildings":
        rows = _buildings(table, layer, scope, seen, report)
    elif kind == "hints":
        rows = _hints(table, layer, scope, seen, report)
    else:
        report.note(f"couche {layer} : sans usage ici")
        return
    getattr(found, kind).append(rows)
    report.row_count += len(rows)


def _kind(name: str, table: gpd.GeoDataFrame, scope: Scope) -> str | None:
    """Return which table a layer feeds, or None."""
    folder = scope.catalogue["cadastre"]
    if "tline_id" in name:
        return "hints"
    has_number = folder.find(table, "number") and folder.find(table, "section")
    if "parcelle_id" in name or (has_number and folder.find(table, "idu")):
        return "parcels"
    if re.search(r"sections?\b|feuilles?\b|lieu|commune|subdivision|prefixe", name):
        return None
    if "idu" in table.columns or ("contenance" in table.columns and folder.find(table, "idu")):
        return "parcels"
    return "buildings" if "batiment" in name else None


def _dates(table: gpd.GeoDataFrame) -> list[str]:
    for name in ("updated", "update_date"):
        if name in table.columns and table[name].notna().any():
            latest = str(table[name].dropna().astype("str").max())
            is_compact = latest[:8].isdigit()
            return [f"{latest[:4]}-{latest[4:6]}-{latest[6:8]}" if is_compact else latest]
    return []


def _parcels(
    table: gpd.GeoDataFrame, scope: Scope, seen: set[str], report: FileReport
) -> pd.DataFrame:
    folder = scope.catalogue["cadastre"]
    table = table.assign(idu=_idu(table, scope, report))
    has_idu = table["idu"].str.len().eq(_IDU_LENGTH).fillna(value=False).to_numpy(dtype=bool)
    report.count(
        int((~has_idu).sum()),
        "parcelle sans identifiant écartée",
        "parcelles sans identifiant écartées",
    )
    table = table[has_idu]
    table = keep_polygons(table, list(table["idu"]), report)
    table, ids = drop_repeated(table, list(table["idu"]), seen, report)
    rows = pd.DataFrame(
        {
            "idu": [idu.split("#")[0] for idu in ids],
            "declared_area_m2": pd.to_numeric(
                folder.take(table, "declared_area_m2"), errors="coerce"
            ).to_numpy(),
            "geometry": table.geometry.to_numpy(),
        }
    )
    return _one_row_each(rows, scope)


def _one_row_each(rows: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """Return one row per parcel: one cut between two rows gets its parts back together."""
    if rows["idu"].is_unique:
        return rows
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=scope.territory.crs)
    return pd.DataFrame(frame.dissolve("idu", as_index=False))


def _idu(table: gpd.GeoDataFrame, scope: Scope, report: FileReport) -> "pd.Series[str]":
    """Return the 14-character id, given or rebuilt: commune, prefix, section, number."""
    folder = scope.catalogue["cadastre"]
    given = folder.take(table, "idu")
    if given.str.len().eq(_SHEET_IDU_LENGTH).any():
        return _departement(given, scope, report) + given
    rebuilt = (
        folder.take(table, "insee_code")
        + folder.take(table, "prefix").fillna("000").str.zfill(3)
        + folder.take(table, "section").str.zfill(2)
        + folder.take(table, "number").str.zfill(4)
    )
    return given.where(given.str.len().eq(_IDU_LENGTH).fillna(value=False), rebuilt)


def _departement(given: "pd.Series[str]", scope: Scope, report: FileReport) -> str:
    """Return the two characters that EDIGEO leaves out, from the name of the sheet."""
    commune = given.dropna().str[:3].mode().iloc[0]
    for match in _SHEET.finditer(report.file.name.upper()):
        if match["commune"] == commune:
            return match["departement"]
    code = scope.insee_code[:2]
    report.note(f"nom de feuille sans code de commune : département {code} supposé")
    return code


def _buildings(
    table: gpd.GeoDataFrame, layer: str, scope: Scope, seen: set[str], report: FileReport
) -> pd.DataFrame:
    given = [f"cadastre/{report.file.row_id(layer, rank)}" for rank in table.index]
    table, ids = drop_repeated(table, given, seen, report)
    table = keep_polygons(table.assign(building_id=ids), ids, report)
    kind = scope.catalogue["cadastre"].take(table, "building_type")
    return pd.DataFrame(
        {
            "building_id": table["building_id"],
            "source": "cadastre",
            "is_open": kind.str.zfill(2).eq(_LIGHT_BUILDING).fillna(value=False).astype(bool),
            "geometry": table.geometry.to_numpy(),
        }
    )


def _hints(
    table: gpd.GeoDataFrame, layer: str, scope: Scope, seen: set[str], report: FileReport
) -> pd.DataFrame:
    symbol = scope.catalogue["cadastre"].take(table, "symbol")
    table = table[symbol.eq(_PARKING_SYMBOL).fillna(value=False).to_numpy(dtype=bool)]
    given = [f"cadastre/{report.file.row_id(layer, rank)}" for rank in table.index]
    table, ids = drop_repeated(table, given, seen, report)
    return pd.DataFrame({"hint_id": ids, "geometry": table.geometry.to_numpy()})
