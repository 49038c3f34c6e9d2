"""Parks of two days that lie on the same ground, and which of them are the same park."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.crs import FloatArray
from pipeline.groups import IntArray
from pipeline.inventory_choices import IdentityAssumptions
from pipeline.precision import SHARE_DIGITS

# Common ground that differs by less is equal: the noise of an overlay ranks nothing.
_GROUND_DIGITS = 2
_NEAREST_FIRST = ["ground_m2", "iou", "likeness", "former_id", "present_id"]
_DESCENDING = [False, False, False, True, True]


def source_set(joined: object) -> frozenset[str]:
    """Return the source ids of a park, written joined by `;`; none where missing."""
    if not isinstance(joined, str):
        return frozenset()
    return frozenset(part.strip() for part in joined.split(";") if part.strip())


def relations(
    former: gpd.GeoDataFrame, present: gpd.GeoDataFrame, choices: IdentityAssumptions
) -> pd.DataFrame:
    """
    Return the pairs of parks that share enough ground to be told of each other.

    Shares are ratios of planar areas at one place, where the scale of the projection cancels.

    Parameters
    ----------
    former, present
        `lot_id` (unique), `source_ids`, polygons in one CRS (m).
    choices
        With a source id in common a pair needs `same_source_share` (≥) of the smaller outline,
        otherwise `overlap_share` (≥).

    Returns
    -------
    pairs
        `former_id`, `present_id`; `ground_m2` in common; `share` of the smaller outline,
        `of_former`, `of_present`, `iou`; `likeness` of the source ids (those in common over all);
        `limit`, the share it had to reach; `is_same`, whether both may be one park (a common
        source, or an IoU ≥ `kept_iou`). The nearest first, in a total order that does not depend
        on the order of the rows.
    """
    old, new = former.geometry.to_numpy(), present.geometry.to_numpy()
    i, j = shapely.STRtree(new).query(old, predicate="intersects")
    ground = shapely.area(shapely.intersection(old[i], new[j]))
    area_old, area_new = shapely.area(old)[i], shapely.area(new)[j]
    likeness = _likeness(former["source_ids"], present["source_ids"], i, j)
    pairs = pd.DataFrame(
        {
            "former_id": former["lot_id"].to_numpy()[i],
            "present_id": present["lot_id"].to_numpy()[j],
            "ground_m2": ground.round(_GROUND_DIGITS),
            "share": _share(ground, np.minimum(area_old, area_new)),
            "of_former": _share(ground, area_old),
            "of_present": _share(ground, area_new),
            "iou": _share(ground, area_old + area_new - ground),
            "likeness": likeness,
        }
    )
    by_source = likeness > 0
    pairs["limit"] = np.where(
        by_source, choices.same_source_share.value, choices.overlap_share.value
    )
    pairs["is_same"] = by_source | (pairs["iou"] >= choices.kept_iou.value)
    related = pairs[pairs["share"] >= pairs["limit"]]
    return related.sort_values(_NEAREST_FIRST, ascending=_DESCENDING, ignore_index=True)


def same_parks(pairs: pd.DataFrame) -> pd.DataFrame:
    """
    Return the pairs that are one park: each park at most once, the most common ground first.

    So the largest part of a split, and the largest park of a merge, are those that go on.
    """
    former: set[str] = set()
    present: set[str] = set()
    kept = []
    may_be = pairs[pairs["is_same"]]
    for place, old, new in zip(
        may_be.index, may_be["former_id"], may_be["present_id"], strict=True
    ):
        if old not in former and new not in present:
            former.add(old)
            present.add(new)
            kept.append(place)
    return pairs.loc[kept]


def parted(
    pairs: pd.DataFrame, own: str, other: str, outlines: gpd.GeoSeries, twins: dict[str, str]
) -> pd.DataFrame:
    """
    Keep the pairs whose park `own` lies apart from the twin of `other`.

    Two parks one above the other (a deck and the ground under it) share ground on one same day:
    neither was cut from the other, nor went into it.

    Parameters
    ----------
    pairs
        Of `relations`.
    own, other
        `present_id` and `former_id`, or the reverse.
    outlines
        Of the parks of the day of `own`, by identifier.
    twins
        The park of that day which is the same as `other`, by the identifier of `other`; a park
        without twin holds nothing.
    """
    twin = pairs[other].map(twins)
    held = twin.notna().to_numpy()
    mine = gpd.GeoSeries(outlines.loc[pairs[own][held]]).to_numpy()
    theirs = gpd.GeoSeries(outlines.loc[twin[held]]).to_numpy()
    common = np.zeros(len(pairs))
    common[held] = _share(shapely.area(shapely.intersection(mine, theirs)), shapely.area(mine))
    return pairs[common < pairs["limit"]]


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.minimum(np.round(part / whole, SHARE_DIGITS), 1.0)


def _likeness(
    former: "pd.Series[str]", present: "pd.Series[str]", i: IntArray, j: IntArray
) -> FloatArray:
    """Return, for each pair, the source ids in common over those of both."""
    old, new = [source_set(ids) for ids in former], [source_set(ids) for ids in present]
    return np.array(
        [
            len(old[a] & new[b]) / max(1, len(old[a] | new[b]))
            for a, b in zip(i.tolist(), j.tolist(), strict=True)
        ],
        dtype=float,
    )
