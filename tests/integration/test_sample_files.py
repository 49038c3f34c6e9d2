"""The committed sample is what its script draws, and stays small."""

import sys
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import rasterio
from geopandas.testing import assert_geodataframe_equal

from pipeline.crs import ground_area, load_territories

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
GIS = {".shp", ".gpkg"}
TEXT = {".osm", ".geojson", ".csv", ".gz"}
FOLDERS = [
    "communes", "osm", "cadastre", "bdtopo", "parkings", "icpe", "icpe_emprises", "arbres",
    "servitudes", "monuments", "dossiers", "proprietaires", "irradiation",
]  # fmt: skip


def source_files(folder, suffixes):
    return sorted(
        path.relative_to(folder)
        for name in FOLDERS
        for path in (folder / name).rglob("*")
        if path.suffix in suffixes
    )


@pytest.fixture(scope="module")
def redrawn(tmp_path_factory):
    sys.path.insert(0, str(SAMPLE))
    try:
        from make_sample import write_sample
    finally:
        sys.path.remove(str(SAMPLE))
    folder = tmp_path_factory.mktemp("redrawn")
    write_sample(folder)
    return folder


def test_the_script_draws_the_committed_text_files(redrawn):
    files = source_files(SAMPLE, TEXT)
    assert files == source_files(redrawn, TEXT)
    for file in files:
        assert (SAMPLE / file).read_bytes() == (redrawn / file).read_bytes(), file


def test_the_script_draws_the_committed_gis_files(redrawn):
    files = source_files(SAMPLE, GIS)
    assert files == source_files(redrawn, GIS)
    for file in files:
        assert_geodataframe_equal(gpd.read_file(SAMPLE / file), gpd.read_file(redrawn / file))


def test_the_script_draws_the_committed_grid(redrawn):
    (file,) = source_files(SAMPLE, {".tif"})
    with rasterio.open(SAMPLE / file) as here, rasterio.open(redrawn / file) as there:
        assert here.read(1).tolist() == there.read(1).tolist()
        assert (here.transform, here.crs) == (there.transform, there.crs)


def test_no_firm_bears_a_siren_of_the_sample():
    """A real SIREN passes the check of Luhn."""
    lines = (SAMPLE / "proprietaires/PM_25_NB_620.csv").read_text(encoding="utf-8").splitlines()
    numbers = {line.split(";")[19] for line in lines[1:]}
    assert len(numbers) == 5
    for siren in numbers:
        doubled = [int(digit) * (1 + rank % 2) for rank, digit in enumerate(reversed(siren))]
        assert sum(value // 10 + value % 10 for value in doubled) % 10 != 0


def test_the_sample_weighs_less_than_a_megabyte():
    weight = sum(path.stat().st_size for name in FOLDERS for path in (SAMPLE / name).rglob("*"))
    assert weight < 1_000_000


def test_a_lot_of_60_by_40_m_on_the_ground_measures_2_400_m2_there_and_more_in_lambert_93():
    parks = pyogrio.read_dataframe(SAMPLE / "bdtopo/EQUIPEMENT_DE_TRANSPORT.shp")
    lot = parks[parks["TOPONYME"] == "Parking du Supermarché"].geometry.to_numpy()
    mainland = load_territories(ROOT / "config/territories.yaml")[0]
    assert ground_area(lot, mainland)[0] == pytest.approx(2400, abs=1)
    assert lot[0].area == pytest.approx(2400 * 1.0028, abs=1)  # areal scale at 50.4° N
