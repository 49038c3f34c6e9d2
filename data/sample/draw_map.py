"""Draw the map of the demo in the system's QGIS: `make map` (arguments: product, picture)."""

import gc
import sys

from qgis.core import (
    QgsApplication,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

_SIZE = QSize(1500, 1100)
_MARGIN_M = 160.0


def draw(product: str, picture: str) -> None:
    """Render the project as it opens, framed on the car parks."""
    project = QgsProject.instance()
    if not project.read(f"geopackage:{product}?projectName=parzan"):
        sys.exit(f"{product}: the embedded project does not open")
    root = project.layerTreeRoot()
    extent = QgsRectangle(project.mapLayersByName("Parcs de stationnement")[0].extent())
    settings = QgsMapSettings()
    settings.setLayers(
        [layer for layer in root.layerOrder() if root.findLayer(layer.id()).isVisible()]
    )
    settings.setOutputSize(_SIZE)
    settings.setExtent(extent.buffered(_MARGIN_M))
    settings.setDestinationCrs(project.crs())
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(picture)
    project.clear()


if __name__ == "__main__":
    application = QgsApplication([], True)
    application.initQgis()
    draw(*sys.argv[1:3])
    gc.collect()  # a layer still held when QGIS leaves crashes it
    application.exitQgis()
