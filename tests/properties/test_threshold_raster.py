"""The passes of the thresholds against a raster that knows no polygon: 5 m, four neighbours."""

import numpy as np
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import ndimage
from shapely import box

from pipeline.artificialisation.thresholds import VARIANTS
from tests.unit.artificialisation.land import FIELD, HOUSE, THRESHOLDS, YARD, A, N, cover, judged

CELL, CELLS = 5, 40  # 25 m² each, 200 m by 200 m
CELL_M2 = CELL**2
STATUS = {"artificialise": A, "non_artificialise": N}
sides = st.integers(1, 22)
corners = st.integers(0, CELLS - 1)
rectangles = st.tuples(st.sampled_from([FIELD, YARD, HOUSE, 4, 7]), corners, corners, sides, sides)
lands = st.lists(rectangles, max_size=14)
# 2 100 m² of yard around 400 m² of field, in a field: the order of the passes decides.
RING = [(YARD, 10, 10, 10, 10), (FIELD, 13, 13, 4, 4)]
# A house of 25 m² and one of 50 m², each on a yard of its own.
SHEDS = [(YARD, 3, 3, 5, 5), (HOUSE, 4, 4, 1, 1), (YARD, 20, 20, 5, 5), (HOUSE, 21, 21, 2, 1)]
# Two yards of 1 600 m² that touch at a corner: two surfaces.
CORNERS = [(YARD, 5, 5, 8, 8), (YARD, 13, 13, 8, 8)]


def painted(land):
    """Return the category of each cell: the later rectangle over the earlier."""
    cells = np.full((CELLS, CELLS), FIELD)
    for category, column, row, width, height in land:
        cells[row : row + height, column : column + width] = category
    return cells


def drawn(land):
    """Return the same land as polygons, and their categories."""
    last = CELL * CELLS
    layers = [
        (
            category,
            box(column * CELL, row * CELL, min((column + width) * CELL, last),
                min((row + height) * CELL, last)),
        )
        for category, column, row, width, height in land
    ]  # fmt: skip
    return cover(*layers, around=box(0, 0, last, last))


def reaches_edge(inside):
    return inside[0].any() or inside[-1].any() or inside[:, 0].any() or inside[:, -1].any()


def surfaces(mask):
    labels, count = ndimage.label(mask)
    return [labels == i + 1 for i in range(count)]


def one_round(status, absorbed, kept):
    """Return the status once each small surface of a status takes the other, all around it."""
    after = status.copy()
    for inside in surfaces(status == absorbed):
        if reaches_edge(inside) or inside.sum() * CELL_M2 >= THRESHOLDS.surface_m2:
            continue
        after[inside & ~kept] = N if absorbed == A else A
    return after


def passes(cells, variant):
    """Apply the convention as it is worded, surface by surface, cell by cell."""
    kept = np.zeros(cells.shape, dtype=bool)
    for house in surfaces(cells == HOUSE):
        kept |= house & (house.sum() * CELL_M2 >= THRESHOLDS.building_m2)
    status = np.where(cells <= 5, A, N)
    for step in variant.passes:
        before = None
        while before is None or (status != before).any():
            before, status = status, one_round(status, STATUS[step], kept)
    return status


def rasterized(polygons, statuses):
    """Return the status of the polygon over the centre of each cell."""
    centre = (np.arange(CELLS) + 0.5) * CELL
    points = shapely.points(*np.meshgrid(centre, centre))
    cell, polygon = shapely.STRtree(polygons).query(points.ravel(), predicate="within")
    assert np.array_equal(cell, np.arange(CELLS**2))  # one polygon each, none without
    return statuses[polygon].reshape(CELLS, CELLS)


@settings(max_examples=80, deadline=None)
@given(land=lands, variant=st.sampled_from(VARIANTS[:2]))
@example(land=RING, variant=VARIANTS[0])
@example(land=RING, variant=VARIANTS[1])
@example(land=SHEDS, variant=VARIANTS[0])
@example(land=CORNERS, variant=VARIANTS[0])
def test_polygons_and_pixels_agree_on_every_cell(land, variant):
    polygons, categories = drawn(land)
    found = judged(polygons, categories, variant)
    assert np.array_equal(rasterized(polygons, found.status), passes(painted(land), variant))


def test_the_examples_are_not_idle():
    """The ring is filled or erased by the order; the shed of 25 m² alone goes with its yard."""
    filled, erased = (passes(painted(RING), variant) for variant in VARIANTS[:2])
    assert ((filled == A).sum() * CELL_M2, (erased == A).sum() * CELL_M2) == (2500, 0)
    assert (passes(painted(SHEDS), VARIANTS[0]) == A).sum() * CELL_M2 == 50
    assert not (passes(painted(CORNERS), VARIANTS[0]) == A).any()
