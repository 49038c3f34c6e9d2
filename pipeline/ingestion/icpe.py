"""Classified installations (ICPE): points of Géorisques, footprints supplied by the service."""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd

from pipeline.contracts import conform
from pipeline.errors import SourceError
from pipeline.ingestion.encoding import undo_double_encoding
from pipeline.ingestion.points import to_points
from pipeline.ingestion.prepared_points import read_prepared_points
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import drop_repeated, keep_polygons
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.tables import read_csv, read_json
from pipeline.ingestion.vector import list_layers, read_layer
from pipeline.schemas import Installation

_ATTRIBUTES = ("name", "regime", "seveso", "activity", "headings")
_VAGUE = r"centro[iï]de|commune|adresse|valeur initiale|inconnu"
# First match wins; a word of the source that none fits stays as it is.
_REGIMES = (
    ("Autres régimes", r"autres? r[ée]gimes?"),
    ("Non ICPE", r"non[ -]?(?:icpe|class[ée]e?)|nc"),
    ("Enregistrement", r"(?:soumise? [àa] )?enregistrement.*|e"),
    ("Déclaration", r"(?:soumise? [àa] )?d[ée]claration.*|dc?"),
    ("Autorisation", r"(?:soumise? [àa] )?autorisation.*|as?"),
)
# Companions of the Géorisques archive that say nothing a car park needs.
_UNUSED = ("inspection", "fichier")


def read_installations(
    points: Sequence[FileReport], footprints: Sequence[FileReport], scope: Scope
) -> gpd.GeoDataFrame:
    """
    Read the installations of the window, one row each, a supplied footprint before a point.

    Formats: Géorisques CSV (with `rubriqueIC.csv` beside it, in its archive or not; wrong quotes
    are mended and told) and JSON pages, S3IC shapefile, any CSV with two columns of coordinates. A
    footprint takes the attributes of the point of its id.

    Returns
    -------
    installations
        `Installation`, in the territory CRS, sorted by id.

    Raises
    ------
    SourceError
        If a file cannot be read, or none of `icpe/` holds installations.
    """
    located = _read_points(points, scope)
    drawn = _read_footprints(footprints, scope)
    merged = drawn.set_index("installation_id")
    known = located.set_index("installation_id")[list(_ATTRIBUTES)]
    for column in _ATTRIBUTES:
        merged[column] = merged[column].fillna(known[column].reindex(merged.index))
    alone = located[~located["installation_id"].isin(drawn["installation_id"])]
    rows = pd.concat([merged.reset_index(), alone]).sort_values("installation_id")
    return gpd.GeoDataFrame(conform(Installation, rows.reset_index(drop=True), scope.territory.crs))


def _read_points(reports: Sequence[FileReport], scope: Scope) -> pd.DataFrame:
    seen: set[str] = set()
    tables, headings = [_none()], []
    for report in reports:
        for table, layer in _tables(report, scope):
            if _holds_headings(table, scope):
                headings.append(_headings(table, scope))
                report.row_count += len(table)
            elif not _has_name(table, scope) and _tells_inspections(table):
                report.note("fichier d'inspections : sans usage ici")
            else:
                tables.append(_points(table, layer, scope, seen, report))
    if reports and len(tables) == 1:
        msg = "icpe/ : aucun fichier d'installations (colonnes codeAiot, raisonSociale…)"
        raise SourceError(msg)
    return _with_headings(pd.concat(tables, ignore_index=True), headings)


def _tables(report: FileReport, scope: Scope) -> list[tuple[pd.DataFrame, str]]:
    copied = read_prepared_points(report, scope)
    if copied is not None:
        return [(copied, report.file.stem)]
    if report.file.format == "csv":
        return [(read_csv(report, mends=True), report.file.stem)]
    if report.file.format == "json":
        return [(read_json(report), report.file.stem)]
    return [(read_layer(report, layer, scope), layer) for layer in list_layers(report)]


def _has_name(table: pd.DataFrame, scope: Scope) -> bool:
    return scope.catalogue["icpe"].find(table, "name") is not None


def _tells_inspections(table: pd.DataFrame) -> bool:
    return any(word in name for name in table.columns for word in _UNUSED)


def _holds_headings(table: pd.DataFrame, scope: Scope) -> bool:
    folder = scope.catalogue["icpe"]
    return folder.find(table, "heading") is not None and not _has_name(table, scope)


