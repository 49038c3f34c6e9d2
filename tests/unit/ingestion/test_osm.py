"""OSM extracts drawn in metres: one assembler, whatever the format."""

import gzip
import json

import numpy as np
import osmium
import pytest

from pipeline.errors import SourceError
from tests.unit.ingestion.deposits import (
    OsmTown,
    commune,
    deposit,
    geojson,
    in_degrees,
    line,
    point,
    polygon,
    read,
    rectangle,
    remarks,
)

# Degrees are rounded to 1e-7, about a centimetre: a few tenths of a m² on what is drawn here.
ROUNDING_M2 = 1.0


@pytest.fixture
def town():
    return OsmTown()


def read_osm(data, content, name="osm/ville.osm"):
    commune(data)
    deposit(data, name, content)
    return read(data)


def candidate(sources, candidate_id):
    rows = sources.candidates.set_index("candidate_id")
    return rows.loc[candidate_id]


def small_town():
    """A park with an island, a street, a gate in a fence, a tree, a lawn, a building."""
    town = OsmTown()
    town.way(1, rectangle(0, 0, 60, 40))
    town.way(2, rectangle(10, 10, 20, 20), landuse="grass")
    town.relation(
        1, [(1, "outer"), (2, "inner")], amenity="parking", name="Île & <b>", capacity="20-30"
    )
    town.way(3, [(0, -10), (100, -10)], highway="residential", name="Rue", width="5,5 m")
    town.way(4, [(0, 50), (30, 50), (60, 50)], barrier="fence")
    town.node(30, 50, barrier="gate")
    town.way(5, [(0, 60), (60, 60)], barrier="wall")
    town.node(70, 70, natural="tree", genus="Tilia", diameter_crown="8")
    town.way(6, rectangle(80, 0, 100, 20), building="yes")
    town.way(7, rectangle(80, 30, 100, 50), building="carport")
    # Met in a real extract: a limit whose `building` tag holds the text of a decree.
    town.way(90, rectangle(-10, -10, 300, 300), building="Décret", boundary="political")
    return town


def test_an_island_drawn_as_a_hole_stays_out(tmp_path):
    park = candidate(read_osm(tmp_path, small_town().xml()), "osm/relation/1")
    assert park.geometry.area == pytest.approx(60 * 40 - 10 * 10, abs=ROUNDING_M2)
    assert (park["name"], park["capacity_min"], park["capacity_max"]) == ("Île & <b>", 20, 30)


def test_every_kind_of_object_finds_its_table(tmp_path):
    sources = read_osm(tmp_path, small_town().xml())
    (road,) = sources.roads.itertuples()
    assert (road.road_id, road.road_class, road.width_m) == ("osm/way/3", "public", 5.5)
    fences = sources.fences.set_index("fence_id")["has_opening"].to_dict()
    assert fences == {"osm/way/4": True, "osm/way/5": False}
    (tree,) = sources.trees.itertuples()
    assert (tree.genus, tree.crown_diameter_m) == ("Tilia", 8.0)
    assert np.isnan(tree.height_m)
    buildings = sources.buildings.set_index("building_id")["is_open"].to_dict()
    assert buildings == {"osm/way/6": False, "osm/way/7": True}
    (mask,) = sources.masks.to_pylist()
    assert (mask["mask_id"], mask["motif"], mask["deducts"]) == ("osm/way/2", "espace_vert", True)


def test_an_extract_that_is_not_sorted_gives_the_same(tmp_path):
    plain = read_osm(tmp_path / "a", small_town().xml())
    shuffled = read_osm(tmp_path / "b", small_town().xml(shuffled=True))
    same_tables(plain, shuffled)


