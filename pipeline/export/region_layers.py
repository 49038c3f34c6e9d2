"""The layers of the product of a region: its parks, its communes, what they add up to."""

from pipeline.export.fields import Column, area, count, flag, number, sentences, text
from pipeline.export.inventory_columns import INVENTORY_COLUMNS
from pipeline.export.layers import GeometryType, Layer
from pipeline.export.park_columns import PARK_COLUMNS
from pipeline.export.project_layers import Theme

# What is summed: the column of the totals, its words, and how it reads in `parcs` (SQL).
COUNTED: tuple[tuple[str, str, str], ...] = (
    ("parcs_nb", "Parcs", "count(*)"),
    ("assujettis_nb", "Assujettis", "coalesce(sum(statut = 'assujetti'), 0)"),
    ("a_verifier_nb", "À vérifier", "coalesce(sum(statut = 'a_verifier'), 0)"),
    ("exoneres_nb", "Exonérés", "coalesce(sum(statut = 'exonere'), 0)"),
    ("non_assujettis_nb", "Non assujettis", "coalesce(sum(statut = 'non_assujetti'), 0)"),
    ("hors_champ_nb", "Hors champ", "coalesce(sum(statut = 'hors_champ'), 0)"),
    ("echus_nb", "Échéance passée", "coalesce(sum(echeance_situation LIKE 'echue%'), 0)"),
    ("revus_nb", "Revus par un agent", "coalesce(sum(source_statut = 'revue'), 0)"),
)
_SUBJECT = "coalesce(sum(CASE WHEN statut = 'assujetti' THEN {} END), 0.0)"
SUMMED: tuple[tuple[str, str, str, str], ...] = (
    (
        "surface_assujettie_m2",
        "Superficie des parcs assujettis",
        "m²",
        _SUBJECT.format("surface_assujettie_m2"),
    ),
    ("surface_a_couvrir_m2", "Superficie à couvrir", "m²", _SUBJECT.format("surface_a_couvrir_m2")),
    ("puissance_kwc", "Puissance possible", "kWc", _SUBJECT.format("puissance_kwc")),
    ("production_kwh_an", "Production possible", "kWh/an", _SUBJECT.format("production_kwh_an")),
)
DIGITS = 2

_SUMS: tuple[Column, ...] = (
    *(count(name, name, alias) for name, alias, _ in COUNTED),
    *(number(name, name, alias, unit=unit, digits=DIGITS) for name, alias, unit, _ in SUMMED),
    count("conflits_nb", "conflits_nb", "Corrections en conflit"),
)
_COMMUNES: tuple[Column, ...] = (
    text("insee", "insee", "Code INSEE"),
    text("nom", "nom", "Nom"),
    text("epci_nom", "epci_nom", "Intercommunalité"),
    text("departement", "departement", "Département"),
    area("surface_m2", "surface_m2", "Superficie"),
    *_SUMS,
    text("fichier", "fichier", "Produit", "GeoPackage de la commune, à côté de celui-ci."),
)
_TOTALS: tuple[Column, ...] = (
    text("niveau", "niveau", "Niveau", domain="niveau_total"),
    text("code", "code", "Code ou nom"),
    text("nom", "nom", "Nom"),
    count("communes_nb", "communes_nb", "Communes"),
    *_SUMS,
)
_PRODUCTS: tuple[Column, ...] = (
    text("insee", "insee", "Code INSEE"),
    text("fichier", "fichier", "Produit"),
    text("etat", "etat", "État", domain="etat_produit"),
    text("sha256", "sha256", "Empreinte SHA-256"),
    sentences("remarque", "remarque", "Remarque"),
)
_LICENCES: tuple[Column, ...] = (
    text("licence", "licence", "Licence"),
    sentences("attribution", "attribution", "Mention obligatoire"),
    count("communes_nb", "communes_nb", "Communes"),
    flag("partage_identique", "partage_identique", "Partage à l'identique"),
    sentences("remarque", "remarque", "Ce que cela demande"),
)


def _layer(
    name: str, title: str, description: str, columns: tuple[Column, ...], *sort: str, drawn: bool
) -> Layer:
    kind: GeometryType | None = "MultiPolygon" if drawn else None
    return Layer(name, title, description, kind, "À instruire", sort, columns=columns)


REGION_LAYERS: tuple[Layer, ...] = (
    _layer(
        "parcs", "Parcs de stationnement", "Parcs de toutes les communes",
        PARK_COLUMNS, "commune_insee", "parc_id", drawn=True,
    ),
    _layer(
        "communes", "Communes", "Totaux par commune", _COMMUNES, "insee", drawn=True,
    ),
    _layer(
        "conflits", "Corrections en conflit", "Décisions d'agents qui ne vont plus",
        INVENTORY_COLUMNS["conflits"], "correction_id", "role", drawn=True,
    ),
    _layer(
        "totaux", "Totaux", "Totaux par commune, intercommunalité, département et pour le tout",
        _TOTALS, "niveau", "code", drawn=False,
    ),
    _layer(
        "journal", "Journal", "Ce qui a changé d'un passage à l'autre, et pourquoi",
        INVENTORY_COLUMNS["journal"], "vu_le", "parc_id", drawn=False,
    ),
    _layer(
        "licences", "Licences", "Licences des données employées, et mentions à porter",
        _LICENCES, "licence", drawn=False,
    ),
    _layer(
        "produits", "Produits des communes", "Produits lus, et communes sans produit",
        _PRODUCTS, "insee", drawn=False,
    ),
)  # fmt: skip
REGION_BY_NAME = {layer.name: layer for layer in REGION_LAYERS}

REGION_THEMES: tuple[Theme, ...] = (
    Theme("À instruire", {"parcs": "Statut"}, ("conflits", "parcs", "communes")),
    Theme("Échéances", {"parcs": "Échéances"}, ("parcs", "communes")),
    Theme("Dérogations possibles", {"parcs": "Dérogations possibles"}, ("parcs", "communes")),
    Theme("Communes", {"communes": "Parcs assujettis"}, ("communes",)),
)
