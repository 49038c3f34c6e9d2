"""What a car park becomes when an agent draws it, cuts it or joins it to another: one row each."""

from hashlib import blake2s
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.assumptions import Assumptions
from pipeline.crs import Territory, ground_area
from pipeline.french import number
from pipeline.parking_lots.decisions import absent
from pipeline.polygons import polygonal
from pipeline.precision import ID_BYTES
from pipeline.schemas.inventory import AGENT, AGENT_PREFIX

Row = dict[str, Any]
DRAWN_BY_AGENT = "contour dessiné par un agent"
_LEVELS = ("faible", "moyenne", "elevee")


def area_of(shape: BaseGeometry, territory: Territory) -> float:
    """Return the ground area of one outline, m²."""
    return float(ground_area(np.array([shape], dtype=object), territory)[0])


def common(first: BaseGeometry, second: BaseGeometry) -> BaseGeometry:
    """Return the polygons that two outlines share."""
    return _polygons(shapely.intersection(first, second))


def less(first: BaseGeometry, second: BaseGeometry) -> BaseGeometry:
    """Return the polygons of the first outline that the second leaves."""
    return _polygons(shapely.difference(first, second))


def together(shapes: list[BaseGeometry]) -> BaseGeometry:
    """Return the ground of several outlines; one comes back as it is."""
    return shapes[0] if len(shapes) == 1 else _polygons(shapely.union_all(shapes))


def _polygons(shape: BaseGeometry) -> BaseGeometry:
    found: BaseGeometry = polygonal(np.array([shape], dtype=object))[0]
    return found


def moved_share(before: BaseGeometry, after: BaseGeometry) -> float:
    """Return the area of the symmetric difference of two outlines over that of their union."""
    whole = shapely.area(shapely.union(before, after))
    return float(shapely.area(shapely.symmetric_difference(before, after)) / whole)


def minted(correction_id: str, insee_code: str, part: int = 0) -> str:
    """Name a car park that a correction makes, by the correction: a later redraw keeps the name."""
    digest = blake2s(f"{correction_id}#{part}".encode(), digest_size=ID_BYTES).hexdigest()
    return f"{insee_code}-{digest}"


def drawn(row: Row, shape: BaseGeometry, assumptions: Assumptions, territory: Territory) -> Row:
    """
    Return a car park with the outline that an agent drew.

    The drawing settles what was in doubt: bays alone, pieces joined, sources that differ. The
    interval is that of the accuracy of the agent. A declared capacity spoke of another outline.
    """
    gross = area_of(shape, territory)
    told = [] if absent(row["source_areas"]) else [row["source_areas"]]
    earlier = [part for part in " ; ".join(told).split(" ; ") if part and not _is_agents(part)]
    return {
        **row,
        "geometry": shape,
        "gross_area_m2": gross,
        "source_low_m2": gross,
        "source_high_m2": gross,
        "source_areas": " ; ".join([*earlier, f"{AGENT} {number(gross)} m²"]),
        "accuracy_m": assumptions.positional_accuracy_m["agent"].value,
        "outline_known": True,
        "is_bays_only": False,
        "piece_count": 1,
        "largest_piece_m2": gross,
        "joined_by": None,
        "reliability": _LEVELS[-1],
        "reliability_reasons": DRAWN_BY_AGENT,
        "sources": _joined(row["sources"], AGENT),
    }


def _is_agents(account: str) -> bool:
    return account.startswith(f"{AGENT} ")


def added(correction_id: str, insee_code: str, name: str | None) -> Row:
    """Return the facts of a car park that an agent alone knows; its outline is to be drawn."""
    return {
        "lot_id": minted(correction_id, insee_code),
        "insee_code": insee_code,
        "name": name,
        "access": None,
        "operator": None,
        "parking_type": "surface",
        "out_of_scope": None,
        "source_areas": "",
        "is_for_trucks": False,
        "first_seen": None,
        "sources": AGENT,
        "source_ids": f"{AGENT_PREFIX}{correction_id}",
    }


def cut(row: Row, shape: BaseGeometry, assumptions: Assumptions, territory: Territory) -> Row:
    """
    Return what a cut leaves of a car park.

    Every source is taken to lose the same share. The limit is drawn by an agent: the accuracy is
    that of the coarser of the two.
    """
    gross = area_of(shape, territory)
    share = gross / row["gross_area_m2"]
    accuracy = assumptions.positional_accuracy_m["agent"].value
    return {
        **row,
        "geometry": shape,
        "gross_area_m2": gross,
        "source_low_m2": row["source_low_m2"] * share,
        "source_high_m2": row["source_high_m2"] * share,
        "accuracy_m": max(row["accuracy_m"], accuracy),
        "largest_piece_m2": min(row["largest_piece_m2"], gross),
        "sources": _joined(row["sources"], AGENT),
        "reliability_reasons": _told(row["reliability_reasons"], "partie séparée par un agent"),
    }


def part_of(row: Row, correction_id: str, part: int) -> Row:
    """Return the facts of a part cut off: those of the car park, under a name of its own."""
    return {
        **row,
        "lot_id": minted(correction_id, row["insee_code"], part),
        "source_ids": f"{AGENT_PREFIX}{correction_id}#{part}",
    }


def merged(first: Row, second: Row, territory: Territory) -> Row:
    """Return one car park made of two: the identity of the first, the facts of both."""
    shape = together([first["geometry"], second["geometry"]])
    both = (first, second)
    days = [row["first_seen"] for row in both]
    known = {
        column: next((row[column] for row in both if not absent(row[column])), None)
        for column in ("name", "access", "operator", "joined_by")
    }
    level = min(_LEVELS.index(row["reliability"]) for row in both)
    reasons = _told(*(row["reliability_reasons"] for row in both), "réunion décidée par un agent")
    return {
        **first,
        **known,
        "geometry": shape,
        "gross_area_m2": area_of(shape, territory),
        "source_low_m2": sum(row["source_low_m2"] for row in both),
        "source_high_m2": sum(row["source_high_m2"] for row in both),
        "source_areas": _told(*(row["source_areas"] for row in both)),
        "accuracy_m": max(row["accuracy_m"] for row in both),
        "is_for_trucks": any(row["is_for_trucks"] for row in both),
        "first_seen": None if any(absent(day) for day in days) else min(days),
        "outline_known": all(row["outline_known"] for row in both),
        "is_bays_only": all(row["is_bays_only"] for row in both),
        "piece_count": sum(row["piece_count"] for row in both),
        "largest_piece_m2": max(row["largest_piece_m2"] for row in both),
        "reliability": _LEVELS[level],
        "reliability_reasons": reasons,
        "sources": _joined(*(row["sources"] for row in both), AGENT),
        "source_ids": _joined(*(row["source_ids"] for row in both)),
    }


def _joined(*lists: str) -> str:
    return ";".join(sorted({item for joined in lists for item in joined.split(";")}))


def _told(*accounts: str) -> str:
    """Join accounts, each sentence once, in their order."""
    parts = [part for account in accounts for part in account.split(" ; ") if part]
    return " ; ".join(dict.fromkeys(parts))
