"""Outlines that a source gives in part: never measured, they confirm the park they fall on."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import GeometryArray

_CONFIRMED = ["sources", "source_ids", "reliability_reasons", "name", "access", "operator"]


def partial_outlines(candidates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the open-air candidates of role `outline` of which only some points are known."""
    points = candidates.geometry.geom_type.isin(("Point", "MultiPoint"))
    open_air = candidates["parking_type"] == "surface"
    return candidates[points & open_air & (candidates["role"] == "outline")]


def confirmed_lots(
    partial: gpd.GeoDataFrame, lots: GeometryArray, assumptions: Assumptions
) -> "pd.Series[float]":
    """
    Return, by index of `partial`, the position of the lot that each confirms.

    A lot is confirmed by an outline at least half of whose known points lie on it, within
    `vertex_tolerance_m`; the lot that holds the most points is taken. Others are missing.
    """
    reach = assumptions.parking_lots.vertex_tolerance_m.value
    points, outline = shapely.get_coordinates(partial.geometry.to_numpy(), return_index=True)
    nearby = shapely.STRtree(lots).query(
        shapely.points(points), predicate="dwithin", distance=reach
    )
    pairs = pd.DataFrame({"outline": outline[nearby[0]], "lot": nearby[1]})
    counts = pairs.value_counts().rename("held").reset_index()
    total = np.bincount(outline, minlength=len(partial))
    counts = counts[2 * counts["held"] >= total[counts["outline"]]]
    best = counts.sort_values(["outline", "held", "lot"], ascending=[True, False, True])
    lot_of = best.drop_duplicates("outline").set_index("outline")["lot"]
    return pd.Series(lot_of.reindex(range(len(partial))).to_numpy(dtype=float), index=partial.index)


def add_confirmations(
    lots: gpd.GeoDataFrame, partial: gpd.GeoDataFrame, confirmed: "pd.Series[float]"
) -> gpd.GeoDataFrame:
    """Add to each confirmed lot the source, the id and, where it lacks one, the name."""
    if lots.empty:
        return lots
    rows = lots[_CONFIRMED].to_dict("records")
    for outline, position in zip(partial.to_dict("records"), confirmed, strict=True):
        if np.isnan(position):
            continue
        row = rows[int(position)]
        row["sources"] = _with(row["sources"], outline["source"])
        row["source_ids"] = _with(row["source_ids"], outline["candidate_id"])
        row["reliability_reasons"] += " ; un contour incomplet à l'appui"
        for column in ("name", "access", "operator"):
            row[column] = row[column] if isinstance(row[column], str) else outline[column]
    return lots.assign(**pd.DataFrame(rows, columns=_CONFIRMED, index=lots.index))


def _with(joined: str, value: str) -> str:
    """Add a value to a list joined by `;`, kept sorted."""
    return ";".join(sorted({*joined.split(";"), value}))
