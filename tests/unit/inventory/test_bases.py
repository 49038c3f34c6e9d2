"""The outline of a decision is found again in the last product, and that of the sources too."""

from dataclasses import replace

import geopandas as gpd

from pipeline.inventory.bases import known_bases
from pipeline.inventory.previous import Previous
from tests.corrections import A, B, corrections, on
from tests.tables import L93, box, moved

SEEN = {"lot_id": "A", "action": "redessiner", "base_hash": on(A)}
DRAWN = box(0, 0, 60, 40)


def frame(*rows):
    return gpd.GeoDataFrame(list(rows), geometry="geometry", crs=L93)


def product(*parks, replayed=()):
    """Return a product in its French columns."""
    rows = [{"source_ids": f"osm:{row['parc_id']}", **row} for row in parks]
    bare = Previous.none(L93)
    kept = {"base_hash": None, "etat": "appliquee", "action": "redessiner"}
    found = replace(bare, exists=True, parks=frame(*rows))
    return replace(found, replayed=frame(*({**kept, **row} for row in replayed))) if replayed else (
        found
    )  # fmt: skip


def test_no_product_knows_no_base():
    assert known_bases(Previous.none(L93), corrections(SEEN)) == {}


def test_the_outline_of_the_last_product_that_has_the_digest():
    found = known_bases(product({"parc_id": "A", "geometry": A}), corrections(SEEN))
    assert found[("c1", "A")].equals(A)


def test_an_outline_that_has_another_digest_is_not_the_base():
    assert (
        known_bases(product({"parc_id": "A", "geometry": moved(A, 1, 0)}), corrections(SEEN)) == {}
    )


def test_the_outline_kept_with_the_correction_comes_first():
    earlier = {"correction_id": "c1", "parc_id": "A", "geometry": A, "base_hash": on(A)}
    last = product({"parc_id": "A", "geometry": DRAWN}, replayed=[earlier])
    assert known_bases(last, corrections(SEEN))[("c1", "A")].equals(A)


def test_a_decision_taken_again_on_another_outline_forgets_the_first():
    earlier = {"correction_id": "c1", "parc_id": "A", "geometry": A, "base_hash": on(A)}
    last = product({"parc_id": "A", "geometry": B}, replayed=[earlier])
    assert known_bases(last, corrections({**SEEN, "base_hash": on(B)}))[("c1", "A")].equals(B)


def test_a_second_decision_on_a_redrawn_park_finds_what_the_sources_drew():
    # The product draws the agent's outline; the register keeps the detected one.
    last = product({"parc_id": "A", "geometry": DRAWN})
    register = frame({"parc_id": "A", "etat": "present", "geometry": moved(A, 1, 0)})
    found = known_bases(
        replace(last, known=register), corrections({**SEEN, "base_hash": on(moved(A, 1, 0))})
    )
    assert found[("c1", "A")].equals(moved(A, 1, 0))


def test_both_parks_of_a_merge_are_kept_together():
    pair = {"correction_id": "c1", "parc_id": "A", "action": "fusionner", "base_hash": on(A),
            "geometry": A.union(B)}  # fmt: skip
    last = product({"parc_id": "A", "geometry": A.union(B)}, replayed=[pair])
    found = known_bases(last, corrections({**SEEN, "action": "fusionner", "value": "B"}))
    assert found[("c1", "A")].equals(A.union(B))
