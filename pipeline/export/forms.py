"""Forms: the widget, alias and default of each field, the tabs of the park, its related tables."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.export.domains import DOMAINS
from pipeline.export.fields import Column
from pipeline.export.layers import Layer
from pipeline.export.park_columns import PARK_TABS
from pipeline.export.qgis_xml import Value, element, option
from pipeline.export.review_schema import CONDITIONS, DEFAULTS, HIDDEN, REQUIRED

_LARGE = 1e12
_HARD = 2  # QgsFieldConstraints: the form refuses
_NOT_NULL, _EXPRESSION = 1, 4
_READING_ORDER = {"decisions": "rang", "derogations": "certitude"}


@dataclass(frozen=True)
class Relation:
    """Rows of `child` that belong to a park, shown in a tab of its form."""

    child: str
    name: str
    tab: str

    @property
    def id(self) -> str:
        """Identifier of the relation in the project."""
        return f"rel_{self.child}"


RELATIONS: tuple[Relation, ...] = (
    Relation("exclusions", "Exclusions", "Superficie"),
    Relation("decisions", "Raisonnement", "Raisonnement"),
    Relation("derogations", "Exonérations et dérogations", "Dérogations"),
    Relation("parcelles", "Parcelles", "Propriétaire"),
    Relation("arbres", "Arbres", "Arbres"),
    Relation("candidats", "Objets des sources", "Provenance"),
    Relation("journal", "Journal", "Histoire"),
    Relation("parcs_filiation", "Filiation", "Histoire"),
    Relation("corrections_rejouees", "Corrections rejouées", "Histoire"),
    Relation("corrections", "Corrections", "Revue"),
    Relation("suivi", "Suivi", "Revue"),
    Relation("notes_privees", "Notes privées", "Revue"),
)


def field_children(layer: Layer, *, editable: bool, related: bool) -> list[ET.Element]:
    """
    Return what a style says of the fields of `layer`.

    `related` shows the related tables in the park's form: only a project knows its relations.
    """
    widgets, aliases, access = (
        element("fieldConfiguration"),
        element("aliases"),
        element("editable"),
    )
    for rank, column in enumerate(layer.columns, start=1):  # 0 is fid
        widgets.append(_field(column))
        alias = {"name": column.alias, "field": column.name, "index": rank}
        aliases.append(element("alias", alias))
        access.append(element("field", {"name": column.name, "editable": int(editable)}))
    made = [widgets, aliases, access]
    if editable:
        made += [_constraints(layer), _expressions(layer), _defaults(layer)]
    if layer.name in _READING_ORDER:
        made.append(_attribute_table(layer))
    if layer.name == "parcs":
        made += [element("editorlayout", text="tablayout"), _park_form(layer, related=related)]
    return made


def _attribute_table(layer: Layer) -> ET.Element:
    """Sort the rows as they are read, in a table as in the list of a related form."""
    sort = {"sortExpression": f'"{_READING_ORDER[layer.name]}"', "sortOrder": 0}
    shown = [
        element("column", {"type": "field", "name": column.name, "width": -1, "hidden": 0})
        for column in layer.columns
    ]
    columns = element("columns", children=shown)
    attributes = {**sort, "actionWidgetStyle": "dropDown"}
    return element("attributetableconfig", attributes, [columns])


def _field(column: Column) -> ET.Element:
    kind, settings = widget(column)
    config = element("config", children=[option(settings)])
    edit = element("editWidget", {"type": kind}, [config])
    return element("field", {"name": column.name, "configurationFlags": "None"}, [edit])


def widget(column: Column) -> tuple[str, Mapping[str, Value]]:
    """Return the QGIS editor of a column and its settings."""
    if column.name in HIDDEN:
        return "Hidden", {}
    if column.domain:
        return "ValueMap", {"map": [{words: code} for code, words in _values(column)]}
    match column.kind:
        case "date":
            shown = {"display_format": "dd/MM/yyyy", "field_format": "yyyy-MM-dd"}
            return "DateTime", {**shown, "calendar_popup": True, "allow_null": True}
        case "boolean":
            return "CheckBox", {"TextDisplayMethod": 0, "AllowNullState": True}
        case "integer" | "real":
            return "Range", _range(column)
        case _:
            return "TextEdit", {"IsMultiline": column.long, "UseHtml": False}


def _values(column: Column) -> list[tuple[str, str]]:
    return list(DOMAINS[column.domain].items())


def _range(column: Column) -> dict[str, Value]:
    return {
        "AllowNull": True,
        "Precision": column.decimals,
        "Style": "SpinBox",
        "Min": 0.0 if column.unit or column.kind == "integer" else -_LARGE,
        "Max": _LARGE,
        "Step": 1.0,
        "Suffix": column.suffix,
    }


def _constraints(layer: Layer) -> ET.Element:
    """Say which fields a form refuses empty, and which it holds to a condition."""
    required, asked = REQUIRED.get(layer.name, frozenset()), CONDITIONS.get(layer.name, {})
    children = []
    for column in layer.columns:
        kinds = {
            "constraints": _NOT_NULL * (column.name in required)
            + _EXPRESSION * (column.name in asked),
            "notnull_strength": _HARD * (column.name in required),
            "unique_strength": 0,
            "exp_strength": _HARD * (column.name in asked),
        }
        if kinds["constraints"]:
            children.append(element("constraint", {"field": column.name, **kinds}))
    return element("constraints", children=children)


def _expressions(layer: Layer) -> ET.Element:
    children = [
        element("constraint", {"field": name, "exp": asked.expression, "desc": asked.words})
        for name, asked in CONDITIONS.get(layer.name, {}).items()
    ]
    return element("constraintExpressions", children=children)


def _defaults(layer: Layer) -> ET.Element:
    children = [
        element("default", {"field": name, "expression": expression, "applyOnUpdate": 0})
        for name, expression in DEFAULTS.items()
        if any(column.name == name for column in layer.columns)
    ]
    return element("defaults", children=children)


def _park_form(layer: Layer, *, related: bool) -> ET.Element:
    rank = {column.name: number for number, column in enumerate(layer.columns, start=1)}
    tabs = {
        title: [
            element("attributeEditorField", {"name": name, "index": rank[name], "showLabel": 1})
            for name in names
        ]
        for title, names in PARK_TABS.items()
    }
    for relation in RELATIONS if related else ():
        tabs.setdefault(relation.tab, []).append(_relation_editor(relation))
    filled = [_tab(title, children) for title, children in tabs.items() if children]
    return element("attributeEditorForm", children=filled)


def _tab(title: str, children: list[ET.Element]) -> ET.Element:
    attributes = {
        "name": title,
        "groupBox": 0,
        "columnCount": 1,
        "showLabel": 1,
        "visibilityExpressionEnabled": 0,
    }
    return element("attributeEditorContainer", attributes, children)


def _relation_editor(relation: Relation) -> ET.Element:
    return element(
        "attributeEditorRelation",
        {
            "name": relation.id,
            "relation": relation.id,
            "label": relation.name,
            "showLabel": 1,
            "forceSuppressFormPopup": 0,
            "nmRelationId": "",
            "relationWidgetTypeId": "relation_editor",
        },
    )
