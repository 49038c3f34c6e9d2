"""What a window keeps of an OSM file: the same tables, whole objects, nothing that lies beyond."""

import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingestion.osm_assembler import assemble
from pipeline.ingestion.osm_land import ground_tags
from pipeline.ingestion.osm_window import cut_to_window
from tests.tables import ASSUMPTIONS
from tests.unit.ingestion.deposits import OsmTown, commune, deposit, lon_lat, read, rectangle
from tests.unit.ingestion.regions import as_region
from tests.unit.ingestion.test_osm_extract import TABLES, region, same


def cut(tmp_path, town, box):
    """Cut a town to a box in metres, west to east and south to north; return the file."""
    x0, y0, x1, y1 = box
    (west, south), (east, north) = lon_lat(x0, y0), lon_lat(x1, y1)
    source = deposit(tmp_path, "ville.osm.pbf", as_region(town.xml()))
    return cut_to_window(source, (west, south, east, north), GROUND, tmp_path / "coupe.osm.pbf")


def identities(path):
    return {f"{thing.type_str()}{thing.id}" for thing in osmium.FileProcessor(str(path))}


def kept(tmp_path, town, box):
    return {name for name in identities(cut(tmp_path, town, box)) if not name.startswith("n")}


GROUND = ground_tags(ASSUMPTIONS)
# The window: 0 to 100 m both ways.
BOX = (0, 0, 100, 100)


@pytest.mark.parametrize(
    ("ring", "is_kept"),
    [
        pytest.param(rectangle(10, 10, 50, 50), True, id="inside"),
        pytest.param(rectangle(-500, -500, 600, 600), True, id="around, no corner inside"),
        pytest.param([(-50, 40), (150, 60)], True, id="a line across, no node inside"),
        pytest.param(rectangle(90, 90, 200, 200), True, id="over a corner"),
        pytest.param(rectangle(105, 10, 150, 50), False, id="to the east"),
        pytest.param(rectangle(-50, 10, -5, 50), False, id="to the west"),
        pytest.param(rectangle(10, 105, 50, 150), False, id="to the north"),
        pytest.param(rectangle(10, -50, 50, -5), False, id="to the south"),
    ],
)
def test_a_way_is_kept_when_its_box_meets_the_window(tmp_path, ring, is_kept):
    town = OsmTown()
    town.way(1, ring, amenity="parking")
    town.way(2, rectangle(20, 20, 30, 30), building="yes")
    assert kept(tmp_path, town, BOX) == ({"w1", "w2"} if is_kept else {"w2"})


def test_a_limit_of_the_window_belongs_to_it(tmp_path):
    town = OsmTown()
    town.way(1, [(100, 100), (150, 150)], highway="service")
    town.node(0, 0, natural="tree")
    town.node(-1, 0, natural="tree")
    found = identities(cut(tmp_path, town, BOX))
    assert "w1" in found
    assert f"n{town.node(0, 0)}" in found
    assert f"n{town.node(-1, 0)}" not in found


def test_a_relation_whose_ways_surround_the_window_is_kept_whole(tmp_path):
    town = OsmTown()
    # Each way is beyond the window; together they go around it.
    town.way(1, [(-300, -300), (-300, 300)])
    town.way(2, [(-300, 300), (300, 300)])
    town.way(3, [(300, 300), (300, -300)])
    town.way(4, [(300, -300), (-300, -300)])
    town.relation(1, [(1, "outer"), (2, "outer"), (3, "outer"), (4, "outer")], amenity="parking")
    path = cut(tmp_path, town, BOX)
    assert {"r1", "w1", "w2", "w3", "w4"} <= identities(path)
    assert assemble(path, GROUND).areas.keys == ["relation/1"]


FAR = 50_000


def broken(town):
    """Far from the window, one of each defect that a remark counts; return the sound ones."""
    town.way(11, rectangle(FAR, 0, FAR + 50, 40), amenity="parking")
    town.way(12, rectangle(FAR, 100, FAR + 50, 140), amenity="parking")
    town.lose(FAR + 50, 140)
    town.way(13, [(FAR, 200), (FAR + 50, 200), (FAR + 50, 240)], amenity="parking")
    town.way(14, [(FAR, 300), (FAR + 50, 300), (FAR, 300)], amenity="parking")
    to_and_fro = [(FAR, 400), (FAR + 50, 440)]
    town.way(15, [*to_and_fro, *to_and_fro, to_and_fro[0]], amenity="parking")
    town.way(16, [(FAR, 500), (FAR + 50, 500)], highway="residential")
    town.way(17, [(FAR, 600), (FAR + 50, 600)], highway="residential")
    town.lose(FAR + 50, 600)
    town.way(18, [(FAR, 700), (FAR + 50, 700), (FAR + 50, 740)], building="yes")
    town.relation(21, [(999, "outer")], amenity="parking")
    town.way(19, rectangle(FAR, 800, FAR + 50, 840), amenity="parking")
    town.way(20, [(FAR, 900), (FAR + 50, 900), (FAR + 50, 940)], highway="services", building="yes")
    town.relation(22, [(19, "outer")], amenity="parking")
    return {"w11", "w16"}


