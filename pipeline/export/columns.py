"""Columns of every delivered layer: English table columns → French names, aliases, units."""

from pipeline.export.fields import Column, area, count, day, flag, number, sentences, share, text
from pipeline.export.inventory_columns import INVENTORY_COLUMNS
from pipeline.export.land_columns import LAND_COLUMNS
from pipeline.export.park_columns import PARK_COLUMNS

_PARK = text("parc_id", "lot_id", "Parc")

_COMMUNE = (
    text("insee", "insee_code", "Code INSEE"),
    text("nom", "name", "Nom"),
    text("epci_nom", "epci_name", "Intercommunalité"),
    area("surface_m2", "ground_area_m2", "Superficie"),
    day("regles_au", "rules_as_of", "Règles au"),
    text("parzan_version", "version", "Version de parzan"),
)
_CANDIDATES = (
    text("candidat_id", "candidate_id", "Candidat"),
    text("source", "source", "Source", domain="source"),
    text("source_id", "source_id", "Identifiant dans la source"),
    text("role", "role", "Rôle", domain="role"),
    text("type_parc", "parking_type", "Type de parc", domain="type_parc"),
    text("nom", "name", "Nom"),
    area("surface_m2", "ground_area_m2", "Superficie", "Vide si la géométrie manque."),
    _PARK,
    sentences("raison", "reason", "Ce qu'il est devenu"),
    text("defaut", "defect", "Défaut", "Pourquoi la géométrie manque ou a été réparée."),
    text("millesime", "vintage", "Millésime"),
    text("lien", "link", "Lien", "Objet sur openstreetmap.org."),
)
_EXCLUSIONS = (
    _PARK,
    text("motif", "motif", "Motif", domain="motif_exclusion"),
    text("article", "article", "Article"),
    area("surface_m2", "area_m2", "Superficie", digits=4),  # hundreds of pieces are summed
    flag("deduite", "is_deducted", "Déduite", "Non : seulement signalée."),
    text("source", "source", "Source"),
    text("source_id", "source_id", "Identifiant dans la source"),
    text("certitude", "certainty", "Certitude", domain="certitude"),
)
_TREES = (
    text("arbre_id", "tree_id", "Arbre"),
    _PARK,
    flag("hors_parc", "is_outside", "Planté hors du parc"),
    text("genre", "genus", "Genre"),
    number("hauteur_m", "height_m", "Hauteur", unit="m", digits=2),
    number("diametre_houppier_m", "crown_diameter_m", "Diamètre du houppier", unit="m", digits=2),
    area("surface_houppier_m2", "crown_area_m2", "Superficie du houppier"),
    flag("canopee_large", "is_wide", "Canopée large", "Avec certitude ; vide : largeur inconnue."),
    flag(
        "compte", "is_counted", "Compté dans les chiffres du parc",
        "Non : arbre cartographié d'un parc mesuré sur le modèle de hauteur.",
    ),
    flag(
        "d_alignement", "is_from_row", "Placé le long d'un alignement",
        "L'alignement est relevé, pas ses troncs : leur pas est supposé.",
    ),
    text("source", "source", "Source"),
)  # fmt: skip
_CROWNS = (
    _PARK,
    text("arbre_id", "tree_id", "Arbre", "Vide : végétation sans cime repérée."),
    flag("hors_parc", "is_outside", "Arbre planté hors du parc"),
    area("surface_m2", "area_m2", "Superficie", "Au-dessus de la superficie assujettie.", digits=4),
    text("methode", "method", "Méthode", domain="ombrage_methode"),
)
_CARPORTS = (
    _PARK,
    text("ombriere_id", "carport_id", "Ombrière"),
    text("nature", "kind", "Nature", domain="nature_ombriere"),
    text(
        "certitude", "certainty", "Panneaux solaires", "Certaine : une source le dit.",
        domain="certitude",
    ),
    area("surface_m2", "area_m2", "Superficie au-dessus du parc", digits=4),
    number("puissance_kwc", "power_kwc", "Puissance", "De toute l'installation.", unit="kWc"),
    text("source", "source", "Source"),
)  # fmt: skip
_INSTALLATIONS = (
    text("code_aiot", "installation_id", "Code AIOT"),
    text("nom", "name", "Nom"),
    text("regime", "regime", "Régime"),
    text("seveso", "seveso", "Seveso"),
    text("activite", "activity", "Activité"),
    sentences("rubriques", "headings", "Rubriques"),
    text("echelon", "rung", "Géométrie", "Meilleure géométrie connue.", domain="echelon"),
    flag("a_tampon", "has_ring", "Donne un tampon de 10 m"),
    text("source", "source", "Source"),
)
_RINGS = (
    text("code_aiot", "installation_id", "Code AIOT"),
    text("certitude", "certainty", "Certitude", domain="certitude"),
    area("surface_m2", "area_m2", "Superficie"),
)
_PERIMETERS = (
    text("perimetre_id", "perimeter_id", "Périmètre"),
    text("nature", "kind", "Nature", domain="nature_protection"),
    text("libelle", "label", "Libellé"),
    text("article", "article", "Article"),
    text("effet", "effect", "Effet", domain="effet_protection"),
    text("nom", "name", "Nom"),
    text("source", "source", "Source"),
    sentences("parcs_concernes", "lot_ids", "Parcs concernés", "Joints par « ; »."),
    share("part_max", "largest_share", "Plus grande part d'un parc dans le périmètre"),
)
_PARCELS = (
    text("idu", "idu", "Identifiant"),
    area("contenance_m2", "declared_area_m2", "Contenance", "Superficie fiscale, non mesurée."),
    _PARK,
    text("proprietaire_nom", "owner_name", "Propriétaire", "Personne morale seulement."),
    text("siren", "siren", "SIREN"),
    text("groupe_personne", "owner_class", "Groupe de personne morale", "Tel que la DGFiP le dit."),
    text("droit", "right", "Droit", "Propriétaire, usufruitier, emphytéote…"),
    text(
        "unite_fonciere", "holding_id", "Unité foncière", "Parcelles contiguës d'un propriétaire."
    ),
)
_DECISIONS = (
    _PARK,
    count("rang", "rank", "Rang", "Ordre du raisonnement."),
    text("loi", "law", "Loi"),
    text("etape", "step", "Étape (code)"),
    sentences("question", "question", "Question"),
    text("article", "article", "Article"),
    text("regle_id", "rule_id", "Règle", "Identifiant dans la table des règles."),
    text("valeur", "value", "Valeur comparée", "Vide : inconnue."),
    text("unite", "unit", "Unité"),
    text("comparaison", "comparison", "Comparaison", "Aussi stricte que le texte."),
    text("seuil", "threshold", "Seuil"),
    text("resultat", "result", "Résultat", domain="resultat"),
    text("conclusion", "conclusion", "Conclusion", "Vide : le raisonnement continue."),
    text("si_oui", "if_true", "Si oui (codes)", "Statut et cause, séparés par « / »."),
    text("si_non", "if_false", "Si non (codes)", "Statut et cause, séparés par « / »."),
)
_PLEAS = (
    _PARK,
    text("code", "code", "Code"),
    sentences("libelle", "label", "Libellé"),
    text("article", "article", "Article"),
    share("part", "share", "Part du parc concernée", "Vide : sans objet."),
    text("certitude", "certainty", "Portée", domain="certitude_derogation"),
    sentences("fondement", "basis", "Fondement", "Ce que les données disent."),
    day("fin", "ends_on", "Prend fin le", "Dernier jour inclus ; vide : sans terme."),
    flag("a_confirmer", "needs_review", "Lecture à confirmer", "Texte non encore relu."),
)
_SOURCES = (
    text("dossier", "folder", "Dossier"),
    text("libelle", "label", "Source"),
    text("etat", "state", "État", domain="etat_source"),
    text("fichier", "file", "Fichier"),
    text("sha256", "sha256", "Empreinte SHA-256"),
    text("millesime", "vintage", "Millésime"),
    text("producteur", "producer", "Producteur"),
    text("licence", "licence", "Licence"),
    text("attribution", "attribution", "Mention obligatoire"),
    text("url", "url", "Adresse qui a répondu", "La première ; vide : fichier déposé à la main."),
    count("reponses_nb", "answer_count", "Réponses dont le fichier est fait"),
    text("recu_le", "received_at", "Reçu le", "UTC, la plus ancienne des réponses."),
    count("lignes", "row_count", "Objets lus"),
    sentences("remarques", "remarks", "Remarques"),
)
_LICENCES = (
    text("couche", "layer", "Couche"),
    text("licence", "licence", "Licence"),
    count("lignes", "row_count", "Lignes concernées"),
    text("dossiers", "folders", "Sources", "Dossiers employés, joints par « ; »."),
    sentences("attribution", "attribution", "Mention obligatoire"),
    flag("partage_identique", "is_share_alike", "Partage à l'identique"),
    sentences("remarque", "remark", "Ce que cela demande"),
)
_RULES = (
    text("regle_id", "rule_id", "Règle"),
    text("nature", "nature", "Nature", domain="nature_regle"),
    sentences("libelle", "label", "Libellé"),
    text("valeur", "value", "Valeur", "Nombre, date, mot ou liste jointe par « ; »."),
    text("unite", "unit", "Unité"),
    text("part_de", "share_of", "Part de", "Ce dont la valeur est une part."),
    text("comparaison", "comparison", "Comparaison", "Aussi stricte que le texte."),
    text("departements", "departements", "Départements", "Joints par « ; » ; vide : partout."),
    text("remplace", "replaces", "Règle remplacée", "Règle générale, dans ces départements."),
    text("article", "article", "Article"),
    day("en_vigueur_du", "valid_from", "En vigueur du"),
    day("en_vigueur_au", "valid_to", "En vigueur jusqu'au", "Inclus ; vide : toujours en vigueur."),
    flag("a_confirmer", "needs_review", "Lecture à confirmer", "Texte non encore relu."),
    sentences("texte", "title", "Texte"),
    text("lien", "href", "Lien"),
)

COLUMNS: dict[str, tuple[Column, ...]] = {
    "commune": _COMMUNE,
    "parcs": PARK_COLUMNS,
    "candidats": _CANDIDATES,
    "exclusions": _EXCLUSIONS,
    "canopee": _CROWNS,
    "arbres": _TREES,
    "ombrieres": _CARPORTS,
    "icpe": _INSTALLATIONS,
    "icpe_tampon": _RINGS,
    "perimetres_protection": _PERIMETERS,
    "parcelles": _PARCELS,
    **LAND_COLUMNS,
    "decisions": _DECISIONS,
    "derogations": _PLEAS,
    **INVENTORY_COLUMNS,
    "sources": _SOURCES,
    "licences": _LICENCES,
    "regles": _RULES,
}
