"""What happened to the parks since the last product: one row per event."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.contracts import check_table, conform
from pipeline.inventory.matching import parted, source_set
from pipeline.schemas import Lineage

Row = dict[str, Any]


@dataclass(frozen=True)
class Matches:
    """
    How the parks of today answer to those of before; tables of `matching.relations`.

    `related` holds every pair with a park of the last product, `kept` those that are one park,
    `reborn` the pairs of a park that had ended with the one it is again today.
    """

    related: pd.DataFrame
    kept: pd.DataFrame
    reborn: pd.DataFrame


def new_events(
    former: gpd.GeoDataFrame,
    present: gpd.GeoDataFrame,
    found: Matches,
    names: dict[str, str],
    seen_on: date,
) -> pd.DataFrame:
    """
    Return the events of the day, `Lineage`, sorted; none where no identity is at stake.

    Parameters
    ----------
    former
        Parks of the last product: `lot_id`, `source_ids`, outline.
    present
        Parks of today, the same columns; `lot_id` is the one they were minted with.
    names
        The identifier that each park of today ends with, by the one it was minted with.
    """
    rows = [
        *_renumbered(former, present, found.kept),
        *_appeared(present, found, names),
        *_ended(former, found, names),
    ]
    table = pd.DataFrame(rows, columns=["lot_id", "event", "related_id", "share", "source_ids"])
    table = table.sort_values(["lot_id", "event"], ignore_index=True)
    return check_table(Lineage, conform(Lineage, table.assign(seen_on=seen_on.isoformat())))


def _renumbered(
    former: gpd.GeoDataFrame, present: gpd.GeoDataFrame, kept: pd.DataFrame
) -> Iterator[Row]:
    """Tell the parks that lost a source id and gained another: an id more, or less, is no news."""
    before, after = _sources(former), _sources(present)
    for old, new, share in zip(kept["former_id"], kept["present_id"], kept["share"], strict=True):
        was, now = source_set(before[old]), source_set(after[new])
        if was - now and now - was:
            yield _row(old, "renumerotation", None, share, ";".join(sorted(was - now)))


def _appeared(present: gpd.GeoDataFrame, found: Matches, names: dict[str, str]) -> Iterator[Row]:
    continued = dict(zip(found.kept["former_id"], found.kept["present_id"], strict=True))
    fresh = found.related[~found.related["present_id"].isin(set(continued.values()))]
    inside = fresh[fresh["of_present"] >= fresh["limit"]]
    outlines = gpd.GeoSeries(present.set_index("lot_id").geometry)
    origins = _nearest(parted(inside, "present_id", "former_id", outlines, continued), "present_id")
    reborn = dict(zip(found.reborn["present_id"], found.reborn["share"], strict=True))
    sources = _sources(present)
    for new in sorted(set(present["lot_id"]) - set(continued.values())):
        origin, share = origins.get(new, (None, None))
        if new in reborn:
            yield _row(names[new], "reapparition", origin, reborn[new], sources[new])
        else:
            event = "creation" if origin is None else "scission"
            yield _row(names[new], event, origin, share, sources[new])


def _ended(former: gpd.GeoDataFrame, found: Matches, names: dict[str, str]) -> Iterator[Row]:
    continues = dict(zip(found.kept["present_id"], found.kept["former_id"], strict=True))
    idle = found.related[~found.related["former_id"].isin(set(continues.values()))]
    inside = idle[idle["of_former"] >= idle["limit"]]
    outlines = gpd.GeoSeries(former.set_index("lot_id").geometry)
    heirs = _nearest(parted(inside, "former_id", "present_id", outlines, continues), "former_id")
    sources = _sources(former)
    for old in sorted(set(former["lot_id"]) - set(continues.values())):
        heir, share = heirs.get(old, (None, None))
        if heir is None:
            yield _row(old, "disparition", None, None, sources[old])
        else:
            yield _row(old, "fusion", names[heir], share, sources[old])


def _nearest(pairs: pd.DataFrame, key: str) -> dict[str, tuple[str, float]]:
    """Return, for each park of `key`, the other park of its first pair and their share."""
    other = "former_id" if key == "present_id" else "present_id"
    first = pairs.drop_duplicates(key)
    return {
        mine: (theirs, share)
        for mine, theirs, share in zip(first[key], first[other], first["share"], strict=True)
    }


def _sources(parks: gpd.GeoDataFrame) -> dict[str, object]:
    return dict(zip(parks["lot_id"], parks["source_ids"], strict=True))


def _row(lot_id: str, event: str, related: str | None, share: float | None, ids: object) -> Row:
    return {
        "lot_id": lot_id,
        "event": event,
        "related_id": related,
        "share": share,
        "source_ids": ids,
    }
