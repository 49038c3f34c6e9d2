"""What an earlier product knows of outlines: those decisions were taken on, those detected."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from pipeline.inventory.previous import Previous
from pipeline.outline_digest import outline_hash
from pipeline.schemas.inventory import AGENT_PREFIX

_OUTLINE_ACTIONS = ("redessiner", "fusionner", "scinder")
_APPLIED = "appliquee"


def known_bases(
    previous: Previous, corrections: gpd.GeoDataFrame
) -> dict[tuple[str, str], BaseGeometry]:
    """
    Find the outline on which each correction was taken, by correction and car park.

    In this order: the outline kept with the correction by the last run, if it still says that base;
    an outline of the last product that has this digest; for a car park that was already corrected,
    the outline of that earlier decision, if the last product says that the base was this one (the
    detected outline itself was not kept: both agree within the share that makes a conflict).
    Others are left out: only the outline of today can tell.

    Parameters
    ----------
    previous
        The last product.
    corrections
        `Correction`.
    """
    kept = {
        (str(row["correction_id"]), str(row["parc_id"])): row
        for row in _outlined(previous.replayed)
    }
    by_digest = {
        outline_hash(row["geometry"]): row["geometry"]
        for table in (previous.parks, previous.replayed)
        for row in _outlined(table)
    }
    corrected = _corrected(previous)
    found: dict[tuple[str, str], BaseGeometry] = {}
    for row in corrections.to_dict("records"):
        wanted = _text(row["base_hash"])
        for (correction_id, lot_id), earlier in kept.items():
            if correction_id == row["correction_id"] and _text(earlier["base_hash"]) == wanted:
                found[correction_id, lot_id] = earlier["geometry"]
        key = (str(row["correction_id"]), str(row["lot_id"]))
        outline = by_digest.get(wanted or "") or corrected.get((key[1], wanted or ""))
        if key not in found and outline is not None:
            found[key] = outline
    return found


def detected_parks(previous: Previous) -> Previous:
    """
    Return a product whose car parks are those that the sources drew: the register of identities.

    A park that an agent redrew, split or merged has the outline that was detected; one that a merge
    absorbed is there again, without its source ids; those that an agent alone made are left out.
    """
    parks = previous.parks
    if parks.empty or previous.replayed.empty:
        return replace(previous, parks=_detected_only(parks))
    applied = previous.replayed[
        (previous.replayed["etat"] == _APPLIED)
        & previous.replayed["action"].isin(_OUTLINE_ACTIONS)
        & previous.replayed.geometry.notna()
    ]
    outlines = dict(zip(applied["parc_id"], applied.geometry, strict=True))
    ours = parks["parc_id"].to_numpy()
    shapes = [outlines.get(name, shape) for name, shape in zip(ours, parks.geometry, strict=True)]
    register = parks.set_geometry(gpd.GeoSeries(shapes, index=parks.index, crs=parks.crs))
    missing = applied[~applied["parc_id"].isin(ours)].drop_duplicates("parc_id")
    absorbed = missing[["parc_id", "geometry"]].reindex(columns=register.columns)
    both = [_detected_only(register), gpd.GeoDataFrame(absorbed, crs=parks.crs)]
    merged = pd.concat([part for part in both if len(part)], ignore_index=True)
    return replace(previous, parks=gpd.GeoDataFrame(merged, crs=parks.crs))


def made_by_agents(source_ids: "pd.Series[str]") -> "pd.Series[bool]":
    """Tell, for each list of source ids, whether an agent alone made the car park."""
    return source_ids.fillna("").astype(str).map(_all_from_agents)


def _all_from_agents(joined: str) -> bool:
    return all(item.startswith(AGENT_PREFIX) for item in joined.split(";"))


def _detected_only(parks: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if "source_ids" not in parks:
        return parks
    return gpd.GeoDataFrame(parks[~made_by_agents(parks["source_ids"])])


def _corrected(previous: Previous) -> dict[tuple[str, str], BaseGeometry]:
    """Return the base of the last decision on each corrected park, by park and digest."""
    if previous.replayed.empty or "base_hash" not in previous.parks:
        return {}
    digests = dict(zip(previous.parks["parc_id"], previous.parks["base_hash"], strict=True))
    return {
        (str(row["parc_id"]), str(digests[row["parc_id"]])): row["geometry"]
        for row in _outlined(previous.replayed)
        if row["etat"] == _APPLIED and row["parc_id"] in digests
    }


def _outlined(table: gpd.GeoDataFrame) -> Iterator[dict[str, Any]]:
    if "parc_id" not in table:
        return
    for row in table[table.geometry.notna()].to_dict("records"):
        yield {str(name): value for name, value in row.items()}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
