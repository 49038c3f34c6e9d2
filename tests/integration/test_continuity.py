"""From one month to the next: identifiers, decisions of agents, journal, inventories."""

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import fiona
import geopandas as gpd
import pytest
from shapely.geometry import MultiPolygon, mapping
from typer.testing import CliRunner

from pipeline.cli import app
from tests.tables import ASSUMPTIONS

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "data" / "sample"
OSM = "osm/exemple-sur-parzan.osm"
CHAPELLE, ATELIER = "Parking de la Chapelle", "Parking de l'Atelier"
THEATRE = "Parking du Théâtre"
runner = CliRunner()
DUE = date(2028, 7, 1)
SOON = timedelta(days=ASSUMPTIONS.priority.soon_days.value)


@pytest.fixture
def data(tmp_path):
    """The sources that draw the parks: a run of them takes a second or two."""
    folder = tmp_path / "data"
    for name in ("communes", "osm", "cadastre", "bdtopo", "parkings"):
        shutil.copytree(SAMPLE / name, folder / name)
    return folder


@pytest.fixture
def out(data, tmp_path):
    """The product of June, before anybody decided anything."""
    folder = tmp_path / "out"
    month(data, folder, "2026-06-01")
    return folder


def month(data, out, day):
    told = ["--data", str(data), "--out", str(out), "--on", day, "--overwrite"]
    done = runner.invoke(app, ["run", "62999", *told])
    assert done.exit_code == 0, done.output
    assert runner.invoke(app, ["check", str(product(out))]).exit_code == 0
    return done


def product(out):
    return out / "62" / "62999.gpkg"


def layer(out, name):
    return gpd.read_file(product(out), layer=name)


def park(out, name):
    found = layer(out, "parcs")
    return found[found["nom"] == name].iloc[0]


def decide(out, **facts):
    """Add a correction as the form of the project does, on the park as it is today."""
    shape = facts.pop("geometry", None)
    with fiona.open(out / "62" / "62999_revue.gpkg", "a", layer="corrections") as opened:
        empty = dict.fromkeys(opened.schema["properties"])
        row = empty | {"agent": "agent", "date": "2026-06-15"} | facts
        drawn = None if shape is None else mapping(MultiPolygon([shape]))
        opened.write({"geometry": drawn, "properties": row})


def edited(data, old, new):
    path = data / OSM
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def nudged(data, way, degrees):
    """Move every vertex of a way towards the east."""
    path = data / OSM
    text = path.read_text(encoding="utf-8")
    block = re.search(rf'<way id="{way}".*?</way>', text, re.DOTALL).group(0)
    for node in set(re.findall(r'<nd ref="(\d+)"', block)):
        found = re.search(rf'<node id="{node}"[^>]*lon="([0-9.]+)"', text)
        moved = found.group(0).replace(found.group(1), f"{float(found.group(1)) + degrees:.7f}")
        text = text.replace(found.group(0), moved)
    path.write_text(text, encoding="utf-8")


def states(out):
    rows = layer(out, "corrections_rejouees")
    return dict(zip(rows["action"], rows["etat"], strict=True))


def test_the_first_product_tells_no_change(out):
    assert layer(out, "journal").empty
    assert layer(out, "parcs_filiation").empty
    kept = list((out / "inventaires" / "62").iterdir())
    assert [path.name for path in kept] == ["62999_2026-06-01.parquet"]


def test_a_month_without_news_changes_no_byte(data, out):
    before = product(out).read_bytes()
    month(data, out, "2026-06-01")
    assert product(out).read_bytes() == before
    month(data, out, "2026-06-20")
    assert product(out).read_bytes() == before
    assert len(list((out / "inventaires" / "62").iterdir())) == 1


def test_another_number_in_osm_keeps_the_park_and_tells_it(data, out):
    before = park(out, CHAPELLE)
    edited(data, '<way id="990000144"', '<way id="995000144"')
    month(data, out, "2026-07-01")
    after = park(out, CHAPELLE)
    assert after["parc_id"] == before["parc_id"]
    assert "995000144" in after["source_ids"]
    told = layer(out, "parcs_filiation")
    mine = told[told["parc_id"] == before["parc_id"]]
    assert mine["evenement"].tolist() == ["renumerotation"]


def test_decisions_are_carried_out_told_and_still_there_the_next_month(data, out):
    chapelle, atelier, theatre = (park(out, name) for name in (CHAPELLE, ATELIER, THEATRE))
    drawn = chapelle.geometry.geoms[0].buffer(-3, join_style="mitre")
    decide(out, parc_id=chapelle["parc_id"], action="redessiner",
           base_hash=chapelle["base_hash"], geometry=drawn)  # fmt: skip
    decide(out, parc_id=atelier["parc_id"], action="rejeter", motif="Cour d'usine",
           base_hash=atelier["base_hash"])  # fmt: skip
    decide(out, parc_id=theatre["parc_id"], action="fixer_places", valeur="40",
           base_hash=theatre["base_hash"])  # fmt: skip
    month(data, out, "2026-07-01")
    assert states(out) == {
        "redessiner": "appliquee",
        "rejeter": "appliquee",
        "fixer_places": "appliquee",
    }
    redrawn = park(out, CHAPELLE)
    assert redrawn["parc_id"] == chapelle["parc_id"]
    assert redrawn["base_hash"] == chapelle["base_hash"]  # of what the sources draw
    assert redrawn.geometry.area == pytest.approx(drawn.area, abs=0.5)
    rejected = park(out, ATELIER)
    assert rejected["statut"] == "hors_champ"
    assert rejected["source_statut"] == "revue"
    assert rejected["statut_calcule"] == atelier["statut"]
    assert "Cour d'usine" in rejected["motif"]
    assert park(out, THEATRE)["places"] == 40
    journal = layer(out, "journal")
    mine = journal[journal["parc_id"].isin([chapelle["parc_id"], atelier["parc_id"]])]
    assert set(mine["causes"]) == {"correction"}

    first = product(out).read_bytes()
    month(data, out, "2026-07-20")
    assert product(out).read_bytes() == first


