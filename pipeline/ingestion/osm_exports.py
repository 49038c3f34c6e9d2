"""OSM exported as GeoPackage or GeoJSON, tags as columns → the same objects as the raw data."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.crs import WGS84, FloatArray, transformer_between
from pipeline.ingestion.catalogue import as_text
from pipeline.ingestion.osm_objects import GroundTags, OsmObjects, Tags
from pipeline.ingestion.osm_solar_tags import is_open_roof, is_solar_power
from pipeline.ingestion.osm_tags import (
    DETAILS,
    ROLES,
    encloses,
    is_fence,
    is_line_of,
    is_of_interest,
    is_opening,
    is_tree,
    is_tree_row,
    road_class,
)
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import list_layers, read_layer

_KEY = re.compile(r"(node|way|relation)/(\d+)")
_HSTORE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=>\s*"((?:[^"\\]|\\.)*)"')
# overpass turbo, QuickOSM, GDAL.
_TIMESTAMPS = ("@timestamp", "timestamp", "osm_timestamp")
_DAY = r"^(\d{4}[-/]\d{2}[-/]\d{2})"
_TYPES = {"n": "node", "w": "way", "r": "relation"}
_SHORTEST_RING = 4
_BY_DIMENSION = {0: "node", 1: "way", 2: "relation"}


def read_exports(
    reports: Sequence[FileReport],
    scope: Scope,
    ground: GroundTags,
    lines: GroundTags = frozenset(),
) -> Iterator[tuple[FileReport, OsmObjects]]:
    """
    Yield the objects of each layer of each export (overpass turbo, QuickOSM, GDAL).

    Raises
    ------
    SourceError
        If a file cannot be read, or has neither OSM ids nor tags as columns.
    """
    for report in reports:
        for layer in list_layers(report):
            table = read_layer(report, layer, scope)
            if not _holds_osm(table):
                columns = ", ".join(str(name) for name in table.columns if name != "geometry")
                why = (
                    f"couche {layer} sans étiquettes OSM en colonnes ({columns[:120] or 'aucune'})"
                )
                why = f"{why} ; déposer un export OSM"
                raise report.refusal(why)
            yield report, _sort_out(table, layer, scope, ground, lines, report)


def _holds_osm(table: gpd.GeoDataFrame) -> bool:
    names = {*ROLES, "other_tags", "landuse", "leisure"}
    return bool(names & set(table.columns))


def _sort_out(
    table: gpd.GeoDataFrame,
    layer: str,
    scope: Scope,
    ground: GroundTags,
    lines: GroundTags,
    report: FileReport,
) -> OsmObjects:
    found = OsmObjects()
    to_degrees = transformer_between(scope.territory.crs, WGS84)

    def project(xy: FloatArray) -> FloatArray:
        return np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1]))

    degrees = shapely.transform(table.geometry.to_numpy(), project)
    dimensions = shapely.get_dimensions(degrees)
    keys = _keys(table, dimensions, layer, report)
    found.dates = _last_edits(table, keys)
    wkbs = shapely.to_wkb(degrees)
    for key, tags, wkb, dimension in zip(
        keys, _tags(table, ground | lines), wkbs, dimensions, strict=True
    ):
        if dimension == 1 and is_line_of(tags, lines) and road_class(tags) is None:
            found.lines.add(key, tags, wkb)
        else:
            _add(found, key, tags, wkb, int(dimension), ground)
    return found


def _add(
    found: OsmObjects, key: str, tags: Tags, wkb: bytes, dimension: int, ground: GroundTags
) -> None:
    is_parking = tags.get("amenity") in {"parking", "parking_space"}
    wkb, dimension = _as_surface(tags, wkb, dimension)
    if dimension == 0:
        if is_parking or is_tree(tags) or is_opening(tags) or is_solar_power(tags):
            found.points.add(key, tags, wkb)
    elif dimension == 1:
        _add_line(found, key, tags, wkb)
    else:
        if is_tree_row(tags) and not key.startswith("relation/"):  # a ring, to some drivers an area
            found.lines.add(key, tags, shapely.to_wkb(shapely.boundary(shapely.from_wkb(wkb))))
        if is_of_interest(tags, ground) and encloses(tags, key):
            found.areas.add(key, tags, wkb)


def _as_surface(tags: Tags, wkb: bytes, dimension: int) -> tuple[bytes, int]:
    """Return an object and its dimension: rings of roofs and panels, lines to some drivers, too."""
    if dimension != 1 or not (is_open_roof(tags) or is_solar_power(tags)):
        return wkb, dimension
    line = shapely.from_wkb(wkb)
    is_ring = isinstance(line, shapely.LineString) and line.is_closed
    if not is_ring or len(line.coords) < _SHORTEST_RING:
        return wkb, dimension
    return shapely.to_wkb(shapely.Polygon(line.coords)), 2


def _add_line(found: OsmObjects, key: str, tags: Tags, wkb: bytes) -> None:
    if road_class(tags) is not None or is_fence(tags) or is_tree_row(tags):
        found.lines.add(key, tags, wkb)
    elif tags.get("amenity") == "parking":
        defect = "contour ouvert : la ligne ne se referme pas"
        known = shapely.get_coordinates(shapely.from_wkb(wkb)).tolist()
        found.add_incomplete(key, tags, defect, [(lon, lat) for lon, lat in known])


def _keys(
    table: gpd.GeoDataFrame, dimensions: Iterable[int], layer: str, report: FileReport
) -> list[str]:
    """Return the OSM key of each row, from the columns that exports know; else its rank."""
    given = pd.Series(None, index=table.index, dtype="str")
    for name in ("@id", "id", "full_id", "osm_way_id", "osm_id"):
        if name in table.columns:
            given = given.fillna(_as_keys(name, table, dimensions))
    unknown = int(given.isna().sum())
    report.count(unknown, "objet sans identifiant OSM", "objets sans identifiant OSM")
    ranks = [f"export/{report.file.row_id(layer, rank)}" for rank in table.index]
    return list(given.fillna(pd.Series(ranks, index=table.index, dtype="str")))


def _as_keys(name: str, table: gpd.GeoDataFrame, dimensions: Iterable[int]) -> "pd.Series[str]":
    text = as_text(table[name])
    if name in {"@id", "id"}:
        return text.where(text.str.fullmatch(_KEY.pattern).fillna(value=False).astype(bool))
    if name == "full_id":
        return text.str[0].map(_TYPES) + "/" + text.str[1:]
    if name == "osm_way_id":
        return "way/" + text
    if "osm_type" in table.columns:
        return as_text(table["osm_type"]) + "/" + text
    kinds = [_BY_DIMENSION[int(dimension)] for dimension in dimensions]
    return pd.Series(kinds, index=table.index, dtype="str") + "/" + text


def _last_edits(table: gpd.GeoDataFrame, keys: list[str]) -> dict[str, str]:
    """Return the day of the last edit of each object, where the export gives it."""
    name = next((name for name in _TIMESTAMPS if name in table.columns), None)
    if name is None:
        return {}
    days = as_text(table[name]).str.extract(_DAY)[0]
    return {key: day for key, day in zip(keys, days, strict=True) if isinstance(day, str)}


def _tags(table: gpd.GeoDataFrame, ground: GroundTags) -> Iterator[Tags]:
    """Yield the tags of each row: columns of interest, completed by `other_tags`."""
    wanted = {*ROLES, *DETAILS, *(key for key, _ in ground)}
    # GDAL writes the colons of the keys as underscores.
    known = {key.replace(":", "_"): key for key in wanted} | {key: key for key in wanted}
    found = [name for name in table.columns if name in known]
    names = [known[name] for name in found]
    columns = [as_text(table[name]).astype(object).to_numpy() for name in found]
    others = as_text(table["other_tags"]) if "other_tags" in table.columns else [None] * len(table)
    for index, other in enumerate(others):
        tags = _other_tags(other) if isinstance(other, str) else {}
        for name, column in zip(names, columns, strict=True):
            value = column[index]
            if isinstance(value, str):
                tags[name] = value
        yield tags


def _other_tags(text: str) -> Tags:
    """Return the tags of a column of GDAL's OSM driver: hstore, or JSON."""
    if text.startswith("{"):
        try:
            return {str(key): str(value) for key, value in json.loads(text).items()}
        except ValueError:
            return {}
    return {_unescaped(key): _unescaped(value) for key, value in _HSTORE.findall(text)}


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
