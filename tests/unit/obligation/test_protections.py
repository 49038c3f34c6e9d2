"""Share of a car park inside a perimeter."""

import pytest

from pipeline import schemas
from pipeline.obligation.protections import protection_shares
from tests.tables import ASSUMPTIONS, box, lots, table


@pytest.mark.parametrize(
    ("zone", "share"),
    [
        pytest.param(box(-5, -5, 55, 45), 1.0, id="wholly inside"),
        pytest.param(box(0, 0, 49.1, 40), 1.0, id="98.2 %: within the thickness of the drawing"),
        pytest.param(box(0, 0, 48.9, 40), 0.978, id="97.8 %: partly inside"),
        pytest.param(box(48.9, 0, 60, 40), 0.022, id="2.2 %: partly inside"),
        pytest.param(box(0, 0, 25, 40), 0.5, id="half"),
    ],
)
def test_share(zone, share):
    zones = table(
        schemas.Perimeter, [{"perimeter_id": "p", "kind": "spr", "geometry": zone}],
        {"source": "servitudes"},
    )  # fmt: skip
    parks = lots({"lot_id": "a", "geometry": box(0, 0, 50, 40)})
    assert protection_shares(parks, zones, ASSUMPTIONS)["share"].tolist() == [pytest.approx(share)]


def test_a_perimeter_that_only_touches_is_left_out():
    zones = table(
        schemas.Perimeter,
        [{"perimeter_id": "p", "kind": "spr", "geometry": box(50, 0, 60, 40)}],
        {"source": "servitudes"},
    )
    assert protection_shares(
        lots({"lot_id": "a", "geometry": box(0, 0, 50, 40)}), zones, ASSUMPTIONS
    ).empty


def test_two_perimeters_of_one_kind_cover_a_lot_together():
    rows = [
        {"perimeter_id": "p", "kind": "spr", "geometry": box(0, 0, 25, 40)},
        {"perimeter_id": "q", "kind": "spr", "geometry": box(25, 0, 50, 40)},
    ]
    zones = table(schemas.Perimeter, rows, {"source": "servitudes"})
    found = protection_shares(
        lots({"lot_id": "a", "geometry": box(0, 0, 50, 40)}), zones, ASSUMPTIONS
    )
    assert found["share"].tolist() == pytest.approx([0.5, 0.5])
    assert found["kind_share"].tolist() == [1, 1]


def test_a_perimeter_that_bites_less_than_the_drawing_is_thick_is_left_out():
    zones = table(
        schemas.Perimeter,
        [{"perimeter_id": "p", "kind": "spr", "geometry": box(49.1, 0, 60, 40)}],
        {"source": "servitudes"},
    )
    parks = lots({"lot_id": "a", "geometry": box(0, 0, 50, 40)})
    assert protection_shares(parks, zones, ASSUMPTIONS).empty
