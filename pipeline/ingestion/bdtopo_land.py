"""BD TOPO → what its layers tell of the ground: vegetation, water, roads, rails, zones."""

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.derived_land_choices import DerivedLandChoices, LandReading, Shape
from pipeline.ingestion.land_words import LandRows, kinds_of
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import keep_lines, keep_polygons
from pipeline.ingestion.scope import Scope

_ROADS = "troncon_de_route"
_RAILS = "troncon_de_voie_ferree"
_PLANNED = ("en projet", "en construction", "en ruine")
_TRUE = ("true", "oui", "t", "1")


def tells_land(name: str, choices: DerivedLandChoices) -> bool:
    """Tell whether some reading is about a layer, by its name."""
    return bool(_of_layer(name, choices, "surface") or _of_layer(name, choices, "ligne"))


def add_land(
    table: gpd.GeoDataFrame,
    ids: "pd.Series[str]",
    name: str,
    scope: Scope,
    choices: DerivedLandChoices,
    report: FileReport,
    found: LandRows,
) -> None:
    """Add to `found` what one layer tells; what has no ground or is only planned is counted."""
    table = table.assign(source_id=ids)[~table.geometry.isna()]
    table = _that_exists(table, scope, report)
    if readings := _of_layer(name, choices, "ligne"):
        found.axes.append(_axes(table, name, readings, scope, report))
    if readings := _of_layer(name, choices, "surface"):
        kept = keep_polygons(table, table["source_id"], report)
        rows, kinds = kinds_of(_words(kept, readings, scope), readings)
        found.surfaces.append(_rows(kept, rows, kinds, report))
        _count_untold(len(kept) - len(np.unique(rows)), report)


def _of_layer(name: str, choices: DerivedLandChoices, shape: Shape) -> list[LandReading]:
    found = choices.of("bdtopo", shape)
    named = [reading for reading in found if reading.layer is not None and reading.layer in name]
    longest = max((len(reading.layer or "") for reading in named), default=0)
    # « aerodrome » is a part of « piste_d_aerodrome »: the longest name is the layer's.
    return [reading for reading in named if len(reading.layer or "") == longest]


def _that_exists(table: gpd.GeoDataFrame, scope: Scope, report: FileReport) -> gpd.GeoDataFrame:
    """Leave what is planned, in ruins, of a fictitious outline, or in a tunnel."""
    folder = scope.catalogue["bdtopo"]
    planned = folder.take(table, "state").str.lower().isin(_PLANNED)
    fictive = folder.take(table, "is_fictive").str.lower().isin(_TRUE)
    level = pd.to_numeric(folder.take(table, "level"), errors="coerce")
    report.count(
        int((planned | fictive).sum()),
        "objet projeté ou de contour fictif, sans occupation du sol",
        "objets projetés ou de contour fictif, sans occupation du sol",
    )
    below = (level < 0).fillna(value=False)
    report.count(int(below.sum()), "objet souterrain laissé", "objets souterrains laissés")
    return table[~(planned | fictive | below).to_numpy(dtype=bool)]


def _words(table: gpd.GeoDataFrame, readings: list[LandReading], scope: Scope) -> pd.DataFrame:
    folder = scope.catalogue["bdtopo"]
    names = {name for reading in readings for name in reading.where}
    return pd.DataFrame({name: folder.take(table, name) for name in names}, index=table.index)


def _axes(
    table: gpd.GeoDataFrame,
    name: str,
    readings: list[LandReading],
    scope: Scope,
    report: FileReport,
) -> pd.DataFrame:
    folder = scope.catalogue["bdtopo"]
    lines = keep_lines(table, report)
    rows, kinds = kinds_of(_words(lines, readings, scope), readings, only_first=True)
    if _ROADS in name and folder.find(lines, "nature") is None:
        rows, kinds = np.arange(len(lines)), ["voie_inconnue"] * len(lines)
        report.count(len(lines), "tronçon de nature inconnue", "tronçons de nature inconnue")
    given = "track_count" if _RAILS in name else "width_m"
    width = pd.to_numeric(folder.take(lines, given), errors="coerce").iloc[rows]
    column = "tracks" if _RAILS in name else "width_m"
    found = _rows(lines, rows, kinds, report).assign(**{column: width.to_numpy(dtype=float)})
    _count_untold(len(lines) - len(rows), report)
    return found


def _rows(
    table: gpd.GeoDataFrame, rows: np.ndarray, kinds: list[str], report: FileReport
) -> pd.DataFrame:
    picked = table.iloc[rows]
    return pd.DataFrame(
        {
            "kind": kinds,
            "source": "bdtopo",
            "source_id": picked["source_id"].to_numpy(dtype=object),
            "vintage": report.vintage,
            "geometry": picked.geometry.to_numpy(),
        }
    )


def _count_untold(number: int, report: FileReport) -> None:
    report.count(
        number,
        "objet dont la nature ne dit pas l'occupation du sol",
        "objets dont la nature ne dit pas l'occupation du sol",
    )
