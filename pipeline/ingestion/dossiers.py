"""What the service knows of car parks (*parcs_dates*): permits, works, contracts, orders."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from pipeline.contracts import conform
from pipeline.crs import WGS84, FloatArray
from pipeline.errors import SourceError
from pipeline.ingestion.dossier_values import (
    parse_answer,
    parse_coordinate,
    parse_day,
    parse_number,
    parse_percentage,
    plain_name,
)
from pipeline.ingestion.placement import apply, place
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.spreadsheets import Sheet, read_sheet
from pipeline.schemas import ParkDossier

Cells = Mapping[str, str]
Row = dict[str, object]

_PLACES = (("x", "y"), ("lon", "lat"))
_AXES = frozenset(axis for pair in _PLACES for axis in pair)
_LOT_ID = re.compile(r"(?P<commune>[0-9][0-9AB][0-9]{3})-[0-9a-f]+", re.IGNORECASE)
_PARSERS: dict[str, Callable[[str], object]] = {
    "requested_on": parse_day,
    "works_on": parse_day,
    "resurfaced_m2": parse_number,
    "is_heavy_renovation": parse_answer,
    "absent_on": parse_day,
    "is_concession": parse_answer,
    "contract_on": parse_day,
    "deposit_on": parse_day,
    "order_on": parse_day,
    "has_efficient_panels": parse_answer,
    "extended_to": parse_day,
    "is_open_to_public": parse_answer,
    "serves_l171_building": parse_answer,
    "slope_percent": parse_percentage,
    "is_for_trucks": parse_answer,
    "carries_hazmat": parse_answer,
    "pleads_cost": parse_answer,
    "removal_permit_on": parse_day,
}


def read_dossiers(reports: Sequence[FileReport], scope: Scope) -> gpd.GeoDataFrame:
    """
    Read what the service says of the car parks of the commune and of the window.

    Columns that are not documented are never kept: they may hold names. Rows of another commune
    (by their `parc_id`, else by their position) are left out and counted, rows that repeat another
    one too: works told twice would be added twice.

    Returns
    -------
    dossiers
        `ParkDossier`, in the territory CRS, sorted by file and row.

    Raises
    ------
    SourceError
        If a file cannot be read, or a cell holds something else than its column announces; the
        message names the file, the row, the column, the value and what to write.
    """
    seen: set[tuple[object, ...]] = set()
    rows = [row for report in reports for row in _new_rows(report, scope, seen)]
    table = pd.DataFrame(rows, columns=list(ParkDossier.to_schema().columns), dtype=object)
    return gpd.GeoDataFrame(conform(ParkDossier, table, scope.territory.crs))


def _new_rows(report: FileReport, scope: Scope, seen: set[tuple[object, ...]]) -> list[Row]:
    rows = []
    repeated = []
    for number, row in read_rows(report, scope):
        told = tuple((name, row[name]) for name in sorted(row))
        if told in seen:
            repeated.append(f"ligne {number}")
            continue
        seen.add(told)
        base = report.file.name.removeprefix(f"{report.file.folder}/")
        rows.append({"dossier_id": f"{base}/{number}", **row})
    if repeated:
        report.warn(f"lignes déjà lues, comptées une fois : {', '.join(repeated)[:200]}")
    report.row_count += len(rows)
    return rows


def read_rows(report: FileReport, scope: Scope) -> list[tuple[int, Row]]:
    """
    Read one file: the number of each row kept, and its values by name of `ParkDossier`.

    Raises
    ------
    SourceError
        See `read_dossiers`.
    """
    sheet = read_sheet(report, scope.work)
    titles = _known_titles(sheet, scope, report)
    named = [
        (number, {name: cells[title] for name, title in titles.items() if title in cells})
        for number, cells in sheet.rows
    ]
    rows = [(number, _parsed(cells, number, titles, report)) for number, cells in named]
    points = _points(rows, titles, scope, report)
    _refuse_undated_works(rows, report)
    placed = [
        (number, {**{name: row[name] for name in row if name not in _AXES}, "geometry": point})
        for (number, row), point in zip(rows, points, strict=True)
    ]
    return _around(placed, scope, report)


def _refuse_undated_works(rows: list[tuple[int, Row]], report: FileReport) -> None:
    """Refuse works without a day: which law they fall under could not be told."""
    for number, row in rows:
        if row.get("resurfaced_m2") is not None and row.get("works_on") is None:
            why = (
                f"ligne {number} : surface_refaite_m2 sans travaux_le ; donner le jour des travaux"
            )
            raise report.refusal(why)


def _known_titles(sheet: Sheet, scope: Scope, report: FileReport) -> dict[str, str]:
    """Return the title of each column that is documented; warn of the others."""
    columns = scope.catalogue["dossiers"].columns
    names = {accepted: name for name, titles in columns.items() for accepted in titles}
    titles: dict[str, str] = {}
    unknown = []
    for title in sheet.names:
        name = names.get(plain_name(title))
        if name is None:
            unknown.append(title)
        elif name in titles:
            why = f"colonnes « {titles[name]} » et « {title} » : la même deux fois ; en garder une"
            raise report.refusal(why)
        else:
            titles[name] = title
    _warn_of(unknown, list(names), sheet, report)
    if "lot_id" not in titles and not any(set(pair) <= set(titles) for pair in _PLACES):
        why = "ni colonne parc_id, ni colonnes x et y, ni colonnes lon et lat ; en ajouter"
        raise report.refusal(why)
    return titles


def _warn_of(unknown: list[str], known: list[str], sheet: Sheet, report: FileReport) -> None:
    """Tell the columns that are not read, and the name that each may have missed."""
    told = []
    for title in unknown:
        near = difflib.get_close_matches(plain_name(title), known, n=1)
        if title:
            told.append(f"« {title} » (« {near[0]} » ?)" if near else f"« {title} »")
        elif any("" in cells for _, cells in sheet.rows):
            told.append("une colonne sans titre")
    if told:
        listed = ", ".join(told)[:400]
        report.warn(f"colonnes inconnues, non lues : {listed} ; noms admis : data/README.md")


def _parsed(cells: Cells, number: int, titles: Cells, report: FileReport) -> Row:
    """Return the values of one row; refuse the first that cannot be read."""
    row: Row = {}
    for name, text in cells.items():
        parse = parse_coordinate if name in _AXES else _PARSERS.get(name)
        try:
            row[name] = _lot_id(text) if parse is None else parse(text)
        except ValueError as error:
            why = f"ligne {number}, colonne {titles[name]} : « {text[:60]} » illisible ; {error}"
            raise report.refusal(why) from error
    for one, other in (*_PLACES, *(pair[::-1] for pair in _PLACES)):
        if one in row and other not in row:
            why = f"ligne {number} : {one} sans {other} ; donner les deux, ou aucun"
            raise report.refusal(why)
    if "lot_id" not in row and not any(pair[0] in row for pair in _PLACES):
        why = (
            f"ligne {number} : ni parc_id, ni x et y, ni lon et lat ; donner l'identifiant du parc"
            " ou un point à l'intérieur"
        )
        raise report.refusal(why)
    return row


def _lot_id(text: str) -> str:
    if _LOT_ID.fullmatch(text) is None:
        msg = "copier le parc_id de la couche parcs, comme 62999-0123456789"
        raise ValueError(msg)
    commune, digest = text.split("-")
    return f"{commune.upper()}-{digest.lower()}"


def _points(
    rows: list[tuple[int, Row]], titles: Cells, scope: Scope, report: FileReport
) -> list[shapely.Point | None]:
    """Return the point of each row in the territory CRS; None without one, or out of there."""
    points: list[shapely.Point | None] = [None] * len(rows)
    read: set[int] = set()
    for pair, declared in zip(_PLACES, (None, CRS(WGS84)), strict=True):
        given = [i for i, (_, row) in enumerate(rows) if pair[0] in row and i not in read]
        if not given:
            continue
        read.update(given)
        xy = np.array([[rows[i][1][axis] for axis in pair] for i in given], dtype=float)
        placement = place(xy, declared, scope.territory)
        columns = " et ".join(titles[axis] for axis in pair)
        if placement is None:
            raise _nowhere(rows[given[0]][0], columns, xy[0], scope, report)
        if placement.is_swapped:
            report.warn(f"colonnes {columns} interverties, remises dans l'ordre")
        placed = apply(np.asarray(shapely.points(xy), dtype=object), placement, scope.territory)
        for i in np.flatnonzero(placement.inside):
            points[given[i]] = placed[i]
    return points


def _nowhere(
    number: int, columns: str, xy: FloatArray, scope: Scope, report: FileReport
) -> SourceError:
    why = (
        f"ligne {number}, colonnes {columns} : « {xy[0]:.10g} » et « {xy[1]:.10g} » ne tombent pas"
        f" dans le territoire « {scope.territory.name} », ni les lignes suivantes ; donner x et y"
        f" en mètres ({scope.territory.crs}), ou lon et lat en degrés"
    )
    return report.refusal(why)


def _around(rows: list[tuple[int, Row]], scope: Scope, report: FileReport) -> list[tuple[int, Row]]:
    """Keep the rows of the commune, and those whose point lies in the window."""
    kept, elsewhere, outside = [], 0, 0
    for number, row in rows:
        is_here = _is_in_window(row["geometry"], scope)
        if "lot_id" not in row and not is_here:
            outside += 1
        elif "lot_id" in row and not _is_of(str(row["lot_id"]), scope.insee_code):
            elsewhere += 1
        else:
            kept.append((number, row if is_here else {**row, "geometry": None}))
    one, many = "ligne d'une autre commune laissée", "lignes d'autres communes laissées"
    report.count(elsewhere, one, many)
    one, many = "ligne hors de la zone lue laissée", "lignes hors de la zone lue laissées"
    report.count(outside, one, many)
    report.meet(len(kept))
    return kept


def _is_of(lot_id: str, insee_code: str) -> bool:
    """Tell whether a car park is of the commune of the run; without one, any is."""
    return not insee_code or lot_id.startswith(f"{insee_code}-")


def _is_in_window(point: object, scope: Scope) -> bool:
    if not isinstance(point, shapely.Point):
        return False
    if scope.window is None:
        return True
    xmin, ymin, xmax, ymax = scope.window
    return bool(xmin <= point.x <= xmax and ymin <= point.y <= ymax)
