"""A park keeps its identifier when sources edit, renumber, cut or join it."""

from dataclasses import dataclass
from datetime import date
from hashlib import blake2s
from itertools import count

import geopandas as gpd
import pandas as pd

from pipeline.inventory.known_parks import (
    PRESENT,
    ids_ever_used,
    known_after,
    known_before,
    lineage_before,
)
from pipeline.inventory.lineage import Matches, new_events
from pipeline.inventory.matching import relations, same_parks
from pipeline.inventory.previous import Previous
from pipeline.inventory_choices import IdentityAssumptions
from pipeline.precision import ID_BYTES


@dataclass(frozen=True)
class Identified:
    """
    Parks under the identifiers they keep, and what the next product must know of them.

    `lots` has the rows, order and columns it came with; `lineage` (`Lineage`) the events carried
    over, unchanged, then those of the day; `known` (`KnownPark`) the register to publish; `names`
    the identifier of each park by the one it was minted with.
    """

    lots: gpd.GeoDataFrame
    lineage: pd.DataFrame
    known: gpd.GeoDataFrame
    names: dict[str, str]


def keep_identity(
    lots: gpd.GeoDataFrame, previous: Previous, seen_on: date, choices: IdentityAssumptions
) -> Identified:
    """
    Give the parks of a commune the identifiers they had in its last product.

    The same ground makes the same park: the most ground in common first, so that an identifier
    goes to the largest part of a split and to the largest park of a merge, and to one park only.
    What answers to no park of the last product may be one that had ended; else its minted
    identifier is its own, minted again where any park ever had it. The same lots on the next run
    change nothing. Before the first park of a commune is known, nothing is compared or told.

    The register is that of the commune. A park that another commune holds from now on, its limit
    or its outline having moved, ends here and begins there, under an identifier of its own; it has
    the first one again if it comes back.

    Parameters
    ----------
    lots
        `ParkingLot` of the commune, as detected (before any correction), with any other column.
    previous
        Its last product.
    seen_on
        Written in the rows of the events of this run.
    choices
        Thresholds, all inclusive (≥).
    """
    crs = str(lots.crs)
    before, told = known_before(previous, crs), lineage_before(previous)
    if not len(before) and not len(told):
        known = known_after(lots, before, told, crs)
        return Identified(lots, told, known, {name: name for name in lots["lot_id"]})
    live = before[before["state"] == PRESENT]
    found = _match(lots, live, before[before["state"] != PRESENT], choices)
    names = _names(lots, found, ids_ever_used(previous, before))
    events = new_events(live, lots, found, names, seen_on)
    kept = lots.assign(lot_id=lots["lot_id"].map(names).astype(lots["lot_id"].dtype))
    lineage = pd.concat([told, events], ignore_index=True) if len(told) else events
    return Identified(kept, lineage, known_after(kept, before, events, crs), names)


def rename_lots(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """
    Return a table (`CandidateOutcome`…) with the `lot_id` that the parks keep.

    An identifier that is not in `names` stays: give it the rows of the commune alone, as
    `outcomes_for_commune` returns them.
    """
    own = table["lot_id"]
    return table.assign(lot_id=own.map(names).where(own.isin(set(names)), own).astype(own.dtype))


def _match(
    lots: gpd.GeoDataFrame,
    live: gpd.GeoDataFrame,
    ended: gpd.GeoDataFrame,
    choices: IdentityAssumptions,
) -> Matches:
    related = relations(live, lots, choices)
    kept = same_parks(related)
    fresh = lots[~lots["lot_id"].isin(set(kept["present_id"]))]
    return Matches(related, kept, same_parks(relations(ended, fresh, choices)))


def _names(lots: gpd.GeoDataFrame, found: Matches, used: set[str]) -> dict[str, str]:
    names = {
        str(new): str(old)
        for pairs in (found.kept, found.reborn)
        for new, old in zip(pairs["present_id"], pairs["former_id"], strict=True)
    }
    fresh = sorted(set(lots["lot_id"]) - set(names))
    free = [minted for minted in fresh if minted not in used]
    names |= dict(zip(free, free, strict=True))
    taken = used | set(free)
    for minted in sorted(set(fresh) - set(free)):
        names[minted] = _minted_again(minted, taken)
        taken.add(names[minted])
    return names


def _minted_again(minted: str, taken: set[str]) -> str:
    """Mint from an identifier that another park has, or had, the first one that none ever had."""
    commune, _ = minted.rsplit("-", maxsplit=1)
    salted = (
        f"{commune}-{blake2s(f'{minted}#{salt}'.encode(), digest_size=ID_BYTES).hexdigest()}"
        for salt in count(1)
    )
    return next(name for name in salted if name not in taken)
