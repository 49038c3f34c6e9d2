"""Objects in columns: what osmium writes as text comes back as it was."""

import numpy as np
import osmium
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm import mutable

from pipeline.ingestion.osm_tagged import TEXT, members_of, read_tagged

# Any character but the one that ends a text, and those of the last plane, of private use, where no
# script lies: osmium drops a zero of their numbers.
LETTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"], max_codepoint=0xF_FFFF)
WORDS = st.text(LETTERS, max_size=12)


def written(folder, *things):
    """Let osmium write objects as text; return the file."""
    text = folder / "objets.opl"
    with osmium.SimpleWriter(osmium.io.File(str(text), TEXT), overwrite=True) as writer:
        for thing in things:
            writer.add(thing)
    return text


def everything(tagged):
    return np.ones(len(tagged.numbers), dtype=bool)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(WORDS, WORDS, max_size=4), max_size=4))
def test_tags_come_back_whatever_their_characters(tmp_path_factory, combinations):
    ways = [
        mutable.Way(id=number, nodes=[1, 2], tags=tags)
        for number, tags in enumerate(combinations, start=1)
    ]
    _, found, _ = read_tagged(written(tmp_path_factory.mktemp("texte"), *ways))
    assert found.tags(everything(found)) == combinations


def test_each_type_has_its_columns(tmp_path):
    text = written(
        tmp_path,
        mutable.Node(id=-3, tags={"natural": "tree"}, location=(2.1234567, -50.7)),
        mutable.Node(id=4, timestamp="2024-02-29T23:59:59Z", location=(-2.0, 48.0)),
        mutable.Way(id=5_000_000_000, nodes=[4, 5], tags={"highway": "road"}),
        mutable.Relation(
            id=6, members=[("w", 5, "outer,@ %"), ("n", 4, ""), ("r", 7, "x")], tags={"a": "b"}
        ),
    )
    nodes, ways, relations = read_tagged(text)
    east, north = nodes.places
    assert east.tolist() == [2.1234567, -2.0]
    assert north.tolist() == [-50.7, 48.0]
    assert nodes.edits.tolist() == [0, 1_709_251_199]
    assert nodes.days(np.array([False, True])) == ["2024-02-29"]
    assert nodes.keys(everything(nodes)) == ["node/-3", "node/4"]
    assert ways.keys(everything(ways)) == ["way/5000000000"]
    assert relations.keys(everything(relations)) == ["relation/6"]
    assert members_of(relations.members[0].as_py()) == [("w", 5), ("n", 4), ("r", 7)]


def test_a_node_without_a_place_and_a_relation_without_a_member_are_read(tmp_path):
    nodes, _, relations = read_tagged(
        written(tmp_path, mutable.Node(id=1), mutable.Relation(id=1, tags={"type": "boundary"}))
    )
    assert np.isnan(nodes.places).all()
    assert members_of(relations.members[0].as_py()) == []


def test_a_question_is_asked_once_for_the_tags_that_many_share(tmp_path):
    said = ["yes", "no", "yes", "yes"]
    ways = [mutable.Way(id=row, tags={"building": word}) for row, word in enumerate(said, start=1)]
    _, found, _ = read_tagged(written(tmp_path, *ways))
    asked = []

    def is_built(tags):
        asked.append(tags)
        return tags["building"] == "yes"

    assert found.tell(is_built).tolist() == [True, False, True, True]
    assert asked == [{"building": "yes"}, {"building": "no"}]


def test_what_comes_by_several_blocks_is_one_table(tmp_path):
    text, count = tmp_path / "objets.opl", 100_000
    line = "n{} dV t2024-05-01T00:00:00Z Tnatural={} x2.5 y50.5\n"
    text.write_text(
        "".join(line.format(row, "tree" if row % 2 else "scrub") for row in range(count)),
        encoding="ascii",
    )
    assert text.stat().st_size > 1 << 22  # more than is read at a time
    nodes, _, _ = read_tagged(text)
    assert nodes.numbers.tolist() == list(range(count))
    trees = nodes.tell(lambda tags: tags["natural"] == "tree")
    assert nodes.numbers[trees].tolist() == list(range(1, count, 2))
    assert len(nodes.combinations) == 2


def test_a_file_without_any_object_gives_empty_tables(tmp_path):
    for found in read_tagged(written(tmp_path)):
        assert found.tags(found.tell(bool)) == []
        assert found.days(everything(found)) == []
