"""OpenStreetMap: car parks, spaces, roads, fences, buildings, carports, trees, ground cover."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import WGS84, FloatArray, transformer_between
from pipeline.ingestion import osm_rows
from pipeline.ingestion.formats import RAW_OSM
from pipeline.ingestion.land_words import LandRows
from pipeline.ingestion.osm_assembler import assemble
from pipeline.ingestion.osm_bays import group_bays
from pipeline.ingestion.osm_carports import carports
from pipeline.ingestion.osm_exports import read_exports
from pipeline.ingestion.osm_files import merge_osm
from pipeline.ingestion.osm_land import ground_tags, land_rows, land_tags
from pipeline.ingestion.osm_objects import GroundTags, Incomplete, LonLat, Objects, OsmObjects
from pipeline.ingestion.osm_tree_rows import row_trees
from pipeline.ingestion.osm_window import cut_to_window
from pipeline.ingestion.prepared_osm import read_prepared
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import keep_polygons
from pipeline.ingestion.scope import Bounds, Scope


@dataclass(frozen=True)
class Osm:
    """
    Rows of OpenStreetMap, before they meet those of the other sources.

    `land` is None unless what the ground is was asked for.
    """

    candidates: pd.DataFrame
    bays: pd.DataFrame
    roads: pd.DataFrame
    fences: pd.DataFrame
    buildings: pd.DataFrame
    carports: pd.DataFrame
    trees: pd.DataFrame
    masks: pa.Table
    land: LandRows | None


def read_osm(
    reports: Sequence[FileReport],
    scope: Scope,
    assumptions: Assumptions,
    *,
    with_land: bool = False,
) -> Osm:
    """
    Read everything of OpenStreetMap that meets the window.

    Raises
    ------
    SourceError
        If a file cannot be read.
    """
    covers = [cover for cover in assumptions.ground_cover if cover.source == "osm"]
    choices = assumptions.derived_land
    found = read_objects(reports, scope, *tags_of(assumptions, with_land=with_land))
    points, lines = _located(found.points, scope), _located(found.lines, scope)
    areas = _located(found.areas, scope)
    areas = keep_polygons(areas, list(areas["key"]), reports[0])
    near = _near(found.incomplete, scope)
    for report in reports:
        if report.file.format in RAW_OSM:  # read together: what they hold around the commune
            report.row_count = len(points) + len(lines) + len(areas) + len(near)
            report.meet(report.row_count)
    candidates = pd.concat(
        [
            osm_rows.candidates(areas),
            osm_rows.point_candidates(points, *_degrees(points, scope)),
            osm_rows.incomplete_candidates(near, partial(_project, scope=scope)),
        ]
    )
    bays = osm_rows.bays(pd.concat([areas, points]))
    groups = group_bays(bays, candidates, assumptions.parking_lots.bay_gap_m.value)
    parks = pd.concat([candidates, groups])
    spacing = assumptions.mapped_trees.row_spacing_m.value
    return Osm(
        candidates=parks.assign(vintage=parks["source_id"].map(found.last_edit)),
        bays=bays.drop(columns=["parking_type", "is_for_trucks"]),
        roads=osm_rows.roads(lines, reports[0]),
        fences=osm_rows.fences(lines, points),
        buildings=osm_rows.buildings(areas),
        carports=carports(areas, points, assumptions.carports.same_roof_share.value, reports[0]),
        trees=pd.concat([osm_rows.trees(points), row_trees(lines, points, spacing, reports[0])]),
        masks=osm_rows.masks(areas, covers),
        land=land_rows(areas, lines, choices, found.vintage) if with_land else None,
    )


def tags_of(assumptions: Assumptions, *, with_land: bool) -> tuple[GroundTags, GroundTags]:
    """Return the pairs (key, value) of the ground covers, then those of the lines, to look for."""
    ground = ground_tags(assumptions)
    if not with_land:
        return ground, frozenset()
    choices = assumptions.derived_land
    return ground | land_tags(choices, "surface"), land_tags(choices, "ligne")


def read_objects(
    reports: Sequence[FileReport],
    scope: Scope,
    ground: GroundTags,
    lines: GroundTags = frozenset(),
) -> OsmObjects:
    """
    Read the objects of OSM files: raw ones assembled together, then what exports add to them.

    Raises
    ------
    SourceError
        If a file cannot be read.
    """
    raw = [report for report in reports if report.file.format in RAW_OSM]
    exported = [report for report in reports if report.file.format not in RAW_OSM]
    found = OsmObjects()
    if raw:
        # An export may repeat an object that lies out of the window in the raw data: all are read.
        copied = None if exported else _read_prepared(raw, scope, ground, lines)
        found = copied or read_raw(raw, scope, ground, lines, is_cut=not exported)
    for report, objects in read_exports(exported, scope, ground, lines):
        repeated = found.extend(objects)
        report.row_count += len(objects.keys())
        report.count(
            repeated, "doublon d'une autre couche écarté", "doublons d'autres couches écartés"
        )
    found.vintage = max((r.vintage for r in reports if r.vintage is not None), default=None)
    return found


def _read_prepared(
    raw: list[FileReport], scope: Scope, ground: GroundTags, lines: GroundTags
) -> OsmObjects | None:
    window = scope.window_in(WGS84)
    return None if window is None else read_prepared(raw, window, ground, lines)


def read_raw(
    raw: list[FileReport],
    scope: Scope,
    ground: GroundTags,
    lines: GroundTags,
    *,
    is_cut: bool = False,
) -> OsmObjects:
    """
    Read the objects of raw files, assembled together, whatever the window.

    Parameters
    ----------
    is_cut
        Objects beyond the window may be left out, when the files tell their date: without it, the
        last edit of them all is the date. The remarks are those of the whole files.

    Raises
    ------
    SourceError
        If a file cannot be read.
    """
    path = merge_osm(raw, scope.work)
    window = scope.window_in(WGS84) if is_cut else None
    try:
        if window is not None and all(report.vintage is not None for report in raw):
            path = cut_to_window(path, window, ground, scope.work / "osm-fenetre.osm.pbf")
        found = assemble(path, ground, lines)
    except RuntimeError as error:
        why = f"données OSM illisibles ou tronquées ({error}) ; redéposer l'extrait"
        raise raw[0].refusal(why) from error
    for report in raw:
        report.vintage = report.vintage or found.vintage
        if len(raw) > 1:
            report.note(
                f"lu avec {len(raw) - 1} autre(s) extrait(s) : chaque objet compté une fois"
            )
    _note_gaps(found, raw[0])
    return found


def _note_gaps(found: OsmObjects, report: FileReport) -> None:
    for remark in found.remarks:
        report.note(remark)
    keys = [item.key for item in found.incomplete]
    report.count(
        len(keys), "parking sans contour complet", "parkings sans contour complet", ids=keys
    )
    report.count(
        found.incomplete_others,
        "autre surface incomplète laissée",
        "autres surfaces incomplètes laissées",
    )
    report.count(
        found.cut_lines, "ligne coupée au bord de l'extrait", "lignes coupées au bord de l'extrait"
    )


def _located(objects: Objects, scope: Scope) -> gpd.GeoDataFrame:
    """Return the objects that meet the window, in the territory CRS, sorted by key."""
    degrees = objects.geometries()
    bounds = shapely.bounds(degrees).reshape(-1, 4)
    window = scope.window_in(WGS84) or scope.territory.lon_lat_bounds
    west, south, east, north = window
    meets = (
        (bounds[:, 0] <= east)
        & (bounds[:, 2] >= west)
        & (bounds[:, 1] <= north)
        & (bounds[:, 3] >= south)
    )
    rows = np.flatnonzero(meets)
    table = pd.DataFrame(
        {"key": [objects.keys[row] for row in rows], "tags": [objects.tags[row] for row in rows]},
        dtype=object,
    )
    geometry = gpd.GeoSeries(
        shapely.transform(degrees[rows], partial(_project, scope=scope)), crs=scope.territory.crs
    )
    return gpd.GeoDataFrame(table, geometry=geometry).sort_values("key", ignore_index=True)


def _project(lon_lat: FloatArray, scope: Scope) -> FloatArray:
    """Carry longitudes and latitudes, shape `(n, 2)`, to the territory CRS."""
    transformer = transformer_between(WGS84, scope.territory.crs)
    return np.column_stack(transformer.transform(lon_lat[:, 0], lon_lat[:, 1]))


def _degrees(points: gpd.GeoDataFrame, scope: Scope) -> tuple[FloatArray, FloatArray]:
    transformer = transformer_between(scope.territory.crs, WGS84)
    lon, lat = transformer.transform(points.geometry.x.to_numpy(), points.geometry.y.to_numpy())
    return np.asarray(lon), np.asarray(lat)


def _near(incomplete: list[Incomplete], scope: Scope) -> list[Incomplete]:
    """Return the incomplete car parks of the window, with those that nothing locates."""
    window = scope.window_in(WGS84)
    if window is None:
        return incomplete
    return [item for item in incomplete if not item.known or _meets(item.known, window)]


def _meets(known: list[LonLat], window: Bounds) -> bool:
    west, south, east, north = window
    return any(west <= lon <= east and south <= lat <= north for lon, lat in known)
