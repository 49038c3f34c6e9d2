"""OSM objects read from the store of prepared sources: those of the window, assembled once."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from pyproj import CRS

from pipeline.crs import WGS84
from pipeline.ingestion.files import SourceFile
from pipeline.ingestion.osm_objects import GroundTags, Incomplete, Objects, OsmObjects
from pipeline.ingestion.prepared import DAMAGED, Copy, Effects, Meta, Store, key_of
from pipeline.ingestion.prepared_rows import read_meeting, write_rows
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Bounds

TABLES = ("points", "lines", "areas")
_GEOMETRY = "wkb_geometry"


def read_prepared(
    reports: Sequence[FileReport], window: Bounds, ground: GroundTags, lines: GroundTags
) -> OsmObjects | None:
    """
    Return the objects of raw files whose box meets a window, and all incomplete ones.

    The reports receive the remarks of the whole files. None when nothing is prepared.

    Parameters
    ----------
    window
        West, south, east, north, degrees; edges included.
    """
    root = reports[0].file.store
    if root is None:
        return None
    store = Store(root)
    copy = store.find(key_of_files([report.file for report in reports], ground, lines))
    if copy is None:
        return None
    try:
        found = _read(copy, window)
    except DAMAGED:
        store.refuse(copy.folder)
        return None
    for report, effects in zip(reports, copy.meta["effects"], strict=True):
        Effects.read(effects).replay(report)
    return found


def key_of_files(files: Sequence[SourceFile], ground: GroundTags, lines: GroundTags) -> str:
    """Return the key of the copy of raw files read together for some tags."""
    contents = [(file.sha256, file.member, file.format) for file in files]
    return key_of("osm", contents, sorted(ground), sorted(lines))


def write_objects(folder: Path, found: OsmObjects) -> Meta:
    """Write the objects of raw files; return what is told of them together."""
    for name in TABLES:
        _write(folder / f"{name}.parquet", getattr(found, name), found)
    incomplete = [[item.key, item.tags, item.defect, item.known] for item in found.incomplete]
    return {
        "incomplete": incomplete,
        "remarks": found.remarks,
        "vintage": found.vintage,
        "cut_lines": found.cut_lines,
        "incomplete_others": found.incomplete_others,
        "dates": {
            item.key: found.dates[item.key] for item in found.incomplete if item.key in found.dates
        },
    }


def _write(path: Path, objects: Objects, found: OsmObjects) -> None:
    shapes = objects.geometries()
    placed = np.isfinite(shapely.bounds(shapes).reshape(-1, 4)).all(axis=1)
    rows = np.flatnonzero(placed)
    table = pa.table(
        {
            "key": pa.array([objects.keys[row] for row in rows], pa.string()),
            "tags": pa.array(
                [json.dumps(objects.tags[row], ensure_ascii=False) for row in rows], pa.string()
            ),
            "edited_on": pa.array(
                [found.dates.get(objects.keys[row]) for row in rows], pa.string()
            ),
            _GEOMETRY: pa.array(shapely.to_wkb(shapes[rows]), pa.binary()),
        }
    )
    write_rows(path, table, shapes[rows], _GEOMETRY, CRS(WGS84))


def _read(copy: Copy, window: Bounds) -> OsmObjects:
    meta = copy.meta
    found = OsmObjects(
        incomplete=[
            Incomplete(key, tags, defect, [(lon, lat) for lon, lat in known])
            for key, tags, defect, known in meta["incomplete"]
        ],
        remarks=list(meta["remarks"]),
        vintage=meta["vintage"],
        dates=dict(meta["dates"]),
        cut_lines=meta["cut_lines"],
        incomplete_others=meta["incomplete_others"],
    )
    for name in TABLES:
        rows, _ = read_meeting(copy.file(f"{name}.parquet"), window)
        keys = rows["key"].to_pylist()
        tags = [json.loads(text) for text in rows["tags"].to_pylist()]
        setattr(found, name, Objects(keys, tags, rows[_GEOMETRY].to_pylist()))
        dates = zip(keys, rows["edited_on"].to_pylist(), strict=True)
        found.dates |= {key: day for key, day in dates if day is not None}
    return found
