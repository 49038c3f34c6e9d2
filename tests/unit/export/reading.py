"""What tests read in a published file, and how they damage one."""

import sqlite3
from contextlib import closing


def query(path, sql, *values):
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(sql, values).fetchall()


def types_of(path, table):
    return {row["name"]: row["type"] for row in query(path, f"PRAGMA table_info({table})")}


def park(path, lot_id):
    return dict(query(path, "SELECT * FROM parcs WHERE parc_id = ?", lot_id)[0])


def damage(path, *statements):
    """Change a file without the R-tree triggers, which need functions that only GDAL has."""
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            connection.execute(statement)
        connection.commit()
