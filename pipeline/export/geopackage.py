"""The layers of a product in one GeoPackage 1.3: a copy of the template, filled in one go."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.export.geometry_blobs import to_blobs
from pipeline.export.layers import GEOMETRY_COLUMN, LAYERS, Layer
from pipeline.export.product import Product
from pipeline.export.tables import ROWS
from pipeline.export.template import template_of
from pipeline.export.typed_rows import to_arrow


def stamp(day: date) -> str:
    """Return the only time written in a product: midnight UTC of the date of its rules."""
    return f"{day.isoformat()}T00:00:00.000Z"


@contextmanager
def filled(path: Path, layers: tuple[Layer, ...], crs: str) -> Iterator[sqlite3.Connection]:
    """
    Make the new file `path` with `layers` and their styles, and open it to be filled.

    All that is written inside is one transaction. Nothing is flushed, and no journal is kept: that
    is left to the seal, once for the whole file. The triggers of those who edit come last.

    Raises
    ------
    OSError, sqlite3.Error
        If the disk refuses; a partial file may remain.
    """
    template = template_of(layers, crs)
    path.write_bytes(template.content)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        for trigger in template.triggers:
            connection.execute(trigger)
        connection.execute("COMMIT")


def write_layers(product: Product, connection: sqlite3.Connection) -> None:
    """Write the rows of every layer of `LAYERS` in a file that `filled` has just made."""
    for layer in LAYERS:
        rows = ROWS[layer.name](product)
        if len(rows):
            insert_rows(connection, layer, to_arrow(layer, rows), product.territory.epsg)
    moment = stamp(product.as_of)
    connection.execute("UPDATE gpkg_contents SET last_change = ?", (moment,))
    connection.execute("UPDATE layer_styles SET update_time = ?", (moment,))


def insert_rows(connection: sqlite3.Connection, layer: Layer, rows: pa.Table, epsg: int) -> None:
    """Write the rows of a layer that has none yet, in their order, with its index and its count."""
    columns = {name: _values(rows[name]) for name in rows.column_names}
    if layer.geometry is not None:
        blobs, envelopes = to_blobs(columns[GEOMETRY_COLUMN], epsg)
        columns[GEOMETRY_COLUMN] = blobs
        _index(connection, layer, envelopes)
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f'INSERT INTO "{layer.name}" ({names}) VALUES ({marks})',  # noqa: S608 - names are ours
        zip(*columns.values(), strict=True),
    )
    connection.execute(
        "UPDATE gpkg_ogr_contents SET feature_count = ? WHERE table_name = ?",
        (len(rows), layer.name),
    )


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Return what SQLite stores: a day is a text."""
    stored = column.cast(pa.string()) if pa.types.is_date(column.type) else column
    return list(stored.to_pylist())


def _index(
    connection: sqlite3.Connection, layer: Layer, envelopes: npt.NDArray[np.float64]
) -> None:
    """Fill the R-tree of a layer and tell its extent; a missing geometry is in neither."""
    known = np.flatnonzero(~np.isnan(envelopes[:, 0]))
    if not len(known):
        return
    found = envelopes[known]
    ids = (known + 1).tolist()  # SQLite numbers the rows from 1
    tree = f"rtree_{layer.name}_{GEOMETRY_COLUMN}"
    connection.executemany(
        f'INSERT INTO "{tree}" VALUES (?, ?, ?, ?, ?)',  # noqa: S608 - the name is ours
        ((fid, *box) for fid, box in zip(ids, found.tolist(), strict=True)),
    )
    (west, _, south, _), (_, east, _, north) = found.min(axis=0), found.max(axis=0)
    connection.execute(
        "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE table_name = ?",
        (float(west), float(south), float(east), float(north), layer.name),
    )
