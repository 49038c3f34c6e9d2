"""The tables of the local report: years one by one, unknown told from none, points or outlines."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from pipeline.contracts import check, check_table, conform, empty
from pipeline.errors import ContractError
from pipeline.schemas import Brownfield, EnafConsumption, ExemptedPlace, PlanningDocument
from tests.tables import L93, X0, Y0, box, line, point

YEAR = {
    "insee_code": "62999", "from_year": 2011, "to_year": 2012, "area_m2": 5.0, "source": "f",
}  # fmt: skip
DOCUMENT = {"insee_code": "62999", "document_type": "PLU", "is_covered": True, "source": "f"}
SITE = {"site_id": "a", "source": "f", "geometry": point(5, 5)}
PLACE = {
    "place_id": "a", "exemption": "x", "decision": "d", "source": "f", "geometry": box(0, 0, 9, 9),
}  # fmt: skip
CROSSED = shapely.Polygon([(X0, Y0), (X0 + 9, Y0 + 9), (X0 + 9, Y0), (X0, Y0 + 9)])


def checked(schema, *rows):
    """Check rows as `ingestion` hands them over."""
    frame = pd.DataFrame(list(rows))
    if "geometry" not in frame:
        return check_table(schema, conform(schema, frame))
    return check(schema, gpd.GeoDataFrame(conform(schema, frame, L93)), L93)


@pytest.mark.parametrize(
    ("schema", "row"),
    [
        pytest.param(EnafConsumption, YEAR, id="a year"),
        pytest.param(EnafConsumption, YEAR | {"area_m2": None}, id="a year left blank"),
        pytest.param(EnafConsumption, YEAR | {"area_m2": 0.0}, id="a year without consumption"),
        pytest.param(PlanningDocument, DOCUMENT, id="an undated plan"),
        pytest.param(PlanningDocument, DOCUMENT | {"is_covered": None}, id="one in doubt"),
        pytest.param(PlanningDocument, DOCUMENT | {"document_type": None}, id="of unknown kind"),
        pytest.param(Brownfield, SITE, id="a point"),
        pytest.param(Brownfield, SITE | {"geometry": box(0, 0, 9, 9)}, id="an outline"),
        pytest.param(ExemptedPlace, PLACE, id="a place"),
    ],
)
def test_what_is_known_is_accepted(schema, row):
    assert len(checked(schema, row)) == 1


@pytest.mark.parametrize(
    ("schema", "rows"),
    [
        pytest.param(EnafConsumption, [YEAR | {"to_year": 2021}], id="a total of ten years"),
        pytest.param(EnafConsumption, [YEAR, YEAR | {"area_m2": 6.0}], id="a year twice"),
        pytest.param(EnafConsumption, [YEAR | {"area_m2": -1.0}], id="a negative area"),
        pytest.param(EnafConsumption, [YEAR | {"insee_code": "1004"}], id="a lost zero"),
        pytest.param(Brownfield, [SITE, SITE], id="a site twice"),
        pytest.param(Brownfield, [SITE | {"geometry": line((0, 0), (9, 9))}], id="a line"),
        pytest.param(Brownfield, [SITE | {"geometry": CROSSED}], id="a crossed outline"),
        pytest.param(Brownfield, [SITE | {"geometry": None}], id="a site nowhere"),
        pytest.param(ExemptedPlace, [PLACE | {"geometry": point(5, 5)}], id="a place as a point"),
        pytest.param(ExemptedPlace, [PLACE | {"decision": None}], id="a place without decision"),
    ],
)
def test_what_is_wrong_is_refused(schema, rows):
    with pytest.raises(ContractError, match=schema.__name__):
        checked(schema, *rows)


@pytest.mark.parametrize("schema", [Brownfield, ExemptedPlace])
def test_nothing_is_a_table_too(schema):
    assert check(schema, empty(schema, L93), L93).empty
