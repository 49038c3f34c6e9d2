"""5 m of width: tracks on whole decimetres, lanes side by side, squares, noded neighbours."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.affinity import rotate

from pipeline.artificialisation.coverage import find_borders
from pipeline.artificialisation.width import _below, cut_narrow
from tests.tables import X0, Y0
from tests.unit.artificialisation.land import FIELD, YARD, cover

TRACK = 3


def cut(*layers):
    shapes, kinds = cover(*layers)
    shapes = shapely.transform(shapes, lambda xy: xy + np.array([X0, Y0]))
    found = cut_narrow(shapes, kinds == TRACK, find_borders(shapes), 5.0)
    return found, kinds, shapes


def narrow_m2(found):
    return shapely.area(found.polygons[found.is_inside]).sum()


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        pytest.param(4.9, 4900, id="4.9 m: does not count for itself"),
        pytest.param(5.0, 0, id="5.0 m: counts"),
        pytest.param(5.1, 0, id="5.1 m: counts"),
    ],
)
def test_a_track_across_a_field(width, expected):
    found, _, _ = cut((TRACK, box(0, 500, 1000, 500 + width)))
    assert narrow_m2(found) == pytest.approx(expected, abs=0.01)


def test_two_lanes_side_by_side_are_one_track():
    lanes = [(TRACK, box(0, 500, 1000, 503)), (TRACK, box(0, 503, 1000, 506))]
    assert narrow_m2(cut(*lanes)[0]) == 0


def test_a_narrow_stretch_of_a_wide_road_is_cut_and_the_rest_stays():
    road = shapely.union_all(
        [box(0, 500, 400, 508), box(400, 502, 600, 506), box(600, 500, 1000, 508)]
    )
    found, kinds, _ = cut((TRACK, road))
    # 200 m by 4 m, less what the rounded ends of the wide parts reach into it
    assert narrow_m2(found) == pytest.approx(800, rel=0.03)
    wide = found.polygons[~found.is_inside & (kinds[found.source] == TRACK)]
    assert shapely.area(wide).sum() == pytest.approx(400 * 8 * 2, rel=0.01)


def test_the_corners_of_a_square_are_no_narrow_part():
    assert narrow_m2(cut((TRACK, box(500, 500, 540, 540)))[0]) == 0


def test_a_narrow_yard_is_no_infrastructure():
    assert narrow_m2(cut((YARD, box(0, 500, 1000, 503)))[0]) == 0


def test_neighbours_are_noded_at_the_cuts_and_nothing_is_lost():
    road = shapely.union_all([box(0, 500, 400, 508), box(400, 502, 1000, 506)])
    found, kinds, shapes = cut((TRACK, road), (YARD, box(350, 508, 450, 600)))
    assert shapely.coverage_is_valid(found.polygons)
    assert shapely.area(found.polygons).sum() == pytest.approx(1_000_000, abs=1e-3)
    borders = find_borders(found.polygons)
    outline = borders.open_m.sum()
    assert outline == pytest.approx(4000)  # no edge inside is left without a neighbour
    by_source = np.bincount(found.source, weights=shapely.area(found.polygons))
    assert by_source == pytest.approx(shapely.area(shapes), abs=1e-3)
    assert set(kinds[found.source[found.is_inside]].tolist()) == {TRACK}


def test_no_infrastructure_at_all():
    found, _, shapes = cut((FIELD, box(10, 10, 20, 20)))
    assert found.polygons.tolist() == shapes.tolist()
    assert not found.is_inside.any()


@settings(max_examples=25, deadline=None)
@given(
    widths=st.lists(st.integers(20, 90), min_size=1, max_size=4),
    turn=st.integers(0, 89),
)
def test_an_opening_never_exceeds_its_input_and_conserves_the_ground(widths, turn):
    tracks = [box(0, 100 + 200 * i, 1000, 100 + 200 * i + w / 10) for i, w in enumerate(widths)]
    turned = [shapely.affinity.rotate(track, turn, origin=(500, 500)) for track in tracks]
    field = box(0, 0, 1000, 1000)
    found, kinds, shapes = cut(*((TRACK, track.intersection(field)) for track in turned))
    assert shapely.area(found.polygons).sum() == pytest.approx(1_000_000, abs=1e-2)
    assert narrow_m2(found) <= shapely.area(shapes[kinds == TRACK]).sum() + 1e-3
    assert shapely.coverage_is_valid(found.polygons)


corners = st.tuples(st.integers(0, 60), st.integers(0, 60))
boxes = st.lists(st.tuples(corners, st.integers(1, 30), st.integers(1, 30)), min_size=1, max_size=8)


@settings(max_examples=100, deadline=None)
@given(drawn=boxes, turn=st.integers(0, 89), width=st.integers(2, 12))
def test_what_the_opening_erases_lies_in_its_input_and_what_stays_is_wide(drawn, turn, width):
    """Any polygon: the part that counts is within what was drawn, and nothing comes twice."""
    shape = shapely.union_all([box(x, y, x + w, y + h) for (x, y), w, h in drawn])
    surface = shapely.affinity.rotate(shape, turn, origin=(30, 30))
    narrow = _below(np.array([surface], dtype=object), np.array([float(width)]))[0]
    stays = surface.difference(narrow)
    assert stays.area <= surface.area * (1 + 1e-12)
    assert narrow.difference(surface).area <= 1e-6
    assert stays.area + narrow.area == pytest.approx(surface.area, abs=1e-6)
    # Every disc of that width that fits in the surface lies in what stays, but for arcs drawn as
    # chords of a 64th of a turn: twice 0.0012 of a radius past an inner corner.
    discs = shapely.buffer(shapely.buffer(surface, -width / 2 - 0.01), width / 2)
    assert discs.difference(shapely.buffer(stays, 0.002 * width)).area <= 1e-6


@settings(max_examples=40, deadline=None)
@given(angle=st.integers(0, 89), decimetres=st.integers(30, 49), mouth=st.integers(10, 60))
def test_a_slanted_track_gives_no_ground_to_its_neighbours(angle, decimetres, mouth):
    """Coordinates to the centimetre, as delivered; the track opens on a wide road."""
    half = decimetres / 20
    shapes, kinds = cover(
        (TRACK, box(300, 500 - half, 700, 500 + half)), (TRACK, box(690, 400, 690 + mouth, 600))
    )
    turned = np.array([rotate(shape, angle, origin=(500, 500)) for shape in shapes], dtype=object)
    shapes = shapely.transform(turned, lambda xy: np.round(xy, 2) + np.array([X0, Y0]))
    assert shapely.coverage_is_valid(shapes)
    found = cut_narrow(shapes, kinds == TRACK, find_borders(shapes), 5.0)
    kept = np.bincount(found.source, weights=shapely.area(found.polygons))
    assert kept == pytest.approx(shapely.area(shapes), abs=0.01)
    assert not shapely.is_empty(found.polygons).any()
    assert shapely.coverage_is_valid(found.polygons)
