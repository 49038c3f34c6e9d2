"""The declared services: every one usable, every fault told by its place."""

import pytest
import yaml

from pipeline.errors import ConfigError
from pipeline.ingestion.catalogue import load_catalogue
from pipeline.ingestion.services import load_services
from tests.tables import CONFIG

PATH = CONFIG / "services.yaml"


def test_every_declared_service_is_polite_and_attributed():
    services = load_services(PATH)
    for service in services.values():
        assert service.base.startswith("https://")
        assert service.attribution.startswith("©")
        assert service.licence in {"Licence Ouverte 2.0", "ODbL 1.0", "CC BY 4.0"}
        assert service.retry.attempts >= 3
    assert services["overpass"].at_once == 1
    assert services["overpass"].retry.first_wait_s >= 30


def test_services_and_folders_say_the_same_licence():
    services, folders = load_services(PATH), load_catalogue(CONFIG / "sources.yaml")
    for service, folder in (("overpass", "osm"), ("cadastre_etalab", "cadastre")):
        assert services[service].licence == folders[folder].licence
        assert services[service].attribution == folders[folder].attribution


def test_an_address_is_relative_to_its_service_or_absolute():
    service = load_services(PATH, {"api_geo": "http://127.0.0.1:1/"})["api_geo"]
    assert service.url("/communes") == "http://127.0.0.1:1/communes"
    assert service.url("https://other.example/next?page=2") == "https://other.example/next?page=2"


def test_an_address_for_an_unknown_service_is_refused():
    with pytest.raises(ConfigError, match=r"PARZAN_SERVICES : service inconnu \(overpas\)"):
        load_services(PATH, {"overpas": "http://127.0.0.1:1"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"surprise": 1}, "surprise : clé inconnue", id="an unknown key"),
        pytest.param({"base": "ftp://a.example"}, "adresse http", id="another protocol"),
        pytest.param({"requests_per_second": 0}, "requests_per_second", id="no rate"),
        pytest.param({"largest_shrink": 1.5}, "largest_shrink", id="a share beyond one"),
        pytest.param({"retry": {"attempts": 0}}, "retry", id="no attempt"),
    ],
)
def test_a_fault_is_told_by_its_key(tmp_path, change, words):
    document = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    document["api_geo"] |= change
    path = tmp_path / "services.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        load_services(path)


@pytest.mark.parametrize("text", ["- a\n", "a: [\n", "a: 3\n", ""])
def test_a_file_that_holds_no_services_is_refused(tmp_path, text):
    path = tmp_path / "services.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="services illisibles"):
        load_services(path)
