"""The project `parzan` embedded in a product: groups, styles, forms, relations, themes."""

import re
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from pipeline.export.forms import RELATIONS, Relation
from pipeline.export.layers import Layer
from pipeline.export.looks import Look
from pipeline.export.project_layers import (
    BASEMAP_GROUP,
    BASEMAPS,
    GROUPS,
    THEMES,
    Basemap,
    Shown,
    Theme,
    drawn_from_the_top,
)
from pipeline.export.qgis_xml import QGIS_VERSION, document, element, option, reference_system
from pipeline.export.styles import qml, style_children

PROJECT_NAME = "parzan"
_WEB_MERCATOR = 3857
_MARGIN = 0.05
_CREDIT_WIDTH = 100  # characters a line: the decoration does not wrap by itself
_BOTTOM_RIGHT = 3  # of the places that QGIS gives a decoration
_STYLE = "parzan-style"  # holds the place of the style of a layer; words of a source are escaped
_STYLE_PLACE = re.compile(f'<{_STYLE} rank="([0-9]+)" />')


@dataclass(frozen=True)
class Licence:
    """A licence of a layer, and the attribution that it asks for."""

    name: str
    attribution: str
    remark: str


@dataclass(frozen=True)
class Frame:
    """
    What a project must know of its commune or region: where it is, what it shows.

    `credit` is written on the map (*copyright* decoration); `licences` are those of each layer.
    """

    title: str
    abstract: str
    epsg: int
    bounds: tuple[float, float, float, float]
    shown: tuple[Shown, ...]
    themes: tuple[Theme, ...] = THEMES
    relations: tuple[Relation, ...] = RELATIONS
    credit: str = ""
    licences: Mapping[str, tuple[Licence, ...]] = field(default_factory=dict)


def project_document(frame: Frame) -> str:
    """
    Return the project as XML.

    It holds no macro, action nor form code, so QGIS asks for no trust. Layers are found beside the
    file by their name: a renamed file no longer opens.
    """
    shown = frame.shown
    root = element("qgis", {"version": QGIS_VERSION, "projectname": frame.title})
    root.append(element("title", text=frame.title))
    root.append(element("projectCrs", children=[reference_system(frame.epsg)]))
    root.append(_tree(shown))
    root.append(_canvas(frame))
    root.append(_layers(frame))
    root.append(element("layerorder", children=_order(shown)))
    root.append(_relations(frame))
    root.append(element("visibility-presets", children=[_theme(t, shown) for t in frame.themes]))
    root.append(_properties(frame))
    root.append(_metadata(frame))
    styles = [_style_text(it.layer, it.looks, it.editable, bool(frame.relations)) for it in shown]
    return _STYLE_PLACE.sub(lambda place: styles[int(place[1])], document(root))


def _tree(shown: tuple[Shown, ...]) -> ET.Element:
    root = element("layer-tree-group")
    for group in GROUPS:
        leaves = [_leaf(item) for item in shown if item.layer.group == group]
        root.append(_group(group, leaves, checked=True))
    basemaps = [_tree_leaf(b.id, b.title, b.source, "wms", checked=False) for b in BASEMAPS]
    root.append(_group(BASEMAP_GROUP, basemaps, checked=False))
    items = [element("item", text=identifier) for identifier in drawn_from_the_top(shown)]
    root.append(element("custom-order", {"enabled": 1}, items))
    return root


def _group(name: str, children: list[ET.Element], *, checked: bool) -> ET.Element:
    attributes = {"name": name, "checked": _check(checked), "expanded": int(checked)}
    return element("layer-tree-group", attributes, children)


def _leaf(item: Shown) -> ET.Element:
    leaf = _tree_leaf(item.id, item.title, item.source, "ogr", checked=item.checked)
    leaf.set("expanded", str(int(item.key == "parcs")))
    if item.key == "parcs":
        counted = option({"showFeatureCount": "1"})
        leaf.append(element("customproperties", children=[counted]))
    return leaf


def _tree_leaf(
    identifier: str, name: str, source: str, provider: str, *, checked: bool
) -> ET.Element:
    attributes = {
        "id": identifier,
        "name": name,
        "source": source,
        "providerKey": provider,
        "checked": _check(checked),
        "expanded": 0,
    }
    return element("layer-tree-layer", attributes)


def _check(checked: bool) -> str:
    return "Qt::Checked" if checked else "Qt::Unchecked"


def _order(shown: tuple[Shown, ...]) -> list[ET.Element]:
    return [element("layer", {"id": identifier}) for identifier in drawn_from_the_top(shown)]


def _layers(frame: Frame) -> ET.Element:
    vectors = [_vector(item, frame, rank) for rank, item in enumerate(frame.shown)]
    return element("projectlayers", children=[*vectors, *(_raster(b) for b in BASEMAPS)])


