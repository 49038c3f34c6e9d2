"""Symbols and renderers: how a polygon, a point or a category is drawn."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.export.qgis_xml import Value, element, option

Colour = tuple[int, int, int]
SymbolType = Literal["fill", "marker"]
_EXPRESSION = 3  # QgsProperty type: an expression
_OPAQUE = 255


@dataclass(frozen=True)
class Drawing:
    """One symbol: its layers, from the bottom up."""

    kind: SymbolType
    layers: tuple[ET.Element, ...]

    def symbol(self, name: object) -> ET.Element:
        """Return the `<symbol>` that a renderer refers to by `name`."""
        attributes = {
            "type": self.kind,
            "name": name,
            "alpha": 1,
            "clip_to_extent": 1,
            "force_rhr": 0,
        }
        return element("symbol", attributes, self.layers)


@dataclass(frozen=True)
class Case:
    """A line of the legend: a filter (an expression; empty: everything else) and its drawing."""

    label: str
    where: str
    drawing: Drawing


def rgba(colour: Colour, alpha: int = _OPAQUE) -> str:
    """Write a colour as QGIS does; `alpha` from 0 (clear) to 255."""
    return ",".join(str(part) for part in (*colour, alpha))


def polygon(
    outline: Colour,
    fill: Colour | None = None,
    *,
    alpha: int = _OPAQUE,
    width: float = 0.3,
    dash: Literal["solid", "dash", "dot", "dash dot"] = "solid",
) -> ET.Element:
    """Return a fill with its outline (`width` in mm); without `fill`, the outline alone."""
    return _layer(
        "SimpleFill",
        {
            "style": "no" if fill is None else "solid",
            "color": rgba(fill or outline, alpha),
            "outline_color": rgba(outline),
            "outline_style": dash,
            "outline_width": str(width),
            "outline_width_unit": "MM",
            "joinstyle": "round",
        },
    )


def hatching(colour: Colour, *, angle: int, distance: float = 1.6) -> ET.Element:
    """Return parallel lines, `distance` mm apart, at `angle` degrees."""
    return _layer(
        "LinePatternFill",
        {
            "angle": str(angle),
            "distance": str(distance),
            "distance_unit": "MM",
            "color": rgba(colour),
            "line_width": "0.35",
            "line_width_unit": "MM",
        },
    )


def marker(
    shape: Literal["circle", "diamond"],
    fill: Colour,
    *,
    alpha: int = _OPAQUE,
    size: float = 3.0,
    size_in_metres: str = "",
) -> ET.Element:
    """Return a point symbol, `size` in mm, or in metres by the expression `size_in_metres`."""
    properties: dict[str, Value] = {
        "name": shape,
        "color": rgba(fill, alpha),
        "outline_color": rgba((255, 255, 255)),
        "outline_width": "0.25",
        "outline_width_unit": "MM",
        "size": str(size),
        "size_unit": "MapUnit" if size_in_metres else "MM",
    }
    made = _layer("SimpleMarker", properties)
    if size_in_metres:
        made.append(_data_defined({"size": size_in_metres}))
    return made


def fills(*layers: ET.Element) -> Drawing:
    """Stack layers into a polygon symbol."""
    return Drawing("fill", layers)


def markers(*layers: ET.Element) -> Drawing:
    """Stack layers into a point symbol."""
    return Drawing("marker", layers)


def single(drawing: Drawing) -> ET.Element:
    """Draw every feature alike."""
    return element(
        "renderer-v2",
        {"type": "singleSymbol", "symbollevels": 0, "forceraster": 0, "enableorderby": 0},
        [element("symbols", children=[drawing.symbol(0)])],
    )


def categorized(attribute: str, cases: Iterable[tuple[str, str, Drawing]]) -> ET.Element:
    """Draw by the value of a column; `cases` are (value, label, drawing), in legend order."""
    categories, symbols = element("categories"), element("symbols")
    for rank, (value, label, drawing) in enumerate(cases):
        attributes = {
            "type": "string",
            "value": value,
            "label": label,
            "symbol": rank,
            "render": "true",
        }
        categories.append(element("category", attributes))
        symbols.append(drawing.symbol(rank))
    attributes = {
        "type": "categorizedSymbol",
        "attr": attribute,
        "symbollevels": 0,
        "forceraster": 0,
        "enableorderby": 0,
    }
    return element("renderer-v2", attributes, [categories, symbols])


def by_rules(cases: Iterable[Case]) -> ET.Element:
    """Draw by expressions, in legend order."""
    rules, symbols = element("rules", {"key": "root"}), element("symbols")
    for rank, case in enumerate(cases):
        attributes = {
            "key": f"rule-{rank}",
            "symbol": rank,
            "label": case.label,
            "filter": case.where or "ELSE",
        }
        rules.append(element("rule", attributes))
        symbols.append(case.drawing.symbol(rank))
    attributes = {"type": "RuleRenderer", "symbollevels": 0, "forceraster": 0, "enableorderby": 0}
    return element("renderer-v2", attributes, [rules, symbols])


def _layer(kind: str, properties: Mapping[str, Value]) -> ET.Element:
    attributes = {"class": kind, "enabled": 1, "locked": 0, "pass": 0}
    return element("layer", attributes, [option(properties)])


def _data_defined(expressions: Mapping[str, str]) -> ET.Element:
    properties: dict[str, Value] = {
        name: {"active": True, "expression": expression, "type": _EXPRESSION}
        for name, expression in expressions.items()
    }
    collection: dict[str, Value] = {"name": "", "properties": properties, "type": "collection"}
    return element("data_defined_properties", children=[option(collection)])
