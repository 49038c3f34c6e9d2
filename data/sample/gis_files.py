"""Shapefiles and GeoPackages: BD TOPO v3, the national layer of car parks, easements."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import shapely
from frame import to_lambert, to_lon_lat
from shapely.geometry.base import BaseGeometry
from town import Feature, Town, commune_of

_WRITTEN = "2026-09-15"
_ALTITUDE_M = 42.0
_ABORDS_M = 500
_ROADS = {  # highway: importance, width in metres, as BD TOPO gives them
    "secondary": ("3", 6.5),
    "tertiary": ("4", 6.0),
    "unclassified": ("5", 5.0),
    "residential": ("5", 5.0),
}
_STATE = {"ETAT": "En service", "DATE_CREAT": "2020-03-02 10:00:00", "PREC_PLANI": 1.5}

pyogrio.set_gdal_config_options(
    {
        "OGR_CURRENT_DATE": f"{_WRITTEN}T00:00:00.000Z",
        # A GeoPackage has two dozen tables, most of them empty: a page each.
        "OGR_SQLITE_PRAGMA": "page_size=1024",
    }
)


def write_bdtopo(folder: Path, town: Town) -> None:
    """Write the layers that parzan reads, with the short column names of a delivery (SHP, 3D)."""
    _write_shapefile(folder / "EQUIPEMENT_DE_TRANSPORT.shp", _equipment(town))
    _write_shapefile(folder / "BATIMENT.shp", _buildings(town))
    _write_shapefile(folder / "TRONCON_DE_ROUTE.shp", _road_sections(town))


def write_national_layer(path: Path, town: Town) -> None:
    """Write `Parkings_sup500m2`; `Surfm2` is planar Lambert-93, as in the official layer."""
    names = {commune.tags["code"]: commune.tags["nom"] for commune in town.communes}
    rows = []
    for park in town.national_parkings:
        code = commune_of(town, park.geometry)
        area = shapely.make_valid(to_lambert(park.geometry)).area
        rows.append(
            {
                "Surfm2": round(area),
                "TYPE": "Parking",
                "Typologie": "Parking",
                "DPT": "62",
                "NumCom": code,
                "NomCom": names[code],
                "geometry": shapely.MultiPolygon([to_lon_lat(park.geometry)]),
            }
        )
    write_geopackage(path, "Parkings_sup500m2", rows, "EPSG:4326")


def write_geopackage(
    path: Path, layer: str, rows: list[dict[str, Any]], crs: str = "EPSG:2154"
) -> None:
    """Write a layer; rows of which `geometry` is already in the CRS."""
    pyogrio.write_dataframe(
        gpd.GeoDataFrame(rows, crs=crs),
        path,
        layer=layer,
        dataset_options={"VERSION": "1.3"},
        layer_options={"SPATIAL_INDEX": "NO"},
    )


def write_easements(folder: Path, town: Town) -> None:
    """Write AC1 and the other easements, one file per kind of servitude, as CNIG names them."""
    _write_monuments(folder, town)
    for code in sorted({item.tags["code"] for item in town.easements}):
        zones = [item for item in town.easements if item.tags["code"] == code]
        rows = [_easement(rank, item) for rank, item in enumerate(zones, start=1)]
        _write_shapefile(folder / f"{code}_ASSIETTE_SUP_S.shp", rows)


def _easement(rank: int, item: Feature) -> dict[str, Any]:
    generator = f"{item.tags['code']}-629990000-{rank:08d}"
    return {
        "IdGen": generator,
        "idAss": f"{generator}-1",
        "nomAss": item.tags["title"],
        "typeAss": item.tags["kind"],
        "ModegeoAss": "Digitalisation",
        "srcGeoAss": "Cadastre",
        "geometry": to_lambert(item.geometry),
    }


def _write_monuments(folder: Path, town: Town) -> None:
    """Write AC1: the land of the monument (générateur) and its 500 m circle (assiette)."""
    generators, surroundings = [], []
    for rank, monument in enumerate(town.monuments, start=1):
        code, name = f"AC1-629990000-{rank:08d}", monument.tags["name"]
        land = to_lambert(monument.geometry)
        common = {"IdGen": code}
        generators.append(
            common
            | {"IdSup": code, "nomGen": f"{name}_gen", "typeGen": "Monument"}
            | {"modeGenere": "Liste de parcelles", "srcGeoGen": "Cadastre", "type": "Inscrit"}
            | {"geometry": land}
        )
        zones: list[tuple[str, str, float | None, BaseGeometry]] = [
            ("Périmètre de protection", "Egal au générateur", None, land),
            ("Périmètre des abords", "Zone tampon", _ABORDS_M, to_lambert(_around(monument))),
        ]
        surroundings += [
            common
            | {"idAss": f"{code}-{number}", "nomAss": f"{name}_ass", "typeAss": kind}
            | {"ModegeoAss": mode, "paramcalc": radius, "srcGeoAss": "Cadastre", "geometry": zone}
            for number, (kind, mode, radius, zone) in enumerate(zones, start=1)
        ]
    _write_shapefile(folder / "AC1_GENERATEUR_SUP_S.shp", generators)
    _write_shapefile(folder / "AC1_ASSIETTE_SUP_S.shp", surroundings)


def _around(monument: Feature) -> BaseGeometry:
    return shapely.buffer(monument.geometry, _ABORDS_M, quad_segs=16)


def _equipment(town: Town) -> list[dict[str, Any]]:
    return [
        {
            "ID": f"EQ_RESEA{rank:016d}",
            "NATURE": "Parking",
            "NAT_DETAIL": None,
            "TOPONYME": park.tags["name"],
            "IMPORTANCE": "5",
            "FICTIF": "Non",
            "geometry": _in_3d(park.geometry),
        }
        | _STATE
        for rank, park in enumerate(town.bdtopo_parkings, start=1)
    ]


def _buildings(town: Town) -> list[dict[str, Any]]:
    return [
        {
            "ID": f"BATIMENT{rank:016d}",
            "NATURE": "Indifférenciée",
            "USAGE1": building.tags["usage"],
            "LEGER": "Oui" if building.tags.get("is_light") else "Non",
            "HAUTEUR": building.tags["height"],
            "geometry": _in_3d(building.geometry),
        }
        | _STATE
        for rank, building in enumerate(town.buildings, start=1)
    ]


def _road_sections(town: Town) -> list[dict[str, Any]]:
    """Cut each street at its crossings, as BD TOPO does."""
    sections = [
        (street.tags, shapely.LineString(ends))
        for street in town.streets
        for ends in pairwise(street.geometry.coords)
    ]
    return [
        {
            "ID": f"TRONROUT{rank:016d}",
            "NATURE": "Route à 1 chaussée",
            "NOM_1_G": tags["name"].upper(),
            "NOM_1_D": tags["name"].upper(),
            "IMPORTANCE": _ROADS[tags["highway"]][0],
            "FICTIF": "Non",
            "POS_SOL": "0",
            "NB_VOIES": 2,
            "LARGEUR": _ROADS[tags["highway"]][1],
            "PRIVE": "Non",
            "SENS": "Double sens",
            "ACCES_VL": "Libre",
            "geometry": _in_3d(line),
        }
        | _STATE
        for rank, (tags, line) in enumerate(sections, start=1)
    ]


def _in_3d(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.force_3d(to_lambert(geometry), _ALTITUDE_M)


def _write_shapefile(path: Path, rows: list[dict[str, Any]]) -> None:
    pyogrio.write_dataframe(
        gpd.GeoDataFrame(rows, crs="EPSG:2154"),
        path,
        encoding="UTF-8",
        layer_options={"RESIZE": "YES", "DBF_DATE_LAST_UPDATE": _WRITTEN},
    )
