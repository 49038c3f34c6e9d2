"""The land of a generated département: one measured case per process."""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio.features
import shapely

from pipeline.artificialisation.coverage import dissolve, find_borders, label_components
from pipeline.artificialisation.nomenclature import classify
from pipeline.artificialisation.qualify import LandRules, qualify_land
from pipeline.artificialisation.thresholds import apply_thresholds, take_status_around
from pipeline.artificialisation.width import cut_narrow
from pipeline.assumptions import load_assumptions
from pipeline.crs import Territory, ground_area, load_territories
from pipeline.ingestion.catalogue import load_catalogue
from pipeline.ingestion.land_folder import open_land_folder
from pipeline.land_law import land_rules
from pipeline.rule_files import load_rules
from tests.benchmarks.cases import peak_memory
from tests.benchmarks.generated_land import NAME, draw_land

CONFIG = Path(__file__).resolve().parents[2] / "config"
DAY = date(2026, 11, 26)
STATUS = "status.parquet"
Result = dict[str, np.ndarray]
Case = Callable[[], Result]


def law() -> tuple[LandRules, Territory]:
    """Return the rules of the day and the mainland."""
    assumptions = load_assumptions(CONFIG / "assumptions.yaml")
    rules = land_rules(load_rules(CONFIG / "rules"), assumptions, DAY)
    return rules, load_territories(CONFIG / "territories.yaml")[0]


def pieces(folder: Path) -> gpd.GeoDataFrame:
    """Read the land cover as a run does, its coverage checked."""
    rules, territory = law()
    with tempfile.TemporaryDirectory() as work:
        catalogue = load_catalogue(CONFIG / "sources.yaml")
        opened = open_land_folder(folder, territory, catalogue, rules.nomenclature, work=Path(work))
        return opened.read(load_assumptions(CONFIG / "assumptions.yaml")).pieces


def engine(folder: Path) -> Case:
    """Files to file: read and checked, qualified by the four variants, written."""

    def run() -> Result:
        rules, territory = law()
        read = pieces(folder)
        begin = time.perf_counter()
        land = qualify_land(read, rules, territory).land
        seconds = time.perf_counter() - begin
        land.to_file(folder / "engine.gpkg", engine="pyogrio", use_arrow=True)
        land[["is_artificial", "geometry"]].to_parquet(folder / STATUS)
        return {"qualify_s": np.array(seconds), "area": np.array(read.area.sum())}

    return run


def files(folder: Path) -> Case:
    """Reading and writing alone, by the fastest way."""

    def run() -> Result:
        read = gpd.read_file(folder / "ocsge" / NAME, engine="pyogrio", use_arrow=True)
        read.to_file(folder / "files.gpkg", engine="pyogrio", use_arrow=True)
        return {}

    return run


def check(folder: Path) -> Case:
    """Tell whether what the engine returned is a coverage of the ground that it was given."""
    shapes, _ = _statuses(folder)
    before = np.load(folder / "engine.npz")["area"]
    return lambda: {
        "is_valid": np.array(shapely.coverage_is_valid(shapes)),
        "change": np.array(abs(shapely.area(shapes).sum() / before - 1)),
    }


def _statuses(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    land = gpd.read_parquet(folder / STATUS)
    return land.geometry.to_numpy(), land["is_artificial"].to_numpy(dtype=np.intp)


def _told(parts: list[np.ndarray]) -> Result:
    return {
        "areas": np.array([shapely.area(own).sum() for own in parts]),
        "counts": np.array([len(own) for own in parts]),
    }


def union(folder: Path) -> Case:
    """`union_all`, status by status."""
    shapes, status = _statuses(folder)
    return lambda: _told(
        [shapely.get_parts(shapely.union_all(shapes[status == value])) for value in (0, 1)]
    )


def components(folder: Path) -> Case:
    """Edges found, components by status, each merged as a coverage, on two threads."""
    shapes, status = _statuses(folder)

    def run() -> Result:
        component = label_components(status, find_borders(shapes))
        first = np.unique(component, return_index=True)[1]
        merged = dissolve(shapes, component)
        return _told([merged[status[first] == value] for value in (0, 1)])

    return run


def thresholds(folder: Path, threads: str) -> Case:
    """5 m of width, then 50 and 2 500 m², one reading of the texts, on so many threads."""
    rules, territory = law()
    land = gpd.read_file(folder / "ocsge" / NAME, engine="pyogrio", use_arrow=True)
    shapes, is_linear = land.geometry.to_numpy(), land["ossature"].to_numpy(dtype=bool)
    classes = classify(land["code_cs"], land["code_us"], rules.nomenclature)
    status = classes["is_artificial"].to_numpy(dtype=np.int8)
    category = classes["category"].to_numpy(dtype=np.intp)
    built = land["code_cs"].eq("CS1.1.1.1").to_numpy(dtype=bool)
    borders = find_borders(shapes)

    def run() -> Result:
        cut = cut_narrow(shapes, is_linear, borders, rules.width_m, threads=int(threads))
        around = find_borders(cut.polygons)
        start = status[cut.source]
        taken = take_status_around(cut.is_inside, start, around)
        found = apply_thresholds(
            np.where(cut.is_inside, taken, start), category[cut.source], built[cut.source],
            ground_area(cut.polygons, territory), around, rules.thresholds, rules.variant,
        )  # fmt: skip
        return {"status": found.status}

    return run


def tile(folder: Path) -> Case:
    """About a square kilometre: areas by status, polygons against pixels of 1 m."""
    shapes, status = _statuses(folder)
    west, south, east, north = (int(value) for value in shapely.total_bounds(shapes))

    def run() -> Result:
        height, width = north - south + 1, east - west + 1
        pixels = rasterio.features.rasterize(
            zip(shapes, status + 1, strict=True), out_shape=(height, width), dtype=np.uint8,
            transform=rasterio.Affine(1, 0, west, 0, -1, south + height),
        )  # fmt: skip
        areas = np.bincount(status, weights=shapely.area(shapes))
        return {"pixels": np.bincount(pixels.ravel(), minlength=3)[1:], "polygons": areas}

    return run


def draw_tile(folder: Path) -> Path:
    """Qualify one generated square with a village, for `tile`."""
    rules, territory = law()
    table = draw_land(1, villages=(2,))
    target = folder / "tile"
    (target / "ocsge").mkdir(parents=True, exist_ok=True)
    table.to_file(target / "ocsge" / NAME, engine="pyogrio")
    land = qualify_land(pieces(target), rules, territory).land
    land[["is_artificial", "geometry"]].to_parquet(target / STATUS)
    return target


CASES: dict[str, Callable[..., Case]] = {
    "engine": engine, "files": files, "check": check, "union": union, "components": components,
    "thresholds": thresholds, "tile": tile,
}  # fmt: skip


def main(name: str, folder: str, *options: str) -> None:
    """Run a case; print seconds, CPU seconds and peak memory, and save what it found."""
    run = CASES[name](Path(folder), *options)
    begin, cpu = time.perf_counter(), time.process_time()
    found = run()
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
    peak = peak_memory()
    np.savez(Path(folder) / f"{'_'.join([name, *options])}.npz", **found)
    print(json.dumps({"s": seconds, "cpu": cpu_seconds, "MB": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
