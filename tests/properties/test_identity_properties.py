"""Identity of parks: what holds whatever is drawn, moved, cut, joined or renumbered."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate

from pipeline.inventory.identity import keep_identity
from tests.tables import L93, box
from tests.unit.inventory.parks import CHOICES, FIRST, NOBODY, SECOND, bare_parks, published

CELL = 100
# One park a cell, whole metres, 10 m at least from the next one: what a day shows.
places = st.tuples(st.integers(0, 2), st.integers(0, 2))
outlines = st.tuples(
    st.integers(0, 30), st.integers(0, 30), st.integers(10, 60), st.integers(10, 60)
)
sources = st.integers(0, 12)
cut = st.sampled_from(["whole", "halves", "apart"])
days = st.dictionaries(places, st.tuples(outlines, sources, cut), max_size=9)


def drawn(day):
    """Return the lots of a day; two cells may show parts of the same source object."""
    rows = []
    for (column, row), ((dx, dy, width, depth), source, how) in sorted(day.items()):
        x, y = CELL * column + dx, CELL * row + dy
        middle = x + (width * 2) // 3
        parts = [(x, x + width)] if how == "whole" else [(x, middle), (middle, x + width)]
        for number, (west, east) in enumerate(parts):
            name = f"osm/w{source}" if how != "apart" else f"osm/w{source}.{number}"
            rows.append((f"{source}.{column}{row}.{number}", name, box(west, y, east, y + depth)))
    return bare_parks(*rows)


def run(days_seen):
    """Return what each run of a sequence of days gives."""
    previous, seen = NOBODY, []
    for number, day in enumerate(days_seen):
        found = keep_identity(drawn(day), previous, FIRST + timedelta(days=30 * number), CHOICES)
        previous = published(found)
        seen.append(found)
    return seen


sequences = st.lists(days, min_size=1, max_size=3)


@settings(deadline=None, max_examples=20)
@given(sequences)
def test_identifiers_are_unique_and_every_one_is_in_the_register(days_seen):
    for found in run(days_seen):
        assert found.lots["lot_id"].is_unique
        present = found.known[found.known["state"] == "present"]
        assert set(present["lot_id"]) == set(found.lots["lot_id"])


@settings(deadline=None, max_examples=20)
@given(sequences)
def test_running_again_changes_nothing(days_seen):
    last = run(days_seen)[-1]
    again = keep_identity(drawn(days_seen[-1]), published(last), date(2030, 1, 1), CHOICES)
    pd.testing.assert_frame_equal(again.lots, last.lots)
    pd.testing.assert_frame_equal(again.lineage, last.lineage)
    pd.testing.assert_frame_equal(again.known, last.known)


@settings(deadline=None, max_examples=20)
@given(days, days, st.randoms())
def test_the_order_of_the_rows_does_not_matter(before, after, chance):
    last, lots = published(run([before])[-1]), drawn(after)
    order = list(range(len(lots)))
    chance.shuffle(order)
    shuffled = replace(last, known=last.known.iloc[::-1])
    straight = keep_identity(lots, last, SECOND, CHOICES)
    mixed = keep_identity(lots.iloc[order], shuffled, SECOND, CHOICES)
    assert mixed.names == straight.names
    pd.testing.assert_frame_equal(mixed.lineage, straight.lineage)
    pd.testing.assert_frame_equal(mixed.known, straight.known)


@settings(deadline=None, max_examples=20)
@given(sequences, st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1]))
def test_a_metre_s_shift_keeps_every_identifier(days_seen, dx, dy):
    last, lots = run(days_seen)[-1], drawn(days_seen[-1])
    shifted = lots.set_geometry([translate(shape, dx, dy) for shape in lots.geometry], crs=L93)
    found = keep_identity(shifted, published(last), date(2030, 1, 1), CHOICES)
    assert found.lots["lot_id"].tolist() == last.lots["lot_id"].tolist()
    assert len(found.lineage) == len(last.lineage)


@settings(deadline=None, max_examples=40)
@given(sequences)
def test_an_identifier_never_comes_back_to_another_park(days_seen):
    """Whoever has an identifier has ground in common with whoever had it last."""
    outlines_seen = {}
    for found in run(days_seen):
        for name, shape in zip(found.lots["lot_id"], found.lots.geometry, strict=True):
            was = outlines_seen.get(name, shape)
            common = shapely.area(shapely.intersection(was, shape)) / min(was.area, shape.area)
            assert common >= CHOICES.same_source_share.value - 1e-9
            outlines_seen[name] = shape


@settings(deadline=None, max_examples=20)
@given(sequences)
def test_every_identifier_that_comes_or_goes_has_its_row(days_seen):
    seen = run(days_seen)
    for earlier, later in pairwise(seen):
        if earlier.known.empty:
            continue
        told = later.lineage.iloc[len(earlier.lineage) :]
        assert later.lineage.iloc[: len(earlier.lineage)].equals(earlier.lineage)
        before, after = set(earlier.lots["lot_id"]), set(later.lots["lot_id"])
        came = told[told["event"].isin(["creation", "scission", "reapparition"])]
        went = told[told["event"].isin(["disparition", "fusion"])]
        assert (sorted(came["lot_id"]), sorted(went["lot_id"])) == (
            sorted(after - before),
            sorted(before - after),
        )
