"""`make bench`: every measure of the project, side by side in one run, as one table."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks.generated import generate

ROOT = Path(__file__).resolve().parents[2]
RUNS = 3
LARGE = int(os.environ.get("PARZAN_BENCH_LOTS", "200000"))
SMALL = LARGE // 10
IMPORTS = (
    "import geopandas, pandas, pyarrow, pyogrio, osmium, pandera.geopandas, fiona, scipy.sparse"
    ".csgraph, pydantic_settings, yaml, typer, rich.console, pandera.backends.pandas.builtin_checks"
)


def measure(name: str, folder: Path) -> dict[str, float]:
    """Run one case in its own process."""
    command = [sys.executable, "-m", "tests.benchmarks.cases", name, str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def interleaved(cases: list[tuple[str, Path]]) -> dict[tuple[str, Path], dict[str, float]]:
    """Return the median of `RUNS` interleaved runs of each case."""
    found: dict[tuple[str, Path], list[dict[str, float]]] = {case: [] for case in cases}
    for _ in range(RUNS):
        for case in cases:
            found[case].append(measure(*case))
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


def row(table: Table, name: str, ours: float, other: float, unit: str, target: float) -> None:
    """Add a ratio to the table."""
    ratio = ours / other
    wanted = f"≤ {target:g}" if target >= 1 else f"≤ 1/{1 / target:.0f}"
    shown = f"{ratio:.2f}" if ratio >= 1 else f"1/{1 / ratio:.1f}"
    table.add_row(name, f"{ours:.2f} / {other:.2f} {unit}", shown, wanted, verdict(ratio <= target))


def verdict(is_reached: bool) -> str:
    """Say whether the target is reached."""
    return "yes" if is_reached else "NO"


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


def main() -> None:
    """Print the table."""
    table = Table("measure", "parzan / other", "ratio", "target", "reached")
    with tempfile.TemporaryDirectory() as folder:
        cold_start(Path(folder), table)
        surface(Path(folder), table)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
