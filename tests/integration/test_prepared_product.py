"""A product made from prepared sources is the product, byte for byte."""

import shutil
from datetime import date

import pytest

from pipeline.configuration import Configuration
from pipeline.ingestion.preparation import prepare_folder
from pipeline.run import run_commune
from pipeline.settings import Settings

SETTINGS = Settings()
CONFIGURATION = Configuration.load(SETTINGS)


def product(data, out, code):
    done = run_commune(
        code, data=data, out=out, day=date(2026, 11, 22), configuration=CONFIGURATION
    )
    return done.path.read_bytes(), done.warnings


def both(folder, work, code):
    """The product and its warnings from files, then from their copies."""
    data = work / "data"
    shutil.copytree(folder, data)
    before = product(data, work / "before", code)
    prepared = prepare_folder(
        data, CONFIGURATION.territories, CONFIGURATION.assumptions, CONFIGURATION.catalogue
    )
    assert prepared.made > 0
    return before, product(data, work / "after", code)


@pytest.mark.slow
@pytest.mark.parametrize("code", ["62999", "62998"])
def test_of_the_sample(tmp_path, code):
    before, after = both(SETTINGS.sample, tmp_path, code)
    assert before == after


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("folder", "code"),
    [
        ("redon_35236", "35236"),  # shapefiles and raw OSM
        ("gueret_23096", "23096"),  # GeoJSON
        ("bondy_93010", "93078"),
        ("le_mans_72181", "72181"),
        ("sybarval_33", "33229"),
    ],
)
def test_of_real_data(shared_data, tmp_path, folder, code):
    source = shared_data / folder
    before, after = both(source, tmp_path, code)
    assert before == after


@pytest.mark.shared_data
def test_of_a_real_delivery_of_bdtopo(shared_data, tmp_path):
    source = tmp_path / "olemps"
    shutil.copytree(shared_data / "bdtopo_olemps_12174", source / "bdtopo")
    (source / "communes").mkdir()
    for part in (source / "bdtopo").glob("COMMUNE.*"):
        part.rename(source / "communes" / part.name)
    before, after = both(source, tmp_path, "12174")
    assert before == after
