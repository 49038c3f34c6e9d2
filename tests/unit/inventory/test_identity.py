"""What becomes of the identifier of a park, event by event."""

from dataclasses import replace

import pandas as pd
import pyogrio
import pytest
from pydantic import ValidationError

from pipeline.inventory.identity import keep_identity, rename_lots
from pipeline.inventory.previous import read_previous
from pipeline.inventory_choices import IdentityAssumptions
from tests.tables import L93, box
from tests.unit.inventory.parks import (
    CHOICES,
    NOBODY,
    SECOND,
    events,
    history,
    ids,
    parks,
    published,
)

HERE = box(0, 0, 100, 20)
WEST, EAST = box(0, 0, 60, 20), box(60, 0, 100, 20)
FAR = box(500, 0, 600, 20)


def test_without_a_last_product_lots_keep_their_minted_identifier_and_nothing_is_told():
    found = keep_identity(parks(("a", "osm/w1", HERE)), NOBODY, SECOND, CHOICES)
    assert ids(found) == ["a"]
    assert found.lineage.empty
    assert found.known[["lot_id", "state", "source_ids"]].to_numpy().tolist() == [
        ["30000-a", "present", "osm/w1"]
    ]


def test_a_park_under_another_source_id_keeps_its_identifier_and_says_what_it_was():
    found = history([("a", "osm/w1;bdtopo/7", HERE)], [("b", "bdtopo/7;osm/r9", HERE)])
    assert ids(found) == ["a"]
    assert events(found) == [("a", "renumerotation", None, 1.0)]
    assert found.lineage[["source_ids", "seen_on"]].to_numpy().tolist() == [
        ["osm/w1", "2026-12-01"]
    ]


@pytest.mark.parametrize(
    "sources",
    [
        pytest.param("osm/w1", id="one source less"),
        pytest.param("bdtopo/7;osm/w1;pot_sol/3", id="one source more"),
    ],
)
def test_a_source_more_or_less_is_no_event(sources):
    found = history([("a", "osm/w1;bdtopo/7", HERE)], [("b", sources, HERE)])
    assert ids(found) == ["a"]
    assert events(found) == []


def test_the_largest_part_of_a_split_keeps_the_identifier_even_under_a_new_source_id():
    found = history([("a", "osm/w1", HERE)], [("b", "osm/w1", EAST), ("c", "osm/w2", WEST)])
    assert ids(found) == ["b", "a"]
    assert events(found) == [
        ("a", "renumerotation", None, 1.0),
        ("b", "scission", "a", 1.0),
    ]


def test_a_park_cut_in_three_gives_its_identifier_once():
    thirds = [box(0, 0, 30, 20), box(30, 0, 70, 20), box(70, 0, 100, 20)]
    found = history(
        [("a", "osm/w1", HERE)],
        [(name, "osm/w1", part) for name, part in zip("bcd", thirds, strict=True)],
    )
    assert ids(found) == ["b", "a", "d"]
    assert events(found) == [("b", "scission", "a", 1.0), ("d", "scission", "a", 1.0)]


def test_the_largest_park_of_a_merge_gives_its_identifier_the_other_names_it():
    found = history([("a", "osm/w1", EAST), ("b", "osm/w2", WEST)], [("c", "osm/w3", HERE)])
    assert ids(found) == ["b"]
    assert events(found) == [
        ("a", "fusion", "b", 1.0),
        ("b", "renumerotation", None, 1.0),
    ]
    assert found.lineage["source_ids"].tolist() == ["osm/w1", "osm/w2"]
    states = found.known.set_index("lot_id")["state"].to_dict()
    assert states == {"30000-a": "fusionne", "30000-b": "present"}


def test_parks_merged_then_parted_again_find_their_two_identifiers():
    apart = [("a", "osm/w1", EAST), ("b", "osm/w2", WEST)]
    found = history(apart, [("c", "osm/w3", HERE)], apart)
    assert ids(found) == ["a", "b"]
    assert events(found)[2:] == [
        ("a", "reapparition", "b", 1.0),
        ("b", "renumerotation", None, 1.0),
    ]


