"""Exact sums of pixels under polygons: by hand on half pixels, and against exactextract."""

import exactextract
import geopandas as gpd
import numpy as np
import pytest
import shapely
from exactextract.raster import NumPyRasterSource
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tree_canopy.zonal import pixel_sums
from tests.tables import X0, Y0, box
from tests.unit.tree_canopy.raster import tile

GROUND = tile(4, 3, resolution=1.0)  # 4 columns, 3 rows
ONES = np.ones((3, 4), dtype=bool)
FIRST = np.zeros((3, 4))
FIRST[2, 0] = 10.0  # the pixel of the south-west corner


def sums(*shapes, layers=(ONES, FIRST), ground=GROUND):
    return pixel_sums(np.array(shapes, dtype=object), layers, ground)


@pytest.mark.parametrize(
    ("shape", "ones", "tens"),
    [
        pytest.param(box(0, 0, 4, 3), 12, 10, id="the whole tile"),
        pytest.param(box(0, 0, 1, 1), 1, 10, id="one pixel"),
        pytest.param(box(0, 0, 0.5, 0.5), 0.25, 2.5, id="a quarter of a pixel"),
        pytest.param(box(0.25, 0, 2.25, 1), 2, 7.5, id="edges inside pixels"),
        pytest.param(box(-9, -9, 0.5, 9), 1.5, 5, id="beyond the tile on three sides"),
        pytest.param(box(-5, 1, 9, 2), 4, 0, id="across the tile"),
        pytest.param(box(10, 0, 12, 3), 0, 0, id="east of the tile"),
        pytest.param(box(-3, 0, -1, 3), 0, 0, id="west of the tile"),
        pytest.param(box(0, 0, 3, 3).difference(box(0, 0, 1, 1)), 8, 0, id="a corner cut out"),
        pytest.param(box(0, 0, 3, 3).difference(box(1, 1, 2, 2)), 8, 10, id="a hole"),
        pytest.param(shapely.union_all([box(0, 0, 1, 1), box(2, 0, 3, 1)]), 2, 10, id="two parts"),
        pytest.param(
            shapely.Polygon([(X0, Y0), (X0 + 2, Y0), (X0, Y0 + 2)]), 2, 10, id="a triangle"
        ),
        pytest.param(shapely.Polygon(), 0, 0, id="an empty surface"),
    ],
)
def test_a_sum_is_the_exact_share_of_each_pixel(shape, ones, tens):
    assert sums(shape)[0].tolist() == pytest.approx([ones, tens])


def test_the_direction_of_a_ring_does_not_matter():
    turned = shapely.Polygon(list(box(0, 0, 2, 1).exterior.coords)[::-1])
    assert sums(turned)[0, 0] == pytest.approx(2)


def test_overlapping_polygons_do_not_take_from_each_other():
    assert sums(box(0, 0, 2, 1), box(1, 0, 3, 1))[:, 0].tolist() == pytest.approx([2, 2])


def test_no_polygon_and_no_layer():
    assert sums().shape == (0, 2)
    assert sums(box(0, 0, 1, 1), layers=()).shape == (1, 0)


corners = st.tuples(st.floats(-20, 60), st.floats(-20, 60))


@given(
    seed=st.integers(0, 10_000),
    points=st.lists(corners, min_size=3, max_size=9),
    hole=st.booleans(),
)
def test_the_same_as_exactextract(seed, points, hole):
    shape = shapely.convex_hull(shapely.MultiPoint([(X0 + x, Y0 + y) for x, y in points]))
    if hole:
        shape = shape.difference(shapely.buffer(shape.centroid, 3.3))
    if shape.geom_type not in {"Polygon", "MultiPolygon"} or shape.area < 1e-3:
        return
    ground = tile(40, 30, resolution=0.5)
    layer = np.random.default_rng(seed).random(ground.heights.shape) < 0.4
    source = NumPyRasterSource(layer.astype(float), xmin=X0, ymin=Y0, xmax=X0 + 40, ymax=Y0 + 30)
    table = gpd.GeoDataFrame(geometry=[shape], crs="EPSG:2154")
    expected = exactextract.exact_extract(source, table, ["sum", "count"], output="pandas")
    found = sums(shape, layers=(layer, np.ones_like(layer)), ground=ground)[0]
    assert found[0] == pytest.approx(np.nan_to_num(expected["sum"][0]), abs=1e-3)
    assert found[1] == pytest.approx(expected["count"][0], abs=1e-3)
