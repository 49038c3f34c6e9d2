"""Rows that should draw a car park: those that do, and the others, kept with what they lack."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.crs import GeometryArray
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import keep_polygons

_AREAS = (
    shapely.GeometryType.POLYGON,
    shapely.GeometryType.MULTIPOLYGON,
    shapely.GeometryType.GEOMETRYCOLLECTION,
)
_POINTS = (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT)


def keep_outlines(table: gpd.GeoDataFrame, report: FileReport) -> gpd.GeoDataFrame:
    """
    Repair the outlines of car parks, and keep the rows that have none: no candidate vanishes.

    Parameters
    ----------
    table
        Rows in the territory CRS with a column `candidate_id`; geometries may be missing.
    report
        Receives what was repaired and what has no outline.

    Returns
    -------
    table
        The same rows, outlines first, with `defect` (French, missing for an outline) and `role`:
        `point_object` for points, else `outline`. A row with a defect has the points that are known
        of it as geometry, or none.
    """
    kinds = shapely.get_type_id(table.geometry.to_numpy())
    areas = table[np.isin(kinds, _AREAS)]
    drawn = keep_polygons(areas, list(areas["candidate_id"]), report)
    rest = table[~table["candidate_id"].isin(drawn["candidate_id"])]
    report.count(
        len(rest),
        "objet sans contour gardé sans mesure",
        "objets sans contour gardés sans mesure",
        ids=rest["candidate_id"],
    )
    shapes = rest.geometry.to_numpy()
    is_point = np.isin(shapely.get_type_id(shapes), _POINTS)
    undrawn = rest.set_geometry(gpd.GeoSeries(_known_points(shapes), rest.index, table.crs)).assign(
        defect=[_defect(shape) for shape in shapes],
        role=np.where(is_point, "point_object", "outline"),
    )
    outlines = drawn.assign(defect=None, role="outline")
    return gpd.GeoDataFrame(pd.concat([outlines, undrawn])) if len(undrawn) else outlines


def _defect(shape: shapely.Geometry | None) -> str:
    if shape is None:
        return "contour absent de la couche"
    if _is_point(shape):
        return "objet ponctuel : aucun contour dans la couche"
    return "contour sans surface dans la couche"


def _is_point(shape: shapely.Geometry) -> bool:
    return shapely.get_type_id(shape) in _POINTS


def _known_points(shapes: GeometryArray) -> GeometryArray:
    """Return points as they are, the vertices of other geometries, None where there is none."""
    known = shapes.copy()
    for rank, shape in enumerate(shapes):
        if shape is not None and not _is_point(shape):
            known[rank] = shapely.multipoints(shapely.get_coordinates(shape))
    return known
