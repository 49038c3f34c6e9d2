"""The journal carried from product to product: nothing lost, nothing twice, one order."""

from datetime import date

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.export.publish import publish
from pipeline.inventory.journal import FRENCH, Entry, append, journal_table
from pipeline.inventory.previous import read_previous
from tests.unit.export.hand_made import PETIT, make_product
from tests.unit.export.hand_made_ground import CRS
from tests.unit.export.hand_made_inventory import GONE


def entry(seen_on="2026-12-01", lot_id="a", kind="statut", detail="d"):
    return Entry(seen_on, lot_id, None, kind, None, None, "donnees", detail)


def french(table):
    return table.rename(columns={english: name for name, english in FRENCH.items()})


def test_new_rows_come_after_those_carried():
    carried = journal_table([entry("2026-11-01", "z"), entry("2026-11-01", "b")])
    found = append(french(carried), journal_table([entry("2026-12-01", "a")]))
    assert list(zip(found["seen_on"], found["lot_id"], strict=True)) == [
        ("2026-11-01", "b"), ("2026-11-01", "z"), ("2026-12-01", "a"),
    ]  # fmt: skip


def test_before_the_first_change_there_is_an_empty_table():
    found = append(pd.DataFrame(), journal_table([]))
    assert found.empty
    assert list(found.columns) == list(FRENCH.values())


def test_days_read_from_a_product_are_texts_again():
    carried = french(journal_table([entry("2026-11-01")]))
    dates = carried.assign(vu_le=pd.to_datetime(carried["vu_le"]))
    objects = carried.assign(vu_le=[date(2026, 11, 1)])
    for table in (carried, dates, objects):
        assert append(table, journal_table([]))["seen_on"].tolist() == ["2026-11-01"]


def test_the_journal_of_a_published_product_is_carried_whole(tmp_path):
    product = make_product()
    previous = read_previous(publish(product, tmp_path), CRS)
    found = append(previous.journal, journal_table([]))
    assert found["lot_id"].tolist() == [GONE, PETIT]
    assert found["causes"].tolist() == ["donnees;code", "donnees"]


entries = st.lists(
    st.builds(
        entry,
        st.sampled_from(["2026-10-01", "2026-11-01", "2026-12-01"]),
        st.sampled_from(["a", "b", None]),
        st.sampled_from(["statut", "seuil"]),
        st.sampled_from(["x", "y"]),
    ),
    max_size=6,
)


@settings(deadline=None, max_examples=15)
@given(old=entries, new=entries)
def test_appending_twice_is_appending_once_in_any_order(old, new):
    carried, rows = journal_table(old), journal_table(new)
    once = append(carried, rows)
    pd.testing.assert_frame_equal(append(once, rows), once)
    pd.testing.assert_frame_equal(append(rows, carried), once)
    assert set(once.fillna("").itertuples(index=False, name=None)) == {
        tuple("" if value is None else value for value in vars(item).values())
        for item in (*old, *new)
    }
    assert not once.duplicated().any()
