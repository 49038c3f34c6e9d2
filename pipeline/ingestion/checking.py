"""Which sources are here, and whether each file can be used: `sources list` and `check`."""

import tempfile
from pathlib import Path

import pandas as pd

from pipeline.crs import Territory
from pipeline.errors import SourceError
from pipeline.ingestion.catalogue import Catalogue
from pipeline.ingestion.files import find_files
from pipeline.ingestion.formats import RAW_OSM, READ_IN, VECTORS
from pipeline.ingestion.osm import read_objects
from pipeline.ingestion.points import to_points
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.tables import read_csv, read_json
from pipeline.ingestion.vector import list_layers, read_layer


def list_sources(data: Path, catalogue: Catalogue) -> pd.DataFrame:
    """
    Return one row per known folder: what it is, who makes it, how many files are here.

    Nothing is opened; a missing folder has no `files`.
    """
    rows = [
        {
            "folder": name,
            "label": folder.label,
            "formats": folder.formats,
            "files": _count(data / name),
            "producer": folder.producer,
            "licence": folder.licence,
        }
        for name, folder in catalogue.items()
    ]
    return pd.DataFrame(rows).astype({"files": "Int64"})


def _count(folder: Path) -> int | None:
    """Return the number of files of a folder, None when it is absent."""
    return sum(path.is_file() for path in folder.rglob("*")) if folder.is_dir() else None


def check_sources(data: Path, territory: Territory, catalogue: Catalogue) -> pd.DataFrame:
    """
    Open every file of every known folder and say, in one line each, whether it can be used.

    Returns
    -------
    table
        Columns `file`, `format`, `rows`, `remarks`, `problem` (missing when the file is sound).
    """
    with tempfile.TemporaryDirectory(prefix="parzan-") as work:
        scope = Scope(territory, None, "", catalogue, Path(work))
        rows = [row for name in catalogue for row in _check_folder(data, name, scope)]
    columns = ["file", "format", "rows", "remarks", "problem"]
    return pd.DataFrame(rows, columns=columns).astype({"rows": "Int64"})


def _check_folder(data: Path, name: str, scope: Scope) -> list[dict[str, object]]:
    try:
        files = find_files(data, name, scope.work)
    except SourceError as error:
        return [{"file": f"{name}/", "problem": str(error)}]
    if files is None:
        return [{"file": f"{name}/", "remarks": "dossier absent"}]
    return [_check_file(FileReport(file), scope) for file in files]


def _check_file(report: FileReport, scope: Scope) -> dict[str, object]:
    row: dict[str, object] = {"file": report.file.name, "format": report.file.format}
    if report.file.format not in READ_IN.get(report.file.folder, VECTORS):
        return {**row, "problem": "format non lu dans ce dossier : fichier ignoré"}
    try:
        rows = _open(report, scope)
    except SourceError as error:
        return {**row, "problem": str(error)}
    return {**row, "rows": rows, "remarks": " ; ".join(report.remarks) or None}


def _open(report: FileReport, scope: Scope) -> int:
    """Read a file as its folder's reader would, for the whole territory; return its rows."""
    if report.file.format in RAW_OSM:
        return len(read_objects([report], scope, frozenset()).keys())
    folder = scope.catalogue[report.file.folder]
    if report.file.format in VECTORS:
        tables = [read_layer(report, layer, scope) for layer in list_layers(report)]
        for table in tables:
            folder.require(table, report.file.name)
        return sum(len(table) for table in tables)
    rows = read_csv(report) if report.file.format == "csv" else read_json(report)
    if folder.columns:
        folder.require(rows, report.file.name)
    is_headings = "heading" in folder.columns and folder.find(rows, "heading") is not None
    return len(rows) if is_headings else len(to_points(rows, scope, report))
