"""`make bench`: every measure of the project, side by side in one run; or the sections named."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks.cells import row, verdict, whole_row
from tests.benchmarks.generated import generate
from tests.benchmarks.generated_heights import generate_heights
from tests.benchmarks.generated_land import generate_land
from tests.benchmarks.generated_osm import generate_region
from tests.benchmarks.land_cases import draw_tile
from tests.benchmarks.live_cases import served

ROOT = Path(__file__).resolve().parents[2]
RUNS = 3
LOT_COUNTS = (800, 8_000, 40_000)
USUAL = 8_000
LARGE = int(os.environ.get("PARZAN_BENCH_LOTS", "200000"))
SMALL = LARGE // 10
FEATURES = int(os.environ.get("PARZAN_BENCH_FEATURES", "100000"))
# Communes of the generated region: 3 800 in all, an hour and a half of two cores.
REGION = tuple(
    int(size) for size in os.environ.get("PARZAN_BENCH_REGION", "100,1000,3800").split(",")
)
LAND = int(os.environ.get("PARZAN_BENCH_LAND", "310000"))
OSM = int(os.environ.get("PARZAN_BENCH_OSM", "600000"))
IMPORTS = (
    "import geopandas, pandas, pyarrow, pyogrio, osmium, pandera.geopandas, fiona, scipy.sparse"
    ".csgraph, pydantic_settings, yaml, typer, rich.console, pandera.backends.pandas.builtin_checks"
)


def measure(name: str, *arguments: object, module: str = "cases") -> dict[str, float]:
    """Run one case in its own process."""
    told = [str(argument) for argument in arguments]
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", name, *told]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(module, name, *told[-2:], found, file=sys.stderr, flush=True)  # the table comes last
    return found


def interleaved(
    cases: list[tuple[object, ...]], module: str = "cases"
) -> dict[tuple[object, ...], dict[str, float]]:
    """Return the median of `RUNS` interleaved runs of each case."""
    found: dict[tuple[object, ...], list[dict[str, float]]] = {case: [] for case in cases}
    for _ in range(RUNS):
        for case in cases:
            found[case].append(measure(*case, module=module))
    return {
        case: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for case, runs in found.items()
    }


def surface(work: Path, table: Table) -> None:
    """Eligible surface, files to net polygons, against reading everything and `overlay`."""
    small, large = generate(work, SMALL), generate(work, LARGE)
    found = interleaved([("naive", large), ("parzan", large), ("parzan", small)])
    ours, naive = found["parzan", large], found["naive", large]
    tenth = found["parzan", small]
    size = f"{LARGE:,} lots".replace(",", " ")
    row(table, f"surface, {size}: time / overlay", ours["s"], naive["s"], "s", 1 / 6)
    row(table, f"surface, {size}: peak memory / overlay", ours["MB"], naive["MB"], "MB", 1 / 4)
    row(table, "surface, ten times the data: time", ours["s"], tenth["s"], "s", 11)
    row(table, "surface, ten times the data: CPU time", ours["cpu"], tenth["cpu"], "s", 11)
    table.add_row("net areas against overlay, lot by lot", *agreement(large))


def agreement(folder: Path) -> tuple[str, str, str, str]:
    """Return the largest relative difference between the two ways; overlay drops empty lots."""
    ours, naive = (np.load(folder / f"{name}.npz") for name in ("parzan", "naive"))
    expected = dict(zip(naive["ids"].tolist(), naive["areas"].tolist(), strict=True))
    reference = np.array([expected.get(name, 0.0) for name in ours["ids"].tolist()])
    scale = np.maximum(reference, 1.0)
    worst = float(np.max(np.abs(ours["areas"] - reference) / scale))
    return f"{worst:.1e}", "", "≤ 1e-9", verdict(worst <= 1e-9)


def canopy(work: Path, table: Table) -> None:
    """Share and tree tops on 10 km by 10 km at 0.5 m, against decoding alone and the usual ways."""
    data = work / "canopy"
    generate_heights(data / "mnh")
    run = partial(interleaved, module="canopy_cases")
    cases = [(name, data, count) for count in LOT_COUNTS for name in ("decode", "parzan")]
    others = [(name, data, USUAL) for name in ("rasterstats", "mask")]
    found = run(cases) | {case: measure(*case, module="canopy_cases") for case in others}
    for count in LOT_COUNTS:
        ours, floor = found["parzan", data, count], found["decode", data, count]
        size = f"canopy, {count} lots"
        row(table, f"{size}: time / decoding", ours["s"], floor["s"], "s", 1.7)
        cpu = f"{ours['cpu']:.2f} / {floor['cpu']:.2f} s"
        table.add_row(f"   {size}: CPU time", cpu, f"{ours['cpu'] / floor['cpu']:.2f}", "", "")
        table.add_row(
            f"   {size}: peak memory, cache of 256 MB", f"{ours['MB']:.0f} MB", "", "", ""
        )
    ours = found["parzan", data, USUAL]
    for name, target in (("rasterstats", 1 / 7), ("mask", 1)):
        other = found[name, data, USUAL]
        row(table, f"canopy, 8000 lots: time / {name}", ours["s"], other["s"], "s", target)
    whole = measure("stage", data, LOT_COUNTS[0], module="canopy_cases")
    table.add_row("   the whole stage, 800 lots: crowns, roofs, a row a tree", *whole_row(whole))
    measure("exact", data, USUAL, module="canopy_cases")
    mine, oracle = (np.load(data / f"{name}_{USUAL}.npy") for name in ("parzan", "exact"))
    worst = float(np.max(np.abs(mine - oracle)))
    table.add_row("shares against exactextract, lot by lot", f"{worst:.1e}", "", "≤ 1e-4",
                  verdict(worst <= 1e-4))  # fmt: skip
    measure("tops", data, LOT_COUNTS[0], module="canopy_cases")
    wrong, tops, plain = np.load(data / f"tops_{LOT_COUNTS[0]}.npy")
    table.add_row(f"tree tops otherwise than pixel by pixel, of {tops:.0f}", f"{wrong:.0f}", "",
                  "0", verdict(wrong == 0))  # fmt: skip
    table.add_row("   a plain maximum filter, plateaus many times", f"{plain:.0f}",
                  f"{plain / tops:.3f}", "", "")  # fmt: skip


def land(work: Path, table: Table) -> None:
    """Land of a département: dissolved, held to the thresholds, the whole engine, a raster."""
    data = generate_land(work / "land", LAND)
    run = partial(interleaved, module="land_cases")
    size = "land, " + f"{LAND:,} polygons".replace(",", " ")
    both = run([("engine", data), ("files", data)])
    whole, alone = both["engine", data], both["files", data]
    qualify_s = float(np.load(data / "engine.npz")["qualify_s"])
    table.add_row(f"{size}: files to file / reading + writing", f"{whole['s']:.1f} / "
                  f"{alone['s']:.1f} s", f"{whole['s'] / alone['s']:.1f}", "", "")  # fmt: skip
    table.add_row("   qualifying alone, four variants", f"{qualify_s:.1f} s",
                  f"{qualify_s / alone['s']:.1f}", "", "")  # fmt: skip
    table.add_row("   peak memory, whole engine / reading + writing", f"{whole['MB']:.0f} / "
                  f"{alone['MB']:.0f} MB", "", "", "")  # fmt: skip
    measure("check", data, module="land_cases")
    kept = np.load(data / "check.npz")
    table.add_row("   a valid coverage of the same ground", f"{kept['change']:.1e}", "", "≤ 1e-9",
                  verdict(bool(kept["is_valid"]) and kept["change"] <= 1e-9))  # fmt: skip
    found = run([("union", data), ("components", data)])
    ours, union = found["components", data], found["union", data]
    row(table, f"{size}: dissolve / union_all", ours["s"], union["s"], "s", 1 / 6)
    row(table, f"{size}: dissolve / union_all, CPU time", ours["cpu"], union["cpu"], "s", 1 / 6)
    table.add_row("   areas and parts by status against union_all", *same_parts(data))
    threads = [("thresholds", data, 1), ("thresholds", data, 2)]
    one, two = run(threads).values()
    table.add_row("   width and thresholds, two threads / one", f"{two['s']:.1f} / "
                  f"{one['s']:.1f} s", f"{two['s'] / one['s']:.2f}", "", "")  # fmt: skip
    tile = draw_tile(work / "land")
    measure("tile", tile, module="land_cases")
    drawn = np.load(tile / "tile.npz")
    worst = float(np.max(np.abs(drawn["pixels"] / drawn["polygons"] - 1)))
    table.add_row("   areas by status on 1 km² against pixels of 1 m", f"{worst:.1e}", "",
                  "≤ 1e-3", verdict(worst <= 1e-3))  # fmt: skip


def live(work: Path, table: Table) -> None:
    """Pages of a WFS from a local server, kept and counted, against their bare download."""
    (work / "live").mkdir()
    (work / "live" / "count").write_text(str(FEATURES), encoding="ascii")
    with served(FEATURES) as (base, size):
        cases = [(name, base, work / "live" / name) for name in ("download", "parzan")]
        bare, ours = interleaved(cases, module="live_cases").values()
    name = f"live, {FEATURES:,} WFS features, {size / 1e6:.0f} MB".replace(",", " ")
    ratio = f"{ours['s'] / bare['s']:.0f}"
    table.add_row(f"{name}: time / bare download", f"{ours['s']:.1f} / {bare['s']:.2f} s", ratio,
                  "", "")  # fmt: skip
    for told, found in (("parzan", ours), ("bare download", bare)):
        pace = f"{found['pages'] / found['s']:.1f} pages/s, {found['pages'] / found['cpu']:.1f} a"
        table.add_row(f"   {told}", f"{pace} CPU second, {found['MB']:.0f} MB", "", "", "")
    half = FEATURES // 2
    (work / "live" / "count").write_text(str(half), encoding="ascii")
    with served(half) as (base, _):
        less = measure("parzan", base, work / "live" / "half", module="live_cases")
    row(table, "   twice the pages: peak memory", ours["MB"], less["MB"], "MB", 1.1)


def same_parts(folder: Path) -> tuple[str, str, str, str]:
    """Return the largest relative difference of area between the two ways; parts must agree."""
    ours, union = (np.load(folder / f"{name}.npz") for name in ("components", "union"))
    worst = float(np.max(np.abs(ours["areas"] / union["areas"] - 1)))
    same = bool((ours["counts"] == union["counts"]).all())
    told = f"{worst:.0e}, {ours['counts'].sum()} / {union['counts'].sum()} parts"
    return told, "", "≤ 1e-6, same", verdict(same and worst <= 1e-6)


def osm(work: Path, table: Table) -> None:
    """A region of OpenStreetMap: its extract, then its areas, against GDAL reading the same."""
    region = generate_region(work / "osm", OSM)
    names = (
        "parks", "parks_gdal", "first", "again", "areas_gdal", "all_gdal",
        "window", "window_gdal", "window_areas_gdal",
    )  # fmt: skip
    found = interleaved([(name, region) for name in names], module="osm_cases")
    size = "osm, " + f"{6 * OSM:,} nodes".replace(",", " ")
    for ours, other, told in (
        ("parks", "parks_gdal", "car parks alone, extract + areas"),
        ("first", "all_gdal", "all that is read, extract + areas, lines, points"),
        ("again", "all_gdal", "all that is read, from the extract kept"),
        ("again", "areas_gdal", "the same / areas alone"),
        ("window", "window_gdal", "one commune, from the extract kept"),
        ("window", "window_areas_gdal", "the same / areas alone, GDAL from that extract"),
    ):
        mine, theirs = found[ours, region], found[other, region]
        row(table, f"{size}: {told}: time / GDAL", mine["s"], theirs["s"], "s", 1)
        table.add_row(f"   CPU {mine['cpu']:.1f} / {theirs['cpu']:.1f} s; peak memory",
                      f"{mine['MB']:.0f} / {theirs['MB']:.0f} MB", "", "", "")  # fmt: skip
    for ours, other in (
        ("parks", "parks_gdal"), ("first", "all_gdal"), ("again", "all_gdal"),
        ("window", "window_gdal"),
    ):  # fmt: skip
        table.add_row(
            f"   {ours}: areas (of relations), lines, points", *same_osm(region, ours, other)
        )
    sizes = [region, region.with_name("extract.osm.pbf")]
    told = " / ".join(f"{path.stat().st_size / 1e6:.0f}" for path in sizes)
    table.add_row("   region / extract", f"{told} MB", "", "", "")


def region(work: Path, table: Table) -> None:
    """A generated region: two workers, three sizes, nothing changed, one commune in a hundred."""
    folder = Path(os.environ.get("PARZAN_BENCH_FOLDER") or work)  # kept, to be run again
    few, some, most = REGION

    def ran(kind: str, *told: int) -> dict[str, float]:
        return measure(kind, folder, *told, module="region_cases")

    ran("first", 1, 1)  # prepares the sources
    one, two = ran("first", few, 1), ran("first", few, 2)
    sizes = {few: two} | {size: ran("first", size, 2) for size in sorted({some, most} - {few})}
    for size, alone in ((few, one), (some, ran("first", some, 1))):
        words = f"region, {size} communes: two workers / one"
        row(table, words, sizes[size]["s"], alone["s"], "s", 1 / 1.7)
    for size, found in sizes.items():
        each, reference = found["s"] / size, two["s"] / few
        row(table, f"region, {size}: seconds a commune / at {few}", each, reference, "s", 1.15)
        table.add_row(f"region, {size}: peak memory of a process", f"{found['MB']:.0f} MB", *"   ")
    last = max(sizes)
    whole = sizes[last]["s"]
    row(
        table,
        f"region, {last}: nothing changed / first",
        ran("again", last, 2)["s"],
        whole,
        "s",
        0.02,
    )
    changed = ran("some", last, 2)
    words = f"region, {last}: 1 % of the communes edited ({changed['made']:.0f} made) / first"
    row(table, words, changed["s"], whole, "s", 0.05)
    row(table, f"region, {few}: one worker / bare windows read and written", one["s"],
        ran("bare", few)["s"], "s", float("inf"))  # fmt: skip


def same_osm(region: Path, ours: str, other: str) -> tuple[str, str, str, str]:
    """Hold areas to GDAL's, one by one in order of size, and the counts of the rest."""
    mine, theirs = (np.load(region.with_name(f"{name}.npz")) for name in (ours, other))
    worst = float(np.max(np.abs(mine["areas"] / theirs["areas"] - 1)))
    same = all(np.array_equal(mine[key], theirs[key]) for key in ("relations", "others"))
    lines, points = mine["others"]
    told = f"{worst:.0e}, {len(mine['areas'])} ({mine['relations']}), {lines}, {points}"
    return told, "", "≤ 1e-9, same", verdict(same and worst <= 1e-9)


