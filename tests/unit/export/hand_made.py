"""A small commune made by hand: one car park per status, whole metres, no real name."""

from dataclasses import replace

import geopandas as gpd
from shapely import Point, box

from pipeline import schemas
from pipeline.export.product import Product
from tests.unit.export.hand_made_ground import (
    ABRITE,
    AS_OF,
    CLEANED,
    CRS,
    DOUBLE,
    DOUTEUX,
    ENTERRE,
    GRAND,
    HOSTILE,
    PETIT,
    RULES,
    SHAPES,
    TERRITORY,
    X,
    Y,
    at,
    table,
)
from tests.unit.export.hand_made_inventory import inventory
from tests.unit.export.hand_made_land import land
from tests.unit.export.hand_made_law import (
    ownership,
    pleas,
    priorities,
    solar,
    steps,
    verdicts,
)

__all__ = [
    "ABRITE",
    "AS_OF",
    "CLEANED",
    "DOUBLE",
    "DOUTEUX",
    "ENTERRE",
    "GRAND",
    "HOSTILE",
    "PETIT",
    "RULES",
    "TERRITORY",
    "at",
    "commune",
    "make_product",
]


def lot(lot_id, name, area, **changes):
    row = {
        "lot_id": lot_id,
        "insee_code": "62999",
        "name": name,
        "access": "customers",
        "operator": None,
        "parking_type": "surface",
        "out_of_scope": None,
        "gross_area_m2": area,
        "source_low_m2": area,
        "source_high_m2": area,
        "source_areas": f"osm : {area:.0f} m²",
        "accuracy_m": 1.0,
        "is_for_trucks": False,
        "first_seen": None,
        "outline_known": True,
        "is_bays_only": False,
        "piece_count": 1,
        "largest_piece_m2": area,
        "joined_by": None,
        "spaces": area // 25,
        "spaces_min": area // 30,
        "spaces_max": area // 20,
        "spaces_source": "estimees",
        "outside_parcels_share": None,
        "parcel_ids": None,
        "reliability": "elevee",
        "reliability_reasons": "deux sources concordent",
        "sources": "osm;bdtopo",
        "source_ids": f"way/{lot_id[-1]}",
        "geometry": SHAPES[lot_id],
    }
    return row | changes


def lots():
    rows = [
        lot(GRAND, "Parking du Grand Marché", 12_000.0, first_seen="2019-05-01"),
        lot(DOUTEUX, "Parking des Deux Sources", 1_530.0, reliability="moyenne"),
        lot(ABRITE, "Parking du Beffroi", 3_000.0, parcel_ids="62999000AA0001"),
        lot(PETIT, None, 900.0, is_for_trucks=True),
        lot(ENTERRE, "Parking de la Cave", 2_000.0, parking_type="souterrain")
        | {"out_of_scope": "parc souterrain"},
        lot(DOUBLE, HOSTILE, 2_500.0, piece_count=2, largest_piece_m2=1_500.0, joined_by="allee"),
    ]
    return table(schemas.ParkingLot, rows)


def surface(lot_id, gross, excluded, low, high):
    eligible = gross - excluded
    return {
        "lot_id": lot_id,
        "gross_area_m2": gross,
        "excluded_area_m2": excluded,
        "eligible_area_m2": eligible,
        "eligible_min_m2": low,
        "eligible_max_m2": high,
        "half_width_m2": 50.0,
        "uncertain_m2": 0.0,
        "flagged_m2": 0.0,
        "has_uncertain_ring": False,
        "rainwater_area_m2": gross,
        "shade_area_m2": eligible,
    }


def surfaces():
    rows = [
        surface(GRAND, 12_000.0, 1_300.0, 10_500.0, 11_800.0),
        surface(DOUTEUX, 1_530.0, 0.0, 1_455.0, 1_588.0),
        surface(ABRITE, 3_000.0, 0.0, 2_900.0, 3_100.0),
        surface(PETIT, 900.0, 0.0, 850.0, 950.0),
        surface(ENTERRE, 2_000.0, 0.0, 1_900.0, 2_100.0),
        surface(DOUBLE, 2_500.0, 0.0, 2_300.0, 2_600.0),
    ]
    return table(schemas.EligibleSurface, rows, geometry=False)


def tree_cover():
    # crowns below: 100 m² of 10 700 m², and as much from outside
    known = {"method": "arbres_cartographies", "tree_count": 1.0, "wide_tree_count": 1.0}
    known |= {"possible_wide_count": 1.0, "spread_share": 0.1}
    shade = {"shade_share": 0.0093, "shade_share_min": 0.005, "shade_share_max": 0.02}
    rows = [
        {"lot_id": GRAND, **known, **shade, "outside_shade_share": 0.0, "trees_are_spread": False},
        *({"lot_id": lot_id} for lot_id in (DOUTEUX, ABRITE, PETIT, ENTERRE, DOUBLE)),
    ]
    return table(schemas.TreeCover, rows, geometry=False)


