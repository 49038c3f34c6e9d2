"""Columns of the layer `parcs`: English table columns → the French names of the contract."""

from pipeline.export.fields import Column, area, count, day, flag, number, sentences, share, text

_IDENTITY = (
    text("parc_id", "lot_id", "Identifiant du parc", "Le même d'une actualisation à l'autre."),
    text("commune_insee", "insee_code", "Code INSEE", "Commune qui porte la majorité du parc."),
    text("commune_nom", "commune_name", "Commune"),
    text("epci_nom", "epci_name", "Intercommunalité"),
    text("nom", "name", "Nom du parc"),
    text("adresse", None, "Adresse"),
    text("type_parc", "parking_type", "Type de parc", domain="type_parc"),
    text("acces", "access", "Accès", "Tel que la source le dit (privé, clients, public…)."),
    text("gestionnaire", "operator", "Gestionnaire"),
    text("proprietaire_nom", None, "Propriétaire", "Personne morale seulement."),
    text("siren", None, "SIREN du propriétaire"),
    text("debiteur_qualite", None, "Qualité du débiteur de l'obligation"),
    sentences("parcelles_idu", "parcel_ids", "Parcelles", "Identifiants joints par « ; »."),
    share(
        "part_non_cadastree",
        "outside_parcels_share",
        "Part hors parcelles",
        "Domaine non cadastré.",
        digits=4,
    ),
)
# A minimum of 1 500.004 m² is above 1 500 m²: what the threshold judges is written whole.
_AREAS = (
    area("surface_brute_m2", "gross_area_m2", "Superficie brute", "Avant toute exclusion."),
    area(
        "surface_exclue_m2", "excluded_area_m2", "Superficie exclue", "Somme des pièces déduites."
    ),
    area(
        "surface_assujettie_m2",
        "eligible_area_m2",
        "Superficie assujettie",
        "Superficie brute moins les exclusions déduites (décret n° 2024-1023, art. 1er).",
        digits=None,
    ),
    area(
        "surface_assujettie_min_m2",
        "eligible_min_m2",
        "Superficie assujettie, au moins",
        digits=None,
    ),
    area(
        "surface_assujettie_max_m2",
        "eligible_max_m2",
        "Superficie assujettie, au plus",
        digits=None,
    ),
    area(
        "surface_eaux_pluviales_m2",
        "rainwater_area_m2",
        "Superficie pour les eaux pluviales",
        "Code de l'urbanisme, art. R. 111-25-3.",
    ),
    area(
        "surface_ombrage_m2",
        "shade_area_m2",
        "Superficie pour l'ombrage",
        "Code de l'urbanisme, art. R. 111-25-7.",
    ),
    count("pieces_nb", "piece_count", "Nombre de morceaux réunis"),
    area("surface_plus_grande_piece_m2", "largest_piece_m2", "Superficie du plus grand morceau"),
    text("reunion_par", "joined_by", "Morceaux réunis par", domain="reunion_par"),
    sentences("sources_superficies", "source_areas", "Superficies selon les sources"),
    text("motif_hors_champ", "out_of_scope", "Raison du hors-champ"),
)
_SPACES = (
    count("places", "spaces", "Places"),
    count("places_min", "spaces_min", "Places, au moins"),
    count("places_max", "spaces_max", "Places, au plus"),
    text("places_source", "spaces_source", "Origine du nombre de places", domain="places_source"),
)
_TREES = (
    share("ombrage_arbore_part", "shade_share", "Part ombragée par les arbres"),
    share("ombrage_arbore_min", "shade_share_min", "Part ombragée, au moins"),
    share("ombrage_arbore_max", "shade_share_max", "Part ombragée, au plus"),
    share("ombrage_exterieur_part", "outside_shade_share", "dont arbres plantés hors du parc"),
    text("ombrage_methode", "method", "Méthode de mesure de l'ombrage", domain="ombrage_methode"),
    count("arbres_nb", "tree_count", "Arbres sur le parc"),
    count("arbres_requis_nb", "required_tree_count", "Arbres à canopée large requis"),
    flag("arbres_repartis", "trees_are_spread", "Arbres répartis sur l'ensemble du parc"),
    area("ombrieres_existantes_m2", None, "Ombrières existantes"),
)
_OBLIGATION = (
    text("regime", "regime", "Régime", domain="regime"),
    flag("regime_presume", "regime_is_presumed", "Régime présumé", "Aucune date connue."),
    text(
        "statut",
        "status",
        "Statut",
        "Retenu : le calculé, ou le revu s'il existe.",
        domain="statut",
    ),
    sentences("motif", "reason", "Motif", "Estimation sur données publiques."),
    text("motif_code", "reason_code", "Cause du statut", domain="motif_code"),
    sentences("question_a_lever", "question", "Question à lever"),
    sentences("moyen_verification", "how_to_settle", "Moyen de vérification"),
    day("echeance", "due_date", "Échéance"),
    day("echeance_reportee", None, "Échéance reportée"),
    text("echeance_situation", "due_state", "Situation de l'échéance", domain="echeance_situation"),
    day("echeance_alternative", "other_due_date", "Autre échéance possible"),
    number(
        "sanction_plafond_eur_an", "penalty_cap_eur", "Plafond de la sanction annuelle", unit="€/an"
    ),
    number(
        "sanction_plafond_alternative_eur_an",
        "other_penalty_cap_eur",
        "Autre plafond possible",
        unit="€/an",
    ),
    area("surface_a_couvrir_m2", "area_to_cover_m2", "Superficie à couvrir"),
    area("surface_ombrieres_min_mixte_m2", None, "Ombrières, au moins, en solution mixte"),
    text(
        "derogations_possibles",
        "possible_derogations",
        "Dérogations possibles (codes)",
        "Codes joints par « ; ».",
    ),
    sentences(
        "derogations_libelles",
        "derogation_words",
        "Dérogations possibles",
        "Jointes par « ; » : à faire valoir par le débiteur, jamais automatiques.",
    ),
    number("puissance_kwc", None, "Puissance potentielle", unit="kWc"),
    number("production_kwh_an", None, "Production potentielle", unit="kWh/an"),
    count("priorite_instruction", "priority", "Priorité d'instruction", "1 : à instruire d'abord."),
)
_PROVENANCE = (
    text("fiabilite", "reliability", "Fiabilité du contour", domain="fiabilite"),
    sentences("fiabilite_raisons", "reliability_reasons", "Raisons de la fiabilité"),
    text("sources", "sources", "Sources", "Jointes par « ; »."),
    sentences("source_ids", "source_ids", "Identifiants dans les sources"),
    day("regles_au", "rules_as_of", "Règles au", "Dernière date où une règle a changé."),
    text("statut_calcule", "status", "Statut calculé", domain="statut"),
    text("statut_revu", None, "Statut revu par un agent", domain="statut"),
    text("source_statut", "status_source", "Origine du statut", domain="source_statut"),
)

PARK_COLUMNS: tuple[Column, ...] = (
    *_IDENTITY,
    *_AREAS,
    *_SPACES,
    *_TREES,
    *_OBLIGATION,
    *_PROVENANCE,
)


def _names(*groups: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(column.name for group in groups for column in group)


# Tabs of the park's form, in the order an agent instructs a file.
PARK_TABS: dict[str, tuple[str, ...]] = {
    "Parc": (*_names(_IDENTITY), *_names(_SPACES)),
    "Superficie": _names(_AREAS),
    "Arbres": _names(_TREES),
    "Obligation": tuple(name for name in _names(_OBLIGATION) if name != "derogations_possibles"),
    "Provenance": _names(_PROVENANCE),
}
