"""Where the hand-made commune stands: identifiers and shapes of its car parks, whole metres."""

from datetime import date
from pathlib import Path

import pandas as pd
from shapely import MultiPolygon, box

from pipeline import contracts
from pipeline.crs import load_territories, territory_of
from pipeline.rule_files import load_rules

CONFIG = Path(__file__).resolve().parents[3] / "config"
RULES = load_rules(CONFIG / "rules")
TERRITORY = territory_of("62999", load_territories(CONFIG / "territories.yaml"))
CRS = TERRITORY.crs
AS_OF = date(2026, 7, 1)
# 49° N, a standard parallel of Lambert-93, passes 253 m above Y: plane and ground areas are equal
# to 0.02 m² on every shape below, so that whole metres give whole square metres.
X, Y = 650_000, 6_877_750
HOSTILE = 'Parc <b>"L\'Été"</b> ]]> {{x}} [% 1+1 %]\n🚗 & <script>alert(1)</script>\x07'
CLEANED = HOSTILE.replace("\x07", "")


def at(x, y, width, height):
    return box(X + x, Y + y, X + x + width, Y + y + height)


GRAND, DOUTEUX, ABRITE, PETIT, ENTERRE, DOUBLE = (f"62999-{n}" for n in range(1, 7))
ALL = (GRAND, DOUTEUX, ABRITE, PETIT, ENTERRE, DOUBLE)
SHAPES = {
    GRAND: at(200, 200, 120, 100),  # 12 000 m²
    DOUTEUX: at(600, 200, 51, 30),  # 1 530 m²
    ABRITE: at(1000, 200, 60, 50),  # 3 000 m²
    PETIT: at(1400, 200, 30, 30),  # 900 m²
    ENTERRE: at(200, 700, 50, 40),  # 2 000 m²
    DOUBLE: MultiPolygon([at(600, 700, 50, 30), at(660, 700, 40, 25)]),  # 2 500 m²
}


def table(schema, rows, *, geometry=True):
    frame = pd.DataFrame(rows)
    return contracts.conform(schema, frame, CRS if geometry else None)
