"""Laws of the ledger, for any rectangles."""

from datetime import date

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.eligible_surface.measure import compute_eligible_surface
from pipeline.eligible_surface.subtraction import find_hits, subtract
from tests.tables import ASSUMPTIONS, FRANCE, NO_CROWNS, RULES, box, lots, masks, moved

DAY = date(2026, 11, 22)
metres = st.integers(0, 60)
rectangles = st.builds(
    lambda x, y, w, h: box(x, y, x + w + 1, y + h + 1), metres, metres, metres, metres
)
motifs = st.sampled_from(["espace_vert", "stockage", "icpe_10m", "batiment"])
cuts = st.lists(st.tuples(rectangles, motifs), max_size=5)
# A vertex more on a shared edge moves its image in the equal-area projection by micrometres.
DUST = 1e-3
quick = settings(deadline=None, max_examples=40)


def ledger(lot, pairs):
    rows = [{"geometry": shape, "motif": motif} for shape, motif in pairs]
    batches = masks(*rows) if rows else []
    return compute_eligible_surface(
        lots({"lot_id": "a", "geometry": lot}),
        batches,
        NO_CROWNS,
        RULES.exclusions_on(DAY),
        ASSUMPTIONS,
        FRANCE,
    )


def eligible(lot, pairs):
    return ledger(lot, pairs).surfaces["eligible_area_m2"].item()


@quick
@given(lot=rectangles, pairs=cuts, extra=rectangles)
def test_one_more_building_never_adds_surface(lot, pairs, extra):
    before, after = eligible(lot, pairs), eligible(lot, [*pairs, (extra, "batiment")])
    assert 0 <= after <= before + DUST
    assert before <= lot.area * (1 + 1e-5)


@quick
@given(lot=rectangles, pairs=cuts, data=st.data())
def test_order_of_the_masks_changes_nothing(lot, pairs, data):
    shuffled = data.draw(st.permutations(pairs))
    assert eligible(lot, shuffled) == pytest.approx(eligible(lot, pairs), abs=DUST)


@quick
@given(lot=rectangles, pairs=cuts, dx=st.integers(-200, 200), dy=st.integers(-200, 200))
def test_translation_changes_nothing(lot, pairs, dx, dy):
    there = eligible(moved(lot, dx, dy), [(moved(shape, dx, dy), m) for shape, m in pairs])
    # 200 m north or south change the scale of the projection by less than 1e-5
    assert there == pytest.approx(eligible(lot, pairs), rel=2e-5, abs=0.03)


@quick
@given(lot=rectangles, pairs=cuts)
def test_pieces_tile_what_is_excluded(lot, pairs):
    account = ledger(lot, pairs)
    shapes = account.pieces.geometry.to_numpy()
    assert shapely.union_all(shapes).area == pytest.approx(shapely.area(shapes).sum(), abs=1e-6)
    surface = account.surfaces.iloc[0]
    assert surface["eligible_min_m2"] <= surface["eligible_area_m2"] <= surface["eligible_max_m2"]


@quick
@given(shapes=st.lists(rectangles, min_size=1, max_size=4), pairs=cuts)
def test_rounds_equal_the_naive_way_lot_by_lot(shapes, pairs):
    footprints = lots(
        *({"lot_id": str(i), "geometry": shape} for i, shape in enumerate(shapes))
    ).geometry.to_numpy()
    rows = [{"geometry": shape, "motif": motif} for shape, motif in pairs]
    hits = find_hits(footprints, masks(*rows) if rows else [])
    everything = shapely.union_all([shape for shape, _ in pairs])
    naive = [shape.difference(everything).area for shape in shapes]
    for threads in (1, 2):
        fast = shapely.area(subtract(footprints, hits, threads=threads))
        assert fast.tolist() == pytest.approx(naive, rel=1e-9, abs=1e-9)
