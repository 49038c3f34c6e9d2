"""Land of one commune, cut out of what was qualified whole; ground without data is a row."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.artificialisation.qualify import QualifiedLand
from pipeline.contracts import check, conform
from pipeline.crs import GeometryArray, Territory, ground_area
from pipeline.groups import IntArray
from pipeline.polygons import polygonal
from pipeline.precision import DUST_M2, NODE_SNAP_M
from pipeline.schemas import LandStatus


def land_of_commune(
    qualified: QualifiedLand, commune: shapely.Geometry, territory: Territory
) -> QualifiedLand:
    """
    Cut the land of one vintage by the limits of a commune.

    Statuses and sizes of components stay those of the whole: a component that crosses the limit is
    not made small by it. Areas are those of the pieces.

    Parameters
    ----------
    qualified
        Land of one vintage, wider than the commune.
    commune
        Its polygon, in the territory CRS.

    Returns
    -------
    own
        A valid coverage of the commune, whole: ground that the vintage does not cover comes last,
        one row with `reason` `non_couvert`. No row at all where the vintage does not meet it.
    """
    shapes = qualified.land.geometry.to_numpy()
    met = np.sort(qualified.land.sindex.query(commune, predicate="intersects"))
    pieces, source = _pieces(shapes[met], met, commune)
    if not len(source):
        return QualifiedLand(qualified.land.iloc[:0], qualified.variants.iloc[:0])
    missing = shapely.difference(commune, shapely.coverage_union_all(pieces))
    bare = polygonal(np.array([missing], dtype=object))
    parts = shapely.get_parts(bare)
    large = parts[shapely.area(parts) > DUST_M2]
    if len(large):
        bare[0] = shapely.multipolygons(large)
        pieces = _noded(np.concatenate([pieces, bare]))
    rows = pd.DataFrame(qualified.land.iloc[source].drop(columns=["geometry", "area_m2"]))
    if len(large):
        vintage = int(rows["vintage"].iloc[0])
        rows = pd.concat([rows, _bare_row(vintage)], ignore_index=True)
    rows = rows.assign(area_m2=ground_area(pieces, territory), geometry=pieces)
    land = gpd.GeoDataFrame(conform(LandStatus, rows.reset_index(drop=True), territory.crs))
    variants = qualified.variants.iloc[source].reset_index(drop=True).reindex(land.index)
    return QualifiedLand(check(LandStatus, land, territory.crs), variants.astype("boolean"))


def covered_share(own: QualifiedLand) -> float:
    """Return the share of a commune that a vintage covers, in [0, 1]; 0 where it has no row."""
    total = own.land["area_m2"].sum()
    covered = own.land.loc[own.land["reason"] != "non_couvert", "area_m2"].sum()
    return float(covered / total) if total else 0.0


def _pieces(
    shapes: GeometryArray, positions: IntArray, commune: shapely.Geometry
) -> tuple[GeometryArray, IntArray]:
    """Return what lies in the commune; polygons that are wholly in it are not cut."""
    shapely.prepare(commune)
    crossing = ~shapely.contains_properly(commune, shapes)
    pieces = shapes.copy()
    pieces[crossing] = polygonal(shapely.intersection(shapes[crossing], commune))
    kept = shapely.area(pieces) > DUST_M2
    if not kept.any():
        return pieces[kept], positions[kept]
    return _noded(pieces[kept]), positions[kept]


def _noded(pieces: GeometryArray) -> GeometryArray:
    """Draw alike, on both sides, the ends of the edges that the limit cuts."""
    cleaned = shapely.coverage_clean(  # type: ignore[attr-defined] # stubs of 2.1
        pieces, snapping_distance=NODE_SNAP_M
    )
    return np.asarray(cleaned, dtype=object)


def _bare_row(vintage: int) -> pd.DataFrame:
    name = f"{vintage}/non_couvert"
    return pd.DataFrame([{"land_id": name, "vintage": vintage, "reason": "non_couvert"}])
