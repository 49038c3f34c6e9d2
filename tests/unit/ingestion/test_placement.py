"""Where coordinates really are: what a file declares, against what its numbers say."""

import numpy as np
import pytest
from pyproj import CRS

from pipeline.ingestion.placement import apply, place
from tests.tables import FRANCE, X0, Y0
from tests.unit.ingestion.deposits import TERRITORIES, lon_lat

REUNION = next(territory for territory in TERRITORIES if territory.code == "REU")
METRES = np.array([[X0, Y0], [X0 + 10, Y0 + 10]], dtype=float)
DEGREES = np.array([lon_lat(0, 0), lon_lat(10, 10)])
L93, WGS84 = CRS("EPSG:2154"), CRS("EPSG:4326")

CASES = {
    "metres that are declared": (METRES, L93, L93, False, None),
    "degrees that are declared": (DEGREES, WGS84, WGS84, False, None),
    "metres without declaration": (METRES, None, L93, False, "non déclaré"),
    "degrees without declaration": (DEGREES, None, WGS84, False, "non déclaré"),
    "metres declared as degrees": (METRES, WGS84, L93, False, "démenti"),
    "degrees declared as metres": (DEGREES, L93, WGS84, False, "démenti"),
    "latitude first, in degrees": (DEGREES[:, ::-1], WGS84, WGS84, True, "intervertis"),
    "northing first, in metres": (METRES[:, ::-1], L93, L93, True, "intervertis"),
    "northing first, declared as degrees": (METRES[:, ::-1], WGS84, L93, True, "intervertis"),
}


@pytest.mark.parametrize(
    ("xy", "declared", "crs", "is_swapped", "repair"), CASES.values(), ids=CASES.keys()
)
def test_numbers_tell_their_system(xy, declared, crs, is_swapped, repair):
    found = place(xy, declared, FRANCE)
    assert (found.crs, found.is_swapped, found.inside.all()) == (crs, is_swapped, True)
    assert (found.repair is None) if repair is None else (repair in found.repair)


def test_a_swap_must_put_everything_in_the_territory():
    one_elsewhere = np.vstack([DEGREES[:, ::-1], [[10.0, 60.0]]])
    assert place(DEGREES[:, ::-1], WGS84, FRANCE).is_swapped
    assert place(one_elsewhere, WGS84, FRANCE) is None


def test_null_island_says_nothing_and_is_outside():
    found = place(np.vstack([DEGREES[:, ::-1], [[0.0, 0.0]]]), WGS84, FRANCE)
    assert found.is_swapped
    assert found.inside.tolist() == [True, True, False]


def test_one_object_in_the_territory_is_enough_to_believe_a_declaration():
    overseas = np.array([[55.5, -21.1], [-61.5, 16.2], [-61.6, 16.1], [-61.5, 16.3]])
    found = place(overseas, WGS84, REUNION)
    assert found.repair is None
    assert found.inside.tolist() == [True, False, False, False]


def test_a_national_file_without_declaration_is_read_overseas():
    overseas = np.array([[55.5, -21.1], [2.3, 48.9], [2.4, 48.8], [2.5, 48.7]])
    assert place(overseas, None, REUNION).inside.tolist() == [True, False, False, False]


def test_numbers_that_fit_nothing_are_refused():
    assert place(np.array([[12.0, 7.0]]), None, FRANCE) is None
    assert place(np.array([[1e9, 1e9]]), L93, FRANCE) is None


def test_heights_are_dropped_and_axes_put_back():
    import shapely

    found = place(DEGREES[:, ::-1], WGS84, FRANCE)
    lon, lat = lon_lat(10, 10)
    carried = apply(np.array([shapely.Point(lat, lon, 99)], dtype=object), found, FRANCE)[0]
    assert not carried.has_z
    assert (carried.x - X0, carried.y - Y0) == pytest.approx((10, 10), abs=0.01)
