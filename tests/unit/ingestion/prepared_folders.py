"""A data folder prepared, and what is read of it compared with what its files give."""

import dataclasses

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from pipeline.ingestion.preparation import prepare_folder
from tests.tables import ASSUMPTIONS
from tests.unit.ingestion.deposits import CATALOGUE, TERRITORIES


def prepare(data, **options):
    return prepare_folder(data, TERRITORIES, ASSUMPTIONS, CATALOGUE, **options)


def assert_same_table(left, right):
    """Same columns, types, order, index, values, and geometries to the last bit."""
    if isinstance(left, pa.Table):
        assert left.equals(right)
        return
    assert type(left) is type(right)
    if isinstance(left, gpd.GeoDataFrame):
        assert left.crs == right.crs
        assert shapely.to_wkb(left.geometry).tolist() == shapely.to_wkb(right.geometry).tolist()
        left = pd.DataFrame(left.drop(columns=left.geometry.name))
        right = pd.DataFrame(right.drop(columns=right.geometry.name))
    pd.testing.assert_frame_equal(left, right, check_exact=True)


def assert_same_sources(left, right):
    for item in dataclasses.fields(left):
        one, other = getattr(left, item.name), getattr(right, item.name)
        if isinstance(one, pd.DataFrame | pa.Table):
            assert_same_table(one, other)
        elif item.name == "heights":
            assert [file.name for file in one.files] == [file.name for file in other.files]
            assert one.grid == other.grid
        else:
            assert one == other, item.name
