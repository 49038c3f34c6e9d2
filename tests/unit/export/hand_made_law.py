"""What the law says of the hand-made car parks: verdicts, traces, pleas, owners, potential."""

from pipeline import schemas
from tests.unit.export.hand_made_ground import (
    ABRITE,
    ALL,
    DOUBLE,
    DOUTEUX,
    ENTERRE,
    GRAND,
    PETIT,
    table,
)


def verdict(lot_id, status, code, reason, **changes):
    known = {"regime": "existant_1500", "regime_is_presumed": True, "situation": "existant"}
    known |= {"articles": "loi n° 2023-175, art. 40, I"}
    return {"lot_id": lot_id, "status": status, "reason_code": code, "reason": reason, **known} | (
        changes
    )


def verdicts():
    due = {"due_date": "2028-07-01", "due_state": "a_venir", "penalty_cap_eur": 20_000.0}
    rows = [
        verdict(
            GRAND,
            "assujetti",
            "au_dessus_du_seuil",
            "Parc présumé assujetti.",
            area_to_cover_m2=5_350.0,
        )
        | {"due_date": "2026-07-01", "due_state": "echue_report_a_justifier"}
        | {"deferred_due_date": "2028-01-01", "deferral_state": "a_justifier"}
        | {"deferral_conditions": "bon de commande au plus tard le 31 décembre 2026"}
        | {"penalty_cap_eur": 40_000.0, "mixed_canopy_min_m2": 1_872.5, "debtor": "propriétaire"},
        verdict(DOUTEUX, "a_verifier", "sources_divergentes", "Les sources divergent.")
        | {"question": "Quelle est la superficie ?", "how_to_settle": "Relevé sur place."},
        verdict(ABRITE, "exonere", "abords_delimites", "Parc exonéré."),
        verdict(PETIT, "non_assujetti", "sous_le_seuil", "Sous le seuil.", regime="aucun"),
        verdict(ENTERRE, "hors_champ", "hors_champ", "Parc souterrain.", regime="aucun")
        | {"situation": "aucun"},
        verdict(
            DOUBLE,
            "assujetti",
            "au_dessus_du_seuil",
            "Parc présumé assujetti.",
            area_to_cover_m2=1_250.0,
        )
        | due
        | {"possible_derogations": "abords_500m_covisibilite;exclusion_a_confirmer"}
        | {"other_due_date": "2026-07-01", "other_penalty_cap_eur": 40_000.0},
    ]
    return table(schemas.Verdict, rows, geometry=False)


def step(lot_id, rank, name, value, answer, **changes):
    """Return a comparison of the trace; by default, of an area with the threshold of article 40."""
    row = {
        "lot_id": lot_id,
        "rank": rank,
        "law": "art. 40",
        "step": name,
        "question": f"Question {name} ?",
        "article": "loi n° 2023-175, art. 40, I",
        "rule_id": "APER40.seuil",
        "value": value,
        "unit": "m2",
        "comparison": ">",
        "threshold": "1500",
        "result": answer,
    }
    return row | changes


def in_scope(lot_id, answer="oui"):
    """Return the first comparison of every trace."""
    changes = {"rule_id": None, "unit": "texte", "comparison": "=", "threshold": "parc extérieur"}
    value = "parc extérieur" if answer == "oui" else "parc souterrain"
    return step(lot_id, 1, "champ", value, answer, if_false="hors_champ/hors_champ", **changes)


def subject(lot_id, high, low):
    """Return the trace of a subject park."""
    said = {"rule_id": None, "unit": "texte", "comparison": "=", "threshold": "non"}
    return [
        in_scope(lot_id),
        step(lot_id, 2, "seuil_haut", high, "oui", if_false="non_assujetti/sous_le_seuil"),
        step(lot_id, 3, "seuil_bas", low, "oui"),
        step(lot_id, 4, "conclusion", "non", "oui", if_true="assujetti/au_dessus_du_seuil", **said),
    ]


