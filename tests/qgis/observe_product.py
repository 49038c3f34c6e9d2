"""Run by the system's Python: opens a product in real QGIS and prints what it sees, as JSON."""

import gc
import hashlib
import json
import os
import sys
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsLayerTreeModel,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerTools,
    QgsVectorLayerUtils,
)
from qgis.gui import QgsAttributeEditorContext, QgsAttributeForm, QgsGui
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QListView, QTabWidget

SIZE = 700
BLENDED_ON_WHITE = 170 / 255  # opacity of a park's fill


def colour_count(image, red, green, blue):
    """Count the pixels of a status colour, as it shows on a white sheet."""
    shown = [
        round(part * BLENDED_ON_WHITE + 255 * (1 - BLENDED_ON_WHITE)) for part in (red, green, blue)
    ]
    count = 0
    for y in range(0, image.height(), 2):
        for x in range(0, image.width(), 2):
            pixel = image.pixelColor(x, y)
            found = (pixel.red(), pixel.green(), pixel.blue())
            count += all(abs(a - b) <= 6 for a, b in zip(found, shown, strict=True))
    return count


def render(project, layers, extent, target=None):
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setExtent(extent)
    settings.setOutputSize(QSize(SIZE, SIZE))
    settings.setBackgroundColor(QColor("white"))
    settings.setDestinationCrs(project.crs())
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    if target:
        image.save(target)
    return image


def drawn_near(image, layer, row):
    """Tell whether the middle of a feature is not white on a map of its layer."""
    extent = layer.extent().buffered(50)
    side = max(extent.width(), extent.height())
    middle = row.geometry().centroid().asPoint()
    x = SIZE / 2 + (middle.x() - extent.center().x()) / side * SIZE
    y = SIZE / 2 - (middle.y() - extent.center().y()) / side * SIZE
    return image.pixelColor(round(x), round(y)).name() != "#ffffff"


def added_by_hand(path, tables):
    """Add each table on its own, as an analyst does: the stored default style must apply."""
    seen = {}
    for table in tables:
        layer = QgsVectorLayer(f"{path}|layername={table}", table, "ogr")
        fields = layer.fields()
        renderer = layer.renderer()
        seen[table] = {
            "valid": layer.isValid(),
            "rows": layer.featureCount(),
            "renderer": renderer.type() if renderer else None,
            "labels": layer.labelsEnabled(),
            "aliases": {field.name(): field.alias() for field in fields},
            "widgets": {
                field.name(): layer.editorWidgetSetup(i).type() for i, field in enumerate(fields)
            },
        }
        if table == "parcs":
            seen[table]["categories"] = {c.value(): c.label() for c in renderer.categories()}
            for name in ("statut", "motif_code"):
                config = layer.editorWidgetSetup(fields.indexOf(name)).config()
                seen[table][name] = config["map"]
        if table in ("perimetres_protection", "sols"):
            seen[table]["legend"] = [item.label() for item in renderer.legendSymbolItems()]
        if table == "icpe":
            project = QgsProject.instance()
            project.setCrs(layer.crs())
            image = render(project, [layer], layer.extent().buffered(50))
            seen[table]["legend"] = [item.label() for item in renderer.legendSymbolItems()]
            seen[table]["drawn"] = [drawn_near(image, layer, row) for row in layer.getFeatures()]
    return seen


def relations_in(container):
    return [
        child.relation().name() if child.relation().isValid() else "invalid"
        for child in container.children()
        if hasattr(child, "relation")
    ]


def related_rows(parks, manager):
    """Return, for each park and relation, the lines that its related form lists."""
    seen = {}
    for relation in manager.relations().values():
        child = relation.referencingLayer()
        table = child.attributeTableConfig()
        lines = seen[relation.name()] = {"sorted_by": table.sortExpression(), "rows": {}}
        for park in parks.getFeatures():
            found = sorted(relation.getRelatedFeatures(park), key=lambda row: row.id())
            lines["rows"][park["parc_id"]] = [line_of(child, row) for row in found]
    return seen


def line_of(layer, row):
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(row)
    value = QgsExpression(layer.displayExpression()).evaluate(context)
    return value if isinstance(value, str) else None


def form_seen(parks):
    """Open the form of the first park, as a click on it does, and read each of its tabs."""
    QgsGui.editorWidgetRegistry().initEditors()
    tools, context = NoTools(), QgsAttributeEditorContext()
    context.setVectorLayerTools(tools)  # without them, QGIS crashes on a relation
    form = QgsAttributeForm(parks, next(parks.getFeatures()), context)
    form.show()
    bar = form.findChildren(QTabWidget)[0]
    seen = {}
    for tab in range(bar.count()):
        bar.setCurrentIndex(tab)
        for _ in range(20):
            QgsApplication.processEvents()
        lists = bar.widget(tab).findChildren(QListView)
        features = [it for it in lists if it.metaObject().className() == "QgsFeatureListView"]
        seen[bar.tabText(tab)] = [rows_of(shown.model()) for shown in features]
    form.close()
    return seen


class NoTools(QgsVectorLayerTools):
    """What QGIS Desktop gives a form to add and edit related rows; here, only to read them."""

    def addFeature(self, *_, **__):  # noqa: N802 - names of QGIS
        return False

    def startEditing(self, *_):  # noqa: N802
        return False

    def stopEditing(self, *_):  # noqa: N802
        return True

    def saveEdits(self, *_):  # noqa: N802
        return True


