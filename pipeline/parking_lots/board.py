"""The car parks of a commune while the decisions of its agents are carried out, one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory
from pipeline.french import number, percent
from pipeline.outline_digest import outline_hash
from pipeline.parking_lots import outline_edits as edits
from pipeline.parking_lots.decisions import NEEDS_BASE, Decision
from pipeline.parking_lots.outline_edits import Row
from pipeline.precision import DUST_M2

Bases = Mapping[tuple[str, str], BaseGeometry]
"""Outline on which a correction was taken, by correction and car park, where it is known."""

_UNKNOWN_BASE = "base inconnue : le contour vu par l'agent n'est pas retrouvé ; redécider"


@dataclass(frozen=True)
class Frame:
    """What every decision is carried out with."""

    insee_code: str
    communes: gpd.GeoDataFrame
    bases: Bases
    assumptions: Assumptions
    territory: Territory

    @property
    def smallest_m2(self) -> float:
        """Smallest piece of ground that is a car park, m² of the grid, included."""
        return self.assumptions.parking_lots.smallest_piece_m2.value


@dataclass(frozen=True)
class Outcome:
    """
    What became of a decision.

    `base` is the outline it was taken on, `today` that of today, each where it is known; of a
    merge, that of both parks together.
    """

    state: str
    reason: str | None = None
    lot_id: str | None = None
    base: BaseGeometry | None = None
    today: BaseGeometry | None = None
    moved: float | None = None


@dataclass
class Board:
    """
    Car parks as the decisions have left them so far.

    `detected` is the outline of each before any decision (of one that a decision makes: as it was
    made); `absorbed` the park that holds each one merged; `grounds` the decision that last gave
    ground to a park, in their order; `reshaped` those to describe again, `drawn` those whose whole
    outline is an agent's.
    """

    rows: dict[str, Row]
    detected: dict[str, BaseGeometry]
    absorbed: dict[str, str] = field(default_factory=dict)
    grounds: dict[str, str] = field(default_factory=dict)
    reshaped: set[str] = field(default_factory=set)
    drawn: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, lots: gpd.GeoDataFrame) -> "Board":
        """Set out the rows of `ParkingLot`."""
        rows = {
            str(row["lot_id"]): {str(name): value for name, value in row.items()}
            for row in lots.to_dict("records")
        }
        return cls(rows, {lot_id: row["geometry"] for lot_id, row in rows.items()})

    def holder(self, lot_id: str) -> str:
        """Return the park that holds one, merged or not."""
        while lot_id in self.absorbed:
            lot_id = self.absorbed[lot_id]
        return lot_id


def fit(board: Board, decision: Decision, frame: Frame) -> Outcome:
    """
    Compare the outline that a decision was taken on with that of today.

    The state is `appliquee` where the decision fits; else `conflit`, or `sans_effet` for a park
    that another one has absorbed. A base that is not known is a conflict for a decision drawn on
    it; for another one, the outline of today becomes the base.
    """
    lot_id = str(decision.lot_id)
    named = [lot_id] if decision.action != "fusionner" else [lot_id, str(decision.value)]
    base = frame.bases.get((decision.id, lot_id))
    if gone := [name for name in named if name not in board.detected]:
        return Outcome("conflit", f"parc {gone[0]} disparu", lot_id, base)
    if board.holder(lot_id) != lot_id and decision.action != "fusionner":
        today = board.detected[lot_id]
        reason = f"parc réuni à {board.holder(lot_id)}"
        return Outcome("sans_effet", reason, lot_id, base or today, today)
    base, today = _outlines(decision, base, [board.detected[name] for name in named])
    if base is None:
        if decision.action in NEEDS_BASE:
            return Outcome("conflit", _UNKNOWN_BASE, lot_id, None, today)
        reason = "base inconnue : contour d'aujourd'hui retenu"
        return Outcome("appliquee", reason, lot_id, today, today, 0.0)
    moved = edits.moved_share(base, today)
    if moved > frame.assumptions.corrections.moved_share.value:
        reason = f"le contour a changé de {percent(moved)} depuis la décision"
        return Outcome("conflit", reason, lot_id, base, today, moved)
    return Outcome("appliquee", None, lot_id, base, today, moved)


def _outlines(
    decision: Decision, base: BaseGeometry | None, detected: list[BaseGeometry]
) -> tuple[BaseGeometry | None, BaseGeometry]:
    """
    Return the outlines of then and of today.

    Of a merge, both are those of the two parks together. The form tells the digest of the first
    alone: the first run adds the other park as it is, and the next ones find both kept together.
    """
    first, *others = detected
    is_kept_together = base is not None and bool(others) and not _is_told(decision, base)
    if not is_kept_together and _is_told(decision, first):
        base = first
    if base is not None and not is_kept_together:
        base = edits.together([base, *others])
    return base, edits.together(detected)


def _is_told(decision: Decision, outline: BaseGeometry) -> bool:
    return outline_hash(outline) == decision.base_hash


def overlaps(board: Board) -> Iterator[tuple[str, str, float]]:
    """
    Yield the parks that an agent drew over another: that one's lot, the other's, the share.

    The park whose ground was drawn last comes first; the share is that of the smaller outline.
    """
    rank = {lot_id: order for order, lot_id in enumerate(board.grounds)}
    names = list(board.rows)
    shapes = np.array([row["geometry"] for row in board.rows.values()], dtype=object)
    ours = [i for i, name in enumerate(names) if name in rank]
    if not ours:
        return
    tree = shapely.STRtree(shapes)
    pairs = {
        tuple(sorted((names[ours[i]], names[j]), key=lambda lot: (-rank.get(lot, -1), lot)))
        for i, j in tree.query(shapes[ours], predicate="intersects").T.tolist()
        if ours[i] != j
    }
    for later, earlier in sorted(pairs, key=lambda pair: (-rank[pair[0]], pair)):
        first, second = board.rows[later]["geometry"], board.rows[earlier]["geometry"]
        shared = edits.common(first, second).area
        if shared > DUST_M2:
            yield later, earlier, shared / min(first.area, second.area)


def trim(board: Board, frame: Frame) -> dict[str, str]:
    """
    Leave to its neighbours the edge of ground that an agent drew over them.

    Returns
    -------
    refused
        Decision → reason, of the last one that covers more of a neighbour than an edge; empty when
        there is none, and only then is anything trimmed.
    """
    most = frame.assumptions.corrections.overlap_share.value
    found = list(overlaps(board))
    for later, earlier, share in found:
        if share > most:
            reason = f"le contour recouvre le parc {earlier} à {percent(share)}"
            return {board.grounds[later]: reason}
    for later, earlier, _ in found:
        row, other = board.rows[later], board.rows[earlier]
        shape = edits.less(row["geometry"], other["geometry"])
        change = edits.drawn if later in board.drawn else edits.cut
        board.rows[later] = change(row, shape, frame.assumptions, frame.territory)
    return {}


def too_small(shape: BaseGeometry, frame: Frame) -> str | None:
    """Say that a piece of ground is no car park."""
    if shape.area >= frame.smallest_m2:
        return None
    return f"contour de moins de {number(frame.smallest_m2)} m²"
