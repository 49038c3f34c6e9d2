"""Matching candidates of several sources: same lot, pieces of one lot, neighbours."""

import pytest

from pipeline.parking_lots.conflation import conflate
from tests.tables import ASSUMPTIONS, box, candidates


def groups(*rows):
    found = conflate(candidates(*rows), ASSUMPTIONS).candidates
    return found.set_index("candidate_id")[["group", "is_chosen"]]


def osm(name, shape, **facts):
    return {"candidate_id": name, "geometry": shape, **facts}


def bdtopo(name, shape):
    return {"candidate_id": name, "geometry": shape, "source": "bdtopo"}


def same(found, *names):
    return found.loc[list(names), "group"].nunique() == 1


def test_two_sources_that_overlap_enough_draw_one_lot_and_osm_gives_its_geometry():
    found = groups(osm("o", box(0, 0, 40, 40)), bdtopo("b", box(2, 0, 44, 40)))
    assert same(found, "o", "b")
    assert found["is_chosen"].to_dict() == {"o": True, "b": False}


@pytest.mark.parametrize(
    ("overlap", "matched"),
    [
        pytest.param(19, False, id="just below half of each"),
        pytest.param(20, True, id="half of each exactly"),
        pytest.param(21, True, id="just above half of each"),
    ],
)
def test_half_of_a_piece_makes_a_match(overlap, matched):
    found = groups(osm("o", box(0, 0, 40, 40)), bdtopo("b", box(40 - overlap, 0, 80 - overlap, 40)))
    assert same(found, "o", "b") is matched


def test_pieces_come_together_under_a_polygon_that_covers_half_of_each():
    found = groups(
        osm("o1", box(0, 0, 20, 20)),
        osm("o2", box(25, 0, 45, 20)),
        osm("o3", box(50, 0, 70, 20)),
        bdtopo("b", box(0, 0, 60, 20)),  # all of o1 and o2, half of o3
    )
    assert same(found, "o1", "o2", "o3", "b")


def test_a_piece_covered_by_less_than_half_stays_apart():
    found = groups(
        osm("o1", box(0, 0, 20, 20)), osm("o2", box(25, 0, 45, 20)), bdtopo("b", box(0, 0, 34, 20))
    )
    assert same(found, "o1", "b")
    assert not same(found, "o1", "o2")


def test_neighbours_that_touch_are_two_lots():
    found = groups(osm("o1", box(0, 0, 20, 20)), osm("o2", box(20, 0, 40, 20)))
    assert not same(found, "o1", "o2")


def test_a_polygon_astride_two_lots_does_not_chain_them():
    # b lies for 60 % in o1, covers all of the small o2: it goes with o1 alone
    found = groups(
        osm("o1", box(0, 0, 100, 100)), osm("o2", box(101, 0, 121, 10)),
        bdtopo("b", box(70, 0, 121, 10)),
    )  # fmt: skip
    assert same(found, "o1", "b")
    assert not same(found, "o1", "o2")


def test_a_source_that_draws_less_than_half_does_not_give_the_geometry():
    found = groups(osm("o", box(0, 0, 10, 10)), bdtopo("b", box(0, 0, 50, 40)))
    assert found["is_chosen"].to_dict() == {"o": False, "b": True}


def test_a_park_above_another_is_another_park():
    found = groups(
        osm("top", box(0, 0, 40, 40)), osm("under", box(0, 0, 40, 40), parking_type="souterrain")
    )
    assert not same(found, "top", "under")


def test_no_candidate_gives_no_group():
    assert len(groups()) == 0
