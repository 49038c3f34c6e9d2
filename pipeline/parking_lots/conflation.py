"""Group the candidates of several sources that draw the same car park."""

from dataclasses import dataclass
from functools import cached_property
from math import isnan
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import GeometryArray
from pipeline.groups import components, positions_by_key

DRAWN_ROLES = ("outline", "bays")


@dataclass(frozen=True)
class Conflation:
    """
    Candidates in groups, one group per drawn car park.

    Attributes
    ----------
    candidates
        The candidates that draw something, with columns `group` (int), `is_chosen` (bool:
        the candidate belongs to the source that gives the geometry of its group) and `size`, its
        area on the grid.
    """

    candidates: gpd.GeoDataFrame

    @property
    def chosen(self) -> gpd.GeoDataFrame:
        """Candidates that give the geometry of their group."""
        return self.candidates[self.candidates["is_chosen"]]

    @cached_property
    def rows(self) -> dict[int, dict[str, Any]]:
        """Candidates by position, as plain rows: lots are described one by one."""
        rows = self.candidates.to_dict("records")
        positions = self.candidates.index.tolist()
        return {
            position: {str(key): _or_none(value) for key, value in row.items()}
            for position, row in zip(positions, rows, strict=True)
        }

    @cached_property
    def by_group(self) -> dict[int, list[int]]:
        """Positions of the candidates of each group."""
        groups: dict[int, list[int]] = {}
        for position, row in self.rows.items():
            groups.setdefault(row["group"], []).append(position)
        return groups


def _or_none(value: object) -> object:
    """Return a value of a table, None where it is missing."""
    return None if isinstance(value, float) and isnan(value) else value


def conflate(candidates: gpd.GeoDataFrame, assumptions: Assumptions) -> Conflation:
    """
    Match by overlap the candidates of all sources, and choose the best geometry of each group.

    Two candidates match when one covers enough of the other. Pieces of one source come together
    only where one polygon of another source covers enough of each: proximity alone never joins,
    and adjacent car parks are distinct in law.

    Parameters
    ----------
    candidates
        Rows of `ParkingCandidate` with a geometry and a role of `DRAWN_ROLES`.
    assumptions
        `parking_lots.same_lot_overlap_share`, `piece_covered_share`, `best_geometry_cover_share`
        and `source_priority`.
    """
    drawn = candidates.reset_index(drop=True)
    pairs = _matches(_overlaps(drawn), assumptions)
    drawn["group"] = components(len(drawn), pairs[["a", "b"]].to_numpy())
    drawn["is_chosen"] = _is_chosen(drawn, assumptions)
    drawn["size"] = drawn.area
    return Conflation(drawn)


def _overlaps(drawn: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return pairs (a, b), both ways, with the share of each that the other covers."""
    left, right = drawn.sindex.query(drawn.geometry, predicate="intersects")
    different = left != right
    a, b = left[different], right[different]
    shapes = drawn.geometry.to_numpy()
    common = shapely.area(shapely.intersection(shapes[a], shapes[b]))
    area = shapely.area(shapes)
    pairs = pd.DataFrame({"a": a, "b": b, "common": common})
    pairs["share_of_a"] = common / area[a]
    pairs["share_of_b"] = common / area[b]
    source = drawn["source"].to_numpy()
    pairs["source_b"] = source[b]
    pairs["same_source"] = source[a] == source[b]
    in_scope = (drawn["parking_type"] == "surface").to_numpy()
    pairs["same_scope"] = in_scope[a] == in_scope[b]
    return pairs[pairs["common"] > 0].reset_index(drop=True)


def _matches(pairs: pd.DataFrame, assumptions: Assumptions) -> pd.DataFrame:
    """Keep the pairs that draw the same car park."""
    choices = assumptions.parking_lots
    # Twins of one source (a park drawn twice); one above the other in height are two parks.
    smaller = pairs[["share_of_a", "share_of_b"]].max(axis=1)
    twins = pairs[
        pairs["same_source"]
        & pairs["same_scope"]
        & (smaller >= choices.same_lot_overlap_share.value)
    ]
    across = _prefer_same_scope(pairs[~pairs["same_source"]])
    agreed = _agreed(across, choices.piece_covered_share.value)
    return pd.concat([twins, agreed], ignore_index=True)


def _prefer_same_scope(across: pd.DataFrame) -> pd.DataFrame:
    """Forget a match with a covered park where the same polygon also meets an open-air one."""
    has_peer = across.groupby("a")["same_scope"].transform("any")
    return across[across["same_scope"] | ~has_peer]


def _agreed(across: pd.DataFrame, covered: float) -> pd.DataFrame:
    """
    Keep the pairs that both candidates choose.

    Within each other source, a candidate chooses the pieces it covers; if a larger polygon covers
    it, it chooses only that one, so that a polygon astride two parks does not chain them.
    """
    covers = across["share_of_b"] >= covered
    larger = across[(across["share_of_a"] >= covered) & ~covers]
    best = larger.sort_values(["common", "b"], ascending=[False, True])
    best = best.drop_duplicates(["a", "source_b"])[["a", "source_b", "b"]]
    marked = across.merge(best, on=["a", "source_b"], how="left", suffixes=("", "_larger"))
    chosen = marked[
        (marked["b"] == marked["b_larger"]) | (marked["b_larger"].isna() & covers.to_numpy())
    ]
    mirrored = chosen[["a", "b"]].rename(columns={"a": "b", "b": "a"})
    return chosen.merge(mirrored, on=["a", "b"])


def _is_chosen(drawn: gpd.GeoDataFrame, assumptions: Assumptions) -> "pd.Series[bool]":
    """Choose, in each group, the first source in priority that draws enough of it."""
    priority = {name: rank for rank, name in enumerate(assumptions.source_priority.value)}
    enough = assumptions.parking_lots.best_geometry_cover_share.value
    union = union_by(drawn, ["group", "source"])
    union["area"] = shapely.area(union["geometry"].to_numpy())
    whole = union_by(drawn, ["group"])
    total = dict(zip(whole["group"], shapely.area(whole["geometry"].to_numpy()), strict=True))
    union["draws_enough"] = union["area"] >= enough * union["group"].map(total)
    union["rank"] = union["source"].map(priority)
    order = union.sort_values(
        ["group", "draws_enough", "rank", "area"], ascending=[True, False, True, False]
    )
    best = order.drop_duplicates("group").set_index("group")["source"].to_dict()
    return drawn["source"] == drawn["group"].map(best)


def union_by(drawn: gpd.GeoDataFrame, keys: list[str]) -> pd.DataFrame:
    """Return one row per key with the union of its geometries."""
    shapes = drawn.geometry.to_numpy()
    numbers = np.array(drawn.groupby(keys, sort=True).ngroup(), dtype=np.intp)
    parts = [rows for _, rows in positions_by_key(numbers)]
    table = pd.DataFrame(drawn[keys].iloc[[rows[0] for rows in parts]]).reset_index(drop=True)
    table["geometry"] = pd.Series([union(shapes[rows]) for rows in parts], dtype=object)
    return table.astype({"group": int})


def union(shapes: GeometryArray) -> shapely.Geometry:
    """Return the union of polygons; one polygon comes back as it is."""
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
