"""One measured case per process: `python -m tests.benchmarks.cases NAME FOLDER`."""

import json
import sys
import time
from pathlib import Path

import numpy as np


def naive(folder: Path) -> "tuple[np.ndarray, np.ndarray]":
    """Read everything, then `geopandas.overlay(how="difference")`."""
    import geopandas as gpd

    lots = gpd.read_parquet(folder / "lots.parquet")
    greens = gpd.read_parquet(folder / "greens.parquet")
    net = gpd.overlay(lots, greens, how="difference", keep_geom_type=True)
    return net["lot_id"].to_numpy(dtype=str), net.area.to_numpy()


def parzan(folder: Path, threads: int = 2) -> "tuple[np.ndarray, np.ndarray]":
    """Stream the masks, decode those that meet a lot, subtract in rounds."""
    import geopandas as gpd
    import shapely

    from pipeline.eligible_surface.subtraction import find_hits, subtract
    from tests.benchmarks.generated import mask_batches

    lots = gpd.read_parquet(folder / "lots.parquet")
    footprints = lots.geometry.to_numpy()
    hits = find_hits(footprints, mask_batches(folder / "masks.parquet"))
    net = subtract(footprints, hits, threads=threads)
    return lots["lot_id"].to_numpy(dtype=str), shapely.area(net)


CASES = {"naive": naive, "parzan": parzan}


def peak_memory() -> float:
    """
    Return the peak resident memory of this process, MB.

    Linux tells it in `/proc`; `ru_maxrss` would also count the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main(name: str, folder: str) -> None:
    """Run a case after its imports; print seconds, CPU seconds, peak memory and areas file."""
    import geopandas  # noqa: F401 - imports are not measured
    import shapely

    import pipeline.eligible_surface.subtraction  # noqa: F401 - idem

    shapely.area(shapely.Point(0, 0))
    begin, cpu = time.perf_counter(), time.process_time()
    ids, areas = CASES[name](Path(folder))
    seconds, cpu_seconds = time.perf_counter() - begin, time.process_time() - cpu
    peak = peak_memory()
    np.savez(Path(folder) / f"{name}.npz", ids=ids, areas=areas)
    print(json.dumps({"s": seconds, "cpu": cpu_seconds, "MB": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