def candidate(candidate_id, source, source_id, geometry, **changes):
    row = {
        "candidate_id": candidate_id,
        "source": source,
        "source_id": source_id,
        "role": "outline",
        "parking_type": "surface",
        "is_for_trucks": False,
        "geometry": geometry,
    }
    return row | changes


def candidates():
    rows = [
        candidate("osm:way/1", "osm", "way/1", SHAPES[GRAND], name="Grand Marché"),
        candidate("bdtopo:B1", "bdtopo", "B1", SHAPES[DOUTEUX]),
        candidate("osm:r9", "osm", "r9", None, defect="geometrie_incomplete"),
    ]
    return table(schemas.ParkingCandidate, rows)


def outcomes():
    rows = [
        {"candidate_id": "osm:way/1", "lot_id": GRAND, "reason": "Contour retenu."},
        {"candidate_id": "bdtopo:B1", "lot_id": DOUTEUX, "reason": "Contour retenu."},
        {"candidate_id": "osm:r9", "lot_id": None, "reason": "Géométrie incomplète."},
    ]
    return table(schemas.CandidateOutcome, rows, geometry=False)


def piece(motif, area, geometry, *, deducted=True, certain=True, lot_id=GRAND):
    article = {item.motif: item.article for item in RULES.exclusions_on(AS_OF)}[motif]
    return {
        "lot_id": lot_id,
        "motif": motif,
        "article": article,
        "area_m2": area,
        "is_deducted": deducted,
        "is_certain": certain,
        "source": "osm",
        "source_id": f"way/{motif}",
        "geometry": geometry,
    }


def pieces():
    rows = [
        piece("espace_vert", 800.0, at(220, 220, 40, 20)),
        piece("icpe_10m", 500.0, at(310, 200, 10, 50), certain=False),
        piece("stockage", 100.0, at(205, 285, 10, 10), deducted=False, certain=False),
    ]
    return table(schemas.ExclusionPiece, rows)


def trees():
    known = {"lot_id": GRAND, "source": "osm", "is_counted": True, "is_from_row": False}
    rows = [
        {"tree_id": "T1", "genus": "Tilia", "is_outside": False, "is_wide": None, **known}
        | {"geometry": Point(X + 230, Y + 270)},
        {"tree_id": "T2", "crown_diameter_m": 10.0, "is_outside": True, "is_wide": True, **known}
        | {"geometry": Point(X + 195, Y + 250)},
    ]
    return table(schemas.LotTree, rows)


def crowns():
    known = {"lot_id": GRAND, "method": "arbres_cartographies", "area_m2": 100.0}
    rows = [
        {"tree_id": "T1", "is_outside": False, **known, "geometry": at(225, 265, 10, 10)},
        {"tree_id": "T2", "is_outside": True, **known, "geometry": at(200, 245, 10, 10)},
    ]
    return table(schemas.CrownPiece, rows)


def carport_cover():
    rows = [
        {"lot_id": GRAND, "solar_m2": 600.0, "other_m2": 200.0},
        *({"lot_id": lot_id} for lot_id in (DOUTEUX, ABRITE, PETIT, ENTERRE, DOUBLE)),
    ]
    return table(schemas.CarportCover, rows, geometry=False)


def carports():
    rows = [
        {"lot_id": GRAND, "carport_id": "osm/way/7", "source": "osm", "kind": "ombriere"}
        | {"is_certain": True, "power_kwc": 120.0, "area_m2": 600.0}
        | {"geometry": at(250, 210, 30, 20)},
        {"lot_id": GRAND, "carport_id": "mnh/1/2", "source": "mnh", "kind": "plateau"}
        | {"is_certain": False, "area_m2": 200.0, "geometry": at(250, 240, 20, 10)},
    ]
    return table(schemas.CarportPiece, rows)


def installations():
    known = {"source": "georisques", "regime": "Enregistrement", "ring_is_certain": False}
    rows = [
        {"installation_id": "0001", "name": "Usine", "rung": "emprise", "has_ring": True, **known}
        | {"geometry": at(330, 190, 60, 70)},
        {"installation_id": "0002", "name": "Dépôt", "rung": "point", "has_ring": False, **known}
        | {"geometry": Point(X + 900, Y + 600)},
    ]
    return table(schemas.LocatedInstallation, rows)


