"""A deposited GeoTIFF, opened: one band, placed on the ground, its faults told in one line."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import rasterio  # type: ignore[import-untyped] # no stubs are published
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio._err import CPLE_BaseError  # type: ignore[import-untyped] # idem; nowhere public
from rasterio.enums import ColorInterp  # type: ignore[import-untyped] # idem
from rasterio.errors import (  # type: ignore[import-untyped] # idem
    NotGeoreferencedWarning,
    RasterioError,
)

from pipeline.ingestion.provenance import FileReport

# What reading a raster raises; a reprojection lets GDAL's own errors through.
FAULTS = (RasterioError, CPLE_BaseError, ValueError)
_SHOWN_REASON = 150


@contextmanager
def readable(report: FileReport) -> Iterator[None]:
    """Turn an error of the raster library into the refusal of the file that is being read."""
    try:
        yield
    except FAULTS as error:
        path = str(report.file.path)
        reason = " ".join(str(error.__cause__ or error).replace(path, "").split())
        why = f"GeoTIFF illisible ou tronqué ({reason[:_SHOWN_REASON]}) ; le redéposer"
        raise report.refusal(why) from error


def open_raster(report: FileReport) -> rasterio.DatasetReader:
    """Open a GeoTIFF; the caller closes it, and wraps what it reads in `readable`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused in clear by `crs_of`
        return rasterio.open(report.file.path, driver="GTiff")


def crs_of(dataset: rasterio.DatasetReader, report: FileReport, content: str) -> CRS:
    """
    Return the CRS of a raster.

    Raises
    ------
    SourceError
        If it is not a single band of real numbers (`content` says in French of what) placed on the
        ground.
    """
    _refuse_other_bands(dataset, report, content)
    if dataset.crs is None or dataset.transform.is_identity:
        why = "système de coordonnées ou emprise absents ; géoréférencer le GeoTIFF"
        raise report.refusal(why)
    try:
        return CRS.from_wkt(dataset.crs.to_wkt())
    except CRSError as error:
        why = f"système de coordonnées illisible ({error}) ; géoréférencer le GeoTIFF"
        raise report.refusal(why) from error


def _refuse_other_bands(dataset: rasterio.DatasetReader, report: FileReport, content: str) -> None:
    if dataset.count != 1:
        why = f"{dataset.count} bandes, une attendue : {content}"
        raise report.refusal(why)
    if "complex" in dataset.dtypes[0]:
        why = f"nombres complexes, des nombres réels attendus : {content}"
        raise report.refusal(why)
    if ColorInterp.palette in dataset.colorinterp:
        why = f"image à palette de couleurs, des valeurs mesurées attendues : {content}"
        raise report.refusal(why)