def _headings(table: pd.DataFrame, scope: Scope) -> "pd.Series[str]":
    """Return the headings of each installation, sorted and joined by `;`."""
    folder = scope.catalogue["icpe"]
    folder.require(table, "icpe/, fichier des rubriques")
    pairs = pd.DataFrame({"id": folder.take(table, "id"), "heading": folder.take(table, "heading")})
    pairs = pairs.dropna().drop_duplicates().sort_values(["id", "heading"])
    return pairs.groupby("id")["heading"].agg(";".join)


def _with_headings(rows: pd.DataFrame, headings: "list[pd.Series[str]]") -> pd.DataFrame:
    for known in headings:
        found = rows["installation_id"].map(known)
        rows["headings"] = rows["headings"].fillna(found)
    return rows


def _points(
    table: pd.DataFrame, layer: str, scope: Scope, seen: set[str], report: FileReport
) -> pd.DataFrame:
    folder = scope.catalogue["icpe"]
    folder.require(table, report.file.name)
    placed = table if isinstance(table, gpd.GeoDataFrame) else to_points(table, scope, report)
    placed = gpd.GeoDataFrame(placed, geometry="geometry", crs=scope.territory.crs)
    ranks = [report.file.row_id(layer, rank) for rank in placed.index]
    given = folder.take(placed, "id").fillna(pd.Series(ranks, index=placed.index, dtype="str"))
    placed, ids = drop_repeated(placed, list(given), seen, report)
    report.row_count += len(placed)
    for date in folder_dates(placed):
        report.keep_latest(date)
    vague = folder.take(placed, "precision").str.contains(_VAGUE, case=False, na=False)
    return _rows(placed, ids, "icpe", scope).assign(
        is_footprint=False, is_precise=~vague.to_numpy()
    )


def folder_dates(table: pd.DataFrame) -> list[str]:
    """Return the latest date of update that the rows give, if any."""
    for name in ("date_maj", "date_modification", "datemaj"):
        if name in table.columns and table[name].notna().any():
            return [str(table[name].dropna().astype("str").max())]
    return []


def _read_footprints(reports: Sequence[FileReport], scope: Scope) -> pd.DataFrame:
    seen: set[str] = set()
    folder = scope.catalogue["icpe_emprises"]
    tables = [_none()]
    for report in reports:
        for layer in list_layers(report):
            table = read_layer(report, layer, scope)
            folder.require(table, f"{report.file.name}, couche {layer}")
            code = folder.take(table, "id")
            report.count(
                int(code.isna().sum()),
                "emprise sans code_aiot écartée",
                "emprises sans code_aiot écartées",
            )
            table = table[code.notna()]
            table = keep_polygons(table, list(code.dropna()), report)
            table, ids = drop_repeated(table, list(folder.take(table, "id")), seen, report)
            report.row_count += len(table)
            rows = _rows(table, [name.split("#")[0] for name in ids], "icpe_emprises", scope)
            tables.append(_one_footprint_each(rows, scope))
    rows = pd.concat(tables, ignore_index=True)
    return rows.assign(is_footprint=True, is_precise=True)


def _one_footprint_each(rows: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """Return one row per installation: a site drawn in several polygons is one footprint."""
    if rows["installation_id"].is_unique:
        return rows
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=scope.territory.crs)
    return pd.DataFrame(frame.dissolve("installation_id", as_index=False))


def _rows(
    table: pd.DataFrame, ids: "Sequence[str] | pd.Series[str]", source: str, scope: Scope
) -> pd.DataFrame:
    folder = scope.catalogue[source]
    columns = {name: folder.take(table, name).to_numpy() for name in _ATTRIBUTES}
    columns["name"] = undo_double_encoding(folder.take(table, "name")).to_numpy()
    columns["regime"] = normalised_regime(folder.take(table, "regime")).to_numpy()
    geometry = table["geometry"].to_numpy()
    return pd.DataFrame({"installation_id": ids, "source": source, **columns, "geometry": geometry})


def normalised_regime(given: "pd.Series[str]") -> "pd.Series[str]":
    """Return the regime in the words of Géorisques, whatever the delivery: code, case, sentence."""
    result = given.copy()
    for name, pattern in _REGIMES:
        fits = given.str.strip().str.fullmatch(pattern, case=False).fillna(value=False)
        result = result.mask(fits.astype(bool), name)
    return result


def _none() -> pd.DataFrame:
    columns = ["installation_id", "source", *_ATTRIBUTES, "is_footprint", "is_precise", "geometry"]
    return pd.DataFrame(columns=columns)
