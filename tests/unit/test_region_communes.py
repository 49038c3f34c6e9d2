"""Which communes a refresh is about."""

import json

import pytest

from pipeline.crs import load_territories, territory_of
from pipeline.errors import ConfigError, SourceError
from pipeline.ingestion.catalogue import load_catalogue
from pipeline.region_communes import communes_of, departements_of, given_communes, load_regions
from pipeline.settings import Settings

CONFIG = Settings().config
REGIONS = load_regions(CONFIG / "regions.yaml")


def limits(data, *codes):
    box = [[[2.0, 50.0], [2.1, 50.0], [2.1, 50.1], [2.0, 50.0]]]
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "nom": code},
            "geometry": {"type": "Polygon", "coordinates": box},
        }
        for code in codes
    ]
    (data / "communes").mkdir(exist_ok=True)
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (data / "communes" / f"{codes[0]}.geojson").write_text(text, encoding="utf-8")
    return data


def of(data, *departements):
    catalogue = load_catalogue(CONFIG / "sources.yaml")
    return communes_of(departements, data, catalogue, load_territories(CONFIG / "territories.yaml"))


def test_every_departement_is_in_one_region():
    """101 départements: 94 on the mainland since Corsica has two, 2 in Corsica, 5 overseas."""
    mainland = {f"{number:02d}" for number in range(1, 96)} - {"20"}
    expected = mainland | {"2A", "2B", "971", "972", "973", "974", "976"}
    listed = [code for region in REGIONS for code in region.departements]
    assert sorted(listed) == sorted(expected)
    assert len(REGIONS) == 18


def test_a_region_has_one_working_projection():
    territories = load_territories(CONFIG / "territories.yaml")
    for region in REGIONS:
        assert len({territory_of(dep, territories).code for dep in region.departements}) == 1


def test_an_unknown_region_is_refused_with_the_list():
    assert departements_of("32", REGIONS) == ("02", "59", "60", "62", "80")
    with pytest.raises(ConfigError, match="32 Hauts-de-France"):
        departements_of("33", REGIONS)


def test_communes_come_from_all_files_sorted(tmp_path):
    limits(tmp_path, "62902", "59001")
    limits(tmp_path, "62901", "80001")
    assert of(tmp_path, "62", "59").codes == ("59001", "62901", "62902")


@pytest.mark.parametrize(
    ("departement", "expected"),
    [("2a", ("2A004",)), ("2B", ("2B033",)), ("974", ("97411",)), ("6", None), ("97", None)],
)
def test_a_departement_is_a_whole_code(tmp_path, departement, expected):
    limits(tmp_path, "2A004", "2B033", "97411", "60001")
    if expected is None:
        with pytest.raises(SourceError, match="aucune commune"):
            of(tmp_path, departement)
    else:
        assert of(tmp_path, departement).codes == expected


def test_a_departement_without_limits_is_told_beside_the_others(tmp_path):
    limits(tmp_path, "62901")
    chosen = of(tmp_path, "62", "80")
    assert chosen.codes == ("62901",)
    assert chosen.remarks == ("communes/ : aucune commune du département 80",)


def test_arrondissements_are_treated_with_their_commune_where_it_is_drawn(tmp_path):
    limits(tmp_path, "13055", "13201", "13216", "13001")
    chosen = of(tmp_path, "13")
    assert chosen.codes == ("13001", "13055")
    assert chosen.remarks == ("arrondissements traités avec leur commune : 13201, 13216",)


def test_arrondissements_stand_for_a_commune_that_is_not_drawn(tmp_path):
    limits(tmp_path, "75101", "75120")
    assert of(tmp_path, "75").codes == ("75101", "75120")


def test_without_limits_nothing_is_guessed(tmp_path):
    with pytest.raises(SourceError, match="y déposer les limites communales"):
        of(tmp_path, "62")


def test_given_codes_are_sorted_once_each_and_of_the_right_form():
    assert given_communes(["62902", "62901", "62902"]).codes == ("62901", "62902")
    with pytest.raises(SourceError, match="n'est pas un code INSEE"):
        given_communes(["62901", "../62"])
