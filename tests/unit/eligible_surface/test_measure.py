"""Superficie assujettie, against cases worked out by hand from the decree."""

from datetime import date

import numpy as np
import pytest
import shapely

from pipeline.eligible_surface.measure import compute_eligible_surface
from pipeline.errors import ContractError, CRSError
from tests.tables import ASSUMPTIONS, FRANCE, NO_CROWNS, RULES, box, lots, masks

LOT = box(0, 0, 50, 40)  # 2 000 m²
DAY = date(2026, 11, 22)


def measure(*rows, lot=LOT, day=DAY, crowns=NO_CROWNS, **facts):
    batches = masks(*rows) if rows else []
    return compute_eligible_surface(
        lots({"lot_id": "a", "geometry": lot, **facts}),
        batches,
        crowns,
        RULES.exclusions_on(day),
        ASSUMPTIONS,
        FRANCE,
    )


def area(ledger, column="eligible_area_m2"):
    return ledger.surfaces[column].item()


@pytest.mark.parametrize(
    ("rows", "expected_m2"),
    [
        pytest.param([], 2000, id="no mask: the whole footprint counts"),
        pytest.param([{"geometry": box(0, 0, 10, 10)}], 1900, id="III-1°: a lawn inside"),
        pytest.param([{"geometry": box(40, 0, 60, 40)}], 1600, id="only the part inside the lot"),
        pytest.param([{"geometry": box(0, 0, 10, 10)}] * 2, 1900, id="not deducted twice"),
        pytest.param([{"geometry": box(50, 0, 60, 40)}], 2000, id="a strip that only touches"),
        pytest.param(
            [{"geometry": box(-1, -1, 51, 41)}], 2000, id="a lawn around the lot deducts nothing"
        ),
        pytest.param(
            [{"geometry": box(-1, -1, 49.1, 41)}], 2000, id="98.2 % under one lawn: the land around"
        ),
        pytest.param(
            [{"geometry": box(-1, -1, 48.9, 41)}], 44, id="97.8 % under one lawn: deducted"
        ),
        pytest.param(
            [{"geometry": box(-1, -1, 51, 41), "motif": "batiment"}], 0,
            id="a building over the whole lot: the row stays, at zero",
        ),
        pytest.param(
            [{"geometry": box(-1, -1, 51, 41), "motif": "icpe_10m"}], 0,
            id="a ring over the whole lot deducts it",
        ),
        pytest.param(
            [{"geometry": box(0, 0, 25, 40)}, {"geometry": box(25, 0, 50, 40)}], 0,
            id="two lawns that cover the lot together",
        ),
        pytest.param(
            [{"geometry": box(0, 0, 10, 10), "deducts": False}], 2000, id="flagged: not deducted"
        ),
    ],
)  # fmt: skip
def test_eligible_area(rows, expected_m2):
    assert area(measure(*rows)) == pytest.approx(expected_m2, abs=0.05)


def test_overlapping_pieces_go_to_the_first_in_the_order_of_precedence():
    ledger = measure(
        {"geometry": box(0, 0, 20, 10), "motif": "icpe_10m"},
        {"geometry": box(0, 0, 10, 10), "motif": "espace_vert"},
        {"geometry": box(0, 0, 5, 10), "motif": "batiment"},
    )
    found = ledger.pieces.set_index("motif")["area_m2"].round().to_dict()
    assert found == {"batiment": 50, "espace_vert": 50, "icpe_10m": 100}
    assert area(ledger) == pytest.approx(1800, abs=0.05)


def test_ledger_adds_up():
    ledger = measure(
        {"geometry": box(3, 3, 17, 12)}, {"geometry": box(10, 5, 30, 30), "motif": "stockage"}
    )
    deducted = ledger.pieces.loc[ledger.pieces["is_deducted"], "area_m2"].sum()
    surface = ledger.surfaces.iloc[0]
    assert surface["excluded_area_m2"] == pytest.approx(deducted, abs=1e-6)
    assert surface["gross_area_m2"] - deducted == pytest.approx(
        surface["eligible_area_m2"], abs=1e-6
    )
    assert shapely.area(ledger.remaining[0]) == pytest.approx(area(ledger), abs=0.05)


