"""The layers of a product in one GeoPackage 1.3, written by pyogrio, with a fixed time stamp."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pyogrio

from pipeline.export.layers import GEOMETRY_COLUMN, LAYERS, Layer
from pipeline.export.product import Product
from pipeline.export.tables import ROWS
from pipeline.export.typed_rows import to_arrow

VERSION = "1.3"  # GDAL's own default, 1.4, makes the QGIS of Debian 12 warn


def stamp(day: date) -> str:
    """Return the only time written in a product: midnight UTC of the date of its rules."""
    return f"{day.isoformat()}T00:00:00.000Z"


def write_layers(product: Product, path: Path) -> None:
    """
    Write every layer of `LAYERS`, also those without a row, into the new file `path`.

    Raises
    ------
    pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError
        If the disk refuses; a partial file may remain.
    """
    with fixed_time(stamp(product.as_of)):
        for layer in LAYERS:
            _write(layer, product, path)


def _write(layer: Layer, product: Product, path: Path) -> None:
    spatial = {
        "geometry_name": GEOMETRY_COLUMN,
        "geometry_type": layer.geometry,
        "crs": product.territory.crs,
    }
    named = {"IDENTIFIER": layer.title, "DESCRIPTION": layer.description}
    pyogrio.write_arrow(
        to_arrow(layer, ROWS[layer.name](product)),
        path,
        layer=layer.name,
        driver="GPKG",
        dataset_options={"VERSION": VERSION},
        layer_options=named | ({"GEOMETRY_NAME": GEOMETRY_COLUMN} if layer.geometry else {}),
        **(spatial if layer.geometry else {}),
    )


@contextmanager
def fixed_time(moment: str) -> Iterator[None]:
    """Give GDAL its clock; syncing to disk is left to the seal, once for the whole file."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment, "OGR_SQLITE_SYNCHRONOUS": "OFF"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None, "OGR_SQLITE_SYNCHRONOUS": None})
