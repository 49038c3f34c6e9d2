"""ICPE ladder and 10 m ring."""

from datetime import date

import numpy as np
import pytest

from pipeline import schemas
from pipeline.eligible_surface.installations import icpe_rings, locate_installations, ring_distance
from tests.tables import ASSUMPTIONS, RULES, box, buildings, point, table


def installations(*rows):
    defaults = {"source": "icpe", "is_footprint": False, "is_precise": True, "headings": "2910"}
    return table(schemas.Installation, rows, defaults)


def located(*rows, houses=(), verified=()):
    return locate_installations(installations(*rows), buildings(*houses), verified)


def test_a_supplied_footprint_stays():
    found = located(
        {"installation_id": "1", "geometry": box(0, 0, 20, 20), "is_footprint": True},
        houses=[box(0, 0, 90, 90)],
    )
    assert found["rung"].tolist() == ["emprise"]
    assert found.area.tolist() == [400]


def test_a_point_takes_the_smallest_building_that_holds_it():
    found = located(
        {"installation_id": "1", "geometry": point(5, 5)},
        houses=[box(0, 0, 90, 90), box(0, 0, 10, 10)],
    )
    assert found["rung"].tolist() == ["batiment"]
    assert found.area.tolist() == [100]


def test_a_point_next_to_a_building_stays_a_point():
    found = located({"installation_id": "1", "geometry": point(-1, 5)}, houses=[box(0, 0, 10, 10)])
    assert found["rung"].tolist() == ["point"]


@pytest.mark.parametrize(
    ("facts", "has_ring"),
    [
        pytest.param({}, True, id="in operation or unknown: a ring"),
        pytest.param({"activity": "En fin d'exploitation"}, False, id="closed"),
        pytest.param({"regime": "Non ICPE"}, False, id="not classified"),
        pytest.param({"is_precise": False}, False, id="located to the commune only"),
    ],
)
def test_which_installation_has_a_ring(facts, has_ring):
    found = located({"installation_id": "1", "geometry": point(0, 0), **facts})
    assert found["has_ring"].tolist() == [has_ring]


@pytest.mark.parametrize(
    ("is_footprint", "verified", "certain"),
    [
        pytest.param(True, ("2910",), True, id="a footprint with a verified heading"),
        pytest.param(True, (), False, id="no heading is verified: doubt"),
        pytest.param(True, ("1510",), False, id="another heading"),
        pytest.param(False, ("2910",), False, id="a bare point is never certain"),
    ],
)
def test_a_ring_is_certain_only_for_a_footprint_with_a_verified_heading(
    is_footprint, verified, certain
):
    shape = box(0, 0, 10, 10) if is_footprint else point(5, 5)
    found = located(
        {"installation_id": "1", "geometry": shape, "is_footprint": is_footprint},
        verified=verified,
    )
    rings = icpe_rings(found, 10.0, ASSUMPTIONS)
    assert rings["is_certain"].tolist() == [certain]


def test_ring_of_a_point_is_a_disc_and_of_a_footprint_includes_it():
    found = located(
        {"installation_id": "1", "geometry": point(0, 0)},
        {"installation_id": "2", "geometry": box(100, 0, 120, 30), "is_footprint": True},
    )
    disc, ring = icpe_rings(found, 10.0, ASSUMPTIONS).area
    # 64 segments a quadrant lose less than 0.04 m² on 314.16 m²
    assert disc == pytest.approx(np.pi * 100, abs=0.04)
    # 20 × 30 + 10 m along 100 m of sides + one disc in the four corners
    assert ring == pytest.approx(600 + 1000 + np.pi * 100, abs=0.04)


def test_no_text_no_ring():
    assert ring_distance(RULES, date(2024, 11, 15)) == 0
    assert ring_distance(RULES, date(2024, 11, 16)) == 10
