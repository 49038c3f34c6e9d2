"""Tables of the measure: car parks, exclusions and areas, trees."""

from typing import Literal, get_args

import pandas as pd
import pandera.geopandas as pg
from pandera.engines.geopandas_engine import Geometry
from pandera.typing import Series
from pandera.typing.geopandas import GeoSeries

from pipeline.assumption_groups import Motif
from pipeline.schemas.tables import PlainTable, Polygons, Table

ShadeMethod = Literal["modele_hauteur", "arbres_cartographies"]


class ParkingLot(Polygons):
    """
    Legal car park: one row each, cut and joined, before any exclusion.

    `source_low_m2` and `source_high_m2` span the areas that the matched sources give for the lot;
    `joined_by` is empty when the lot is one drawn piece. `first_seen` is the earliest date (ISO)
    that a source gives, missing when one of them is undated.
    """

    lot_id: Series[str] = pg.Field(unique=True)
    insee_code: Series[str]
    name: Series[str] = pg.Field(nullable=True)
    access: Series[str] = pg.Field(nullable=True)
    operator: Series[str] = pg.Field(nullable=True)
    parking_type: Series[str]
    out_of_scope: Series[str] = pg.Field(nullable=True)
    gross_area_m2: Series[float] = pg.Field(gt=0)
    source_low_m2: Series[float] = pg.Field(ge=0)
    source_high_m2: Series[float] = pg.Field(ge=0)
    source_areas: Series[str]
    accuracy_m: Series[float] = pg.Field(gt=0)
    is_for_trucks: Series[bool]
    first_seen: Series[str] = pg.Field(nullable=True)
    outline_known: Series[bool]
    is_bays_only: Series[bool]
    piece_count: Series[int] = pg.Field(ge=1)
    largest_piece_m2: Series[float] = pg.Field(gt=0)
    joined_by: Series[str] = pg.Field(nullable=True, isin=["source", "allee", "source_et_allee"])
    spaces: Series[float] = pg.Field(nullable=True, ge=0)
    spaces_min: Series[float] = pg.Field(nullable=True, ge=0)
    spaces_max: Series[float] = pg.Field(nullable=True, ge=0)
    spaces_source: Series[str] = pg.Field(
        nullable=True, isin=["comptees", "declarees", "estimees", "fixees"]
    )
    outside_parcels_share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    parcel_ids: Series[str] = pg.Field(nullable=True)
    reliability: Series[str] = pg.Field(isin=["elevee", "moyenne", "faible"])
    reliability_reasons: Series[str]
    sources: Series[str]
    source_ids: Series[str]


class CandidateOutcome(PlainTable):
    """What became of a candidate: its lot, or the reason it has none (French)."""

    candidate_id: Series[str] = pg.Field(unique=True)
    lot_id: Series[str] = pg.Field(nullable=True)
    reason: Series[str]


class ExclusionPiece(Polygons):
    """Piece of a car park that leaves its eligible surface, or is only flagged."""

    lot_id: Series[str]
    motif: Series[str] = pg.Field(isin=get_args(Motif))
    article: Series[str]
    area_m2: Series[float] = pg.Field(ge=0)
    is_deducted: Series[bool]
    is_certain: Series[bool]
    source: Series[str]
    source_id: Series[str]


class EligibleSurface(PlainTable):
    """
    The four legal areas of each lot and the interval of the one that article 40 counts.

    `half_width_m2` is the positional part of the interval; `uncertain_m2` the deducted pieces that
    the maximum puts back; `flagged_m2` the flagged pieces that the minimum also removes.
    """

    lot_id: Series[str] = pg.Field(unique=True)
    gross_area_m2: Series[float] = pg.Field(gt=0)
    excluded_area_m2: Series[float] = pg.Field(ge=0)
    eligible_area_m2: Series[float] = pg.Field(ge=0)
    eligible_min_m2: Series[float] = pg.Field(ge=0)
    eligible_max_m2: Series[float] = pg.Field(ge=0)
    half_width_m2: Series[float] = pg.Field(ge=0)
    uncertain_m2: Series[float] = pg.Field(ge=0)
    flagged_m2: Series[float] = pg.Field(ge=0)
    has_uncertain_ring: Series[bool]
    rainwater_area_m2: Series[float] = pg.Field(ge=0)
    shade_area_m2: Series[float] = pg.Field(ge=0)


