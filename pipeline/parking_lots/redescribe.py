"""What an outline tells of a car park, worked out again once agents have changed it."""

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory
from pipeline.parking_lots.board import Board
from pipeline.parking_lots.decisions import absent
from pipeline.parking_lots.describe import Surroundings
from pipeline.parking_lots.evidence import Context, crossed_by, near_hints, weigh
from pipeline.parking_lots.land import parcels_under
from pipeline.parking_lots.outline_edits import DRAWN_BY_AGENT, Row
from pipeline.parking_lots.spaces import count_spaces

_CAPACITIES = ["capacity_min", "capacity_max"]


def describe_again(
    board: Board, around: Surroundings, assumptions: Assumptions, territory: Territory
) -> None:
    """
    Work out the parcels, the spaces and, where an agent drew it all, the reliability of the lots.

    Those of `board.reshaped` only: the others keep what their sources told. A declared capacity
    spoke of the outline of its source: it holds where the outline is that one still.
    """
    names = [name for name in board.rows if name in board.reshaped]
    if not names:
        return
    rows = [board.rows[name] for name in names]
    lots = gpd.GeoDataFrame(rows, geometry="geometry", crs=territory.crs)
    lots = lots.drop(columns=[name for name in (*_LAND, *_SPACES) if name in lots])
    land = parcels_under(lots, around.parcels, assumptions)
    declared = pd.DataFrame(
        [_declared(board, row) for row in rows], columns=_CAPACITIES, dtype=float
    )
    spaces = count_spaces(lots, declared, around.bays, assumptions)
    found = land.join(spaces).to_dict("records")
    crossed, hinted = crossed_by(lots, around.roads), near_hints(lots, around.hints)
    for i, (name, told) in enumerate(zip(names, found, strict=True)):
        board.rows[name] |= {str(key): value for key, value in told.items()}
        if name in board.drawn:
            context = Context(
                bool(crossed[i]),
                bool(hinted[i]),
                float(land["outside_parcels_share"].iloc[i]),
                False,
            )
            level, reasons = weigh(2, DRAWN_BY_AGENT, None, context, assumptions)
            board.rows[name] |= {"reliability": level, "reliability_reasons": reasons}


_LAND = ("outside_parcels_share", "parcel_ids")
_SPACES = ("spaces", "spaces_min", "spaces_max", "spaces_source")


def _declared(board: Board, row: Row) -> tuple[float, float]:
    is_whole = row["geometry"] == board.detected[str(row["lot_id"])]
    if not is_whole or absent(row.get("spaces_source")) or row["spaces_source"] != "declarees":
        return np.nan, np.nan
    return row["spaces_min"], row["spaces_max"]
