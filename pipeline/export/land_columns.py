"""Columns of the layers of the land: English table columns → French names, aliases, units."""

from pipeline.export.fields import Column, area, count, flag, number, sentences, text

_BEFORE = count("millesime_avant", "vintage_before", "Millésime avant")
_AFTER = count("millesime_apres", "vintage_after", "Millésime après")
_CODES = (
    text("code_cs", "cover_code", "Couverture", "Vide : absente ou inconnue."),
    text("code_us", "use_code", "Usage", "Vide : absent ou inconnu."),
)
_LAND_AREA = area("surface_m2", "area_m2", "Superficie", digits=4)  # thousands are summed

_LAND = (
    text("sol_id", "land_id", "Identifiant", "Millésime et identifiant de la source."),
    count("millesime", "vintage", "Millésime"),
    *_CODES,
    Column(
        "categorie", "category", "Catégorie", "De l'annexe à l'article R. 101-1 ; vide : inconnue.",
        kind="integer", domain="categorie_sol",
    ),
    flag("artificialise", "is_artificial", "Artificialisé", "Vide : inconnu."),
    flag(
        "impermeable", "is_sealed", "Imperméable",
        "D'après la couverture ; le bilan ne compte que les catégories 1° et 2°.",
    ),
    text("raison", "reason", "Ce qui décide du statut", domain="raison_sol"),
    area(
        "surface_composante_m2", "component_m2", "Superficie de l'ensemble",
        "Polygones contigus de même statut : c'est elle que les seuils jugent.", digits=None,
    ),
    _LAND_AREA,
    text("origine", "origin", "Origine", domain="origine_sol"),
    text("fiabilite", "reliability", "Fiabilité", domain="fiabilite"),
    flag("artificialise_codes", "by_codes", "Artificialisé d'après les codes", "Avant les seuils."),
    text("exemption", "exemption", "Exemption accordée", domain="exemption_sol"),
    flag("artificialise_ign", "declared_artificial", "Artificialisé selon l'IGN"),
    flag("seuil_ign", "declared_by_threshold", "Par seuil selon l'IGN"),
)  # fmt: skip
_FLOWS = (
    _BEFORE,
    _AFTER,
    text("flux", "flow", "Flux", domain="flux_sol"),
    text("cause", "cause", "Cause", domain="cause_flux"),
    text("code_cs_avant", "cover_before", "Couverture avant"),
    text("code_us_avant", "use_before", "Usage avant"),
    text("code_cs_apres", "cover_after", "Couverture après"),
    text("code_us_apres", "use_after", "Usage après"),
    text("raison_avant", "reason_before", "Ce qui décidait avant", domain="raison_sol"),
    text("raison_apres", "reason_after", "Ce qui décide après", domain="raison_sol"),
    _LAND_AREA,
)
_MATRIX = (
    _BEFORE,
    _AFTER,
    Column("categorie_avant", "category_before", "Catégorie avant", "Vide : inconnue.",
           kind="integer", domain="categorie_sol"),
    flag("artificialise_avant", "is_artificial_before", "Artificialisé avant", "Vide : inconnu."),
    Column("categorie_apres", "category_after", "Catégorie après", "Vide : inconnue.",
           kind="integer", domain="categorie_sol"),
    flag("artificialise_apres", "is_artificial_after", "Artificialisé après", "Vide : inconnu."),
    _LAND_AREA,
)  # fmt: skip
_INDICATORS = (
    text("indicateur", "code", "Indicateur (code)"),
    sentences("libelle", "label", "Indicateur"),
    number("valeur", "value", "Valeur", "Vide : non connue.", unit=""),
    number("valeur_min", "least", "Valeur basse", "Selon la lecture des seuils.", unit=""),
    number("valeur_max", "most", "Valeur haute", "Selon la lecture des seuils.", unit=""),
    text("unite", "unit", "Unité"),
    count("millesime_avant", "vintage_before", "Millésime avant", "Vide : état, et non évolution."),
    count("millesime", "vintage", "Millésime"),
    text("article", "article", "Article"),
    flag(
        "obligatoire", "is_compulsory", "Obligatoire", "À la date des règles ; vide : non établi."
    ),
    sentences("avertissement", "warning", "Avertissement"),
)
_VARIANTS = (
    count("millesime", "vintage", "Millésime"),
    text("variante", "variant", "Lecture des seuils", domain="variante_seuils"),
    flag("retenue", "is_default", "Lecture retenue"),
    area("surface_artificialisee_m2", "artificial_m2", "Surface artificialisée", digits=1),
    area("ecart_m2", "differs_m2", "Écart à la lecture retenue", digits=1),
    area("accord_artificialise_m2", "both_artificial_m2", "Artificialisé, accord avec l'IGN",
         "Vide : aucun produit de l'IGN à comparer.", digits=1),
    area("accord_non_artificialise_m2", "neither_artificial_m2",
         "Non artificialisé, accord avec l'IGN", digits=1),
    area("parzan_seul_m2", "only_ours_m2", "Artificialisé ici, non selon l'IGN", digits=1),
    area("ign_seul_m2", "only_declared_m2", "Artificialisé selon l'IGN, non ici", digits=1),
)  # fmt: skip
_UNREAD = (
    count("millesime", "vintage", "Millésime"),
    *_CODES,
    text("cause", "cause", "Ce qui manque"),
    flag("artificialise", "is_artificial", "Artificialisé", "Vide : inconnu."),
    count("polygones_nb", "piece_count", "Polygones"),
    _LAND_AREA,
)
_BROWNFIELDS = (
    text("friche_id", "site_id", "Friche"),
    text("nom", "name", "Nom"),
    text("type_site", "site_type", "Type"),
    text("statut", "status", "Statut"),
    text("identifiee_le", "identified_on", "Identifiée le"),
    text("actualisee_le", "updated_on", "Actualisée le"),
    area("surface_declaree_m2", "declared_area_m2", "Superficie déclarée", "Unité foncière."),
    area("surface_m2", "area_m2", "Superficie dessinée", "Vide : un point."),
    area("surface_artificialisee_m2", "artificial_m2", "Dont artificialisée", "Dernier millésime."),
    flag("artificialise", "is_artificial", "Artificialisée au point", "Vide : inconnu."),
    sentences("parcs_concernes", "lot_ids", "Parcs de stationnement", "Joints par « ; »."),
    text("source", "source", "Source"),
)

LAND_COLUMNS: dict[str, tuple[Column, ...]] = {
    "sols": _LAND,
    "sols_flux": _FLOWS,
    "sols_ecarts": _LAND,
    "friches": _BROWNFIELDS,
    "bilan": _INDICATORS,
    "sols_matrice": _MATRIX,
    "sols_variantes": _VARIANTS,
    "sols_codes": _UNREAD,
}
