"""Closed lists of values (*listes de valeurs*): code in the file → words that an analyst reads."""

_YES_NO_DOUBT = {"certaine": "Certaine", "a_verifier": "À vérifier"}

# Perimeters that exempt a park by themselves (`derogation` of a protection in config/rules).
_EXEMPTING: dict[str, str] = {
    "monument_historique": "terrain d'un monument historique",
    "abords_delimites": "périmètre délimité des abords",
    "site_patrimonial_remarquable": "site patrimonial remarquable",
    "site_classe": "site classé",
    "site_inscrit": "site inscrit",
    "coeur_parc_national": "cœur de parc national",
    "l151_19": "terrain protégé (art. L. 151-19)",
}
# What an owner may plead, joined in one column of the parks.
DEROGATIONS: dict[str, str] = {
    **_EXEMPTING,
    "abords_500m_covisibilite": "abords d'un monument historique (covisibilité)",
    "exclusion_a_confirmer": "exclusion à confirmer",
    "pente": "inclinaison du sol",
    "risque_naturel": "zone de risques naturels (PPRN)",
    "risque_technologique": "zone de risques technologiques (PPRT)",
    "poids_lourds_3t5": "stationnement de véhicules de plus de 3,5 t",
    "marchandises_dangereuses": "stationnement de marchandises dangereuses",
    "parc_icpe": "parc lié à une installation classée",
    "economique": "coût excessif",
    "suppression_prevue": "suppression ou transformation déjà autorisée",
    "autres_energies": "énergies renouvelables équivalentes, sans ombrières",
}

