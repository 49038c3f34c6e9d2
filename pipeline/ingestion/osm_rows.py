"""OSM objects → rows of the tables that the stages share."""

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from pipeline.assumption_groups import GroundCover
from pipeline.crs import FloatArray
from pipeline.ingestion.osm_objects import Incomplete, Tags
from pipeline.ingestion.osm_tags import (
    access,
    capacity,
    is_building,
    is_fence,
    is_for_trucks,
    is_off_ground,
    is_open_building,
    is_opening,
    is_tree,
    metres,
    parking_type,
    road_class,
)
from pipeline.ingestion.placement import BoolArray
from pipeline.ingestion.provenance import FileReport
from pipeline.masks import MASKS, to_masks

_MILLIMETRE = 1e-3


def candidates(areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the car parks that are drawn."""
    parks = _tagged(areas, "parking")
    rows = [_candidate(key, tags) for key, tags in _pairs(parks)]
    return _frame(rows).assign(role="outline", geometry=parks.geometry.to_numpy())


def point_candidates(points: gpd.GeoDataFrame, lon: FloatArray, lat: FloatArray) -> pd.DataFrame:
    """Return the car parks that are only points; `lon` and `lat` are those of `points`, degrees."""
    is_park = _is_amenity(points, "parking")
    rows = [_candidate(key, tags) for key, tags in _pairs(points[is_park])]
    places = zip(lat[is_park], lon[is_park], strict=True)
    defects = [f"objet ponctuel : aucun contour, vers {y:.4f}, {x:.4f}" for y, x in places]
    shapes = points.geometry.to_numpy()[is_park]
    return _frame(rows).assign(role="point_object", defect=defects, geometry=shapes)


def incomplete_candidates(
    incomplete: Sequence[Incomplete], project: Callable[[FloatArray], FloatArray]
) -> pd.DataFrame:
    """Return the car parks that the extract does not hold whole, with the points known of each."""
    ordered = sorted(incomplete, key=lambda item: item.key)
    rows = [_candidate(item.key, item.tags) for item in ordered]
    defects = [item.defect for item in ordered]
    shapes = np.full(len(ordered), None, dtype=object)
    for i, item in enumerate(ordered):
        if item.known:
            shapes[i] = shapely.multipoints(project(np.array(item.known)))
    return _frame(rows).assign(role="outline", defect=defects, geometry=shapes)


def _candidate(key: str, tags: Tags) -> dict[str, object]:
    low, high = capacity(tags.get("capacity"))
    return {
        "candidate_id": f"osm/{key}",
        "source": "osm",
        "source_id": key,
        "parking_type": parking_type(tags),
        "name": tags.get("name"),
        "access": access(tags.get("access")),
        "operator": tags.get("operator"),
        "capacity_min": low,
        "capacity_max": high,
        "is_for_trucks": is_for_trucks(tags),
    }


def _frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(_candidate("way/0", {})), dtype=object)


def bays(objects: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the mapped spaces, with the kind of car park that their tags tell."""
    spaces = _tagged(objects, "parking_space")
    counts = [capacity(tags.get("capacity"))[0] or 1.0 for tags in spaces["tags"]]
    table = pd.DataFrame(
        {
            "bay_id": "osm/" + spaces["key"].astype("str"),
            "source_id": spaces["key"],
            "capacity": np.asarray(counts, dtype=float),
            "parking_type": [parking_type(tags) for tags in spaces["tags"]],
            "is_for_trucks": np.asarray([is_for_trucks(t) for t in spaces["tags"]], dtype=bool),
        }
    )
    return gpd.GeoDataFrame(table, geometry=spaces.geometry)


def roads(lines: gpd.GeoDataFrame, report: FileReport) -> pd.DataFrame:
    """Return the roads for cars that run on the ground; the others are counted."""
    classes = np.asarray([road_class(tags) for tags in lines["tags"]], dtype=object)
    on_ground = np.asarray([not is_off_ground(tags) for tags in lines["tags"]], dtype=bool)
    is_road = np.asarray([kind is not None for kind in classes], dtype=bool)
    report.count(
        int((is_road & ~on_ground).sum()),
        "voie en pont ou tunnel laissée",
        "voies en pont ou tunnel laissées",
    )
    kept = lines[is_road & on_ground]
    tags = list(kept["tags"])
    return pd.DataFrame(
        {
            "road_id": "osm/" + kept["key"].astype("str"),
            "source": "osm",
            "road_class": classes[is_road & on_ground],
            "highway": [item["highway"] for item in tags],
            "name": [item.get("name") for item in tags],
            "width_m": [metres(item.get("width") or item.get("est_width")) for item in tags],
            "is_freight": [item.get("hgv") == "designated" for item in tags],
            "geometry": kept.geometry.to_numpy(),
        }
    )


def fences(lines: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the fences and walls; one has an opening when a gate stands on one of its vertices."""
    drawn = lines[_where(lines, is_fence)]
    gates = points[_where(points, is_opening)]
    opened = np.zeros(len(drawn), dtype=bool)
    if len(drawn) and len(gates):
        tree = shapely.STRtree(shapely.extract_unique_points(drawn.geometry.to_numpy()))
        hits = tree.query(gates.geometry.to_numpy(), predicate="dwithin", distance=_MILLIMETRE)
        opened[hits[1]] = True
    return pd.DataFrame(
        {
            "fence_id": "osm/" + drawn["key"].astype("str"),
            "source": "osm",
            "has_opening": opened,
            "geometry": drawn.geometry.to_numpy(),
        }
    )


def buildings(areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the buildings; a car park that is a building is none (it would remove itself)."""
    built = areas[_where(areas, is_building)]
    return pd.DataFrame(
        {
            "building_id": "osm/" + built["key"].astype("str"),
            "source": "osm",
            "is_open": np.asarray([is_open_building(tags) for tags in built["tags"]], dtype=bool),
            "geometry": built.geometry.to_numpy(),
        }
    )


def trees(points: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the single trees."""
    return tree_table(points[_where(points, is_tree)], from_row=False)


def tree_table(stems: gpd.GeoDataFrame, *, from_row: bool) -> pd.DataFrame:
    """Return the rows of `Tree` of some stems (`key`, `tags`)."""
    tags = list(stems["tags"])
    return pd.DataFrame(
        {
            "tree_id": "osm/" + stems["key"].astype("str"),
            "source": "osm",
            "is_from_row": from_row,
            "genus": [item.get("genus") or item.get("species") for item in tags],
            "height_m": [metres(item.get("height")) for item in tags],
            "crown_diameter_m": [metres(item.get("diameter_crown")) for item in tags],
            "geometry": stems.geometry.to_numpy(),
        }
    )


def masks(areas: gpd.GeoDataFrame, covers: Sequence[GroundCover]) -> pa.Table:
    """Return the ground cover, one row per area: the first cover of the list that its tags name."""
    found = [(row, _cover(tags, covers)) for row, tags in enumerate(areas["tags"])]
    kept = [(row, cover) for row, cover in found if cover is not None]
    if not kept:
        return MASKS.empty_table()
    rows = areas.iloc[[row for row, _ in kept]]
    deducts = [cover.effect == "deduit" for _, cover in kept]
    return to_masks(
        rows.geometry.to_numpy(),
        ids=[f"osm/{key}" for key in rows["key"]],
        source=["osm"] * len(kept),
        motif=[cover.motif for _, cover in kept],
        deducts=deducts,
        certain=deducts,
    )


def _cover(tags: Tags, covers: Sequence[GroundCover]) -> GroundCover | None:
    """Return what the ground is; a car park and a building are none of it."""
    if tags.get("amenity") in {"parking", "parking_space"} or is_building(tags):
        return None
    return next((cover for cover in covers if tags.get(cover.tag) == cover.value), None)


def _tagged(table: gpd.GeoDataFrame, amenity: str) -> gpd.GeoDataFrame:
    return table[_is_amenity(table, amenity)]


def _is_amenity(table: gpd.GeoDataFrame, amenity: str) -> BoolArray:
    return _where(table, lambda tags: tags.get("amenity") == amenity)


def _where(table: gpd.GeoDataFrame, test: Callable[[Tags], bool]) -> BoolArray:
    """Return the rows whose tags pass a test (an array: an empty list would select no column)."""
    return np.asarray([test(tags) for tags in table["tags"]], dtype=bool)


def _pairs(table: gpd.GeoDataFrame) -> "zip[tuple[str, Tags]]":
    return zip(table["key"], table["tags"], strict=True)
