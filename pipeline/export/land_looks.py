"""How the land looks: categories, status, what a threshold or the producer says otherwise."""

import xml.etree.ElementTree as ET

from pipeline.export.domains import DOMAINS
from pipeline.export.symbols import (
    Case,
    Colour,
    Drawing,
    by_rules,
    fills,
    hatching,
    marker,
    markers,
    polygon,
)

# Artificial from grey to red, the rest in the colours of what grows or flows there.
_CATEGORY_COLOURS: dict[str, Colour] = {
    "1": (90, 20, 30),
    "2": (150, 60, 60),
    "3": (200, 130, 100),
    "4": (240, 190, 160),
    "5": (170, 60, 150),
    "6": (150, 190, 220),
    "7": (250, 235, 150),
    "8": (40, 120, 60),
    "9": (90, 165, 110),
    "10": (175, 215, 150),
}
_ARTIFICIAL: Colour = (178, 60, 50)
_NATURAL: Colour = (120, 175, 110)
_UNKNOWN: Colour = (200, 200, 200)
_EDGE: Colour = (110, 110, 110)
_NEW: Colour = (200, 20, 30)
_BACK: Colour = (0, 120, 90)
_OURS: Colour = (230, 120, 0)
_THEIRS: Colour = (90, 60, 170)
_SITE: Colour = (120, 80, 20)
_NO_DATA = "\"raison\" = 'non_couvert'"


def categories() -> ET.Element:
    """Draw the ten categories of the annex."""
    known = [
        Case(label, f'"categorie" = {number}', _flat(_CATEGORY_COLOURS[number]))
        for number, label in DOMAINS["categorie_sol"].items()
    ]
    bare = Case("Aucune donnée", _NO_DATA, _blank())
    return by_rules([*known, bare, Case("Inconnue", "", _doubt())])


def status() -> ET.Element:
    """Draw artificial or not, whatever decided."""
    return by_rules(
        [
            Case("Artificialisé", '"artificialise"', _flat(_ARTIFICIAL)),
            Case("Non artificialisé", 'NOT "artificialise"', _flat(_NATURAL)),
            Case("Aucune donnée", _NO_DATA, _blank()),
            Case("Inconnu", "", _doubt()),
        ]
    )


def decided_by() -> ET.Element:
    """Draw what the thresholds, the width or an exemption changed; the matrix stays pale."""
    changed = '"artificialise" <> "artificialise_codes"'
    return by_rules(
        [
            Case("Artificialisé par seuil", f'{changed} AND "artificialise"',
                 _changed(_ARTIFICIAL, 45)),
            Case("Non artificialisé par seuil", f'{changed} AND NOT "artificialise"',
                 _changed(_NATURAL, 45)),
            Case("Exemption accordée", "\"raison\" = 'exemption'", _changed((40, 90, 160), 135)),
            Case("Couvert arboré", "\"raison\" = 'couvert_arbore'", _changed((20, 90, 40), 135)),
            Case("Artificialisé d'après les codes", '"artificialise"', _pale(_ARTIFICIAL)),
            Case("Non artificialisé d'après les codes", 'NOT "artificialise"', _pale(_NATURAL)),
            Case("Inconnu ou sans donnée", "", _doubt()),
        ]
    )  # fmt: skip


def flows() -> ET.Element:
    """Draw what became artificial or ceased to be; dotted where only a threshold did it."""
    colours = {"artificialisation": _NEW, "desartificialisation": _BACK}
    cases = []
    for flow, label in DOMAINS["flux_sol"].items():
        where = f'"flux" = \'{flow}\' AND "cause" = '
        solid = fills(polygon(colours[flow], colours[flow], alpha=190, width=0.4))
        dotted = fills(
            polygon(colours[flow], width=0.4, dash="dash"), hatching(colours[flow], angle=45)
        )
        cases.append(Case(label, f"{where}'occupation'", solid))
        cases.append(Case(f"{label} par seuil seul", f"{where}'seuil'", dotted))
    return by_rules(cases)


def disagreements() -> ET.Element:
    """Draw on which side a disagreement with the producer is."""
    return by_rules(
        [
            Case("Artificialisé ici, non selon l'IGN", '"artificialise"', _outlined(_OURS)),
            Case("Artificialisé selon l'IGN, non ici", "", _outlined(_THEIRS)),
        ]
    )


def brownfield_points() -> Drawing:
    """Return the symbol of a brownfield known by a point."""
    return markers(marker("diamond", _SITE, size=3.6))


def brownfield_grounds() -> Drawing:
    """Return the symbol of a brownfield whose ground is drawn."""
    return fills(polygon(_SITE, _SITE, alpha=60, width=0.6, dash="dash"))


def brownfields() -> ET.Element:
    """Draw a table of points and polygons: each rule has the symbol of its geometry."""
    kind = "geometry_type($geometry) = '{}'"
    return by_rules(
        [
            Case("Friche, point", kind.format("Point"), brownfield_points()),
            Case("Friche, emprise", kind.format("Polygon"), brownfield_grounds()),
        ]
    )


def _flat(colour: Colour) -> Drawing:
    return fills(polygon(_EDGE, colour, alpha=190, width=0.05))


def _pale(colour: Colour) -> Drawing:
    return fills(polygon(_EDGE, colour, alpha=60, width=0.05))


def _changed(colour: Colour, angle: int) -> Drawing:
    return fills(
        polygon((30, 30, 30), colour, alpha=200, width=0.5),
        hatching((30, 30, 30), angle=angle, distance=1.2),
    )


def _outlined(colour: Colour) -> Drawing:
    return fills(polygon(colour, colour, alpha=70, width=0.7), hatching(colour, angle=45))


def _doubt() -> Drawing:
    drawn = polygon(_UNKNOWN, (235, 235, 235), alpha=150, width=0.05)
    return fills(drawn, hatching(_UNKNOWN, angle=135, distance=3))


def _blank() -> Drawing:
    return fills(polygon(_EDGE, width=0.3, dash="dot"))
