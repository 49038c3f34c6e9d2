"""The records of a run point to the answers kept; several vintages of one source are told."""

import io
import json
import zipfile
from datetime import timedelta

import pandas as pd
import pytest

from pipeline.ingestion.evidence import EvidenceStore, Facts
from pipeline.ingestion.proofs import STORE
from tests.unit.ingestion.deposits import (
    OsmTown,
    commune,
    deposit,
    geojson,
    polygon,
    read,
    rectangle,
    remarks,
)
from tests.unit.ingestion.live_server import NOW, asking
from tests.unit.ingestion.test_evidence import keep

DAY = timedelta(days=1)
PLACE = "osm/ville.json"


def town(day="2026-11-25", x=0, way=1):
    drawn = OsmTown()
    drawn.way(way, rectangle(x, 0, x + 50, 40), amenity="parking")
    document = drawn.overpass() | {"osm3s": {"timestamp_osm_base": f"{day}T20:00:00Z"}}
    return json.dumps(document).encode()


def record(data, file):
    records = read(data).records.astype(object)
    (row,) = records[records["file"] == file].to_dict("records")
    return row


@pytest.fixture
def data(tmp_path):
    commune(tmp_path)
    return tmp_path


@pytest.fixture
def store(data):
    return EvidenceStore(data / STORE)


def test_a_file_of_a_service_says_which_answer_it_is(data, store):
    store.deliver([keep(store, town())], data, PLACE, NOW)
    row = record(data, PLACE)
    assert (row["url"], row["answer_count"]) == ("http://essai.example/a-261101", 1)
    assert row["received_at"] == "2026-11-26T12:00:00+00:00"
    # Of the service, not of the folder: the folder may be filled by others.
    assert (row["licence"], row["attribution"]) == ("Licence Ouverte 2.0", "© essai")


def test_a_file_put_by_hand_has_no_proof_and_the_attribution_of_its_folder(data, store):
    store.deliver([keep(store, town())], data, PLACE, NOW)
    deposit(data, "osm/autre.json", town(x=100, way=2))
    row = record(data, "osm/autre.json")
    assert pd.isna([row[name] for name in ("url", "answer_count", "received_at")]).all()
    assert (row["licence"], row["attribution"]) == (
        "ODbL 1.0",
        "© les contributeurs d'OpenStreetMap",
    )


def test_a_file_changed_since_has_no_proof(data, store):
    path = store.deliver([keep(store, town())], data, PLACE, NOW)
    assert isinstance(record(data, PLACE)["url"], str)
    path.write_bytes(path.read_bytes() + b"\n")
    assert not isinstance(record(data, PLACE)["url"], str)


def test_a_file_of_several_answers_counts_them_and_has_the_oldest_day(data, store):
    parts = [
        keep(store, text, asking(f"/{n}"), now=NOW + n * DAY)
        for n, text in enumerate((town()[:40], town()[40:]))
    ]
    store.deliver(list(reversed(parts)), data, PLACE, NOW, make=lambda _: [town()])
    row = record(data, PLACE)
    assert row["answer_count"] == 2
    assert row["received_at"] == "2026-11-26T12:00:00+00:00"


def test_asked_again_the_same_content_changes_no_record(data, store):
    store.deliver([keep(store, town())], data, PLACE, NOW)
    before = record(data, PLACE)
    store.deliver([keep(store, town(), now=NOW + 40 * DAY)], data, PLACE, NOW + 40 * DAY)
    assert record(data, PLACE) == before


def test_what_an_archive_holds_has_the_proof_of_the_archive(data, store):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/ville.json", town())
        archive.writestr("b/ville.json", town(x=100, way=2))
    store.deliver([keep(store, packed.getvalue())], data, "osm/ville.zip", NOW)
    for member in ("a", "b"):
        assert record(data, f"osm/ville.zip/{member}/ville.json")["answer_count"] == 1


def test_the_vintage_of_the_service_serves_where_the_file_tells_none(data, store):
    shape = polygon(rectangle(0, 0, 40, 40))
    text = geojson((shape, {"cleabs": "B1", "nature": "Silo"})).encode()
    kept = keep(store, text, facts=Facts(vintage="2026-09-15"))
    store.deliver([kept], data, "bdtopo/batiment.geojson", NOW)
    assert record(data, "bdtopo/batiment.geojson")["vintage"] == "2026-09-15"


MIXED = "millésimes mêlés dans osm/ (2026-11-24, 2026-11-25)"


def test_two_vintages_put_by_hand_are_told_on_each_file_and_by_the_run(data):
    deposit(data, PLACE, town())
    deposit(data, "osm/autre.json", town("2026-11-24", x=100, way=2))
    sources = read(data)
    assert all(MIXED in remarks(sources, f"osm/{name}.json") for name in ("ville", "autre"))
    told = "osm/ : millésimes mêlés (2026-11-24, 2026-11-25) ; n'en garder qu'un"
    assert sources.warnings.count(told) == 1


def test_one_vintage_in_two_files_is_no_mix(data):
    deposit(data, PLACE, town())
    deposit(data, "osm/autre.json", town(x=100, way=2))
    assert not [line for line in read(data).warnings if "mêlés" in line]


def test_a_file_that_tells_nothing_of_the_commune_mixes_nothing(data):
    deposit(data, PLACE, town())
    deposit(data, "osm/loin.json", town("2026-11-24", x=90_000, way=2))
    assert not [line for line in read(data).warnings if "mêlés" in line]


@pytest.mark.parametrize(("other", "is_mixed"), [("2026-06-15", True), ("2026-03-15", False)])
def test_the_name_of_a_delivery_tells_its_vintage(data, other, is_mixed):
    for number, day in enumerate(("2026-03-15", other)):
        shape = polygon(rectangle(100 * number, 0, 100 * number + 40, 40))
        text = geojson((shape, {"cleabs": f"B{number}", "nature": "Silo"}))
        deposit(data, f"bdtopo/BDT_3-5_D062-ED{day}/batiment_{number}.geojson", text)
    told = [line for line in read(data).warnings if "mêlés" in line]
    assert bool(told) is is_mixed


def test_answers_of_two_vintages_in_one_file_are_told(data, store):
    parts = [
        keep(store, town(), asking(f"/{day}"), facts=Facts(vintage=day))
        for day in ("2026-11-24", "2026-11-25")
    ]
    store.deliver(parts, data, PLACE, NOW, make=lambda _: [town()])
    sources = read(data)
    assert remarks(sources, PLACE) == MIXED
    assert sources.records.set_index("file").loc[PLACE, "vintage"] == "2026-11-25"
