"""A generated region refreshed as an agent would: whole, unchanged, one commune in a hundred."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import pyogrio

from tests.benchmarks.generated_region import commune_codes, edit, generate_region

ROOT = Path(__file__).resolve().parents[2]
DAY = "2026-11-26"
ONE_IN = 100


def refresh(data: Path, out: Path, codes: list[str], workers: int) -> dict[str, float]:
    """Run `parzan refresh`, and return its wall seconds, the communes made, the peak memory."""
    told = [word for code in codes for word in ("--commune", code)]
    if len(codes) == len(commune_codes()):
        told = ["--region", "32"]  # with its own product and the digest
    command = [sys.executable, "-c", "from pipeline.cli import app; app()", "refresh", *told]
    command += ["--data", str(data), "--out", str(out), "--on", DAY, "--offline", "--json"]
    begin = time.perf_counter()
    done = subprocess.run(
        [*command, "--workers", str(workers)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    document = json.loads(done.stdout)
    spent = sorted(it["secondes"] for it in document["communes"] if it["etat"] == "faite")
    return {
        "s": time.perf_counter() - begin,
        "made": document["faites"],
        "MB": document["memoire_max_mio"] or 0,
        "median": spent[len(spent) // 2] if spent else 0.0,
    }


def first(data: Path, out: Path, count: int, workers: int) -> dict[str, float]:
    """Refresh communes that were never made; the sources are prepared already."""
    shutil.rmtree(out, ignore_errors=True)
    return refresh(data, out, commune_codes(count), workers)


def some(data: Path, out: Path, count: int, workers: int) -> dict[str, float]:
    """Refresh after an upstream edit in the middle of one commune in a hundred."""
    step = ONE_IN
    edit(data, commune_codes(count)[step // 2 :: step])
    return refresh(data, out, commune_codes(count), workers)


def bare(data: Path, out: Path, count: int) -> dict[str, float]:
    """Read the window of each commune and write its rows again, and nothing else."""
    limits = pyogrio.read_dataframe(data / "communes" / "communes.gpkg")
    limits = limits.set_index("code").loc[commune_codes(count)]
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    begin = time.perf_counter()
    for code, shape in limits.geometry.items():
        box = tuple(shape.buffer(1000).bounds)
        for path in sorted(data.glob("*/*.gpkg")):
            rows = pyogrio.read_dataframe(path, bbox=box, use_arrow=True)
            pyogrio.write_dataframe(
                gpd.GeoDataFrame(rows), out / f"{code}.gpkg", layer=path.stem, use_arrow=True
            )
    return {"s": time.perf_counter() - begin}


if __name__ == "__main__":
    kind, folder, *told = sys.argv[1:]
    sources = generate_region(Path(folder) / "sources")
    target = Path(folder) / f"out-{'-'.join(told)}"
    if kind == "bare":
        found = bare(sources, target, int(told[0]))
    else:
        case = {"first": first, "some": some, "again": lambda d, o, c, w: refresh(
            d, o, commune_codes(c), w)}[kind]  # fmt: skip
        found = case(sources, target, *(int(word) for word in told))
    print(json.dumps(found))
