"""`parzan review` on the product of the sample: corrections, their state, what no longer fits."""

import json
from dataclasses import replace

import pytest

from pipeline import schemas
from pipeline.cli import app
from pipeline.export.publish import publish
from tests.integration.command import refused, runner
from tests.tables import box
from tests.unit.export.hand_made import GRAND, PETIT, make_product
from tests.unit.export.hand_made_ground import table
from tests.unit.export.hand_made_inventory import inventory
from tests.unit.inventory.review_files import add, confirm, execute


def deliver(out, replayed=(), conflicts=()):
    """Publish the commune with what its last run made of corrections."""
    tables = inventory(
        replayed=table(schemas.ReplayedCorrection, list(replayed)),
        conflicts=table(schemas.Conflict, list(conflicts)),
    )
    return publish(replace(make_product(), inventory=tables), out)


@pytest.fixture
def out(tmp_path):
    """A published commune whose review holds three corrections and a private note."""
    review = deliver(tmp_path / "sortie").with_name("62999_revue.gpkg")
    add(review, **confirm(parc_id=GRAND, motif="vu", agent="Moi"))
    add(review, **confirm(parc_id=PETIT, action="fixer_places", valeur="12", agent="Moi"))
    add(review, **confirm(parc_id=PETIT, agent="Moi"))
    execute(review, "UPDATE corrections SET action = 'raser' WHERE fid = 3")
    execute(review, "INSERT INTO notes_privees (parc_id, note) VALUES (?, 'SECRET')", GRAND)
    return tmp_path / "sortie"


def ask(*words):
    found = runner.invoke(app, ["review", *map(str, words)])
    assert found.exit_code == 0, found.output
    return found.stdout


def states(out):
    (commune,) = json.loads(ask("list", "--out", out, "--json"))
    assert commune["insee"] == "62999"
    return {row["correction_id"]: (row["etat"], row["raison"]) for row in commune["corrections"]}


REPLAYED = {
    "correction_id": "62999-r1", "lot_id": GRAND, "action": "confirmer", "motive": "vu",
    "agent": "Moi", "decided_on": "2026-03-01", "state": "appliquee", "geometry": box(0, 0, 40, 40),
}  # fmt: skip


def test_corrections_that_no_run_has_met_are_for_the_next_one(out):
    assert states(out) == {
        "62999-r1": ("a_rejouer", None),
        "62999-r2": ("a_rejouer", None),
        "62999-r3": ("a_rejouer", "action inconnue : « raser »"),
    }


def test_the_product_gives_the_state_and_a_changed_row_is_for_the_next_run(out):
    other = {"correction_id": "62999-r2", "lot_id": PETIT, "action": "fixer_places"}
    deliver(out, [REPLAYED, {**REPLAYED, **other, "motive": None, "value": "14"}])
    assert states(out)["62999-r1"] == ("appliquee", None)
    assert states(out)["62999-r2"] == ("a_rejouer", None)


def test_conflicts_tell_both_areas_and_what_has_moved(out):
    conflict = {
        "correction_id": "62999-r1", "lot_id": GRAND, "action": "confirmer",
        "agent": "Moi", "decided_on": "2026-03-01", "moved_share": 0.25, "reason": "contour changé",
    }  # fmt: skip
    seen = {**conflict, "role": "base", "geometry": box(0, 0, 40, 40)}
    deliver(out, [], [seen, {**conflict, "role": "actuel", "geometry": box(0, 0, 60, 40)}])
    ((row,),) = [c["corrections"] for c in json.loads(ask("conflicts", "--out", out, "--json"))]
    assert (round(row["base_m2"]), round(row["actuel_m2"])) == (1600, 2400)
    assert row["date"] == "2026-03-01"
    assert (row["part_deplacee"], row["raison"]) == (0.25, "contour changé")
    said = ask("conflicts", "--out", out, "--commune", "62999")
    assert "1 conflit(s)" in said


def test_without_conflict_the_command_says_so(out):
    assert "0 conflit(s)" in ask("conflicts", "--out", out)


def test_private_notes_are_nowhere(out):
    assert "SECRET" not in ask("list", "--out", out) + ask("list", "--out", out, "--json")
    assert b"SECRET" not in (out / "62" / "62999.gpkg").read_bytes()


def test_an_unknown_commune_is_one_clear_line(out):
    for command in ("list", "conflicts", "apply"):
        result = runner.invoke(app, ["review", command, "--out", str(out), "--commune", "01001"])
        refused(result, "aucune revue pour 01001")


def test_a_damaged_review_is_one_clear_line(out):
    (out / "62" / "62999_revue.gpkg").write_bytes(b"not SQLite" * 100)
    refused(runner.invoke(app, ["review", "list", "--out", str(out)]), "revue illisible")
