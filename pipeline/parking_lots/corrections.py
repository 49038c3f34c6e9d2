"""The decisions of agents on the car parks of a commune, carried out again at every run."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, check_table, conform, empty, without_rows
from pipeline.crs import Territory
from pipeline.outline_digest import outline_hash
from pipeline.parking_lots.board import Bases, Board, Frame, Outcome, trim
from pipeline.parking_lots.decisions import (
    OUTLINE_ACTIONS,
    Decision,
    decisions_in_order,
    fault_of,
)
from pipeline.parking_lots.describe import Surroundings
from pipeline.parking_lots.outline_decisions import carry_out
from pipeline.parking_lots.redescribe import describe_again
from pipeline.parking_lots.value_decisions import Values, decide_values
from pipeline.schemas import (
    Conflict,
    Correction,
    ParkingLot,
    ReplayedCorrection,
    StatusOverride,
)


@dataclass(frozen=True)
class Replayed:
    """
    Car parks once corrected, and what became of each correction.

    `lots` follows `ParkingLot`, `replayed` `ReplayedCorrection`, `conflicts` `Conflict`,
    `overrides` `StatusOverride`. `base_hashes` gives, for each lot, the digest of the outline that
    the next decisions will be taken on; `absorbed` the park that holds each one merged.
    """

    lots: gpd.GeoDataFrame
    replayed: gpd.GeoDataFrame
    conflicts: gpd.GeoDataFrame
    overrides: pd.DataFrame
    base_hashes: dict[str, str]
    absorbed: dict[str, str]

    @classmethod
    def unchanged(cls, lots: gpd.GeoDataFrame, territory: Territory) -> "Replayed":
        """Return what a commune without correction gives: most of them, so nothing is checked."""
        none = [empty(schema, territory.crs) for schema in (ReplayedCorrection, Conflict)]
        shapes = zip(lots["lot_id"], lots.geometry, strict=True)
        hashes = {str(lot_id): outline_hash(shape) for lot_id, shape in shapes}
        return cls(lots, none[0], none[1], without_rows(StatusOverride), hashes, {})


def replay(
    lots: gpd.GeoDataFrame,
    corrections: gpd.GeoDataFrame,
    bases: Bases,
    around: Surroundings,
    assumptions: Assumptions,
    territory: Territory,
    insee_code: str,
) -> Replayed:
    """
    Carry out the corrections of a commune on its detected car parks.

    They are taken by date, then in the order of the file; the last valid decision on a park and a
    subject wins, the earlier ones are `remplacee`. A decision whose base has moved by more than
    `corrections.moved_share` (strict), or that no longer fits, is a `conflit` and changes nothing:
    the decision before it then stands. Nothing is dropped: each correction has its row.

    Parameters
    ----------
    lots
        `ParkingLot` of the commune, as detected, with the identifiers that they keep.
    corrections
        `Correction`, territory CRS.
    bases
        Outline on which each correction was taken, where it is known from an earlier run.
    around
        Tables of the window: parcels, bays, roads, hints, communes.
    """
    if corrections.empty:
        return Replayed.unchanged(lots, territory)
    checked = check(Correction, corrections, territory.crs)
    frame = Frame(insee_code, around.communes, bases, assumptions, territory)
    decisions = decisions_in_order(checked)
    board, values, outcomes = _settle(lots, decisions, frame)
    describe_again(board, around, assumptions, territory)
    for lot_id, (low, high) in values.spaces.items():
        fixed = {"spaces": np.round((low + high) / 2), "spaces_min": low, "spaces_max": high}
        board.rows[lot_id] |= {**fixed, "spaces_source": "fixees"}
    return Replayed(
        lots=_table(ParkingLot, list(board.rows.values()), territory),
        replayed=_table(ReplayedCorrection, _replayed(decisions, outcomes), territory),
        conflicts=_table(Conflict, _conflicts(decisions, outcomes), territory),
        overrides=_overrides(values),
        base_hashes={name: outline_hash(board.detected[name]) for name in board.rows},
        absorbed={name: board.holder(name) for name in board.absorbed},
    )


def _settle(
    lots: gpd.GeoDataFrame, decisions: list[Decision], frame: Frame
) -> tuple[Board, Values, dict[str, Outcome]]:
    """
    Carry out the decisions until no other one has to be set aside.

    A decision set aside may bring back the one that it replaced: all is done again from the
    detected parks, at most as many times as there are decisions.
    """
    faults = {item.id: fault_of(item, frame.assumptions) for item in decisions}
    aside = {
        item.id: _without_use(item, fault, lots, frame)
        for item in decisions
        if (fault := faults[item.id]) is not None
    }
    while True:
        standing, replaced = _standing(decisions, aside)
        board, values, outcomes = _attempt(lots, standing, frame)
        fresh = {key: item for key, item in outcomes.items() if item.state != "appliquee"}
        if not fresh:
            earlier = {item.id: _replaced(item, board, frame) for item in replaced}
            return board, values, {**aside, **outcomes, **earlier}
        aside |= fresh


def _without_use(decision: Decision, fault: str, lots: gpd.GeoDataFrame, frame: Frame) -> Outcome:
    """Set aside a decision that cannot be read, with the outlines that are known."""
    today = lots.geometry[lots["lot_id"] == decision.lot_id]
    base = frame.bases.get((decision.id, decision.lot_id or ""))
    known = today.iloc[0] if len(today) else None
    return Outcome("conflit", fault, decision.lot_id, base, known)


def _standing(
    decisions: list[Decision], aside: Mapping[str, Outcome]
) -> tuple[list[Decision], list[Decision]]:
    """Part the decisions that win from those, valid or not, that a later one replaces."""
    last: dict[Hashable, int] = {}
    for rank, decision in enumerate(decisions):
        if decision.id not in aside:
            last[decision.replaces] = rank
    standing = [item for rank, item in enumerate(decisions) if last.get(item.replaces) == rank]
    replaced = [item for rank, item in enumerate(decisions) if last.get(item.replaces, rank) > rank]
    return standing, replaced


def _replaced(decision: Decision, board: Board, frame: Frame) -> Outcome:
    base = frame.bases.get((decision.id, decision.lot_id or ""))
    today = board.detected.get(decision.lot_id or "")
    if base is None and today is not None and outline_hash(today) == decision.base_hash:
        base = today
    return Outcome("remplacee", "une décision plus récente", decision.lot_id, base, today)


def _attempt(
    lots: gpd.GeoDataFrame, decisions: list[Decision], frame: Frame
) -> tuple[Board, Values, dict[str, Outcome]]:
    board = Board.of(lots)
    outcomes: dict[str, Outcome] = {}
    drawing = [item for item in decisions if item.action in OUTLINE_ACTIONS]
    for decision in drawing:
        outcomes[decision.id] = carry_out(board, decision, frame)
    if all(outcome.state == "appliquee" for outcome in outcomes.values()):
        for decision_id, reason in trim(board, frame).items():
            seen = outcomes[decision_id]
            outcomes[decision_id] = Outcome(
                "conflit", reason, seen.lot_id, seen.base, seen.today, seen.moved
            )
    others = [item for item in decisions if item.action not in OUTLINE_ACTIONS]
    values, told = decide_values(board, others, frame)
    return board, values, outcomes | told


def _replayed(
    decisions: list[Decision], outcomes: Mapping[str, Outcome]
) -> list[dict[str, object]]:
    rows = []
    for decision in decisions:
        outcome = outcomes[decision.id]
        row = {
            **_told(decision, outcome),
            "motive": decision.motive,
            "base_hash": decision.base_hash,
            "state": outcome.state,
        }
        rows.append({**row, "geometry": outcome.base})
    return rows


def _conflicts(
    decisions: list[Decision], outcomes: Mapping[str, Outcome]
) -> list[dict[str, object]]:
    return [
        {**_told(item, outcome), "moved_share": outcome.moved, "role": role, "geometry": shape}
        for item in decisions
        if (outcome := outcomes[item.id]).state == "conflit"
        for role, shape in (("base", outcome.base), ("actuel", outcome.today))
    ]


def _told(decision: Decision, outcome: Outcome) -> dict[str, object]:
    undated = "sans date : tenue pour la plus ancienne" if decision.decided_on is None else None
    reasons = [part for part in (outcome.reason, undated) if part]
    return {
        "correction_id": decision.id,
        "lot_id": outcome.lot_id or decision.lot_id,
        "action": decision.action,
        "value": decision.value,
        "agent": decision.agent,
        "decided_on": decision.decided_on,
        "reason": " ; ".join(reasons) or None,
    }


def _overrides(values: Values) -> pd.DataFrame:
    columns = list(StatusOverride.to_schema().columns)
    rows = pd.DataFrame(list(values.overrides.values()), columns=columns)
    ordered = rows.sort_values("lot_id").reset_index(drop=True)
    return check_table(StatusOverride, conform(StatusOverride, ordered))


def _table(
    schema: type[ParkingLot | ReplayedCorrection | Conflict],
    rows: list[dict[str, object]],
    territory: Territory,
) -> gpd.GeoDataFrame:
    columns = list(schema.to_schema().columns)
    shapes = np.array([row["geometry"] for row in rows] or [], dtype=object)
    table = pd.DataFrame(rows, columns=columns).drop(columns="geometry")
    table = table.assign(geometry=pd.Series(shapes, index=table.index, dtype=object))
    return check(schema, gpd.GeoDataFrame(conform(schema, table, territory.crs)), territory.crs)
