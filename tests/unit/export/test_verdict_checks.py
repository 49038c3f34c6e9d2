"""Invariant 6 of `parzan check`: the threshold of the park's own law, and a trace that agrees."""

import pytest

from pipeline.export.conformance import check_product
from tests.unit.export.hand_made import ABRITE, DOUBLE, DOUTEUX, ENTERRE, GRAND, PETIT
from tests.unit.export.reading import damage


def test_a_park_out_of_scope_needs_no_reasoning(product):
    damage(product, f"DELETE FROM decisions WHERE parc_id = '{ENTERRE}'")
    assert check_product(product) == []


def other_law(lot_id, conclusion):
    """Return the statement that adds what L. 111-19-1 concludes of a park."""
    return (
        "INSERT INTO decisions (parc_id, rang, loi, etape, question, resultat, si_non) VALUES"
        f" ('{lot_id}', 9, 'L. 111-19-1', 'demande', '?', 'non', '{conclusion}')"
    )


@pytest.mark.parametrize(
    ("lot_id", "conclusion", "agrees"),
    [
        pytest.param(DOUBLE, "non_assujetti/x", True, id="subject, and the other is not"),
        pytest.param(DOUBLE, "a_verifier/x", True, id="subject, and the other is to be checked"),
        pytest.param(DOUBLE, "assujetti/x", True, id="subject twice: the first law is the reason"),
        pytest.param(DOUBLE, "hors_champ/x", False, id="out of scope comes before subject"),
        pytest.param(DOUTEUX, "exonere/x", True, id="to be checked, and the other exempts"),
        pytest.param(DOUTEUX, "assujetti/x", False, id="subject is stronger than to be checked"),
        pytest.param(ABRITE, "non_assujetti/x", True, id="exempt, and the other is not subject"),
        pytest.param(ABRITE, "a_verifier/x", False, id="to be checked is stronger than exempt"),
        pytest.param(PETIT, "exonere/x", False, id="exempt is stronger than not subject"),
        pytest.param(PETIT, "non_assujetti/x", True, id="twice not subject"),
        pytest.param(ENTERRE, "assujetti/x", True, id="out of scope, whatever the other says"),
    ],
)
def test_the_verdict_is_the_stronger_conclusion(product, lot_id, conclusion, agrees):
    damage(product, other_law(lot_id, conclusion))
    found = [item for item in check_product(product) if "ne mène pas au statut" in item]
    assert (found == []) is agrees
    assert all(lot_id in item and conclusion in item for item in found)


def test_the_reason_is_that_of_the_law_that_decides(product):
    reason = f"UPDATE parcs SET motif_code = 'x' WHERE parc_id = '{DOUBLE}'"
    damage(product, other_law(DOUBLE, "assujetti/x"), reason)
    assert any("ne mène pas au statut" in item for item in check_product(product))


@pytest.mark.parametrize(
    ("low", "conforms"),
    [
        pytest.param(1500.1, True, id="above 1 500 m²"),
        pytest.param(1500, False, id="1 500 m² exactly"),
    ],
)
def test_where_article_40_decides_its_threshold_is_that_of_a_new_park_too(product, low, conforms):
    changes = f"regime = 'neuf_500', surface_assujettie_min_m2 = {low}"
    damage(
        product,
        other_law(DOUBLE, "assujetti/x"),
        f"UPDATE parcs SET {changes} WHERE parc_id = '{DOUBLE}'",
    )
    found = check_product(product)
    assert (found == []) is conforms
    assert all("intervalle non au-dessus du seuil" in item for item in found)


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
