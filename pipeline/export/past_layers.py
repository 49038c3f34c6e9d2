"""The layers of a past state: the parks as they were published, and what they were made from."""

from pipeline.export.fields import Column, count, day, sentences, text
from pipeline.export.layers import Layer
from pipeline.export.park_columns import PARK_COLUMNS
from pipeline.export.project_layers import Theme
from pipeline.export.region_layers import REGION_BY_NAME

_INSEE = text("insee", "insee", "Code INSEE")
_STATES: tuple[Column, ...] = (
    _INSEE,
    text("nom", "nom", "Nom"),
    day("inventaire_du", "inventaire_du", "Inventaire du", "Le dernier de ce jour ou d'avant."),
    day("regles_au", "regles_au", "Règles au"),
    text("parzan_version", "parzan_version", "Version de parzan"),
    count("parcs_nb", "parcs_nb", "Parcs"),
    text("fichier", "fichier", "Inventaire", "Sous le dossier des produits."),
    text("sha256", "sha256", "Empreinte SHA-256 de l'inventaire"),
    sentences("remarque", "remarque", "Remarque"),
)
_SOURCES: tuple[Column, ...] = (
    _INSEE,
    text("dossier", "dossier", "Dossier"),
    text("fichier", "fichier", "Fichier"),
    text("sha256", "sha256", "Empreinte SHA-256"),
)
_PRINTS: tuple[Column, ...] = (
    _INSEE,
    text("nom", "nom", "Élément"),
    text("valeur", "valeur", "Empreinte"),
)
_CORRECTIONS: tuple[Column, ...] = (
    _INSEE,
    text("correction_id", "correction_id", "Correction"),
    text("parc_id", "parc_id", "Parc"),
    text("action", "action", "Action", domain="action_correction"),
    text("valeur", "valeur", "Valeur"),
    text("etat", "etat", "Ce qu'elle était devenue", domain="etat_correction"),
    sentences("raison", "raison", "Pourquoi"),
)


def _table(
    name: str, title: str, description: str, columns: tuple[Column, ...], *sort: str
) -> Layer:
    return Layer(name, title, description, None, "À instruire", sort, columns=columns)


PAST_LAYERS: tuple[Layer, ...] = (
    Layer(
        "parcs", "Parcs de stationnement", "Parcs tels qu'ils étaient publiés",
        "MultiPolygon", "À instruire", ("commune_insee", "parc_id"), columns=PARK_COLUMNS,
    ),
    _table(
        "etats", "États des communes", "Inventaire relu pour chaque commune", _STATES, "insee",
    ),
    _table(
        "corrections_rejouees", "Corrections appliquées", "Décisions d'agents, ce jour-là",
        _CORRECTIONS, "insee", "correction_id",
    ),
    _table(
        "sources_lues", "Sources lues", "Fichiers dont les parcs étaient tirés",
        _SOURCES, "insee", "dossier", "fichier",
    ),
    _table(
        "empreintes", "Empreintes", "Règles, hypothèses et code d'alors",
        _PRINTS, "insee", "nom",
    ),
    REGION_BY_NAME["licences"],
)  # fmt: skip

PAST_THEMES: tuple[Theme, ...] = (
    Theme("À instruire", {"parcs": "Statut"}, ("parcs",)),
    Theme("Échéances", {"parcs": "Échéances"}, ("parcs",)),
    Theme("Dérogations possibles", {"parcs": "Dérogations possibles"}, ("parcs",)),
)
