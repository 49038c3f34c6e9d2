"""Bad input through the command line: one clear line, exit code 1, nothing half-written."""

import gzip
import io
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from pipeline.cli import app
from pipeline.settings import Settings
from tests.integration.command import ON, nothing_written, refused, run, runner
from tests.tables import CONFIG


@pytest.fixture
def data(tmp_path):
    """Return a copy of the sample folder that a test may damage."""
    return Path(shutil.copytree(Settings().sample, tmp_path / "data"))


@pytest.mark.parametrize("insee", ["99999", "6299", "62999x", "../62999", "62999\n", "２６９９９"])
def test_unknown_insee_code(data, tmp_path, insee):
    result = run(data, tmp_path / "out", insee)
    refused(result)
    assert nothing_written(tmp_path / "out")


def test_a_commune_outside_the_data(data, tmp_path):
    refused(run(data, tmp_path / "out", "35236"), "35236", "communes")


def test_a_data_folder_that_is_not_there(tmp_path):
    refused(run(tmp_path / "nowhere", tmp_path / "out"), "nowhere")


@pytest.mark.parametrize("folder", ["osm", "cadastre", "communes"])
def test_an_empty_source_folder(data, tmp_path, folder):
    shutil.rmtree(data / folder)
    (data / folder).mkdir()
    refused(run(data, tmp_path / "out"), folder)


@pytest.mark.parametrize(
    ("folder", "name", "content"),
    [
        pytest.param("cadastre", "x.json", b'{"type":"FeatureCollection","features":[{', id="cut"),
        pytest.param("osm", "x.osm.pbf", b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18", id="cut pbf"),
        pytest.param("parkings", "x.gpkg", b"SQLite format 3\x00" + b"\x00" * 200, id="cut gpkg"),
        pytest.param("osm", "x.osm", b"<osm version='0.6'><node id='1' lat='", id="cut xml"),
        pytest.param(
            "osm", "x.osm.gz", gzip.compress(b"<osm version='0.6'></osm>" * 99)[:-9], id="cut gzip"
        ),
    ],
)
def test_an_unreadable_file(data, tmp_path, folder, name, content):
    (data / folder / name).write_bytes(content)
    refused(run(data, tmp_path / "out"), name)
    assert nothing_written(tmp_path / "out")


def test_the_previous_product_is_untouched(data, tmp_path):
    out = tmp_path / "out"
    assert run(data, out).exit_code == 0
    before = (out / "62" / "62999.gpkg").read_bytes()
    (data / "osm" / "x.osm").write_bytes(b"<osm version='0.6'><node id='1' lat='")
    refused(run(data, out), "x.osm")
    assert (out / "62" / "62999.gpkg").read_bytes() == before
    assert sorted(path.name for path in (out / "62").iterdir()) == [
        "62999.gpkg", "62999_note.html", "62999_revue.gpkg",
    ]  # fmt: skip


def test_xml_entities_are_refused(data, tmp_path):
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]>'
        '<osm version="0.6"><node id="1" lat="50.4" lon="2.7"><tag k="name" v="&b;"/></node></osm>'
    )
    (data / "osm" / "bomb.osm").write_text(bomb, encoding="utf-8")
    refused(run(data, tmp_path / "out"), "bomb.osm")


def test_an_archive_that_climbs_out_is_refused(data, tmp_path):
    archive = data / "cadastre" / "climb.tar.bz2"
    with tarfile.open(archive, "w:bz2") as tar:
        entry = tarfile.TarInfo("../../escaped.THF")
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"evil"))
    refused(run(data, tmp_path / "out"), "climb.tar.bz2")
    assert not list(tmp_path.rglob("escaped.THF"))


@pytest.mark.parametrize("suffix", ["zip", "tar.bz2"])
def test_an_archive_that_swells_is_refused(data, tmp_path, suffix):
    archive = data / "cadastre" / f"swollen.{suffix}"
    zeros = b"\0" * 300_000_000
    if suffix == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("E0000001.THF", zeros)
    else:
        with tarfile.open(archive, "w:bz2") as tar:
            entry = tarfile.TarInfo("E0000001.THF")
            entry.size = len(zeros)
            tar.addfile(entry, io.BytesIO(zeros))
    refused(run(data, tmp_path / "out"), "swollen")


def test_a_layer_without_geometry(data, tmp_path):
    shutil.rmtree(data / "parkings")
    (data / "parkings").mkdir()
    pyogrio.write_dataframe(
        pd.DataFrame({"surfm2": [1]}), data / "parkings" / "flat.gpkg", layer="parkings_sup500m2"
    )
    refused(run(data, tmp_path / "out"), "flat.gpkg")


def test_a_layer_whose_geometries_are_all_null(data, tmp_path):
    features = [{"type": "Feature", "geometry": None, "properties": {"id": 1, "surfm2": 900}}]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (data / "parkings" / "vide.geojson").write_text(text, encoding="utf-8")
    refused(run(data, tmp_path / "out"), "parkings/vide.geojson", "couche vide", "géométrie")
    assert nothing_written(tmp_path / "out")


