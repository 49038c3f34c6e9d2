"""Parks drawn in whole metres, and a last product made of what a run returned."""

from datetime import date

import geopandas as gpd
import pandas as pd

from pipeline.inventory.identity import Identified, keep_identity
from pipeline.inventory.previous import Previous
from tests.tables import ASSUMPTIONS, L93, lots

CHOICES = ASSUMPTIONS.identity
NOBODY = Previous.none(L93)
FIRST, SECOND, THIRD = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)
# What the contract calls the columns of the layers, written here a second time.
PARK = {"lot_id": "parc_id"}
KNOWN = {"lot_id": "parc_id", "state": "etat"}
EVENT = {
    "lot_id": "parc_id",
    "event": "evenement",
    "related_id": "parc_id_lie",
    "share": "part_commune",
    "seen_on": "vu_le",
}


def parks(*rows):
    """Return lots from (minted number, source ids, outline); the identifier is `30000-NUMBER`."""
    return lots(
        *(
            {"lot_id": f"30000-{number}", "source_ids": ids, "geometry": shape}
            for number, ids, shape in rows
        )
    )


def bare_parks(*rows):
    """Return the same with the columns of identity alone: what many examples can afford."""
    numbers, sources, shapes = zip(*rows, strict=True) if rows else ((), (), ())
    frame = pd.DataFrame({"lot_id": [f"30000-{n}" for n in numbers], "source_ids": sources})
    shapes = gpd.GeoSeries(shapes, crs=L93)
    return gpd.GeoDataFrame(frame.astype("str"), geometry=shapes)


def published(found: Identified) -> Previous:
    """Return the last product that a run leaves behind, in the columns of the product."""
    return Previous(
        exists=True,
        parks=found.lots.rename(columns=PARK),
        replayed=gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=L93)),
        conflicts=gpd.GeoDataFrame(geometry=gpd.GeoSeries([], crs=L93)),
        lineage=found.lineage.rename(columns=EVENT),
        journal=pd.DataFrame(),
        fingerprints={},
        known=found.known.rename(columns=KNOWN),
    )


def history(*days, choices=CHOICES):
    """Run the lots of each day after one another; return what the last run gives."""
    found, previous = None, NOBODY
    for rows, seen_on in zip(days, (FIRST, SECOND, THIRD, date(2027, 2, 1)), strict=False):
        found = keep_identity(parks(*rows), previous, seen_on, choices)
        previous = published(found)
    return found


def events(found):
    """Return (park, event, other park, share) of each row of the lineage, ids without commune."""
    told = found.lineage[["lot_id", "event", "related_id", "share"]].to_numpy(dtype=object)
    return [tuple(_short(value) for value in row) for row in told]


def ids(found):
    """Return the identifiers of the lots, in their order, without their commune."""
    return [name.removeprefix("30000-") for name in found.lots["lot_id"]]


def _short(value):
    if pd.isna(value):
        return None
    return value.removeprefix("30000-") if isinstance(value, str) else value
