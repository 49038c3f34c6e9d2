"""Geometry made usable where that is safe, each repair recorded; the rest left out and counted."""

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.crs import GeometryArray
from pipeline.ingestion.provenance import FileReport

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_LINEAR = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)
# Beyond this relative change of area, a repaired ring may no longer be what was drawn.
_NOTABLE_CHANGE = 0.01


def keep_polygons(
    table: gpd.GeoDataFrame, ids: Iterable[str], report: FileReport
) -> gpd.GeoDataFrame:
    """
    Return the rows that are polygons, their rings repaired where they cross themselves.

    Only invalid ones are touched (`make_valid`, method `structure`). What is no polygon, or is
    nothing once repaired, is left out and counted.

    Parameters
    ----------
    table
        Any geometries, no missing one.
    ids
        One per row, for the record.
    report
        Receives what was done.
    """
    geometries = _polygonal_part(table.geometry.to_numpy())
    names = np.asarray(list(ids), dtype=object)
    is_other = ~np.isin(shapely.get_type_id(geometries), [int(kind) for kind in _POLYGONAL])
    report.count(int(is_other.sum()), "objet sans surface écarté", "objets sans surface écartés")
    repaired = repair(geometries[~is_other], names[~is_other], report)
    kept = table[~is_other].set_geometry(gpd.GeoSeries(repaired, table.index[~is_other], table.crs))
    is_empty = shapely.is_empty(repaired)
    report.count(int(is_empty.sum()), "contour nul écarté", "contours nuls écartés")
    return kept[~is_empty]


def repair(geometries: GeometryArray, ids: GeometryArray, report: FileReport) -> GeometryArray:
    """Return polygons made valid, the invalid ones only; how many and how much is recorded."""
    is_broken = ~shapely.is_valid(geometries)
    if not is_broken.any():
        return geometries
    mended = geometries.copy()
    mended[is_broken] = shapely.make_valid(
        geometries[is_broken], method="structure", keep_collapsed=False
    )
    before, after = shapely.area(geometries[is_broken]), shapely.area(mended[is_broken])
    report.count(
        int(is_broken.sum()),
        "contour croisé réparé",
        "contours croisés réparés",
        ids=ids[is_broken],
    )
    report.note(f"aire des contours réparés : {before.sum():.1f} m² avant, {after.sum():.1f} après")
    changed = np.abs(after - before) > _NOTABLE_CHANGE * np.maximum(before, after)
    report.count(
        int(changed.sum()),
        "réparation change l'aire de plus de 1 %",
        "réparations changent l'aire de plus de 1 %",
        ids=ids[is_broken][changed],
    )
    return mended


def keep_lines(table: gpd.GeoDataFrame, report: FileReport) -> gpd.GeoDataFrame:
    """Return the rows that are lines; others are left out and counted."""
    is_line = np.isin(table.geometry.type, ["LineString", "MultiLineString"])
    report.count(int((~is_line).sum()), "objet non linéaire écarté", "objets non linéaires écartés")
    return table[is_line]


def drop_repeated(
    table: gpd.GeoDataFrame, ids: list[str], seen: set[str], report: FileReport
) -> tuple[gpd.GeoDataFrame, "pd.Series[str]"]:
    """
    Drop the rows whose id came before, in this file or in another of the folder; return their ids.

    `seen` is completed. An id that comes back with another geometry in the same file names
    another part of the same object: both are kept, the second under `id#2`.
    """
    names: list[str] = []
    kept: list[bool] = []
    here: dict[str, list[bytes]] = {}
    for name, wkb in zip(ids, shapely.to_wkb(table.geometry.to_numpy()), strict=True):
        parts = here.setdefault(name, [])
        is_new = name not in seen and wkb not in parts
        parts.append(wkb)
        kept.append(is_new)
        names.append(name if len(parts) == 1 else f"{name}#{len(parts)}")
    seen.update(here)
    repeated = [name for name, is_new in zip(ids, kept, strict=True) if not is_new]
    report.count(len(repeated), "doublon écarté", "doublons écartés", ids=repeated)
    is_kept = np.asarray(kept, dtype=bool)
    unique = pd.Series(names, index=table.index, dtype="str")
    return table[is_kept], unique[is_kept]


def _polygonal_part(geometries: GeometryArray) -> GeometryArray:
    """Return collections reduced to their polygons; other geometries unchanged."""
    collections = shapely.get_type_id(geometries) == shapely.GeometryType.GEOMETRYCOLLECTION
    result = geometries.copy()
    for index in np.flatnonzero(collections):
        parts = shapely.get_parts(geometries[index])
        areas = parts[np.isin(shapely.get_type_id(parts), [int(kind) for kind in _POLYGONAL])]
        if len(areas):
            result[index] = shapely.union_all(areas)
    return result
