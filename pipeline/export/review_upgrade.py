"""An older review file gets the tables and columns it lacks: only added, never while it is open."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from pipeline.crs import Territory
from pipeline.errors import PublicationError
from pipeline.export.domains import DOMAINS
from pipeline.export.fields import Column, Kind
from pipeline.export.layers import GEOMETRY_COLUMN, Layer
from pipeline.export.registry import insert_styles
from pipeline.export.review_schema import REVIEW_LAYERS
from pipeline.export.seal import settle
from pipeline.export.styles import stored_styles

_SQL_TYPES: dict[Kind, str] = {
    "text": "TEXT",
    "integer": "INTEGER",
    "real": "REAL",
    "boolean": "BOOLEAN",
    "date": "DATE",
}
Missing = dict[str, tuple[Column, ...]]


def upgrade_review(path: Path, territory: Territory, moment: str) -> tuple[str, ...]:
    """
    Add to a review file what this version has and it lacks; its rows are not touched.

    All is added in one transaction, or nothing. A file that lacks nothing is not even opened for
    writing. One that is open for editing, locked, damaged or protected is left as it is: the next
    run will try again.

    Parameters
    ----------
    path
        `INSEE_revue.gpkg`; nothing is done without it.
    territory
        CRS of a table of outlines that is missing.
    moment
        Time stamp of the tables added.

    Returns
    -------
    remarks
        In French, what was added, or why it could not be.
    """
    if not path.exists():
        return ()
    try:
        missing = missing_parts(path)
        if not missing:
            return ()
        settle(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for layer in REVIEW_LAYERS:
                if layer.name in missing:
                    _add(connection, layer, missing[layer.name], territory, moment)
            connection.execute("COMMIT")
    except PublicationError as error:
        return (f"revue non complétée : {error}",)
    except (sqlite3.Error, OSError) as error:
        return (f"{path} : revue non complétée ({' '.join(str(error).split())})",)
    added = [f"{table} ({', '.join(c.name for c in found)})" for table, found in missing.items()]
    return (f"{path.name} : revue complétée, {' ; '.join(added)}",)


def missing_parts(path: Path) -> Missing:
    """
    Return the columns that each table of a review file lacks; all of them for a whole table.

    What an editor has not folded back from its log is not seen: no editor of rows changes tables.
    """
    # Immutable: not even a shared-memory file is made beside one that is open.
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        found = {
            layer.name: {row[1] for row in connection.execute(f"PRAGMA table_info({layer.name})")}
            for layer in REVIEW_LAYERS
        }
    lacking = {
        layer.name: tuple(c for c in layer.columns if c.name not in found[layer.name])
        for layer in REVIEW_LAYERS
    }
    return {name: columns for name, columns in lacking.items() if columns}


def _add(
    connection: sqlite3.Connection,
    layer: Layer,
    columns: tuple[Column, ...],
    territory: Territory,
    moment: str,
) -> None:
    if len(columns) == len(layer.columns):
        _create(connection, layer, territory, moment)
    else:
        for column in columns:
            connection.execute(
                f'ALTER TABLE {layer.name} ADD COLUMN "{column.name}" {_SQL_TYPES[column.kind]}'
            )
    _describe(connection, layer.name, columns)


def _create(
    connection: sqlite3.Connection, layer: Layer, territory: Territory, moment: str
) -> None:
    """Create a whole table, as GeoPackage 1.3 wants it, with its style."""
    shape = f", {GEOMETRY_COLUMN} {layer.geometry.upper()}" if layer.geometry else ""
    listed = "".join(f', "{c.name}" {_SQL_TYPES[c.kind]}' for c in layer.columns)
    connection.execute(
        f"CREATE TABLE {layer.name} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL{shape}{listed})"
    )
    kind, srs = ("features", territory.epsg) if layer.geometry else ("attributes", None)
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change,"
        " srs_id) VALUES (?, ?, ?, ?, ?, ?)",
        (layer.name, kind, layer.title, layer.description, moment, srs),
    )
    if layer.geometry:
        connection.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, 0, 0)",
            (layer.name, GEOMETRY_COLUMN, layer.geometry.upper(), territory.epsg),
        )
    insert_styles(connection, stored_styles((layer,), editable=True), moment)


def _describe(connection: sqlite3.Connection, table: str, columns: Iterable[Column]) -> None:
    """Store aliases and value lists; a list that is there already is left as it is."""
    for column in columns:
        domain = f"dom_{column.domain}" if column.domain else None
        connection.execute(
            "INSERT OR IGNORE INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, ?)",
            (table, column.name, column.name, column.alias, column.description, domain),
        )
        connection.executemany(
            "INSERT OR IGNORE INTO gpkg_data_column_constraints"
            " VALUES (?, 'enum', ?, NULL, NULL, NULL, NULL, ?)",
            [(domain, code, words) for code, words in DOMAINS.get(column.domain, {}).items()],
        )
