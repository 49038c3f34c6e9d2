"""The embedded commune before and after the first due date of the law, then compared."""

import json

import pyogrio
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.integration.test_sample import run

# data/sample/README.md: the parks whose whole interval is at least 10 000 m², no deferral proven.
DUE_ON_1_JULY_2026 = {
    "Parking de l'Hypermarché",
    "Parking du Parc d'activités",
    "Parking du Centre de Congrès",
}


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    folder = tmp_path_factory.mktemp("months")
    return [run(folder / day, "62999", on=day)[0] for day in ("2026-06-15", "2026-11-22")]


def diff(*sides):
    result = CliRunner().invoke(app, ["diff", *map(str, sides), "--json"])
    assert result.exit_code == 0, result.output
    (commune,) = json.loads(result.stdout)
    return commune


def test_a_due_date_passes_and_only_time_is_the_cause(months):
    found = diff(*months)["changements"]
    assert {row["nom"] for row in found} == DUE_ON_1_JULY_2026
    assert {(row["nature"], *row["causes"]) for row in found} == {("echeance", "calendrier")}
    assert all("01/07/2026 désormais échue" in row["detail"] for row in found)


def test_the_parks_that_changed_are_those_whose_published_state_did(months):
    before, after = (
        pyogrio.read_dataframe(path, layer="parcs").set_index("parc_id")["echeance_situation"]
        for path in months
    )
    moved = set(before.index[before.fillna("") != after.fillna("")])
    assert {row["parc_id"] for row in diff(*months)["changements"]} == moved