DOMAINS: dict[str, dict[str, str]] = {
    "statut": {
        "assujetti": "Assujetti",
        "a_verifier": "À vérifier",
        "exonere": "Exonéré",
        "non_assujetti": "Non assujetti",
        "hors_champ": "Hors champ",
    },
    "regime": {
        "existant_1500": "Article 40 (parc existant ou demandé depuis la loi)",
        "neuf_500": "Article L. 111-19-1 (parc nouveau ou lourdement rénové)",
        "inconnu": "Inconnu",
        "aucun": "Aucun",
    },
    "situation": {
        "existant": "Existant",
        "nouveau": "Nouveau",
        "renove": "Lourdement rénové",
        "inconnu": "Inconnue",
        "aucun": "Sans objet",
    },
    "type_parc": {
        "surface": "En surface",
        "aerien_bati": "À étages",
        "souterrain": "Souterrain",
        "toiture": "En toiture",
        "couvert": "Couvert",
        "voirie": "Sur voirie",
    },
    "reunion_par": {
        "source": "Un même objet d'une source",
        "allee": "Une allée",
        "source_et_allee": "Une source et une allée",
    },
    "places_source": {
        "comptees": "Comptées sur la carte",
        "declarees": "Déclarées par une source",
        "estimees": "Estimées d'après la superficie",
        "fixees": "Fixées par un agent",
    },
    "ombrage_methode": {
        "modele_hauteur": "Modèle de hauteur",
        "arbres_cartographies": "Arbres cartographiés",
    },
    "nature_ombriere": {
        "installation_solaire": "Installation solaire",
        "ombriere": "Ombrière ou abri de stationnement",
        "toit": "Toit sans murs",
        "construction": "Construction légère",
        "plateau": "Surface plane en hauteur (modèle de hauteur)",
    },
    "equipement": {
        "suffisant": "Ombrières en place : la part exigée",
        "suffisant_mixte": "Ombrières et arbres en place : la part exigée",
        "a_verifier": "À vérifier : peut-être la part exigée",
        "partiel": "En partie",
        "aucun": "Aucune ombrière vue",
    },
    "motif_code": {
        "au_dessus_du_seuil": "Superficie au-dessus du seuil",
        "sous_le_seuil": "Superficie sous le seuil",
        "superficie_proche_du_seuil": "Superficie proche du seuil",
        "sources_divergentes": "Sources divergentes",
        "perimetre_incertain": "Réunion de morceaux à confirmer",
        "contour_inconnu": "Contour inconnu",
        "exclusion_a_confirmer": "Exclusion à confirmer",
        "espace_vert_a_confirmer": "Espace vert à confirmer",
        "voies_non_dessinees": "Voies non dessinées",
        "protection_partielle": "En partie dans un périmètre protégé",
        "ombrage_a_mesurer": "Ombrage à mesurer",
        "arbres_a_qualifier": "Arbres à qualifier",
        "seuil_outre_mer": "Seuil d'outre-mer à établir",
        "date_de_creation": "Date de création à établir",
        "date_de_demande": "Date de la demande à établir",
        "renovation_a_etablir": "Ampleur de la rénovation à établir",
        "ouverture_au_public": "Ouverture au public à établir",
        "neuf_au_dessus_du_seuil": "Parc nouveau ou rénové au-dessus de 500 m²",
        "neuf_sous_le_seuil": "Parc nouveau ou rénové sous 500 m²",
        "neuf_proche_du_seuil": "Parc nouveau ou rénové proche de 500 m²",
        "neuf_hors_champ": "Parc nouveau non visé",
        "hors_champ": "Hors champ",
        "ombrage_arbres": "Ombragé par des arbres",
        "arbres_par_place": "Assez d'arbres pour ses places",
        "suppression_autorisee": "Suppression déjà autorisée",
        **{code: f"{words[0].upper()}{words[1:]}" for code, words in _EXEMPTING.items()},
    },
    "resultat": {"oui": "Oui", "non": "Non", "inconnu": "Inconnu", "mesure": "Mesure"},
    "certitude_derogation": {
        "automatique": "Exonère de plein droit",
        "partielle": "N'exonérerait de plein droit qu'un parc tout entier dedans",
        "possible": "À faire valoir par le débiteur",
    },
    "echeance_situation": {
        "a_venir": "À venir",
        "echue": "Échue",
        "echue_report_a_justifier": "Échue, report à justifier",
    },
    "report_etat": {
        "a_justifier": "Possible, à justifier",
        "justifie": "Justifié",
        "ecarte": "Écarté",
    },
    "rendement_source": {
        "grille": "Grille de rendement fournie",
        "departement": "Valeur moyenne du département",
    },
    "fiabilite": {"elevee": "Élevée", "moyenne": "Moyenne", "faible": "Faible"},
    "source_statut": {"calcul": "Calcul", "revue": "Revue par un agent"},
    "source": {
        "osm": "OpenStreetMap",
        "bdtopo": "BD TOPO (IGN)",
        "parkings_sup500m2": "Couche nationale des parkings de plus de 500 m²",
        "pot_sol_park": "POT-SOL-PARK",
    },
    "role": {
        "outline": "Contour de parc",
        "bays": "Groupe de places",
        "enclosing": "Unité foncière englobante",
        "point_object": "Objet ponctuel",
    },
    "motif_exclusion": {
        "batiment": "Bâtiment",
        "voie_publique": "Voie publique",
        "espace_vert": "Espace vert",
        "repos": "Espace de repos",
        "stockage": "Stockage",
        "logistique": "Logistique, chargement",
        "marchandises_dangereuses": "Marchandises dangereuses",
        "icpe_prescription": "Prescription d'une installation classée",
        "icpe_10m": "Moins de 10 m d'une installation classée",
        "voie_poids_lourds": "Voie des poids lourds de marchandises",
    },
    "certitude": _YES_NO_DOUBT,
    "echelon": {
        "emprise": "Emprise fournie",
        "batiment": "Bâtiment qui porte le point",
        "point": "Point seul",
    },
    "nature_protection": {
        "mh_terrain": "Terrain d'un monument historique",
        "abords_delimites": "Périmètre délimité des abords",
        "abords_500m": "Cercle de 500 m autour d'un monument",
        "abords_incertains": "Abords d'un monument sans périmètre délimité",
        "spr": "Site patrimonial remarquable",
        "site_classe": "Site classé",
        "site_inscrit": "Site inscrit",
        "coeur_parc_national": "Cœur de parc national",
        "l151_19": "Terrain protégé (art. L. 151-19)",
        "risque_naturel": "Zone d'un plan de prévention des risques naturels",
        "risque_technologique": "Zone d'un plan de prévention des risques technologiques",
    },
    "effet_protection": {
        "automatique": "Exonère si le parc est tout entier dedans",
        "possible": "Dérogation possible",
    },
    "etat_source": {
        "utilisee": "Utilisée",
        "absente": "Absente",
        "partielle": "Partielle",
        "sans_objet": "Sans objet",
    },
    "nature_regle": {
        "valeur": "Valeur légale",
        "exclusion": "Exclusion",
        "protection": "Protection",
        "derogation": "Dérogation",
    },
    "categorie_sol": {
        "1": "1° bâti",
        "2": "2° revêtement imperméable",
        "3": "3° stabilisé, minéral ou composite",
        "4": "4° herbe d'un usage urbain ou d'infrastructure",
        "5": "5° chantier ou abandon",
        "6": "6° sol nu, carrière, eau, neige",
        "7": "7° cultures",
        "8": "8° végétation sylvicole",
        "9": "9° habitat naturel",
        "10": "10° autre végétation",
    },
    "raison_sol": {
        "matrice": "La couverture et l'usage",
        "seuil_surface": "Le seuil de surface",
        "seuil_largeur": "Le seuil de largeur",
        "exemption": "Une exemption accordée",
        "couvert_arbore": "Le couvert arboré",
        "non_couvert": "Aucune donnée",
    },
    "origine_sol": {"ocsge": "OCS GE", "derive": "Dérivée d'autres sources"},
    "exemption_sol": {
        "parc_jardin_public": "Parc ou jardin public",
        "centrale_solaire": "Centrale solaire au sol",
    },
    "flux_sol": {
        "artificialisation": "Artificialisation",
        "desartificialisation": "Désartificialisation",
    },
    "cause_flux": {
        "occupation": "L'occupation du sol a changé",
        "seuil": "Seul un seuil est franchi",
    },
    "variante_seuils": {
        "statut_enclaves_dabord": "Par statut, enclaves d'abord",
        "statut_isolats_dabord": "Par statut, isolats d'abord",
        "categorie_enclaves_dabord": "Par catégorie, enclaves d'abord",
        "categorie_isolats_dabord": "Par catégorie, isolats d'abord",
    },
    "action_correction": {
        "confirmer": "Confirmer le parc",
        "rejeter": "Rejeter : ce n'est pas un parc",
        "redessiner": "Redessiner le contour",
        "ajouter": "Ajouter un parc manquant",
        "fusionner": "Fusionner avec un autre parc",
        "scinder": "Scinder le parc",
        "fixer_statut": "Fixer le statut",
        "fixer_places": "Fixer le nombre de places",
        "fixer_usage": "Fixer l'usage",
        "fixer_date": "Fixer une date",
    },
    "etat_correction": {
        "appliquee": "Appliquée",
        "remplacee": "Remplacée par une décision plus récente",
        "conflit": "En conflit",
        "sans_effet": "Sans effet",
    },
    "role_conflit": {"base": "Contour que l'agent a vu", "actuel": "Contour d'aujourd'hui"},
    "etat_parc_connu": {
        "present": "Présent",
        "disparu": "Disparu",
        "fusionne": "Fondu dans un autre",
    },
    "evenement_filiation": {
        "creation": "Nouveau parc",
        "renumerotation": "Autres identifiants dans les sources",
        "scission": "Issu d'une scission",
        "fusion": "Fondu dans un autre",
        "disparition": "Disparu",
        "reapparition": "Revenu",
    },
    "nature_changement": {
        "nouveau": "Nouveau parc",
        "disparu": "Parc disparu",
        "superficie": "Superficie changée",
        "statut": "Statut changé",
        "seuil": "Seuil franchi",
        "echeance": "Échéance changée",
        "echeance_proche": "Échéance proche",
        "correction": "Correction d'un agent",
    },
    "cause_changement": {
        "donnees": "données",
        "regle": "règle de droit",
        "hypothese": "hypothèse de calcul",
        "correction": "correction d'un agent",
        "code": "version de parzan",
        "calendrier": "passage du temps",
    },
    "niveau_total": {
        "commune": "Commune",
        "epci": "Intercommunalité",
        "departement": "Département",
        "ensemble": "Ensemble",
    },
    "etat_produit": {"lu": "Lu", "absent": "Absent", "illisible": "Illisible"},
    "suivi_etat": {
        "a_ouvrir": "À ouvrir",
        "courrier_envoye": "Courrier envoyé",
        "reponse_recue": "Réponse reçue",
        "attestation_recue": "Attestation reçue",
        "contradictoire": "Procédure contradictoire en cours",
        "arrete_pris": "Arrêté pris",
        "clos": "Dossier clos",
    },
}


def conclusion_words(conclusion: object) -> str | None:
    """Return what an analyst reads for `status/reason_code`; a code without words stays one."""
    if not isinstance(conclusion, str):  # the reasoning goes on
        return None
    status, _, code = conclusion.partition("/")
    words = (DOMAINS["statut"].get(status, status), DOMAINS["motif_code"].get(code, code))
    return " : ".join(word for word in words if word)


def derogation_words(codes: object) -> str | None:
    """Return what an analyst reads for codes joined by « ; »; a code without words stays one."""
    if not isinstance(codes, str):  # none
        return None
    return " ; ".join(DEROGATIONS.get(code, code) for code in codes.split(";"))


def cause_words(codes: object) -> str:
    """Return what an analyst reads for causes joined by `;`."""
    known = DOMAINS["cause_changement"]
    return " ou ".join(known.get(code, code) for code in str(codes).split(";"))
