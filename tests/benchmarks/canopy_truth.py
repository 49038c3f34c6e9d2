"""
Tree detection and canopy held to the truth: `python -m tests.benchmarks.canopy_truth`.

What the pipeline finds, with the choices of `config/assumptions.yaml`, beside other methods on the
same surface. Truth: a field inventory (Chablais), surveyed stems (Bondy), a classified tile
(Lamballe). Read from `../shared/data`, never copied here; says so and stops where it is missing.
`--peer FILE.csv` (x, y, h) adds the trees that another program finds on Chablais to the table.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from rich.console import Console
from rich.table import Table
from skimage.feature import peak_local_max

from pipeline.assumption_groups import HeightModelAssumptions
from pipeline.crs import FloatArray, GeometryArray
from pipeline.heights import Heights, HeightTile, Positions
from pipeline.tree_canopy.crowns import find_crowns, smoothed
from pipeline.tree_canopy.tree_tops import TopWindow, find_tops
from pipeline.tree_canopy.vegetation import find_vegetation
from tests.benchmarks.cloud_truth import TILE, Cloud, halves, read_cloud, roofs_of, score_canopy
from tests.benchmarks.tree_truth import Floats, Site, sites
from tests.tables import ASSUMPTIONS

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CHOICES = ASSUMPTIONS.height_model
NO_ROOFS: GeometryArray = np.empty(0, dtype=object)
TALL_M = 20.0
# Within the range that `config/assumptions.yaml` says was tested.
TRIED = {
    "smoothing_m": (0.0, 0.3, 0.5, 0.6, 0.75, 1.0),
    "window_base_m": (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0),
    "window_slope": (0.0, 0.025, 0.05, 0.075, 0.1, 0.15),
    "window_least_m": (0.5, 1.0, 1.25, 1.5, 2.0),
    "window_most_m": (1.5, 2.0, 3.0, 4.0, 6.0),
    "vegetation_height_m": (2.0, 3.0, 4.0, 5.0),
    "slender_width_m": (1.0, 1.5, 2.0, 2.5),
}
MARGINS = (0.0, 0.5, 1.0, 2.0)
LEAST = (2.0, 3.0, 4.0, 5.0)


@dataclass(frozen=True)
class PopescuWynne(TopWindow):
    """Window of Popescu and Wynne (2004), deciduous and pines; its radius has no bound."""

    def radius_m(self, heights: Heights, resolution: float) -> FloatArray:  # noqa: ARG002
        """Return the radius of the window of each height: half of `2.51503 + 0.00901 · h²`."""
        return (2.51503 + 0.00901 * heights.astype(float) ** 2) / 2


def moved(choices: HeightModelAssumptions, **values: float) -> HeightModelAssumptions:
    """Return the modelling choices with other values."""
    changed = {
        name: getattr(choices, name).model_copy(update={"value": value})
        for name, value in values.items()
    }
    return choices.model_copy(update=changed)


def detections(tile: HeightTile, choices: HeightModelAssumptions = CHOICES) -> Floats:
    """Return x, y and height of the trees that the pipeline finds, roofs left aside."""
    whole = framed(tile, choices.window_most_m.value)
    crowns = find_crowns(whole, find_vegetation(whole, NO_ROOFS, choices), choices)
    return np.column_stack([shapely.get_coordinates(crowns.stems), crowns.heights_m])


def framed(tile: HeightTile, margin_m: float) -> HeightTile:
    """Return the tile in a frame of unknown heights, so that no window leaves the array."""
    pixels = int(np.ceil(margin_m / tile.resolution))
    return replace(
        tile,
        heights=np.pad(tile.heights, pixels, constant_values=np.nan),
        west=tile.west - pixels * tile.resolution,
        north=tile.north + pixels * tile.resolution,
    )


def surface_of(tile: HeightTile) -> Heights:
    """Return the surface where the pipeline looks for tops: vegetation only, smoothed."""
    central = find_vegetation(tile, NO_ROOFS, CHOICES).central
    heights = np.where(central, tile.heights, np.float32(0))
    return smoothed(heights, CHOICES.smoothing_m.value, tile.resolution)


def located(tile: HeightTile, tops: tuple[Positions, Positions]) -> Floats:
    """Return x, y and height of the tops, as the pipeline does: the height of the pixel."""
    x = tile.west + (tops[1] + 0.5) * tile.resolution
    y = tile.north - (tops[0] + 0.5) * tile.resolution
    return np.column_stack([x, y, tile.heights[tops]])


def popescu_wynne(tile: HeightTile) -> Floats:
    """Return the trees found with the window of Popescu and Wynne."""
    # 10.4 m, half the window of the tallest tree; 1.3 m, that of a shrub: neither cuts anything.
    least = CHOICES.vegetation_height_m.value
    window = PopescuWynne(base_m=0, slope=0, least_m=1.3, most_m=10.4, least_height_m=least)
    whole = framed(tile, window.most_m)
    return located(whole, find_tops(surface_of(whole), whole.resolution, window))


def fixed_window(tile: HeightTile, radius_m: float) -> Floats:
    """Return the trees of `skimage.feature.peak_local_max`, a square window of one size."""
    whole = framed(tile, radius_m)
    found = peak_local_max(
        surface_of(whole),
        min_distance=max(1, round(radius_m / tile.resolution)),
        threshold_abs=CHOICES.vegetation_height_m.value,
        exclude_border=False,
    )
    return located(whole, (found[:, 0], found[:, 1]))


def methods(tile: HeightTile) -> dict[str, Floats]:
    """Return the trees that each method finds, on the same surface, from the same least height."""
    return {
        "parzan": detections(tile),
        "Popescu & Wynne 2004": popescu_wynne(tile),
        "peak_local_max, 1 m": fixed_window(tile, 1.0),
        "peak_local_max, 2 m": fixed_window(tile, 2.0),
        "peak_local_max, 3 m": fixed_window(tile, 3.0),
    }


def comparison(name: str, site: Site, peers: dict[str, Floats]) -> Table:
    """Return the table of the methods on a site."""
    heads = (
        "trees",
        "found",
        "of ≥ 20 m",
        "commission",
        "F",
        "by chance (best)",
        "bias m",
        "RMSE m",
    )
    table = Table("method", *heads, title=f"{name}: {len(site.truth)} true trees")
    tall = site.truth[:, 2] >= TALL_M
    for method, found in {**methods(site.tile), **peers}.items():
        score, chance = site.score(found), site.by_chance(found)
        cells = [f"{score.f_score:.3f}", f"{chance.mean():.3f} ({chance.max():.3f})"]
        # The heights of Bondy are those of the model itself: no truth.
        errors = [f"{score.bias_m:+.2f}", f"{score.rmse_m:.2f}"]
        has_heights = name.startswith("Chablais")
        table.add_row(
            method,
            str(score.detected),
            f"{score.detection:.1%}",
            f"{score.found[tall].mean():.1%}" if has_heights else "",
            f"{score.commission:.1%}",
            *cells,
            *(errors if has_heights else ("", "")),
        )
    return table


def sensitivity(places: dict[str, Site]) -> Table:
    """Return the F-scores as each choice moves alone; ✓: within 10 % of the best everywhere."""
    table = Table("choice", "value", *places, "within 10 %", title="F-score, one at a time")
    for name, values in TRIED.items():
        tried = [moved(CHOICES, **{name: value}) for value in values]
        found = np.array(
            [[p.score(detections(p.tile, c)).f_score for p in places.values()] for c in tried]
        )
        good = (found >= 0.9 * found.max(axis=0)).all(axis=1)
        for value, scores, is_good in zip(values, found, good, strict=True):
            chosen = " ←" if value == getattr(CHOICES, name).value else ""
            cells = (f"{score:.3f}" for score in scores)
            table.add_row(name, f"{value:g}{chosen}", *cells, "✓" if is_good else "")
        table.add_section()
    return table


def canopy_areas(cloud: Cloud) -> Table:
    """Return precision, recall and F of the canopy area of a tile, by roofs and least height."""
    heads = (f"≥ {least:.0f} m" for least in LEAST)
    table = Table("roofs", *heads, title="Canopy area: precision, recall, F")
    half, rest = halves(cloud)
    for name, points, roofs in (
        ("the same points", cloud, roofs_of(cloud)),
        ("the other half", rest, roofs_of(half)),
    ):
        table.add_row("none", *_areas(points, NO_ROOFS, 0.0))
        for margin in MARGINS:
            table.add_row(f"roofs of {name} + {margin:g} m", *_areas(points, roofs, margin))
        table.add_section()
    return table


def _areas(cloud: Cloud, roofs: GeometryArray, margin_m: float) -> list[str]:
    """Return the cells of a row, one for each least height."""
    cells = []
    for least in LEAST:
        choices = moved(CHOICES, roof_margin_m=margin_m, vegetation_height_m=least)
        score = score_canopy(cloud, roofs, choices)
        cells.append(f"{score.precision:.3f} {score.recall:.3f} {score.f_score:.3f}")
    return cells


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, action="append", default=[], metavar="FILE.csv")
    files = parser.parse_args().peer
    console = Console(width=140)
    if not DATA.is_dir():
        console.print(f"SKIPPED: no truth to hold the trees to, {DATA} is absent.")
        return
    places = sites(DATA)
    peers = {file.stem: pd.read_csv(file)[["x", "y", "h"]].to_numpy() for file in files}
    for name, place in places.items():
        console.print(comparison(name, place, peers if name.startswith("Chablais") else {}))
    console.print(sensitivity(places))
    console.print(canopy_areas(read_cloud(DATA / TILE)))


if __name__ == "__main__":
    main()
