"""The extract of a region: read, it gives what the region gives, its relations whole."""

import osmium
import pyogrio
import pytest

from pipeline.errors import SourceError
from pipeline.ingestion.osm_extract import extract
from pipeline.ingestion.osm_land import keys_read
from tests.tables import ASSUMPTIONS
from tests.unit.ingestion.deposits import OsmTown, commune, deposit, lon_lat, read, rectangle
from tests.unit.ingestion.regions import as_region

KEYS = keys_read(ASSUMPTIONS)
TABLES = ("candidates", "bays", "roads", "fences", "buildings", "carports", "trees")


def region():
    """A town with all that parzan reads, broken or not, among things that it does not."""
    town = OsmTown()
    # A park whose two outlines and hole bear no tag of their own.
    town.way(1, [(0, 0), (60, 0), (60, 40)])
    town.way(2, [(60, 40), (0, 40), (0, 0)])
    town.way(3, rectangle(10, 10, 20, 20))
    town.relation(1, [(1, "outer"), (2, "outer"), (3, "inner")], amenity="parking", name="Relation")
    # One of its two outlines is not in the region, a node of the other neither.
    town.way(4, [(100, 0), (160, 0), (160, 40)])
    town.relation(2, [(4, "outer"), (999, "outer")], amenity="parking", name="Sans contour")
    town.way(5, rectangle(200, 0, 260, 40), amenity="parking", name="Coupé")
    town.lose(260, 40)
    town.way(6, rectangle(300, 0, 360, 40), amenity="parking", name="Simple")
    # Rings that cross, and that do not close.
    town.way(7, [(400, 0), (460, 40), (460, 0), (400, 40), (400, 0)], amenity="parking")
    town.way(8, [(500, 0), (560, 0), (560, 40)], amenity="parking")
    town.way(9, rectangle(600, 0, 610, 5), amenity="parking_space")
    town.way(10, [(0, -10), (700, -10)], highway="residential", name="Rue")
    town.way(11, [(0, 50), (30, 50), (60, 50)], barrier="fence")
    town.node(30, 50, barrier="gate")
    town.node(70, 70, natural="tree", genus="Tilia")
    town.node(80, 70, amenity="parking", capacity="12")
    town.way(12, [(0, 80), (60, 80)], natural="tree_row")
    town.way(13, rectangle(80, 0, 95, 20), building="yes")
    town.way(14, rectangle(310, 5, 320, 15), landuse="grass")
    town.way(15, rectangle(330, 5, 350, 15), man_made="carport")
    # Read by nobody: another use, a line, a node; and a relation that only sums up others.
    town.way(50, rectangle(700, 0, 760, 40), historic="ruins")
    town.way(51, [(0, 300), (700, 300)], route="ferry")
    town.node(900, 900, shop="bakery")
    town.relation(3, [(51, "")], type="route", route="ferry")
    return town


def extracted(tmp_path, content):
    source, target = deposit(tmp_path, "region.osm.pbf", content), tmp_path / "extrait.osm.pbf"
    extract(source, KEYS, target)
    return target


def read_osm(data, content):
    commune(data)
    deposit(data, "osm/region.osm.pbf", content)
    return read(data, with_land=True)


def same(mine, theirs):
    assert mine.drop(columns="geometry").equals(theirs.drop(columns="geometry"))
    assert list(mine.geometry.to_wkb()) == list(theirs.geometry.to_wkb())


def test_an_extract_gives_the_tables_of_its_region(tmp_path):
    whole = as_region(region().xml())
    alone = extracted(tmp_path, whole).read_bytes()
    found, expected = read_osm(tmp_path / "a", alone), read_osm(tmp_path / "b", whole)
    for name in TABLES:
        same(getattr(found, name), getattr(expected, name))
        assert len(getattr(found, name)), name
    assert found.masks.equals(expected.masks)
    told, expected_told = (
        it.records.set_index("file").loc["osm/region.osm.pbf", ["vintage", "row_count", "remarks"]]
        for it in (found, expected)
    )
    assert told.to_list() == expected_told.to_list()
    assert told["vintage"].startswith("2026-11-25")


