"""Points and classes of the car parks to instruct, both sides of each step of the recipe."""

from datetime import date

import pandas as pd
import pytest

from pipeline import contracts, schemas
from pipeline.assumption_groups import PriorityAssumptions
from pipeline.obligation.priority import prioritise
from tests.tables import ASSUMPTIONS, box, lots

DAY = date(2026, 11, 22)
# Far from due, small, unreliable, alone: no point at all.
IDLE = {
    "status": "assujetti",
    "due_state": "a_venir",
    "due_date": "2030-01-01",
    "deferred_due_date": None,
    "deferral_state": None,
    "eligible_area_m2": 2000.0,
    "reliability": "faible",
    "owner_group": None,
}
LARGE = {"eligible_area_m2": 10_000.0}
OVERDUE = {"due_state": "echue", "due_date": "2026-07-01"}


def ranked(*parks):
    """Return (points, class) of each park; (None, None) where there is nothing to instruct."""
    rows = [{"lot_id": f"p{i}", **IDLE, **park} for i, park in enumerate(parks)]
    frame = pd.DataFrame(rows)
    plots = lots(
        *(
            {
                "lot_id": row["lot_id"],
                "reliability": row["reliability"],
                "geometry": box(0, 100 * i, 50, 100 * i + 40),
            }
            for i, row in enumerate(rows)
        )
    )
    # The three tables come in another order than the lots: they are matched by their id.
    frame = frame.iloc[::-1]
    found = prioritise(
        plots,
        contracts.conform(schemas.Verdict, frame.assign(regime_is_presumed=True)),
        frame[["lot_id", "eligible_area_m2"]],
        contracts.conform(schemas.Ownership, frame),
        ASSUMPTIONS,
        day=DAY,
        large_m2=10_000,
    )
    assert found["lot_id"].tolist() == [row["lot_id"] for row in rows]
    plain = found.astype(object).where(found.notna(), None)
    return list(zip(plain["points"], plain["priority"], strict=True))


def points(**park):
    return ranked(park)[0][0]


@pytest.mark.parametrize(
    ("park", "expected"),
    [
        pytest.param({}, 0, id="nothing to say"),
        pytest.param(OVERDUE, 40, id="overdue"),
        pytest.param(
            {"due_state": "echue_report_a_justifier", "due_date": "2026-07-01"}, 30,
            id="overdue, a deferral may be proved",
        ),
        pytest.param({"due_date": "2027-11-22"}, 20, id="due in 365 days exactly is soon"),
        pytest.param({"due_date": "2027-11-23"}, 0, id="due in 366 days is not"),
        pytest.param({"due_date": "2026-11-23"}, 20, id="due tomorrow"),
        pytest.param(
            {"due_date": "2026-07-01", "deferral_state": "justifie",
             "deferred_due_date": "2028-01-01"}, 0,
            id="a proven deferral counts from its own date",
        ),
        pytest.param(
            {"due_date": "2027-01-01", "deferral_state": "a_justifier",
             "deferred_due_date": "2030-01-01"}, 20,
            id="a deferral that is not proven changes nothing",
        ),
        pytest.param({"eligible_area_m2": 4999.9}, 0, id="just below 5 000 m²"),
        pytest.param({"eligible_area_m2": 5000.0}, 10, id="5 000 m² exactly is medium"),
        pytest.param({"eligible_area_m2": 9999.9}, 10, id="just below 10 000 m² is medium"),
        pytest.param(LARGE, 25, id="10 000 m² exactly is large"),
        pytest.param({"reliability": "moyenne"}, 8, id="fairly reliable"),
        pytest.param({"reliability": "elevee"}, 15, id="reliable"),
        pytest.param({**OVERDUE, "status": "a_verifier"}, 20, id="to be checked: 20 less"),
        pytest.param({**OVERDUE, **LARGE, "equipment": "suffisant"}, 25, id="equipped: 40 less"),
        pytest.param({**OVERDUE, **LARGE, "equipment": "suffisant_mixte"}, 25,
                     id="equipped, trees and canopies: 40 less"),
        pytest.param({**OVERDUE, **LARGE, "equipment": "a_verifier"}, 65,
                     id="perhaps equipped changes nothing"),
        pytest.param({"status": "a_verifier", "due_state": None, "due_date": None}, 0,
                     id="never below 0, and no due date is no point"),
    ],
)  # fmt: skip
def test_points(park, expected):
    assert points(**park) == expected


@pytest.mark.parametrize("status", ["non_assujetti", "exonere", "hors_champ"])
def test_nothing_to_instruct_has_neither_points_nor_class(status):
    assert ranked({**OVERDUE, **LARGE, "status": status}) == [(None, None)]


@pytest.mark.parametrize(
    ("park", "expected"),
    [
        pytest.param({**OVERDUE, **LARGE}, (65, 1), id="first"),
        pytest.param({**OVERDUE, "reliability": "elevee"}, (55, 2), id="second"),
        pytest.param({**LARGE, "due_date": "2027-11-22"}, (45, 2), id="45 points are second"),
        pytest.param(OVERDUE, (40, 3), id="third"),
        pytest.param({"due_date": "2027-11-22"}, (20, 3), id="20 points are third"),
        pytest.param({"reliability": "elevee"}, (15, 4), id="fourth"),
    ],
)
def test_classes(park, expected):
    assert ranked(park) == [expected]


def test_a_large_overdue_park_that_may_be_deferred_is_first():
    # 30 + 25 + 8, fairly measured.
    park = {**LARGE, "due_state": "echue_report_a_justifier", "reliability": "moyenne"}
    assert ranked(park) == [(63, 1)]


def test_an_owner_of_two_subject_parks_comes_first_and_one_subject_park_is_not_several():
    one = {"owner_group": "213500001"}
    exempt = {**one, "status": "exonere"}
    assert ranked(one, exempt) == [(0, 4), (None, None)]
    assert ranked(one, one) == [(10, 4), (10, 4)]
    assert ranked({}, {}) == [(0, 4), (0, 4)]  # unknown owners are not one owner


def test_a_park_to_check_of_an_owner_of_two_subject_parks_gains_too():
    one = {"owner_group": "213500001"}
    doubtful = {**one, **LARGE, "status": "a_verifier"}
    assert ranked(one, one, doubtful)[2] == (15, 4)  # 25 + 10 − 20


def test_no_lot_gives_an_empty_table():
    nothing = pd.DataFrame(columns=["lot_id", *IDLE])
    found = prioritise(
        lots(),
        contracts.conform(schemas.Verdict, nothing),
        nothing[["lot_id", "eligible_area_m2"]].astype({"eligible_area_m2": float}),
        contracts.conform(schemas.Ownership, nothing),
        ASSUMPTIONS,
        day=DAY,
        large_m2=10_000,
    )
    assert found.empty


def test_classes_that_do_not_descend_are_refused():
    recipe = ASSUMPTIONS.priority.model_dump()
    recipe["second_class_points"] = recipe["first_class_points"]
    with pytest.raises(ValueError, match="décroître"):
        PriorityAssumptions.model_validate(recipe)
