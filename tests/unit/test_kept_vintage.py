"""A vintage in a file: a window gives a commune what the whole does, and reads little of it."""

import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.artificialisation.communes import land_of_commune
from pipeline.artificialisation.qualify import QualifiedLand, qualify_land
from pipeline.contracts import conform
from pipeline.ingestion import prepared_rows
from pipeline.kept_vintage import read_vintage, write_vintage
from pipeline.schemas import LandStatus
from tests.tables import FRANCE, L93, X0, Y0, box
from tests.unit.artificialisation.test_flows import boxes, town
from tests.unit.artificialisation.test_qualify import LAND, pieces
from tests.unit.ingestion.prepared_folders import assert_same_table

EVERYWHERE = (-np.inf, -np.inf, np.inf, np.inf)


def written(folder, qualified):
    path = Path(folder) / "2021.parquet"
    write_vintage(path, qualified, L93)
    return path


def assert_same(left, right):
    assert_same_table(left.land, right.land)
    assert_same_table(left.variants, right.variants)


def squares(count, side=10):
    """Return `count` × `count` squares in rows from the south-west, missing values included."""
    ranks = np.arange(count**2)
    x, y = ranks % count * side, ranks // count * side
    unknown = ranks % 7 == 0
    rows = pd.DataFrame(
        {
            "land_id": [f"L{rank}" for rank in ranks],
            "vintage": 2021,
            "cover_code": pd.Series(["CS1.1.1.1"] * len(ranks)).mask(unknown),
            "category": pd.Series(ranks % 10 + 1, dtype="Int64").mask(unknown),
            "is_artificial": pd.Series(ranks % 2 == 0, dtype="boolean").mask(unknown),
            "reason": "matrice",
            "component_m2": np.where(unknown, np.nan, ranks / 3),
            "area_m2": float(side**2),
            "origin": "ocsge",
            "geometry": [box(i, j, i + side, j + side) for i, j in zip(x, y, strict=True)],
        }
    )
    land = gpd.GeoDataFrame(conform(LandStatus, rows, L93))
    return QualifiedLand(
        land, pd.DataFrame({"a": land["is_artificial"], "b": ~land["is_artificial"]})
    )


def test_everything_comes_back_as_it_was_in_its_order(tmp_path):
    whole = squares(9)
    assert_same(read_vintage(written(tmp_path, whole), EVERYWHERE, FRANCE), whole)


def test_an_outline_without_ground_is_in_no_window(tmp_path):
    whole = squares(3)
    whole.land.loc[4, "geometry"] = shapely.Polygon()
    met = read_vintage(written(tmp_path, whole), EVERYWHERE, FRANCE).land["land_id"]
    assert met.tolist() == ["L0", "L1", "L2", "L3", "L5", "L6", "L7", "L8"]


def test_a_window_that_nothing_meets_has_the_columns_and_their_types(tmp_path):
    whole = squares(3)
    nothing = read_vintage(written(tmp_path, whole), (0, 0, 1, 1), FRANCE)
    empty = QualifiedLand(whole.land.iloc[:0], whole.variants.iloc[:0])
    assert_same(nothing, empty)
    assert len(land_of_commune(nothing, shapely.box(0, 0, 1, 1), FRANCE).land) == 0


def test_a_column_without_value_keeps_its_type(tmp_path):
    whole = squares(3)
    whole.land["category"] = pd.Series(pd.NA, index=whole.land.index, dtype="Int64")
    whole.variants["a"] = pd.Series(pd.NA, index=whole.land.index, dtype="boolean")
    assert_same(read_vintage(written(tmp_path, whole), EVERYWHERE, FRANCE), whole)


def test_a_window_meets_the_rows_that_touch_it(tmp_path):
    """Squares of 10 m: from 20 to 30 the third touches, with its neighbours on both sides."""
    path = written(tmp_path, squares(9))
    met = read_vintage(path, (X0 + 20, Y0, X0 + 30, Y0), FRANCE).land["land_id"]
    assert met.tolist() == ["L1", "L2", "L3"]
    met = read_vintage(path, (X0 + 20.5, Y0, X0 + 29.5, Y0), FRANCE).land["land_id"]
    assert met.tolist() == ["L2"]


def test_a_window_reads_few_groups_and_few_rows(tmp_path, monkeypatch):
    """A hundredth of 6 400 squares, in groups of 64 rows: a square of 8 by 8 each, or near it."""
    monkeypatch.setattr(prepared_rows, "_MOST_BYTES", 1)
    path = written(tmp_path, squares(80))
    assert pq.read_metadata(path).num_row_groups == 100
    read = []
    groups = prepared_rows._groups

    def counted(path, footer, numbers, columns):
        read.extend(numbers)
        return groups(path, footer, numbers, columns)

    monkeypatch.setattr(prepared_rows, "_groups", counted)
    window = (X0 + 361, Y0 + 361, X0 + 439, Y0 + 439)
    assert len(read_vintage(path, window, FRANCE).land) == 64
    assert len(read) <= 9


@settings(max_examples=25, deadline=None)
@given(
    drawn=boxes,
    corner=st.tuples(st.integers(-100, 1000), st.integers(-100, 1000)),
    sides=st.tuples(st.integers(20, 600), st.integers(20, 600)),
    turn=st.integers(0, 89),
)
def test_a_commune_by_its_window_is_the_commune_by_the_whole(drawn, corner, sides, turn):
    table, _ = pieces(*town(drawn))
    whole = qualify_land(table, LAND, FRANCE)
    x, y = corner
    commune = shapely.affinity.rotate(box(x, y, x + sides[0], y + sides[1]), turn)
    with tempfile.TemporaryDirectory() as folder:
        near = read_vintage(written(folder, whole), commune.bounds, FRANCE)
    assert_same(land_of_commune(near, commune, FRANCE), land_of_commune(whole, commune, FRANCE))


@pytest.mark.parametrize("count", [1, 40])
def test_the_same_land_gives_the_same_bytes(tmp_path, count):
    first = written(tmp_path, squares(count)).read_bytes()
    assert written(tmp_path, squares(count)).read_bytes() == first
