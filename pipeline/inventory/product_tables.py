"""Small tables of a product, straight from SQLite: a driver opens the whole file for each."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a product to read it only; `sqlite3.Error` when it is damaged or is none."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def layers_in(connection: sqlite3.Connection) -> set[str]:
    """Return the names of the layers that the file declares."""
    return {str(name) for (name,) in connection.execute("SELECT table_name FROM gpkg_contents")}


def has_rows(connection: sqlite3.Connection, name: str) -> bool:
    """Tell whether a table has a row."""
    found = connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1')  # noqa: S608 - the name is ours
    return found.fetchone() is not None


def table_of(connection: sqlite3.Connection, name: str) -> pd.DataFrame:
    """Return a table as it is stored: days are texts, what is missing is None."""
    found = connection.execute(f'SELECT * FROM "{name}" ORDER BY fid')  # noqa: S608 - idem
    columns = [str(told[0]) for told in found.description]
    return pd.DataFrame(found.fetchall(), columns=columns, dtype=object)
