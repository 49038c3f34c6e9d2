"""Tables without geometry, and OSM data, copied to the store of prepared sources."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyproj import CRS

from pipeline.errors import SourceError
from pipeline.ingestion import prepared_heights, prepared_osm, prepared_owners, prepared_points
from pipeline.ingestion.osm import read_raw
from pipeline.ingestion.osm_objects import GroundTags
from pipeline.ingestion.owners import batches_of, rows_of, shape_of
from pipeline.ingestion.points import to_points
from pipeline.ingestion.prepared import Meta, Store, copy_key, effects_of
from pipeline.ingestion.prepared_rows import FID, write_rows
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.tables import read_csv, read_json


def prepare_osm(
    store: Store,
    reports: Sequence[FileReport],
    scope: Scope,
    ground: GroundTags,
    lines: GroundTags,
) -> str | None:
    """Copy the objects of raw OSM files, assembled together; return the key of the copy."""
    files = [report.file for report in reports]
    key = prepared_osm.key_of_files(files, ground, lines)
    if store.sound(key) is not None:
        return key
    trials = [FileReport(file) for file in files]
    try:
        found = read_raw(trials, scope, ground, lines)
    except SourceError:  # told when a commune reads it
        return None

    def write(folder: Path) -> Meta:
        meta = prepared_osm.write_objects(folder, found)
        return {**meta, "effects": [effects_of(trial) for trial in trials]}

    store.make(key, files, write)
    return key


def prepare_owners(store: Store, report: FileReport) -> str | None:
    """Copy the rights of a file of the DGFiP; None for a file of premises, or that is refused."""
    key = copy_key(report.file, prepared_owners.KIND)
    if store.sound(key) is not None:
        return key
    trial = FileReport(report.file)

    def parts() -> "Iterator[tuple[pd.DataFrame, pd.Series[str]]]":
        shape = shape_of(trial)
        if shape is not None:
            yield from (rows_of(batch, None) for batch in batches_of(trial, shape))

    def write(folder: Path) -> Meta:
        prepared_owners.write_owners(folder / prepared_owners.ROWS, parts())
        if not (folder / prepared_owners.ROWS).exists():
            why = "aucun droit sur une parcelle"
            raise trial.refusal(why)
        return {"effects": effects_of(trial)}

    try:
        store.make(key, [report.file], write)
    except SourceError:  # told when a commune reads it
        return None
    return key


def prepare_points(store: Store, report: FileReport, scope: Scope) -> str | None:
    """Copy the rows of a CSV or JSON file that have coordinates; None for one without any."""
    key = prepared_points.key_of_points(report, scope)
    if store.sound(key) is not None:
        return key
    trial = FileReport(report.file)
    everywhere = dataclasses.replace(scope, window=None)
    folder = scope.catalogue[report.file.folder]
    try:
        if report.file.format == "csv":
            table = read_csv(trial, mends=report.file.folder == "icpe")  # as its reader does
        else:
            table = read_json(trial)
        if table.empty or ("name" in folder.columns and folder.find(table, "name") is None):
            return None
        placed = to_points(table, everywhere, trial)
    except SourceError:  # told when a commune reads it
        return None
    if placed.empty or {"geometry", prepared_points.GEOMETRY} & set(table.columns):
        return None
    texts = placed.drop(columns="geometry").astype("str")
    rows = pa.Table.from_pandas(texts, preserve_index=False).replace_schema_metadata(None)
    rows = rows.append_column(FID, pa.array(placed.index.to_numpy()))
    rows = rows.append_column(prepared_points.GEOMETRY, pa.array(placed.geometry.to_wkb()))
    dtypes = {str(name): str(dtype) for name, dtype in table.dtypes.items()}

    def write(folder: Path) -> Meta:
        shapes = placed.geometry.to_numpy()
        crs = CRS(scope.territory.crs)
        write_rows(folder / prepared_points.ROWS, rows, shapes, prepared_points.GEOMETRY, crs)
        return {"dtypes": dtypes, "effects": effects_of(trial)}

    store.make(key, [report.file], write)
    return key


def prepare_heights(store: Store, report: FileReport, scope: Scope) -> str | None:
    """Note where a raster of heights lies; None for one that is refused."""
    key = prepared_heights.key_of_heights(report.file, scope)
    if store.sound(key) is not None:
        return key
    from pipeline.ingestion.height_files import locate_height_file  # slow to load, seldom needed

    trial = FileReport(report.file)
    try:
        bounds = locate_height_file(trial, dataclasses.replace(scope, window=None))
    except SourceError:  # told when a commune reads it
        return None
    store.make(key, [report.file], lambda _: {"bounds": list(bounds), "effects": effects_of(trial)})
    return key