def test_a_park_that_moved_too_much_puts_its_decision_aside_and_loses_nothing(data, out):
    chapelle = park(out, CHAPELLE)
    drawn = chapelle.geometry.geoms[0].buffer(-3, join_style="mitre")
    decide(out, parc_id=chapelle["parc_id"], action="redessiner",
           base_hash=chapelle["base_hash"], geometry=drawn)  # fmt: skip
    month(data, out, "2026-07-01")
    assert states(out) == {"redessiner": "appliquee"}
    nudged(data, "990000144", 0.0003)  # some 20 m: a third of the park
    month(data, out, "2026-08-01")
    assert park(out, CHAPELLE)["parc_id"] == chapelle["parc_id"]
    assert states(out) == {"redessiner": "conflit"}
    conflicts = layer(out, "conflits").set_index("role")
    assert conflicts.loc["base"].geometry.equals_exact(chapelle.geometry, 0.01)
    assert conflicts.loc["actuel"].geometry.centroid.x > chapelle.geometry.centroid.x + 10
    told = runner.invoke(app, ["review", "conflicts", "--out", str(out), "--json"])
    assert told.exit_code == 0
    assert chapelle["parc_id"] in told.output
    nudged(data, "990000144", -0.0003)  # the source goes back to what the agent saw
    month(data, out, "2026-09-01")
    assert states(out) == {"redessiner": "appliquee"}


def test_days_that_pass_are_told_as_such(data, out):
    month(data, out, "2028-07-02")
    journal = layer(out, "journal")
    assert len(journal)
    assert set(journal["causes"]) == {"calendrier"}


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (DUE - timedelta(1), DUE),
        (DUE - SOON - timedelta(1), DUE - SOON),
        (DUE - SOON, DUE),
    ],
)
def test_a_product_lasts_until_the_law_or_a_priority_changes(data, out, day, until):
    """1 July 2028 is a due date; a park due within the stated delay has priority before."""
    month(data, out, day.isoformat())
    prints = layer(out, "empreintes").set_index("nom")["valeur"]
    told = date.fromisoformat(prints["valable_jusqu_au"])
    assert day < told <= until


def test_a_gone_park_is_told_and_has_its_identifier_again_when_it_comes_back(data, out):
    chapelle = park(out, CHAPELLE)
    whole = (data / OSM).read_text(encoding="utf-8")
    (data / OSM).write_text(
        re.sub(r'<way id="990000144".*?</way>', "", whole, flags=re.DOTALL), encoding="utf-8"
    )
    month(data, out, "2026-07-01")
    assert CHAPELLE not in set(layer(out, "parcs")["nom"])
    journal = layer(out, "journal")
    gone = journal[journal["ancien_parc_id"].notna()]
    assert gone["ancien_parc_id"].tolist() == [chapelle["parc_id"]]
    assert gone["nature"].tolist() == ["disparu"]
    assert gone["causes"].tolist() == ["donnees"]
    (data / OSM).write_text(whole, encoding="utf-8")
    month(data, out, "2026-08-01")
    assert park(out, CHAPELLE)["parc_id"] == chapelle["parc_id"]
    assert layer(out, "parcs_filiation")["evenement"].tolist() == ["disparition", "reapparition"]


def test_private_notes_enter_no_product(data, out):
    review = out / "62" / "62999_revue.gpkg"
    with fiona.open(review, "a", layer="notes_privees") as opened:
        empty = dict.fromkeys(opened.schema["properties"])
        row = empty | {"parc_id": park(out, CHAPELLE)["parc_id"], "note": "zzz-secret-zzz"}
        opened.write({"geometry": None, "properties": row})
    month(data, out, "2026-07-01")
    for path in out.rglob("*"):
        if path.is_file() and path != review:
            assert b"zzz-secret-zzz" not in path.read_bytes(), path


def test_a_review_open_in_an_editor_is_read_and_left_as_it_is(data, out):
    review = out / "62" / "62999_revue.gpkg"
    chapelle = park(out, CHAPELLE)
    with closing(sqlite3.connect(review, isolation_level=None)) as editor:
        editor.execute("PRAGMA journal_mode=WAL")
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            editor.create_function(name, 1, lambda _blob: 1)
        editor.execute(
            "INSERT INTO corrections (parc_id, action, motif, agent, date, base_hash)"
            " VALUES (?, 'rejeter', 'Cour', 'agent', '2026-06-15', ?)",
            (chapelle["parc_id"], chapelle["base_hash"]),
        )
        before = {path: path.read_bytes() for path in review.parent.glob("62999_revue*")}
        month(data, out, "2026-07-01")
        after = {path: path.read_bytes() for path in review.parent.glob("62999_revue*")}
    assert after == before
    assert park(out, CHAPELLE)["statut"] == "hors_champ"
