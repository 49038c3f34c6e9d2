"""The three folders together: what is absent, empty or hostile, and what is asked of them."""

import json

import pytest

from pipeline.errors import SourceError
from pipeline.ingestion.folder import check_sources, list_sources
from tests.unit.ingestion.context_files import EAST, HERE, read, remarks
from tests.unit.ingestion.deposits import CATALOGUE, TERRITORIES, deposit

FOLDERS = ("enaf", "plu", "friches")
NO_FEATURE = json.dumps({"type": "FeatureCollection", "features": []})


def test_without_any_folder_there_is_one_record_each(tmp_path):
    context = read(tmp_path)
    tables = (context.consumption, context.documents, context.brownfields)
    assert [len(table) for table in tables] == [0, 0, 0]
    assert sorted(context.records["folder"]) == sorted(FOLDERS)
    assert set(context.records["state"]) == {"absente"}
    assert [line.split("/")[0] for line in context.warnings] == ["enaf", "plu", "friches"]


def test_without_the_data_folder_the_run_stops(tmp_path):
    with pytest.raises(SourceError, match="dossier des sources introuvable"):
        read(tmp_path / "absent")


def test_the_other_folders_are_not_opened(tmp_path):
    deposit(tmp_path, "osm/broken.pbf", b"\x00")
    assert "osm" not in set(read(tmp_path).records["folder"])


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_of_nothing_readable_is_refused(tmp_path, folder):
    deposit(tmp_path, f"{folder}/lisez-moi.txt", "rien")
    with pytest.raises(SourceError, match=rf"^{folder}/ : aucun fichier lisible"):
        read(tmp_path)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_page_of_error_is_refused(tmp_path, folder):
    deposit(tmp_path, f"{folder}/reponse.geojson", "<html>Request Rejected")
    with pytest.raises(SourceError, match=rf"^{folder}/reponse\.geojson : contenu non reconnu"):
        read(tmp_path)


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_answer_without_object_says_nothing(tmp_path, folder):
    """What a service answers of a place where it knows nothing: recorded, never fatal."""
    deposit(tmp_path, f"{folder}/reponse.geojson", NO_FEATURE)
    context = read(tmp_path)
    tables = (context.consumption, context.documents, context.brownfields)
    assert [len(table) for table in tables] == [0, 0, 0]
    assert "couche reponse vide" in remarks(context, f"{folder}/reponse.geojson")
    assert f"{folder}/ : rien n'y concerne les communes demandées" in context.warnings
    check = check_sources(tmp_path, TERRITORIES, CATALOGUE).set_index("fichier")
    assert check.loc[f"{folder}/reponse.geojson", "lignes"] == 0


def test_names_of_files_that_break_lines_or_drivers(tmp_path):
    titles = "idcom;naf09art10"
    deposit(tmp_path, "enaf/a\nb!.csv", f"{titles}\n{HERE};5\n")
    answer = {"insee": HERE, "is_rnu": True}
    feature = {"type": "Feature", "geometry": None, "properties": answer}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    deposit(tmp_path, "plu/'; DROP TABLE--\n!.geojson", text)
    context = read(tmp_path)
    assert context.consumption["area_m2"].tolist() == [5]
    assert context.documents["document_type"].tolist() == ["RNU"]
    assert not any("\n" in name for name in context.records["file"].dropna())


def test_several_communes_at_once(tmp_path):
    deposit(tmp_path, "enaf/c.csv", f"idcom;naf09art10\n{HERE};5\n{EAST};7\n62041;9\n")
    table = read(tmp_path, HERE, EAST).consumption
    assert dict(zip(table["insee_code"], table["area_m2"], strict=True)) == {EAST: 7, HERE: 5}


def test_folders_are_listed(tmp_path):
    table = list_sources(tmp_path, CATALOGUE).set_index("dossier")
    assert set(FOLDERS) <= set(table.index)
    assert table.loc[list(FOLDERS), "formats"].str.len().min() > 0