def _vector(item: Shown, frame: Frame, rank: int) -> ET.Element:
    look = item.looks[0]
    spatial = item.layer.geometry is not None
    attributes = {
        "type": "vector",
        "geometry": item.geometry,
        "readOnly": int(not item.editable),
        "labelsEnabled": int(bool(look.label)),
        "hasScaleBasedVisibilityFlag": int(bool(item.smallest_scale)),
        "minScale": item.smallest_scale,
        "maxScale": 0,
    }
    children = [
        element("id", text=item.id),
        element("datasource", text=item.source),
        element("layername", text=item.title),
        element("shortname", text=item.key),
        element("abstract", text=item.layer.description),
        element("srs", children=[reference_system(frame.epsg)] if spatial else []),
        element("provider", {"encoding": "UTF-8"}, text="ogr"),
        *_credited(frame.licences.get(item.layer.name, ())),
        element(_STYLE, {"rank": rank}),
    ]
    return element("maplayer", attributes, children)


@cache
def _style_text(layer: Layer, looks: tuple[Look, ...], editable: bool, related: bool) -> str:
    """Return the XML of a style, the same in every project: it is most of their text."""
    children = style_children(layer, looks[0], editable=editable, related=related)
    if len(looks) > 1:
        children.append(_style_manager(layer, looks, editable=editable, related=related))
    return "".join(ET.tostring(child, encoding="unicode") for child in children)


def _credited(licences: tuple[Licence, ...]) -> list[ET.Element]:
    """Return what a layer says of its rights: QGIS shows it in its properties and its legend."""
    if not licences:
        return []
    rights = [element("rights", text=it.attribution) for it in licences]
    names = [element("license", text=it.name) for it in licences]
    limits = [element("constraints", {"type": it.name}, text=it.remark) for it in licences]
    attribution = " ; ".join(it.attribution for it in licences)
    return [
        element("attribution", text=attribution),
        element("resourceMetadata", children=[*limits, *rights, *names]),
    ]


def _style_manager(
    layer: Layer, looks: tuple[Look, ...], *, editable: bool, related: bool
) -> ET.Element:
    current, *others = looks
    styles = [element("map-layer-style", {"name": current.name})]
    for look in others:
        whole = qml(layer, look, editable=editable, related=related)
        styles.append(element("map-layer-style", {"name": look.name}, [whole]))
    return element("map-layer-style-manager", {"current": current.name}, styles)


def _raster(basemap: Basemap) -> ET.Element:
    children = [
        element("id", text=basemap.id),
        element("datasource", text=basemap.source),
        element("layername", text=basemap.title),
        element("attribution", text="© IGN"),
        element("srs", children=[reference_system(_WEB_MERCATOR)]),
        element("provider", text="wms"),
    ]
    return element("maplayer", {"type": "raster"}, children)


def _relations(frame: Frame) -> ET.Element:
    ids = {item.key: item.id for item in frame.shown}
    made = element("relations")
    for relation in frame.relations:
        pair = {"referencingField": "parc_id", "referencedField": "parc_id"}
        attributes = {
            "id": relation.id,
            "name": relation.name,
            "referencingLayer": ids[relation.child],
            "referencedLayer": ids["parcs"],
            "strength": "Association",
        }
        made.append(element("relation", attributes, [element("fieldRef", pair)]))
    return made


def _theme(theme: Theme, shown: tuple[Shown, ...]) -> ET.Element:
    made = element("visibility-preset", {"name": theme.name})
    for item in shown:
        if item.place in theme.places and item.is_leading:
            look = theme.looks.get(item.place)
            style = {"style": look} if look else {}
            made.append(element("layer", {"id": item.id, "visible": 1, **style}))
    return made


def _canvas(frame: Frame) -> ET.Element:
    west, south, east, north = frame.bounds
    margin = max(east - west, north - south) * _MARGIN
    corners = {
        "xmin": west - margin,
        "ymin": south - margin,
        "xmax": east + margin,
        "ymax": north + margin,
    }
    extent = [element(tag, text=repr(value)) for tag, value in corners.items()]
    children = [
        element("units", text="meters"),
        element("extent", children=extent),
        element("destinationsrs", children=[reference_system(frame.epsg)]),
    ]
    return element("mapcanvas", {"name": "theMapCanvas"}, children)


def _properties(frame: Frame) -> ET.Element:
    absolute = element("Absolute", {"type": "bool"}, text="false")
    projected = element("ProjectionsEnabled", {"type": "int"}, text="1")
    paths = element("Paths", children=[absolute])
    systems = element("SpatialRefSys", children=[projected])
    return element("properties", children=[paths, systems, *_copyright(frame.credit)])


def _copyright(credit: str) -> list[ET.Element]:
    """Return the decoration that writes the attributions in a corner of the map, and in prints."""
    if not credit:
        return []
    # QGIS evaluates what stands between [% and %]: the words of a source are no expression.
    lines = textwrap.fill(credit.replace("[%", "[ %"), _CREDIT_WIDTH)
    label = element("Label", {"type": "QString"}, text=lines)
    shown = element("Enabled", {"type": "bool"}, text="true")
    corner = element("Placement", {"type": "int"}, text=str(_BOTTOM_RIGHT))
    return [element("CopyrightLabel", children=[shown, label, corner])]


def _metadata(frame: Frame) -> ET.Element:
    abstract = f"{frame.abstract} {frame.credit}".strip()
    parts = {"title": frame.title, "abstract": abstract, "language": "FRE"}
    children = [element(tag, text=text) for tag, text in parts.items()]
    return element("projectMetadata", children=children)
