"""Axes of roads and rails → the surfaces they take: each axis once, as wide as is known."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.crs import FloatArray, GeometryArray
from pipeline.groups import IntArray, positions_by_key
from pipeline.ingestion.placement import BoolArray
from pipeline.roads import road_width

_TRACKS = ("chemin",)
_RAIL = "voie_ferree"
_UNKNOWN = "voie_inconnue"


def draw_axes(axes: pd.DataFrame, assumptions: Assumptions) -> pd.DataFrame:
    """
    Return the surfaces of the axes, ends rounded so that two that meet leave no gap.

    The width is that of the data; else the one assumed for the class, which the kind then says
    (`chaussee_supposee`). Where two sources draw one axis, the better known one stays: told width,
    then assumed width, then nature unknown; on a tie, the order of `axis_sources`.

    Parameters
    ----------
    axes
        `kind`, `source`, `source_id`, `vintage`, `highway`, `width_m`, `tracks`, lines in metres.
    """
    choices = assumptions.derived_land
    if axes.empty:
        return axes
    width, is_told = _widths(axes, assumptions)
    kind = axes["kind"].where(is_told | (axes["kind"] != "chaussee"), "chaussee_supposee")
    rank = _rank(kind, axes["source"], is_told, choices.axis_sources.value)
    group = np.asarray(axes["kind"] == _RAIL, dtype=np.intp)
    lines = axes["geometry"].to_numpy()
    own = without_repeated(
        lines,
        rank,
        group,
        axes["source"],
        choices.same_axis_m.value,
        choices.same_axis_length_m.value,
    )
    drawn = axes.assign(kind=kind, geometry=shapely.buffer(own, width / 2))
    return drawn[~shapely.is_empty(own)][["kind", "source", "source_id", "vintage", "geometry"]]


def _widths(axes: pd.DataFrame, assumptions: Assumptions) -> tuple[FloatArray, BoolArray]:
    """Return the width of each axis, metres, and whether a source tells it."""
    choices = assumptions.derived_land
    told = axes["width_m"].where(axes["width_m"] > 0)
    assumed = pd.Series(road_width(axes.assign(width_m=np.nan), assumptions), index=axes.index)
    is_track = axes["kind"].isin(_TRACKS) & axes["highway"].isna() | (axes["highway"] == "track")
    assumed = assumed.where(~is_track, choices.track_width_m.value)
    rails = axes["tracks"].fillna(1).clip(lower=1) * choices.rail_width_m.value
    is_rail = axes["kind"] == _RAIL
    width = told.fillna(assumed).where(~is_rail, rails)
    return width.to_numpy(dtype=float), told.notna().to_numpy(dtype=bool)


def _rank(
    kind: "pd.Series[str]", source: "pd.Series[str]", is_told: BoolArray, order: Sequence[str]
) -> IntArray:
    """Return the rank of each axis, the best known first: width told, assumed, nature unknown."""
    known = np.where(kind.eq(_UNKNOWN), 2, np.where(is_told, 0, 1))
    place = source.map({name: i for i, name in enumerate(order)}).fillna(len(order))
    return np.asarray(known * (len(order) + 1) + place.to_numpy(dtype=np.intp), dtype=np.intp)


def without_repeated(
    lines: GeometryArray,
    rank: IntArray,
    group: IntArray,
    source: "pd.Series[str]",
    distance_m: float,
    length_m: float,
) -> GeometryArray:
    """
    Leave the stretches of each line along which a better one of another source runs.

    A crossing is kept: only a shared stretch of at least `length_m` is the same axis, or a line
    that hardly leaves the other. Lines of distinct groups (roads, rails) do not meet.

    Parameters
    ----------
    rank
        Lower is better; lines of one source never replace one another.
    distance_m
        Two axes that close are one (included).
    length_m
        A shared stretch as long as that is one axis (included), a shorter one a crossing.
    """
    near = shapely.buffer(lines, distance_m, cap_style="flat")
    names = source.to_numpy(dtype=object)
    worse, better = shapely.STRtree(near).query(lines, predicate="intersects")
    kept = (rank[better] < rank[worse]) & (names[better] != names[worse])
    kept &= group[better] == group[worse]
    worse, better = worse[kept], better[kept]
    own = np.asarray(lines, dtype=object).copy()
    for line, pairs in positions_by_key(worse):
        around = shapely.union_all(near[better[pairs]])
        own[line] = _own_stretches(lines[line], around, distance_m, length_m)
    return own


def _own_stretches(
    line: shapely.Geometry, around: shapely.Geometry, distance_m: float, length_m: float
) -> shapely.Geometry:
    """Return what is left of a line; an end that only overshoots the other drawing is dropped."""
    beyond = shapely.get_parts(shapely.line_merge(shapely.difference(line, around)))
    beyond = beyond[shapely.length(beyond) >= distance_m]
    if not len(beyond):
        return shapely.LineString()
    shared = shapely.get_parts(shapely.line_merge(shapely.intersection(line, around)))
    crossing = shared[shapely.length(shared) < length_m]
    if len(crossing) == len(shared):
        return line
    return shapely.union_all(np.concatenate([beyond, crossing]))
