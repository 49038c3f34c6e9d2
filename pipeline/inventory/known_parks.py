"""The register of identities: every park that ever had an identifier, as last detected."""

import geopandas as gpd
import pandas as pd

from pipeline.contracts import check, conform, empty, without_rows
from pipeline.inventory.previous import Previous
from pipeline.schemas import KnownPark, Lineage

PRESENT, GONE, MERGED = "present", "disparu", "fusionne"
_PARK = {"parc_id": "lot_id", "etat": "state", "source_ids": "source_ids"}
_EVENT = {
    "parc_id": "lot_id",
    "evenement": "event",
    "parc_id_lie": "related_id",
    "part_commune": "share",
    "source_ids": "source_ids",
    "vu_le": "seen_on",
}


def known_before(previous: Previous, crs: str) -> gpd.GeoDataFrame:
    """
    Return the parks that the last product knows, in the columns of `KnownPark`.

    A product older than the register gives its `parcs`: no correction was replayed then, they are
    as detected.
    """
    table = previous.parks if previous.known is None else previous.known
    if not len(table):
        return empty(KnownPark, crs)
    named = table.rename(columns=_PARK)
    return _rows(named if "state" in named else named.assign(state=PRESENT), crs)


def known_after(
    lots: gpd.GeoDataFrame, before: gpd.GeoDataFrame, events: pd.DataFrame, crs: str
) -> gpd.GeoDataFrame:
    """Return the register to publish, `KnownPark`: the parks of today and those that ended."""
    ended = before[~before["lot_id"].isin(set(lots["lot_id"]))]
    last = {"disparition": GONE, "fusion": MERGED}
    states = dict(zip(events["lot_id"], events["event"].map(last), strict=True))
    told = ended["lot_id"].map(states)
    ended = ended.assign(state=told.where(told.notna(), ended["state"]))
    today = lots[["lot_id", "source_ids", "geometry"]].assign(state=PRESENT)
    both = pd.concat([today, ended], ignore_index=True) if len(ended) else today
    return check(KnownPark, _rows(both, crs), crs)


def lineage_before(previous: Previous) -> pd.DataFrame:
    """Return the events that the last product tells, `Lineage`, in its order."""
    if not len(previous.lineage):
        return without_rows(Lineage)
    rows = previous.lineage.rename(columns=_EVENT)
    # A layer gives back a day as text or as a date, by the type it was written with.
    days = pd.to_datetime(rows["seen_on"]).dt.strftime("%Y-%m-%d")
    return conform(Lineage, rows.assign(seen_on=days))


def ids_ever_used(previous: Previous, known: gpd.GeoDataFrame) -> set[str]:
    """Return every identifier that the last product names, those of added parks included."""
    told = (previous.replayed, previous.conflicts, previous.lineage, previous.journal)
    columns = [
        known["lot_id"],
        *(
            table[name]
            for table in (previous.parks, *told)
            for name in ("parc_id", "parc_id_lie")
            if name in table
        ),
    ]
    return {str(name) for column in columns for name in column.dropna()}


def _rows(parks: pd.DataFrame, crs: str) -> gpd.GeoDataFrame:
    ordered = pd.DataFrame(parks).sort_values("lot_id", ignore_index=True)
    return gpd.GeoDataFrame(conform(KnownPark, ordered, crs))
