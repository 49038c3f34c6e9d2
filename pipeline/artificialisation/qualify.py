"""The engine as one call: land of one vintage → its status, polygon by polygon, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.artificialisation.coverage import (
    BoolArray,
    Borders,
    find_borders,
    label_components,
)
from pipeline.artificialisation.cuts import Cut
from pipeline.artificialisation.exemptions import NONE_GRANTED, Freed, Granted, cut_places
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
from pipeline.artificialisation.tree_cover import wooded
from pipeline.artificialisation.width import cut_narrow
from pipeline.contracts import check, conform
from pipeline.crs import FloatArray, GeometryArray, Territory, ground_area
from pipeline.groups import IntArray
from pipeline.land_nomenclature import LandNomenclature
from pipeline.schemas import LandPiece, LandStatus

_BUILT = "CS1.1.1.1"
_HERBACEOUS = "CS2.2."
_TREES = "CS2.1.1.3"  # of mixed kinds: crowns do not tell which
_TRANSPORT = "US4.1."
_KEPT = (
    *("land_id", "vintage", "cover_code", "use_code", "origin"),
    *("reliability", "declared_artificial", "declared_by_threshold"),
)
_NO_CROWNS = np.empty(0, dtype=object)


@dataclass(frozen=True)
class LandRules:
    """
    What the texts of a day say of land, and the reading of their silences.

    `width_m` is the width from which linear infrastructure counts (at least), `tree_share` the
    share of trees from which land is not herbaceous (at least). `variant` gives the status;
    `compared` are told beside it.
    """

    nomenclature: LandNomenclature
    thresholds: Thresholds
    width_m: float
    tree_share: float
    variant: Variant = VARIANTS[0]
    compared: tuple[Variant, ...] = VARIANTS


@dataclass(frozen=True)
class Refinement:
    """
    What refines the codes: places that the service exempts, crowns of mapped trees.

    `crowns`: polygons, shape `(m,)`.
    """

    granted: Granted = NONE_GRANTED
    crowns: GeometryArray = field(default_factory=lambda: _NO_CROWNS)


@dataclass(frozen=True)
class QualifiedLand:
    """
    Land of one vintage with its status.

    `land` is `LandStatus`, a valid coverage; `variants` tells, row by row, whether each variant
    finds it artificial (one nullable column per variant).
    """

    land: gpd.GeoDataFrame
    variants: pd.DataFrame


def qualify_land(
    pieces: gpd.GeoDataFrame,
    rules: LandRules,
    territory: Territory,
    refinement: Refinement | None = None,
) -> QualifiedLand:
    """
    Qualify the land of one vintage, whole: thresholds come before any cut by commune.

    In this order, each on what the one before left: the matrix of cover and use, trees and
    exemptions included; linear infrastructure narrower than the width, which takes the status
    around it; then the passes of the variant, for what is below the thresholds.

    Parameters
    ----------
    pieces
        `LandPiece` of one vintage: a valid coverage in the territory CRS, wider than the communes
        that are asked for.
    refinement
        Exemptions granted and crowns mapped; none by default.

    Returns
    -------
    qualified
        A valid coverage of the same ground. A polygon that holds narrow parts, or a part of an
        exempted place, comes out in several. Status missing where the codes do not tell it: listed,
        never guessed.

    References
    ----------
    Code de l'urbanisme, art. R. 101-1 et annexe (décret n° 2023-1096).
    """
    land = check(LandPiece, pieces, territory.crs).reset_index(drop=True)
    rows, freed = _read_codes(land, rules, refinement or Refinement())
    status = _statuses(rows["by_codes"])
    linear = _is_linear(rows) & (status == ARTIFICIAL)
    shapes = freed.polygons
    cut = cut_narrow(shapes, linear, find_borders(shapes), rules.width_m)
    ground = _Ground(cut, find_borders(cut.polygons), ground_area(cut.polygons, territory))
    rows = rows.iloc[cut.source].reset_index(drop=True)
    start, moved = _settle_narrow(status[cut.source], cut, ground.borders)
    found = {
        variant.name: _judge(start, rows, ground, rules.thresholds, variant)
        for variant in {rules.variant: None, **dict.fromkeys(rules.compared)}
    }
    chosen = found[rules.variant.name]
    result = rows.assign(
        is_artificial=_nullable(chosen.status),
        reason=_reasons(rows, moved, chosen),
        component_m2=chosen.component_m2,
        area_m2=ground.area_m2,
        geometry=cut.polygons,
    )
    table = gpd.GeoDataFrame(conform(LandStatus, result, territory.crs))
    told = {variant.name: _nullable(found[variant.name].status) for variant in rules.compared}
    return QualifiedLand(check(LandStatus, table, territory.crs), pd.DataFrame(told))


@dataclass(frozen=True)
class _Ground:
    """The coverage that thresholds judge: `area_m2` on the ground."""

    cut: Cut
    borders: Borders
    area_m2: FloatArray


def _read_codes(
    land: gpd.GeoDataFrame, rules: LandRules, refinement: Refinement
) -> tuple[pd.DataFrame, Freed]:
    """Return what the matrix says of each polygon, cut at the limits of exempted places."""
    shapes = land.geometry.to_numpy()
    under_trees = _under_trees(land, refinement.crowns, rules.tree_share)
    read = land["cover_code"].mask(pd.Series(under_trees, index=land.index), _TREES)
    frees = _may_be_freed(read, land["use_code"], rules.nomenclature, refinement.granted)
    freed = cut_places(shapes, frees, refinement.granted)
    source = freed.source
    rows = pd.DataFrame(land.drop(columns="geometry")).iloc[source].reset_index(drop=True)
    classes = classify(
        read.iloc[source].reset_index(drop=True),
        rows["use_code"],
        rules.nomenclature,
        exempted=freed.is_in,
    )
    is_wooded = under_trees[source]
    return (
        rows[[*_KEPT, "is_frame", "source"]].assign(
            category=classes["category"],
            by_codes=classes["is_artificial"],
            is_sealed=classes["is_sealed"],
            exemption=classes["exemption"],
            is_wooded=is_wooded,
        ),
        freed,
    )


def _under_trees(land: gpd.GeoDataFrame, crowns: GeometryArray, tree_share: float) -> BoolArray:
    """Tell the herbaceous land that mapped crowns make wooded, surface by surface."""
    shapes, herbaceous = land.geometry.to_numpy(), _starts(land["cover_code"], _HERBACEOUS)
    if not len(crowns):
        return np.zeros(len(shapes), dtype=np.bool_)
    pairs = land.groupby(["cover_code", "use_code"], dropna=False).ngroup()
    codes: IntArray = np.asarray(pairs, dtype=np.intp)
    surface = label_components(codes, find_borders(shapes))
    return wooded(shapes, np.where(herbaceous, surface, -1), crowns, tree_share)


def _may_be_freed(
    covers: "pd.Series[str]",
    uses: "pd.Series[str]",
    nomenclature: LandNomenclature,
    granted: Granted,
) -> Mapping[str, BoolArray]:
    """Tell, by exemption, which polygons it would free if they were in its places."""
    everywhere = np.ones(len(covers), dtype=np.bool_)
    return {
        code: classify(covers, uses, nomenclature, exempted={code: everywhere})["exemption"]
        .notna()
        .to_numpy()
        for code in granted.grounds
    }


def _statuses(is_artificial: "pd.Series[bool]") -> Statuses:
    known = is_artificial.fillna(value=False).to_numpy(dtype=np.int8)
    return np.asarray(np.where(is_artificial.isna(), np.int8(UNKNOWN), known), dtype=np.int8)


def _starts(codes: "pd.Series[str]", prefix: str) -> BoolArray:
    return np.asarray(codes.str.startswith(prefix).fillna(value=False).to_numpy(dtype=bool))


def _is_linear(rows: pd.DataFrame) -> BoolArray:
    """
    Tell roads and rails: the skeleton that the producer marks, else every transport use.

    File by file: a département that marks it says nothing of the one beside it that does not.
    """
    transport = _starts(rows["use_code"], _TRANSPORT)
    file = rows["source"].where(rows["origin"] == "ocsge", "")
    marks = rows["is_frame"].groupby(file, dropna=False).transform("any")
    return np.asarray(transport & (rows["is_frame"] | ~marks).to_numpy(dtype=bool))


def _settle_narrow(status: Statuses, cut: Cut, borders: Borders) -> tuple[Statuses, BoolArray]:
    """Give narrow parts the status around them; where it is a tie or unknown, leave theirs."""
    around = take_status_around(cut.is_inside, status, borders)
    moved = cut.is_inside & (around != UNKNOWN)
    return np.asarray(np.where(moved, around, status)), moved


def _judge(
    start: Statuses, rows: pd.DataFrame, ground: _Ground, thresholds: Thresholds, variant: Variant
) -> Absorbed:
    category: IntArray = rows["category"].fillna(0).to_numpy(dtype=np.intp)
    built = rows["cover_code"].eq(_BUILT).fillna(value=False).to_numpy(dtype=bool)
    is_building = built & ~ground.cut.is_inside
    return apply_thresholds(
        start, category, is_building, ground.area_m2, ground.borders, thresholds, variant
    )


def _nullable(status: Statuses) -> pd.arrays.BooleanArray:
    return pd.arrays.BooleanArray(status == ARTIFICIAL, status == UNKNOWN)


def _reasons(rows: pd.DataFrame, is_narrow: BoolArray, found: Absorbed) -> np.ndarray:
    """Say what decided, the last one first: a threshold, the width, an exemption, the matrix."""
    exempted, under_trees = rows["exemption"].notna().to_numpy(), rows["is_wooded"].to_numpy()
    return np.select(
        [found.is_changed, is_narrow, exempted, under_trees],
        ["seuil_surface", "seuil_largeur", "exemption", "couvert_arbore"],
        "matrice",
    )
