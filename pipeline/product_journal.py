"""What a product says of itself: what it is made from, what changed since the published one."""

from dataclasses import replace
from datetime import date

import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.contracts import conform
from pipeline.export.product import Product
from pipeline.export.published_parks import parks_as_published
from pipeline.fingerprints import Making
from pipeline.inventory.differences import differences
from pipeline.inventory.journal import append
from pipeline.inventory.states import State, fingerprints_of, replayed_of, sources_of
from pipeline.schemas import UNTIL, Fingerprint

# What is read beside car parks and changes on dates of its own.
DATED_LAND = frozenset({"exemptions_sols"})


def with_fingerprints(product: Product, making: Making, corrections: str) -> Product:
    """
    Return the product with the digests of what it is made from, beside its sources.

    The day until which its car parks are good (`UNTIL`) stays, unless places are exempted: the
    dates of these are their own, and not known here.
    """
    kept = product.inventory.fingerprints
    folders = product.records.loc[product.records["state"] != "absente", "folder"]
    if folders.isin(DATED_LAND).any():
        kept = kept[kept["name"] != UNTIL]
    told = {
        "regles": making.rules,
        "hypotheses": making.assumptions,
        "code": making.code,
        "corrections": corrections,
    }
    rows = pd.DataFrame({"name": list(told), "value": list(told.values())})
    prints = pd.concat([kept, conform(Fingerprint, rows)])
    tables = replace(product.inventory, fingerprints=prints.reset_index(drop=True))
    return replace(product, inventory=tables)


def with_journal(
    product: Product,
    before: State | None,
    carried: pd.DataFrame,
    *,
    seen_on: date,
    assumptions: Assumptions,
) -> Product:
    """
    Return the product with its journal; its other tables are settled.

    Parameters
    ----------
    product
        With its corrections, its fingerprints and its sources: they tell why something changed.
    before
        The published product (`read_product`); None before the first, which changes nothing.
    carried
        The journal of the published product: `JournalEntry`, or its layer.
    seen_on
        The day of the run (`--on`).
    """
    if before is None:
        return product
    rows = differences(
        before, state_of(product), seen_on=seen_on, book=product.rules, assumptions=assumptions
    )
    tables = replace(product.inventory, journal=append(carried, rows))
    return replace(product, inventory=tables)


def state_of(product: Product) -> State:
    """Return the state that a product will hold once published."""
    return State(
        insee_code=product.insee_code,
        name=product.commune_name,
        version=product.version,
        rules_as_of=product.as_of,
        parks=parks_as_published(product),
        fingerprints=fingerprints_of(product.inventory.fingerprints),
        sources=sources_of(product.records),
        replayed=replayed_of(product.inventory.replayed),
    )
