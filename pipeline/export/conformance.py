"""Conformance of a product: GeoPackage basics, our own layers, geometries, invariants."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.export.container_checks import check_header, check_project, check_tables_present
from pipeline.export.geometry_checks import check_geometries
from pipeline.export.invariants import check_invariants
from pipeline.export.land_checks import check_land
from pipeline.export.park_geometry import check_park_geometry, territory_in
from pipeline.export.wide_checks import (
    area_findings,
    is_of_an_area,
    is_of_the_past,
    past_findings,
)


def check_product(path: Path) -> list[str]:
    """
    Check a product as `parzan check` does.

    Verified: the container (application id, version, journal, required tables, integrity, R-trees,
    embedded project); the layers, columns and values of the contract; every geometry; invariants
    1 to 7 of the contract; the area that each park draws, and that no two overlap; the
    provenance. Nothing is written.

    Parameters
    ----------
    path
        A GeoPackage.

    Returns
    -------
    findings
        French sentences that name the table, the first identifiers and the amounts; empty when the
        file conforms.

    Raises
    ------
    SourceError
        If the file is missing, cannot be read, or is not a SQLite file.
    """
    return findings(path, path.name)


def findings(path: Path, file_name: str) -> list[str]:
    """Check a file that bears, or will bear, the name `file_name`."""
    header = check_header(path)
    try:
        uri = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            if is_of_an_area(connection):
                return [*header, *area_findings(connection, file_name)]
            if is_of_the_past(connection):
                return [*header, *past_findings(connection, file_name)]
            missing = check_tables_present(connection)
            if missing:  # the rest would only repeat it
                return [*header, *missing]
            return [
                *header,
                *check_project(connection, file_name),
                *check_geometries(connection),
                *check_park_geometry(connection),
                *check_land(connection, territory_in(connection)),
                *check_invariants(connection),
            ]
    except sqlite3.Error as error:
        msg = f"{path} : illisible ({error}) ; refaire le produit, ou fermer qui l'édite"
        raise SourceError(msg) from error
