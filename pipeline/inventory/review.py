"""The agent's file, `INSEE_revue.gpkg`, as it is now: corrections and follow-up, never notes."""

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.contracts import check, conform, empty
from pipeline.crs import Territory
from pipeline.inventory.drawn_outline import read_outline
from pipeline.inventory.snapshot import snapshot
from pipeline.inventory_choices import CorrectionAssumptions
from pipeline.schemas import CORRECTION_ACTIONS, Correction

_TEXTS = ("parc_id", "action", "valeur", "motif", "agent", "date", "base_hash")
_Row = Mapping[str, object]


@dataclass(frozen=True)
class Review:
    """
    What the agents of a commune have decided.

    `corrections` follows `Correction`, in the order of the file; `remarks` tells, in French, what
    an agent should know of it.
    """

    corrections: gpd.GeoDataFrame
    remarks: tuple[str, ...] = ()

    @classmethod
    def none(cls, territory: Territory) -> "Review":
        """Return what is known where no review file exists yet."""
        return cls(empty(Correction, territory.crs))


def read_review(path: Path, territory: Territory, choices: CorrectionAssumptions) -> Review:
    """
    Read the corrections of a review file, which may be open in QGIS.

    A row that cannot be used is kept with its `fault`: an action, a date or an outline that cannot
    be read, an outline in another CRS. `correction_id` is the commune and the number of the row,
    which SQLite never gives twice.

    Parameters
    ----------
    path
        `INSEE_revue.gpkg`; it need not exist, its folder need not be writable, and neither is
        written to.
    territory
        CRS in which outlines must be drawn.
    choices
        Years in which a decision may be dated.

    Raises
    ------
    SourceError
        If the file is damaged or cannot be read.
    """
    if not path.exists():
        return Review.none(territory)
    with snapshot(path) as connection:
        columns = _columns(connection, "corrections")
        if not columns:
            return Review(
                empty(Correction, territory.crs), (f"{path.name} : table corrections absente",)
            )
        geometry, epsg = _geometry_of(connection, "corrections")
        rows = list(_rows(connection, "corrections", columns))
    prefix = path.stem.removesuffix("_revue")
    read = [_correction(row, prefix, geometry, epsg, territory, choices) for row in rows]
    faults = [f"{row['correction_id']} : {row['fault']}" for row in read if row["fault"]]
    shown = (f"{path.name} : correction {fault}" for fault in faults)
    return Review(_table(read, territory), tuple(shown))


def read_follow_up(path: Path) -> pd.DataFrame:
    """
    Read the table `suivi` of a review file, in its own (French) columns; empty without file.

    The private notes are never read.

    Raises
    ------
    SourceError
        If the file is damaged or cannot be read.
    """
    if not path.exists():
        return pd.DataFrame()
    with snapshot(path) as connection:
        columns = [name for name in _columns(connection, "suivi") if name != "fid"]
        if not columns:
            return pd.DataFrame()
        rows = list(_rows(connection, "suivi", columns))
    table = pd.DataFrame(rows, columns=[*columns, "fid"], dtype=object)
    keys = [name for name in ("parc_id", "date", "fid") if name in table]
    ordered = table.sort_values(keys, key=lambda values: values.map(str))
    return ordered[columns].reset_index(drop=True)


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]  # a constant


def _rows(
    connection: sqlite3.Connection, table: str, columns: list[str]
) -> Iterator[dict[str, object]]:
    names = [name for name in columns if name != "fid"]
    listed = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name in names)
    chosen = f"SELECT rowid, {listed} FROM {table} ORDER BY rowid"  # noqa: S608 - quoted names
    for row in connection.execute(chosen):
        yield dict(zip(("fid", *names), row, strict=True))


def _geometry_of(connection: sqlite3.Connection, table: str) -> tuple[str, object]:
    """Return the geometry column of a table, and the EPSG code of its CRS."""
    found = connection.execute(
        "SELECT column_name, organization_coordsys_id FROM gpkg_geometry_columns"
        " JOIN gpkg_spatial_ref_sys USING (srs_id) WHERE table_name = ?",
        (table,),
    ).fetchone()
    return found or ("geom", None)


def _correction(
    row: _Row,
    prefix: str,
    geometry: str,
    epsg: object,
    territory: Territory,
    choices: CorrectionAssumptions,
) -> dict[str, object]:
    told = {name: _text(row.get(name)) for name in _TEXTS}
    action = told["action"] if told["action"] in CORRECTION_ACTIONS else None
    day, day_fault = _day(told["date"], choices)
    drawn = read_outline(row.get(geometry), epsg, territory)
    faults = [_action_fault(told["action"]), day_fault, drawn.fault]
    return {
        "correction_id": f"{prefix}-r{row['fid']}",
        "lot_id": told["parc_id"],
        "action": action,
        "value": told["valeur"],
        "motive": told["motif"],
        "agent": told["agent"],
        "decided_on": day,
        "base_hash": told["base_hash"],
        "fault": " ; ".join(fault for fault in faults if fault) or None,
        "geometry": drawn.outline,
    }


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, bytes) else str(value).strip() or None


def _action_fault(action: str | None) -> str | None:
    if action in CORRECTION_ACTIONS:
        return None
    return "action manquante" if action is None else f"action inconnue : « {action} »"


def _day(text: str | None, choices: CorrectionAssumptions) -> tuple[str | None, str | None]:
    """Return a day in ISO, and why it cannot be one: unreadable, or in no year of these files."""
    if text is None:
        return None, None
    try:
        day = date.fromisoformat(text.replace("/", "-").partition("T")[0])
    except ValueError:
        return None, f"date illisible : « {text} »"
    if not choices.first_year.value <= day.year <= choices.last_year.value:
        return None, f"date impossible : « {text} »"
    return day.isoformat(), None


def _table(rows: list[dict[str, object]], territory: Territory) -> gpd.GeoDataFrame:
    columns = [name for name in Correction.to_schema().columns if name != "geometry"]
    shapes = np.empty(len(rows), dtype=object)
    shapes[:] = [row["geometry"] for row in rows]
    table = pd.DataFrame(rows, columns=columns)
    table["geometry"] = pd.Series(shapes, index=table.index, dtype=object)
    found = gpd.GeoDataFrame(conform(Correction, table, territory.crs))
    return check(Correction, found, territory.crs)
