"""An agent corrects a park in real QGIS; parzan reads the review while it is still open."""

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pyogrio
import pytest

from pipeline.export.review import create_review
from pipeline.inventory.review import read_follow_up, read_review
from pipeline.outline_digest import outline_hash
from tests.qgis.conftest import OFFSCREEN, SYSTEM_PYTHON
from tests.tables import ASSUMPTIONS
from tests.unit.export.hand_made import TERRITORY

pytestmark = pytest.mark.qgis

EDITOR = Path(__file__).with_name("edit_review.py")
# What the form is given, and the fields that it must refuse.
CASES = (
    ({"parc_id": "A", "action": "confirmer"}, []),
    ({"action": "confirmer"}, ["parc_id"]),
    ({"action": "ajouter"}, []),
    ({"parc_id": "A"}, ["action"]),
    ({"parc_id": "A", "action": "rejeter"}, ["motif"]),
    ({"parc_id": "A", "action": "rejeter", "motif": "cour d'école"}, []),
    ({"parc_id": "A", "action": "fixer_places", "valeur": "beaucoup"}, ["valeur"]),
    ({"parc_id": "A", "action": "fixer_places", "valeur": "120"}, []),
    ({"parc_id": "A", "action": "fixer_places", "valeur": "110-130"}, []),
    ({"parc_id": "A", "action": "fixer_statut", "valeur": "coupable"}, ["valeur"]),
    ({"parc_id": "A", "action": "fixer_statut", "valeur": "exonere"}, []),
    ({"parc_id": "A", "action": "fixer_date", "valeur": "31/12/2019"}, ["valeur"]),
    ({"parc_id": "A", "action": "fixer_date", "valeur": "2019-12-31"}, []),
    ({"parc_id": "A", "action": "fusionner"}, ["valeur"]),
    ({"parc_id": "A", "action": "fusionner", "valeur": "A"}, ["valeur"]),
)


@pytest.fixture(scope="module")
def folder(product_path, tmp_path_factory):
    """A product whose parks bear the digest of their outline, and an empty review."""
    copy = tmp_path_factory.mktemp("revue") / "62"
    copy.mkdir()
    shutil.copy(product_path, copy)
    parks = pyogrio.read_dataframe(copy / "62999.gpkg", layer="parcs")
    with closing(sqlite3.connect(copy / "62999.gpkg")) as connection:
        if "base_hash" not in parks:
            connection.execute("ALTER TABLE parcs ADD COLUMN base_hash TEXT")
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            connection.create_function(name, 1, lambda _blob: 0)
        connection.executemany(
            "UPDATE parcs SET base_hash = ? WHERE parc_id = ?",
            [
                (outline_hash(shape), lot)
                for lot, shape in zip(parks["parc_id"], parks.geometry, strict=True)
            ],
        )
        connection.commit()
    create_review(copy / "62999_revue.gpkg", TERRITORY, "2026-07-01T00:00:00.000Z")
    return copy


@pytest.fixture(scope="module")
def edited(folder):
    """What QGIS said, and what the review told while QGIS was open and once it was closed."""
    path = folder / "62999_revue.gpkg"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    arguments = [SYSTEM_PYTHON, EDITOR, folder / "62999.gpkg", json.dumps([c for c, _ in CASES])]
    with subprocess.Popen(
        arguments,
        env=environment | OFFSCREEN,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as editor:
        told = json.loads(next(line for line in editor.stdout if line.startswith("{")))
        beside = {item.name: item.stat().st_size for item in folder.iterdir()}
        during = read_review(path, TERRITORY, ASSUMPTIONS.corrections)
        unchanged = beside == {item.name: item.stat().st_size for item in folder.iterdir()}
        rest = editor.communicate("\n", timeout=120)[0]
    told |= json.loads(next(line for line in rest.splitlines() if line.startswith("{")))
    return {
        **told,
        "during": during.corrections,
        "unchanged": unchanged,
        "open": set(beside),
        "after": read_review(path, TERRITORY, ASSUMPTIONS.corrections).corrections,
        "follow_up": read_follow_up(path),
        "exit": editor.returncode,
    }


def test_the_agent_redraws_a_park_and_saves(edited):
    assert edited["opened"]
    assert (edited["added"], edited["committed"]) == (True, True), edited["errors"]
    assert (edited["changed"], edited["saved"], edited["exit"]) == (True, [True, True], 0)


def test_the_review_is_read_while_it_is_open_without_a_trace(edited):
    (row,) = edited["during"].to_dict("records")
    assert "62999_revue.gpkg-wal" in edited["open"]  # QGIS is editing
    assert edited["unchanged"]
    assert (row["lot_id"], row["action"]) == (edited["park"], "redessiner")
    assert row["geometry"].area == pytest.approx(edited["area"])
    assert row["fault"] is None or row["fault"] != row["fault"]


def test_the_form_copies_the_digest_of_the_park_and_fills_who_and_when(edited, folder):
    (row,) = edited["during"].to_dict("records")
    parks = pyogrio.read_dataframe(folder / "62999.gpkg", layer="parcs").set_index("parc_id")
    assert row["base_hash"] == outline_hash(parks.geometry[edited["park"]])
    assert row["agent"]
    assert row["decided_on"]


def test_what_was_changed_later_is_read_later(edited):
    assert edited["after"]["motive"].tolist() == ["voie oubliée"]
    assert edited["after"]["correction_id"].tolist() == edited["during"]["correction_id"].tolist()
    (row,) = edited["follow_up"].to_dict("records")
    assert (row["parc_id"], row["etat"]) == (edited["park"], "courrier_envoye")


@pytest.mark.parametrize("rank", range(len(CASES)))
def test_the_form_refuses_what_could_not_be_read(edited, rank):
    given, refused = CASES[rank]
    assert edited["refused"][rank] == refused, given
