"""Rows of the service's table: whose they are, which car park they speak of, what they say."""

from datetime import date

import pytest

from pipeline import schemas
from pipeline.obligation.dossiers import boundaries, gather_dossiers, own_dossiers
from tests.tables import box, lots, point, table

COMMUNE = table(
    schemas.Commune, [{"insee_code": "30000", "name": "Ici", "geometry": box(0, 0, 100, 100)}], {}
)
# 70 m of its 100 lie in the commune: it is the commune's, whole.
ACROSS = lots({"lot_id": "30000-aa", "geometry": box(30, 0, 130, 40)})


def rows(*given):
    named = [{"dossier_id": f"p.csv/{i}", **row} for i, row in enumerate(given, start=2)]
    return table(schemas.ParkDossier, named, {"geometry": None})


@pytest.mark.parametrize(
    ("place", "is_ours"),
    [
        pytest.param(point(10, 90), True, id="in the commune, in no park"),
        pytest.param(point(120, 20), True, id="beyond the limit, in a park of ours"),
        pytest.param(point(120, 90), False, id="beyond the limit, in no park of ours"),
    ],
)
def test_a_row_belongs_to_the_commune_of_its_place_or_of_its_park(place, is_ours):
    kept = own_dossiers(rows({"geometry": place}), COMMUNE, ACROSS)
    assert len(kept) == is_ours


def test_a_row_placed_beyond_the_limit_speaks_of_the_park_that_reaches_there():
    given = rows({"geometry": point(120, 20), "requested_on": "2024-06-01"})
    found, remarks = gather_dossiers(ACROSS, own_dossiers(given, COMMUNE, ACROSS))
    assert found["30000-aa"].requested_on == date(2024, 6, 1)
    assert remarks == ()


def test_a_row_that_fits_no_park_is_told():
    found, remarks = gather_dossiers(ACROSS, rows({"geometry": point(10, 90)}))
    assert found == {}
    assert "p.csv/2" in remarks[0]


def test_an_identifier_of_former_days_falls_back_to_the_point():
    given = rows({"lot_id": "30000-old", "geometry": point(50, 20), "is_concession": True})
    assert gather_dossiers(ACROSS, given)[0]["30000-aa"].is_concession is True


def test_rows_that_contradict_one_another_are_told_and_the_last_is_kept():
    given = rows(
        {"lot_id": "30000-aa", "is_concession": True},
        {"lot_id": "30000-aa", "is_concession": False},
    )
    found, remarks = gather_dossiers(ACROSS, given)
    assert found["30000-aa"].is_concession is False
    assert "« concession » dit plusieurs choses" in remarks[0]


def test_works_of_several_rows_add_up_in_order():
    given = rows(
        {"lot_id": "30000-aa", "works_on": "2025-01-01", "resurfaced_m2": 200.0},
        {"lot_id": "30000-aa", "works_on": "2015-01-01", "resurfaced_m2": 100.0},
    )
    works = gather_dossiers(ACROSS, given)[0]["30000-aa"].works
    assert [(item.done_on.year, item.resurfaced_m2) for item in works] == [(2015, 100), (2025, 200)]


def test_every_day_of_a_file_is_a_boundary():
    given = rows({"lot_id": "30000-aa", "works_on": "2025-01-01", "contract_on": "2027-03-01"})
    assert boundaries(given) == (date(2025, 1, 1), date(2027, 3, 1))
