"""Land of the hand-made commune: two vintages of three strips, one of which is built over."""

import pandas as pd
from shapely import box

from pipeline import schemas
from pipeline.contracts import conform
from pipeline.crs import ground_area
from pipeline.export.land_tables import LandTables
from tests.unit.export.hand_made_ground import TERRITORY, X, Y, table

TOWN, FIELD, EDGE = box(X, Y, X + 500, Y + 1500), box(X + 500, Y, X + 1900, Y + 1500), box(
    X + 1900, Y, X + 2000, Y + 1500
)  # fmt: skip
BUILT, MEADOW = box(X + 500, Y, X + 600, Y + 1500), box(X + 600, Y, X + 1900, Y + 1500)


def m2(*shapes):
    return float(ground_area(list(shapes), TERRITORY).sum())


def piece(year, name, shape, codes=(None, None), **said):
    return {
        "land_id": f"{year}/{name}",
        "vintage": year,
        "cover_code": codes[0],
        "use_code": codes[1],
        "reason": "matrice",
        "component_m2": m2(shape),
        "area_m2": m2(shape),
        "origin": "ocsge",
        "geometry": shape,
    } | said


def artificial(category):
    return {"category": category, "by_codes": True, "is_artificial": True, "is_sealed": True}


NATURAL = {"category": 7, "by_codes": False, "is_artificial": False, "is_sealed": False}
BARE = {"reason": "non_couvert", "component_m2": None, "origin": None}


def vintage(year, field, *built):
    town = piece(year, "OCS1", TOWN, ("CS1.1.1.2", "US3"), **artificial(2))
    rows = [
        town,
        piece(year, "OCS2", field, ("CS2.2.1", "US1.1"), **NATURAL),
        *(piece(year, "OCS3", s, ("CS1.1.1.1", "US2"), **artificial(1)) for s in built),
        piece(year, "non_couvert", EDGE, **BARE),
    ]
    if year == 2024:  # the producer says otherwise of the town
        flags = {"declared_artificial": False, "declared_by_threshold": True}
        rows[0] |= flags
    return rows


def flows():
    row = {
        "vintage_before": 2021, "vintage_after": 2024, "flow": "artificialisation",
        "cause": "occupation", "cover_before": "CS2.2.1", "use_before": "US1.1",
        "cover_after": "CS1.1.1.1", "use_after": "US2", "reason_before": "matrice",
        "reason_after": "matrice", "area_m2": m2(BUILT), "geometry": BUILT,
    }  # fmt: skip
    return table(schemas.LandFlow, [row])


def transitions():
    cells = [
        (2, True, 2, True, TOWN),
        (7, False, 1, True, BUILT),
        (7, False, 7, False, MEADOW),
        (None, None, None, None, EDGE),
    ]
    rows = [
        {
            "vintage_before": 2021, "vintage_after": 2024,
            "category_before": one, "is_artificial_before": was,
            "category_after": other, "is_artificial_after": became, "area_m2": m2(shape),
        }
        for one, was, other, became, shape in cells
    ]  # fmt: skip
    return conform(schemas.LandTransition, pd.DataFrame(rows))


def indicators():
    rows = [
        {
            "code": "surface_artificialisee", "label": "Surface artificialisée",
            "value": m2(TOWN), "least": m2(TOWN), "most": m2(TOWN, EDGE), "unit": "m2",
            "vintage": 2021, "article": "CU, annexe à l'art. R. 101-1", "is_compulsory": False,
            "warning": "Ni consommation d'ENAF, ni à l'échelle d'un projet.",
        },
        {
            "code": "artificialisation_nette", "label": "Artificialisation nette de 2021 à 2024",
            "value": m2(BUILT), "unit": "m2", "vintage_before": 2021, "vintage": 2024,
            "article": "CGCT, art. R. 2231-1, 2°", "is_compulsory": None,
            "warning": "Ni consommation d'ENAF, ni à l'échelle d'un projet.",
        },
    ]  # fmt: skip
    return conform(schemas.Indicator, pd.DataFrame(rows))


def variants():
    row = {"vintage": 2024, "variant": "statut_enclaves_dabord", "is_default": True,
           "artificial_m2": m2(TOWN, BUILT), "differs_m2": 0.0, "both_artificial_m2": 0.0,
           "neither_artificial_m2": 0.0, "only_ours_m2": m2(TOWN),
           "only_declared_m2": 0.0}  # fmt: skip
    return conform(schemas.VariantArea, pd.DataFrame([row]))


def unread():
    row = {"vintage": 2021, "cover_code": None, "use_code": "US5", "cause": "couverture absente",
           "is_artificial": None, "piece_count": 1, "area_m2": 12.0}  # fmt: skip
    return conform(schemas.UnreadCodes, pd.DataFrame([row]))


def brownfields():
    common = {"name": "Ancienne filature", "site_type": "friche industrielle", "source": "CNIG"}
    rows = [
        common | {"site_id": "62999_1", "area_m2": 10_000.0, "artificial_m2": 10_000.0,
                  "geometry": box(X + 100, Y + 900, X + 200, Y + 1000)},
        common | {"site_id": "62999_2", "is_artificial": True,
                  "geometry": box(X + 300, Y + 900, X + 310, Y + 910).centroid},
    ]  # fmt: skip
    return table(schemas.CrossedBrownfield, rows)


def land():
    """Return the land of the commune: 750 000 m² of town, 150 000 m² built over in 2024."""
    latest = vintage(2024, MEADOW, BUILT)
    return LandTables(
        pieces=table(schemas.LandStatus, [*vintage(2021, FIELD), *latest]),
        flows=flows(),
        disagreements=table(schemas.LandStatus, latest[:1]),
        brownfields=brownfields(),
        transitions=transitions(),
        variants=variants(),
        unread=unread(),
        indicators=indicators(),
    )
