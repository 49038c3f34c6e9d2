"""The engine as one call: land of one vintage → its status, polygon by polygon, and why."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.artificialisation.coverage import BoolArray, Borders, find_borders
from pipeline.artificialisation.nomenclature import classify
from pipeline.artificialisation.thresholds import (
    ARTIFICIAL,
    UNKNOWN,
    VARIANTS,
    Absorbed,
    Statuses,
    Thresholds,
    Variant,
    apply_thresholds,
    take_status_around,
)
from pipeline.artificialisation.width import Cut, cut_narrow
from pipeline.contracts import check, conform
from pipeline.crs import Territory, ground_area
from pipeline.land_nomenclature import LandNomenclature
from pipeline.schemas import LandPiece, LandStatus

_BUILT = "CS1.1.1.1"
_TRANSPORT = "US4.1."


@dataclass(frozen=True)
class LandRules:
    """
    What the texts of a day say of land.

    `width_m` is the width from which linear infrastructure counts (at least).
    """

    nomenclature: LandNomenclature
    thresholds: Thresholds
    width_m: float
    variant: Variant = VARIANTS[0]


def qualify_land(
    pieces: gpd.GeoDataFrame,
    rules: LandRules,
    territory: Territory,
    *,
    exempted: Mapping[str, BoolArray] | None = None,
) -> gpd.GeoDataFrame:
    """
    Qualify the land of one vintage, whole: thresholds come before any cut by commune.

    In this order, each on what the one before left: the matrix of cover and use; linear
    infrastructure narrower than the width, which takes the status around it; then the passes of
    the variant, for what is below the thresholds.

    Parameters
    ----------
    pieces
        `LandPiece` of one vintage: a valid coverage in the territory CRS, wider than the communes
        that are asked for.
    exempted
        Exemptions that the service grants, by code (`nomenclature.classify`); none by default.

    Returns
    -------
    land
        `LandStatus`: a valid coverage of the same ground. A polygon that holds narrow parts comes
        out in several. Status missing where the codes do not tell it: listed, never guessed.

    References
    ----------
    Code de l'urbanisme, art. R. 101-1 et annexe (décret n° 2023-1096).
    """
    land = check(LandPiece, pieces, territory.crs)
    shapes = land.geometry.to_numpy()
    classes = classify(land["cover_code"], land["use_code"], rules.nomenclature, exempted=exempted)
    status = classes["is_artificial"].fillna(value=False).to_numpy(dtype=np.int8)
    status[classes["is_artificial"].isna().to_numpy()] = UNKNOWN
    linear = _is_linear(land) & (status == ARTIFICIAL)
    cut = cut_narrow(shapes, linear, find_borders(shapes), rules.width_m)
    borders = find_borders(cut.polygons)
    area = ground_area(cut.polygons, territory)
    start, moved = _settle_narrow(status[cut.source], cut, borders)
    category = classes["category"].fillna(0).to_numpy(dtype=np.intp)[cut.source]
    built = land["cover_code"].eq(_BUILT).fillna(value=False).to_numpy(dtype=bool)[cut.source]
    found = apply_thresholds(
        start, category, built & ~cut.is_narrow, area, borders, rules.thresholds, rules.variant
    )
    rows = _rows(land, classes, cut).assign(
        is_artificial=pd.array(found.status == ARTIFICIAL, dtype="boolean"),
        reason=_reasons(classes["exemption"].notna().to_numpy()[cut.source], moved, found),
        component_m2=found.component_m2,
        area_m2=area,
        geometry=cut.polygons,
    )
    rows.loc[found.status == UNKNOWN, "is_artificial"] = pd.NA
    table = gpd.GeoDataFrame(conform(LandStatus, rows, territory.crs))
    return check(LandStatus, table, territory.crs)


def _is_linear(land: gpd.GeoDataFrame) -> BoolArray:
    """Tell roads and rails: the skeleton that the producer marks, else every transport use."""
    transport = land["use_code"].str.startswith(_TRANSPORT).fillna(value=False).to_numpy(dtype=bool)
    frame = land["is_frame"].to_numpy(dtype=bool)
    return np.asarray(transport & frame if frame.any() else transport)


def _settle_narrow(status: Statuses, cut: Cut, borders: Borders) -> tuple[Statuses, BoolArray]:
    """Give narrow parts the status around them; where it is a tie or unknown, leave theirs."""
    around = take_status_around(cut.is_narrow, status, borders)
    moved = cut.is_narrow & (around != UNKNOWN)
    return np.asarray(np.where(moved, around, status)), moved


def _rows(land: gpd.GeoDataFrame, classes: pd.DataFrame, cut: Cut) -> pd.DataFrame:
    """Return what the pieces keep of the polygon that they come from."""
    kept = ["land_id", "vintage", "cover_code", "use_code", "origin", "reliability"]
    rows = pd.DataFrame(land[kept]).assign(
        category=classes["category"].to_numpy(), is_sealed=classes["is_sealed"].to_numpy()
    )
    return rows.iloc[cut.source].reset_index(drop=True)


def _reasons(is_exempted: BoolArray, is_narrow: BoolArray, found: Absorbed) -> np.ndarray:
    """Say what decided, the last one first: a threshold, the width, an exemption, the matrix."""
    return np.select(
        [found.is_changed, is_narrow, is_exempted],
        ["seuil_surface", "seuil_largeur", "exemption"],
        "matrice",
    )
