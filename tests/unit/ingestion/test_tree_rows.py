"""Rows of trees drawn as lines, in whole metres; step of the assumptions: 8 m."""

import gzip
import math
import re
import xml.etree.ElementTree as ET
from itertools import groupby

import pytest
from pyproj import Geod

from tests.tables import X0, Y0
from tests.unit.ingestion.deposits import (
    OsmTown,
    commune,
    deposit,
    geojson,
    in_degrees,
    polygon,
    read,
    rectangle,
    remarks,
)

ROW = {"natural": "tree_row"}
FORMATS = {
    "raw data": ("osm/ville.osm", OsmTown.xml),
    "an export": ("osm/ville.geojson", OsmTown.export),
}


@pytest.fixture(params=FORMATS.values(), ids=FORMATS.keys())
def read_town(request, tmp_path):
    """Read a town in each of the formats; with it, what the record of the file says."""
    name, write = request.param

    def read_it(town):
        commune(tmp_path)
        deposit(tmp_path, name, write(town))
        sources = read(tmp_path)
        told = remarks(sources, name)
        return sources, told if isinstance(told, str) else ""

    return read_it


def xs(trees):
    """Metres east of the origin, to the decimetre, of the trees set along a row."""
    return (trees[trees["is_from_row"]].geometry.x - X0).round(1).tolist()


def row_of(length, *, y=0, **tags):
    town = OsmTown()
    town.way(123, [(0, y), (length, y)], **ROW, **tags)
    return town


LENGTHS = {
    "half a step: one tree, at its middle": (4, [2.0]),
    "just below a step: one, at its middle": (7, [3.5]),
    "a step": (8.1, [4.0]),
    "just below the second stem": (11.9, [4.0]),
    "just above it": (12.1, [4.0, 12.0]),
    "five steps": (40, [4.0, 12.0, 20.0, 28.0, 36.0]),
}


@pytest.mark.parametrize(("length", "expected"), LENGTHS.values(), ids=LENGTHS.keys())
def test_the_first_stem_is_half_a_step_from_the_end(read_town, length, expected):
    trees = read_town(row_of(length))[0].trees
    assert xs(trees) == pytest.approx(expected, abs=0.1)
    assert trees.geometry.geom_type.eq("Point").all()


def test_each_tree_says_where_it_comes_from_and_what_is_told_of_its_row(read_town):
    town = row_of(18, genus="Platanus", height="12 m", diameter_crown="8,5")
    town.node(0, 50, natural="tree", species="Tilia cordata")
    trees = read_town(town)[0].trees.set_index("tree_id")
    ids = [f"osm/way/123#{rank}" for rank in (1, 2)]
    assert trees.index[trees["is_from_row"]].tolist() == ids
    told = trees.loc[ids, ["genus", "height_m", "crown_diameter_m", "source"]]
    assert told.to_numpy().tolist() == [["Platanus", 12.0, 8.5, "osm"]] * 2
    (single,) = trees[~trees["is_from_row"]].itertuples()
    assert (single.genus, single.is_from_row) == ("Tilia cordata", False)


def test_a_row_that_bends_is_measured_along_its_line(read_town):
    town = OsmTown()
    town.way(1, [(0, 0), (10, 0), (10, 8)], **ROW)  # 18 m: stems at 4 and 12 m, 2 m past the bend
    trees = read_town(town)[0].trees.geometry
    assert (trees.x - X0).round(1).tolist() == pytest.approx([4, 10], abs=0.1)
    assert (trees.y - Y0).round(1).tolist() == pytest.approx([0, 2], abs=0.1)


MAPPED = {  # half a step: 4 m from the stem at 12 m
    "just closer": (3.9, [4.0, 20.0, 28.0, 36.0], 1),
    "just further": (4.1, [4.0, 12.0, 20.0, 28.0, 36.0], 0),
    "on the row, closer to two": (0.0, [4.0, 20.0, 28.0, 36.0], 1),
}


@pytest.mark.parametrize(("y", "expected", "dropped"), MAPPED.values(), ids=MAPPED.keys())
def test_a_stem_by_a_mapped_tree_is_that_tree(read_town, y, expected, dropped):
    town = row_of(40)
    town.node(12, y, natural="tree")
    sources, told = read_town(town)
    assert xs(sources.trees) == pytest.approx(expected, abs=0.1)
    assert len(sources.trees) == len(expected) + 1
    assert ("1 arbre d'alignement déjà cartographié, laissé" in told) == (dropped == 1)


def test_the_rank_of_a_tree_does_not_depend_on_the_others(read_town):
    town = row_of(40)
    town.node(12, 0, natural="tree")
    trees = read_town(town)[0].trees
    ranks = trees.loc[trees["is_from_row"], "tree_id"].str.split("#").str[1]
    assert ranks.tolist() == ["1", "3", "4", "5"]


HAIRPINS = {"2 m apart, 2.8 m from stem to stem": (2, 3), "3 m apart, 4.2 m": (3, 6)}


@pytest.mark.parametrize(("gap", "count"), HAIRPINS.values(), ids=HAIRPINS.keys())
def test_a_row_that_comes_back_does_not_plant_twice(read_town, gap, count):
    """Out along 24 m, stems at x = 4, 12, 20; back, stems at these x + the gap."""
    town = OsmTown()
    town.way(1, [(0, 0), (24, 0), (24, gap), (0, gap)], **ROW)
    sources, told = read_town(town)
    assert len(sources.trees) == count
    assert ("3 arbres d'alignement déjà cartographiés, laissés" in told) == (count == 3)


