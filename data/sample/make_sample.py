"""Draw the sample commune: `make sample` rewrites the source folders beside this file."""

import shutil
from pathlib import Path

import csv_files
import geojson_files
import gis_files
import height_files
import land_files
import osm_file
import raster_files
from town import read_town

_HERE = Path(__file__).resolve().parent
_FOLDERS = (
    "communes",
    "osm",
    "cadastre",
    "bdtopo",
    "parkings",
    "icpe",
    "icpe_emprises",
    "arbres",
    "servitudes",
    "monuments",
    "dossiers",
    "proprietaires",
    "irradiation",
    "mnh",
    "ocsge",
    "enaf",
    "plu",
    "friches",
    "exemptions_sols",
)


def write_sample(target: Path) -> None:
    """Write the source folders anew in `target`; the same plan gives the same bytes."""
    for name in _FOLDERS:
        shutil.rmtree(target / name, ignore_errors=True)
        (target / name).mkdir(parents=True)
    town = read_town(_HERE / "plan.yaml")
    geojson_files.write_communes(target / "communes/communes.geojson", town)
    osm_file.write(target / "osm/exemple-sur-parzan.osm", town)
    geojson_files.write_cadastre(target / "cadastre", town)
    gis_files.write_bdtopo(target / "bdtopo", town)
    gis_files.write_national_layer(target / "parkings/parkings_sup500m2.gpkg", town)
    csv_files.write_installations(target / "icpe", town)
    geojson_files.write_footprints(target / "icpe_emprises/emprises.geojson", town)
    geojson_files.write_trees(target / "arbres/arbres.geojson", town)
    gis_files.write_easements(target / "servitudes", town)
    csv_files.write_monuments(target / "monuments/merimee.csv", town)
    csv_files.write_dossiers(target / "dossiers/parcs_dates.csv", town)
    csv_files.write_owners(target / "proprietaires/PM_25_NB_620.csv", town)
    raster_files.write_yields(target / "irradiation/productible.tif", town)
    height_files.write_heights(target / "mnh", town)
    land_files.write_land_cover(target / "ocsge", town)
    land_files.write_consumption(target / "enaf/conso_communes.csv", town)
    land_files.write_planning(target / "plu", town)
    land_files.write_brownfields(target / "friches/friches.geojson", town)
    land_files.write_exempted(target / "exemptions_sols/exemptions.geojson", town)


if __name__ == "__main__":
    write_sample(_HERE)
