"""Columns of WKT text → geometries in the territory CRS, placed by their values."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.crs import GeometryArray
from pipeline.ingestion.placement import apply, place
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import centres


def read_wkt(texts: "pd.Series[str]", scope: Scope, report: FileReport) -> GeometryArray:
    """
    Return the geometry of each text in the territory CRS; None where there is none.

    Degrees or metres, axes in order or exchanged: told by the values, for the column as a whole.

    Parameters
    ----------
    texts
        WKT or EWKT, blanks missing.
    scope
        Gives the territory. The window is not looked at.
    report
        Receives what cannot be read, what lies elsewhere, and how the values were understood.
    """
    result = np.full(len(texts), None, dtype=object)
    plain = texts.str.replace(r"^SRID=[0-9]+;", "", case=False, regex=True)
    read = shapely.from_wkt(plain.astype(object).where(plain.notna(), None), on_invalid="ignore")
    shapes = np.asarray(read, dtype=object)
    is_lost = texts.notna().to_numpy(dtype=bool) & shapely.is_missing(shapes)
    one, many = f"géométrie illisible dans {texts.name}", f"géométries illisibles dans {texts.name}"
    report.count(int(is_lost.sum()), one, many)
    rows = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    if not len(rows):
        return result
    placement = place(centres(gpd.GeoSeries(shapes[rows])), None, scope.territory)
    if placement is None:
        one = f"géométrie de {texts.name} hors du territoire"
        report.count(len(rows), one, f"géométries de {texts.name} hors du territoire")
        return result
    if placement.is_swapped:
        report.warn(f"colonne {texts.name} : axes intervertis, remis dans l'ordre")
    inside = rows[placement.inside]
    one, many = "objet hors du territoire écarté", "objets hors du territoire écartés"
    report.count(len(rows) - len(inside), one, many)
    result[inside] = apply(shapes[inside], placement, scope.territory)
    return result
