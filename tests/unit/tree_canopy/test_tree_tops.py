"""Tree tops: by hand on a few pixels, and against brute force, plateaus included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.tree_canopy.tree_tops import TopWindow, find_tops

WINDOW = TopWindow(base_m=1.0, slope=0.1, least_m=1.0, most_m=3.0, least_height_m=3.0)
SIZE, MIDDLE = 21, 10


def tops(heights, window=WINDOW, resolution=0.5):
    rows, columns = find_tops(heights, resolution, window)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def brute_force(heights, window, resolution):
    """Look at every pixel and every neighbour, one by one."""
    found = []
    reach = max(int(window.most_m / resolution), 1)
    for row in range(reach, heights.shape[0] - reach):
        for column in range(reach, heights.shape[1] - reach):
            height = heights[row, column]
            if height < window.least_height_m:
                continue
            radius = min(max(window.base_m + window.slope * float(height), window.least_m),
                         window.most_m) / resolution  # fmt: skip
            radius = max(radius, 1.5)  # the eight neighbours, however coarse the model
            if all(
                not beats((row, column), (other_row, other_column), heights)
                for other_row in range(row - reach, row + reach + 1)
                for other_column in range(column - reach, column + reach + 1)
                if (other_row - row) ** 2 + (other_column - column) ** 2 <= radius**2
            ):
                found.append((row, column))
    return found


def beats(mine, other, heights):
    if other == mine:
        return False
    if heights[other] == heights[mine]:
        return other < mine
    return heights[other] > heights[mine]


def flat():
    return np.zeros((SIZE, SIZE), dtype=np.float32)


@pytest.mark.parametrize(
    ("height", "count"),
    [
        pytest.param(2.99, 0, id="below the least height"),
        pytest.param(3.0, 1, id="at the least height"),
    ],
)
def test_what_is_low_is_no_tree(height, count):
    heights = flat()
    heights[MIDDLE, MIDDLE] = height
    assert len(tops(heights)) == count


@pytest.mark.parametrize(
    ("gap", "count"),
    [
        pytest.param(4, 1, id="2 m apart: in the window of 2 m of a tree of 10 m, included"),
        pytest.param(5, 2, id="2.5 m apart: two trees"),
    ],
)
def test_the_window_grows_with_the_height(gap, count):
    heights = flat()
    heights[MIDDLE, [8, 8 + gap]] = 10.0
    assert len(tops(heights)) == count


def test_a_low_tree_near_a_high_one_has_its_own_smaller_window():
    heights = flat()
    heights[MIDDLE, MIDDLE], heights[MIDDLE, MIDDLE + 3] = 20.0, 4.0  # 1.5 m: its window is 1.4 m
    assert tops(heights) == [(MIDDLE, MIDDLE), (MIDDLE, MIDDLE + 3)]


def test_a_plateau_is_one_tree():
    heights = flat()
    heights[9:12, 9:12] = 8.0
    assert tops(heights) == [(9, 9)]


def test_a_pixel_whose_window_leaves_the_tile_is_not_looked_at():
    heights = flat()
    heights[5, MIDDLE], heights[6, 3] = 9.0, 9.0  # 3 m of reach: six pixels
    assert tops(heights) == []


@given(
    heights=arrays.arrays(
        np.float32,
        (18, 19),
        elements=st.sampled_from([0.0, 2.0, 3.0, 5.0, 8.0, 8.25, 12.0, 20.0]),
    ),
    resolution=st.sampled_from([0.5, 0.8, 1.0, 1.5, 2.0]),
)
def test_the_same_as_brute_force_ties_included(heights, resolution):
    assert tops(heights, WINDOW, resolution) == brute_force(heights, WINDOW, resolution)


@given(seed=st.integers(0, 999), rows=st.integers(0, 8), columns=st.integers(0, 8))
def test_the_way_the_ground_is_cut_changes_nothing(seed, rows, columns):
    heights = np.random.default_rng(seed).integers(0, 12, (40, 40)).astype(np.float32)
    part = heights[rows : rows + 30, columns : columns + 30]
    inside = {(r, c) for r, c in tops(heights) if rows + 6 <= r < rows + 24}
    inside = {(r, c) for r, c in inside if columns + 6 <= c < columns + 24}
    assert {(r + rows, c + columns) for r, c in tops(part)} == inside
