"""Decisions that change outlines: redraw, add, split, merge."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.parking_lots import outline_edits as edits
from pipeline.parking_lots.board import Board, Frame, Outcome, fit, too_small
from pipeline.parking_lots.decisions import Decision
from pipeline.parking_lots.land import owner_commune
from pipeline.precision import DUST_M2


def redraw(board: Board, decision: Decision, shape: BaseGeometry, frame: Frame) -> str | None:
    """Give a park the outline drawn; return why not, in French."""
    lot_id = str(decision.lot_id)
    if edits.common(board.rows[lot_id]["geometry"], shape).area <= DUST_M2:
        return "le nouveau contour ne touche pas le parc"
    if reason := too_small(shape, frame):
        return reason
    board.rows[lot_id] = edits.drawn(board.rows[lot_id], shape, frame.assumptions, frame.territory)
    _gives_ground(board, lot_id, decision)
    return None


def _gives_ground(board: Board, lot_id: str, decision: Decision) -> None:
    board.grounds.pop(lot_id, None)  # the last comes last
    board.grounds[lot_id] = decision.id
    board.reshaped.add(lot_id)
    board.drawn.add(lot_id)


def add(board: Board, decision: Decision, shape: BaseGeometry, frame: Frame) -> Outcome:
    """Add a park that no source draws; it must lie, for the most part, in the commune."""
    if reason := too_small(shape, frame):
        return Outcome("conflit", reason)
    owner = _owner(shape, frame)
    if owner != frame.insee_code:
        where = f"dans la commune {owner}" if owner else "hors des communes connues"
        return Outcome("conflit", f"contour dessiné {where}")
    row = edits.added(decision.id, frame.insee_code, decision.value)
    lot_id = str(row["lot_id"])
    board.rows[lot_id] = edits.drawn(row, shape, frame.assumptions, frame.territory)
    board.detected[lot_id] = shape
    _gives_ground(board, lot_id, decision)
    return Outcome("appliquee", None, lot_id, shape, shape, 0.0)


def _owner(shape: BaseGeometry, frame: Frame) -> str:
    drawn = gpd.GeoDataFrame(geometry=gpd.GeoSeries([shape], crs=frame.territory.crs))
    return str(owner_commune(drawn, frame.communes).iloc[0])


def split(board: Board, decision: Decision, shape: BaseGeometry, frame: Frame) -> str | None:
    """Cut the drawn parts off a park: each becomes one; return why not, in French."""
    lot_id = str(decision.lot_id)
    whole = board.rows[lot_id]
    rest = edits.less(whole["geometry"], shape)
    parts = [edits.common(part, whole["geometry"]) for part in shapely.get_parts(shape)]
    if not parts or min(part.area for part in parts) < frame.smallest_m2:
        return "la partie à séparer n'est pas dans le parc, ou trop petite"
    if rest.area < frame.smallest_m2:
        return "la partie à séparer couvre tout le parc"
    tools = (frame.assumptions, frame.territory)
    for number, part in enumerate(_largest_first(parts)):
        row = edits.part_of(edits.cut(whole, part, *tools), decision.id, number)
        name = str(row["lot_id"])
        board.rows[name], board.detected[name] = row, part
        board.reshaped.add(name)
        if lot_id in board.grounds:  # drawn over a neighbour, it still is once cut off
            board.grounds[name] = board.grounds[lot_id]
    board.rows[lot_id] = edits.cut(whole, rest, *tools)
    board.reshaped.add(lot_id)
    return None


def _largest_first(parts: list[BaseGeometry]) -> list[BaseGeometry]:
    # Rounded, so that the noise of the last digits never swaps two parts of the same size.
    corners = [np.round(part.bounds, 1).tolist() for part in parts]
    order = sorted(range(len(parts)), key=lambda i: (-round(parts[i].area, 1), corners[i]))
    return [parts[i] for i in order]


def merge(board: Board, decision: Decision, seen: Outcome, frame: Frame) -> Outcome:
    """Join two parks: the identity of the first named is kept, the other is absorbed."""
    kept, taken = board.holder(str(decision.lot_id)), board.holder(str(decision.value))
    if kept == taken:
        return replace(seen, state="sans_effet", reason="parcs déjà réunis")
    kinds = {str(board.rows[lot_id]["parking_type"]) for lot_id in (kept, taken)}
    if len(kinds) > 1:
        reason = f"parcs de types différents : {', '.join(sorted(kinds))}"
        return replace(seen, state="conflit", reason=reason)
    board.rows[kept] = edits.merged(board.rows[kept], board.rows[taken], frame.territory)
    del board.rows[taken]
    board.absorbed[taken] = kept
    board.reshaped = (board.reshaped - {taken}) | {kept}
    board.drawn -= {kept, taken}
    _inherit_ground(board, kept, taken)
    return seen


def _inherit_ground(board: Board, kept: str, taken: str) -> None:
    """Hold the merged park to what its two outlines were held to, the last drawn of them."""
    last = [lot_id for lot_id in board.grounds if lot_id in (kept, taken)]
    drawers = [board.grounds.pop(lot_id) for lot_id in last]
    if drawers:
        board.grounds[kept] = drawers[-1]


def carry_out(board: Board, decision: Decision, frame: Frame) -> Outcome:
    """Carry out one decision on an outline; the board changes only if it is `appliquee`."""
    shape = decision.drawn
    if decision.action == "ajouter" and shape is not None:
        return add(board, decision, shape, frame)
    seen = fit(board, decision, frame)
    if seen.state != "appliquee":
        return seen
    if decision.action == "fusionner":
        return merge(board, decision, seen, frame)
    if shape is None:  # pragma: no cover - `fault_of` has refused it
        return replace(seen, state="conflit", reason="aucun contour dessiné")
    change = redraw if decision.action == "redessiner" else split
    reason = change(board, decision, shape, frame)
    return seen if reason is None else replace(seen, state="conflit", reason=reason)
