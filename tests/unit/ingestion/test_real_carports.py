"""Roofs over bays of real deliveries, against counts of the tags made without the readers."""

import gzip
import shutil
import xml.etree.ElementTree as ET
from collections import Counter

import pandas as pd
import pyogrio
import pytest
import shapely

from tests.unit.ingestion.deposits import read

pytestmark = pytest.mark.shared_data

ROOF_VALUES = {"roof", "carport", "canopy"}


def tagged(path):
    """Tags of every element of an OSM file, read as plain XML: an independent count."""
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    for element in ET.fromstring(content):  # noqa: S314 - the project's own copies
        yield {tag.get("k"): tag.get("v") for tag in element.iter("tag")}


EXTRACTS = {
    "Redon": ("redon_35236", "redon.osm", "35236", 2),
    "Le Mans": ("le_mans_72181", "lemans_map.osm.gz", "72181", 0),
}


@pytest.mark.parametrize(
    ("folder", "name", "insee_code", "count"), EXTRACTS.values(), ids=EXTRACTS.keys()
)
def test_real_extracts_hold_the_roofs_that_their_tags_count(
    shared_data, folder, name, insee_code, count
):
    counts = Counter()
    for tags in tagged(shared_data / folder / "osm" / name):
        is_roof = tags.get("building") in ROOF_VALUES or tags.get("man_made") == "carport"
        counts["roofs"] += is_roof
        counts["solar"] += tags.get("power") in {"generator", "plant"}
    assert counts == {"roofs": count, "solar": 0}
    carports = read(shared_data / folder, insee_code).carports
    assert carports["kind"].tolist() == ["toit"] * count
    assert carports["is_solar"].isna().all()


def test_every_light_building_of_olemps_is_a_construction(shared_data, tmp_path):
    source = shared_data / "bdtopo_olemps_12174"
    light = pyogrio.read_dataframe(source / "BATIMENT.shp", read_geometry=False)["LEGER"] == "Oui"
    assert light.sum() == 437
    for folder, stem in (("bdtopo", "BATIMENT"), ("communes", "COMMUNE")):
        (tmp_path / folder).mkdir()
        for file in source.glob(f"{stem}.*"):
            shutil.copy(file, tmp_path / folder)
    sources = read(tmp_path, "12174")
    assert sources.carports["kind"].tolist() == ["construction"] * 437
    opened = sources.buildings.loc[sources.buildings["is_open"], "building_id"]
    assert pd.Index(opened).equals(pd.Index(sources.carports["carport_id"]))


def test_an_export_of_bondy_gives_its_roofs_once(shared_data):
    """Two layers of one file, that repeat each other; the commune and 1 km around."""
    folder = shared_data / "bondy_93010"
    sources = read(folder, "93010")
    west, south, east, north = sources.communes.set_index("insee_code").loc["93010"].geometry.bounds
    window = shapely.box(west - 1000, south - 1000, east + 1000, north + 1000)
    path = folder / "osm/osm_bondy_divers_subset.gpkg"
    tables = [pyogrio.read_dataframe(path, layer=name) for name, _ in pyogrio.list_layers(path)]
    roofs = pd.concat([table[table["building"].isin(ROOF_VALUES)] for table in tables])
    near = roofs.to_crs(sources.carports.crs).intersects(window)
    assert sorted(sources.carports["carport_id"]) == sorted("osm/" + roofs["@id"][near].unique())
    assert len(sources.carports) == 6
