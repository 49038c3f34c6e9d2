"""How corrections are drawn, those of the review file, replayed, in conflict; and past outlines."""

import xml.etree.ElementTree as ET

from pipeline.export.symbols import Case, by_rules, categorized, fills, polygon, single

_PINK = (200, 0, 160)
_OLD = (120, 120, 120)
_NOW = (230, 90, 0)


def corrections() -> ET.Element:
    """Draw the outlines that agents drew."""
    return single(fills(polygon(_PINK, _PINK, alpha=30, width=0.8, dash="dash")))


def replayed() -> ET.Element:
    """Draw the outline each decision was taken on, stronger where it was applied."""
    applied = fills(polygon(_PINK, width=0.5, dash="dot"))
    other = fills(polygon(_OLD, width=0.4, dash="dot"))
    return by_rules(
        [Case("Décision appliquée", "\"etat\" = 'appliquee'", applied), Case("Autre", "", other)]
    )


def known() -> ET.Element:
    """Draw the parks that ever were, those that are gone dotted."""
    here, gone = fills(polygon(_OLD, width=0.3)), fills(polygon(_OLD, width=0.5, dash="dot"))
    return by_rules(
        [Case("Parc présent", "\"etat\" = 'present'", here), Case("Parc qui n'est plus", "", gone)]
    )


def conflicts() -> ET.Element:
    """Draw both outlines of a conflict: the one that the agent saw under that of today."""
    return categorized(
        "role",
        [
            ("base", "Contour que l'agent a vu", fills(polygon(_OLD, _OLD, alpha=40, width=0.8))),
            ("actuel", "Contour d'aujourd'hui", fills(polygon(_NOW, width=0.8, dash="dash"))),
        ],
    )
