"""A GeoPackage made of published files: written beside its final name, checked, swapped in."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import pyarrow as pa
from pyogrio.errors import DataLayerError, DataSourceError

from pipeline.errors import PublicationError
from pipeline.export.conformance import findings
from pipeline.export.geopackage import stamp
from pipeline.export.iso import Record, iso_document
from pipeline.export.layers import Layer
from pipeline.export.project import PROJECT_NAME, Frame, project_document
from pipeline.export.qgis_xml import archive_hex
from pipeline.export.registry import (
    write_metadata,
    write_project,
    write_schema,
    write_styles,
)
from pipeline.export.seal import seal, settle, swap, temporary_beside
from pipeline.export.styles import stored_styles
from pipeline.export.template import fixed_time, write_layer

Licences = tuple[tuple[str, str], ...]  # licence, attribution
Tables = Mapping[str, pa.Table | pa.RecordBatchReader]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """
    Give a name to write to; what is there at the end takes the place of `path`, if it conforms.

    Raises
    ------
    PublicationError
        If the old file is open for editing, what was written does not conform, or the disk
        refuses. The old file is then untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        settle(path)
        with temporary_beside(path) as temporary:
            yield temporary
            seal(temporary)
            _refuse_faults(temporary, path)
            settle(path)
            swap(temporary, path)
    except PublicationError:
        raise
    except (OSError, sqlite3.Error, DataSourceError, DataLayerError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        msg = f"{path} : écriture impossible ({reason}) ; vérifier la place et les droits"
        raise PublicationError(msg) from error


def write_tables(
    path: Path, layers: tuple[Layer, ...], tables: Tables, frame: Frame, record: Record
) -> None:
    """
    Write layers, their columns and styles, the project and the metadata, in a new file.

    Parameters
    ----------
    tables
        One per layer, by name; a stream is never held whole.
    record
        Its day is the only date written.
    """
    moment = stamp(record.day)
    with fixed_time(moment):
        for layer in layers:
            write_layer(layer, tables[layer.name], path, f"EPSG:{frame.epsg}")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN IMMEDIATE")
        write_schema(connection, ((layer.name, layer.columns) for layer in layers))
        write_styles(connection, stored_styles(layers, editable=False), moment)
        write_metadata(connection, iso_document(record), moment)
        content = archive_hex(project_document(frame))
        write_project(connection, PROJECT_NAME, content, moment)
        connection.execute("COMMIT")


def record_of(frame: Frame, name: str, day: date, statement: str, licences: Licences) -> Record:
    """Return what the metadata of a file say: what its project says, its day, how it was made."""
    return Record(
        identifier=f"parzan-{name}",
        title=frame.title,
        abstract=frame.abstract,
        day=day,
        epsg=frame.epsg,
        bounds=frame.bounds,
        statement=statement,
        licences=licences,
    )


def _refuse_faults(temporary: Path, path: Path) -> None:
    faults = findings(temporary, path.name)
    if faults:
        msg = f"{path} : produit non conforme, {len(faults)} constat(s) : {faults[0]} ; non publié"
        raise PublicationError(msg)