def same_tables(one, other):
    for name in ("candidates", "bays", "roads", "fences", "buildings", "carports", "trees"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert mine.drop(columns="geometry").equals(theirs.drop(columns="geometry")), name
        gaps = mine.geometry.hausdorff_distance(theirs.geometry, align=False)
        assert gaps.fillna(0).max() < 1e-6 if len(gaps) else True, name
    assert one.masks.drop_columns(["wkb"]).num_rows == other.masks.num_rows


def as_pbf(xml, folder):
    source, target = folder / "x.osm", folder / "x.osm.pbf"
    source.write_text(xml)
    with osmium.SimpleWriter(str(target)) as writer:
        osmium.apply(str(source), writer)
    return target.read_bytes()


def test_formats_give_the_same_alone_or_together(tmp_path):
    town = small_town()
    pbf = as_pbf(town.xml(), tmp_path)
    files = {
        "osm/a.osm": town.xml().encode(),
        "osm/b.osm.gz": gzip.compress(town.xml().encode()),
        "osm/c.pbf": pbf,
        "osm/d.json": json.dumps(town.overpass()).encode(),
    }
    expected = read_osm(tmp_path / "seul", town.xml())
    for name, content in files.items():
        same_tables(expected, read_osm(tmp_path / name.replace("/", "-"), content, name))
        deposit(tmp_path / "ensemble", name, content)
    commune(tmp_path / "ensemble")
    same_tables(expected, read(tmp_path / "ensemble"))


def test_the_last_version_of_an_object_counts(tmp_path, town):
    town.way(1, rectangle(0, 0, 50, 40), amenity="parking")
    old = town.xml()
    new = old.replace('<way id="1" version="1">', '<way id="1" version="2">').replace(
        'k="amenity" v="parking"', 'k="amenity" v="school"'
    )
    deposit(tmp_path, "osm/a-new.osm", new)
    assert len(read_osm(tmp_path, old, "osm/b-old.osm").candidates) == 0


def test_answers_with_inline_geometry_are_rebuilt(tmp_path):
    from tests.unit.ingestion.deposits import lon_lat

    ring = [
        dict(zip(("lon", "lat"), lon_lat(x, y), strict=True)) for x, y in rectangle(0, 0, 50, 40)
    ]
    way = {"type": "way", "id": 7, "geometry": ring, "tags": {"amenity": "parking"}}
    member = {"type": "way", "ref": 8, "role": "outer", "geometry": ring}
    relation = {
        "type": "relation", "id": 9, "members": [member],
        "tags": {"type": "multipolygon", "amenity": "parking", "layer": "-1"},
    }  # fmt: skip
    answer = json.dumps({"elements": [way, relation]})
    sources = read_osm(tmp_path, answer, "osm/a.json")
    for key, kind in (("way/7", "surface"), ("relation/9", "souterrain")):
        park = candidate(sources, f"osm/{key}")
        assert park.geometry.area == pytest.approx(2000, abs=ROUNDING_M2)
        assert park["parking_type"] == kind


def test_a_ring_that_lacks_nodes_is_never_closed(tmp_path, town):
    town.way(1, [(0, 0), (50, 0), (50, 20), (50, 40), (0, 40), (0, 0)], amenity="parking")
    town.lose(50, 20)
    town.lose(50, 40)
    sources = read_osm(tmp_path, town.xml())
    park = candidate(sources, "osm/way/1")
    assert park.geometry.area == 0  # points only: never measured
    assert park["defect"].startswith(
        "geometrie_incomplete : 2 nœuds sur 5 absents de l'extrait, vers 4"
    )
    assert "way/1" in remarks(sources, "osm/ville.osm")


def test_a_relation_that_lacks_a_member_says_so(tmp_path, town):
    town.way(1, rectangle(0, 0, 50, 40))
    town.relation(5, [(1, "outer"), (99, "inner")], amenity="parking")
    park = candidate(read_osm(tmp_path, town.xml()), "osm/relation/5")
    assert park.geometry.area == 0  # points only: never measured
    assert "1 membre sur 2 absent de l'extrait" in park["defect"]


def test_an_open_line_is_no_car_park(tmp_path, town):
    town.way(1, [(0, 0), (50, 0), (50, 40)], amenity="parking")
    park = candidate(read_osm(tmp_path, town.xml()), "osm/way/1")
    assert park.geometry.area == 0  # points only: never measured
    assert park["defect"].startswith("contour ouvert")


def test_a_point_is_no_outline(tmp_path, town):
    number = town.node(0, 0, amenity="parking", capacity="12")
    park = candidate(read_osm(tmp_path, town.xml()), f"osm/node/{number}")
    assert (park["role"], park.geometry.area, park["capacity_max"]) == ("point_object", 0, 12)


def test_a_ring_that_crosses_itself_is_repaired_and_recorded(tmp_path, town):
    bow_tie = [(0, 0), (50, 40), (50, 0), (0, 40), (0, 0)]  # two triangles, 25 × 40 / 2 each
    town.way(1, bow_tie, amenity="parking")
    sources = read_osm(tmp_path, town.xml())
    park = candidate(sources, "osm/way/1")
    assert park.geometry.is_valid
    assert park.geometry.area == pytest.approx(1000, abs=ROUNDING_M2)
    assert "1 contour croisé réparé (way/1)" in remarks(sources, "osm/ville.osm")


def test_an_outline_that_repeats_its_relation_is_one_car_park(tmp_path, town):
    town.way(1, rectangle(0, 0, 60, 40), amenity="parking")
    town.way(2, rectangle(10, 10, 20, 20))
    town.relation(1, [(1, "outer"), (2, "inner")], amenity="parking")
    sources = read_osm(tmp_path, town.xml())
    assert list(sources.candidates["candidate_id"]) == ["osm/relation/1"]
    assert "déjà portés par une relation" in remarks(sources, "osm/ville.osm")


def test_a_road_cut_at_the_edge_keeps_its_known_stretches(tmp_path, town):
    town.way(1, [(0, 0), (50, 0), (60, 0), (70, 0), (100, 0)], highway="residential")
    town.lose(60, 0)
    (road,) = read_osm(tmp_path, town.xml()).roads.itertuples()
    assert road.geometry.length == pytest.approx(50 + 30, abs=0.1)


def test_bridges_and_closed_hedges_are_left(tmp_path, town):
    town.way(1, [(0, 0), (50, 0)], highway="residential", bridge="yes")
    town.way(2, rectangle(0, 0, 50, 40), barrier="hedge")
    town.way(3, rectangle(100, 0, 110, 40), barrier="hedge", area="yes")
    sources = read_osm(tmp_path, town.xml())
    assert len(sources.roads) == 0
    assert sources.masks["mask_id"].to_pylist() == ["osm/way/3"]


def test_flagged_ground_never_deducts_and_is_not_certain(tmp_path, town):
    town.way(1, rectangle(0, 0, 50, 40), leisure="park")
    (mask,) = read_osm(tmp_path, town.xml()).masks.to_pylist()
    assert (mask["deducts"], mask["certain"]) == (False, False)


def test_a_car_park_is_never_its_own_mask_nor_building(tmp_path, town):
    town.way(1, rectangle(0, 0, 50, 40), amenity="parking", landuse="grass", building="yes")
    sources = read_osm(tmp_path, town.xml())
    assert (len(sources.candidates), sources.masks.num_rows, len(sources.buildings)) == (1, 0, 0)


def test_spaces_outside_any_car_park_are_grouped_up_to_the_gap(tmp_path, town):
    """Gap of the assumptions: 0.30 m. Three spaces 0.2 m apart, one 0.5 m further."""
    for number, x in enumerate((0.0, 2.7, 5.4, 8.4), start=1):
        town.way(number, rectangle(x, 0, x + 2.5, 5), amenity="parking_space", capacity="1")
    sources = read_osm(tmp_path, town.xml())
    groups = sources.candidates[sources.candidates["role"] == "bays"].set_index("source_id")
    assert list(groups.index) == ["way/1;way/2;way/3", "way/4"]
    assert groups["capacity_max"].tolist() == [3, 1]
    three = groups.geometry.iloc[0]
    assert (three.geom_type, round(three.area)) == ("Polygon", round(7.9 * 5))


def test_spaces_inside_a_car_park_make_no_candidate(tmp_path, town):
    town.way(1, rectangle(0, 0, 50, 40), amenity="parking")
    town.way(2, rectangle(5, 5, 7, 10), amenity="parking_space")
    town.node(20, 20, amenity="parking_space", capacity="4")
    sources = read_osm(tmp_path, town.xml())
    assert list(sources.candidates["candidate_id"]) == ["osm/way/1"]
    assert sorted(sources.bays["capacity"]) == [1, 4]


def test_underground_and_open_air_spaces_never_share_a_group(tmp_path, town):
    town.way(1, rectangle(0, 0, 2, 5), amenity="parking_space")
    town.way(2, rectangle(2, 0, 4, 5), amenity="parking_space", layer="-1")
    kinds = read_osm(tmp_path, town.xml()).candidates["parking_type"]
    assert sorted(kinds) == ["souterrain", "surface"]


def test_what_is_beyond_the_halo_is_not_read(tmp_path, town):
    """Commune up to 1 000 m from the origin, halo of 1 000 m."""
    town.way(1, rectangle(1900, 0, 1950, 40), amenity="parking")
    town.way(2, rectangle(2100, 0, 2150, 40), amenity="parking")
    assert list(read_osm(tmp_path, town.xml()).candidates["candidate_id"]) == ["osm/way/1"]


PARK = {"@id": "way/1", "amenity": "parking", "capacity": "80"}
AISLE = {"@id": "way/2", "highway": "service", "service": "parking_aisle"}
EXPORT = geojson(
    (in_degrees(polygon(rectangle(0, 0, 60, 40))), PARK),
    (in_degrees(line((0, -10), (50, -10))), AISLE),
    (in_degrees(point(5, 5)), {"@id": "node/3", "natural": "tree"}),
    (in_degrees(line((0, 50), (50, 50))), {"@id": "way/4", "amenity": "parking"}),
    crs=None,
)


def test_an_export_gives_the_tables_of_raw_data(tmp_path):
    sources = read_osm(tmp_path, EXPORT, "osm/export.geojson")
    park = candidate(sources, "osm/way/1")
    assert park.geometry.area == pytest.approx(2400, abs=ROUNDING_M2)
    assert (park["source_id"], park["capacity_min"]) == ("way/1", 80)
    assert candidate(sources, "osm/way/4")["defect"].startswith("contour ouvert")
    assert sources.roads[["road_id", "road_class"]].to_numpy().tolist() == [["osm/way/2", "aisle"]]
    assert list(sources.trees["tree_id"]) == ["osm/node/3"]


def test_an_export_adds_nothing_to_raw_data_that_hold_it(tmp_path, town):
    town.way(1, rectangle(0, 0, 60, 40), amenity="parking")
    deposit(tmp_path, "osm/ville.osm", town.xml())
    sources = read_osm(tmp_path, EXPORT, "osm/export.geojson")
    assert list(sources.candidates["candidate_id"]) == ["osm/way/1", "osm/way/4"]
    assert "1 doublon d'une autre couche" in remarks(sources, "osm/export.geojson")


HSTORE = '"amenity"=>"parking","name"=>"dit \\"le \\\\ Pré\\"","parking"=>"underground"'
OTHER_TAGS = {"hstore": HSTORE, "JSON": '{"amenity":"parking","parking":"underground"}'}


@pytest.mark.parametrize("text", OTHER_TAGS.values(), ids=OTHER_TAGS.keys())
def test_tags_gathered_in_one_column_are_read(tmp_path, text):
    shape = in_degrees(polygon(rectangle(0, 0, 60, 40)))
    export = geojson((shape, {"osm_way_id": "12", "osm_id": None, "other_tags": text}), crs=None)
    park = candidate(read_osm(tmp_path, export, "osm/e.geojson"), "osm/way/12")
    assert park["parking_type"] == "souterrain"
    assert park["name"] != park["name"] or park["name"] == 'dit "le \\ Pré"'


BAD = {
    "an XML that declares entities": (
        "osm/a.osm",
        '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaa">]><osm version="0.6">&a;</osm>',
        "DOCTYPE",
    ),
    "a truncated XML": ("osm/a.osm", small_town().xml()[:-200], "tronquées"),
    "a truncated Overpass answer": ("osm/a.json", '{"elements": [{"type": "node"', "tronquée"),
    "an Overpass query that ran out of time": (
        "osm/a.json",
        '{"elements": [], "remark": "runtime error: Query timed out"}',
        "échouée",
    ),
    "a malformed Overpass object": ("osm/a.json", '{"elements": [{"type":"node","id":1}]}', "mal"),
    "a layer that is not of OSM": ("osm/a.geojson", geojson((point(0, 0), {"a": 1})), "étiquettes"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "why"), BAD.values(), ids=BAD.keys())
def test_bad_extracts_are_refused_in_one_line(tmp_path, name, content, why):
    with pytest.raises(SourceError, match=why) as refusal:
        read_osm(tmp_path, content, name)
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_truncated_pbf_is_refused(tmp_path):
    pbf = as_pbf(small_town().xml(), tmp_path)
    with pytest.raises(SourceError, match="tronquées"):
        read_osm(tmp_path / "d", pbf[:-30], "osm/a.pbf")
