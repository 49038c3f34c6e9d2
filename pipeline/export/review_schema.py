"""Tables of the review file: what an agent decides, follows and notes, park by park."""

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

# Filled by QGIS when an agent adds a row.
DEFAULTS: dict[str, str] = {"agent": "@user_account_name", "date": "to_date(now())"}
REQUIRED: frozenset[str] = frozenset({"parc_id", "action", "etat", "note"})
HIDDEN: frozenset[str] = frozenset({"base_hash"})
