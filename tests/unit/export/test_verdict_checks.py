"""Invariant 6 of `parzan check`: the threshold of the park's own law, and a trace that agrees."""

import pytest

from pipeline.export.conformance import check_product
from tests.unit.export.hand_made import DOUBLE, ENTERRE, GRAND
from tests.unit.export.reading import damage


def test_a_park_out_of_scope_needs_no_reasoning(product):
    damage(product, f"DELETE FROM decisions WHERE parc_id = '{ENTERRE}'")
    assert check_product(product) == []


def test_the_conclusion_of_either_law_may_decide(product):
    damage(
        product,
        "INSERT INTO decisions (parc_id, rang, loi, etape, question, resultat, si_non) VALUES"
        f" ('{DOUBLE}', 9, 'L. 111-19-1', 'demande', '?', 'non', 'non_assujetti/neuf_hors_champ')",
    )
    assert check_product(product) == []


NEW_REASON = "neuf_au_dessus_du_seuil"
HERE = f"WHERE parc_id = '{DOUBLE}'"
NEW = (
    f"UPDATE parcs SET regime = 'neuf_500', surface_assujettie_min_m2 = 600 {HERE}",
    f"UPDATE parcs SET motif_code = '{NEW_REASON}' {HERE}",
    f"UPDATE decisions SET regle_id = 'NEUF500.seuil', loi = 'L. 111-19-1' {HERE}",
    f"UPDATE decisions SET si_oui = 'assujetti/{NEW_REASON}' {HERE} AND rang = 3",
)


def test_a_new_park_is_judged_on_its_own_threshold(product):
    damage(product, *NEW)
    assert check_product(product) == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        pytest.param(
            f"UPDATE decisions SET etape = 'seuil' {HERE} AND rang = 3",
            ["aucune comparaison à NEUF500.seuil ne l'établit", DOUBLE],
            id="the low bound was not compared",
        ),
        pytest.param(
            f"UPDATE decisions SET regle_id = 'APER40.seuil' {HERE}",
            ["aucune comparaison à NEUF500.seuil ne l'établit", DOUBLE],
            id="it was compared with another threshold",
        ),
        pytest.param(
            "DELETE FROM regles WHERE regle_id = 'NEUF500.seuil'",
            ["NEUF500.seuil sans valeur ni article"],
            id="the article is not in the rules",
        ),
    ],
)
def test_a_new_park_needs_its_threshold_in_the_trace(product, statement, words):
    damage(product, *NEW, statement)
    found = check_product(product)
    assert any(all(word in finding for word in words) for finding in found), found


@pytest.mark.parametrize(
    ("insee", "low", "conforms"),
    [
        pytest.param("97411", 1000.1, True, id="above the 1 000 m² of La Réunion"),
        pytest.param("97411", 1000, False, id="1 000 m² exactly, strict there too"),
        pytest.param("97302", 2500, False, id="2 500 m² in Guyane"),
        pytest.param("97302", 2500.1, True, id="above the 2 500 m² of Guyane"),
        pytest.param("62999", 1000.1, False, id="on the mainland, 1 500 m²"),
        pytest.param("97611", 5000, False, id="Mayotte: its threshold was not read"),
    ],
)
def test_the_threshold_is_that_of_the_commune(product, insee, low, conforms):
    damage(
        product,
        f"UPDATE commune SET insee = '{insee}'",
        f"UPDATE parcs SET statut = 'a_verifier', statut_calcule = 'a_verifier' {HERE}",
        f"UPDATE parcs SET surface_assujettie_min_m2 = {low} WHERE parc_id = '{GRAND}'",
    )
    words = ("intervalle non au-dessus du seuil", "sans valeur ni article")
    found = [item for item in check_product(product) if any(word in item for word in words)]
    assert (found == []) is conforms
