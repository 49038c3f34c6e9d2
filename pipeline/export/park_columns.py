"""Columns of the layer `parcs`: English table columns → the French names of the contract."""

from pipeline.export.fields import Column, area, count, day, flag, number, sentences, share, text


def _power(name: str, origin: str, alias: str) -> Column:
    return number(name, origin, alias, unit="kWc", digits=2)


def _energy(name: str, origin: str, alias: str) -> Column:
    return number(name, origin, alias, unit="kWh/an", digits=0)


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
    flag("poids_lourds", "is_for_trucks", "Stationnement de poids lourds"),
    day("depuis_au_plus_tard", "first_seen", "Connu depuis", "Au plus tard ; vide : non daté."),
    sentences("parcelles_idu", "parcel_ids", "Parcelles", "Identifiants joints par « ; »."),
    share(
        "part_non_cadastree",
        "outside_parcels_share",
        "Part hors parcelles",
        "Domaine non cadastré.",
        digits=4,
    ),
)
_OWNER = (
    text("proprietaire_nom", "owner_name", "Propriétaire", "Personne morale seulement."),
    text("siren", "siren", "SIREN du propriétaire"),
    share("part_proprietaire", "owner_share", "Part du parc à ce propriétaire"),
    text("debiteur_qualite", "debtor", "Qualité du débiteur de l'obligation"),
    text("groupe_proprietaire", "owner_group", "Parcs du même propriétaire", "Code du groupe."),
    text(
        "groupe_voisinage",
        "neighbour_group",
        "Parcs mitoyens",
        "Code du groupe : l'obligation peut être mutualisée, chaque parc garde la sienne.",
    ),
    sentences("parcs_voisins", "neighbour_ids", "Parcs voisins", "Identifiants joints par « ; »."),
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
    share("ombrage_part_mesuree", "measured_share", "Part du parc dont la hauteur est connue"),
    text("ombrage_millesime", "heights_vintage", "Millésime du modèle de hauteur"),
    share(
        "ombrage_cartographie_part", "mapped_shade_share", "Part ombragée selon les arbres relevés",
        "Contrôle du modèle de hauteur.",
    ),
    flag("ombrage_concordant", "methods_agree", "Les deux méthodes concordent"),
    count("arbres_nb", "tree_count", "Arbres sur le parc"),
    count("arbres_canopee_large_nb", "wide_tree_count", "dont à canopée large, au moins"),
    count("arbres_canopee_large_max", "possible_wide_count", "dont à canopée large, au plus"),
    count("arbres_requis_nb", "required_tree_count", "Arbres à canopée large requis"),
    flag("arbres_repartis", "trees_are_spread", "Arbres répartis sur l'ensemble du parc"),
    share("arbres_repartis_part", "spread_share", "Part du parc proche d'un arbre"),
)  # fmt: skip
_OBLIGATION = (
    text("regime", "regime", "Régime", domain="regime"),
    flag("regime_presume", "regime_is_presumed", "Régime présumé", "Aucune date connue."),
    text("situation_parc", "situation", "Situation du parc", domain="situation"),
    text(
        "statut",
        "shown_status",
        "Statut",
        "Retenu : le calculé, ou le revu s'il existe.",
        domain="statut",
    ),
    sentences("motif", "reason", "Motif", "Estimation sur données publiques."),
    text("motif_code", "reason_code", "Cause du statut", domain="motif_code"),
    sentences("question_a_lever", "question", "Question à lever"),
    sentences("moyen_verification", "how_to_settle", "Moyen de vérification"),
    sentences("articles", "articles", "Articles appliqués"),
    count("priorite_instruction", "priority", "Priorité d'instruction", "1 : à instruire d'abord."),
    number(
        "priorite_points",
        "points",
        "Points de priorité",
        "Recette : partie « priority » de config/assumptions.yaml ; ils donnent la priorité.",
        unit="",
    ),
)
_DUE = (
    day("echeance", "due_date", "Échéance"),
    text("echeance_situation", "due_state", "Situation de l'échéance", domain="echeance_situation"),
    day("echeance_alternative", "other_due_date", "Autre échéance possible"),
    text("report_etat", "deferral_state", "Report", domain="report_etat"),
    day(
        "echeance_reportee", "deferred_due_date", "Échéance reportée", "Si le report est justifié."
    ),
    sentences("report_conditions", "deferral_conditions", "Conditions du report à justifier"),
    number(
        "sanction_plafond_eur_an", "penalty_cap_eur", "Plafond de la sanction annuelle", unit="€/an"
    ),
    number(
        "sanction_plafond_alternative_eur_an",
        "other_penalty_cap_eur",
        "Autre plafond possible",
        unit="€/an",
    ),
)
_TO_DO = (
    area(
        "ombrieres_existantes_m2", "solar_m2", "Ombrières solaires en place",
        "Vide : aucune source ne permet de le dire.",
    ),
    area("toitures_a_verifier_m2", "other_m2", "Autres toitures sur le parc, à vérifier"),
    text("equipement", "equipment", "Équipement apparent", domain="equipement"),
    area("surface_a_couvrir_m2", "area_to_cover_m2", "Superficie à couvrir"),
    area(
        "surface_ombrieres_min_mixte_m2",
        "mixed_canopy_min_m2",
        "Ombrières, au moins, en solution mixte",
    ),
    area(
        "eaux_pluviales_a_traiter_m2",
        "rainwater_to_treat_m2",
        "Superficie à traiter pour les eaux pluviales",
        "Parc nouveau ou rénové (code de l'urbanisme, art. L. 111-19-1).",
    ),
    area(
        "ombrage_a_assurer_m2",
        "shade_to_provide_m2",
        "Superficie à ombrager",
        "Parc nouveau ou rénové (code de l'urbanisme, art. L. 111-19-1).",
    ),
    _power("puissance_kwc", "power_kwc", "Puissance potentielle"),
    _power("puissance_min_kwc", "power_min_kwc", "Puissance, au moins"),
    _power("puissance_max_kwc", "power_max_kwc", "Puissance, au plus"),
    _energy("production_kwh_an", "energy_kwh", "Production potentielle"),
    _energy("production_min_kwh_an", "energy_min_kwh", "Production, au moins"),
    _energy("production_max_kwh_an", "energy_max_kwh", "Production, au plus"),
    text("rendement_source", "yield_source", "Origine du rendement", domain="rendement_source"),
)  # fmt: skip
_PLEAS = (
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
)
_PROVENANCE = (
    text("fiabilite", "reliability", "Fiabilité du contour", domain="fiabilite"),
    sentences("fiabilite_raisons", "reliability_reasons", "Raisons de la fiabilité"),
    text("sources", "sources", "Sources", "Jointes par « ; »."),
    sentences("source_ids", "source_ids", "Identifiants dans les sources"),
    day("regles_au", "rules_as_of", "Règles au", "Dernière date où une règle a changé."),
    text("statut_calcule", "status", "Statut calculé", domain="statut"),
    text("statut_revu", "reviewed_status", "Statut revu par un agent", domain="statut"),
    text("source_statut", "status_source", "Origine du statut", domain="source_statut"),
    text("base_hash", "base_hash", "Empreinte du contour", "Du contour relevé, avant correction."),
)

PARK_COLUMNS: tuple[Column, ...] = (
    *_IDENTITY,
    *_OWNER,
    *_AREAS,
    *_SPACES,
    *_TREES,
    *_OBLIGATION,
    *_DUE,
    *_TO_DO,
    *_PLEAS,
    *_PROVENANCE,
)


def _names(*groups: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(column.name for group in groups for column in group)


# Tabs of the park's form, in the order an agent instructs a file.
PARK_TABS: dict[str, tuple[str, ...]] = {
    "Parc": (*_names(_IDENTITY), *_names(_SPACES)),
    "Superficie": _names(_AREAS),
    "Arbres": _names(_TREES),
    "Obligation": _names(_OBLIGATION),
    "Raisonnement": (),
    "Échéance": _names(_DUE),
    "Ombrières": _names(_TO_DO),
    "Dérogations": ("derogations_libelles",),
    "Propriétaire": _names(_OWNER),
    "Provenance": _names(_PROVENANCE),
    "Histoire": (),
}
