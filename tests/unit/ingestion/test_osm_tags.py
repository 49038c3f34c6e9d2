import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingestion.osm_tags import (
    AREA_KEYS,
    LINES,
    access,
    capacity,
    encloses,
    is_building,
    is_line,
    is_of_interest,
    is_off_ground,
    is_open_building,
    is_point,
    metres,
    parking_type,
    road_class,
)

TYPES = {
    "nothing said": ({}, "surface"),
    "on the ground": ({"parking": "surface"}, "surface"),
    "solar or plain carports over a surface park": ({"parking": "carports"}, "surface"),
    "several storeys": ({"parking": "multi-storey"}, "aerien_bati"),
    "a building": ({"building": "parking"}, "aerien_bati"),
    "explicitly no building": ({"building": "no"}, "surface"),
    "a roof": ({"building": "roof"}, "couvert"),
    "underground": ({"parking": "underground"}, "souterrain"),
    "underground by its location": ({"location": "underground"}, "souterrain"),
    "below the ground by its layer": ({"layer": "-1"}, "souterrain"),
    "above the ground by its layer": ({"layer": "1"}, "surface"),
    "an underground building": ({"parking": "underground", "building": "yes"}, "souterrain"),
    "a layer that is no number": ({"layer": "rez"}, "surface"),
    "on a roof": ({"parking": "rooftop"}, "toiture"),
    "garage boxes": ({"parking": "garage_boxes"}, "couvert"),
    "covered": ({"covered": "yes"}, "couvert"),
    "along a street": ({"parking": "street_side"}, "voirie"),
    "half on the kerb": ({"parking": "half_on_kerb"}, "voirie"),
}


@pytest.mark.parametrize(("tags", "expected"), TYPES.values(), ids=TYPES.keys())
def test_kind_of_car_park(tags, expected):
    assert parking_type({"amenity": "parking", **tags}) == expected


CAPACITIES = {
    "a number": ("120", (120, 120)),
    "a range": ("20-30", (20, 30)),
    "a range the wrong way": ("30 - 20", (20, 30)),
    "a lower bound": (">100", (100, None)),
    "another lower bound": ("100+", (100, None)),
    "about": ("~50", (None, None)),
    "words": ("beaucoup", (None, None)),
    "no space, so nobody counted": ("0", (None, None)),
    "a negative number": ("-5", (None, None)),
    "a number too long to be one": ("12345678901", (None, None)),
    "nothing": (None, (None, None)),
}


@pytest.mark.parametrize(("text", "expected"), CAPACITIES.values(), ids=CAPACITIES.keys())
def test_capacity(text, expected):
    assert capacity(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", 5.0), ("5.5", 5.5), ("5,5 m", 5.5), ("0", None), ("12'", None), ("5 km", None)],
)
def test_lengths(text, expected):
    assert metres(text) == expected


ROADS = {
    "a street": ({"highway": "residential"}, "public"),
    "a slip road": ({"highway": "primary_link"}, "public"),
    "a private street": ({"highway": "residential", "access": "private"}, "service"),
    "a street closed to motors": ({"highway": "residential", "motor_vehicle": "no"}, "service"),
    "a parking aisle": ({"highway": "service", "service": "parking_aisle"}, "aisle"),
    "a driveway": ({"highway": "service", "service": "driveway"}, "service"),
    "a road of no class": ({"highway": "road"}, "unknown"),
    "a footway": ({"highway": "footway"}, None),
    "a track": ({"highway": "track"}, None),
    "a square": ({"highway": "residential", "area": "yes"}, None),
    "no road": ({"barrier": "fence"}, None),
}


@pytest.mark.parametrize(("tags", "expected"), ROADS.values(), ids=ROADS.keys())
def test_class_of_road(tags, expected):
    assert road_class(tags) == expected


def test_what_crosses_above_or_below_is_off_the_ground():
    assert is_off_ground({"bridge": "yes"})
    assert is_off_ground({"tunnel": "building_passage"})
    assert is_off_ground({"layer": "1"})
    assert not is_off_ground({"bridge": "no", "layer": "0"})


def test_a_car_park_that_is_a_building_is_no_building():
    assert is_building({"building": "yes"})
    assert not is_building({"building": "no"})
    assert not is_building({"building": "yes", "amenity": "parking"})


def test_only_a_roof_is_open():
    assert is_open_building({"building": "carport"})
    assert is_open_building({"man_made": "carport"})
    assert not is_open_building({"building": "yes"})


def test_a_line_that_closes_is_no_surface_unless_it_says_so():
    hedge = {"barrier": "hedge"}
    assert not encloses(hedge, "way/1")
    assert encloses({**hedge, "area": "yes"}, "way/1")
    assert encloses(hedge, "relation/1")
    assert encloses({"landuse": "grass"}, "way/1")
    assert encloses({"highway": "rest_area"}, "way/1")


ACCESS = {
    "everybody": ("yes", "public"),
    "the owner's guests": ("private", "privé"),
    "customers": ("customers", "clients"),
    "holders of a permit": ("permit", "sur autorisation"),
    "those who live there": ("destination", "riverains"),
    "deliveries": ("delivery", "livraisons"),
    "nobody": ("no", "interdit"),
    "two groups": ("customers;employees", "clients ; employés"),
    "a word that is not known": ("forestry", "forestry"),
    "nothing said": (None, None),
}


@pytest.mark.parametrize(("text", "expected"), ACCESS.values(), ids=ACCESS.keys())
def test_access_is_said_in_french(text, expected):
    assert access(text) == expected


WORDS = {
    "amenity": ("parking", "parking_space", "school"),
    "area": ("yes", "no"),
    "barrier": ("fence", "hedge", "gate"),
    "boundary": ("administrative",),
    "building": ("yes", "no"),
    "generator:source": ("solar", "wind"),
    "highway": ("residential", "service", "road", "track", "footway", "motorway_link"),
    "landuse": ("grass", "retail"),
    "man_made": ("carport", "tower"),
    "natural": ("tree_row", "tree", "water"),
    "power": ("generator", "plant", "line"),
}
COMBINATIONS = st.fixed_dictionaries(
    {}, optional={key: st.sampled_from(values) for key, values in WORDS.items()}
)


@given(COMBINATIONS)
def test_no_line_lies_beyond_the_pairs_that_are_looked_for(tags):
    assert not is_line(tags) or not set(LINES).isdisjoint(tags.items())


@given(COMBINATIONS)
def test_no_area_lies_beyond_the_keys_that_are_looked_for(tags):
    ground = frozenset({("landuse", "grass")})
    assert not is_of_interest(tags, ground) or not {*AREA_KEYS, "landuse"}.isdisjoint(tags)


@pytest.mark.parametrize("pair", LINES)
def test_each_pair_of_a_line_makes_one(pair):
    assert is_line(dict([pair]))
    assert not is_line({pair[0]: "proposed"})


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"amenity": "parking_space"}, True),
        ({"natural": "tree"}, True),
        ({"barrier": "gate"}, True),
        ({"power": "generator", "generator:source": "solar"}, True),
        ({"amenity": "bench"}, False),
        ({"power": "generator", "generator:source": "wind"}, False),
        ({"building": "yes"}, False),
    ],
)
def test_points_that_are_read(tags, expected):
    assert is_point(tags) is expected
