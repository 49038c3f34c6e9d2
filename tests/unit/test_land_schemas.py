"""The tables of the land: nullable codes and status, nothing out of the nomenclature."""

import geopandas as gpd
import pandas as pd
import pytest

from pipeline.contracts import check, conform, empty
from pipeline.errors import ContractError
from pipeline.schemas import LandPiece, LandStatus
from tests.tables import L93, box

PIECE = {
    "land_id": "a", "vintage": 2021, "cover_code": None, "use_code": None, "is_frame": False,
    "origin": "ocsge", "source": "OCS GE", "geometry": box(0, 0, 50, 50),
}  # fmt: skip
STATUS = {
    "land_id": "a", "vintage": 2021, "cover_code": "CS1.1.1.1", "use_code": None, "category": None,
    "is_artificial": True, "is_sealed": True, "reason": "matrice", "area_m2": 2500.0,
    "origin": "ocsge", "geometry": box(0, 0, 50, 50),
}  # fmt: skip


def table(schema, *rows):
    return gpd.GeoDataFrame(conform(schema, pd.DataFrame(list(rows)), L93))


@pytest.mark.parametrize(
    ("schema", "row"),
    [
        pytest.param(LandPiece, PIECE, id="a piece whose codes are not known"),
        pytest.param(LandPiece, PIECE | {"declared_artificial": False}, id="one that IGN judges"),
        pytest.param(LandPiece, PIECE | {"reliability": "faible"}, id="one that is derived"),
        pytest.param(LandStatus, STATUS, id="a status known without its category"),
        pytest.param(LandStatus, STATUS | {"category": 10, "component_m2": 0.0}, id="the tenth"),
        pytest.param(
            LandStatus,
            STATUS | {"is_artificial": None, "is_sealed": None, "reason": "non_couvert",
                      "origin": None},
            id="land that no source covers",
        ),
    ],
)  # fmt: skip
def test_what_is_not_known_is_missing(schema, row):
    checked = check(schema, table(schema, row), L93)
    assert len(checked) == 1
    assert empty(schema, L93).dtypes.equals(checked.dtypes)


@pytest.mark.parametrize(
    ("schema", "rows"),
    [
        pytest.param(LandPiece, [PIECE, PIECE], id="a piece twice"),
        pytest.param(LandPiece, [PIECE | {"origin": "corine"}], id="an unknown origin"),
        pytest.param(LandPiece, [PIECE | {"reliability": "bonne"}], id="an unknown reliability"),
        pytest.param(LandStatus, [STATUS | {"category": 11}], id="an eleventh category"),
        pytest.param(LandStatus, [STATUS | {"category": 0}], id="a category 0"),
        pytest.param(LandStatus, [STATUS | {"reason": "autre"}], id="an unknown reason"),
        pytest.param(LandStatus, [STATUS | {"area_m2": -1.0}], id="a negative area"),
    ],
)
def test_what_breaks_the_contract_is_refused(schema, rows):
    with pytest.raises(ContractError, match=schema.__name__):
        check(schema, table(schema, *rows), L93)