def test_a_park_that_is_gone_is_told_with_its_last_sources_and_its_outline_is_kept():
    found = history([("a", "osm/w1", HERE), ("b", "osm/w2", FAR)], [("b", "osm/w2", FAR)])
    assert events(found) == [("a", "disparition", None, None)]
    assert found.lineage["source_ids"].tolist() == ["osm/w1"]
    gone = found.known.set_index("lot_id").loc["30000-a"]
    assert (gone["state"], gone["geometry"]) == ("disparu", HERE)


def test_a_park_that_is_gone_stays_known_and_is_told_once():
    left = [("b", "osm/w2", FAR)]
    found = history([("a", "osm/w1", HERE), *left], left, left)
    assert events(found) == [("a", "disparition", None, None)]
    assert found.known["state"].tolist() == ["disparu", "present"]


def test_a_park_that_comes_back_under_another_source_id_has_its_identifier_again():
    found = history(
        [("a", "osm/w1", HERE), ("b", "osm/w2", FAR)],
        [("b", "osm/w2", FAR)],
        [("c", "osm/w3", HERE), ("b", "osm/w2", FAR)],
    )
    assert ids(found) == ["a", "b"]
    assert events(found) == [
        ("a", "disparition", None, None),
        ("a", "reapparition", None, 1.0),
    ]
    assert found.lineage["source_ids"].tolist() == ["osm/w1", "osm/w3"]
    assert found.known["state"].tolist() == ["present", "present"]


def test_a_source_object_used_again_elsewhere_makes_another_park_under_a_new_identifier():
    found = history([("a", "osm/w1", HERE)], [("a", "osm/w1", FAR)])
    (fresh,) = ids(found)
    assert fresh != "a"
    assert sorted(event[:2] for event in events(found)) == sorted(
        [("a", "disparition"), (fresh, "creation")]
    )


def test_an_identifier_is_never_given_again_even_years_after_its_park_is_gone():
    keeper = ("k", "osm/w9", box(0, 900, 10, 910))
    found = history([("a", "osm/w1", HERE), keeper], [keeper], [("a", "osm/w1", FAR), keeper])
    assert "a" not in ids(found)


@pytest.mark.parametrize("table", ["parks", "replayed", "conflicts", "journal"])
def test_an_identifier_that_any_table_names_is_not_minted_for_another_park(table):
    last = published(history([("k", "osm/w9", FAR)]))
    added = pd.concat([getattr(last, table), pd.DataFrame({"parc_id": ["30000-a"]})])
    last = replace(last, **{table: added})
    found = keep_identity(parks(("a", "osm/w1", HERE), ("k", "osm/w9", FAR)), last, SECOND, CHOICES)
    assert ids(found)[0] not in {"a", "k"}
    assert [event[1] for event in events(found)] == ["creation"]


def test_a_park_that_an_agent_redrew_is_compared_by_its_detected_outline():
    last = published(history([("a", "osm/w1", HERE)]))
    last = replace(last, parks=last.parks.set_geometry([FAR], crs=L93))
    found = keep_identity(parks(("b", "osm/w2", HERE)), last, SECOND, CHOICES)
    assert ids(found) == ["a"]


def test_a_product_older_than_the_register_gives_the_identifiers_of_its_parks():
    last = published(history([("a", "osm/w1", HERE)]))
    last = replace(last, known=None)
    assert ids(keep_identity(parks(("b", "osm/w1", WEST)), last, SECOND, CHOICES)) == ["a"]


def test_a_deck_drawn_over_a_park_is_not_cut_from_it_nor_merged_into_it():
    deck = box(0, 0, 50, 20)
    ground = ("a", "osm/w1", HERE)
    built = history([ground], [ground, ("d", "osm/w2", deck)])
    assert ids(built) == ["a", "d"]
    assert events(built) == [("d", "creation", None, None)]
    torn = history([ground, ("d", "osm/w2", deck)], [ground])
    assert events(torn) == [("d", "disparition", None, None)]


def test_parks_one_above_the_other_do_not_exchange_their_identifiers():
    found = history(
        [("a", "osm/w1", HERE), ("b", "osm/w2", HERE)],
        [("y", "osm/w2", HERE), ("z", "osm/w1", HERE)],
    )
    assert ids(found) == ["b", "a"]
    assert events(found) == []


