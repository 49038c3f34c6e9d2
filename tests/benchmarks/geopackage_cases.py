"""Writing the layers of the sample commune: in one go, and by `pyogrio.write_dataframe`."""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import geopandas as gpd
import pyogrio
import shapely

from pipeline.car_parks import measure_commune
from pipeline.configuration import Configuration
from pipeline.export.geopackage import filled, insert_rows
from pipeline.export.layers import GEOMETRY_COLUMN, LAYERS
from pipeline.export.product import Product
from pipeline.export.publish import publish
from pipeline.export.tables import ROWS
from pipeline.export.template import VERSION, template_of
from pipeline.export.typed_rows import to_arrow
from pipeline.land import LandReader, with_land
from pipeline.settings import Settings

DAY = date(2026, 11, 22)
ROUNDS = 15


def sample_product() -> Product:
    """Return the tables of the commune of the demo, car parks and land."""
    settings = Settings()
    configuration = Configuration.load(settings)
    parks, _ = measure_commune("62999", data=settings.sample, day=DAY, configuration=configuration)
    reader = LandReader(settings.sample, DAY, configuration)
    return with_land(parks, reader)[0]


def in_bulk(product: Product) -> Callable[[Path], None]:
    """Write rows in a copy of the template, from tables that are still to be typed."""
    crs, epsg = product.territory.crs, product.territory.epsg
    rows = {layer.name: ROWS[layer.name](product) for layer in LAYERS}

    def write(path: Path) -> None:
        with filled(path, LAYERS, crs) as connection:
            for layer in LAYERS:
                insert_rows(connection, layer, to_arrow(layer, rows[layer.name]), epsg)

    template_of(LAYERS, crs)  # once per process: told apart
    return write


def by_driver(product: Product) -> Callable[[Path], None]:
    """Write the same layers, already typed, one by one."""
    frames = {}
    for layer in LAYERS:
        table = to_arrow(layer, ROWS[layer.name](product))
        if layer.geometry is None:
            frames[layer.name] = table.to_pandas()
            continue
        shapes = shapely.from_wkb(table[GEOMETRY_COLUMN].to_numpy(zero_copy_only=False))
        rows = table.drop_columns([GEOMETRY_COLUMN]).to_pandas()
        frames[layer.name] = gpd.GeoDataFrame(rows, geometry=shapes, crs=product.territory.crs)

    def write(path: Path) -> None:
        for layer in LAYERS:
            told = {"geometry_type": layer.geometry} if layer.geometry else {}
            pyogrio.write_dataframe(
                frames[layer.name], path, layer=layer.name, driver="GPKG", VERSION=VERSION, **told
            )

    pyogrio.set_gdal_config_options({"OGR_SQLITE_SYNCHRONOUS": "OFF"})
    return write


def whole(product: Product) -> Callable[[Path], None]:
    """Publish: rows, project, checks, flush, swap."""
    return lambda path: (publish(product, path.with_suffix("")), None)[1]


CASES = {"bulk": in_bulk, "write_dataframe": by_driver, "publish": whole}


def main() -> None:
    """Interleave the cases; print the seconds and the CPU seconds of every round."""
    product = sample_product()
    begin = time.process_time()
    template_of(LAYERS, product.territory.crs)
    found = {"template": [[time.process_time() - begin] * 2]} | {name: [] for name in CASES}
    writers = {name: made(product) for name, made in CASES.items()}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(-1, ROUNDS):  # the first round warms
            for name, write in writers.items():
                start, cpu = time.perf_counter(), time.process_time()
                write(Path(folder) / f"{name}{turn}.gpkg")
                spent = [time.perf_counter() - start, time.process_time() - cpu]
                found[name] += [spent] * (turn >= 0)
    print(json.dumps(found))


if __name__ == "__main__":
    sys.exit(main())
