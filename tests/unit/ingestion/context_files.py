"""The folders that go with the land, made by hand around square communes of 1 km²."""

import tempfile
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.contracts import conform
from pipeline.ingestion.land_context import read_land_context
from pipeline.schemas import Commune
from tests.tables import ASSUMPTIONS, FRANCE, L93, box
from tests.unit.ingestion.deposits import CATALOGUE

HERE, EAST = "62999", "62998"
SQUARES = {HERE: box(0, 0, 1000, 1000), EAST: box(1000, 0, 2000, 1000)}


def communes(*codes):
    """Return `Commune` rows: squares side by side."""
    rows = [{"insee_code": code, "name": code, "geometry": SQUARES[code]} for code in codes]
    return gpd.GeoDataFrame(conform(Commune, pd.DataFrame(rows), L93))


def read(data, *codes):
    """Read the three folders for some communes, the western one by default."""
    with tempfile.TemporaryDirectory() as work:
        return read_land_context(
            Path(data),
            FRANCE,
            communes(*(codes or (HERE,))),
            ASSUMPTIONS,
            CATALOGUE,
            work=Path(work),
        )


def remarks(context, name):
    """What the record of one file says; empty when it says nothing."""
    said = context.records.set_index("file").loc[name, "remarks"]
    return said if isinstance(said, str) else ""
