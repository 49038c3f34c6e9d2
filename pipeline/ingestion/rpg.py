"""Declared farm parcels (RPG): what is grown where, as the farmer says."""

from collections.abc import Sequence

import pandas as pd

from pipeline.derived_land_choices import DerivedLandChoices
from pipeline.ingestion.land_words import LandRows, kinds_of
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import drop_repeated, keep_polygons
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import list_layers, read_layer

_CROP_COLUMNS = ("culture", "group")


def read_rpg(reports: Sequence[FileReport], scope: Scope, choices: DerivedLandChoices) -> LandRows:
    """
    Read the declared parcels of the window; each tells a use, and a cover where its crop does.

    Raises
    ------
    SourceError
        If a file cannot be read, or has neither the crop nor the group of crops.
    """
    found = LandRows()
    seen: set[str] = set()
    for report in reports:
        for layer in list_layers(report):
            found.surfaces.append(_read_layer(report, layer, scope, choices, seen))
    return found


def _read_layer(
    report: FileReport, layer: str, scope: Scope, choices: DerivedLandChoices, seen: set[str]
) -> pd.DataFrame:
    folder = scope.catalogue["rpg"]
    table = read_layer(report, layer, scope)
    if not any(folder.find(table, name) for name in _CROP_COLUMNS):
        expected = ", ".join(folder.columns["culture"] + folder.columns["group"])
        why = f"couche {layer} : aucune des colonnes {expected} ; déposer les parcelles du RPG"
        raise report.refusal(why)
    ranks = [report.file.row_id(layer, rank) for rank in table.index]
    names = folder.take(table, "id").fillna(pd.Series(ranks, index=table.index, dtype="str"))
    table, ids = drop_repeated(table, [f"rpg/{name}" for name in names], seen, report)
    table = keep_polygons(table.assign(source_id=ids), ids, report)
    report.row_count += len(table)
    words = pd.DataFrame({name: folder.take(table, name) for name in _CROP_COLUMNS})
    rows, kinds = kinds_of(words, choices.of("rpg", "surface"))
    picked = table.iloc[rows]
    return pd.DataFrame(
        {
            "kind": kinds,
            "source": "rpg",
            "source_id": picked["source_id"].to_numpy(dtype=object),
            "vintage": report.vintage,
            "geometry": picked.geometry.to_numpy(),
        }
    )
