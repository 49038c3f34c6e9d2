"""Rows of trees drawn as lines → trees at an assumed spacing."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.crs import FloatArray, GeometryArray
from pipeline.ingestion.osm_rows import tree_table
from pipeline.ingestion.osm_tags import is_tree, is_tree_row
from pipeline.ingestion.placement import BoolArray
from pipeline.ingestion.provenance import FileReport

_SHORTEST_RING = 4


def row_trees(
    lines: gpd.GeoDataFrame, points: gpd.GeoDataFrame, spacing_m: float, report: FileReport
) -> pd.DataFrame:
    """
    Return the trees of the mapped rows, without those that repeat another tree.

    The first stem is half a step from the end of the line (or of each stretch that the file
    locates), the last before its other end; a line shorter than a step has one, at its middle. A
    stem strictly closer than half a step to a tree mapped as a point, or to an earlier one of its
    row, is that tree: it is left and counted.

    Parameters
    ----------
    lines, points
        Objects (`key`, `tags`), territory CRS.
    spacing_m
        Assumed step, metres.
    report
        Receives how many were left.
    """
    rows = lines[np.asarray([is_tree_row(tags) for tags in lines["tags"]], dtype=bool)]
    mapped = points[np.asarray([is_tree(tags) for tags in points["tags"]], dtype=bool)]
    stems = _stems(rows, spacing_m)
    apart = stems[_are_apart(stems.geometry.to_numpy(), mapped.geometry.to_numpy(), spacing_m / 2)]
    kept = apart[_are_first(apart, spacing_m / 2)]
    report.count(
        len(stems) - len(kept),
        "arbre d'alignement déjà cartographié, laissé",
        "arbres d'alignement déjà cartographiés, laissés",
    )
    return tree_table(kept, from_row=True)


def _stems(rows: gpd.GeoDataFrame, spacing_m: float) -> gpd.GeoDataFrame:
    """Return the stems; `key` ends with the rank along the row, `row` is the key of the row."""
    stems = [_places(line, spacing_m) for line in rows.geometry]
    ranks = [rank for places in stems for rank in range(1, len(places) + 1)]
    table = rows[["key", "tags"]].loc[np.repeat(rows.index, [len(places) for places in stems])]
    table = table.rename(columns={"key": "row"}).reset_index(drop=True)
    table["key"] = [f"{row}#{rank}" for row, rank in zip(table["row"], ranks, strict=True)]
    shapes = [point for places in stems for point in places]
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(shapes, crs=rows.crs))


def _places(line: shapely.Geometry, spacing_m: float) -> list[shapely.Geometry]:
    return [
        point
        for part in shapely.get_parts([line])
        for point in shapely.line_interpolate_point(
            [_from_one_start(part)], _steps(part.length, spacing_m)
        )
    ]


def _steps(length_m: float, spacing_m: float) -> FloatArray:
    """Return the distances of the stems along a line, metres."""
    if length_m < spacing_m:
        return np.array([length_m / 2])
    return np.arange(spacing_m / 2, length_m, spacing_m)


def _from_one_start(line: shapely.LineString) -> shapely.Geometry:
    """Return a ring from a start and in a direction that do not depend on who exported it."""
    if not line.is_closed or len(line.coords) < _SHORTEST_RING:
        return line
    return shapely.get_exterior_ring(shapely.normalize(shapely.Polygon(line.coords)))


def _are_apart(stems: GeometryArray, mapped: GeometryArray, distance_m: float) -> BoolArray:
    """Tell which stems have no mapped tree strictly closer than a distance."""
    is_apart = np.ones(len(stems), dtype=bool)
    (stem, _), gap = shapely.STRtree(mapped).query_nearest(
        stems, max_distance=distance_m, all_matches=False, return_distance=True
    )
    is_apart[stem[gap < distance_m]] = False
    return is_apart


def _are_first(stems: gpd.GeoDataFrame, distance_m: float) -> BoolArray:
    """Tell which stems have no earlier one of their row, itself kept, strictly closer."""
    is_first = np.ones(len(stems), dtype=bool)
    shapes = stems.geometry.to_numpy()
    for members in stems.groupby("row", sort=False).indices.values():
        kept: list[int] = []
        for member in members:
            gaps = shapely.distance(shapes[member], shapes[kept])
            is_first[member] = not (gaps < distance_m).any()
            if is_first[member]:
                kept.append(member)
    return is_first