def test_two_rows_side_by_side_keep_their_trees(read_town):
    town = row_of(40)
    town.way(124, [(0, 2), (40, 2)], **ROW)
    assert len(read_town(town)[0].trees) == 10


def test_a_row_that_is_no_line_of_trees_makes_none(read_town):
    town = OsmTown()
    town.way(1, [(0, 0), (40, 0)], natural="cliff")
    town.way(2, [(0, 9), (40, 9)], barrier="hedge")
    assert len(read_town(town)[0].trees) == 0


def test_a_row_is_no_road_and_no_fence(read_town):
    sources, _ = read_town(row_of(40))
    assert [len(table) for table in (sources.roads, sources.fences, sources.buildings)] == [0] * 3
    assert sources.masks.num_rows == 0


def test_a_row_along_a_wall_is_both(read_town):
    sources, _ = read_town(row_of(40, barrier="wall"))
    assert (len(sources.fences), len(sources.trees)) == (1, 5)


def ring_town():
    """A ring of 20 × 12 m: 64 m, hence 8 stems; planted around a lawn."""
    town = OsmTown()
    town.way(1, rectangle(0, 0, 20, 12), **ROW, landuse="grass")
    return town


def test_a_closed_row_goes_round_once_and_may_bound_a_lawn(read_town):
    sources, _ = read_town(ring_town())
    assert len(sources.trees) == 8
    assert sources.masks["mask_id"].to_pylist() == ["osm/way/1"]


def test_a_closed_row_is_the_same_whoever_exports_it(tmp_path):
    """Some drivers make an area of it, from another start and in the other direction."""
    commune(tmp_path / "a")
    deposit(tmp_path / "a", "osm/a.osm", ring_town().xml())
    turned = [(20, 0), (0, 0), (0, 12), (20, 12), (20, 0)]
    features = [(in_degrees(polygon(turned)), {"osm_way_id": "1", **ROW})]
    commune(tmp_path / "b")
    deposit(tmp_path / "b", "osm/b.geojson", geojson(*features, crs=None))
    mine, theirs = read(tmp_path / "a").trees, read(tmp_path / "b").trees
    assert mine["tree_id"].tolist() == theirs["tree_id"].tolist()
    assert mine.geometry.distance(theirs.geometry).max() < 0.02


def test_a_row_cut_at_the_edge_has_trees_on_its_known_stretches(tmp_path):
    town = OsmTown()
    town.way(1, [(0, 0), (18, 0), (30, 0), (40, 0), (46, 0)], **ROW)
    town.lose(30, 0)  # known: 0–18 m (stems at 4 and 12), 40–46 m (one, at its middle)
    commune(tmp_path)
    deposit(tmp_path, "osm/a.osm", town.xml())
    sources = read(tmp_path)
    assert xs(sources.trees) == pytest.approx([4.0, 12.0, 43.0], abs=0.1)
    assert "1 ligne coupée au bord de l'extrait" in remarks(sources, "osm/a.osm")


def test_an_export_adds_no_tree_to_the_row_that_raw_data_hold(tmp_path):
    town = row_of(40)
    commune(tmp_path)
    deposit(tmp_path, "osm/a.osm", town.xml())
    deposit(tmp_path, "osm/b.geojson", town.export())
    assert len(read(tmp_path).trees) == 5


def test_a_row_of_no_length_makes_no_tree(tmp_path):
    town = OsmTown()
    number = town.node(0, 0)
    town.ways.append((1, [number, number], ROW))
    town.way(2, [(0, 20), (8.1, 20)], **ROW)
    commune(tmp_path)
    deposit(tmp_path, "osm/a.osm", town.xml())
    assert read(tmp_path).trees["tree_id"].tolist() == ["osm/way/2#1"]


EXTRACTS = {
    "Redon": ("redon_35236", "redon.osm", "35236", 5),
    "Le Mans": ("le_mans_72181", "lemans_map.osm.gz", "72181", 18),
}


def planted(path):
    """Rows and stems of an extract, from its XML: lengths on the ellipsoid, stretches by node."""
    content = path.read_bytes()
    root = ET.fromstring(gzip.decompress(content) if path.suffix == ".gz" else content)  # noqa: S314
    nodes = {n.get("id"): (float(n.get("lon")), float(n.get("lat"))) for n in root.iter("node")}
    geod, stems = Geod(ellps="GRS80"), {}

    def is_known(nd):
        return nd.get("ref") in nodes

    for way in root.iter("way"):
        if any(t.get("k") == "natural" and t.get("v") == "tree_row" for t in way.iter("tag")):
            runs = [list(run) for known, run in groupby(way.iter("nd"), is_known) if known]
            places = [[nodes[nd.get("ref")] for nd in run] for run in runs if len(run) > 1]
            lengths = [geod.line_length(*zip(*run, strict=True)) for run in places]
            stems[way.get("id")] = sum(1 if m < 8 else math.ceil((m - 4) / 8) for m in lengths)
    return stems


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("folder", "name", "insee_code", "count"), EXTRACTS.values(), ids=EXTRACTS.keys()
)
def test_every_row_of_a_real_extract_is_planted(shared_data, folder, name, insee_code, count):
    stems = planted(shared_data / folder / "osm" / name)
    assert len(stems) == count
    sources = read(shared_data / folder, insee_code)
    rows = sources.trees[sources.trees["is_from_row"]]
    told = " ; ".join(sources.records["remarks"].dropna())
    dropped = sum(int(n) for n in re.findall(r"(\d+) arbres? d'alignement déjà", told))
    assert len(rows) + dropped == sum(stems.values())
    assert set(rows["tree_id"].str.extract(r"way/(\d+)#")[0]) <= set(stems)
