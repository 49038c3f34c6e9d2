"""The journal of a commune: what each run changed, carried from product to product."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from pipeline.contracts import check_table, conform
from pipeline.schemas import JournalEntry

# French column of the layer `journal` → column of `JournalEntry`.
FRENCH = {
    "vu_le": "seen_on",
    "parc_id": "lot_id",
    "nom": "name",
    "nature": "kind",
    "avant": "before",
    "apres": "after",
    "causes": "causes",
    "detail": "detail",
}
_ISO_DAY = len("2026-12-01")
_ORDER = ["seen_on", "lot_id", "kind", "detail", "before", "after", "causes", "name"]


@dataclass(frozen=True)
class Entry:
    """One row of `JournalEntry`."""

    seen_on: str
    lot_id: str | None
    name: str | None
    kind: str
    before: str | None
    after: str | None
    causes: str
    detail: str


def journal_table(entries: Iterable[Entry]) -> pd.DataFrame:
    """Return entries as a sorted `JournalEntry` table, each once."""
    columns = list(Entry.__dataclass_fields__)
    rows = pd.DataFrame([asdict(entry) for entry in entries], columns=columns, dtype=object)
    return _tidy(rows)


def append(journal: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """
    Return the journal carried over with the new rows.

    Parameters
    ----------
    journal
        `JournalEntry`, or the layer `journal` as a product holds it (French columns); empty before
        the first change.
    rows
        `JournalEntry` of this run.

    Returns
    -------
    journal
        `JournalEntry` by day, park and kind. Nothing carried over is lost, no row is there twice,
        and the order of the inputs does not matter: a run started again gives the same table.
    """
    parts = [part for part in (_carried(journal), rows) if len(part)]
    if not parts:
        return journal_table([])
    return _tidy(pd.concat([part.astype(object) for part in parts], ignore_index=True))


def _carried(journal: pd.DataFrame) -> pd.DataFrame:
    """Return the journal of a product under the names of its schema, days as ISO texts."""
    table = journal.rename(columns=FRENCH).reindex(columns=list(FRENCH.values())).astype(object)
    return table.assign(seen_on=[str(seen)[:_ISO_DAY] for seen in table["seen_on"]])


def _tidy(rows: pd.DataFrame) -> pd.DataFrame:
    table = rows.astype(object).where(rows.notna(), None).drop_duplicates(subset=_ORDER)
    keys = table[_ORDER].fillna("")
    ordered = table.loc[keys.sort_values(_ORDER).index].reset_index(drop=True)
    return check_table(JournalEntry, conform(JournalEntry, ordered))
