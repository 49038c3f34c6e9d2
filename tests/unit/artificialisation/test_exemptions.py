"""Places that the service exempts: cut at their limits, from the threshold, and nothing sealed."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from pipeline.artificialisation.exemptions import grant
from pipeline.artificialisation.qualify import Refinement, qualify_land
from tests.tables import FRANCE, L93, box
from tests.unit.artificialisation.test_qualify import LAND, SHOP, YARD, at, pieces

PARK, PLANT = "parc_jardin_public", "centrale_solaire"
LEAST = {PARK: 2500.0, PLANT: 0.0}


def places(*rows):
    table = pd.DataFrame(
        [(f"P{i}", code, shape) for i, (code, shape) in enumerate(rows)],
        columns=["place_id", "exemption", "geometry"],
    )
    return gpd.GeoDataFrame(table, crs=L93)


def qualified(layers, *granted):
    table, _ = pieces(*layers)
    context = Refinement(grant(places(*granted), LEAST, FRANCE))
    return qualify_land(table, LAND, FRANCE, context).land


LAWN = (SHOP, shapely.box(100, 100, 300, 300))  # 4 ha of grass around shops


def test_nothing_is_exempted_that_the_service_does_not_grant():
    found = at(qualified([LAWN]), 200, 200)
    assert (found["category"], bool(found["is_artificial"])) == (4, True)


def test_a_granted_park_is_cut_out_of_the_lawn_at_its_limits():
    found = qualified([LAWN], (PARK, box(100, 100, 200, 300)))
    inside, outside = at(found, 150, 200), at(found, 250, 200)
    assert (inside["category"], inside["reason"], inside["exemption"]) == (10, "exemption", PARK)
    assert not inside["is_artificial"]
    assert inside["area_m2"] == pytest.approx(20_000, rel=1e-4)
    assert bool(outside["is_artificial"])
    assert shapely.coverage_is_valid(found.geometry.to_numpy())


@pytest.mark.parametrize(
    ("side", "is_exempted"),
    [
        pytest.param(49.99, False, id="2 499 m²: below the threshold"),
        pytest.param(50, True, id="2 500 m²: counts"),
        pytest.param(50.01, True, id="2 501 m²"),
    ],
)
def test_a_park_counts_from_the_threshold(side, is_exempted):
    place = box(100, 100, 100 + side, 150)
    granted = grant(places((PARK, place)), LEAST, FRANCE)
    assert (PARK in granted.grounds) == is_exempted
    assert granted.too_small == (() if is_exempted else ("P0",))


def test_two_plots_of_one_park_are_measured_together():
    granted = grant(places((PARK, box(0, 0, 40, 40)), (PARK, box(40, 0, 80, 40))), LEAST, FRANCE)
    assert granted.too_small == ()


def test_a_plant_has_no_threshold_of_its_own():
    assert PLANT in grant(places((PLANT, box(0, 0, 10, 10))), LEAST, FRANCE).grounds


def test_what_is_sealed_is_never_exempted():
    found = at(
        qualified([(YARD, shapely.box(100, 100, 300, 300))], (PARK, box(0, 0, 400, 400))), 200, 200
    )
    assert bool(found["is_artificial"])
    assert found.isna()["exemption"]


def test_ground_of_two_exemptions_goes_to_the_first():
    granted = grant(
        places((PLANT, box(0, 0, 100, 100)), (PARK, box(50, 0, 150, 100))), LEAST, FRANCE
    )
    assert shapely.area(granted.grounds[PARK]) == 10_000
    assert shapely.area(granted.grounds[PLANT]) == 5_000


def test_a_small_plot_that_meets_a_park_at_a_corner_is_told_to_be_too_small():
    granted = grant(places((PARK, box(0, 0, 60, 60)), (PARK, box(60, 60, 80, 80))), LEAST, FRANCE)
    assert granted.too_small == ("P1",)
    assert shapely.area(granted.grounds[PARK]) == 3600
