"""Tables of the review file: what an agent decides, follows and notes, park by park."""

from dataclasses import dataclass

from pipeline.export.domains import DOMAINS
from pipeline.export.fields import Column, day, sentences, text
from pipeline.export.layers import Layer

_PARK = text("parc_id", "parc_id", "Parc")
_WHO = (text("agent", "agent", "Agent"), day("date", "date", "Date"))

_CORRECTIONS: tuple[Column, ...] = (
    _PARK,
    text("action", "action", "Action", domain="action_correction"),
    text("valeur", "valeur", "Valeur", "Valeur fixée, ou autre parc d'une fusion."),
    sentences("motif", "motif", "Motif"),
    *_WHO,
    text("base_hash", "base_hash", "Empreinte de la base", "État du parc que la décision a vu."),
)
_FOLLOW_UP: tuple[Column, ...] = (
    _PARK,
    text("etat", "etat", "État du dossier", domain="suivi_etat"),
    day("courrier_date", "courrier_date", "Courrier envoyé le"),
    text("courrier_reference", "courrier_reference", "Référence du courrier"),
    day("reponse_date", "reponse_date", "Réponse reçue le"),
    sentences("reponse", "reponse", "Réponse"),
    day("attestation_date", "attestation_date", "Attestation reçue le"),
    sentences("attestation", "attestation", "Attestation"),
    day("contradictoire_date", "contradictoire_date", "Procédure contradictoire ouverte le"),
    day("contradictoire_fin", "contradictoire_fin", "Procédure contradictoire close le"),
    day("arrete_date", "arrete_date", "Arrêté pris le"),
    text("arrete_reference", "arrete_reference", "Référence de l'arrêté"),
    day("prochaine_date", "prochaine_date", "Prochaine échéance du dossier"),
    sentences("observations", "observations", "Observations"),
    *_WHO,
)
_NOTES: tuple[Column, ...] = (_PARK, sentences("note", "note", "Note"), *_WHO)

REVIEW_LAYERS: tuple[Layer, ...] = (
    Layer(
        "corrections",
        "Corrections",
        "Décisions d'un agent sur un parc : la dernière valide l'emporte",
        "MultiPolygon",
        "À instruire",
        ("parc_id",),
        columns=_CORRECTIONS,
    ),
    Layer(
        "suivi",
        "Suivi des dossiers",
        "Courrier, réponse, attestation, procédure contradictoire, arrêté",
        None,
        "À instruire",
        ("parc_id",),
        columns=_FOLLOW_UP,
    ),
    Layer(
        "notes_privees",
        "Notes privées",
        "Notes libres de l'agent, jamais publiées",
        None,
        "À instruire",
        ("parc_id",),
        columns=_NOTES,
    ),
)

# Layer of the car parks in the embedded project; elsewhere the expression gives nothing.
_PARKS = "parzan_parcs_0001"
# Filled by QGIS when an agent adds a row.
DEFAULTS: dict[str, str] = {
    "agent": "@user_account_name",
    "date": "to_date(now())",
    "base_hash": f"attribute(get_feature('{_PARKS}', 'parc_id', \"parc_id\"), 'base_hash')",
}
REQUIRED: dict[str, frozenset[str]] = {
    "corrections": frozenset({"action", "date"}),
    "suivi": frozenset({"parc_id", "etat"}),
    "notes_privees": frozenset({"parc_id", "note"}),
}
HIDDEN: frozenset[str] = frozenset({"base_hash"})


@dataclass(frozen=True)
class Condition:
    """What a form asks of a field, as an expression of QGIS, and the words that say it."""

    expression: str
    words: str


_STATUSES = ", ".join(f"'{code}'" for code in DOMAINS["statut"])
# The replay reads more than this (words, ranges): the form asks for what is sure to be read.
CONDITIONS: dict[str, dict[str, Condition]] = {
    "corrections": {
        "parc_id": Condition(
            '"action" = \'ajouter\' OR "parc_id" IS NOT NULL',
            "Désigner le parc, sauf pour en ajouter un",
        ),
        "valeur": Condition(
            "CASE"
            f' WHEN "action" = \'fixer_statut\' THEN "valeur" IN ({_STATUSES})'
            " WHEN \"action\" = 'fixer_places'"
            " THEN regexp_match(\"valeur\", '^[0-9]+(-[0-9]+)?$') > 0"
            " WHEN \"action\" = 'fixer_date'"
            " THEN regexp_match(\"valeur\", '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') > 0"
            " WHEN \"action\" = 'fusionner'"
            ' THEN "valeur" IS NOT NULL AND "valeur" <> "parc_id"'
            ' WHEN "action" = \'fixer_usage\' THEN "valeur" IS NOT NULL'
            " ELSE TRUE END",
            f"Statut ({', '.join(DOMAINS['statut'])}), places (120 ou 110-130), date (AAAA-MM-JJ),"
            " autre parc d'une fusion, ou usage (surface, souterrain, poids_lourds, clients…)",
        ),
        "motif": Condition(
            "coalesce(\"action\", '') <> 'rejeter' OR length(trim(coalesce(\"motif\", ''))) > 0",
            "Un rejet donne son motif",
        ),
    },
}
