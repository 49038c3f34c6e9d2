"""The container: a whole GeoPackage 1.3, with our tables and a project that will open."""

import io
import sqlite3
import zipfile
import zlib
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.export.domains import DOMAINS
from pipeline.export.layers import LAYERS, Layer
from pipeline.export.project import PROJECT_NAME
from pipeline.export.seal import APPLICATION_ID, sidecars

_MAGIC = b"SQLite format 3\0"
_HEADER_LENGTH = 100
_JOURNAL_BYTES = slice(18, 20)
_ROLLBACK = b"\1\1"
_VERSION_BYTES = slice(60, 64)
_APPLICATION_BYTES = slice(68, 72)
_VERSION = 10300
_REQUIRED = (
    "gpkg_spatial_ref_sys",
    "gpkg_contents",
    "gpkg_geometry_columns",
    "gpkg_extensions",
    "gpkg_data_columns",
    "gpkg_data_column_constraints",
    "gpkg_metadata",
    "gpkg_metadata_reference",
    "layer_styles",
    "qgis_projects",
)


def check_header(path: Path) -> list[str]:
    """Check the header's bytes; `SourceError` when the file is not SQLite at all."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_LENGTH)
    except OSError as error:
        msg = f"{path} : illisible ({error.strerror}) ; vérifier le chemin et les droits"
        raise SourceError(msg) from error
    if not header.startswith(_MAGIC) or len(header) < _HEADER_LENGTH:
        msg = f"{path} : n'est pas un GeoPackage (en-tête SQLite absent) ; donner un .gpkg"
        raise SourceError(msg)
    found = []
    if int.from_bytes(header[_APPLICATION_BYTES], "big") != APPLICATION_ID:
        found.append("en-tête : application_id n'est pas celui d'un GeoPackage (GPKG)")
    version = int.from_bytes(header[_VERSION_BYTES], "big")
    if version != _VERSION:
        found.append(f"en-tête : version {version}, attendu {_VERSION} (GeoPackage 1.3)")
    if header[_JOURNAL_BYTES] != _ROLLBACK:
        found.append("en-tête : journal WAL ; le fichier a été laissé ouvert en écriture")
    found += [f"fichier annexe présent : {beside.name}" for beside in sidecars(path)]
    return found


def check_tables_present(
    connection: sqlite3.Connection,
    layers: tuple[Layer, ...] = LAYERS,
) -> list[str]:
    """Check integrity, required tables, delivered layers and their columns."""
    damage = connection.execute("PRAGMA integrity_check(3)").fetchall()
    if damage != [("ok",)]:
        return [f"base endommagée : {'; '.join(str(row[0]) for row in damage)}"]
    present = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    wanted = (*_REQUIRED, *(layer.name for layer in layers))
    found = [f"{name} : table absente" for name in wanted if name not in present]
    if orphans := connection.execute("PRAGMA foreign_key_check").fetchall():
        found.append(f"clés étrangères : {len(orphans)} référence(s) sans objet")
    for layer in layers:
        if layer.name in present:
            found += _check_columns(connection, layer)
    return found


def _check_columns(connection: sqlite3.Connection, layer: Layer) -> list[str]:
    query = "SELECT name FROM pragma_table_info(?)"
    present = {name for (name,) in connection.execute(query, (layer.name,))}
    wanted = [column.name for column in layer.columns] + (["geom"] if layer.geometry else [])
    found = [f"{layer.name} : colonne {name} absente" for name in wanted if name not in present]
    registered = connection.execute(
        "SELECT count(*) FROM gpkg_contents WHERE table_name = ?", (layer.name,)
    ).fetchone()[0]
    if not registered:
        found.append(f"{layer.name} : couche non déclarée dans gpkg_contents")
    return found


def check_project(
    connection: sqlite3.Connection, file_name: str, layers: tuple[Layer, ...] = LAYERS
) -> list[str]:
    """Check default styles, values in their lists, and that the project finds its own file."""
    found = [*_check_styles(connection, layers), *_check_values(connection, layers)]
    row = connection.execute(
        "SELECT content FROM qgis_projects WHERE name = ?", (PROJECT_NAME,)
    ).fetchone()
    if row is None:
        return [*found, f"qgis_projects : projet {PROJECT_NAME} absent"]
    try:
        with zipfile.ZipFile(io.BytesIO(bytes.fromhex(str(row[0])))) as archive:
            project = archive.read(archive.namelist()[0]).decode()
    except (ValueError, IndexError, zipfile.BadZipFile, zlib.error):
        return [*found, f"qgis_projects : projet {PROJECT_NAME} illisible"]
    if f"./{file_name}|layername=parcs" not in project:
        found.append(
            f"qgis_projects : le projet ne cherche pas {file_name} ; rendre son nom au fichier"
        )
    return found


def _check_styles(connection: sqlite3.Connection, layers: tuple[Layer, ...]) -> list[str]:
    styled = {
        name
        for (name,) in connection.execute(
            "SELECT f_table_name FROM layer_styles WHERE useAsDefault"
            " GROUP BY 1 HAVING count(*) = 1"
        )
    }
    return [
        f"layer_styles : {layer.name} n'a pas un style par défaut et un seul"
        for layer in layers
        if layer.name not in styled
    ]


def _check_values(connection: sqlite3.Connection, layers: tuple[Layer, ...]) -> list[str]:
    found = []
    for layer in layers:
        for column in layer.columns:
            if not column.domain:
                continue
            allowed = DOMAINS[column.domain]
            marks = ",".join("?" * len(allowed))
            strangers = connection.execute(
                f'SELECT "{column.name}", count(*) FROM "{layer.name}"'  # noqa: S608 - our names
                f' WHERE "{column.name}" NOT IN ({marks}) GROUP BY 1 LIMIT 3',
                tuple(allowed),
            ).fetchall()
            found += [
                f"{layer.name} : {column.name} = {value!r} hors de la liste ({rows} ligne(s))"
                for value, rows in strangers
            ]
    return found
