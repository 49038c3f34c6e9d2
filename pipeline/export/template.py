"""An empty GeoPackage, layers and styles, made once per process: what no commune changes."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyogrio

from pipeline.export.layers import GEOMETRY_COLUMN, Layer
from pipeline.export.registry import write_schema, write_styles
from pipeline.export.styles import stored_styles
from pipeline.export.typed_rows import to_arrow

VERSION = "1.3"  # GDAL's own default, 1.4, makes the QGIS of Debian 12 warn
_NO_MOMENT = "1970-01-01T00:00:00.000Z"  # each product puts its own


@dataclass(frozen=True)
class Template:
    """
    The bytes of an empty GeoPackage, and the triggers that it will have once it is filled.

    Triggers keep the R-trees and the counts for those who edit. Filling the file in one go needs
    none, and the functions that they call are those of GDAL.
    """

    content: bytes
    triggers: tuple[str, ...]


@cache
def template_of(layers: tuple[Layer, ...], crs: str) -> Template:
    """
    Return an empty GeoPackage with `layers` in `crs`, as GDAL makes it, and their styles.

    The same layers give the same bytes in any process.

    Raises
    ------
    OSError, sqlite3.Error, pyogrio.errors.DataSourceError
        If the folder of temporary files is full.
    """
    with tempfile.TemporaryDirectory(prefix="parzan-") as folder:
        path = Path(folder) / "modele.gpkg"
        nothing = pd.DataFrame({"geometry": []}, dtype=object)
        with fixed_time(_NO_MOMENT):
            for layer in layers:
                write_layer(layer, to_arrow(layer, nothing), path, crs)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            write_schema(connection, ((layer.name, layer.columns) for layer in layers))
            write_styles(connection, stored_styles(layers, editable=False), _NO_MOMENT)
            triggers = _taken_out(connection)
            connection.execute("COMMIT")
            connection.execute("VACUUM")
        return Template(path.read_bytes(), triggers)


def write_layer(layer: Layer, table: pa.Table | pa.RecordBatchReader, path: Path, crs: str) -> None:
    """Write a layer through GDAL, beside those that the file has; a stream is never held whole."""
    spatial = {
        "geometry_name": GEOMETRY_COLUMN,
        "geometry_type": layer.geometry,
        "crs": crs,
    }
    named = {"IDENTIFIER": layer.title, "DESCRIPTION": layer.description}
    pyogrio.write_arrow(
        table,
        path,
        layer=layer.name,
        driver="GPKG",
        dataset_options={"VERSION": VERSION},
        layer_options=named | ({"GEOMETRY_NAME": GEOMETRY_COLUMN} if layer.geometry else {}),
        **(spatial if layer.geometry else {}),
    )


def _taken_out(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Remove the triggers and return the statements that make them again."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid"
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP TRIGGER "{name}"')
    return tuple(str(sql) for _, sql in found)


@contextmanager
def fixed_time(moment: str) -> Iterator[None]:
    """Give GDAL its clock; syncing to disk is left to the seal, once for the whole file."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment, "OGR_SQLITE_SYNCHRONOUS": "OFF"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None, "OGR_SQLITE_SYNCHRONOUS": None})
