"""GeoJSON files: communes, cadastre (as Etalab publishes it, gzipped), trees, ICPE footprints."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import shapely
from frame import to_lon_lat
from shapely.geometry.base import BaseGeometry
from town import Parcel, Town, commune_of

_CREATED = "2020-03-02"
_UPDATED = "2026-06-01"


def write_communes(path: Path, town: Town) -> None:
    """Write the communes, with the columns of the administrative outlines of Etalab."""
    rows = [(c.geometry, c.tags | {"departement": "62", "region": "32"}) for c in town.communes]
    path.write_bytes(_collection(rows))


def write_cadastre(folder: Path, town: Town) -> None:
    """Write parcels and hard buildings, one file per commune and layer; buildings have no id."""
    codes = [commune.tags["code"] for commune in town.communes]
    parcels: dict[str, list[tuple[BaseGeometry, dict[str, Any]]]] = {code: [] for code in codes}
    for parcel in town.parcels:
        parcels[parcel.commune].append((parcel.geometry, _parcel(parcel)))
    buildings: dict[str, list[tuple[BaseGeometry, dict[str, Any]]]] = {code: [] for code in codes}
    for building in [item for item in town.buildings if not item.tags.get("is_light")]:
        code = commune_of(town, building.geometry)
        properties = {"type": "01", "nom": None, "commune": code}
        buildings[code].append((building.geometry, properties | _dates()))
    for layer, rows_by_commune in (("parcelles", parcels), ("batiments", buildings)):
        for code, rows in rows_by_commune.items():
            if rows:
                packed = gzip.compress(_collection(rows), mtime=0)
                (folder / f"cadastre-{code}-{layer}.json.gz").write_bytes(packed)


def write_trees(path: Path, town: Town) -> None:
    """Write the surveyed trees as points."""
    rows = [
        (
            tree.geometry,
            {
                "id_arbre": f"EX{number:04d}",
                "genre": tree.tags["genus"],
                "hauteur": tree.tags["height"],
                "diametre_couronne": tree.tags["crown"],
            },
        )
        for number, tree in enumerate(town.trees, start=1)
    ]
    path.write_bytes(_collection(rows))


def write_footprints(path: Path, town: Town) -> None:
    """Write the ICPE footprints that a service would supply."""
    path.write_bytes(_collection([(site.geometry, site.tags) for site in town.footprints]))


def write_collection(path: Path, rows: Iterable[tuple[BaseGeometry, dict[str, Any]]]) -> None:
    """Write shapes of the town's frame and their properties."""
    path.write_bytes(_collection(rows))


def _parcel(parcel: Parcel) -> dict[str, Any]:
    """Give the properties of a parcel: section and number lose their leading zeros, the id not."""
    return {
        "id": parcel.idu,
        "commune": parcel.commune,
        "prefixe": "000",
        "section": parcel.section,
        "numero": str(parcel.number),
        "contenance": round(parcel.geometry.area),
        "arpente": False,
    } | _dates()


def _dates() -> dict[str, str]:
    return {"created": _CREATED, "updated": _UPDATED}


def _collection(rows: Iterable[tuple[BaseGeometry, dict[str, Any]]]) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": shapely.geometry.mapping(to_lon_lat(geometry)),
        }
        for geometry, properties in rows
    ]
    text = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    return f'{{"type": "FeatureCollection", "features": [\n{text}\n]}}\n'.encode()
