"""Adjacent car parks: grouped, never added up."""

import pytest

from pipeline.obligation.neighbours import neighbour_groups
from tests.tables import ASSUMPTIONS, box, lots


def grouped(*rows):
    parks = lots(*rows)
    return neighbour_groups(parks, parks["out_of_scope"].isna(), ASSUMPTIONS)


def groups(*rows):
    found = grouped(*rows)
    found = found.astype(object).where(found.notna(), None).set_index("lot_id")
    return {lot: tuple(row) for lot, row in zip(found.index, found.to_numpy(), strict=True)}


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        pytest.param(0, ("a", "b"), id="an edge in common is adjacent"),
        pytest.param(1.99, ("a", "b"), id="just under 2 m apart is adjacent"),
        pytest.param(2, ("a", "b"), id="2 m apart exactly is adjacent"),
        pytest.param(2.01, (None, None), id="just over 2 m apart is alone"),
    ],
)
def test_adjacent_up_to_two_metres(gap, expected):
    found = groups(
        {"lot_id": "a", "geometry": box(0, 0, 50, 40)},
        {"lot_id": "b", "geometry": box(50 + gap, 0, 100, 40)},
    )
    assert found["a"] == expected


def test_a_chain_is_one_group_but_its_ends_do_not_touch():
    found = groups(
        {"lot_id": "c", "geometry": box(0, 0, 50, 40)},
        {"lot_id": "a", "geometry": box(51, 0, 100, 40)},
        {"lot_id": "b", "geometry": box(101, 0, 150, 40)},
        {"lot_id": "d", "geometry": box(500, 0, 550, 40)},
    )
    assert found == {"c": ("a", "a"), "a": ("a", "b;c"), "b": ("a", "a"), "d": (None, None)}


def test_a_park_out_of_scope_neither_joins_nor_links():
    found = groups(
        {"lot_id": "a", "geometry": box(0, 0, 50, 40)},
        {"lot_id": "b", "geometry": box(51, 0, 100, 40), "out_of_scope": "parking souterrain"},
        {"lot_id": "c", "geometry": box(101, 0, 150, 40)},
    )
    assert found == {"a": (None, None), "b": (None, None), "c": (None, None)}


def test_lots_in_are_lots_out_in_their_order():
    rows = [
        {"lot_id": name, "geometry": box(x, 0, x + 50, 40)} for name, x in (("z", 0), ("a", 51))
    ]
    assert grouped(*rows)["lot_id"].tolist() == ["z", "a"]
    assert groups() == {}
