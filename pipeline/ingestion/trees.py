"""Surveyed trees: stems (points) or crowns (polygons)."""

import re
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.ingestion.points import to_points
from pipeline.ingestion.prepared_points import read_prepared_points
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import drop_repeated, repair
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.tables import read_csv
from pipeline.ingestion.vector import list_layers, read_layer

# Survey files also hold the tracks and the pictures of the surveyor.
_TREE_LAYER = re.compile(r"arbre|tree|houppier|crown|canop|tronc", re.IGNORECASE)
_KINDS = ("Point", "MultiPoint", "Polygon", "MultiPolygon")


def read_trees(reports: Sequence[FileReport], scope: Scope) -> list[pd.DataFrame]:
    """
    Read the trees of the window; two rows at the same place are one tree.

    When some layers of a file are called trees, its other layers are left.

    Raises
    ------
    SourceError
        If a file cannot be read.
    """
    seen: set[str] = set()
    places: set[bytes] = set()
    return [
        _trees(table, layer, scope, (seen, places), report)
        for report in reports
        for table, layer in _tables(report, scope)
    ]


def _tables(report: FileReport, scope: Scope) -> list[tuple[gpd.GeoDataFrame, str]]:
    copied = read_prepared_points(report, scope)
    if copied is not None:
        return [(copied, report.file.stem)]
    if report.file.format == "csv":
        return [(to_points(read_csv(report), scope, report), report.file.stem)]
    layers = list_layers(report)
    named = [layer for layer in layers if _TREE_LAYER.search(layer)] or layers
    for layer in sorted(set(layers) - set(named)):
        report.note(f"couche {layer} : sans usage ici")
    return [(read_layer(report, layer, scope), layer) for layer in named]


def _trees(
    table: gpd.GeoDataFrame,
    layer: str,
    scope: Scope,
    met: tuple[set[str], set[bytes]],
    report: FileReport,
) -> pd.DataFrame:
    folder = scope.catalogue["arbres"]
    table = _stems_and_crowns(_new_places(table, met[1], report), report)
    ranks = [report.file.row_id(layer, rank) for rank in table.index]
    given = folder.take(table, "id")
    given = given if given.is_unique else pd.Series(None, index=table.index, dtype="str")
    names = given.fillna(pd.Series(ranks, index=table.index, dtype="str"))
    table, ids = drop_repeated(table, [f"arbres/{name}" for name in names], met[0], report)
    report.row_count += len(table)
    height, crown = (
        pd.to_numeric(folder.take(table, name).str.replace(",", ".", regex=False), errors="coerce")
        for name in ("height_m", "crown_diameter_m")
    )
    return pd.DataFrame(
        {
            "tree_id": ids,
            "source": "arbres",
            "is_from_row": False,
            "genus": folder.take(table, "genus").to_numpy(),
            "height_m": height.where(height > 0).to_numpy(),
            "crown_diameter_m": crown.where(crown > 0).to_numpy(),
            "geometry": table.geometry.to_numpy(),
        }
    )


def _new_places(
    table: gpd.GeoDataFrame, places: set[bytes], report: FileReport
) -> gpd.GeoDataFrame:
    is_new = []
    for wkb in shapely.to_wkb(table.geometry.to_numpy()):
        is_new.append(wkb not in places)
        places.add(wkb)
    count = len(is_new) - sum(is_new)
    report.count(count, "arbre déjà relevé au même point", "arbres déjà relevés au même point")
    return table[np.asarray(is_new, dtype=bool)]


def _stems_and_crowns(table: gpd.GeoDataFrame, report: FileReport) -> gpd.GeoDataFrame:
    kinds = table.geometry.type
    is_tree = kinds.isin(_KINDS)
    report.count(int((~is_tree).sum()), "objet linéaire laissé", "objets linéaires laissés")
    table = table[is_tree]
    geometries = table.geometry.to_numpy().copy()
    several = shapely.get_type_id(geometries) == shapely.GeometryType.MULTIPOINT
    geometries[several] = shapely.centroid(geometries[several])
    is_crown = shapely.get_dimensions(geometries) == 2  # noqa: PLR2004 - a surface
    ranks = np.asarray([str(rank) for rank in table.index], dtype=object)
    geometries[is_crown] = repair(geometries[is_crown], ranks[is_crown], report)
    return table.set_geometry(gpd.GeoSeries(geometries, index=table.index, crs=table.crs))
