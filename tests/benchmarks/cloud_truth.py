"""A classified cloud of points as the truth of the canopy: heights, classes, roofs, areas."""

from dataclasses import dataclass, replace
from pathlib import Path

import laspy
import numpy as np
import numpy.typing as npt
import rasterio
import shapely
from rasterio.features import shapes
from scipy import ndimage
from scipy.interpolate import LinearNDInterpolator

from pipeline.assumption_groups import HeightModelAssumptions
from pipeline.crs import GeometryArray
from pipeline.heights import Heights, HeightTile
from pipeline.precision import ALL_AROUND
from pipeline.tree_canopy.vegetation import find_vegetation
from tests.benchmarks.tree_truth import NO_BOXES, Floats, Mask

TILE = Path("lidar_ign") / "test_semis_2023_0292_6833_LA93_IGN69.laz"
GROUND, ROOF, LEAFY, NOISE = 2, 6, (3, 4, 5), (7, 18, 65, 66)
# At 0.29 point/m², a cell of 2 m holds 1.2 point on average and 36 % of them none: at 1 m 76 %
# would be empty, at 3 m a crown is two cells.
CELL_M = 2.0
STRIP_M = 5.0
FINE = 4  # pixels of the model across a cell: half a metre, the step of a height model


@dataclass(frozen=True)
class Cloud:
    """
    Points of a classified tile, Lambert-93; `heights` above its own ground, metres.

    `west`, `north` and `shape` are those of the cells of the whole tile, whatever is taken of it.
    """

    x: Floats
    y: Floats
    heights: Floats
    classes: npt.NDArray[np.uint8]
    west: float
    north: float
    shape: tuple[int, int]

    def take(self, kept: Mask) -> "Cloud":
        """Return some of the points, on the same cells."""
        return replace(
            self,
            x=self.x[kept],
            y=self.y[kept],
            heights=self.heights[kept],
            classes=self.classes[kept],
        )

    def cells(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return the row and the column of each point; the outer edge is of the last cell."""
        row = np.minimum((self.north - self.y) // CELL_M, self.shape[0] - 1)
        column = np.minimum((self.x - self.west) // CELL_M, self.shape[1] - 1)
        return row.astype(np.intp), column.astype(np.intp)


@dataclass(frozen=True)
class AreaScore:
    """Share of the canopy found that is true, and of the true one that is found, by area."""

    precision: float
    recall: float

    @property
    def f_score(self) -> float:
        """Harmonic mean of the two."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def read_cloud(path: Path) -> Cloud:
    """
    Return a tile without noise (7, 18), artefacts (65) and virtual points (66).

    Ground: linear interpolation of class 2; a point outside its hull has no height, and is left
    out.
    """
    tile = laspy.read(path)
    # By strips: from one point to a far one the search for a triangle takes up to a minute in all.
    order = np.lexsort((tile.x, tile.y // STRIP_M))
    x, y, z = (np.asarray(getattr(tile, axis))[order] for axis in "xyz")
    classes = np.asarray(tile.classification)[order]
    west, north = np.floor(x.min() / CELL_M) * CELL_M, np.ceil(y.max() / CELL_M) * CELL_M
    rows, columns = np.ceil((north - y.min()) / CELL_M), np.ceil((x.max() - west) / CELL_M)
    of_ground = classes == GROUND
    places = np.column_stack([x - west, y - north])  # small numbers keep their digits
    heights = z - LinearNDInterpolator(places[of_ground], z[of_ground])(places)
    whole = Cloud(x, y, heights, classes, float(west), float(north), (int(rows), int(columns)))
    return whole.take(np.isfinite(heights) & ~np.isin(classes, NOISE))


def highest_points(cloud: Cloud) -> tuple[HeightTile, npt.NDArray[np.uint8]]:
    """
    Return the heights and classes of the highest point of each cell, on pixels of half a metre.

    A cell without point has no height, and class 0: no gap is filled.
    """
    heights, classes = _highest(cloud)
    tile = HeightTile(_finer(heights), cloud.west, cloud.north, CELL_M / FINE, NO_BOXES)
    return tile, _finer(classes)


def _highest(cloud: Cloud) -> tuple[Heights, npt.NDArray[np.uint8]]:
    order = np.argsort(cloud.heights, kind="stable")
    row, column = (place[order] for place in cloud.cells())
    heights = np.full(cloud.shape, np.nan, dtype=np.float32)
    classes = np.zeros(cloud.shape, dtype=np.uint8)
    # Written from the lowest to the highest: the last one stays.
    heights[row, column], classes[row, column] = cloud.heights[order], cloud.classes[order]
    return heights, classes


def _finer(cells: np.ndarray) -> np.ndarray:
    return np.repeat(np.repeat(cells, FINE, axis=0), FINE, axis=1)


def roofs_of(cloud: Cloud) -> GeometryArray:
    """Return the cells whose highest point is of a roof, closed by one cell: the map of roofs."""
    closed = ndimage.binary_closing(_highest(cloud)[1] == ROOF, ALL_AROUND)
    place = rasterio.Affine(CELL_M, 0, cloud.west, 0, -CELL_M, cloud.north)
    outlines = shapes(closed.astype(np.uint8), mask=closed, transform=place)
    return np.array([shapely.geometry.shape(outline) for outline, _ in outlines], dtype=object)


def halves(cloud: Cloud, seed: int = 2026) -> tuple[Cloud, Cloud]:
    """
    Return a random half of the roof points, and all the other points.

    Roofs drawn from the first and held to the second share no point with the truth.
    """
    drawn = np.random.default_rng(seed).random(len(cloud.x)) < 0.5
    first = drawn & (cloud.classes == ROOF)
    return cloud.take(first), cloud.take(~first)


def score_canopy(cloud: Cloud, roofs: GeometryArray, choices: HeightModelAssumptions) -> AreaScore:
    """
    Hold the vegetation that the pipeline finds on a cloud to the classes of its points.

    True: cells as high as vegetation whose highest point is of class 3, 4 or 5. The heights are
    those of the same points: what is measured is what the roofs take and leave, not the heights.
    """
    tile, classes = highest_points(cloud)
    central = find_vegetation(tile, roofs, choices).central
    leafy = (tile.heights >= choices.vegetation_height_m.value) & np.isin(classes, LEAFY)
    right = (central & leafy).sum()
    return AreaScore(float(right / central.sum()), float(right / leafy.sum()))
