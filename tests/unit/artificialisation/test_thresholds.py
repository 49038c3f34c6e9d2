"""50 and 2 500 m², on hand-drawn land: both sides of each threshold, corners, edges, order."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from pipeline.artificialisation.coverage import Borders, find_borders
from pipeline.artificialisation.thresholds import (
    UNKNOWN,
    VARIANTS,
    apply_thresholds,
    take_status_around,
)
from tests.unit.artificialisation.land import (
    DEFAULT,
    FIELD,
    HOUSE,
    THRESHOLDS,
    YARD,
    A,
    N,
    cover,
    judged,
    status_at,
)

TOWN = box(100, 100, 900, 900)


class TestBorders:
    def test_neighbours_share_the_length_of_their_common_edge(self):
        shapes, _ = cover((YARD, box(0, 0, 500, 1000)))
        found = find_borders(shapes)
        assert found.length_m.tolist() == [1000]
        assert sorted(found.open_m.tolist()) == [2000, 2000]

    def test_a_corner_is_no_border(self):
        shapes = np.array([box(0, 0, 1, 1), box(1, 1, 2, 2)], dtype=object)
        assert len(find_borders(shapes).left) == 0

    def test_an_island_has_no_open_edge(self):
        shapes, kinds = cover((YARD, box(10, 10, 20, 20)))
        found = find_borders(shapes)
        assert found.open_m[kinds == YARD].tolist() == [0]
        assert found.length_m.tolist() == [40]

    def test_nothing(self):
        assert len(find_borders(np.empty(0, dtype=object)).left) == 0


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        pytest.param(2499 / 50, A, id="2 499 m²: takes the status around it"),
        pytest.param(2500 / 50, N, id="2 500 m²: counts"),
        pytest.param(2501 / 50, N, id="2 501 m²: counts"),
    ],
)
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_an_enclave_of_grass_in_a_town(side, expected, variant):
    shapes, kinds = cover((YARD, TOWN), (FIELD, box(400, 400, 450, 400 + side)))
    found = judged(shapes, kinds, variant)
    assert status_at(425, 410, shapes, found) == expected


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        pytest.param(49, N, id="49 m²: the field around it"),
        pytest.param(50, A, id="50 m²: always artificial"),
        pytest.param(51, A, id="51 m²: always artificial"),
    ],
)
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_a_shed_in_a_field(area, expected, variant):
    shapes, kinds = cover((HOUSE, box(500, 500, 510, 500 + area / 10)))
    assert status_at(505, 501, shapes, judged(shapes, kinds, variant)) == expected


def test_the_yard_of_an_isolated_house_is_absorbed_and_the_house_stays():
    shapes, kinds = cover((YARD, box(500, 500, 530, 530)), (HOUSE, box(505, 505, 515, 515)))
    found = judged(shapes, kinds)
    assert status_at(510, 510, shapes, found) == A
    assert status_at(525, 525, shapes, found) == N
    # the size that decided is that of the whole artificial surface, house included
    assert found.component_m2[kinds == YARD].tolist() == pytest.approx([900])
    assert found.is_changed.tolist() == (kinds == YARD).tolist()


def test_houses_side_by_side_are_one_building():
    shapes, kinds = cover((HOUSE, box(500, 500, 505, 505)), (HOUSE, box(505, 500, 510, 505)))
    found = judged(shapes, kinds)  # 25 + 25 m²
    assert found.status[kinds == HOUSE].tolist() == [A, A]


CHAIN = [box(500 + 40 * i, 500, 540 + 40 * i, 540) for i in range(3)]  # 1 600 m² each
CORNERS = [box(500 + 40 * i, 500 + 40 * i, 540 + 40 * i, 540 + 40 * i) for i in range(3)]
ROAD = box(540, 500, 546, 540)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param([(YARD, c) for c in CHAIN], A, id="along an edge: 4 800 m² together"),
        pytest.param([(YARD, c) for c in CORNERS], N, id="at a corner: 1 600 m² each"),
        pytest.param(
            [(YARD, CHAIN[0]), (3, ROAD), (YARD, box(546, 500, 586, 540))], A,
            id="through a road: 1 600 + 240 + 1 600 m²",
        ),
    ],
)  # fmt: skip
def test_a_chain_of_small_surfaces(layers, expected):
    shapes, kinds = cover(*layers)
    found = judged(shapes, kinds)
    assert set(found.status[kinds <= 5].tolist()) == {expected}


def test_by_category_a_road_parts_what_it_joins_by_status():
    shapes, kinds = cover((YARD, CHAIN[0]), (3, ROAD), (YARD, box(546, 500, 586, 540)))
    found = judged(shapes, kinds, VARIANTS[2])
    assert set(found.status[kinds <= 5].tolist()) == {N}


def test_the_order_of_the_passes_matters_where_small_lies_in_small():
    # a ring of 2 100 m² of sealed ground around 400 m² of grass, in a field
    ring = (YARD, box(500, 500, 550, 550)), (FIELD, box(515, 515, 535, 535))
    shapes, kinds = cover(*ring)
    filled_first = judged(shapes, kinds, VARIANTS[0])
    erased_first = judged(shapes, kinds, VARIANTS[1])
    assert status_at(525, 525, shapes, filled_first) == A  # 2 500 m² once filled
    assert status_at(505, 505, shapes, filled_first) == A
    assert status_at(505, 505, shapes, erased_first) == N


def test_a_surface_that_reaches_the_edge_of_the_data_is_left():
    shapes, kinds = cover((YARD, box(0, 0, 30, 30)))
    assert status_at(10, 10, shapes, judged(shapes, kinds)) == A


def test_neighbours_of_unknown_status_decide_nothing():
    shapes, kinds = cover((YARD, box(500, 500, 530, 530)))
    status = np.where(kinds == YARD, A, UNKNOWN).astype(np.int8)
    found = apply_thresholds(
        status, kinds, kinds == HOUSE, shapely.area(shapes), find_borders(shapes), THRESHOLDS,
        DEFAULT,
    )  # fmt: skip
    assert found.status[kinds == YARD].tolist() == [A]
    assert np.isnan(found.component_m2[kinds == FIELD]).all()


cells = st.lists(st.sampled_from([FIELD, YARD, HOUSE, 4, 7]), min_size=36, max_size=36)


def grid(kinds, size=30.0):
    """Return a chequered land: 6 by 6 cells of 900 m²."""
    shapes = [box(i * size, j * size, (i + 1) * size, (j + 1) * size)
              for i in range(6) for j in range(6)]  # fmt: skip
    return np.array(shapes, dtype=object), np.array(kinds, dtype=np.intp)


def again(shapes, kinds, first, variant):
    """Apply the thresholds to land that has the status it was given, by the same buildings."""
    return apply_thresholds(
        first.status, kinds, kinds == HOUSE, shapely.area(shapes), find_borders(shapes),
        THRESHOLDS, variant,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(kinds=cells, variant=st.sampled_from(VARIANTS[:2]))
def test_the_thresholds_applied_twice_change_nothing_more(kinds, variant):
    shapes, kinds = grid(kinds)
    first = judged(shapes, kinds, variant)
    assert again(shapes, kinds, first, variant).status.tolist() == first.status.tolist()


@settings(max_examples=60, deadline=None)
@given(
    kinds=cells, variant=st.sampled_from(VARIANTS), seed=st.integers(0, 99),
    dx=st.integers(-500, 500),
)  # fmt: skip
def test_order_and_translation_change_nothing(kinds, variant, seed, dx):
    shapes, kinds = grid(kinds)
    order = np.random.default_rng(seed).permutation(len(kinds))
    moved = shapely.transform(shapes, lambda xy: xy + np.array([dx, -dx]))
    first, second = judged(shapes, kinds, variant), judged(moved[order], kinds[order], variant)
    assert second.status.tolist() == first.status[order].tolist()
    assert second.component_m2 == pytest.approx(first.component_m2[order])


@settings(max_examples=60, deadline=None)
@given(kinds=cells, variant=st.sampled_from(VARIANTS), cut=st.integers(0, 35))
def test_a_polygon_split_in_two_changes_nothing(kinds, variant, cut):
    shapes, kinds = grid(kinds)
    west, south, east, north = shapes[cut].bounds
    middle = (west + east) / 2
    halves = [box(west, south, middle, north), box(middle, south, east, north)]
    split = np.array([*np.delete(shapes, cut), *halves], dtype=object)
    split = np.asarray(shapely.coverage_clean(split), dtype=object)
    finer = judged(split, np.array([*np.delete(kinds, cut), kinds[cut], kinds[cut]]), variant)
    whole = judged(shapes, kinds, variant)
    assert finer.status[:-2].tolist() == np.delete(whole.status, cut).tolist()
    assert finer.status[-2:].tolist() == [whole.status[cut]] * 2


def test_a_tie_is_a_tie_whatever_the_rounding_of_the_sums():
    """0.1 + 0.2 m of one status, 0.3 m of the other: equal as drawn, not in floating point."""
    lengths = np.array([0.1, 0.2, 0.3])
    borders = Borders(np.zeros(3, np.intp), np.arange(1, 4), lengths, np.zeros(4))
    status = np.array([A, A, A, N], dtype=np.int8)
    around = take_status_around(np.array([True, False, False, False]), status, borders)
    assert around[0] == UNKNOWN
