"""Grid of photovoltaic yield (GeoTIFF, kWh a year for one kWc) → cells of the window."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio  # type: ignore[import-untyped] # no stubs are published
import shapely
from pyproj import CRS
from rasterio.enums import Resampling  # type: ignore[import-untyped] # idem
from rasterio.windows import Window  # type: ignore[import-untyped] # idem

from pipeline.contracts import conform
from pipeline.crs import FloatArray, GeometryArray, transformer_between
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.rasters import crs_of, open_raster, readable
from pipeline.ingestion.scope import Scope
from pipeline.schemas import YieldCell

IndexArray = npt.NDArray[np.intp]

# No place of France yields less, none on Earth yields more: beyond, the unit is another one
# (kWh/m², kWh a day, tenths…) or a nodata value is not declared. Both included.
LOWEST_KWH_KWC = 300.0
HIGHEST_KWH_KWC = 2500.0
# A cell is far larger than a car park: more of them would say nothing more.
MOST_CELLS = 4000


@dataclass(frozen=True)
class _Grid:
    """
    Values of a block of cells (NaN: no data), and what places it in the CRS of the file.

    `first` is the row and column of its first corner in the file, `step` the rows and columns of
    the file that one cell covers; `transform` is that of the file.
    """

    yields: FloatArray
    first: tuple[int, int]
    step: tuple[float, float]
    transform: rasterio.Affine


def read_yield_cells(reports: Sequence[FileReport], scope: Scope) -> gpd.GeoDataFrame:
    """
    Read the cells of the window; those without data are left out.

    Only the window is read; a grid finer than `MOST_CELLS` cells over it is averaged to coarser
    cells. Each cell is a quadrilateral, its corners carried to the territory CRS.

    Returns
    -------
    cells
        `YieldCell`, in the territory CRS, sorted by id.

    Raises
    ------
    SourceError
        If a file is damaged, has several bands, no coordinate system, or values outside
        [`LOWEST_KWH_KWC`, `HIGHEST_KWH_KWC`].
    """
    tables = [_cells(report, scope) for report in reports]
    rows = pd.concat(tables, ignore_index=True).sort_values("cell_id", ignore_index=True)
    return gpd.GeoDataFrame(conform(YieldCell, rows, scope.territory.crs))


def _cells(report: FileReport, scope: Scope) -> pd.DataFrame:
    with readable(report), open_raster(report) as dataset:
        crs = crs_of(dataset, report, "le productible annuel, en kWh par kWc")
        grid = _read(dataset, crs, scope)
    rows, columns = np.nonzero(np.isfinite(grid.yields))
    values = grid.yields[rows, columns]
    _refuse_other_units(values, report)
    report.meet(len(values))
    report.row_count += len(values)
    return pd.DataFrame(
        {
            "cell_id": [
                f"{report.file.row_id(report.file.stem, row)}/{column}"
                for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
            ],
            "yield_kwh_kwc": values,
            "geometry": _quadrilaterals(rows, columns, grid, crs, scope),
        }
    )


def _read(dataset: rasterio.DatasetReader, crs: CRS, scope: Scope) -> _Grid:
    """Read the block of cells that meets the window, averaged where it is too fine."""
    top, left, bottom, right = _block(dataset, crs, scope)
    height, width = bottom - top, right - left
    if height <= 0 or width <= 0:
        return _Grid(np.empty((0, 0)), (0, 0), (1.0, 1.0), dataset.transform)
    rows, columns = _coarsened(height, width)
    cells = dataset.read(
        1,
        window=Window(left, top, width, height),
        out_shape=(rows, columns),
        resampling=Resampling.average,
        masked=True,
        out_dtype="float64",
    )
    values = np.ma.filled(cells, np.nan) * dataset.scales[0] + dataset.offsets[0]
    return _Grid(values, (top, left), (height / rows, width / columns), dataset.transform)


def _block(dataset: rasterio.DatasetReader, crs: CRS, scope: Scope) -> tuple[int, int, int, int]:
    """Return the first and last row and column (excluded) of the cells that meet the window."""
    box = scope.window_in(crs)
    if box is None:
        return (0, 0, dataset.height, dataset.width)
    west, south, east, north = box
    corners = [(west, south), (west, north), (east, south), (east, north)]
    columns, rows = _carried(~dataset.transform, *np.array(corners).T)
    return (
        max(math.floor(rows.min()), 0),
        max(math.floor(columns.min()), 0),
        min(math.ceil(rows.max()), dataset.height),
        min(math.ceil(columns.max()), dataset.width),
    )


def _coarsened(height: int, width: int) -> tuple[int, int]:
    """Return the shape of the finest grid of at most `MOST_CELLS` cells, whole times coarser."""
    factor = max(1, math.isqrt(height * width // MOST_CELLS))
    while math.ceil(height / factor) * math.ceil(width / factor) > MOST_CELLS:
        factor += 1
    return (math.ceil(height / factor), math.ceil(width / factor))


def _refuse_other_units(values: FloatArray, report: FileReport) -> None:
    wrong = values[(values < LOWEST_KWH_KWC) | (values > HIGHEST_KWH_KWC)]
    if len(wrong):
        why = (
            f"valeur {wrong[0]:.6g} hors de {LOWEST_KWH_KWC:.0f}-{HIGHEST_KWH_KWC:.0f} kWh par kWc"
            " et par an ; convertir l'unité, ou déclarer la valeur « nodata »"
        )
        raise report.refusal(why)


def _quadrilaterals(
    rows: IndexArray, columns: IndexArray, grid: _Grid, crs: CRS, scope: Scope
) -> GeometryArray:
    """Return cells of a block as polygons in the territory CRS."""
    corner_rows = rows[:, None] + np.array([0, 0, 1, 1, 0])
    corner_columns = columns[:, None] + np.array([0, 1, 1, 0, 0])
    x, y = _carried(
        grid.transform,
        grid.first[1] + grid.step[1] * corner_columns.ravel(),
        grid.first[0] + grid.step[0] * corner_rows.ravel(),
    )
    transformer = transformer_between(crs, scope.territory.crs)
    corners = np.column_stack(transformer.transform(x, y))
    return np.asarray(shapely.polygons(corners.reshape(*corner_rows.shape, 2)), dtype=object)


def _carried(
    transform: rasterio.Affine, x: FloatArray, y: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Apply an affine, written out: its operators change from one version to the next."""
    a, b, c, d, e, f = transform[:6]
    return a * x + b * y + c, d * x + e * y + f
