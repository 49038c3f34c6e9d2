"""Tables of the measure: car parks, exclusions and areas, trees."""

from typing import get_args

import pandas as pd
import pandera.geopandas as pg
from pandera.engines.geopandas_engine import Geometry
from pandera.typing import Series
from pandera.typing.geopandas import GeoSeries

from pipeline.assumptions import Motif
from pipeline.schemas.tables import PlainTable, Polygons, Table


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
    spaces_source: Series[str] = pg.Field(nullable=True, isin=["comptees", "declarees", "estimees"])
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
    """Shade and trees of each lot, from mapped trees; missing when no tree is mapped on the lot."""

    lot_id: Series[str] = pg.Field(unique=True)
    method: Series[str] = pg.Field(nullable=True, isin=["arbres_cartographies"])
    tree_count: Series[float] = pg.Field(nullable=True, ge=0)
    wide_tree_count: Series[float] = pg.Field(nullable=True, ge=0)
    shade_share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    shade_share_min: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    shade_share_max: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    outside_shade_share: Series[float] = pg.Field(nullable=True, ge=0, le=1)
    trees_are_spread: Series[pd.BooleanDtype] = pg.Field(nullable=True)
