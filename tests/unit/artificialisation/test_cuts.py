"""Cutting a coverage: what is wholly in or out stays as drawn, a vast cutter is read nearby."""

import numpy as np
import pytest
import shapely
from shapely import box

from pipeline.artificialisation.coverage import find_borders
from pipeline.artificialisation.cuts import cut_coverage
from pipeline.precision import MOST_VERTICES


def row_of_squares(count, size=10.0):
    """Return squares side by side along x, a valid coverage."""
    return np.array([box(i * size, 0, (i + 1) * size, size) for i in range(count)], dtype=object)


def cut_all(squares, cutter, threads=2):
    cutters = np.full(len(squares), cutter, dtype=object)
    rows = np.arange(len(squares))
    return cut_coverage(squares, rows, cutters, find_borders(squares), threads=threads)


def test_only_what_the_edge_crosses_is_cut():
    squares = row_of_squares(4)
    found = cut_all(squares, box(-5, -5, 15, 15))  # covers the first, half of the second
    assert found.source.tolist().count(1) == 2
    inside = shapely.area(found.polygons[found.is_inside])
    assert sorted(inside.tolist()) == pytest.approx([50, 100])
    for i in (0, 3):  # whole: the very vertices that were drawn
        whole = found.polygons[found.source == i][0]
        assert shapely.equals_identical(shapely.normalize(whole), shapely.normalize(squares[i]))
    assert shapely.coverage_is_valid(found.polygons)


def test_dust_of_a_cutter_is_no_piece():
    squares = row_of_squares(2)
    found = cut_all(squares, box(-5, -5, 10 + 1e-9, 15))
    assert found.is_inside.tolist() == [True, False]
    assert shapely.equals_identical(found.polygons, squares).all()


def test_a_vast_cutter_cuts_as_a_small_one_would():
    """A comb of 400 teeth of 1 m, one every 2.5 m: a tooth takes 10 of the 25 m² beside it."""
    squares = row_of_squares(100)
    teeth = [box(2.5 * i, -1, 2.5 * i + 1, 10) for i in range(400)]
    comb = shapely.union_all([box(0, -2, 1000, -1), *teeth])
    assert shapely.get_num_coordinates(comb) > MOST_VERTICES
    found = cut_all(squares, comb)
    assert shapely.area(found.polygons[found.is_inside]).tolist() == pytest.approx([10.0] * 400)
    assert np.bincount(found.source[found.is_inside]).tolist() == [4] * 100
    assert shapely.area(found.polygons).sum() == pytest.approx(10_000)
    assert shapely.coverage_is_valid(found.polygons)


def test_a_neighbour_that_no_cut_reaches_is_left_as_drawn():
    row = row_of_squares(3)
    cutters = np.full(1, box(-5, 2, 5, 8), dtype=object)  # ends on the outside alone
    found = cut_coverage(row, np.array([0]), cutters, find_borders(row))
    assert shapely.equals_identical(found.polygons[:2], row[1:]).all()
    assert sorted(shapely.area(found.polygons[2:]).tolist()) == pytest.approx([30, 70])


def test_threads_change_nothing():
    squares = row_of_squares(600)
    combs = shapely.union_all([box(25 * i + 3, -1, 25 * i + 17, 8) for i in range(240)])
    one, two = (cut_all(squares, combs, threads) for threads in (1, 2))
    assert shapely.equals_identical(one.polygons, two.polygons).all()
    assert (one.is_inside == two.is_inside).all()
