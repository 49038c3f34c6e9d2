"""What the candidates of a car park say of its age and of its use by lorries."""

import pandas as pd
import pytest

from pipeline import contracts, schemas
from pipeline.parking_lots.build import build_parking_lots
from pipeline.parking_lots.describe import Surroundings
from tests.tables import (
    ASSUMPTIONS,
    FRANCE,
    L93,
    bays,
    box,
    buildings,
    candidates,
    fences,
    roads,
    table,
)

HOME = {"insee_code": "30000", "name": "Ici", "geometry": box(-1000, -1000, 1000, 1000)}
SQUARE = box(0, 0, 50, 40)


def lot_of(*facts):
    """The one lot that the same square makes, drawn by OSM, then BD TOPO, then the State."""
    sources = ("osm", "bdtopo", "parkings_sup500m2")
    rows = [
        {"candidate_id": source, "source": source, "geometry": SQUARE, **told}
        for source, told in zip(sources, facts, strict=False)
    ]
    around = Surroundings(
        communes=table(schemas.Commune, [HOME], {}),
        bays=bays(),
        roads=roads(),
        fences=fences(),
        buildings=buildings(),
        parcels=contracts.empty(schemas.Parcel, L93),
        hints=contracts.empty(schemas.CadastralHint, L93),
    )
    (lot,) = build_parking_lots(candidates(*rows), around, ASSUMPTIONS, FRANCE).lots.to_dict(
        "records"
    )
    return lot


DATES = {
    "one source": (["2018-05-06"], "2018-05-06"),
    "the earliest of several": (["2024-01-31", "2018-05-06", "2026-02-01"], "2018-05-06"),
    "one source undated: it may be older": (["2018-05-06", None], None),
    "no date at all": ([None, None], None),
}


@pytest.mark.parametrize(("days", "first"), DATES.values(), ids=DATES.keys())
def test_a_park_is_first_seen_on_the_earliest_day(days, first):
    seen = lot_of(*({"vintage": day} for day in days))["first_seen"]
    assert pd.isna(seen) if first is None else seen == first


def test_one_source_that_says_lorries_is_enough():
    assert lot_of({}, {"is_for_trucks": True})["is_for_trucks"] is True
    assert lot_of({}, {})["is_for_trucks"] is False
