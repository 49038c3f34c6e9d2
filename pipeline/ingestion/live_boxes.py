"""Boxes of degrees that services are asked for: rounded, cut in four, written."""

import json
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely

from pipeline.ingestion.scope import Bounds

# Rounded outwards, so that a limit that moves by a metre asks for the same thing.
_STEPS_PER_DEGREE = 1000
_DECIMALS = 7


def rounded_out(box: Bounds) -> Bounds:
    """Return the box of whole thousandths of a degree that holds a box."""
    west, south, east, north = (side * _STEPS_PER_DEGREE for side in box)
    sides = (math.floor(west), math.floor(south), math.ceil(east), math.ceil(north))
    west, south, east, north = (side / _STEPS_PER_DEGREE for side in sides)
    return (west, south, east, north)


def quarters(box: Bounds) -> list[Bounds]:
    """Return the four boxes that make a box, from the south-west to the north-east."""
    west, south, east, north = box
    x, y = (west + east) / 2, (south + north) / 2
    return [(west, south, x, y), (x, south, east, y), (west, y, x, north), (x, y, east, north)]


def as_geojson(box: Bounds) -> str:
    """Write a box as a GeoJSON polygon, in longitude and latitude."""
    west, south, east, north = (round(side, _DECIMALS) for side in box)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]}, separators=(",", ":"))


def count_outside(features: Iterable[dict[str, Any]], box: Bounds) -> int:
    """
    Return how many GeoJSON features miss a box, boxes of theirs taken; those not drawn do not.

    Raises
    ------
    KeyError, TypeError, shapely.errors.ShapelyError
        If one of them is no feature.
    """
    texts = [json.dumps(it["geometry"]) for it in features if it["geometry"] is not None]
    shapes = shapely.from_geojson(np.array(texts, dtype=object))
    return int((~shapely.intersects(shapely.envelope(shapes), shapely.box(*box))).sum())
