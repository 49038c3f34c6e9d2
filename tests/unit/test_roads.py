"""Through roads and carriageways."""

import pytest

from pipeline.roads import carriageways, road_width, settle_through_roads
from tests.tables import ASSUMPTIONS, line, roads


def road(**facts):
    return roads({"road_id": "r", "geometry": line((0, 0), (100, 0)), **facts})


@pytest.mark.parametrize(
    ("facts", "road_class"),
    [
        pytest.param({"highway": "residential", "name": "Rue"}, "public", id="a named street"),
        pytest.param({"highway": "residential"}, "unknown", id="a nameless street: a lane"),
        pytest.param({"highway": "tertiary"}, "public", id="a main road needs no name"),
        pytest.param({"highway": "service", "road_class": "aisle"}, "aisle", id="an aisle stays"),
    ],
)
def test_through_roads(facts, road_class):
    assert settle_through_roads(road(**facts), ASSUMPTIONS)["road_class"].tolist() == [road_class]


@pytest.mark.parametrize(
    ("facts", "width"),
    [
        pytest.param({"highway": "residential", "width_m": 8.0}, 8.0, id="from the data"),
        pytest.param({"highway": "residential"}, 5.0, id="assumed from its class"),
        pytest.param({"highway": "primary_link"}, 7.0, id="a link is like its road"),
        pytest.param({"highway": "service"}, 5.0, id="a service road is as wide as an aisle"),
        pytest.param({}, 5.0, id="no class at all"),
    ],
)
def test_width(facts, width):
    assert road_width(road(**facts), ASSUMPTIONS).tolist() == [width]


def test_carriageway_has_square_ends():
    assert carriageways(road(highway="residential"), ASSUMPTIONS)[0].area == pytest.approx(500)
