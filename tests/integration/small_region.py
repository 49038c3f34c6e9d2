"""A few small communes in a row, each with one car park: what a refresh costs the least on."""

import json

from pyproj import Transformer

SIDE = 600  # metres
FIRST = (678_000, 7_034_000)  # Lambert-93
_TO_DEGREES = Transformer.from_crs("EPSG:2154", "EPSG:4326", always_xy=True)


def codes(count):
    return [f"629{rank:02d}" for rank in range(1, count + 1)]


def deposit(data, count, *, park_sides=(60, 50)):
    """Write limits and car parks (`park_sides` in metres, east then north) of `count` communes."""
    x, y = FIRST
    communes = [
        _feature(_box(x + rank * SIDE, y, SIDE, SIDE), code=code, nom=f"Commune {code}")
        for rank, code in enumerate(codes(count))
    ]
    parks = [
        _feature(
            _box(x + rank * SIDE + 200, y + 200, *park_sides),
            osm_id=rank + 1,
            osm_type="way",
            amenity="parking",
        )
        for rank in range(count)
    ]
    _write(data / "communes" / "communes.geojson", communes)
    _write(data / "osm" / "parkings.geojson", parks)
    return data


def _box(x, y, width, height):
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return [[list(_TO_DEGREES.transform(*corner)) for corner in corners]]


def _feature(coordinates, **properties):
    geometry = {"type": "Polygon", "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _write(path, features):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"type": "FeatureCollection", "features": features})
    path.write_text(text, encoding="utf-8")