def test_the_remarks_are_those_of_the_whole_file(tmp_path):
    town = OsmTown()
    town.way(1, rectangle(10, 10, 50, 50), amenity="parking")
    sound = broken(town)
    part = cut(tmp_path, town, BOX)
    assert not sound & identities(part)
    found, whole = (assemble(path, GROUND) for path in (part, tmp_path / "ville.osm.pbf"))
    assert found.incomplete == whole.incomplete
    assert [item.key for item in found.incomplete] == [
        "relation/21", "way/12", "way/13", "way/14", "way/15",
    ]  # fmt: skip
    assert (found.incomplete_others, found.cut_lines) == (2, 1)
    assert (whole.incomplete_others, whole.cut_lines) == (2, 1)
    assert found.remarks == whole.remarks
    assert len(found.remarks) == 1
    assert found.areas.keys == ["way/1", "relation/22"]


def test_beside_an_export_the_whole_file_is_read(tmp_path):
    # The export draws here a car park that the raw data, which come first, draw elsewhere.
    town, other = OsmTown(), OsmTown()
    town.way(2, rectangle(FAR, 0, FAR + 40, 40), amenity="parking")
    other.way(2, rectangle(0, 0, 40, 40), amenity="parking")
    commune(tmp_path)
    deposit(tmp_path, "osm/region.osm.pbf", as_region(town.xml()))
    deposit(tmp_path, "osm/export.geojson", other.export())
    found = read(tmp_path)
    assert found.candidates.empty
    remarks = found.records.set_index("file").loc["osm/export.geojson", "remarks"]
    assert "1 doublon" in str(remarks)


def test_the_tables_of_a_commune_are_those_of_the_whole_file(tmp_path):
    town = region()
    for number in range(60, 70):  # beyond the window of the commune: 1 km and its halo
        x = 5000 + 100 * number
        town.way(number, rectangle(x, 0, x + 60, 40), amenity="parking")
        town.node(x, 80, natural="tree")
    near, far = tmp_path / "near", tmp_path / "far"
    for data, drawn in ((near, region()), (far, town)):
        commune(data)
        deposit(data, "osm/region.osm.pbf", as_region(drawn.xml()))
    found, expected = read(far, with_land=True), read(near, with_land=True)
    for name in TABLES:
        same(getattr(found, name), getattr(expected, name))
        assert len(getattr(found, name)), name
    assert found.masks.equals(expected.masks)


def test_a_file_that_nothing_dates_is_dated_by_all_its_objects(tmp_path):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 40, 40), amenity="parking")
    town.way(2, rectangle(90_000, 0, 90_040, 40), amenity="parking")
    xml = town.xml().replace('<way id="2" version="1"', '<way id="2" version="1"'
        ' timestamp="2026-05-04T10:00:00Z"')  # fmt: skip
    commune(tmp_path)
    deposit(tmp_path, "osm/ville.osm", xml)
    records = read(tmp_path).records.set_index("file")
    assert records.loc["osm/ville.osm", "vintage"] == "2026-05-04"


def test_ways_that_were_never_published_are_read(tmp_path):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 40, 40), amenity="parking")
    xml = town.xml().replace('<way id="1"', '<way id="-1"')
    source = deposit(tmp_path, "ville.osm.pbf", as_region(xml))
    assert cut_to_window(source, (0, 0, 1, 1), GROUND, tmp_path / "coupe.osm.pbf") == source


def test_an_object_is_as_it_was(tmp_path):
    town = OsmTown()
    town.way(6, rectangle(10, 10, 50, 50), amenity="parking", name="Été")
    town.node(60, 60, natural="tree", genus="Tilia")
    xml = town.xml().replace('version="1"', 'version="4" timestamp="2023-06-30T10:00:00Z"')
    source = deposit(tmp_path, "ville.osm.pbf", as_region(xml))
    west, south = lon_lat(0, 0)
    east, north = lon_lat(100, 100)
    path = cut_to_window(source, (west, south, east, north), GROUND, tmp_path / "coupe.osm.pbf")
    things = {
        f"{thing.type_str()}{thing.id}": (dict(thing.tags), thing.timestamp.isoformat())
        for thing in osmium.FileProcessor(str(path))
        if len(thing.tags)
    }
    day = "2023-06-30T10:00:00+00:00"
    assert things == {
        "w6": ({"amenity": "parking", "name": "Été"}, day),
        f"n{town.node(60, 60)}": ({"natural": "tree", "genus": "Tilia"}, day),
    }


SQUARES = st.lists(
    st.tuples(st.integers(-300, 300), st.integers(-300, 300), st.integers(1, 400)),
    min_size=1,
    max_size=12,
)


@given(squares=SQUARES)
@settings(max_examples=25, deadline=None)
def test_what_meets_a_window_is_what_meets_it_in_the_whole(tmp_path_factory, squares):
    town = OsmTown()
    for number, (x, y, side) in enumerate(squares, start=1):
        town.way(number, rectangle(x, y, x + side, y + side), building="yes")
    path = cut(tmp_path_factory.mktemp("coupe"), town, BOX)
    # Lambert-93 turns by half a degree here: 10 m tell what is at the limit apart.
    clear = {
        f"w{number}"
        for number, (x, y, side) in enumerate(squares, start=1)
        if x <= 90 and y <= 90 and x + side >= 10 and y + side >= 10
    }
    loose = {
        f"w{number}"
        for number, (x, y, side) in enumerate(squares, start=1)
        if x <= 110 and y <= 110 and x + side >= -10 and y + side >= -10
    }
    assert clear <= {it for it in identities(path) if it.startswith("w")} <= loose
