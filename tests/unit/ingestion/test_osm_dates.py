"""OSM car parks: the day each was last edited, and whether lorries are meant to park there."""

import json

import pytest

from pipeline.ingestion.osm_tags import is_for_trucks
from tests.unit.ingestion.deposits import (
    OsmTown,
    commune,
    deposit,
    geojson,
    in_degrees,
    polygon,
    read,
    rectangle,
)

PARK = {"amenity": "parking"}
SPACE = {"amenity": "parking_space"}


@pytest.fixture
def data(tmp_path):
    commune(tmp_path)
    return tmp_path


def two_parks():
    town = OsmTown()
    town.way(1, rectangle(0, 0, 50, 40), **PARK)
    town.way(2, rectangle(100, 0, 150, 40), **PARK)
    return town


def edited(xml, **days):
    """Give ways of an extract the time of their last edit: `way_1="2018-05-06"`."""
    for key, day in days.items():
        kind, number = key.split("_")
        start = f'<{kind} id="{number}" version="1"'
        assert start in xml
        xml = xml.replace(start, f'{start} timestamp="{day}T10:00:00Z"')
    return xml


def dates(data):
    candidates = read(data).candidates
    return candidates.set_index("source_id")["vintage"].to_dict()


def file_date(data, name="osm/ville.osm"):
    return read(data).records.set_index("file").loc[name, "vintage"]


def test_each_park_has_the_day_of_its_own_last_edit(data):
    xml = edited(two_parks().xml(), way_1="2018-05-06", way_2="2024-01-31")
    deposit(data, "osm/ville.osm", xml)
    assert dates(data) == {"way/1": "2018-05-06", "way/2": "2024-01-31"}
    assert file_date(data) == "2024-01-31"


def test_a_park_without_day_takes_that_of_the_file(data):
    xml = edited(two_parks().xml(), way_1="2018-05-06")
    xml = xml.replace("<osm version", '<osm osm_base="2025-11-02T10:00:00Z" version')
    deposit(data, "osm/ville.osm", xml)
    assert dates(data) == {"way/1": "2018-05-06", "way/2": "2025-11-02"}
    assert file_date(data) == "2025-11-02"


def test_a_file_without_any_day_leaves_parks_undated(data):
    deposit(data, "osm/ville.osm", two_parks().xml())
    assert read(data).candidates["vintage"].isna().all()


def test_the_edit_of_a_building_does_not_date_a_park(data):
    town = two_parks()
    town.way(3, rectangle(200, 0, 210, 10), building="yes")
    deposit(data, "osm/ville.osm", edited(town.xml(), way_1="2018-05-06", way_3="2024-02-02"))
    assert dates(data) == {"way/1": "2018-05-06", "way/2": "2024-02-02"}


def test_points_relations_and_incomplete_parks_are_dated_too(data):
    town = OsmTown()
    number = town.node(300, 300, **PARK)
    town.way(1, rectangle(0, 0, 50, 40))
    town.relation(5, [(1, "outer")], **PARK)
    town.way(2, rectangle(100, 0, 150, 40), **PARK)
    town.lose(150, 40)
    days = {f"node_{number}": "2017-01-01", "relation_5": "2018-01-01", "way_2": "2019-01-01"}
    deposit(data, "osm/ville.osm", edited(town.xml(), **days))
    assert dates(data) == {
        f"node/{number}": "2017-01-01", "relation/5": "2018-01-01", "way/2": "2019-01-01",
    }  # fmt: skip


def test_a_group_of_spaces_is_whole_since_its_last_edit(data):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 2.5, 5), **SPACE)
    town.way(2, rectangle(2.5, 0, 5, 5), **SPACE)
    deposit(data, "osm/ville.osm", edited(town.xml(), way_1="2018-05-06", way_2="2021-07-08"))
    assert dates(data) == {"way/1;way/2": "2021-07-08"}


def test_an_overpass_answer_with_its_metadata_gives_the_same(data):
    answer = two_parks().overpass()
    answer["osm3s"] = {"timestamp_osm_base": "2026-09-19T00:21:52Z"}
    answer["elements"][0]["timestamp"] = "2018-05-06T10:00:00Z"
    deposit(data, "osm/ville.json", json.dumps(answer))
    assert dates(data) == {"way/1": "2018-05-06", "way/2": "2026-09-19"}
    assert file_date(data, "osm/ville.json") == "2026-09-19"


COLUMNS = {"overpass turbo": "@timestamp", "GDAL": "osm_timestamp", "QuickOSM": "timestamp"}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS.keys())
def test_an_export_with_its_metadata_gives_the_same(data, column):
    rows = [
        (
            in_degrees(polygon(rectangle(x, 0, x + 50, 40))),
            {"@id": f"way/{number}", **PARK, column: day},
        )
        for number, x, day in ((1, 0, "2018-05-06T10:00:00Z"), (2, 100, None))
    ]
    deposit(data, "osm/export.geojson", geojson(*rows, crs=None))
    table = read(data).candidates.set_index("source_id")["vintage"]
    assert table["way/1"] == "2018-05-06"
    assert table.isna().tolist() == [False, True]


TRUCKS = {
    "nothing said": ({}, False),
    "lorries designated": ({"hgv": "designated"}, True),
    "lorries only": ({"hgv": "only"}, True),
    "lorries allowed": ({"hgv": "yes"}, False),
    "lorries allowed in a private park": ({"hgv": "yes", "access": "private"}, False),
    "lorries allowed, closed to anything else": ({"hgv": "yes", "access": "no"}, True),
    "lorries allowed, no cars": ({"hgv": "yes", "motorcar": "no"}, True),
    "lorries allowed, no other motor vehicle": ({"hgv": "yes", "motor_vehicle": "no"}, True),
    "no cars, lorries not named": ({"motorcar": "no"}, False),
    "no lorries": ({"hgv": "no"}, False),
    "a lorry park": ({"parking": "truck"}, True),
    "lorries designated under another key": ({"truck": "designated"}, True),
    "lorries allowed under another key": ({"truck": "yes"}, False),
}


@pytest.mark.parametrize(("tags", "expected"), TRUCKS.values(), ids=TRUCKS.keys())
def test_parks_meant_for_lorries(tags, expected):
    assert is_for_trucks({**PARK, **tags}) is expected


def test_candidates_say_whether_they_are_for_lorries(data):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 50, 40), hgv="designated", **PARK)
    town.way(2, rectangle(100, 0, 150, 40), **PARK)
    town.way(3, rectangle(200, 0, 204, 20), hgv="designated", **SPACE)
    town.way(4, rectangle(204, 0, 208, 20), **SPACE)
    deposit(data, "osm/ville.osm", town.xml())
    parks = read(data).candidates.set_index("source_id")["is_for_trucks"]
    assert parks.to_dict() == {"way/1": True, "way/2": False, "way/3;way/4": True}


def test_an_export_keeps_the_keys_that_close_to_cars(data):
    tags = {"@id": "way/1", "hgv": "yes", "motorcar": "no", **PARK}
    shape = in_degrees(polygon(rectangle(0, 0, 50, 40)))
    deposit(data, "osm/export.geojson", geojson((shape, tags), crs=None))
    assert read(data).candidates["is_for_trucks"].tolist() == [True]


def test_other_sources_never_say_it(data):
    rows = (polygon(rectangle(0, 0, 40, 50)), {"id": 1, "surfm2": 2000, "hgv": "designated"})
    deposit(data, "parkings/p.geojson", geojson(rows))
    assert read(data).candidates["is_for_trucks"].tolist() == [False]
