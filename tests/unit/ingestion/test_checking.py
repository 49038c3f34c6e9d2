"""Commands `sources list` and `sources check`: every file, its rows or its problem in one line."""

import pytest

from pipeline.errors import ConfigError
from pipeline.ingestion.catalogue import load_catalogue
from pipeline.ingestion.folder import check_sources, list_sources
from tests.unit.ingestion.deposits import (
    CATALOGUE,
    TERRITORIES,
    OsmTown,
    commune,
    deposit,
    geojson,
    polygon,
    rectangle,
)


def test_list_counts_files_and_opens_none(tmp_path):
    commune(tmp_path)
    deposit(tmp_path, "osm/broken.pbf", b"\x00")
    table = list_sources(tmp_path, CATALOGUE)
    assert list(table.columns) == ["dossier", "libelle", "formats", "fichiers"]
    counts = table.set_index("dossier")["fichiers"]
    assert (counts["communes"], counts["osm"]) == (1, 1)
    assert counts.drop(["communes", "osm"]).isna().all()


def test_check_says_what_is_wrong_with_each_file(tmp_path):
    commune(tmp_path)
    town = OsmTown()
    town.way(1, rectangle(0, 0, 50, 40), amenity="parking")
    deposit(tmp_path, "osm/ville.osm", town.xml())
    row = (polygon(rectangle(0, 0, 9, 9)), {"id": 1, "surfm2": 81})
    deposit(tmp_path, "parkings/bon.geojson", geojson(row))
    deposit(tmp_path, "parkings/coupe.geojson", geojson(row)[:-9])
    deposit(tmp_path, "icpe/page.html.csv", b"<html>Request Rejected")
    table = check_sources(tmp_path, TERRITORIES, CATALOGUE)
    assert list(table.columns) == [
        "dossier", "fichier", "format", "lignes", "remarques", "anomalie",
    ]  # fmt: skip
    absent = table.set_index("dossier")["remarques"]
    assert absent["bdtopo"] == "dossier absent"
    table = table.dropna(subset="fichier").set_index("fichier")
    assert table["lignes"].dropna().to_dict() == {
        "communes/62999.geojson": 1,
        "osm/ville.osm": 1,
        "parkings/bon.geojson": 1,
    }
    assert "illisible" in table.loc["parkings/coupe.geojson", "anomalie"]
    assert "contenu non reconnu" in table.loc["icpe/page.html.csv", "anomalie"]
    assert table.loc["parkings/bon.geojson":"parkings/bon.geojson", "anomalie"].isna().all()


def test_check_says_that_a_folder_holds_only_files_of_another_source(tmp_path):
    deposit(tmp_path, "osm/icpe.csv", "codeAiot;x\n1;2\n")
    table = check_sources(tmp_path, TERRITORIES, CATALOGUE).set_index("dossier").loc[["osm"]]
    assert table["anomalie"].dropna().str.startswith("osm/ : aucun fichier lisible").tolist() == [
        True
    ]


def test_check_finds_the_territory_of_an_overseas_folder(tmp_path):
    # Basse-Terre (97105): UTM 20 N, declared; read as the mainland it would lie nowhere.
    at = [[[640_000 + x, 1_770_000 + y] for x, y in rectangle(0, 0, 900, 900)]]
    shape = {"type": "Polygon", "coordinates": at}
    text = geojson((shape, {"code": "97105", "nom": "Basse-Terre"}), crs="EPSG:5490")
    deposit(tmp_path, "communes/c.geojson", text)
    table = check_sources(tmp_path, TERRITORIES, CATALOGUE).set_index("fichier")
    assert table.loc["communes/c.geojson", "lignes"] == 1
    assert table["anomalie"].isna().all()


BAD_CATALOGUES = {
    "an unknown key": "osm: {label: a, producer: b, licence: c, attribution: d, formats: e, x: 1}",
    "a missing key": "osm: {label: a}",
    "a required column that has no name": (
        "osm: {label: a, producer: b, licence: c, attribution: d, formats: e, required: [id]}"
    ),
    "a list": "[1, 2]",
}


@pytest.mark.parametrize("text", BAD_CATALOGUES.values(), ids=BAD_CATALOGUES.keys())
def test_a_bad_catalogue_is_refused_in_one_line(tmp_path, text):
    path = deposit(tmp_path, "sources.yaml", text)
    with pytest.raises(ConfigError, match=r"sources\.yaml") as refusal:
        load_catalogue(path)
    assert "\n" not in str(refusal.value)
