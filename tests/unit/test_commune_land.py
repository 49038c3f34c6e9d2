"""What several sources say together of the planning document of a commune."""

import pandas as pd
import pytest

from pipeline.artificialisation.report_scope import Planning
from pipeline.commune_land import planning_of
from pipeline.contracts import conform
from pipeline.schemas import PlanningDocument

HERE = "62999"


def documents(*rows):
    names = ["insee_code", "document_type", "is_covered", "approved_on"]
    table = pd.DataFrame(rows, columns=names).assign(source="plu/essai")
    return conform(PlanningDocument, table)


PLU = (HERE, "PLU", True, "2019-03-15")
NEWER = (HERE, "PLUi", True, "2024-07-05")
RNU = (HERE, "RNU", False, None)
POS = (HERE, "POS", None, None)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], Planning(None), id="no source speaks"),
        pytest.param([("62998", "PLU", True, None)], Planning(None), id="only of another commune"),
        pytest.param([RNU], Planning(is_covered=False), id="the national rules"),
        pytest.param([POS], Planning(None), id="a plan that may have lapsed"),
        pytest.param([RNU, POS], Planning(None), id="one denies, one doubts"),
        pytest.param([PLU], Planning(True, "PLU", "2019-03-15"), id="a plan"),
        pytest.param([RNU, PLU], Planning(True, "PLU", "2019-03-15"), id="a plan is enough"),
        pytest.param([PLU, NEWER], Planning(True, "PLU", "2019-03-15"), id="the earliest version"),
        pytest.param([(HERE, None, True, None)], Planning(is_covered=True), id="of unknown type"),
    ],
)
def test_the_planning_document(rows, expected):
    assert planning_of(documents(*rows), HERE) == expected
