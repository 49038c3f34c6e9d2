"""Records written by hand, and the smallest file that says what a product was made from."""

import sqlite3
from contextlib import closing
from datetime import date

from pipeline.inventory.records import Inputs, Made, Run

DAY = date(2026, 11, 22)
AS_OF = date(2026, 7, 1)
UNTIL = date(2028, 7, 1)
INPUTS = Inputs({"osm": "o1", "cadastre": "absent"}, "r1", "h1", "c1", "aucune")
RUN = Run(DAY, "machine", 7, "")


def made(inputs=INPUTS, **changes):
    said = {"day": DAY, "as_of": AS_OF, "until": UNTIL, "sha256": "p1"}
    return Made(inputs, **said | changes)


def product(path, sources, prints=None):
    """Write a GeoPackage of three tables; `sources` are (folder, file, sha256)."""
    digests = {"regles": "r1", "hypotheses": "h1", "code": "c1", "corrections": "aucune"}
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.execute("CREATE TABLE empreintes (nom TEXT, valeur TEXT)")
        opened.execute("CREATE TABLE sources (dossier TEXT, fichier TEXT, sha256 TEXT)")
        opened.execute("CREATE TABLE gpkg_contents (table_name TEXT, last_change TEXT)")
        opened.executemany(
            "INSERT INTO empreintes VALUES (?, ?)", list((digests | (prints or {})).items())
        )
        opened.executemany("INSERT INTO sources VALUES (?, ?, ?)", sources)
        opened.execute("INSERT INTO gpkg_contents VALUES ('parcs', '2026-07-01T00:00:00.000Z')")
    return path
