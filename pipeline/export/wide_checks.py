"""Conformance of files made of several communes: container, geometries, totals that add up."""

import sqlite3
from collections.abc import Iterator

from pipeline.export.container_checks import check_project, check_tables_present
from pipeline.export.geometry_checks import check_geometries
from pipeline.export.past_layers import PAST_LAYERS
from pipeline.export.region_layers import COUNTED, DIGITS, REGION_LAYERS, SUMMED

_LEVELS = ("commune", "epci", "departement", "ensemble")


def is_of_an_area(connection: sqlite3.Connection) -> bool:
    """Tell the product of a region or a département from that of a commune."""
    query = "SELECT count(*) FROM sqlite_master WHERE name IN ('totaux', 'produits')"
    return bool(connection.execute(query).fetchone()[0] == len(("totaux", "produits")))


def is_of_the_past(connection: sqlite3.Connection) -> bool:
    """Tell a past state rebuilt from inventories."""
    query = "SELECT count(*) FROM sqlite_master WHERE name = 'etats'"
    return bool(connection.execute(query).fetchone()[0])


def past_findings(connection: sqlite3.Connection, file_name: str) -> list[str]:
    """Check a past state that bears, or will bear, the name `file_name`."""
    missing = check_tables_present(connection, PAST_LAYERS)
    if missing:
        return missing
    return [
        *check_project(connection, file_name, PAST_LAYERS),
        *check_geometries(connection, PAST_LAYERS, communes="etats"),
        *_repeated_parks(connection),
        *_counted_parks(connection),
    ]


def _counted_parks(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield the communes whose parks are not as many as their inventory had."""
    query = """SELECT insee, coalesce(parcs_nb, 0), count(parc_id) FROM etats
        LEFT JOIN parcs ON commune_insee = insee GROUP BY insee
        HAVING coalesce(parcs_nb, 0) <> count(parc_id) ORDER BY insee"""
    for insee, told, there in connection.execute(query):
        yield f"etats : {insee} annonce {told} parc(s), parcs en a {there}"


def area_findings(connection: sqlite3.Connection, file_name: str) -> list[str]:
    """Check the product of an area that bears, or will bear, the name `file_name`."""
    missing = check_tables_present(connection, REGION_LAYERS)
    if missing:
        return missing
    return [
        *check_project(connection, file_name, REGION_LAYERS),
        *check_geometries(connection, REGION_LAYERS, communes="communes"),
        *_repeated_parks(connection),
        *_totals(connection),
    ]


def _repeated_parks(connection: sqlite3.Connection) -> Iterator[str]:
    query = "SELECT parc_id FROM parcs GROUP BY 1 HAVING count(*) > 1 ORDER BY 1"
    repeated = [name for (name,) in connection.execute(query)]
    if repeated:
        yield f"parcs : {len(repeated)} identifiant(s) répété(s), dont {repeated[0]}"


def _totals(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield the totals that are not the sum of the communes, and those of communes of the parks."""
    for name, *_, sql in (*COUNTED, *SUMMED):
        (communes,) = connection.execute(f"SELECT sum({name}) FROM communes").fetchone()  # noqa: S608
        for level in _LEVELS:
            query = f"SELECT sum({name}) FROM totaux WHERE niveau = ?"  # noqa: S608
            (added,) = connection.execute(query, (level,)).fetchone()
            if _differs(added, communes, 0.5 * 10**-DIGITS):
                yield f"totaux : {name} par {level} = {added}, communes = {communes}"
        (parks,) = connection.execute(f"SELECT {sql} FROM parcs").fetchone()  # noqa: S608
        (count,) = connection.execute("SELECT count(*) FROM communes").fetchone()
        if _differs(communes, parks, (count + 1) * 0.5 * 10**-DIGITS):
            yield f"communes : {name} = {communes}, parcs = {parks}"


def _differs(one: float | None, other: float | None, tolerance: float) -> bool:
    return abs((one or 0) - (other or 0)) > tolerance
