"""Run by the system's Python: opens the project of a file in real QGIS, draws each theme."""

import json
import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from qgis.core import QgsApplication, QgsMapRendererSequentialJob, QgsMapSettings, QgsProject
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

SIZE = 300


def colours_of(project, theme):
    """Draw a theme, basemaps left out, and return how many colours are on the sheet."""
    themes = project.mapThemeCollection()
    layers = [it for it in themes.mapThemeVisibleLayers(theme) if it.providerType() == "ogr"]
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setLayerStyleOverrides(themes.mapThemeStyleOverrides(theme))
    extent = layers[0].extent()
    for layer in layers:
        extent.combineExtentWith(layer.extent())
    settings.setExtent(extent)
    settings.setOutputSize(QSize(SIZE, SIZE))
    settings.setBackgroundColor(QColor("white"))
    settings.setDestinationCrs(project.crs())
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    return len({image.pixelColor(x, y).name() for x in range(SIZE) for y in range(SIZE)})


def observed(path):
    project = QgsProject.instance()
    opened = project.read(f"geopackage:{path}?projectName=parzan")
    layers = [layer for layer in project.mapLayers().values() if layer.providerType() == "ogr"]
    seen = {
        "opened": opened,
        "title": project.title(),
        "crs": project.crs().authid(),
        "layers": {layer.name(): layer.isValid() for layer in layers},
        "rows": {layer.name(): layer.featureCount() for layer in layers},
        "aliases": {
            layer.name(): {field.name(): field.alias() for field in layer.fields()}
            for layer in layers
        },
        "themes": {
            name: colours_of(project, name) for name in project.mapThemeCollection().mapThemes()
        },
    }
    project.clear()
    return seen


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    print(json.dumps({path: observed(path) for path in sys.argv[1:]}))
    application.exitQgis()
