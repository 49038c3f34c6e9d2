"""Styles: the same list of elements serves a QML of `layer_styles` and a layer of the project."""

import xml.etree.ElementTree as ET
from functools import cache

from pipeline.export.forms import field_children
from pipeline.export.layers import GEOMETRY_COLUMN, Layer
from pipeline.export.looks import LOOKS, MIXED, Look
from pipeline.export.qgis_xml import QGIS_VERSION, document, element
from pipeline.export.registry import NamedStyle

_CATEGORIES = "Symbology|Labeling|Fields|Forms|MapTips|AttributeTable"
_GEOMETRY_TYPES = {"Point": 0, "Polygon": 2, "": 4}
# Level and inside the polygon where the text fits, else beside it; beside a point, never on it.
_PLACEMENT: dict[str, dict[str, object]] = {
    "Polygon": {"placement": 4, "polygonPlacementFlags": 3},
    "Point": {"placement": 6, "dist": 1.5, "distUnits": "MM"},
}
_PLAIN = Look("défaut", "", lambda: element("renderer-v2"))
# A data value enters a map tip as text: without this, a name could bring its own HTML.
_ESCAPED = "replace(replace(replace(coalesce({}, ''), '&', '&amp;'), '<', '&lt;'), '>', '&gt;')"
_TIP_TITLES = {
    "parcs": "coalesce(\"nom\", 'Parc sans nom')",
    "exclusions": 'represent_value("motif")',
    "icpe": '"nom"',
    "perimetres_protection": 'coalesce("nom", "libelle")',
    "candidats": 'represent_value("source")',
    "parcelles": '"idu"',
}
_AREA_AND_BOUNDS = (
    "format_number(\"surface_assujettie_m2\", 0, 'fr') || ' m² (entre '"
    " || format_number(\"surface_assujettie_min_m2\", 0, 'fr') || ' et '"
    " || format_number(\"surface_assujettie_max_m2\", 0, 'fr') || ')'"
)
# Rows of a table in a related form: the list shows one line each.
_ROW_TITLES = {
    "decisions": (
        '"rang" || \'. \' || "question" || \' — \' || lower(represent_value("resultat"))'
        " || coalesce(' → ' || \"conclusion\", '')"
    ),
    "journal": "format_date(\"vu_le\", 'dd/MM/yyyy') || ' — ' || \"detail\"",
    "derogations": '"libelle" || \' — \' || represent_value("certitude")',
}
_TIP_LINES: dict[str, tuple[str, ...]] = {
    "parcs": (
        'represent_value("statut")',
        _AREA_AND_BOUNDS,
        '"motif"',
        '"question_a_lever"',
    ),
    "exclusions": ("format_number(\"surface_m2\", 0, 'fr') || ' m²'", '"article"'),
    "icpe": ('"regime"', '"activite"'),
    "perimetres_protection": ('"libelle"', 'represent_value("effet")'),
    "candidats": ('"nom"', '"raison"'),
    "parcelles": ("format_number(\"contenance_m2\", 0, 'fr') || ' m² de contenance'",),
}


def looks_of(layer: Layer) -> tuple[Look, ...]:
    """Return the looks of a layer, the default first; a table has one without drawing."""
    return LOOKS.get(layer.name, (_PLAIN,))


def style_children(
    layer: Layer, look: Look, *, editable: bool, related: bool = False
) -> list[ET.Element]:
    """Return everything that a style says: drawing, labels, fields, form, map tip."""
    made = [look.renderer()] if look.geometry else []
    if look.label:
        made.append(_labels(look))
    made += field_children(layer, editable=editable, related=related)
    if row_title := _ROW_TITLES.get(layer.name):
        made.append(element("previewExpression", text=row_title))
    title = _TIP_TITLES.get(layer.name)
    if title:
        made += [element("previewExpression", text=title), _map_tip(layer.name, title)]
    return made


def qml(layer: Layer, look: Look, *, editable: bool, related: bool = False) -> ET.Element:
    """Return a whole QML document."""
    attributes = {
        "version": QGIS_VERSION,
        "styleCategories": _CATEGORIES,
        "labelsEnabled": int(bool(look.label)),
    }
    root = element("qgis", attributes)
    root.extend(style_children(layer, look, editable=editable, related=related))
    if look.geometry != MIXED:  # QGIS refuses the whole style when the type is not the layer's
        root.append(element("layerGeometryType", text=str(_GEOMETRY_TYPES[look.geometry])))
    return root


@cache
def stored_styles(layers: tuple[Layer, ...], *, editable: bool) -> tuple[NamedStyle, ...]:
    """Return the rows of `layer_styles`: every look of every layer, the first one by default."""
    return tuple(
        NamedStyle(
            table=layer.name,
            geometry_column=GEOMETRY_COLUMN if layer.geometry else "",
            name=look.name,
            qml=document(qml(layer, look, editable=editable) if rank == 0 else _drawing_only(look)),
            is_default=rank == 0,
        )
        for layer in layers
        for rank, look in enumerate(looks_of(layer))
        if rank == 0 or layer.geometry != "Unknown"
    )


def _drawing_only(look: Look) -> ET.Element:
    """Return a QML that changes the drawing and leaves the form as the default style set it."""
    attributes = {"version": QGIS_VERSION, "styleCategories": "Symbology|Labeling"}
    root = element("qgis", {**attributes, "labelsEnabled": 1}, [look.renderer(), _labels(look)])
    root.append(element("layerGeometryType", text=str(_GEOMETRY_TYPES[look.geometry])))
    return root


def _labels(look: Look) -> ET.Element:
    halo = {
        "bufferDraw": 1,
        "bufferSize": 0.9,
        "bufferSizeUnits": "MM",
        "bufferColor": "255,255,255,235",
        "bufferJoinStyle": 128,
    }
    style = {
        "fieldName": look.label,
        "isExpression": 1,
        "fontFamily": "DejaVu Sans",
        "fontWeight": 50,  # without it, QGIS takes the thinnest
        "fontSize": 8,
        "fontSizeUnit": "Point",
        "textColor": "20,20,20,255",
    }
    scales = {"scaleVisibility": 1, "scaleMin": 1, "scaleMax": look.label_scale}
    settings = [
        element("text-style", style, [element("text-buffer", halo)]),
        element("text-format", {"multilineAlign": 1}),
        element("placement", {**_PLACEMENT[look.geometry], "priority": look.label_priority}),
        # A label covers its own object rather than a neighbour.
        element("rendering", {**scales, "obstacle": 1, "obstacleFactor": 2, "obstacleType": 0}),
    ]
    children = [element("settings", {"calloutType": "simple"}, settings)]
    return element("labeling", {"type": "simple"}, children)


def _map_tip(name: str, title: str) -> ET.Element:
    lines = [f"<b>[% {_ESCAPED.format(title)} %]</b>"]
    lines += [f"[% {_ESCAPED.format(line)} %]" for line in _TIP_LINES[name]]
    return element("mapTip", text="<br>".join(lines))
