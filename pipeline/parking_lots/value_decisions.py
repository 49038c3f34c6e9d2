"""Decisions that set a value or a status: confirm, reject, fix spaces, use, date, status."""

from dataclasses import dataclass, field, replace

from pipeline.parking_lots.board import Board, Frame, Outcome, fit
from pipeline.parking_lots.decisions import Decision, day_of, spaces_of, status_of, usage_of
from pipeline.parking_lots.outline_edits import Row
from pipeline.parking_lots.scope import OUT_OF_SCOPE


@dataclass
class Values:
    """What the decisions set: spaces of each park (low, high), status that stands in its stead."""

    spaces: dict[str, tuple[float, float]] = field(default_factory=dict)
    overrides: dict[str, Row] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)


def decide_values(
    board: Board, decisions: list[Decision], frame: Frame
) -> tuple[Values, dict[str, Outcome]]:
    """Carry out the decisions that change no outline; rejections first, for they come first."""
    values, outcomes = Values(), {}
    for decision in sorted(decisions, key=lambda item: item.action != "rejeter"):
        seen = fit(board, decision, frame)
        if seen.state == "appliquee":
            reason = _set(board, values, decision, frame)
            seen = seen if reason is None else replace(seen, state="sans_effet", reason=reason)
        outcomes[decision.id] = seen
    return values, outcomes


def _set(board: Board, values: Values, decision: Decision, frame: Frame) -> str | None:
    """Carry out one decision; return in French why it has no effect."""
    lot_id = str(decision.lot_id)
    row = board.rows[lot_id]
    match decision.action:
        case "rejeter":
            values.rejected.add(lot_id)
            values.overrides[lot_id] = _override(decision, "hors_champ")
        case "fixer_statut" if lot_id in values.rejected:
            return "parc rejeté par une autre décision"
        case "fixer_statut":
            values.overrides[lot_id] = _override(decision, status_of(decision.value))
        case "fixer_places":
            values.spaces[lot_id] = spaces_of(decision.value) or (0.0, 0.0)
        case "fixer_date":
            row["first_seen"] = day_of(decision.value)
        case "fixer_usage":
            _set_usage(board, row, decision, frame)
    return None


def _override(decision: Decision, status: str | None) -> Row:
    return {
        "lot_id": decision.lot_id,
        "status": status,
        "motive": decision.motive,
        "agent": decision.agent,
        "decided_on": decision.decided_on,
    }


def _set_usage(board: Board, row: Row, decision: Decision, frame: Frame) -> None:
    usage = usage_of(decision.value, frame.assumptions)
    if usage is None:  # pragma: no cover - `fault_of` has refused it
        return
    if usage.parking_type is not None:
        row["parking_type"] = usage.parking_type
        row["out_of_scope"] = OUT_OF_SCOPE.get(usage.parking_type)
        board.reshaped.add(str(row["lot_id"]))  # its spaces are not estimated in the same way
    row["access"] = usage.access or row["access"]
    row["is_for_trucks"] = row["is_for_trucks"] or usage.is_for_trucks
