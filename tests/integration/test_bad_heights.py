"""Bad heights through the command line: refused in one line, or accepted and told in the record."""

import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
from rasterio.warp import transform

from pipeline.cli import app
from pipeline.ingestion.height_windows import spread
from pipeline.settings import Settings
from tests.integration.command import refused, run, runner

SIDE = 300  # pixels of 1 m, in the middle of the sample
UTM = "EPSG:32631"


@pytest.fixture
def data(tmp_path):
    """Return a copy of the sample folder without its heights."""
    folder = Path(shutil.copytree(Settings().sample, tmp_path / "data"))
    shutil.rmtree(folder / "mnh")
    return folder


@pytest.fixture
def published(data, tmp_path):
    """Return a product made without heights, and what it holds."""
    assert run(data, tmp_path / "out").exit_code == 0
    path = tmp_path / "out" / "62" / "62999.gpkg"
    return path, path.read_bytes()


def commune(data):
    """Return the box of the commune, whole metres of Lambert-93."""
    table = gpd.read_file(min((data / "communes").iterdir())).to_crs(2154)
    return np.rint(table.total_bounds)


def write(data, values, place, name="mnh.tif", crs="EPSG:2154", kept=1.0):
    path = data / "mnh" / name
    path.parent.mkdir(exist_ok=True)
    rows, columns = values.shape
    profile = {"driver": "GTiff", "count": 1, "height": rows, "width": columns}
    with rasterio.open(path, "w", **profile, dtype="float32", transform=place, crs=crs) as target:
        target.write(values.astype("float32"), 1)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])


def heights(data, value, name="mnh.tif", crs="EPSG:2154", kept=1.0, ground=0.0, turn=0):
    """Deposit a tile of 300 m: the ground, and `value` on a half; turned by some degrees."""
    west, south, east, north = commune(data)
    x, y = (west + east) // 2, (south + north) // 2
    if crs == UTM:
        (x,), (y,) = transform("EPSG:2154", UTM, [x], [y])
    sine, cosine = np.sin(np.radians(turn)), np.cos(np.radians(turn))
    values = np.full((SIDE, SIDE), ground)
    values[:, SIDE // 2 :] = value
    write(data, values, rasterio.Affine(cosine, sine, x, sine, -cosine, y), name, crs, kept)


def hidden(data, value, name="mnh.tif"):
    """Deposit a tile of 2 m pixels over the commune: `value`, and 0 in the spots looked at."""
    west, south, east, north = commune(data)
    values = np.full((int(north - south) // 2, int(east - west) // 2), float(value))
    for row, column, last_row, last_column in spread((0, 0, *values.shape), per_side=4, side=128):
        values[row:last_row, column:last_column] = 0
    write(data, values, rasterio.Affine(2, 0, west, 0, -2, north), name)


REFUSED = {
    "truncated": ([{"value": 9, "kept": 0.9}], ["mnh/mnh.tif", "tronqué"]),
    "no CRS": ([{"value": 9, "crs": None}], ["mnh/mnh.tif", "géoréférencer"]),
    "centimetres": ([{"value": 900}], ["mnh/mnh.tif", "centimètres"]),
    "a surface model alone": (
        [{"value": 9, "name": "mns.tif"}],
        ["mnh/mns.tif", "altitudes, pas des hauteurs", "y joindre le MNT"],
    ),
    "two vintages": (
        [{"value": 9, "name": "a.tif"}, {"value": 4, "name": "b.tif"}],
        ["mnh/a.tif", "mnh/b.tif", "deux millésimes"],
    ),
    "a year to come": (
        [{"value": 9, "name": "mnh_2099.tif"}],
        ["mnh/mnh_2099.tif", "millésime 2099 impossible", "corriger le nom"],
    ),
}
HIDDEN = {
    "centimetres that no spot meets": ({"mnh.tif": 900}, ["mnh/mnh.tif", "centimètres"]),
    "two vintages that no spot meets": (
        {"a.tif": 0, "b.tif": 9},
        ["mnh/b.tif", "100 % des pixels communs avec mnh/a.tif", "deux millésimes"],
    ),
}
ACCEPTED = {
    "another CRS": ({"value": 9, "crs": UTM}, "reprojeté depuis WGS 84 / UTM zone 31N"),
    "no height at all": ({"value": -9999, "ground": -9999}, "aucune hauteur renseignée"),
    "a turned grid": ({"value": 9, "turn": 30}, "grille inclinée ou pixels non carrés : redressée"),
    "a forest that hides its ground": ({"value": 18, "ground": 6}, "aucun sol visible"),
}


@pytest.mark.parametrize(("tiles", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_heights_that_cannot_be_used(data, tmp_path, published, tiles, words):
    for tile in tiles:
        heights(data, **tile)
    refused(run(data, tmp_path / "out", "62999", "--overwrite"), *words)
    assert published[0].read_bytes() == published[1]


@pytest.mark.parametrize(("tiles", "words"), HIDDEN.values(), ids=HIDDEN.keys())
def test_faults_that_show_only_where_heights_are_read(data, tmp_path, published, tiles, words):
    for name, value in tiles.items():
        hidden(data, value, name)
    refused(run(data, tmp_path / "out", "62999", "--overwrite"), *words)
    assert published[0].read_bytes() == published[1]


@pytest.mark.parametrize(("tile", "said"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_heights_that_are_repaired_or_of_no_use_are_told(data, tmp_path, tile, said):
    heights(data, **tile)
    result = run(data, tmp_path / "out")
    assert result.exit_code == 0, result.output
    product = tmp_path / "out" / "62" / "62999.gpkg"
    sources = pyogrio.read_dataframe(product, layer="sources", read_geometry=False)
    (remark,) = sources.loc[sources["fichier"] == "mnh/mnh.tif", "remarques"]
    assert said in remark
    assert runner.invoke(app, ["check", str(product)]).exit_code == 0