def test_the_incomplete_are_told_as_in_the_region(tmp_path):
    found = read_osm(tmp_path / "a", extracted(tmp_path, as_region(region().xml())).read_bytes())
    parks = found.candidates.set_index("candidate_id")
    assert parks.loc["osm/relation/1"].geometry.area == pytest.approx(60 * 40 - 100, abs=1)
    assert "1 membre sur 2 absent" in str(parks.loc["osm/relation/2"].to_dict())
    assert "1 nœud sur 4 absent" in str(parks.loc["osm/way/5"].to_dict())


def identities(path):
    return {f"{thing.type_str()}{thing.id}" for thing in osmium.FileProcessor(str(path))}


def test_what_nobody_reads_is_left_out_and_members_are_kept(tmp_path):
    town = region()
    found = identities(extracted(tmp_path, as_region(town.xml())))
    assert {"r1", "r2", "w1", "w2", "w3", "w4"} <= found
    assert not {"r3", "w50", "w51"} & found
    assert f"n{town.node(900, 900)}" not in found
    for x, y in [(60, 0), (60, 40), (10, 20), (160, 40)]:  # of ways without a tag
        assert f"n{town.node(x, y)}" in found


def test_an_extract_keeps_days_and_no_author(tmp_path):
    xml = region().xml().replace('<way id="6" version="1"', '<way id="6" version="4" uid="7"'
        ' user="Jeanne" changeset="9" timestamp="2023-06-30T10:00:00Z"')  # fmt: skip
    path = extracted(tmp_path, as_region(xml))
    (park,) = [
        (way.version, way.timestamp.isoformat(), way.uid, way.user, way.changeset)
        for way in osmium.FileProcessor(str(path), osmium.osm.WAY)
        if way.id == 6
    ]
    assert park == (4, "2023-06-30T10:00:00+00:00", 0, "", 0)
    assert b"Jeanne" not in path.read_bytes()


def test_the_same_region_gives_the_same_bytes(tmp_path):
    content = as_region(region().xml())
    one, two = (extracted(tmp_path / name, content).read_bytes() for name in "ab")
    assert one == two


def test_an_extract_of_an_extract_is_itself(tmp_path):
    one = extracted(tmp_path / "a", as_region(region().xml())).read_bytes()
    assert extracted(tmp_path / "b", one).read_bytes() == one


def test_every_key_of_the_choices_is_kept():
    covers = {cover.tag for cover in ASSUMPTIONS.ground_cover if cover.source == "osm"}
    land = {
        next(iter(reading.where))
        for shape in ("surface", "ligne")
        for reading in ASSUMPTIONS.derived_land.of("osm", shape)
    }
    assert covers | land | {"amenity", "building", "highway"} <= set(KEYS)
    assert "name" not in KEYS


@pytest.mark.parametrize("at", [40, -30], ids=["in the header", "in the last block"])
def test_a_truncated_region_is_refused_in_one_line(tmp_path, at):
    cut = as_region(region().xml())[:at]
    with pytest.raises(SourceError, match=r"extrait OSM illisible ou tronqué") as refusal:
        extracted(tmp_path, cut)
    assert "\n" not in str(refusal.value)


def test_coordinates_come_as_they_were(tmp_path):
    town = region()
    path = extracted(tmp_path, as_region(town.xml()))
    (tree,) = [
        (node.location.lon, node.location.lat)
        for node in osmium.FileProcessor(str(path), osmium.osm.NODE)
        if node.id == town.node(70, 70)
    ]
    assert tree == lon_lat(70, 70)


def test_an_extract_is_read_by_gdal(tmp_path):
    path = extracted(tmp_path, as_region(region().xml()))
    areas = pyogrio.read_dataframe(path, layer="multipolygons", where="amenity = 'parking'")
    assert {"Relation", "Simple"} <= set(areas["name"])
