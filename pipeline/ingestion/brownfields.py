"""Brownfields (*friches*) of the inventories that follow the CNIG standard."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.contracts import check, conform, empty
from pipeline.crs import GeometryArray
from pipeline.groups import positions_by_key
from pipeline.ingestion.columns import layers_of, read_areas
from pipeline.ingestion.communes import INSEE_CODE
from pipeline.ingestion.days import read_days
from pipeline.ingestion.encoding import undo_double_encoding
from pipeline.ingestion.points import to_points
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import repair
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.tables import read_csv
from pipeline.ingestion.vector import read_layer
from pipeline.ingestion.wkt import read_wkt
from pipeline.polygons import POLYGON_TYPES, polygonal
from pipeline.schemas import Brownfield

FOLDER = "friches"
_TEXTS = ("name", "site_type", "status")


def read_brownfields(reports: Sequence[FileReport], scope: Scope) -> gpd.GeoDataFrame:
    """
    Read the brownfields that meet the window, one row per site.

    An outline (`geomsurf`) is preferred to a point. Where several rows tell of one site, the latest
    updated is kept; the outlines that it is drawn in are one.

    Parameters
    ----------
    reports, scope
        Files of `friches/`; territory and window.

    Returns
    -------
    brownfields
        `Brownfield`, in the territory CRS, sorted by site.

    Raises
    ------
    SourceError
        If a file cannot be read, has no column `site_id`, or no coordinates in the territory.

    References
    ----------
    CNIG, *Géostandard friches* 1.0.6 ; CU, art. L. 111-26 and D. 111-54.
    """
    parts = [
        _sites(table, layer, scope, report)
        for report in reports
        for table, layer in _tables(report, scope)
    ]
    crs = scope.territory.crs
    filled = [part for part in parts if len(part)]
    if not filled:
        return empty(Brownfield, crs)
    rows = _one_each(pd.concat(filled, ignore_index=True), reports)
    rows = rows.sort_values("site_id", ignore_index=True)
    return check(Brownfield, gpd.GeoDataFrame(conform(Brownfield, rows, crs)), crs)


def count_brownfields(report: FileReport, scope: Scope) -> int:
    """
    Return the number of located sites of a file.

    Raises
    ------
    SourceError
        See `read_brownfields`.
    """
    return sum(len(table) for table, _ in _tables(report, scope))


def _tables(report: FileReport, scope: Scope) -> list[tuple[gpd.GeoDataFrame, str]]:
    """Return the located rows of the window, layer by layer."""
    folder = scope.catalogue[FOLDER]
    if report.file.format == "csv":
        table = read_csv(report)
        folder.require(table, report.file.name)
        return [(_from_text(table, scope, report), report.file.stem)]
    layers = [(read_layer(report, layer, scope), layer) for layer in layers_of(report, folder)]
    return [(_outlined(table, scope, report), layer) for table, layer in layers]


def _from_text(table: pd.DataFrame, scope: Scope, report: FileReport) -> gpd.GeoDataFrame:
    """Locate the rows of a CSV: outline, else point in WKT, else columns of coordinates."""
    folder = scope.catalogue[FOLDER]
    if table.empty or not any(
        folder.take(table, name).notna().any() for name in ("outline", "point")
    ):
        return to_points(table, scope, report)
    outlines, points = (
        read_wkt(folder.take(table, name).rename(folder.columns[name][0]), scope, report)
        for name in ("outline", "point")
    )
    shapes = np.where(shapely.is_missing(outlines), points, outlines)
    is_bare = shapely.is_missing(shapes)
    if is_bare.all():
        why = (
            "aucune géométrie de geomsurf ni de geompoint ne tombe dans le territoire"
            f" « {scope.territory.name} » ; vérifier le fichier"
        )
        raise report.refusal(why)
    one, many = "ligne sans coordonnées écartée", "lignes sans coordonnées écartées"
    report.count(int(is_bare.sum()), one, many)
    return _in_window(_located(table, shapes, scope)[~is_bare], scope, report)


def _outlined(table: gpd.GeoDataFrame, scope: Scope, report: FileReport) -> gpd.GeoDataFrame:
    """Replace the points of a layer by the outlines that its column of WKT gives."""
    folder = scope.catalogue[FOLDER]
    shapes = table.geometry.to_numpy()
    texts = folder.take(table, "outline").rename("geomsurf")
    texts = texts.where(shapely.get_dimensions(shapes) == 0)
    if texts.isna().all():
        return table
    outlines = read_wkt(texts, scope, report)
    return _located(table, np.where(shapely.is_missing(outlines), shapes, outlines), scope)


def _located(table: pd.DataFrame, shapes: GeometryArray, scope: Scope) -> gpd.GeoDataFrame:
    series = gpd.GeoSeries(shapes, index=table.index, crs=scope.territory.crs)
    return gpd.GeoDataFrame(table.drop(columns="geometry", errors="ignore"), geometry=series)


def _in_window(table: gpd.GeoDataFrame, scope: Scope, report: FileReport) -> gpd.GeoDataFrame:
    if scope.window is not None:
        table = table[shapely.intersects(table.geometry.to_numpy(), shapely.box(*scope.window))]
    report.meet(len(table))
    return table


def _sites(table: gpd.GeoDataFrame, layer: str, scope: Scope, report: FileReport) -> pd.DataFrame:
    folder = scope.catalogue[FOLDER]
    table = _points_and_outlines(table, report)
    given = folder.take(table, "id")
    one, many = (
        "site sans site_id, désigné par son rang",
        "sites sans site_id, désignés par leur rang",
    )
    report.count(int(given.isna().sum()), one, many)
    ranks = [report.file.row_id(layer, rank) for rank in table.index]
    texts = {name: undo_double_encoding(folder.take(table, name)) for name in _TEXTS}
    days = {
        name: read_days(folder.take(table, name), words, report)
        for name, words in (
            ("identified_on", "date d'identification"),
            ("updated_on", "date d'actualisation"),
        )
    }
    codes = folder.take(table, "insee_code").str.upper()
    rows = table[["geometry"]].assign(
        site_id=given.fillna(pd.Series(ranks, index=table.index, dtype="str")),
        insee_code=codes.where(
            codes.str.fullmatch(INSEE_CODE.pattern).fillna(value=False).astype(bool)
        ),
        area_m2=read_areas(folder.take(table, "area_m2"), "surface déclarée", report),
        source=report.file.name,
        **texts,
        **days,
    )
    for day in days["updated_on"].dropna():
        report.keep_latest(day)
    report.row_count += len(rows)
    return pd.DataFrame(rows)


def _points_and_outlines(table: gpd.GeoDataFrame, report: FileReport) -> gpd.GeoDataFrame:
    """Keep points and valid outlines; lines and nothing are left out and counted."""
    shapes = table.geometry.to_numpy().copy()
    several = shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT
    shapes[several] = shapely.centroid(shapes[several])
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    areas = polygonal(shapes[~is_point])
    ids = np.asarray([str(rank) for rank in table.index], dtype=object)
    shapes[~is_point] = repair(areas, ids[~is_point], report)
    is_kept = ~shapely.is_empty(shapes)
    one, many = "site sans point ni surface écarté", "sites sans point ni surface écartés"
    report.count(int((~is_kept).sum()), one, many)
    table = table.set_geometry(gpd.GeoSeries(shapes, index=table.index, crs=table.crs))
    return table[is_kept]


def _one_each(rows: pd.DataFrame, reports: Sequence[FileReport]) -> pd.DataFrame:
    """Return one row per site: the latest updated, outlines before points, its parts united."""
    shapes = rows["geometry"].to_numpy()
    rows = rows.assign(is_drawn=np.isin(shapely.get_type_id(shapes), POLYGON_TYPES))
    order = ["site_id", "updated_on", "is_drawn"]
    rows = rows.sort_values(
        order, ascending=[True, False, False], na_position="last", kind="stable"
    )
    first = rows.groupby("site_id")[["source", "is_drawn"]].transform("first")
    is_part = (rows["source"] == first["source"]) & rows["is_drawn"] & first["is_drawn"]
    is_first = ~rows["site_id"].duplicated()
    is_kept = (is_first | is_part).to_numpy(dtype=bool)
    for report in reports:
        ids = rows.loc[
            ~is_kept & (rows["source"] == report.file.name).to_numpy(dtype=bool), "site_id"
        ]
        report.row_count -= len(ids)
        one, many = (
            "site déjà décrit plus récemment ou mieux",
            "sites déjà décrits plus récemment ou mieux",
        )
        report.count(len(ids), one, many, ids=ids)
    kept = rows[is_kept]
    groups, _ = pd.factorize(kept["site_id"])
    parts = kept["geometry"].to_numpy()
    united = np.array(
        [shapely.union_all(parts[rows]) for _, rows in positions_by_key(groups)], dtype=object
    )
    return kept.drop_duplicates("site_id").assign(geometry=united)
