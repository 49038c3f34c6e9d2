"""The outlines that decisions were taken on, as the last product knows them."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
from shapely.geometry.base import BaseGeometry

from pipeline.inventory.previous import Previous
from pipeline.outline_digest import outline_hash


def known_bases(
    previous: Previous, corrections: gpd.GeoDataFrame
) -> dict[tuple[str, str], BaseGeometry]:
    """
    Find the outline on which each correction was taken, by correction and car park.

    First the outline kept with the correction by the last run, if the row still says that base;
    else an outline of the last product that has this digest, those that the sources drew first.
    Others are left out: only the outline of today can tell.

    Parameters
    ----------
    previous
        The last product.
    corrections
        `Correction`.
    """
    if corrections.empty:
        return {}
    kept = {
        (str(row["correction_id"]), str(row["parc_id"])): row
        for row in _outlined(previous.replayed)
    }
    known = previous.parks if previous.known is None else previous.known
    by_digest: dict[str | None, BaseGeometry] = {
        outline_hash(row["geometry"]): row["geometry"]
        for table in (previous.replayed, previous.parks, known)
        for row in _outlined(table)
    }
    found: dict[tuple[str, str], BaseGeometry] = {}
    for row in corrections.to_dict("records"):
        key, wanted = (str(row["correction_id"]), str(row["lot_id"])), _text(row["base_hash"])
        earlier = kept.get(key)
        if earlier is not None and _text(earlier["base_hash"]) == wanted:
            found[key] = earlier["geometry"]
        elif wanted in by_digest:
            found[key] = by_digest[wanted]
    return found


def _outlined(table: gpd.GeoDataFrame) -> Iterator[dict[str, Any]]:
    if "parc_id" not in table:
        return
    for row in table[table.geometry.notna()].to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