def rows_of(model):
    return [model.index(row, 0).data() for row in range(model.rowCount())] if model else []


def project_seen(project):
    layers = {}
    for layer in project.mapLayers().values():
        layers[layer.name()] = {
            "valid": layer.isValid(),
            "read_only": layer.readOnly() if hasattr(layer, "readOnly") else None,
            "checked": project.layerTreeRoot().findLayer(layer).isVisible(),
            "crs": layer.crs().authid(),
            "rows": layer.featureCount() if hasattr(layer, "featureCount") else None,
            "licences": layer.metadata().licenses(),
            "rights": layer.metadata().rights(),
        }
    parks = project.mapLayersByName("Parcs de stationnement")[0]
    manager = project.relationManager()
    root = project.layerTreeRoot()
    return {
        "title": project.title(),
        "crs": project.crs().authid(),
        "abstract": project.metadata().abstract(),
        "credit": project.readEntry("CopyrightLabel", "/Label", "")[0],
        "is_credit_shown": project.readBoolEntry("CopyrightLabel", "/Enabled", False)[0],
        "groups": [group.name() for group in root.findGroups()],
        "order": [layer.name() for layer in root.layerOrder()],
        "layers": layers,
        "relations": {r.name(): r.isValid() for r in manager.relations().values()},
        "tabs": {tab.name(): relations_in(tab) for tab in parks.editFormConfig().tabs()},
        "related": related_rows(parks, manager),
        "form": form_seen(parks),
        "themes": sorted(project.mapThemeCollection().mapThemes()),
    }


def themes_seen(project, colours, folder):
    """Apply each theme, and count the pixels of each status colour on its map."""
    root = project.layerTreeRoot()
    model = QgsLayerTreeModel(root)
    parks = project.mapLayersByName("Parcs de stationnement")[0]
    extent = parks.extent().buffered(60)
    seen = {}
    for theme in project.mapThemeCollection().mapThemes():
        project.mapThemeCollection().applyTheme(theme, root, model)
        visible = [layer for layer in root.layerOrder() if root.findLayer(layer).isVisible()]
        image = render(project, visible, extent, f"{folder}/{theme}.png")
        seen[theme] = {
            "visible": [layer.name() for layer in visible],
            "style": parks.styleManager().currentStyle(),
            "legend": [item.label() for item in parks.renderer().legendSymbolItems()],
            "land_legend": legend_of(project.mapLayersByName("Sols 2024")[0]),
            "labels": labels_of(parks),
            "pixels": {name: colour_count(image, *rgb) for name, rgb in colours.items()},
        }
    return seen


def legend_of(layer):
    return [item.label() for item in layer.renderer().legendSymbolItems()]


def labels_of(parks):
    """Return the text of each park's label, as QGIS works it out."""
    expression = QgsExpression(parks.labeling().settings().fieldName)
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(parks))
    seen = {}
    for feature in parks.getFeatures():
        context.setFeature(feature)
        value = expression.evaluate(context)
        seen[feature["parc_id"]] = value if isinstance(value, str) else None
    return seen


def tips_seen(project):
    parks = project.mapLayersByName("Parcs de stationnement")[0]
    seen = {}
    for feature in parks.getFeatures():
        context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(parks))
        context.setFeature(feature)
        template = parks.mapTipTemplate()
        seen[feature["parc_id"]] = QgsExpression.replaceExpressionText(template, context)
    return seen


def editing_seen(project, path):
    """Add a correction and a follow-up as an analyst does; the product must not change."""
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    parks = project.mapLayersByName("Parcs de stationnement")[0]
    seen = {"parks_editable": parks.startEditing()}
    for name, action in (("Corrections", "action"), ("Suivi des dossiers", "etat")):
        layer = project.mapLayersByName(name)[0]
        layer.startEditing()
        row = QgsVectorLayerUtils.createFeature(layer)
        row["parc_id"] = next(parks.getFeatures())["parc_id"]
        row[action] = "confirmer" if action == "action" else "courrier_envoye"
        layer.addFeature(row)
        seen[name] = {
            "agent": str(row["agent"]),
            "date": row["date"].toString("yyyy-MM-dd"),
            "committed": layer.commitChanges(),
            "errors": layer.commitErrors(),
            "rows": layer.featureCount(),
        }
    seen["unchanged"] = hashlib.sha256(Path(path).read_bytes()).hexdigest() == digest
    return seen


def main(path, request):
    application = QgsApplication([], True)  # with widgets: a form is opened
    application.initQgis()
    messages = []
    QgsApplication.messageLog().messageReceived.connect(
        lambda text, tag, level: (
            level in (Qgis.Warning, Qgis.Critical) and messages.append(f"{tag}: {text}")
        )
    )
    registry = QgsApplication.projectStorageRegistry()
    project = QgsProject.instance()
    seen = {
        "version": Qgis.QGIS_VERSION,
        "projects": registry.projectStorageFromType("geopackage").listProjects(path),
        "added": added_by_hand(path, request["tables"]),
        "opened": project.read(f"geopackage:{path}?projectName=parzan"),
    }
    seen |= {
        "project": project_seen(project),
        "themes": themes_seen(project, request["colours"], request["folder"]),
        "tips": tips_seen(project),
        "editing": editing_seen(project, path),
        "messages": messages,
    }
    project.clear()  # QGIS crashes at exit while a Python name still holds a layer
    gc.collect()
    print(json.dumps(seen))
    application.exitQgis()


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