def timed(command: list[str]) -> dict[str, float]:
    """Return the wall and CPU seconds of a command."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"s": seconds, "cpu": cpu}


def cold_start(work: Path, table: Table) -> None:
    """One small commune in a cold process, against the bare imports of its libraries."""
    parzan = str(Path(sys.executable).with_name("parzan"))
    commands = {
        "imports": [sys.executable, "-c", IMPORTS],
        "measured": [sys.executable, "-m", "tests.benchmarks.measured_commune"],
        "demo": [parzan, "demo", "--out", str(work / "demo")],
        "help": [parzan, "--help"],
    }
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            runs[name].append(timed(command))
    middle = {
        name: {key: statistics.median(run[key] for run in found) for key in ("s", "cpu")}
        for name, found in runs.items()
    }
    measured, imports = middle["measured"], middle["imports"]
    label = "sample commune, cold, before export / imports"
    row(table, f"{label}: time", measured["s"], imports["s"], "s", 1.5)
    row(table, f"{label}: CPU time", measured["cpu"], imports["cpu"], "s", 1.5)
    rest = middle["demo"]["s"] - measured["s"]
    table.add_row("   the rest: export, project, review file, summary", f"{rest:.2f} s", "", "", "")
    seconds = middle["help"]["s"]
    table.add_row("parzan --help", f"{seconds:.2f} s", "", "< 1 s", verdict(seconds < 1))


def geopackage(work: Path, table: Table) -> None:
    """The layers of one commune, filled in one go against `pyogrio.write_dataframe`."""
    del work
    command = [sys.executable, "-m", "tests.benchmarks.geopackage_cases"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    runs = json.loads(done.stdout.splitlines()[-1])
    found = {name: np.median(spent, axis=0).tolist() for name, spent in runs.items()}
    for rank, told in enumerate(("time", "CPU time")):
        ours, other = found["bulk"][rank], found["write_dataframe"][rank]
        label = f"layers of the sample commune, rows and typing / write_dataframe: {told}"
        reached = verdict(ours / other <= 0.65)
        shown = f"{1e3 * ours:.0f} / {1e3 * other:.0f} ms"
        table.add_row(label, shown, f"{ours / other:.2f}", "≤ 0.65", reached)
    for name, told in (
        ("template", "the empty file and its styles, once per process"),
        ("publish", "the whole: rows, project, review file, checks, flush"),
    ):
        table.add_row(f"   {told}: CPU time", f"{1e3 * found[name][1]:.0f} ms", "", "", "")


SECTIONS = {
    "geopackage": geopackage,
    "cold_start": cold_start,
    "surface": surface,
    "canopy": canopy,
    "land": land,
    "live": live,
    "osm": osm,
    "region": region,
}


def main(*names: str) -> None:
    """Print the table of the sections named, of all of them without a name."""
    table = Table("measure", "parzan / other", "ratio", "target", "reached")
    with tempfile.TemporaryDirectory() as folder:
        for name in names or SECTIONS:
            SECTIONS[name](Path(folder), table)
    Console(width=120).print(table)


if __name__ == "__main__":
    main(*sys.argv[1:])