@pytest.mark.parametrize(
    ("motif", "eligible", "rainwater", "shade"),
    [
        pytest.param("espace_vert", 1900, 2000, 1900, id="R. 111-25-3 keeps green spaces"),
        pytest.param("repos", 1900, 1900, 1900, id="rest areas leave the three"),
        pytest.param("icpe_10m", 1900, 2000, 1900, id="the ring does not touch rainwater"),
        pytest.param("voie_poids_lourds", 1900, 2000, 2000, id="HGV lanes leave art. 40 only"),
    ],
)
def test_each_legal_area_has_its_own_list(motif, eligible, rainwater, shade):
    ledger = measure({"geometry": box(0, 0, 10, 10), "motif": motif})
    found = [
        area(ledger, name) for name in ("eligible_area_m2", "rainwater_area_m2", "shade_area_m2")
    ]
    assert found == pytest.approx([eligible, rainwater, shade], abs=0.05)


@pytest.mark.parametrize(
    ("day", "expected_m2"),
    [
        pytest.param(date(2024, 11, 15), 2000, id="the day before the decree"),
        pytest.param(date(2024, 11, 16), 1900, id="the day of the decree"),
    ],
)
def test_green_spaces_leave_from_the_decree_on(day, expected_m2):
    ledger = measure({"geometry": box(0, 0, 10, 10)}, day=day)
    assert area(ledger) == pytest.approx(expected_m2, abs=0.05)


def interval(ledger):
    return ledger.surfaces[["eligible_min_m2", "eligible_max_m2"]].iloc[0].tolist()


def test_interval_is_accuracy_times_perimeter():
    # perimeter 180 m × 0.5 m = 90 m²
    assert interval(measure()) == pytest.approx([1910, 2090], abs=0.05)


def test_interval_spans_the_areas_of_the_sources():
    ledger = measure(source_low_m2=1500.0, source_high_m2=2050.0)
    assert interval(ledger) == pytest.approx([1500, 2090], abs=0.05)


def test_maximum_puts_uncertain_pieces_back_and_minimum_removes_flagged_ones():
    ledger = measure(
        {"geometry": box(0, 0, 10, 10), "motif": "icpe_10m", "certain": False},
        {"geometry": box(20, 0, 40, 10), "deducts": False},
    )
    # central 1 900; max 1 900 + 90 + 100; min 1 900 − 90 − 200
    assert interval(ledger) == pytest.approx([1610, 2090], abs=0.05)


def test_an_uncertain_piece_on_certain_ground_adds_nothing_to_the_maximum():
    ledger = measure(
        {"geometry": box(0, 0, 10, 10)},
        {"geometry": box(0, 0, 10, 10), "motif": "voie_publique", "certain": False},
    )
    # 1 900 m² either way, ± 90
    assert interval(ledger) == pytest.approx([1810, 1990], abs=0.05)


def test_an_unknown_outline_has_no_minimum():
    assert interval(measure(outline_known=False))[0] == 0


def test_no_lot_gives_no_row():
    ledger = compute_eligible_surface(
        lots(),
        masks({"geometry": box(0, 0, 1, 1)}),
        NO_CROWNS,
        RULES.exclusions_on(DAY),
        ASSUMPTIONS,
        FRANCE,
    )
    assert len(ledger.surfaces) == 0
    assert len(ledger.pieces) == 0


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_refuses_any_other_crs(crs):
    wrong = lots({"lot_id": "a", "geometry": LOT}).set_crs(crs, allow_override=True)
    with pytest.raises(CRSError, match="expected EPSG:2154"):
        compute_eligible_surface(
            wrong, [], NO_CROWNS, RULES.exclusions_on(DAY), ASSUMPTIONS, FRANCE
        )


def test_names_the_rows_that_break_the_contract():
    twice = lots({"lot_id": "a", "geometry": LOT}, {"lot_id": "a", "geometry": LOT})
    with pytest.raises(ContractError, match="lot_id"):
        compute_eligible_surface(
            twice, [], NO_CROWNS, RULES.exclusions_on(DAY), ASSUMPTIONS, FRANCE
        )


@pytest.mark.parametrize(
    ("crown", "flagged_m2"),
    [
        pytest.param(box(0, 0, 10, 5), 0, id="crowns over half of it: trees over asphalt"),
        pytest.param(box(0, 0, 10, 4), 100, id="crowns over less than half: still flagged"),
    ],
)
def test_vegetation_that_mapped_crowns_explain_is_not_flagged(crown, flagged_m2):
    seen = {"geometry": box(0, 0, 10, 10), "deducts": False}
    ledger = measure(seen, crowns=np.array([crown], dtype=object))
    assert area(ledger, "flagged_m2") == pytest.approx(flagged_m2, abs=0.05)