@pytest.mark.parametrize(
    ("shift", "kept"),
    [
        pytest.param(50, True, id="half of it in common: the same park"),
        pytest.param(51, False, id="less than half: another park"),
    ],
)
def test_without_a_common_source_half_of_the_smaller_outline_makes_the_same_park(shift, kept):
    found = history([("a", "osm/w1", HERE)], [("b", "osm/w2", box(shift, 0, shift + 100, 20))])
    assert ids(found) == (["a"] if kept else ["b"])


@pytest.mark.parametrize(
    ("shift", "kept"),
    [
        pytest.param(80, True, id="a fifth of it in common: the same park"),
        pytest.param(81, False, id="less than a fifth: another park"),
    ],
)
def test_with_a_common_source_a_fifth_makes_the_same_park(shift, kept):
    found = history([("a", "osm/w1", HERE)], [("b", "osm/w1", box(shift, 0, shift + 100, 20))])
    assert ids(found) == (["a"] if kept else ["b"])


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        pytest.param(10, [("a", "renumerotation", None, 1.0)], id="a tenth is left: the same park"),
        pytest.param(
            9, [("a", "disparition", None, None), ("b", "scission", "a", 1.0)],
            id="less than a tenth is left: another park, cut from it",
        ),
    ],
)  # fmt: skip
def test_a_remnant_under_another_source_is_the_park_down_to_a_tenth_of_it(length, expected):
    left = box(0, 0, length, 20)
    assert events(history([("a", "osm/w1", HERE)], [("b", "osm/w2", left)])) == expected


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        pytest.param(10, [("a", "renumerotation", None, 1.0)], id="ten times as large: the park"),
        pytest.param(
            9, [("a", "fusion", "b", 1.0), ("b", "creation", None, None)],
            id="more than ten times: a new park that took it in",
        ),
    ],
)  # fmt: skip
def test_a_park_grown_under_another_source_is_the_park_up_to_ten_times(length, expected):
    small = box(0, 0, length, 20)
    assert events(history([("a", "osm/w1", small)], [("b", "osm/w2", HERE)])) == expected


def test_the_same_object_drawn_smaller_keeps_its_identifier_whatever_is_left():
    found = history([("a", "osm/w1", HERE)], [("b", "osm/w1", box(0, 0, 5, 20))])
    assert ids(found) == ["a"]
    assert events(found) == []


def test_a_common_source_may_not_ask_for_more_ground_than_none():
    choices = CHOICES.model_dump()
    choices["same_source_share"]["value"], choices["overlap_share"]["value"] = 0.4, 0.3
    with pytest.raises(ValidationError, match="same_source_share ne peut dépasser overlap_share"):
        IdentityAssumptions.model_validate(choices)


def test_outcomes_follow_the_identifier_that_the_park_keeps():
    found = history([("a", "osm/w1", HERE)], [("b", "osm/w1", HERE), ("c", "osm/w2", FAR)])
    outcomes = pd.DataFrame(
        {
            "candidate_id": ["osm/w1", "osm/w2", "osm/w3", "osm/w4"],
            "lot_id": ["30000-b", "30000-c", None, "30001-d"],
            "reason": "contour retenu",
        }
    ).astype({"lot_id": "str"})
    renamed = rename_lots(outcomes, found.names)["lot_id"]
    assert renamed.isna().tolist() == [False, False, True, False]
    assert renamed.dropna().tolist() == ["30000-a", "30000-c", "30001-d"]
    assert renamed.dtype == outcomes["lot_id"].dtype


def test_identities_survive_the_file_of_the_product(tmp_path):
    day = [("a", "osm/w1", HERE), ("b", "osm/w2", FAR)]
    found = history(day, [("b", "osm/w2", FAR)])
    last, path = published(found), tmp_path / "30000.gpkg"
    here = {"30000-b"}
    layers = {"parcs": last.parks, "parcs_connus": last.known, "parcs_filiation": last.lineage}
    for name, table in layers.items():
        is_here = table["parc_id"].isin(here)
        written = table.assign(
            ancien_parc_id=table["parc_id"].mask(is_here), parc_id=table["parc_id"].where(is_here)
        )
        pyogrio.write_dataframe(written, path, layer=name, append=path.exists())
    again = keep_identity(parks(*day), read_previous(path, L93), SECOND, CHOICES)
    assert ids(again) == ["a", "b"]
    assert again.lineage.iloc[:1].equals(found.lineage)
    assert [event[:2] for event in events(again)] == [("a", "disparition"), ("a", "reapparition")]