def rings():
    shape = at(330, 190, 60, 70)
    ring = shape.buffer(10, quad_segs=64).difference(shape)
    columns = {"installation_id": ["0001"], "is_certain": [False], "area_m2": [ring.area]}
    return gpd.GeoDataFrame(columns, geometry=[ring], crs=CRS)


def perimeters():
    rows = [
        {"perimeter_id": "AC1-1", "source": "servitudes", "kind": "abords_delimites"}
        | {"name": "Beffroi", "geometry": at(900, 100, 300, 300)},
        {"perimeter_id": "AC1-2", "source": "monuments", "kind": "abords_500m"}
        | {"name": "Chapelle", "geometry": Point(X + 700, Y + 900).buffer(500)},
        {"perimeter_id": "PPR-1", "source": "servitudes", "kind": "risque_naturel"}
        | {"name": "PPRI de la Lys", "geometry": at(1350, 150, 200, 200)},
        {"perimeter_id": "PPR-2", "source": "servitudes", "kind": "risque_technologique"}
        | {"name": "PPRT du Dépôt", "geometry": at(150, 650, 200, 200)},
    ]
    return table(schemas.Perimeter, rows)


def protection_shares():
    rows = [
        {
            "lot_id": ABRITE,
            "perimeter_id": "AC1-1",
            "kind": "abords_delimites",
            "share": 1.0,
            "kind_share": 1.0,
        },
        {
            "lot_id": DOUBLE,
            "perimeter_id": "AC1-2",
            "kind": "abords_500m",
            "share": 1.0,
            "kind_share": 1.0,
        },
        {
            "lot_id": ENTERRE,
            "perimeter_id": "AC1-2",
            "kind": "abords_500m",
            "share": 0.5,
            "kind_share": 0.5,
        },
        *(
            {"lot_id": lot_id, "perimeter_id": perimeter, "kind": kind}
            | {"share": 1.0, "kind_share": 1.0}
            for lot_id, perimeter, kind in (
                (PETIT, "PPR-1", "risque_naturel"),
                (ENTERRE, "PPR-2", "risque_technologique"),
            )
        ),
    ]
    return table(schemas.ProtectionShare, rows, geometry=False)


def parcels():
    rows = [
        {"idu": "62999000AA0001", "declared_area_m2": 4_000.0, "geometry": at(990, 190, 80, 50)}
    ]
    held = {"owner_name": "COMMUNE DE DÉMO", "siren": "210000000", "right": "Propriétaire"}
    held |= {"owner_class": "4 - Commune"}
    return table(schemas.Parcel, rows).assign(lot_id=ABRITE, **held, holding_id="u:0001")


def records():
    rows = [
        {"folder": "osm", "label": "OpenStreetMap", "state": "utilisee", "file": "ville.osm"}
        | {"sha256": "ab" * 32, "vintage": "2026-06", "producer": "Contributeurs OSM"}
        | {"licence": "ODbL 1.0", "row_count": 3, "remarks": None}
        | {"attribution": "© les contributeurs d'OpenStreetMap"},
        {"folder": "bdtopo", "label": "BD TOPO", "state": "utilisee", "file": "bdtopo.gpkg"}
        | {"sha256": "cd" * 32, "vintage": "2026-03", "producer": "IGN"}
        | {"licence": "Licence Ouverte 2.0", "row_count": 1, "remarks": None}
        | {"attribution": "© IGN BD TOPO"},
        {"folder": "mnh", "label": "Modèle de hauteur", "state": "absente", "row_count": 0},
    ]
    return table(schemas.SourceRecord, rows, geometry=False)


def commune():
    rows = [
        {"insee_code": "62999", "name": "Démo-sur-Lys", "epci_name": "CC des Exemples"}
        | {"geometry": box(X, Y, X + 2000, Y + 1500)}
    ]
    return table(schemas.Commune, rows)


def make_product(**changes):
    made = Product(
        territory=TERRITORY,
        insee_code="62999",
        as_of=AS_OF,
        commune=commune(),
        lots=lots(),
        surfaces=surfaces(),
        tree_cover=tree_cover(),
        carport_cover=carport_cover(),
        verdicts=verdicts(),
        steps=steps(),
        pleas=pleas(),
        ownership=ownership(),
        solar=solar(),
        priorities=priorities(),
        candidates=candidates(),
        outcomes=outcomes(),
        pieces=pieces(),
        trees=trees(),
        crowns=crowns(),
        carports=carports(),
        installations=installations(),
        rings=rings(),
        perimeters=perimeters(),
        protection_shares=protection_shares(),
        parcels=parcels(),
        land=land(),
        inventory=inventory(),
        records=records(),
        rules=RULES,
        version="0.1.0",
    )
    return replace(made, **changes)
