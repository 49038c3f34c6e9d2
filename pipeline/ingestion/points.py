"""Rows with coordinates in columns → points, the columns told by their range, not by their name."""

from collections.abc import Iterator
from itertools import combinations, pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.crs import FloatArray
from pipeline.errors import SourceError
from pipeline.ingestion.placement import Placement, apply, place
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import outside_counted

Names = tuple[str, str]
Pair = tuple[Names, FloatArray, bool]

_PAIRS = (
    ("longitude", "latitude"),
    ("lon", "lat"),
    ("long", "lat"),
    ("lng", "lat"),
    ("x", "y"),
    ("coordonneex", "coordonneey"),
    ("coordonneexaiot", "coordonneeyaiot"),
    ("coordonnees_x", "coordonnees_y"),
    ("x_l93", "y_l93"),
)
_TOGETHER = (
    "coordonnees_au_format_wgs84",
    "coordonnées_au_format_wgs84",
    "geo_point_2d",
    "coordonnees",
)
_LAT_LON_TEXT = r"^\s*(?P<lat>-?\d+[.,]?\d*)\s*[,;]\s*(?P<lon>-?\d+[.,]?\d*)\s*$"
# Pairs of unnamed columns are tried among the first numeric ones only.
_MOST_COLUMNS = 20
_MOST = 0.9


def to_points(table: pd.DataFrame, scope: Scope, report: FileReport) -> gpd.GeoDataFrame:
    """
    Return the rows whose coordinates fall in the window, as points in the territory CRS.

    Usual names are tried first, then neighbouring columns of numbers, then any two of them; what
    the values are (degrees or metres, in which order) is told by their range. Rows without
    coordinates are counted.

    Raises
    ------
    SourceError
        If no pair of columns falls in the territory, or several unnamed ones do.
    """
    if table.empty:
        report.meet(0)
        return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries([], crs=scope.territory.crs))
    for options in (_named(table), _neighbours(table), _any_two(table)):
        fitting = _fitting(options, scope)
        if len(fitting) > 1:
            pairs = ", ".join(f"« {x} » et « {y} »" for (x, y), _, _ in fitting)
            why = (
                f"plusieurs paires de colonnes peuvent être des coordonnées : {pairs[:200]} ;"
                " les nommer x et y, ou lon et lat"
            )
            raise report.refusal(why)
        for names, xy, placement in fitting:
            _explain(names, placement, report)
            return _built(table, xy, placement, scope, report)
    raise _nowhere(table, scope, report)


def _nowhere(table: pd.DataFrame, scope: Scope, report: FileReport) -> SourceError:
    names = ", ".join(table.columns[:15])
    why = (
        f"aucune paire de colonnes ne donne de coordonnées dans le territoire"
        f" « {scope.territory.name} » (colonnes : {names}) ; vérifier le fichier"
    )
    return report.refusal(why)


def _fitting(options: Iterator[Pair], scope: Scope) -> list[tuple[Names, FloatArray, Placement]]:
    """Return the pairs that fall in the territory; the first one is enough when it has a name."""
    found: list[tuple[Names, FloatArray, Placement]] = []
    for names, xy, is_named in options:
        placement = place(xy, None, scope.territory)
        if placement is not None:
            found.append((names, xy, placement))
            if is_named:
                break
    return found


def _named(table: pd.DataFrame) -> Iterator[Pair]:
    """Yield the pairs of columns with usual names, as numbers, the most telling names first."""
    for name in _TOGETHER:
        if name in table:
            parts = table[name].astype("str").str.extract(_LAT_LON_TEXT)
            yield (name, name), _numbers(parts, "lon", "lat"), True
    for x, y in _PAIRS:
        if x in table and y in table:
            yield (x, y), _numbers(table, x, y), True


def _neighbours(table: pd.DataFrame) -> Iterator[Pair]:
    for x, y in pairwise(table.columns):
        if _is_numeric(table[x]) and _is_numeric(table[y]):
            yield (x, y), _numbers(table, x, y), False


def _any_two(table: pd.DataFrame) -> Iterator[Pair]:
    numeric = [name for name in table.columns if _is_numeric(table[name])][:_MOST_COLUMNS]
    for x, y in combinations(numeric, 2):
        yield (x, y), _numbers(table, x, y), False


def _numbers(table: pd.DataFrame, x: str, y: str) -> FloatArray:
    columns = [_as_number(table[name]) for name in (x, y)]
    return np.column_stack([column.to_numpy(dtype=float) for column in columns])


def _as_number(values: "pd.Series[str]") -> "pd.Series[float]":
    text = values.astype(object).where(values.notna(), None).astype("str")
    return pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce")


def _is_numeric(values: "pd.Series[str]") -> bool:
    """Tell whether a column holds numbers, and not codes such as `0065.01`."""
    given = values.dropna().astype("str")
    if given.empty or given.str.match(r"0\d").any():
        return False
    return bool(_as_number(given).notna().mean() > _MOST)


def _explain(names: tuple[str, str], placement: Placement, report: FileReport) -> None:
    """Record columns that do not hold what they are called."""
    x, y = names[::-1] if placement.is_swapped else names
    degrees = placement.crs.is_geographic
    called_degrees = {"lat", "latitude"} & set(names)
    if bool(called_degrees) != degrees and x != y and (called_degrees or placement.is_swapped):
        report.warn(
            f"colonnes « {names[0]} » et « {names[1]} » : valeurs en {placement.crs.name}"
            f" (x dans « {x} », y dans « {y} »), reconnues à leur ordre de grandeur"
        )
    elif placement.is_swapped:
        report.warn(f"colonnes « {names[0]} » et « {names[1]} » interverties, remises dans l'ordre")


def _built(
    table: pd.DataFrame, xy: FloatArray, placement: Placement, scope: Scope, report: FileReport
) -> gpd.GeoDataFrame:
    known = np.isfinite(xy).all(axis=1)
    report.count(
        int((~known).sum()), "ligne sans coordonnées écartée", "lignes sans coordonnées écartées"
    )
    located = Placement(placement.crs, placement.is_swapped, placement.inside[known], None)
    outside_counted(located, report)
    rows = known & placement.inside
    points = apply(np.asarray(shapely.points(xy[rows]), dtype=object), placement, scope.territory)
    built = gpd.GeoDataFrame(
        table[rows],
        geometry=gpd.GeoSeries(points, index=table.index[rows], crs=scope.territory.crs),
    )
    if scope.window is not None:
        xmin, ymin, xmax, ymax = scope.window
        x, y = built.geometry.x, built.geometry.y
        built = built[(x >= xmin) & (x <= xmax) & (y >= ymin) & (y <= ymax)]
    report.meet(len(built))
    return built
