"""The land of the sample, and the copies that are kept of it."""

import shutil
import tempfile
from datetime import date
from pathlib import Path

import geopandas as gpd

from pipeline.configuration import Configuration
from pipeline.ingestion.land_folder import read_limits
from pipeline.ingestion.preparation import prepare_folder
from pipeline.ingestion.prepared import FOLDER, Store
from pipeline.land import LandReader
from pipeline.settings import Settings
from pipeline.whole_land import WholeLand
from tests.tables import FRANCE

SAMPLE = Settings().sample
CONFIGURATION = Configuration.load(Settings())
DAY = date(2026, 11, 26)
READ = ("communes", "ocsge", "exemptions_sols", "arbres")


def quiet(_):
    """Hear of no step."""


def copied(folder, names=READ):
    """Copy folders of the sample to a data folder of its own."""
    for name in names:
        shutil.copytree(SAMPLE / name, folder / name, copy_function=shutil.copy2)
    return folder


def prepare(data):
    known = CONFIGURATION
    prepare_folder(data, known.territories, known.assumptions, known.catalogue)
    return Store(data / FOLDER)


def keep(data, day=DAY, configuration=CONFIGURATION):
    """Prepare the folder and keep its qualified land; return the keys of all that is kept."""
    store = prepare(data)
    with store.locked() as is_ours:
        assert is_ours
        WholeLand(data, day, configuration).keep(FRANCE, store, quiet)
    return kept(data)


def kept(data):
    """Return the keys of the copies of qualified land."""
    store = Store(data / FOLDER)
    return {key for key in store.keys() if "years" in store.find(key).meta}  # noqa: SIM118


def limits(data, code):
    """Return the row of a commune of the folder."""
    with tempfile.TemporaryDirectory() as work:
        found = read_limits(data, FRANCE, CONFIGURATION.catalogue, work=Path(work)).communes
    return gpd.GeoDataFrame(found[found["insee_code"] == code].reset_index(drop=True))


def land_of(data, code="62999", day=DAY, **options):
    """Read the land of a commune, with a reader that has read nothing before."""
    reader = LandReader(data, day, CONFIGURATION)
    return reader.land_of(limits(data, code), FRANCE, **options)
