"""Small tables for the tests: whole-metre rectangles in Lambert-93, defaults for what is idle."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.affinity import translate

from pipeline import contracts, schemas
from pipeline.assumptions import load_assumptions
from pipeline.crs import Territory, load_territories
from pipeline.masks import to_masks
from pipeline.rule_files import load_rules

CONFIG = Path(__file__).resolve().parents[1] / "config"
ASSUMPTIONS = load_assumptions(CONFIG / "assumptions.yaml")
RULES = load_rules(CONFIG / "rules")
FRANCE: Territory = load_territories(CONFIG / "territories.yaml")[0]
L93 = FRANCE.crs

# Where the standard parallel 44° N meets the central meridian, Lambert-93 is true to scale: there,
# square metres of the grid are square metres of the ground.
X0, Y0 = 700_000, 6_322_333
NO_CROWNS = np.empty(0, dtype=object)


def box(x0, y0, x1, y1):
    """Return a rectangle, metres from the origin of the tests."""
    return shapely.box(X0 + x0, Y0 + y0, X0 + x1, Y0 + y1)


def line(*points):
    """Return a line through points given in metres from the origin of the tests."""
    return shapely.LineString([(X0 + x, Y0 + y) for x, y in points])


def point(x, y):
    """Return a point, metres from the origin of the tests."""
    return shapely.Point(X0 + x, Y0 + y)


def moved(shape, dx, dy):
    """Return a shape moved by whole metres."""
    return translate(shape, dx, dy)


def table(schema, rows, defaults):
    """Return a table of `schema` from rows of columns, `defaults` where a row is silent."""
    if not rows:
        return contracts.empty(schema, L93)
    frame = pd.DataFrame([{**defaults, **row} for row in rows])
    return gpd.GeoDataFrame(contracts.conform(schema, frame, L93))


def candidates(*rows):
    """Return `ParkingCandidate` rows; each needs a candidate_id and a geometry."""
    defaults = {
        "source": "osm",
        "role": "outline",
        "parking_type": "surface",
        "is_for_trucks": False,
    }
    named = [{"source_id": row["candidate_id"], **row} for row in rows]
    return table(schemas.ParkingCandidate, named, defaults)


def roads(*rows):
    """Return `Road` rows; each needs a road_id and a geometry."""
    return table(schemas.Road, rows, {"source": "osm", "road_class": "public", "is_freight": False})


def buildings(*shapes, is_open=False, source="bdtopo"):
    """Return `Building` rows."""
    rows = [
        {"building_id": f"b{i}", "source": source, "is_open": is_open, "geometry": shape}
        for i, shape in enumerate(shapes)
    ]
    return table(schemas.Building, rows, {})


def fences(*rows):
    """Return `Fence` rows; each needs a fence_id and a geometry."""
    return table(schemas.Fence, rows, {"source": "osm", "has_opening": False})


def bays(*rows):
    """Return `ParkingBay` rows; each needs a bay_id and a geometry."""
    return table(
        schemas.ParkingBay, [{"source_id": row["bay_id"], **row} for row in rows], {"capacity": 1.0}
    )


def trees(*rows):
    """Return `Tree` rows; each needs a tree_id and a geometry."""
    return table(schemas.Tree, rows, {"source": "osm", "is_from_row": False})


def carports(*rows):
    """Return `Carport` rows; each needs a carport_id and a geometry."""
    return table(schemas.Carport, rows, {"source": "osm", "kind": "ombriere"})


def lots(*rows):
    """Return `ParkingLot` rows; each needs a lot_id and a geometry; area on the grid."""
    full = [_lot(row) for row in rows]
    return table(schemas.ParkingLot, full, {})


def _lot(row):
    area = row["geometry"].area
    return {
        "insee_code": "30000", "parking_type": "surface", "gross_area_m2": area,
        "source_low_m2": area, "source_high_m2": area, "source_areas": "", "accuracy_m": 0.5,
        "is_for_trucks": False,
        "outline_known": True, "is_bays_only": False, "piece_count": 1, "largest_piece_m2": area,
        "spaces": 60.0, "spaces_min": 50.0, "spaces_max": 75.0, "spaces_source": "estimees",
        "reliability": "moyenne", "reliability_reasons": "une seule source", "sources": "osm",
        "source_ids": row["lot_id"], **row,
    }  # fmt: skip


def masks(*rows):
    """Return mask batches from rows: geometry, motif, and optional mask_id, deducts, certain."""
    found = to_masks(
        np.array([row["geometry"] for row in rows], dtype=object),
        ids=[row.get("mask_id", f"m{i}") for i, row in enumerate(rows)],
        source=[row.get("source", "osm") for row in rows],
        motif=[row.get("motif", "espace_vert") for row in rows],
        deducts=[row.get("deducts", True) for row in rows],
        certain=[row.get("certain", True) for row in rows],
    )
    return found.to_batches()


def polygons_crossing():
    """A polygon whose sides cross: invalid."""
    return shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
