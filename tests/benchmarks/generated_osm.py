"""A generated region of OpenStreetMap, fixed seed: buildings, streets, car parks, and the rest."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import osmium

SEED = 20261126
WEST, SOUTH, SIDE = 2.0, 50.0, 1.5  # degrees
# As spread as real ones: the memory of a set of identifiers depends on their range.
LAST_NODE, LAST_WAY = 13_000_000_000, 1_400_000_000
VERTICES = 6
WAYS_PER_RELATION, WAYS_PER_TREE = 200, 20
_CHUNK = 50_000
# Share of the ways, their tags, and whether they close. The last but one is nothing that is read.
KINDS = (
    (0.48, "building=house", True),
    (0.03, "amenity=parking,parking=surface,access=customers", True),
    (0.03, "landuse=grass", True),
    (0.05, "landuse=farmland", True),
    (0.12, "highway=residential", False),
    (0.08, "highway=service,service=parking_aisle", False),
    (0.06, "highway=track", False),
    (0.02, "barrier=fence", False),
    (0.13, "route=ferry", False),
)
RELATION_KINDS = ("amenity=parking", "building=yes", "landuse=grass")


def generate_region(folder: Path, way_count: int) -> Path:
    """Write a sorted region: six nodes a way, two more ways for each relation (one a hole)."""
    target = folder / f"region-{way_count}.osm.pbf"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    text = folder / "region.opl"
    with text.open("w", encoding="ascii") as stream:
        stream.writelines(_lines(way_count))
    header = osmium.io.Header()
    header.set("sorting", "Type_then_ID")
    header.set("osmosis_replication_timestamp", "2026-11-25T21:20:00Z")
    with osmium.SimpleWriter(str(target), header=header, overwrite=True) as writer:
        osmium.apply(str(text), writer)
    text.unlink()
    return target


def _lines(way_count: int) -> Iterator[str]:
    """Give the region in OPL, one object a line, by chunks."""
    random = np.random.default_rng(SEED)
    relation_count = way_count // WAYS_PER_RELATION
    total = way_count + 2 * relation_count
    tree_count = way_count // WAYS_PER_TREE
    nodes = _identifiers(random, total * VERTICES + tree_count, LAST_NODE)
    ways = _identifiers(random, total, LAST_WAY)
    kinds = random.choice(len(KINDS), way_count, p=[share for share, *_ in KINDS])
    yield from _corners(random, nodes, total, 2 * relation_count)
    places = random.random((tree_count, 2)) * SIDE + (WEST, SOUTH)
    yield from (
        f"n{node} v1 t2024-05-01T00:00:00Z Tnatural=tree x{lon:.7f} y{lat:.7f}\n"
        for node, (lon, lat) in zip(nodes[-tree_count:].tolist(), places.tolist(), strict=True)
    )
    for row, way in enumerate(ways.tolist()):
        refs = nodes[row * VERTICES : (row + 1) * VERTICES].tolist()
        _, tags, is_closed = KINDS[kinds[row]] if row < way_count else (0, "", True)
        ring = [*refs, refs[0]] if is_closed else refs
        held = ",".join(f"n{ref}" for ref in ring)
        yield f"w{way} v1 t2024-05-01T00:00:00Z T{tags} N{held}\n"
    for row in range(relation_count):
        outer, inner = ways[way_count + 2 * row : way_count + 2 * row + 2].tolist()
        tags = f"type=multipolygon,{RELATION_KINDS[row % len(RELATION_KINDS)]}"
        yield f"r{row + 1} v1 t2024-05-01T00:00:00Z T{tags} Mw{outer}@outer,w{inner}@inner\n"


def _corners(
    random: np.random.Generator, nodes: np.ndarray, total: int, of_relations: int
) -> Iterator[str]:
    """Give the nodes of the ways: star-shaped rings; those of relations go by two, one inside."""
    angle = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    star = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    for start in range(0, total, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, total))
        radius = 1e-4 * (1 + random.random((len(rows), VERTICES)))
        centre = random.random((len(rows), 2)) * SIDE + (WEST, SOUTH)
        rank = rows - (total - of_relations)
        inner = (rank >= 0) & (rank % 2 == 1)
        centre[inner] = centre[np.flatnonzero(inner) - 1]
        radius[inner] = 3e-5
        places = (centre[:, None] + star * radius[..., None]).reshape(-1, 2)
        numbers = nodes[start * VERTICES : start * VERTICES + len(places)]
        yield "".join(
            f"n{node} v1 t2024-05-01T00:00:00Z x{lon:.7f} y{lat:.7f}\n"
            for node, (lon, lat) in zip(numbers.tolist(), places.tolist(), strict=True)
        )


def _identifiers(random: np.random.Generator, count: int, last: int) -> np.ndarray:
    """Return increasing identifiers, spread up to `last`."""
    return np.cumsum(random.integers(1, 2 * last // count - 1, count))
