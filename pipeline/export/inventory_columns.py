"""Columns of the layers that are carried from run to run."""

from pipeline.export.fields import Column, day, sentences, share, text

# A park that is gone is in no other layer: its identifier has a column of its own.
_PARK = (
    text("parc_id", "living_id", "Parc"),
    text("ancien_parc_id", "gone_id", "Parc disparu", "Identifiant qui n'est plus employé."),
)
_DECISION = (
    text("action", "action", "Action", domain="action_correction"),
    text("valeur", "value", "Valeur"),
)
_WHO = (text("agent", "agent", "Agent"), day("date", "decided_on", "Date de la décision"))
_CORRECTION = text("correction_id", "correction_id", "Correction", "Dans le fichier de revue.")

INVENTORY_COLUMNS: dict[str, tuple[Column, ...]] = {
    "corrections_rejouees": (
        _CORRECTION,
        *_PARK,
        *_DECISION,
        sentences("motif", "motive", "Motif"),
        *_WHO,
        text("base_hash", "base_hash", "Empreinte de la base", "Contour que l'agent a vu."),
        text("etat", "state", "Ce qu'elle est devenue", domain="etat_correction"),
        sentences("raison", "reason", "Pourquoi"),
    ),
    "conflits": (
        _CORRECTION,
        *_PARK,
        text("role", "role", "Contour", domain="role_conflit"),
        *_DECISION,
        *_WHO,
        share("part_deplacee", "moved_share", "Part du contour qui a changé"),
        sentences("raison", "reason", "Pourquoi"),
    ),
    "parcs_filiation": (
        *_PARK,
        text("evenement", "event", "Événement", domain="evenement_filiation"),
        text("parc_id_lie", "related_id", "Parc lié", "D'où il vient, ou ce qu'il est devenu."),
        share("part_commune", "share", "Part commune", "Du plus petit des deux contours."),
        sentences("source_ids", "source_ids", "Identifiants dans les sources"),
        day("vu_le", "seen_on", "Vu le"),
    ),
    "parcs_connus": (
        *_PARK,
        text("etat", "state", "État", domain="etat_parc_connu"),
        sentences("source_ids", "source_ids", "Identifiants dans les sources"),
    ),
    "journal": (
        day("vu_le", "seen_on", "Vu le"),
        *_PARK,
        text("nom", "name", "Nom"),
        text("nature", "kind", "Changement", domain="nature_changement"),
        text("avant", "before", "Avant"),
        text("apres", "after", "Après"),
        text("causes", "causes", "Causes (codes)", "Jointes par « ; » : l'une d'elles au moins."),
        sentences("causes_libelles", "cause_words", "Causes"),
        sentences("detail", "detail", "Détail"),
    ),
    "empreintes": (
        text("nom", "name", "Élément"),
        text("valeur", "value", "Empreinte"),
    ),
}
