"""A generated département as an OCS GE: a noded coverage in Lambert-93, fixed seed."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from tests.benchmarks.land_squares import CELL, CODES, MIDDLE, ROAD, ROAD_M, SIDE, draw_square

SEED = 20261126
VINTAGE = 2021
ORIGIN = (560_000.0, 6_600_000.0)
# One square in ten has a quarter of village; it is as dense as all the others together.
VILLAGES = (0,) * 18 + (1, 1)
# Of a road across the département, m: more than half are narrower than 5 m.
WIDTHS = (3.0, 3.5, 4.0, 4.0, 4.5, 6.0, 7.0, 8.0, 12.0)
BEND_M, BEND_EVERY_M = 240.0, 9 * SIDE
LAYER, NAME = "OCCUPATION_SOL", "OCS_GE.gpkg"


def generate_land(folder: Path, count: int) -> Path:
    """Write `count` polygons or a little more to `ocsge/` of the folder that is returned."""
    target = folder / str(count)
    path = target / "ocsge" / NAME
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_land(count).to_file(path, layer=LAYER, engine="pyogrio", use_arrow=True)
    return target


def draw_land(count: int, villages: tuple[int, ...] = VILLAGES) -> gpd.GeoDataFrame:
    """
    Return a land cover of `count` polygons or a little more: squares side by side, bent.

    Roads cross the whole, each of one width from 3 to 12 m. Squares repeat, turned and mirrored;
    what bends them is the same arithmetic on the copies of a vertex, which so remain one vertex.
    """
    random = np.random.default_rng(SEED)
    squares = [draw_square(random, built_up) for built_up in villages]
    mean = np.mean([len(square.codes) for square in squares])
    across = int(np.ceil(np.sqrt(count / mean)))
    # Every kind of square as often: the share of artificial land does not hang on the size.
    kinds = random.permutation(np.arange(across**2) % len(squares))
    turns = random.integers(0, 8, across**2)
    widths = random.choice(WIDTHS, (2, across))
    shapes, codes, places = [], [], []
    for kind, turn in np.unique(np.column_stack([kinds, turns]), axis=0):
        where = np.flatnonzero((kinds == kind) & (turns == turn))
        shapes.append(_placed(squares[kind].polygons, int(turn), where, widths))
        codes.append(np.tile(squares[kind].codes, len(where)))
        places.append(np.repeat(where, len(squares[kind].codes)))
    order = np.argsort(np.concatenate(places), kind="stable")
    return _table(np.concatenate(shapes)[order], np.concatenate(codes)[order])


def _table(shapes: np.ndarray, codes: np.ndarray) -> gpd.GeoDataFrame:
    cover, use = np.array(CODES, dtype=object).T
    columns = {
        "id": [f"OCSGE{i:08d}" for i in range(len(codes))],
        "code_cs": cover[codes],
        "code_us": use[codes],
        "millesime": VINTAGE,
        "ossature": (codes == ROAD).astype(int),
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:2154")


def _placed(polygons: np.ndarray, turn: int, where: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Return copies of the polygons of a square, turned, in each of the places, then bent."""
    kind, xy, (rings, parts) = shapely.to_ragged_array(polygons)
    flips = np.array([turn % 2, turn // 2 % 2], dtype=bool)
    turned = np.where(flips, SIDE - xy, xy)[:, :: -1 if turn >= 4 else 1]
    across = widths.shape[1]
    cells = np.column_stack([where % across, where // across])
    wider = np.stack([widths[axis][cells[:, axis]] for axis in (0, 1)], axis=1)[:, None]
    local = turned[None] + _widened(turned - MIDDLE)[None] * (wider - ROAD_M) / 2
    whole = _bent((local + cells[:, None] * SIDE).reshape(-1, 2))
    copies = len(where)
    return np.asarray(shapely.from_ragged_array(
        kind, whole, (_repeated(rings, copies), _repeated(parts, copies))
    ))  # fmt: skip


def _repeated(offsets: np.ndarray, copies: int) -> np.ndarray:
    shifts = np.arange(copies)[:, None] * offsets[-1]
    return np.append((offsets[None, :-1] + shifts).ravel(), copies * offsets[-1])


def _widened(from_middle: np.ndarray) -> np.ndarray:
    """Return how much each vertex moves when the road widens by 2 m: 1 at its edge, 0 far off."""
    away, reach = np.abs(from_middle), 2 * CELL
    edge = ROAD_M / 2
    near = np.clip((reach - away) / (reach - edge), 0, 1)
    return np.clip(from_middle / edge, -1, 1) * near


def _bent(xy: np.ndarray) -> np.ndarray:
    """Bend straight roads; additions and products alone, so that equal vertices stay equal."""
    return xy + BEND_M * _wave(xy[:, ::-1] / BEND_EVERY_M + 0.1) + np.array(ORIGIN)


def _wave(turns: np.ndarray) -> np.ndarray:
    """Return a smooth wave of period 1 between -1 and 1."""
    triangle = 4 * np.abs(turns - np.floor(turns) - 0.5) - 1
    return triangle * (1.5 - 0.5 * triangle * triangle)
