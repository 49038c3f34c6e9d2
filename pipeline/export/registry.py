"""What a GeoPackage says of itself: aliases and value lists, metadata, styles, project."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.export.domains import DOMAINS
from pipeline.export.fields import Column

_EXTENSIONS = """CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT,
 extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
 CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"""
_SCHEMA = (
    """CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
 name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT,
 CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
 CONSTRAINT gdc_tn UNIQUE (table_name, name))""",
    """CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL,
 constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC,
 max_is_inclusive BOOLEAN, description TEXT,
 CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))""",
)
_METADATA = (
    """CREATE TABLE gpkg_metadata (id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL,
 md_scope TEXT NOT NULL DEFAULT 'dataset', md_standard_uri TEXT NOT NULL,
 mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT '')""",
    """CREATE TABLE gpkg_metadata_reference (reference_scope TEXT NOT NULL, table_name TEXT,
 column_name TEXT, row_id_value INTEGER,
 timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
 md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
 CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
 CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id))""",
)
_STYLES = """CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
 f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
 f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
 useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
 update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"""
_PROJECTS = "CREATE TABLE qgis_projects (name TEXT PRIMARY KEY, metadata BLOB, content BLOB)"
_DEFINITIONS = {
    "gpkg_schema": "http://www.geopackage.org/spec121/#extension_schema",
    "gpkg_metadata": "http://www.geopackage.org/spec121/#extension_metadata",
}
_ISO_19139 = "http://www.isotc211.org/2005/gmd"


@dataclass(frozen=True)
class NamedStyle:
    """A QGIS style stored beside its table; one per table is the default."""

    table: str
    geometry_column: str
    name: str
    qml: str
    is_default: bool


def write_schema(
    connection: sqlite3.Connection, tables: Iterable[tuple[str, tuple[Column, ...]]]
) -> None:
    """Store aliases, comments and value lists, for readers that know no QGIS style."""
    _register(connection, "gpkg_schema", _SCHEMA)
    used: set[str] = set()
    for table, columns in tables:
        for column in columns:
            domain = f"dom_{column.domain}" if column.domain else None
            connection.execute(
                "INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, ?)",
                (table, column.name, column.name, column.alias, column.description, domain),
            )
            used |= {column.domain} - {""}
    for name in sorted(used):
        connection.executemany(
            "INSERT INTO gpkg_data_column_constraints"
            " VALUES (?, 'enum', ?, NULL, NULL, NULL, NULL, ?)",
            [(f"dom_{name}", code, label) for code, label in DOMAINS[name].items()],
        )


def write_metadata(connection: sqlite3.Connection, document: str, moment: str) -> None:
    """Store one ISO 19139 document for the whole file."""
    _register(connection, "gpkg_metadata", _METADATA)
    connection.execute(
        "INSERT INTO gpkg_metadata VALUES (1, 'dataset', ?, 'text/xml', ?)", (_ISO_19139, document)
    )
    connection.execute(
        "INSERT INTO gpkg_metadata_reference VALUES ('geopackage', NULL, NULL, NULL, ?, 1, NULL)",
        (moment,),
    )


def write_styles(connection: sqlite3.Connection, styles: Iterable[NamedStyle], moment: str) -> None:
    """Store the styles; QGIS applies the default one when a layer is added by hand."""
    connection.execute(_STYLES)
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change,"
        " srs_id) VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles QGIS', ?, 0)",
        (moment,),
    )
    insert_styles(connection, styles, moment)


def insert_styles(
    connection: sqlite3.Connection, styles: Iterable[NamedStyle], moment: str
) -> None:
    """Add styles to those that are stored."""
    connection.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,"
        " f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner, ui,"
        " update_time) VALUES ('', '', ?, ?, ?, ?, '', ?, '', '', NULL, ?)",
        [
            (style.table, style.geometry_column, style.name, style.qml, style.is_default, moment)
            for style in styles
        ],
    )


def write_project(connection: sqlite3.Connection, name: str, content: str, moment: str) -> None:
    """Store a project (`content`: a .qgz archive in hexadecimal)."""
    metadata = f'{{"last_modified_time": "{moment[:19]}", "last_modified_user": "parzan"}}'
    connection.execute(_PROJECTS)
    connection.execute("INSERT INTO qgis_projects VALUES (?, ?, ?)", (name, metadata, content))


def _register(connection: sqlite3.Connection, extension: str, tables: tuple[str, ...]) -> None:
    connection.execute(_EXTENSIONS)
    for statement in tables:
        connection.execute(statement)
        name = statement.split()[2]
        connection.execute(
            "INSERT INTO gpkg_extensions VALUES (?, NULL, ?, ?, 'read-write')",
            (name, extension, _DEFINITIONS[extension]),
        )
