"""Car parks as a product tells them (French columns): whole metres, round areas, one per test."""

from dataclasses import replace
from datetime import date

import geopandas as gpd
import pandas as pd
from shapely import box

from pipeline.inventory.causes import Evidence
from pipeline.inventory.changes import Reading, changes
from pipeline.inventory.states import REPLAYED
from pipeline.inventory.thresholds import thresholds_on
from tests.tables import ASSUMPTIONS, RULES

DAY = date(2026, 12, 1)
CRS = "EPSG:2154"
THRESHOLDS = thresholds_on(RULES, "62999", DAY)
READING = Reading(THRESHOLDS, ASSUMPTIONS.journal, ASSUMPTIONS.priority.soon_days.value)
NOTHING = pd.DataFrame(columns=list(REPLAYED))
SAME = Evidence(
    data=frozenset(), rules=False, assumptions=False, code=False, days_moved=False,
    due_reached=False, corrected=frozenset(), before=NOTHING, after=NOTHING,
)  # fmt: skip


def park(lot_id="p1", **values):
    """Return one row; an outline of `side` metres where only it is given."""
    side = values.pop("side", 50)
    area = values.get("surface_assujettie_m2", 2000.0)
    return {
        "parc_id": lot_id,
        "nom": "Parking du Port",
        "type_parc": "surface",
        "sources": "osm",
        "surface_brute_m2": 2500.0,
        "surface_exclue_m2": 0.0,
        "surface_assujettie_m2": area,
        "surface_eaux_pluviales_m2": area,
        "surface_ombrage_m2": area,
        "regime": "existant_1500",
        "statut": "assujetti",
        "statut_calcule": "assujetti",
        "statut_revu": None,
        "source_statut": "calcul",
        "echeance": date(2028, 7, 1),
        "echeance_reportee": None,
        "echeance_situation": "a_venir",
        "report_etat": "a_justifier",
        "priorite_instruction": 2.0,
        "regles_au": date(2026, 9, 30),
        "base_hash": "00ff",
        "geometry": box(0, 0, side, 50),
        **values,
    }


def parcs(*rows):
    """Return a `parcs` table."""
    columns = list(park())
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=CRS)


def compared(before, after, evidence=SAME):
    """Return the journal of what differs between two lists of rows."""
    return changes(parcs(*before), parcs(*after), seen_on=DAY, reading=READING, causes=evidence)


def told(before, after, evidence=SAME):
    """Return the (kind, before, after, detail) of each entry, narrow spaces as plain ones."""
    rows = compared(before, after, evidence).astype(object)
    rows = rows.where(rows.notna(), None)
    return [
        tuple(spaced(row[name]) for name in ("kind", "before", "after", "detail"))
        for row in rows.to_dict("records")
    ]


def spaced(words):
    return words.replace("\u202f", " ") if isinstance(words, str) else words


def decisions(*rows):
    """Return replayed corrections: (id, park, action, value, state, reason)."""
    return pd.DataFrame(rows, columns=list(REPLAYED), dtype=object)


def evidence(**changes):
    """Return an evidence in which only what is given differs."""
    return replace(SAME, **changes)
