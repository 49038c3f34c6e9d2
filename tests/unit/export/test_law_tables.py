"""The law in a product: verdicts, reasonings, pleas, owners, potential, rules; words of codes."""

import ast
from pathlib import Path

from pipeline.export.domains import (
    DEROGATIONS,
    DOMAINS,
    conclusion_words,
    derogation_words,
)
from tests.unit.export.hand_made import ABRITE, DOUBLE, DOUTEUX, GRAND, PETIT, RULES
from tests.unit.export.reading import park, query


def test_a_park_carries_its_deferral_its_potential_and_its_rank(published):
    row = park(published, GRAND)
    assert (row["report_etat"], row["echeance_reportee"]) == ("a_justifier", "2028-01-01")
    assert row["report_conditions"] == "bon de commande au plus tard le 31 décembre 2026"
    assert (row["debiteur_qualite"], row["situation_parc"]) == ("propriétaire", "existant")
    assert row["surface_ombrieres_min_mixte_m2"] == 1_872.5
    powers = ("puissance_min_kwc", "puissance_kwc", "puissance_max_kwc")
    assert [row[name] for name in powers] == [700, 800, 900]
    energies = ("production_min_kwh_an", "production_kwh_an", "production_max_kwh_an")
    assert [row[name] for name in energies] == [600_000, 760_000, 900_000]
    assert (row["rendement_source"], row["priorite_instruction"]) == ("departement", 1)
    assert row["priorite_points"] == 9
    assert park(published, PETIT)["priorite_points"] is None
    assert (row["depuis_au_plus_tard"], row["poids_lourds"]) == ("2019-05-01", 0)
    assert park(published, PETIT)["poids_lourds"] == 1


def test_owner_and_neighbours_are_said_of_the_park_and_of_its_parcels(published):
    row = park(published, ABRITE)
    assert (row["proprietaire_nom"], row["siren"]) == ("COMMUNE DE DÉMO", "210000000")
    assert row["part_proprietaire"] == 0.625
    assert row["groupe_proprietaire"] == "g:210000000"
    assert park(published, GRAND)["parcs_voisins"] == DOUTEUX
    assert (
        park(published, DOUTEUX)["groupe_voisinage"] == park(published, GRAND)["groupe_voisinage"]
    )
    assert park(published, PETIT)["proprietaire_nom"] == "propriétaire non publié"
    parcel = dict(query(published, "SELECT * FROM parcelles")[0])
    assert (parcel["proprietaire_nom"], parcel["siren"]) == ("COMMUNE DE DÉMO", "210000000")
    assert (parcel["droit"], parcel["unite_fonciere"]) == ("Propriétaire", "u:0001")
    assert parcel["groupe_personne"] == "4 - Commune"


def test_the_reasoning_of_a_park_reads_line_by_line(published):
    rows = query(published, "SELECT * FROM decisions WHERE parc_id = ? ORDER BY fid", DOUTEUX)
    assert [(r["rang"], r["etape"], r["resultat"]) for r in rows] == [
        (1, "champ", "oui"),
        (2, "seuil_haut", "oui"),
        (3, "seuil_bas", "non"),
    ]
    last = rows[-1]
    compared = [last[name] for name in ("valeur", "comparaison", "seuil", "unite")]
    assert compared == ["1455", ">", "1500", "m2"]
    assert (last["si_oui"], last["si_non"]) == (None, "a_verifier/sources_divergentes")
    assert last["conclusion"] == "À vérifier : Sources divergentes"
    assert [r["conclusion"] for r in rows[:-1]] == [None, None]


def test_the_reasonings_follow_one_another_park_by_park(published):
    rows = [tuple(row) for row in query(published, "SELECT parc_id, rang FROM decisions")]
    assert rows == sorted(rows)


def test_pleas_say_their_share_their_reach_and_their_end(published):
    rows = {r["code"]: dict(r) for r in query(published, "SELECT * FROM derogations")}
    assert (rows["abords_delimites"]["certitude"], rows["abords_delimites"]["part"]) == (
        "automatique",
        1.0,
    )
    trucks = rows["poids_lourds_3t5"]
    assert (trucks["parc_id"], trucks["part"], trucks["fin"]) == (GRAND, None, "2027-12-31")
    assert (trucks["certitude"], trucks["a_confirmer"]) == ("possible", 1)


def test_a_code_without_words_stays_a_code():
    assert derogation_words("pente;inconnu_42") == "inclinaison du sol ; inconnu_42"
    assert conclusion_words("a_verifier/inconnu_42") == "À vérifier : inconnu_42"
    assert conclusion_words("statut_inconnu") == "statut_inconnu"
    assert conclusion_words(None) is None


def test_derogations_are_words_beside_their_codes(published):
    row = park(published, DOUBLE)
    assert row["derogations_possibles"] == "abords_500m_covisibilite;exclusion_a_confirmer"
    assert row["derogations_libelles"] == (
        "abords d'un monument historique (covisibilité) ; exclusion à confirmer"
    )
    assert park(published, GRAND)["derogations_libelles"] is None


def test_every_derogation_of_the_rules_has_its_words():
    pleas = {item.code for item in RULES.derogations}
    assert {item.derogation for item in RULES.protections} | pleas <= set(DEROGATIONS)


def reason_codes():
    """Return the codes that the stage writes, as its source spells them."""
    stage = Path(__file__).resolve().parents[3] / "pipeline" / "obligation"
    places = {"Doubt": slice(0, 1), "Conclusion": slice(1, 2)}
    for path in stage.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                named = [word.value for word in call.keywords if word.arg == "reason_code"]
                placed = call.args[places.get(call.func.id, slice(0, 0))]
                for value in (*named, *placed):
                    if isinstance(value, ast.Constant):
                        yield value.value


def test_every_reason_code_has_its_words():
    codes = set(reason_codes())
    assert {"sous_le_seuil", "contour_inconnu", "ombrage_arbres"} <= codes
    exempting = {item.derogation for item in RULES.protections if item.effect == "automatique"}
    assert codes | exempting <= set(DOMAINS["motif_code"])


def rule(path, rule_id):
    return dict(query(path, "SELECT * FROM regles WHERE regle_id = ?", rule_id)[0])


def test_a_local_rule_says_where_it_replaces_which(published):
    row = rule(published, "APER40.seuil_reunion")
    assert (row["valeur"], row["departements"], row["remplace"]) == ("1000", "974", "APER40.seuil")
    overseas = rule(published, "APER40.demande_depuis_outre_mer")
    assert overseas["departements"] == "971;972;973;974"


def test_a_share_says_its_base_and_a_word_stays_a_word(published):
    mixed = rule(published, "APER40.part_ombrieres_mixte")
    assert (mixed["valeur"], mixed["part_de"]) == ("0.35", "superficie_a_couvrir")
    assert rule(published, "APER40.debiteur")["valeur"] == "propriétaire"


def test_a_value_that_nobody_read_is_not_established(published):
    row = rule(published, "APER40.report_petit_acompte")
    assert (row["valeur"], row["a_confirmer"]) == ("non établie", 1)


def test_derogations_are_rules_with_their_own_end(published):
    row = rule(published, "poids_lourds_3t5")
    assert (row["nature"], row["en_vigueur_au"]) == ("derogation", "2027-12-31")
