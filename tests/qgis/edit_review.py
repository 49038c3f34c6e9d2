"""Run by the system's Python: corrects a park in real QGIS, and stays open while it is asked to."""

import gc
import json
import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from qgis.core import (
    QgsApplication,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsGeometry,
    QgsProject,
    QgsVectorLayerUtils,
)


def new_row(layer, values, geometry=None):
    """Return a row as a form opens it: what the agent gives, and the defaults of the rest."""
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    given = {layer.fields().indexOf(name): value for name, value in values.items()}
    return QgsVectorLayerUtils.createFeature(layer, geometry or QgsGeometry(), given, context)


def refusals(layer, values):
    """Return the fields that the form would refuse."""
    row = new_row(layer, values)
    return [
        field.name()
        for index, field in enumerate(layer.fields())
        if not QgsVectorLayerUtils.validateAttribute(layer, row, index)[0]
    ]


def tell(**said):
    print(json.dumps(said), flush=True)


def main(path, cases):
    application = QgsApplication([], True)
    application.initQgis()
    project = QgsProject.instance()
    opened = project.read(f"geopackage:{path}?projectName=parzan")
    corrections = project.mapLayersByName("Corrections")[0]
    follow_up = project.mapLayersByName("Suivi des dossiers")[0]
    park = next(project.mapLayersByName("Parcs de stationnement")[0].getFeatures())
    refused = [refusals(corrections, case) for case in cases]

    corrections.startEditing()
    larger = park.geometry().buffer(5, 1)
    row = new_row(corrections, {"parc_id": park["parc_id"], "action": "redessiner"}, larger)
    added = corrections.addFeature(row)
    committed = corrections.commitChanges(False)  # saved; the layer stays open to edits
    tell(opened=opened, added=added, committed=committed, errors=corrections.commitErrors(),
         refused=refused, park=park["parc_id"], base_hash=str(row["base_hash"]),
         area=larger.area())  # fmt: skip

    sys.stdin.readline()  # the review is read meanwhile
    follow_up.startEditing()
    follow_up.addFeature(
        new_row(follow_up, {"parc_id": park["parc_id"], "etat": "courrier_envoye"})
    )
    first = next(corrections.getFeatures())
    changed = corrections.changeAttributeValue(
        first.id(), corrections.fields().indexOf("motif"), "voie oubliée"
    )
    tell(changed=changed, saved=[corrections.commitChanges(), follow_up.commitChanges()])
    first = row = park = corrections = follow_up = None
    project.clear()
    gc.collect()
    application.exitQgis()


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
