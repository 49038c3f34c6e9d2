"""How the communes of a region are drawn: their limits, or the number of their subject parks."""

import xml.etree.ElementTree as ET

from pipeline.export.symbols import Case, Colour, Drawing, by_rules, fills, polygon, single

_STEPS: tuple[tuple[int, Colour], ...] = (
    (20, (120, 30, 60)),
    (5, (190, 70, 80)),
    (1, (235, 170, 150)),
)
_NONE: Colour = (240, 240, 235)
_EDGE: Colour = (110, 110, 110)


def limits() -> ET.Element:
    """Draw the limits of the communes alone, under what is to be read."""
    return single(fills(polygon(_EDGE, width=0.3)))


def communes() -> ET.Element:
    """Draw the communes by their number of subject parks."""
    cases = [
        Case(_words(least), f'"assujettis_nb" >= {least}', _fill(colour))
        for least, colour in _STEPS
    ]
    return by_rules([*cases, Case("Aucun parc assujetti", "", _fill(_NONE))])


def _words(least: int) -> str:
    return f"{least} parcs assujettis ou plus" if least > 1 else "Un parc assujetti ou plus"


def _fill(colour: Colour) -> Drawing:
    return fills(polygon(_EDGE, colour, alpha=150, width=0.2))
