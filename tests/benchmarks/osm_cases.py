"""A generated region of OpenStreetMap: one measured case per process."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from pipeline.assumptions import load_assumptions
from pipeline.ingestion.osm_assembler import assemble
from pipeline.ingestion.osm_extract import extract
from pipeline.ingestion.osm_land import ground_tags, keys_read
from pipeline.ingestion.osm_objects import Objects
from pipeline.ingestion.osm_window import cut_to_window
from pipeline.ingestion.scope import Bounds
from tests.benchmarks.cases import peak_memory

ASSUMPTIONS = load_assumptions(Path(__file__).resolve().parents[2] / "config" / "assumptions.yaml")
EXTRACT = "extract.osm.pbf"
WINDOW = (2.7, 50.7, 2.8, 50.8)  # degrees: a commune and what lies around it
Result = dict[str, np.ndarray]
_PARKS = "amenity IN ('parking', 'parking_space')"


def _through(region: Path, keys: Sequence[str], name: str) -> Result:
    """Make the extract of some keys, then read it."""
    target = region.with_name(name)
    extract(region, keys, target)
    return _held(target) | {"bytes": np.array(target.stat().st_size)}


def _held(path: Path, box: Bounds | None = None) -> Result:
    """Areas, roads, fences, trees, points of a file that meet a box: what the readers take."""
    found = assemble(path, ground_tags(ASSUMPTIONS))
    (keys, areas), (_, lines), (_, points) = (
        _near(objects, box) for objects in (found.areas, found.lines, found.points)
    )
    return {
        "areas": np.sort(shapely.area(areas)),
        "others": np.array([len(lines), len(points)]),
        "relations": np.array(sum(key.startswith("relation/") for key in keys)),
    }


def _near(objects: Objects, box: Bounds | None) -> tuple[list[str], np.ndarray]:
    """Return the keys and the shapes that meet a box."""
    shapes = objects.geometries()
    if box is None:
        return objects.keys, shapes
    rows = np.flatnonzero(shapely.intersects(shapely.box(*box), shapes))
    return [objects.keys[row] for row in rows], shapes[rows]


def parks(region: Path) -> Result:
    """The car parks alone: their extract, then their areas."""
    return _through(region, ("amenity",), "parks.osm.pbf")


def parks_gdal(region: Path) -> Result:
    """The same car parks by GDAL."""
    return _areas(region, _PARKS)


def first(region: Path) -> Result:
    """Everything that parzan reads: the extract, then what it holds."""
    return _through(region, keys_read(ASSUMPTIONS), EXTRACT)


def again(region: Path) -> Result:
    """Everything that parzan reads, from the extract that is there."""
    return _held(region.with_name(EXTRACT))


def window(region: Path) -> Result:
    """What a run reads around one commune, from the extract that is there."""
    kept = region.with_name(EXTRACT)
    cut = cut_to_window(kept, WINDOW, ground_tags(ASSUMPTIONS), kept.with_name("window.osm.pbf"))
    return _held(cut, WINDOW)


def window_gdal(region: Path) -> Result:
    """The same areas, lines and points around one commune by GDAL, from the region."""
    return all_gdal(region, WINDOW)


def window_areas_gdal(region: Path) -> Result:
    """The same areas alone by GDAL, in one pass of the extract that parzan made."""
    return areas_gdal(region.with_name(EXTRACT), WINDOW)


def areas_gdal(region: Path, box: Bounds | None = None) -> Result:
    """The same areas by GDAL, without the lines and the points that parzan reads with them."""
    ground = sorted(value for key, value in ground_tags(ASSUMPTIONS) if key == "landuse")
    values = ", ".join(f"'{value}'" for value in ground)
    return _areas(region, f"building IS NOT NULL OR {_PARKS} OR landuse IN ({values})", box)


def all_gdal(region: Path, box: Bounds | None = None) -> Result:
    """The same areas, lines and points by GDAL, a pass for each."""
    found = areas_gdal(region, box)
    lines = "highway IN ('residential', 'service') OR barrier IS NOT NULL"
    points = 'other_tags LIKE \'%"natural"=>"tree"%\''
    others = [
        len(pyogrio.read_dataframe(region, layer=layer, where=where, bbox=box, use_arrow=True))
        for layer, where in (("lines", lines), ("points", points))
    ]
    return found | {"others": np.array(others)}


def _areas(region: Path, where: str, box: Bounds | None = None) -> Result:
    """Read areas by GDAL as fast as it goes: one layer, the condition told to the driver."""
    read = pyogrio.read_dataframe(
        region, layer="multipolygons", where=where, bbox=box, use_arrow=True
    )
    return {
        "areas": np.sort(shapely.area(read.geometry.to_numpy())),
        "others": np.array([0, 0]),
        "relations": np.array(read["osm_id"].notna().sum()),
    }


CASES: dict[str, Callable[[Path], Result]] = {
    "parks": parks, "parks_gdal": parks_gdal,
    "first": first, "again": again, "areas_gdal": areas_gdal, "all_gdal": all_gdal,
    "window": window, "window_gdal": window_gdal, "window_areas_gdal": window_areas_gdal,
}  # fmt: skip


def main(name: str, region: str) -> None:
    """Run a case; print seconds, CPU seconds and peak memory, and save what it found."""
    shapely.area(shapely.Point(0, 0))
    begin, cpu = time.perf_counter(), time.process_time()
    found = CASES[name](Path(region))
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
    peak = peak_memory()
    np.savez(Path(region).with_name(f"{name}.npz"), **found)
    print(json.dumps({"s": seconds, "cpu": cpu_seconds, "MB": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
