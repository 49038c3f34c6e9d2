"""Folder `irradiation`: a grid of photovoltaic yield, made here cell by cell."""

import numpy as np
import pytest
import rasterio
from rasterio import Affine
from rasterio.warp import transform_bounds

from pipeline.errors import SourceError
from pipeline.ingestion.folder import check_sources
from tests.tables import L93, X0, Y0, box
from tests.unit.ingestion.deposits import (
    CATALOGUE,
    TERRITORIES,
    commune,
    deposit,
    lon_lat,
    read,
    remarks,
)
from tests.unit.ingestion.rasters import write_raster

FILE = "irradiation/productible.tif"


@pytest.fixture
def data(tmp_path):
    """A square commune up to 1 000 m from the origin: the window ends at 2 000 m."""
    commune(tmp_path)
    return tmp_path


def grid(data, values, *, size=1000, corner=(-2000, 2000), name=FILE, crs=L93, **profile):
    """Write a grid: `corner` is the upper left one, metres from the origin of the tests."""
    return write_raster(data / name, values, size=size, corner=corner, crs=crs, **profile)


def refused(data, why):
    with pytest.raises(SourceError, match=why) as caught:
        read(data)
    assert str(caught.value).startswith(f"{FILE} : ")
    assert "\n" not in str(caught.value)


def test_each_cell_is_a_square_with_its_value(data):
    grid(data, [[1000, 1100], [1200, 1300]])
    cells = read(data).yield_cells.set_index("yield_kwh_kwc").geometry
    assert cells[1000].equals(box(-2000, 1000, -1000, 2000))
    assert cells[1100].equals(box(-1000, 1000, 0, 2000))
    assert cells[1200].equals(box(-2000, 0, -1000, 1000))
    assert cells[1300].equals(box(-1000, 0, 0, 1000))
    assert cells.crs == L93


def test_only_the_window_is_read(data):
    """Cells of 1 km from -6 to +6 km: the window of ±2 km holds sixteen of them."""
    grid(data, np.full((12, 12), 1100), corner=(-6000, 6000))
    cells = read(data).yield_cells
    assert len(cells) == 16
    assert cells.total_bounds == pytest.approx((X0 - 2000, Y0 - 2000, X0 + 2000, Y0 + 2000))


def test_a_coarse_cell_that_covers_everything_is_kept_whole(data):
    grid(data, [[1050]], size=50_000, corner=(-25_000, 25_000))
    (cell,) = read(data).yield_cells.itertuples()
    assert (cell.yield_kwh_kwc, cell.geometry.area) == (1050, 50_000**2)


def test_degrees_are_carried_to_the_territory(data):
    west, north = lon_lat(-500, 500)
    place = Affine(0.05, 0, west - 0.01, 0, -0.05, north + 0.01)
    grid(data, [[1100]], crs="EPSG:4326", transform=place)
    (cell,) = read(data).yield_cells.itertuples()
    left, bottom, right, top = transform_bounds(
        "EPSG:4326", L93, west - 0.01, north - 0.04, west + 0.04, north + 0.01
    )
    assert cell.geometry.bounds == pytest.approx((left, bottom, right, top), abs=30)


NODATA = {"a declared value": -9999.0, "not a number": float("nan")}


@pytest.mark.parametrize("missing", NODATA.values(), ids=NODATA.keys())
def test_cells_without_data_are_left(data, missing):
    grid(data, [[1000, missing], [missing, 1300]], nodata=missing)
    assert sorted(read(data).yield_cells["yield_kwh_kwc"]) == [1000, 1300]


def test_a_fine_grid_is_averaged_to_a_few_thousand_cells(data):
    """400 × 400 cells of 10 m, west half 1 000 and east half 1 200: whole times coarser."""
    values = np.full((400, 400), 1000.0)
    values[:, 200:] = 1200
    grid(data, values, size=10)
    cells = read(data).yield_cells
    assert 2000 < len(cells) <= 4000
    assert cells.geometry.area.sum() == pytest.approx(4000**2)
    assert cells["yield_kwh_kwc"].mean() == pytest.approx(1100, abs=5)
    assert set(cells["yield_kwh_kwc"].round()) >= {1000, 1200}


def test_integers_with_a_scale_are_read_in_their_unit(data):
    path = grid(data, [[11000]], dtype="uint16")
    with rasterio.open(path, "r+") as target:
        target.scales = (0.1,)
    assert read(data).yield_cells["yield_kwh_kwc"].tolist() == pytest.approx([1100])


def test_tiles_are_read_together_under_their_own_ids(data):
    grid(data, [[1000]], name="irradiation/a.tif", corner=(-1000, 1000))
    grid(data, [[1200]], name="irradiation/b.tif", corner=(0, 1000))
    cells = read(data).yield_cells.set_index("cell_id")["yield_kwh_kwc"]
    assert cells.to_dict() == {"a/0/0": 1000, "b/0/0": 1200}


def test_a_grid_far_away_is_of_no_use_and_the_run_says_so(data):
    grid(data, [[1000]], corner=(90_000, 0))
    sources = read(data)
    assert len(sources.yield_cells) == 0
    assert any("irradiation/ : aucune donnée autour" in line for line in sources.warnings)
    assert "aucun objet autour de la commune" in remarks(sources, FILE)


def test_without_the_folder_the_table_is_empty(data):
    sources = read(data)
    assert len(sources.yield_cells) == 0
    absent = sources.records[sources.records["state"] == "absente"]
    assert "irradiation" in set(absent["folder"])


BOUNDS = {
    "the lowest accepted": (300, True),
    "below the lowest": (299, False),
    "the highest accepted": (2500, True),
    "above the highest": (2501, False),
    "kilowatt-hours a day": (3.1, False),
    "a nodata value that nobody declared": (-9999, False),
}


@pytest.mark.parametrize(("value", "is_read"), BOUNDS.values(), ids=BOUNDS.keys())
def test_values_of_another_unit_are_refused(data, value, is_read):
    grid(data, [[1000, value]])
    if is_read:
        assert value in set(read(data).yield_cells["yield_kwh_kwc"])
    else:
        refused(data, r"valeur .* hors de 300-2500 kWh par kWc")


def test_several_bands_are_refused(data):
    grid(data, np.full((12, 2, 2), 100))
    refused(data, "12 bandes, une attendue")


def test_a_grid_without_system_of_coordinates_is_refused(data):
    grid(data, [[1000]], crs=None)
    refused(data, "système de coordonnées ou emprise absents")


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_grid_that_is_nowhere_is_refused(data):
    grid(data, [[1000]], transform=None)
    refused(data, "système de coordonnées ou emprise absents")


def test_a_truncated_grid_is_refused(data):
    path = grid(data, np.full((400, 400), 1000.0), size=10)
    path.write_bytes(path.read_bytes()[:2000])
    refused(data, "illisible ou tronqué")


def test_a_file_of_another_kind_is_refused(data):
    deposit(data, FILE, b"<html>503")
    refused(data, "contenu non reconnu")


def test_check_counts_cells_and_names_the_bad_file(data):
    grid(data, [[1000, 1100]], name="irradiation/a.tif")
    grid(data, [[3.1]], name="irradiation/b.tif")
    table = check_sources(data, TERRITORIES, CATALOGUE).set_index("fichier")
    assert table.loc["irradiation/a.tif", "lignes"] == 2
    assert "300-2500" in table.loc["irradiation/b.tif", "anomalie"]
