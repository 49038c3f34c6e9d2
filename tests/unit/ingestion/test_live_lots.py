"""Boxes of the car parks of a commune: those that OSM and BD TOPO draw in it, and their margin."""

import json

import pytest

from pipeline.ingestion.live_lots import park_boxes
from tests.tables import ASSUMPTIONS, FRANCE, X0, Y0
from tests.unit.ingestion.deposits import (
    CATALOGUE,
    INSEE,
    OsmTown,
    commune,
    deposit,
    geojson,
    polygon,
    rectangle,
)

MARGIN = ASSUMPTIONS.height_model.margin_m.value


@pytest.fixture
def data(tmp_path):
    commune(tmp_path)
    return tmp_path


def boxes(data):
    """Boxes without their margin, in metres from the origin of the tests."""
    found = park_boxes(data, INSEE, FRANCE, ASSUMPTIONS, CATALOGUE)
    assert found.shape[1] == 4
    return [
        [
            pytest.approx(side - origin + grown, abs=0.05)
            for side, origin, grown in zip(
                box, (X0, Y0) * 2, (MARGIN, MARGIN, -MARGIN, -MARGIN), strict=True
            )
        ]
        for box in found.tolist()
    ]


def osm(data, *rings):
    town = OsmTown()
    for number, ring in enumerate(rings, 1):
        town.way(number, ring, amenity="parking")
    deposit(data, "osm/a.json", json.dumps(town.overpass()))


def test_without_osm_nor_bdtopo_there_is_none(data):
    assert boxes(data) == []


def test_outlines_of_both_sources_have_their_box(data):
    osm(data, rectangle(0, 0, 40, 20))
    park = (polygon(rectangle(100, 0, 160, 30)), {"cleabs": "E1", "nature": "Parking"})
    deposit(data, "bdtopo/equipement_de_transport.geojson", geojson(park))
    assert boxes(data) == [[0, 0, 40, 20], [100, 0, 160, 30]]


# The commune ends 1 000 m from the origin: what lies in the next one is not measured.
@pytest.mark.parametrize(
    ("west", "count"), [pytest.param(990, 1, id="across"), pytest.param(1010, 0, id="beyond")]
)
def test_only_car_parks_that_meet_the_commune_count(data, west, count):
    osm(data, rectangle(west, 0, west + 40, 20))
    assert len(boxes(data)) == count
