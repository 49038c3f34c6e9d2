"""OCS GE as IGN delivers it, and what goes with it: consumption, zones, friches, exemptions."""

from pathlib import Path
from typing import Any

import shapely
from frame import to_lambert, to_lon_lat
from geojson_files import write_collection
from gis_files import write_geopackage
from land import Ground, land_of
from paint import cut_faces, paint
from town import Feature, Town, commune_of

_STOCK, _DECLARED = 2021, 2024
_ALWAYS = {"CS1.1.1.1", "CS1.1.1.2", "CS1.1.2.1", "CS1.1.2.2"}
_DUG = ("CS1.1.2.1", "US1.3")
_GRASS = {"CS2.2.1", "CS2.2.2"}
_ACTIVE = {"US2", "US3", "US235", "US4.1.1", "US4.1.2", "US4.2", "US4.3", "US5", "US6.1", "US6.2"}
_FIRST_YEAR = 11  # of the consumption: naf11art12


def write_land_cover(folder: Path, town: Town) -> None:
    """Write a land cover of 2021, and the product of artificialisation of 2024."""
    land = land_of(town)
    delivery = folder / f"OCS-GE_2-0__GPKG_LAMB93_D062_{_STOCK}-01-01"
    delivery.mkdir()
    rows = [_stock(_STOCK, rank, ground) for rank, ground in enumerate(land[_STOCK], start=1)]
    write_geopackage(delivery / "OCCUPATION_SOL.gpkg", "OCCUPATION_SOL", rows)
    delivery = folder / f"OCS-GE_2-0_ARTIFICIALISATION_GPKG_LAMB93_D062_{_DECLARED}-01-01"
    delivery.mkdir()
    rows = [_declared(rank, ground) for rank, ground in enumerate(land[_DECLARED], start=1)]
    write_geopackage(delivery / f"artif_{_DECLARED}_062.gpkg", f"artif_{_DECLARED}_062", rows)


def write_consumption(path: Path, town: Town) -> None:
    """Write the consumption by commune and year, m², with the column names of the Cerema."""
    names = {commune.tags["code"]: commune.tags["nom"] for commune in town.communes}
    count = len(next(iter(town.consumption.values())))
    years = range(_FIRST_YEAR, _FIRST_YEAR + count)
    lines = [";".join(["idcom", "idcomtxt", *(f"naf{year}art{year + 1}" for year in years)])]
    for code, areas in town.consumption.items():
        lines.append(";".join([code, names[code], *map(str, areas)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_planning(folder: Path, town: Town) -> None:
    """Write the zones of the planning document, as CNIG names them."""
    day = f"{town.planning['approved']:%Y%m%d}"
    code = town.planning["commune"]
    surfaces = [zone.geometry for zone in town.zones]
    painted = paint(cut_faces(surfaces), surfaces, range(len(surfaces)))
    rows = [
        (
            polygon,
            {
                "LIBELLE": town.zones[rank].tags["label"],
                "LIBELONG": town.zones[rank].tags["long"],
                "TYPEZONE": town.zones[rank].tags["type"],
                "IDURBA": f"{code}_PLU_{day}",
                "DATAPPRO": day,
            },
        )
        for rank, polygon in painted
    ]
    write_collection(folder / f"{code}_ZONE_URBA_{day}.geojson", rows)


def write_brownfields(path: Path, town: Town) -> None:
    """Write the inventory of friches, with the required columns of the CNIG standard."""
    write_collection(path, [(site.geometry, _brownfield(town, site)) for site in town.brownfields])


def write_exempted(path: Path, town: Town) -> None:
    """Write the places that the service exempts, and by which decision."""
    rows = [
        (
            place.geometry,
            {
                "exemption": place.tags["exemption"],
                "decision": place.tags["decision"],
                "decide_le": f"{place.tags['decided']:%Y-%m-%d}",
            },
        )
        for place in town.exempted
    ]
    write_collection(path, rows)


def _stock(vintage: int, rank: int, ground: Ground) -> dict[str, Any]:
    return {
        "id": f"OCSGE62{vintage}{rank:06d}",
        "code_cs": ground.tags["cover"],
        "code_us": ground.tags.get("use"),
        "millesime": str(vintage),
        "source": "calcul",
        "ossature": int(ground.tags.get("frame", False)),
        "id_origine": "NC",
        "code_or": "NC",
        "geometry": to_lambert(ground.geometry),
    }


def _declared(rank: int, ground: Ground) -> dict[str, Any]:
    """Add the area, planar as a producer measures it, and the status: by codes, or by the plan."""
    row = _stock(_DECLARED, rank, ground)
    codes = (row["code_cs"], row["code_us"])
    is_active_grass = codes[0] in _GRASS and codes[1] in _ACTIVE
    by_codes = (codes[0] in _ALWAYS and codes != _DUG) or is_active_grass
    status, by_threshold = ground.tags.get("ign", ["artif" if by_codes else "non artif", False])
    area = round(row["geometry"].area, 2)
    return row | {"aire": area, "artif": status, "crit_seuil": by_threshold}


def _brownfield(town: Town, site: Feature) -> dict[str, Any]:
    code = commune_of(town, site.geometry)
    names = {commune.tags["code"]: commune.tags["nom"] for commune in town.communes}
    shape = to_lon_lat(site.geometry)
    surface = site.geometry.area
    return {
        "site_id": site.tags["id"],
        "site_nom": site.tags["name"],
        "site_type": site.tags["kind"],
        "site_identif_date": "2023-05-10",
        "site_actu_date": "2025-11-03",
        "site_statut": site.tags["status"],
        "comm_nom": names[code],
        "comm_insee": code,
        "unite_fonciere_surface": round(surface) if surface else None,
        "urba_zaer": "inconnu",
        "source_nom": "Inventaire local",
        "geompoint": shapely.to_wkt(shapely.centroid(shape), rounding_precision=7),
        "geomsurf": shapely.to_wkt(shape, rounding_precision=7) if surface else None,
    }
