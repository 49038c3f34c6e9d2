"""The committed sample is what its script draws, and stays small."""

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
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
    "servitudes", "monuments", "dossiers", "proprietaires", "irradiation", "mnh", "ocsge", "enaf",
    "plu", "friches", "exemptions_sols",
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


def test_the_script_draws_the_committed_grids(redrawn):
    files = source_files(SAMPLE, {".tif"})
    assert files == source_files(redrawn, {".tif"})
    for file in files:
        with rasterio.open(SAMPLE / file) as here, rasterio.open(redrawn / file) as there:
            np.testing.assert_array_equal(here.read(1), there.read(1))
            assert (here.profile, here.tags()) == (there.profile, there.tags()), file


def test_tiles_of_heights_are_cut_and_named_as_those_of_ign():
    pixels = 0
    for east, north in ((678, 7034), (678, 7035)):
        name = f"LHD_FXX_{east:04}_{north}_MNH_O_0M50_LAMB93_IGN69.tif"
        with rasterio.open(SAMPLE / "mnh" / name) as dataset:
            assert (dataset.crs.to_epsg(), dataset.res, dataset.nodata) == (2154, (0.5, 0.5), -9999)
            west, south = 1000 * east - 0.25, 1000 * north - 999.75
            assert dataset.bounds[:] == (west, south, west + 1000, south + 1000)
            known = dataset.read(1, masked=True).compressed()
        assert known.min() == 0
        assert known.max() in {8, 35}  # buildings; the jib of a crane
        pixels += known.size
    flown = 140 * 165 + 507 * 175  # on the ground, where Lambert-93 has 1.0028 m² a square metre
    assert pixels / 4 == pytest.approx(1.0028 * flown, rel=0.001)


def test_the_heights_weigh_less_than_300_kilobytes():
    assert sum(path.stat().st_size for path in (SAMPLE / "mnh").iterdir()) < 300_000


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
