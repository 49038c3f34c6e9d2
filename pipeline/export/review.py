"""The agent's own file, `INSEE_revue.gpkg`: created once, empty and typed, never replaced."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.crs import Territory
from pipeline.export.fields import Kind
from pipeline.export.layers import GEOMETRY_COLUMN, Layer
from pipeline.export.registry import write_schema, write_styles
from pipeline.export.review_schema import REVIEW_LAYERS
from pipeline.export.review_upgrade import upgrade_review
from pipeline.export.seal import seal, temporary_beside
from pipeline.export.styles import stored_styles
from pipeline.export.template import VERSION

_FIONA_TYPES: dict[Kind, str] = {
    "text": "str",
    "integer": "int64",
    "real": "float",
    "boolean": "bool",
    "date": "date",
}


def prepare_review(path: Path, territory: Territory, moment: str) -> tuple[str, ...]:
    """
    Create the review file, or add to an older one the tables and columns it lacks.

    Parameters and errors: `create_review`, `review_upgrade.upgrade_review`.

    Returns
    -------
    remarks
        In French, what was added to an older file, or why it could not be.
    """
    if path.exists():
        return upgrade_review(path, territory, moment)
    create_review(path, territory, moment)
    return ()


def create_review(path: Path, territory: Territory, moment: str) -> None:
    """
    Create the review file with its tables, value lists, forms and defaults, unless it exists.

    An existing file, whatever it holds, is left as it is, byte for byte: even one that appears
    while this function works.

    Parameters
    ----------
    path
        Final name; a temporary one is used until the file is whole.
    territory
        Gives the CRS of redrawn outlines.
    moment
        Time stamp written in the file.

    Raises
    ------
    PublicationError
        If the finished file fails its own check.
    OSError, sqlite3.Error
        If the disk refuses.
    """
    if path.exists():
        return
    with temporary_beside(path) as temporary:
        _create_tables(temporary, territory, moment)
        with closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            write_schema(connection, ((layer.name, layer.columns) for layer in REVIEW_LAYERS))
            write_styles(connection, stored_styles(REVIEW_LAYERS, editable=True), moment)
            connection.execute("COMMIT")
        seal(temporary)
        _appear(temporary, path)


def _create_tables(path: Path, territory: Territory, moment: str) -> None:
    import fiona  # half a second that an existing review file saves

    with fiona.Env(OGR_CURRENT_DATE=moment):
        for layer in REVIEW_LAYERS:
            named = {"IDENTIFIER": layer.title, "DESCRIPTION": layer.description}
            spatial = {"crs": territory.crs, "GEOMETRY_NAME": GEOMETRY_COLUMN}
            with fiona.open(
                path,
                "w",
                driver="GPKG",
                layer=layer.name,
                schema=_schema(layer),
                VERSION=VERSION,
                **named,
                **(spatial if layer.geometry else {}),
            ):
                pass


def _schema(layer: Layer) -> dict[str, object]:
    properties = {column.name: _FIONA_TYPES[column.kind] for column in layer.columns}
    return {"geometry": layer.geometry or "None", "properties": properties}


def _appear(temporary: Path, path: Path) -> None:
    """Give the file its name, without ever replacing another one."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:  # no hard links on this file system (exFAT, some shares)
        if not path.exists():
            temporary.rename(path)
