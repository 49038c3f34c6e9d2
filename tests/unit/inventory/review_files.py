"""Review files filled by hand, as an agent would leave them."""

import sqlite3
from contextlib import closing

import fiona
from shapely import get_parts, multipolygons
from shapely.geometry import mapping

from pipeline.export.review import create_review
from tests.tables import ASSUMPTIONS, FRANCE, box

MOMENT = "2026-07-01T00:00:00.000Z"
CHOICES = ASSUMPTIONS.corrections
SQUARE = box(0, 0, 50, 40)


def make_review(folder):
    """Create the review of commune 30000, empty."""
    path = folder / "30000_revue.gpkg"
    create_review(path, FRANCE, MOMENT)
    return path


def add(path, **facts):
    """Add a correction; `geometry` is drawn in the CRS of the file."""
    shape = facts.pop("geometry", None)
    with fiona.open(path, "a", layer="corrections") as layer:
        properties = dict.fromkeys(layer.schema["properties"]) | facts
        parts = None if shape is None else mapping(multipolygons(get_parts(shape)))
        layer.write({"geometry": parts, "properties": properties})


def editor_of(path):
    """Open a review file as an editor does: its triggers call functions that SQLite lacks."""
    connection = sqlite3.connect(path, isolation_level=None)
    for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
        connection.create_function(name, 1, lambda _blob: 1)
    return closing(connection)


def execute(path, sql, *values):
    """Change a review file by hand."""
    with editor_of(path) as connection:
        connection.execute(sql, values)


def confirm(**facts):
    """Return a correction that needs no outline."""
    return {"parc_id": "A", "action": "confirmer", "agent": "Moi", "date": "2026-03-01", **facts}
