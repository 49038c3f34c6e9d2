"""5 m of width: tracks on whole decimetres, lanes side by side, squares, noded neighbours."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from pipeline.artificialisation.coverage import find_borders
from pipeline.artificialisation.width import cut_narrow
from tests.unit.artificialisation.land import FIELD, YARD, cover

TRACK = 3


def cut(*layers):
    shapes, kinds = cover(*layers)
    found = cut_narrow(shapes, kinds == TRACK, find_borders(shapes), 5.0)
    return found, kinds, shapes


def narrow_m2(found):
    return shapely.area(found.polygons[found.is_narrow]).sum()


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
    wide = found.polygons[~found.is_narrow & (kinds[found.source] == TRACK)]
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
    assert set(kinds[found.source[found.is_narrow]].tolist()) == {TRACK}


def test_no_infrastructure_at_all():
    found, _, shapes = cut((FIELD, box(10, 10, 20, 20)))
    assert found.polygons.tolist() == shapes.tolist()
    assert not found.is_narrow.any()


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


def test_where_noding_fails_it_is_done_again_on_a_fine_grid(monkeypatch):
    clean, asked = shapely.coverage_clean, []

    def failing(polygons, *, snapping_distance):
        asked.append(snapping_distance)
        if snapping_distance == 0:
            msg = "TopologyException"
            raise shapely.GEOSException(msg)
        return clean(polygons, snapping_distance=snapping_distance)

    layer = (TRACK, box(0, 500, 1000, 504))
    expected = narrow_m2(cut(layer)[0])
    monkeypatch.setattr("pipeline.artificialisation.width.shapely.coverage_clean", failing)
    shapes, kinds = np.array([layer[1], box(0, 504, 1000, 900)]), np.array([TRACK, FIELD])
    found = cut_narrow(shapes, kinds == TRACK, find_borders(shapes), 5.0)
    assert asked == [0.0, 1e-4]
    assert narrow_m2(found) == pytest.approx(expected)
    assert shapely.coverage_is_valid(found.polygons)
