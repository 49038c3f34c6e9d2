"""BD TOPO v3 (IGN): car parks, roads, buildings and vegetation of the window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.assumptions import Assumptions
from pipeline.crs import ground_area
from pipeline.ingestion.bdtopo_land import add_land, tells_land
from pipeline.ingestion.land_words import LandRows
from pipeline.ingestion.outlines import keep_outlines
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.repairs import drop_repeated, keep_lines, keep_polygons
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import count_fields, list_layers, read_layer
from pipeline.masks import MASKS, to_masks

_PUBLIC_IMPORTANCE = ("1", "2", "3", "4")
_NAMED_IMPORTANCE = "5"
_NOT_FOR_CARS = ("chemin", "sentier", "escalier", "route empierrée", "piste cyclable", "bac")
_PLANNED = ("en projet", "en construction", "en ruine")
_TRUE = ("true", "oui", "t", "1")


@dataclass
class BdTopo:
    """
    Rows of BD TOPO, layer after layer, before they meet those of the other sources.

    `land` is None unless what the ground is was asked for.
    """

    candidates: list[pd.DataFrame] = field(default_factory=list)
    roads: list[pd.DataFrame] = field(default_factory=list)
    buildings: list[pd.DataFrame] = field(default_factory=list)
    carports: list[pd.DataFrame] = field(default_factory=list)
    masks: list[pa.Table] = field(default_factory=list)
    land: LandRows | None = None


def read_bdtopo(
    reports: Sequence[FileReport],
    scope: Scope,
    assumptions: Assumptions,
    *,
    with_land: bool = False,
) -> BdTopo:
    """
    Read the layers of BD TOPO that a car park needs; others are recorded as unused.

    With `with_land`, also what the layers tell of the ground (`found.land`). A layer is recognised
    by its name, or its file's, else by its columns. A shapefile without
    `.dbf` gives geometry only: its roads have no class.

    Raises
    ------
    SourceError
        If a file cannot be read.
    """
    found = BdTopo(land=LandRows() if with_land else None)
    seen: set[str] = set()
    for report in reports:
        for layer in list_layers(report):
            _read_layer(report, layer, scope, assumptions, seen, found)
    return found


def _read_layer(
    report: FileReport,
    layer: str,
    scope: Scope,
    assumptions: Assumptions,
    seen: set[str],
    found: BdTopo,
) -> None:
    fields, count = count_fields(report, layer)
    name = f"{report.file.stem} {layer}".lower()
    kind = _kind(name, fields)
    is_land = found.land is not None and tells_land(name, assumptions.derived_land)
    if kind is None and not is_land:
        report.note(f"couche {layer} : {count} objets, sans usage pour les parcs de stationnement")
        return
    table = read_layer(report, layer, scope, keep_missing=kind == "candidates")
    for date in scope.catalogue["bdtopo"].take(table, "updated").dropna().sort_values()[-1:]:
        report.keep_latest(date)
    table, ids = _identified(table, report, layer, scope, seen)
    if found.land is not None and is_land:
        add_land(table, ids, name, scope, assumptions.derived_land, report, found.land)
    if kind is None:
        report.row_count += len(table)
        return
    rows = _ROWS[kind](table, ids, scope, assumptions, report)
    if isinstance(rows, pa.Table):
        found.masks.append(rows)
    else:
        getattr(found, kind).append(rows)
    if kind == "buildings":
        found.carports.append(_carports(rows))
    report.row_count += len(rows)


def is_read(report: FileReport, layer: str, assumptions: Assumptions, *, with_land: bool) -> bool:
    """Tell whether `read_bdtopo` reads a layer, or only says that it has no use for it."""
    fields, _ = count_fields(report, layer)
    name = f"{report.file.stem} {layer}".lower()
    return _kind(name, fields) is not None or (
        with_land and tells_land(name, assumptions.derived_land)
    )


def _kind(name: str, fields: frozenset[str]) -> str | None:
    """Return which table a layer feeds, from its name, else from its columns; or None."""
    by_name = (
        ("equipement_de_transport", "candidates"),
        ("troncon_de_route", "roads"),
        ("zone_de_vegetation", "masks"),
        ("batiment", "buildings"),
        ("haie", None),
    )
    for part, kind in by_name:
        if part in name:
            return kind
    if fields & {"construction_legere", "leger"} and fields & {"usage_1", "usage1"}:
        return "buildings"
    if {"importance", "nature"} <= fields and fields & {"largeur_de_chaussee", "nb_voies"}:
        return "roads"
    # The other layers with a detailed nature are either never fictitious, or have a category.
    is_equipment = {"nature", "fictif"} <= fields and "categorie" not in fields
    return "candidates" if is_equipment and fields & {"nature_detaillee", "nat_detail"} else None


def _identified(
    table: gpd.GeoDataFrame, report: FileReport, layer: str, scope: Scope, seen: set[str]
) -> tuple[gpd.GeoDataFrame, "pd.Series[str]"]:
    """Return the rows that no file gave before, and their ids (rank in the file without column)."""
    given = scope.catalogue["bdtopo"].take(table, "id")
    ranks = [report.file.row_id(layer, rank) for rank in table.index]
    names = given.fillna(pd.Series(ranks, index=table.index, dtype="str"))
    return drop_repeated(table, [f"bdtopo/{name}" for name in names], seen, report)


def _candidates(
    table: gpd.GeoDataFrame,
    ids: "pd.Series[str]",
    scope: Scope,
    assumptions: Assumptions,
    report: FileReport,
) -> pd.DataFrame:
    folder = scope.catalogue["bdtopo"]
    named = table.assign(candidate_id=ids)
    is_parking = folder.take(table, "nature").str.lower().eq("parking").fillna(value=False)
    planned = folder.take(table, "state").str.lower().isin(_PLANNED)
    report.count(
        int((~is_parking).sum()),
        "équipement d'une autre nature laissé",
        "équipements d'une autre nature laissés",
    )
    report.count(
        int((is_parking & planned).sum()), "parking en projet laissé", "parkings en projet laissés"
    )
    kept = named[(is_parking & ~planned).to_numpy(dtype=bool)]
    kept = keep_outlines(kept, report)
    area = ground_area(kept.geometry.to_numpy(), scope.territory)
    limit = assumptions.parking_lots.point_object_area_m2.value
    is_square = kept["defect"].isna().to_numpy() & (area <= limit)
    return pd.DataFrame(
        {
            "candidate_id": kept["candidate_id"],
            "source": "bdtopo",
            "source_id": kept["candidate_id"].str.removeprefix("bdtopo/"),
            "role": np.where(is_square, "point_object", kept["role"]),
            "parking_type": "surface",
            "is_for_trucks": False,
            "name": folder.take(kept, "name"),
            "vintage": folder.take(kept, "updated").str[:10].str.replace("/", "-", regex=False),
            "defect": [
                f"objet ponctuel : carré de {size:.0f} m², pas de contour" if small else told
                for size, small, told in zip(area, is_square, kept["defect"], strict=True)
            ],
            "geometry": kept.geometry.to_numpy(),
        }
    )


def _roads(
    table: gpd.GeoDataFrame,
    ids: "pd.Series[str]",
    scope: Scope,
    assumptions: Assumptions,  # noqa: ARG001 - one signature for every layer
    report: FileReport,
) -> pd.DataFrame:
    folder = scope.catalogue["bdtopo"]
    table = keep_lines(table.assign(road_id=ids), report)
    level = folder.take(table, "level").fillna("0")
    on_ground = level.isin(["0", "Gué ou radier"])
    for_cars = ~folder.take(table, "nature").str.lower().isin(_NOT_FOR_CARS)
    report.count(
        int((~on_ground).sum()),
        "tronçon en pont ou tunnel laissé",
        "tronçons en pont ou tunnel laissés",
    )
    report.count(int((~for_cars).sum()), "chemin ou sentier laissé", "chemins ou sentiers laissés")
    kept = table[(on_ground & for_cars).to_numpy(dtype=bool)]
    name = folder.take(kept, "road_name").fillna(folder.take(kept, "road_name_right"))
    width = pd.to_numeric(folder.take(kept, "width_m"), errors="coerce")
    return pd.DataFrame(
        {
            "road_id": kept["road_id"],
            "source": "bdtopo",
            "road_class": _road_class(kept, name, scope),
            "name": name,
            "width_m": width.where(width > 0),
            "is_freight": False,
            "geometry": kept.geometry.to_numpy(),
        }
    )


def _road_class(kept: pd.DataFrame, name: "pd.Series[str]", scope: Scope) -> "pd.Series[str]":
    """Tell roads that cut from those that only serve; without importance, nobody knows."""
    folder = scope.catalogue["bdtopo"]
    importance = folder.take(kept, "importance")
    is_public = importance.isin(_PUBLIC_IMPORTANCE) | (
        importance.eq(_NAMED_IMPORTANCE).fillna(value=False) & name.notna()
    )
    is_private = folder.take(kept, "is_private").str.lower().isin(_TRUE)
    classes = np.select([is_private, is_public], ["service", "public"], "unknown")
    return pd.Series(classes, index=kept.index, dtype="str")


def _buildings(
    table: gpd.GeoDataFrame,
    ids: "pd.Series[str]",
    scope: Scope,
    assumptions: Assumptions,  # noqa: ARG001 - one signature for every layer
    report: FileReport,
) -> pd.DataFrame:
    table = keep_polygons(table.assign(building_id=ids), ids, report)
    light = scope.catalogue["bdtopo"].take(table, "is_light").str.lower()
    return pd.DataFrame(
        {
            "building_id": table["building_id"],
            "source": "bdtopo",
            "is_open": light.isin(_TRUE).to_numpy(dtype=bool),
            "geometry": table.geometry.to_numpy(),
        }
    )


def _carports(buildings: pd.DataFrame) -> pd.DataFrame:
    """Return the light constructions, which may shelter bays; nothing says what they carry."""
    light = buildings[buildings["is_open"]]
    return light.rename(columns={"building_id": "carport_id"}).assign(kind="construction")


def _masks(
    table: gpd.GeoDataFrame,
    ids: "pd.Series[str]",
    scope: Scope,
    assumptions: Assumptions,
    report: FileReport,
) -> pa.Table:
    covers = [cover for cover in assumptions.ground_cover if cover.source == "bdtopo"]
    table = keep_polygons(table.assign(mask_id=ids), ids, report)
    nature = scope.catalogue["bdtopo"].take(table, "nature")
    pieces = [MASKS.empty_table()]
    for cover in covers:
        rows = table[(nature.eq(cover.value).fillna(value=False) | (cover.value == "*")).to_numpy()]
        deducts = cover.effect == "deduit"
        pieces.append(
            to_masks(
                rows.geometry.to_numpy(),
                ids=rows["mask_id"],
                source=["bdtopo"] * len(rows),
                motif=cover.motif,
                deducts=deducts,
                certain=deducts,
            )
        )
    return pa.concat_tables(pieces)


_ROWS: dict[str, Callable[..., pd.DataFrame | pa.Table]] = {
    "candidates": _candidates,
    "roads": _roads,
    "buildings": _buildings,
    "masks": _masks,
}
