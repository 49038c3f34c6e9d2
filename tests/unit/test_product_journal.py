"""The journal of a product before it is published: compared as it will be read back."""

from dataclasses import replace
from datetime import date

import pytest

from pipeline.export.publish import publish
from pipeline.export.published_parks import parks_as_published
from pipeline.inventory.park_values import parks_by_id
from pipeline.inventory.previous import read_previous
from pipeline.inventory.states import read_product
from pipeline.product_journal import state_of, with_journal
from tests.tables import ASSUMPTIONS
from tests.unit.export.hand_made import GRAND, PETIT, make_product
from tests.unit.export.hand_made_ground import CRS
from tests.unit.export.hand_made_inventory import GONE

DAY = date(2026, 12, 1)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish(make_product(), tmp_path_factory.mktemp("exports"))


def journalled(product, path):
    """Return the product of a run on DAY, after the one that was published."""
    before = read_product(path) if path.exists() else None
    carried = read_previous(path, CRS).journal
    return with_journal(product, before, carried, seen_on=DAY, assumptions=ASSUMPTIONS)


def test_parks_are_the_same_before_they_are_published_and_read_back(published):
    product = make_product()
    kept = read_product(published)
    assert parks_by_id(parks_as_published(product)) == parks_by_id(kept.parks)
    told = state_of(product)
    for name in ("insee_code", "name", "version", "rules_as_of", "fingerprints", "sources"):
        assert getattr(told, name) == getattr(kept, name), name
    assert told.replayed.to_dict("records") == kept.replayed.to_dict("records")


def test_the_first_product_changes_nothing(tmp_path):
    product = make_product()
    first = journalled(product, tmp_path / "none.gpkg")
    assert first is product


def test_running_twice_gives_the_same_bytes(published, tmp_path):
    before = published.read_bytes()
    again = journalled(make_product(), published)
    assert again.inventory.journal["lot_id"].tolist() == [GONE, PETIT]
    assert publish(again, tmp_path).read_bytes() == before


def test_a_change_is_added_once_with_its_day_and_carried_on(published):
    product = make_product()
    is_grand = product.verdicts["lot_id"] == GRAND
    due = product.verdicts["due_date"].mask(is_grand, "2027-12-31")
    before = state_of(replace(product, verdicts=product.verdicts.assign(due_date=due)))
    carried = read_previous(published, CRS).journal
    second = with_journal(product, before, carried, seen_on=DAY, assumptions=ASSUMPTIONS)
    added = second.inventory.journal.iloc[2:]
    assert added[["seen_on", "lot_id", "kind", "before"]].to_numpy().tolist() == [
        ["2026-12-01", GRAND, "echeance", "31/12/2027"]
    ]
    third = with_journal(
        product, state_of(product), second.inventory.journal, seen_on=DAY, assumptions=ASSUMPTIONS
    )
    assert third.inventory.journal.equals(second.inventory.journal)