class LocatedInstallation(Table):
    """Installation on the best rung of the ladder: `emprise`, `batiment` or `point`."""

    installation_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    name: Series[str] = pg.Field(nullable=True)
    regime: Series[str] = pg.Field(nullable=True)
    seveso: Series[str] = pg.Field(nullable=True)
    activity: Series[str] = pg.Field(nullable=True)
    headings: Series[str] = pg.Field(nullable=True)
    rung: Series[str] = pg.Field(isin=["emprise", "batiment", "point"])
    has_ring: Series[bool]
    ring_is_certain: Series[bool]
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class TreeCover(PlainTable):
    """
    Shade and trees of each lot; missing when nothing measures them on the lot.

    `method`: a height model, else mapped trees. `measured_share` is the share of the eligible
    surface whose height is known. `wide_tree_count` counts crowns that are wide for sure,
    `possible_wide_count` those that may be. `spread_share` is the share of the lot close to a tree
    that stands in it. When both methods speak, `mapped_shade_share` is what mapped trees give, and
    `methods_agree` says whether the two intervals meet. `heights_vintage` dates the height model.
    """

    lot_id: Series[str] = pg.Field(unique=True)
    method: Series[str] = pg.Field(nullable=True, isin=get_args(ShadeMethod))
    tree_count: Series[float] = pg.Field(nullable=True, ge=0)
    wide_tree_count: Series[float] = pg.Field(nullable=True, ge=0)
    possible_wide_count: Series[float] = pg.Field(nullable=True, ge=0)
    shade_share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    shade_share_min: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    shade_share_max: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    outside_shade_share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    spread_share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    trees_are_spread: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    measured_share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    heights_vintage: Series[str] = pg.Field(nullable=True)
    mapped_shade_share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    methods_agree: Series[pd.BooleanDtype] = pg.Field(nullable=True)


class LotTree(Table):
    """
    Tree that stands in a lot or shades it, as a point.

    `is_outside`: it shades the lot without standing in it. `is_wide`: its crown is wide for sure;
    missing when nothing tells its width. `is_counted`: the figures of the lot count it (a mapped
    tree is not counted where a height model measures the lot). `is_from_row`: set along a mapped
    row at an assumed spacing.
    """

    tree_id: Series[str] = pg.Field(unique=True)
    lot_id: Series[str]
    source: Series[str]
    genus: Series[str] = pg.Field(nullable=True)
    height_m: Series[float] = pg.Field(nullable=True, gt=0)
    crown_diameter_m: Series[float] = pg.Field(nullable=True, ge=0)
    crown_area_m2: Series[float] = pg.Field(nullable=True, ge=0)
    is_outside: Series[bool]
    is_wide: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    is_counted: Series[bool]
    is_from_row: Series[bool]
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class CrownPiece(Polygons):
    """
    Crown over the eligible surface of a lot; the pieces of a lot do not overlap.

    `tree_id` is missing for vegetation that no tree top explains.
    """

    lot_id: Series[str]
    tree_id: Series[str] = pg.Field(nullable=True)
    is_outside: Series[bool]
    method: Series[str] = pg.Field(isin=get_args(ShadeMethod))
    area_m2: Series[float] = pg.Field(gt=0)


class CarportPiece(Polygons):
    """
    Part of an existing roof without walls over a lot; the pieces of a lot do not overlap.

    `is_certain`: a source says that it carries panels. A plateau of the height model is a roof that
    no map shows.
    """

    lot_id: Series[str]
    carport_id: Series[str]
    source: Series[str] = pg.Field(isin=["osm", "bdtopo", "mnh"])
    kind: Series[str] = pg.Field(
        isin=["installation_solaire", "ombriere", "toit", "construction", "plateau"]
    )
    is_certain: Series[bool]
    power_kwc: Series[float] = pg.Field(nullable=True, gt=0)
    area_m2: Series[float] = pg.Field(gt=0)


class CarportCover(PlainTable):
    """
    Area of each lot under existing roofs, m² on the ground.

    `solar_m2`: those that a source says to be solar; `other_m2`: those that may be. Both are
    missing when nothing was found and no height model covers the lot: a roof may be unmapped.
    """

    lot_id: Series[str] = pg.Field(unique=True)
    solar_m2: Series[float] = pg.Field(nullable=True, ge=0)
    other_m2: Series[float] = pg.Field(nullable=True, ge=0)
