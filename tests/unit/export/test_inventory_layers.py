"""Layers carried from run to run: parks that are gone stay apart from those of today."""

import pandas as pd
import pytest

from pipeline import schemas
from pipeline.errors import PublicationError
from pipeline.export.publish import publish
from pipeline.export.tables import journal_rows, lineage_rows, park_rows
from pipeline.inventory.previous import read_previous
from tests.unit.export.hand_made import ENTERRE, GRAND, PETIT, make_product
from tests.unit.export.hand_made_ground import CRS, table
from tests.unit.export.hand_made_inventory import GONE, inventory


def test_a_gone_park_has_a_column_of_its_own():
    rows = lineage_rows(make_product()).set_index("event")
    assert rows.loc["fusion", "gone_id"] == GONE
    assert pd.isna(rows.loc["fusion", "living_id"])
    assert rows.loc["creation", "living_id"] == PETIT


def test_causes_are_told_in_words():
    words = set(journal_rows(make_product())["cause_words"])
    assert words == {"données", "données ou version de parzan"}


def test_a_status_given_by_an_agent_is_shown_with_its_reason_and_the_computed_one_stays():
    given = [{"lot_id": GRAND, "status": "hors_champ", "motive": "Cour d'usine."}]
    given[0] |= {"agent": "agent", "decided_on": "2026-10-02"}
    product = make_product(
        inventory=inventory(overrides=table(schemas.StatusOverride, given, geometry=False))
    )
    park = park_rows(product).set_index("lot_id").loc[GRAND]
    computed = product.verdicts.set_index("lot_id").loc[GRAND]
    assert (park["shown_status"], park["reviewed_status"]) == ("hors_champ", "hors_champ")
    assert park["status"] == computed["status"]
    assert park["status_source"] == "revue"
    said = "Statut revu par un agent le 02/10/2026 : Cour d'usine. Calcul : "
    assert park["reason"] == said + computed["reason"]


def test_a_status_without_motive_nor_day_says_only_who_gave_it():
    given = [{"lot_id": GRAND, "status": "exonere", "motive": None, "decided_on": None}]
    product = make_product(
        inventory=inventory(overrides=table(schemas.StatusOverride, given, geometry=False))
    )
    reason = park_rows(product).set_index("lot_id").loc[GRAND, "reason"]
    assert reason.startswith("Statut revu par un agent. Calcul : ")


@pytest.mark.parametrize(
    ("lot_id", "status"),
    [
        pytest.param(PETIT, "assujetti", id="subject, with no due date worked out"),
        pytest.param(ENTERRE, "exonere", id="in scope, though nothing was measured"),
    ],
)
def test_a_status_given_against_the_computed_one_is_published(tmp_path, lot_id, status):
    given = [{"lot_id": lot_id, "status": status, "motive": "Vu sur place"}]
    product = make_product(
        inventory=inventory(overrides=table(schemas.StatusOverride, given, geometry=False))
    )
    parks = read_previous(publish(product, tmp_path), CRS).parks.set_index("parc_id")
    assert parks.loc[lot_id, "statut"] == status
    assert parks.loc[lot_id, "statut_calcule"] != status


def test_a_park_that_nobody_reviewed_shows_its_computed_status():
    park = park_rows(make_product()).set_index("lot_id").loc[GRAND]
    assert park["shown_status"] == park["status"]
    assert park["reviewed_status"] is None
    assert park["status_source"] == "calcul"


def test_what_was_published_is_read_back_with_the_names_of_gone_parks(tmp_path):
    product = make_product()
    previous = read_previous(publish(product, tmp_path), CRS)
    assert previous.exists
    assert set(previous.parks["parc_id"]) == set(product.lots["lot_id"])
    assert previous.fingerprints == {"regles": "00ff", "code": "ff00"}
    assert set(previous.lineage["parc_id"]) == {GONE, PETIT}
    assert set(previous.journal["parc_id"]) == {GONE, PETIT}
    assert previous.replayed.set_index("correction_id").loc["1"].geometry.area > 0
    assert previous.replayed.set_index("correction_id").loc["2"].geometry is None
    assert previous.conflicts["parc_id"].tolist() == [GONE]


def test_before_the_first_product_there_is_nothing(tmp_path):
    previous = read_previous(tmp_path / "62999.gpkg", CRS)
    assert not previous.exists
    assert previous.parks.empty
    assert previous.fingerprints == {}


def test_a_damaged_product_is_told_for_the_identities_it_holds_would_be_lost(tmp_path):
    path = publish(make_product(), tmp_path)
    path.write_bytes(path.read_bytes()[:40_000])
    with pytest.raises(PublicationError, match="sauvegarde"):
        read_previous(path, CRS)
