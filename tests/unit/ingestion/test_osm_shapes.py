"""Shapes drawn in one pass, and the text of the objects that have one of the keys."""

import numpy as np
import pytest
import shapely

from pipeline.ingestion.osm_assembler import assemble
from pipeline.ingestion.osm_shapes import draw
from pipeline.ingestion.osm_tagged import read_tagged
from tests.unit.ingestion.deposits import OsmTown, deposit, rectangle
from tests.unit.ingestion.regions import as_region

GROUND = frozenset({("landuse", "grass")})


@pytest.fixture
def path(tmp_path):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 60, 40))
    town.way(2, rectangle(10, 10, 20, 20))
    town.relation(1, [(1, "outer"), (2, "inner")], type="multipolygon", amenity="parking")
    town.way(3, rectangle(100, 0, 120, 20), building="no")
    town.way(4, rectangle(200, 0, 220, 20), landuse="grass")
    town.way(5, rectangle(300, 0, 320, 20), natural="water")
    town.way(6, [(400, 0), (460, 40), (460, 0), (400, 40), (400, 0)], amenity="parking")
    town.way(10, [(0, -10), (30, -10), (60, -10), (90, -10)], highway="residential")
    town.lose(60, -10)
    town.way(11, [(0, -20), (60, -20)], highway="footway")
    town.way(12, [(0, -30), (60, -30)], route="ferry")
    town.node(0, 60, natural="tree")
    town.node(10, 60, shop="bakery")
    return deposit(tmp_path, "ville.osm.pbf", as_region(town.xml()))


def test_only_what_may_be_an_area_or_a_line_is_drawn(path, tmp_path):
    shapes = draw(path, GROUND, frozenset(), tmp_path / "texte.opl")
    # Filters look at keys: a building that is none is drawn, and left out by its tags. Water is
    # not looked for, and a ring that crosses itself encloses nothing.
    assert set(shapes.areas) == {"relation/1", "way/3", "way/4"}
    assert set(shapes.lines) == shapes.cut == {"way/10"}
    (line,) = shapely.from_wkb(list(shapes.lines.values()))
    assert line.geom_type == "LineString"
    assert len(line.coords) == 2


def test_lines_are_drawn_when_they_are_asked_for(path, tmp_path):
    shapes = draw(path, GROUND, frozenset({("highway", "footway")}), tmp_path / "texte.opl")
    assert set(shapes.lines) == {"way/10", "way/11"}


def test_the_text_holds_every_object_with_one_of_the_keys(path, tmp_path):
    draw(path, GROUND, frozenset(), tmp_path / "texte.opl")
    keys = [
        key
        for tagged in read_tagged(tmp_path / "texte.opl")
        for key in tagged.keys(np.ones(len(tagged.numbers), dtype=bool))
    ]
    ways = {"way/3", "way/4", "way/5", "way/6", "way/10", "way/11"}
    assert {*keys} - {key for key in keys if key.startswith("node/")} == {"relation/1", *ways}
    assert len(keys) == len(ways) + 2  # and one tree


def test_an_area_has_the_tags_of_its_relation_its_type_with_them(path):
    found = assemble(path, GROUND).areas
    assert dict(zip(found.keys, found.tags, strict=True))["relation/1"] == {
        "type": "multipolygon",
        "amenity": "parking",
    }
