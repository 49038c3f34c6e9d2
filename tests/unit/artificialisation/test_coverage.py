"""Edges of a coverage and what they join: rings of every kind, dissolved as a union would."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from pipeline.artificialisation import coverage
from pipeline.artificialisation.coverage import dissolve, find_borders, label_components
from pipeline.precision import HASHES

SQUARE = box(0, 0, 10, 10)
HOLE = box(4, 4, 6, 6)


def shapes(*polygons):
    return np.array(polygons, dtype=object)


def dissolved(polygons, values, threads=2):
    component = label_components(np.asarray(values), find_borders(polygons))
    return dissolve(polygons, component, threads=threads), component


class TestBorders:
    def test_a_hole_and_two_parts_have_their_own_rings(self):
        apart = MultiPolygon([HOLE, box(10, 0, 12, 10)])
        found = find_borders(shapes(SQUARE.difference(HOLE), apart))
        assert found.length_m.tolist() == [8 + 10]  # around the hole, and along x = 10
        assert found.open_m.tolist() == [30, 14]

    def test_an_empty_polygon_borders_nothing(self):
        found = find_borders(shapes(Polygon(), SQUARE, Polygon(), box(10, 0, 20, 10), Polygon()))
        assert np.column_stack([found.left, found.right]).tolist() == [[1, 3]]
        assert found.open_m.tolist() == [0, 30, 0, 30, 0]

    def test_an_edge_in_several_segments_counts_whole(self):
        bent = Polygon([(0, 0), (10, 0), (12, 5), (10, 10), (0, 10)])
        rest = box(0, 0, 20, 10).difference(bent)
        assert find_borders(shapes(bent, rest)).length_m.tolist() == pytest.approx([2 * 29**0.5])

    def test_hashes_that_meet_are_told_apart(self, monkeypatch):
        """A first hash that is 0 everywhere: the second one alone pairs the segments."""
        squares = shapes(*(box(i, j, i + 1, j + 1) for i in range(5) for j in range(5)))
        expected = find_borders(squares)
        monkeypatch.setattr(coverage, "HASHES", ((0, 0), HASHES[1]))
        found = find_borders(squares)
        assert len(found.left) == 40
        assert found.left.tolist() == expected.left.tolist()
        assert found.right.tolist() == expected.right.tolist()


class TestDissolve:
    def test_one_polygon_a_component_holes_included(self):
        ground = SQUARE.difference(HOLE)
        halves = shapely.coverage_clean(shapes(
            ground.intersection(box(0, 0, 5, 10)), ground.intersection(box(5, 0, 10, 10)), HOLE
        ))  # fmt: skip
        found, component = dissolved(np.asarray(halves, dtype=object), [1, 1, 0])
        assert component.tolist() == [0, 0, 1]
        assert shapely.equals(found, [ground, HOLE]).all()

    def test_what_touches_at_a_corner_stays_apart(self):
        found, _ = dissolved(shapes(SQUARE, box(10, 10, 20, 20)), [1, 1])
        assert shapely.equals(found, [SQUARE, box(10, 10, 20, 20)]).all()

    def test_a_ring_that_touches_itself_is_one_polygon(self):
        """Seven squares around one, the last one missing: the hole meets the outside at a point."""
        squares = [box(i, j, i + 1, j + 1) for i in range(3) for j in range(3)]
        values = [int((i, j) not in {(1, 1), (2, 2)}) for i in range(3) for j in range(3)]
        found, _ = dissolved(shapes(*squares), values)
        sizes = [(shapely.area(part), len(part.interiors)) for part in found]
        assert sorted(sizes) == [(1, 0), (1, 0), (7, 1)]
        assert shapely.is_valid(found).all()

    def test_nothing(self):
        nothing = np.empty(0, dtype=object)
        assert len(dissolve(nothing, np.empty(0, dtype=np.intp))) == 0

    @settings(max_examples=50, deadline=None)
    @given(values=st.lists(st.integers(0, 1), min_size=25, max_size=25))
    def test_as_a_general_union_part_by_part(self, values):
        squares = shapes(*(box(i, j, i + 1, j + 1) for i in range(5) for j in range(5)))
        values = np.array(values)
        for threads in (1, 2):
            found, component = dissolved(squares, values, threads)
            first = np.unique(component, return_index=True)[1]
            for value in (0, 1):
                whole = shapely.union_all(squares[values == value])
                own = found[values[first] == value]
                assert len(own) == shapely.get_num_geometries(whole) * (not whole.is_empty)
                assert shapely.equals(shapely.union_all(own), whole)
                assert shapely.area(own).sum() == whole.area
