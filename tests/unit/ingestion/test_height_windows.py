"""Windows of pixels: snapped outward, and read together only where that is cheap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingestion.height_windows import (
    BLOCK_PIXELS,
    MOST_PIXELS,
    MOST_WASTE,
    Grid,
    group_windows,
    meeting,
    spread,
    union_of,
)
from tests.tables import L93

GRID = Grid(west=1000.25, north=2000.75, resolution=0.5, crs=L93)
firsts = st.integers(-3000, 3000)
sides = st.integers(1, 500)
windows = st.lists(st.tuples(firsts, firsts, sides, sides), max_size=60).map(
    lambda rows: np.array(
        [(i, j, i + height, j + width) for i, j, height, width in rows], dtype=np.int64
    ).reshape(-1, 4)
)


def groups(*rows):
    return [sorted(group.tolist()) for group in group_windows(np.array(rows, dtype=np.int64))]


def area(window):
    return (window[2] - window[0]) * (window[3] - window[1])


class TestGrid:
    def test_a_box_takes_every_pixel_that_it_touches(self):
        (window,) = GRID.snap(np.array([[1000.5, 1998.5, 1001.5, 2000.5]])).tolist()
        assert window == [0, 0, 5, 3]

    def test_a_box_on_the_lines_of_the_grid_takes_no_pixel_more(self):
        (window,) = GRID.snap(np.array([[1000.75, 1999.75, 1001.75, 2000.25]])).tolist()
        assert window == [1, 1, 2, 3]

    def test_floating_point_noise_adds_no_pixel(self):
        noise = np.array([-1e-8, -1e-8, 1e-8, 1e-8])
        (window,) = GRID.snap(np.array([[1000.75, 1999.75, 1001.75, 2000.25]]) + noise).tolist()
        assert window == [1, 1, 2, 3]

    def test_rows_and_columns_before_the_corner_are_negative(self):
        (window,) = GRID.snap(np.array([[999.25, 2000.75, 1000.25, 2001.75]])).tolist()
        assert window == [-2, -2, 0, 0]
        assert GRID.corner(-2, -2) == (999.25, 2001.75)

    def test_bounds_of_its_first_pixels(self):
        assert GRID.bounds(rows=2, columns=4) == (1000.25, 1999.75, 1002.25, 2000.75)


WASTE = {"half as much and a block, read together": (1280, 1), "beyond, apart": (1281, 2)}
SIZE = {"the most pixels, read together": (2000, 1), "beyond, apart": (2001, 2)}


class TestGroups:
    def test_nothing_to_read(self):
        assert group_windows(np.empty((0, 4), dtype=np.int64)) == []

    def test_neighbours_are_read_together(self):
        assert groups((0, 0, 10, 10), (0, 10, 10, 20)) == [[0, 1]]

    @pytest.mark.parametrize(("end", "count"), WASTE.values(), ids=WASTE.keys())
    def test_what_a_tile_may_read_for_nothing(self, end, count):
        """
        Two windows of half a block (512 by 256) in one union of 512 rows.

        One and a half times a block, and one block more: 2.5 × 512 = 1 280 columns.
        """
        assert len(groups((0, 0, 512, 256), (0, end - 256, 512, end))) == count

    @pytest.mark.parametrize(("rows", "count"), SIZE.values(), ids=SIZE.keys())
    def test_the_memory_of_a_tile_is_bounded(self, rows, count):
        assert MOST_PIXELS == 2000 * 2000
        assert len(groups((0, 0, rows, 1000), (0, 1000, rows, 2000))) == count

    def test_a_window_larger_than_a_tile_is_alone(self):
        assert groups((0, 0, 3000, 3000), (5, 5, 10, 10)) in ([[0], [1]], [[1], [0]])

    def test_a_union_is_cut_along_its_longer_side(self):
        """Two columns of two windows, 30 000 pixels apart; rows 30 apart."""
        east = (30_000, 30_020)
        found = groups(
            (0, 0, 20, 20), (30, east[0], 50, east[1]), (0, east[0], 20, east[1]), (30, 0, 50, 20)
        )
        assert found == [[0, 3], [1, 2]]

    def test_groups_that_follow_are_neighbours(self):
        """A hundred windows in a row, given shuffled, come back from one end to the other."""
        starts = np.random.default_rng(1).permutation(100) * 1000
        rows = np.array([(0, start, 10, start + 10) for start in starts], dtype=np.int64)
        found = np.concatenate(group_windows(rows))
        assert starts[found].tolist() == sorted(starts.tolist())

    @given(windows)
    def test_each_window_is_in_one_group(self, rows):
        found = [position for group in group_windows(rows) for position in group.tolist()]
        assert sorted(found) == list(range(len(rows)))

    @given(windows)
    def test_no_group_is_too_wide(self, rows):
        for members in group_windows(rows):
            read = area(union_of(rows[members]))
            needed = sum(area(row) for row in rows[members].tolist())
            assert len(members) == 1 or read <= min(MOST_PIXELS, MOST_WASTE * needed + BLOCK_PIXELS)

    @given(windows)
    def test_the_same_windows_give_the_same_groups(self, rows):
        again = group_windows(rows.copy())
        assert [g.tolist() for g in group_windows(rows)] == [g.tolist() for g in again]


class TestSpread:
    def test_corners_are_looked_at(self):
        spots = spread((0, 0, 1000, 2000), per_side=4, side=100)
        assert len(spots) == 16
        assert spots[0] == (0, 0, 100, 100)
        assert spots[-1] == (900, 1900, 1000, 2000)

    def test_spots_are_cells_of_a_lattice(self):
        assert all(
            i % 128 == j % 128 == 0 for i, j, _, _ in spread((0, 0, 999, 777), per_side=4, side=128)
        )

    def test_a_small_window_is_one_spot(self):
        assert spread((5, 6, 15, 26), per_side=4, side=128) == [(5, 6, 15, 26)]

    def test_no_spot_leaves_the_window(self):
        assert spread((0, 0, 130, 10), per_side=4, side=128) == [(0, 0, 128, 10), (128, 0, 130, 10)]


def test_windows_that_only_touch_share_nothing():
    assert meeting((0, 0, 10, 10), (0, 10, 10, 20)) is None
    assert meeting((0, 0, 10, 10), (9, 5, 20, 20)) == (9, 5, 10, 10)
