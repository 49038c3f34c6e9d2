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
from tests.benchmarks.cases import peak_memory

ASSUMPTIONS = load_assumptions(Path(__file__).resolve().parents[2] / "config" / "assumptions.yaml")
EXTRACT = "extract.osm.pbf"
Result = dict[str, np.ndarray]
_PARKS = "amenity IN ('parking', 'parking_space')"


def _through(region: Path, keys: Sequence[str], name: str) -> Result:
    """Make the extract of some keys, then read it."""
    target = region.with_name(name)
    extract(region, keys, target)
    return _held(target) | {"bytes": np.array(target.stat().st_size)}


def _held(path: Path) -> Result:
    """Areas, roads, fences, trees, points of a file: what the readers take."""
    found = assemble(path, ground_tags(ASSUMPTIONS))
    areas = found.areas.geometries()
    return {
        "areas": np.sort(shapely.area(areas)),
        "others": np.array([len(found.lines.keys), len(found.points.keys)]),
        "relations": np.array(sum(key.startswith("relation/") for key in found.areas.keys)),
    }


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


def areas_gdal(region: Path) -> Result:
    """The same areas by GDAL, without the lines and the points that parzan reads with them."""
    ground = sorted(value for key, value in ground_tags(ASSUMPTIONS) if key == "landuse")
    values = ", ".join(f"'{value}'" for value in ground)
    return _areas(region, f"building IS NOT NULL OR {_PARKS} OR landuse IN ({values})")


def all_gdal(region: Path) -> Result:
    """The same areas, lines and points by GDAL, a pass for each."""
    found = areas_gdal(region)
    lines = "highway IN ('residential', 'service') OR barrier IS NOT NULL"
    points = 'other_tags LIKE \'%"natural"=>"tree"%\''
    others = [
        len(pyogrio.read_dataframe(region, layer=layer, where=where, use_arrow=True))
        for layer, where in (("lines", lines), ("points", points))
    ]
    return found | {"others": np.array(others)}


def _areas(region: Path, where: str) -> Result:
    """Read areas by GDAL as fast as it goes: one layer, the condition told to the driver."""
    read = pyogrio.read_dataframe(region, layer="multipolygons", where=where, use_arrow=True)
    return {
        "areas": np.sort(shapely.area(read.geometry.to_numpy())),
        "others": np.array([0, 0]),
        "relations": np.array(read["osm_id"].notna().sum()),
    }


CASES: dict[str, Callable[[Path], Result]] = {
    "parks": parks, "parks_gdal": parks_gdal,
    "first": first, "again": again, "areas_gdal": areas_gdal, "all_gdal": all_gdal,
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
