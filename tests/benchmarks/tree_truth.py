"""Trees that somebody went and measured, the heights above them, and the score of a detection."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
import shapely
from scipy import ndimage
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from pipeline.heights import HeightTile

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
NO_BOXES = np.empty(0, dtype=np.intp)
CHANCE_M = 8.0  # two crowns away, still in the stand


@dataclass(frozen=True)
class Score:
    """
    What a detection is worth.

    `detected`: trees that count; `found`: which true trees have one. Rates in [0, 1]; heights in
    metres, detected minus measured.
    """

    detected: int
    found: Mask
    bias_m: float
    rmse_m: float

    @property
    def detection(self) -> float:
        """Share of the true trees that are found; the rest is omission."""
        return float(self.found.mean())

    @property
    def commission(self) -> float:
        """Share of the detections that are no tree of the inventory."""
        return float(1 - self.found.sum() / max(self.detected, 1))

    @property
    def f_score(self) -> float:
        """Harmonic mean of the detection rate and of 1 - commission."""
        return float(2 * self.found.sum() / (len(self.found) + self.detected))


def match(
    detected: Floats,
    truth: Floats,
    distance_m: float = 2.1,
    *,
    per_height: float = 0.14,
    with_height: bool = True,
) -> Score:
    """
    Pair detected and true trees one to one, shape `(n, 3)`: x, y, height, metres.

    A pair is allowed below `distance_m + per_height · true height`. The convention is that of
    lidaRtRee (Monnet 2011, defaults 2.1 and 0.14, 3D distance); its greedy pairing is replaced by
    the optimal one, an unmatched tree costing as much as a pair at the limit. Without height the
    distance is horizontal. Only detections inside the convex hull of the truth, or matched, count
    as commission: outside, nobody looked.
    """
    limit = distance_m + per_height * truth[:, 2]
    gap = detected[:, None, :] - truth[None, :, :]
    cost = np.minimum(np.linalg.norm(gap[..., : 3 if with_height else 2], axis=2) / limit, 1.0)
    mine, real = linear_sum_assignment(cost)
    paired = cost[mine, real] < 1
    mine, real = mine[paired], real[paired]
    counts = shapely.intersects_xy(
        shapely.convex_hull(shapely.multipoints(truth[:, :2])), detected[:, 0], detected[:, 1]
    )
    counts[mine] = True
    found = np.zeros(len(truth), dtype=np.bool_)
    found[real] = True
    error = detected[mine, 2] - truth[real, 2]
    bias, rmse = (error.mean(), np.sqrt((error**2).mean())) if len(error) else (np.nan, np.nan)
    return Score(int(counts.sum()), found, float(bias), float(rmse))


@dataclass(frozen=True)
class Site:
    """A height model, its true trees (x, y, height), and the score of a detection against them."""

    tile: HeightTile
    truth: Floats
    score: Callable[[Floats], Score]

    def by_chance(self, detected: Floats) -> Floats:
        """Return the F-scores of the detection shifted by 8 m, in eight directions."""
        angles = np.arange(8) * np.pi / 4
        shifts = CHANCE_M * np.column_stack([np.cos(angles), np.sin(angles), np.zeros(8)])
        return np.array([self.score(detected + shift).f_score for shift in shifts])


def sites(data: Path) -> dict[str, Site]:
    """Return Chablais, its trees that make the canopy, and the stems of Bondy by clumps."""
    forest, trees = chablais(data)
    visible = reaching(forest, trees)
    return {
        "Chablais, 110 trees": Site(forest, trees, lambda found: match(found, trees)),
        "Chablais, reaching": Site(forest, visible, lambda found: match(found, visible)),
        "Bondy, clumps": park(*bondy(data)),
    }


def park(tile: HeightTile, stems: Floats, near_m: float = 8.0) -> Site:
    """Return a site of surveyed stems, those of one clump as one tree, without true heights."""
    kept = clumps(stems[stems[:, 2] >= 3])

    def score(detected: Floats) -> Score:
        # The survey left whole rows out: a detection far from any stem is no error.
        near = cKDTree(stems[:, :2]).query(detected[:, :2])[0] <= near_m
        return match(detected[near], kept, 3.0, per_height=0, with_height=False)

    return Site(tile, kept, score)


def chablais(data: Path) -> tuple[HeightTile, Floats]:
    """Return the height model at 0.5 m and the 110 inventoried trees: x, y, height."""
    folder = data / "canopy_chablais_74"
    trees = pd.read_csv(folder / "tree_inventory_chablais3.csv")[["x", "y", "h"]]
    return read_tile(folder / "chm_chablais3_from_rda.tif"), trees.to_numpy()


def bondy(data: Path) -> tuple[HeightTile, Floats]:
    """Return heights at 1 m, above an opened ground, and the stems with the height over them."""
    surface = read_tile(data / "bondy_mns" / "bondy_mns_1m.tif")
    tile = replace(surface, heights=surface.heights - ground_of(surface.heights))
    path = data / "bondy_93010" / "arbres" / "bondy_arbres2025.gpkg"
    stems = gpd.read_file(path, layer="arbres_MAR2025").to_crs(2154).geometry
    return tile, over(tile, np.column_stack([stems.x, stems.y]))


def read_tile(path: Path) -> HeightTile:
    """Return a whole raster as one tile, unknown pixels as NaN."""
    with rasterio.open(path) as raster:
        heights = raster.read(1, masked=True).astype(np.float32).filled(np.nan)
        return HeightTile(heights, raster.bounds.left, raster.bounds.top, raster.res[0], NO_BOXES)


def ground_of(surface: Floats, window_px: int = 31, sigma_px: float = 8.0) -> Floats:
    """
    Return the ground under a surface model: opened by more than a crown or a roof, then smoothed.

    The mean is that of the known pixels alone; unknown ones stay NaN.
    """
    known = np.isfinite(surface)
    lowest = ndimage.minimum_filter(np.where(known, surface, np.inf), window_px)
    opened = ndimage.maximum_filter(np.where(known, lowest, -np.inf), window_px)
    weight = ndimage.gaussian_filter(known.astype(float), sigma_px, mode="constant")
    total = ndimage.gaussian_filter(np.where(known, opened, 0.0), sigma_px, mode="constant")
    return np.where(known, total / np.maximum(weight, 1e-12), np.nan)


def over(tile: HeightTile, positions: Floats) -> Floats:
    """Return x, y and the height of the tile at each position; unknown or outside: left out."""
    across = (positions - [tile.west, tile.north]) / [tile.resolution, -tile.resolution]
    column, row = np.floor(across).astype(int).T
    inside = (row >= 0) & (row < tile.heights.shape[0])
    inside &= (column >= 0) & (column < tile.heights.shape[1])
    heights = tile.heights[row[inside], column[inside]]
    return np.column_stack([positions[inside], heights])[np.isfinite(heights)]


def reaching(tile: HeightTile, trees: Floats) -> Floats:
    """Return the trees that make the canopy: not under the surface 1 m around by 1 m + 10 %."""
    size = 2 * round(1.0 / tile.resolution) + 1
    filled = np.where(np.isfinite(tile.heights), tile.heights, -np.inf)
    above = over(replace(tile, heights=ndimage.maximum_filter(filled, size)), trees[:, :2])
    return trees[trees[:, 2] >= 0.9 * above[:, 2] - 1.0]


def clumps(stems: Floats, width_m: float = 4.0) -> Floats:
    """Return one point per clump of stems at most `width_m` wide, with its greatest height."""
    group = fcluster(linkage(stems[:, :2], "complete"), width_m, "distance")
    table = pd.DataFrame(stems, columns=["x", "y", "h"]).groupby(group)
    return table.agg({"x": "mean", "y": "mean", "h": "max"}).to_numpy()