def steps():
    due = {"rule_id": "APER40.echeance_grand", "unit": "date", "comparison": "<"}
    inside = {"rule_id": None, "unit": "/1", "comparison": "≥", "threshold": "1"}
    rows = [
        *subject(GRAND, "11800", "10500"),
        step(GRAND, 5, "superficie", "10700", "mesure", comparison=None, threshold=None),
        step(GRAND, 6, "echeance", "2026-07-01", "non", threshold="2026-07-01", **due),
        in_scope(DOUTEUX),
        step(DOUTEUX, 2, "seuil_haut", "1588", "oui", if_false="non_assujetti/sous_le_seuil"),
        step(DOUTEUX, 3, "seuil_bas", "1455", "non", if_false="a_verifier/sources_divergentes"),
        in_scope(ABRITE),
        step(ABRITE, 2, "perimetre", "1", "oui", if_true="exonere/abords_delimites", **inside),
        in_scope(PETIT),
        step(PETIT, 2, "seuil_haut", "950", "non", if_false="non_assujetti/sous_le_seuil"),
        in_scope(ENTERRE, "non"),
        *subject(DOUBLE, "2600", "2300"),
    ]
    return table(schemas.DecisionStep, rows, geometry=False)


def pleas():
    rows = [
        {
            "lot_id": ABRITE,
            "code": "abords_delimites",
            "label": "périmètre délimité des abords d'un monument historique",
            "article": "décret n° 2024-1023, art. 5, I, 1°",
            "share": 1.0,
            "certainty": "automatique",
            "basis": "tout le parc est dans le périmètre",
            "needs_review": False,
        },
        {
            "lot_id": DOUBLE,
            "code": "abords_500m_covisibilite",
            "label": "cercle de 500 m autour d'un monument historique",
            "article": "décret n° 2024-1023, art. 5, I, 1°",
            "share": 1.0,
            "certainty": "possible",
            "basis": "cercle de 500 m (Chapelle)",
            "needs_review": False,
        },
        {
            "lot_id": GRAND,
            "code": "poids_lourds_3t5",
            "label": "stationnement de véhicules de plus de 3,5 tonnes",
            "article": "décret n° 2024-1023, art. 4, II",
            "certainty": "possible",
            "basis": "places pour poids lourds dans une source",
            "ends_on": "2027-12-31",
            "needs_review": True,
        },
    ]
    return table(schemas.Plea, rows, geometry=False)


def ownership():
    unknown = {"owner_name": "propriétaire non publié"}
    known = {"owner_name": "COMMUNE DE DÉMO", "siren": "210000000", "owner_group": "g:210000000"}
    beside = {"neighbour_group": f"v:{GRAND}"}
    rows = {lot_id: {"lot_id": lot_id, **unknown} for lot_id in ALL}
    rows[ABRITE] |= {**known, "owner_share": 0.625}
    rows[GRAND] |= {**beside, "neighbour_ids": DOUTEUX}
    rows[DOUTEUX] |= {**beside, "neighbour_ids": GRAND}
    return table(schemas.Ownership, rows.values(), geometry=False)


def solar():
    rows = {lot_id: {"lot_id": lot_id} for lot_id in ALL}
    rows[GRAND] |= {"power_kwc": 800.0, "power_min_kwc": 700.0, "power_max_kwc": 900.0}
    rows[GRAND] |= {"energy_kwh": 760_000.0, "energy_min_kwh": 600_000.0}
    rows[GRAND] |= {"energy_max_kwh": 900_000.0, "yield_source": "departement"}
    return table(schemas.SolarPotential, rows.values(), geometry=False)


def priorities():
    rows = {lot_id: {"lot_id": lot_id} for lot_id in ALL}
    rows[GRAND] |= {"points": 9.0, "priority": 1.0}
    rows[DOUBLE] |= {"points": 4.0, "priority": 2.0}
    return table(schemas.Priority, rows.values(), geometry=False)