def test_a_row_without_geometry_stays_a_candidate(data, tmp_path):
    path = min((data / "parkings").iterdir())
    table = gpd.read_file(path)
    lost = table.geometry.iloc[0].representative_point()
    table.loc[0, "geometry"] = None
    path.unlink()
    table.to_file(path.with_suffix(".geojson"), driver="GeoJSON")
    result = run(data, tmp_path / "out")
    assert result.exit_code == 0, result.output
    product = tmp_path / "out" / "62" / "62999.gpkg"
    found = pyogrio.read_dataframe(product, layer="candidats")
    rows = found[found["source"] == "parkings_sup500m2"]
    assert len(rows) == len(table)
    (row,) = rows[rows.geometry.isna()].itertuples()
    assert "contour absent de la couche" in row.raison
    assert pd.isna(row.surface_m2)
    assert not rows.geometry.dropna().intersects(lost).any()
    assert runner.invoke(app, ["check", str(product)]).exit_code == 0


def test_a_damaged_data_file_beside_good_ones(data, tmp_path):
    (data / "osm" / "page.osm.pbf").write_bytes(b"<html>503 Service Unavailable</html>")
    refused(run(data, tmp_path / "out"), "osm/page.osm.pbf")
    assert nothing_written(tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        pytest.param("dossiers/p.csv", "parc_id;travaux_le\n;\n62999-0a;demain\n", "ligne 3",
                     id="a date that is none"),
        pytest.param("dossiers/p.ods", "PK", "p.ods", id="a spreadsheet that is none"),
        pytest.param("proprietaires/PM_25_NB_620.csv", "a;b\n1;2\n", "24 attendues",
                     id="a file of owners that is not of the tax administration"),
        pytest.param("irradiation/p.tif", "<html>", "p.tif", id="a grid that is an error page"),
    ],
)  # fmt: skip
def test_a_bad_file_of_the_service(data, tmp_path, name, content, word):
    path = data / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    refused(run(data, tmp_path / "out"), name, word)
    assert nothing_written(tmp_path / "out")


def test_the_wrong_columns(data, tmp_path):
    (data / "icpe" / "x.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    refused(run(data, tmp_path / "out"), "x.csv")


@pytest.mark.parametrize("name", ['O\'Brien "le grand"', "<b>&amp;</b>", "🅿️ 50 %", "deux\nlignes"])
def test_hostile_names_are_only_names(data, tmp_path, name):
    path = next((data / "communes").glob("*.geojson"))
    table = gpd.read_file(path)
    column = "nom" if "nom" in table else "name"
    table[column] = name
    path.unlink()
    table.to_file(path, driver="GeoJSON")
    result = run(data, tmp_path / "out")
    assert result.exit_code == 0, result.output
    product = tmp_path / "out" / "62" / "62999.gpkg"
    found = pyogrio.read_dataframe(product, layer="commune", read_geometry=False)
    assert set(name.split()) <= set(" ".join(map(str, found.to_numpy().ravel())).split())
    assert runner.invoke(app, ["check", str(product)]).exit_code == 0


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        pytest.param("needs_review:", "needs_revue:", "needs_revue", id="an unknown key"),
        pytest.param(
            "        value: 1500\n",
            "        value: 1500\n        sources: [{title: t}]\n      - valid_from: 2024-01-01\n"
            "        value: 1\n",
            "chevauche",
            id="two values on one day",
        ),
    ],
)
def test_a_faulty_rule_file(data, tmp_path, monkeypatch, before, after, word):
    config = shutil.copytree(CONFIG, tmp_path / "config")
    path = config / "rules" / "loi_2023-175_article_40.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    monkeypatch.setenv("PARZAN_CONFIG", str(config))
    refused(run(data, tmp_path / "out"), path.name, word)
    refused(runner.invoke(app, ["rules", "check"]), path.name, word)


def test_a_date_before_the_law(data, tmp_path):
    result = runner.invoke(
        app, ["run", "62999", "--data", str(data), "--out", str(tmp_path), "--on", "1999-01-01"]
    )
    refused(result, "1999-01-01")


@pytest.mark.parametrize(
    "arguments",
    [["run"], ["run", "62999", "--on", "demain"], ["walk"], ["run", "62999", "--surprise"]],
    ids=["no commune", "an absurd date", "an unknown command", "an unknown option"],
)
def test_wrong_usage_is_exit_code_2(arguments):
    assert runner.invoke(app, arguments).exit_code == 2


def test_one_commune_fails_and_the_other_is_done(data, tmp_path):
    result = runner.invoke(
        app,
        ["run", "62999", "99999", "--data", str(data), "--out", str(tmp_path / "out"), "--on", ON],
    )
    assert result.exit_code == 3
    assert "99999" in result.stderr
    assert (tmp_path / "out" / "62" / "62999.gpkg").exists()


def test_a_different_product_is_replaced_only_when_asked(data, tmp_path):
    out = tmp_path / "out"
    assert run(data, out).exit_code == 0
    assert run(data, out).exit_code == 0  # the same content is never an error
    shutil.rmtree(data / "icpe")
    refused(run(data, out), "--overwrite")
    assert run(data, out, "62999", "--overwrite").exit_code == 0
