"""Contracts of the tables that travel between stages, in the order of the flow."""

from typing import get_args

import geopandas as gpd
import pandas as pd
import pandera.geopandas as pg
from pandera.engines.geopandas_engine import Geometry
from pandera.typing import Series
from pandera.typing.geopandas import GeoSeries

from pipeline.assumptions import Motif, Source
from pipeline.rules import ProtectionKind

_POLYGONAL = ("Polygon", "MultiPolygon")


class _Table(pg.GeoDataFrameModel):
    """Rows in the territory CRS; unknown columns are refused, nothing is coerced."""

    class Config:
        """Fail rather than repair: `coerce=True` would reproject in silence."""

        strict = True
        coerce = False


class _Polygons(_Table):
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)

    @pg.check("geometry", name="polygonal")
    @classmethod
    def is_polygonal(cls, geometry: gpd.GeoSeries) -> "pd.Series[bool]":
        """Accept polygons and multipolygons only."""
        return geometry.geom_type.isin(_POLYGONAL)

    @pg.check("geometry", name="valid")
    @classmethod
    def is_valid(cls, geometry: gpd.GeoSeries) -> "pd.Series[bool]":
        """Refuse self-intersections and other invalid rings."""
        return geometry.is_valid


# --- ingestion → the rest -------------------------------------------------------------------------


class Commune(_Polygons):
    """Communes known around the one of the run, itself included."""

    insee_code: Series[str] = pg.Field(unique=True, str_length=5)
    name: Series[str]
    epci_name: Series[str] = pg.Field(nullable=True)


class ParkingCandidate(_Table):
    """
    Object of a source that may be a car park, or a part of one.

    `defect` says why the source draws no whole outline; `geometry` is then missing, or the points
    that are known of it: they locate the candidate, and are never measured. `role`: `outline` draws
    the park, `bays` is a group of mapped spaces, `enclosing` is a unit of land that holds a park
    somewhere, `point_object` stands for a park without drawing it.
    """

    candidate_id: Series[str] = pg.Field(unique=True)
    source: Series[str] = pg.Field(isin=get_args(Source))
    source_id: Series[str]
    role: Series[str] = pg.Field(isin=["outline", "bays", "enclosing", "point_object"])
    parking_type: Series[str] = pg.Field(
        isin=["surface", "aerien_bati", "souterrain", "toiture", "couvert", "voirie"]
    )
    name: Series[str] = pg.Field(nullable=True)
    access: Series[str] = pg.Field(nullable=True)
    operator: Series[str] = pg.Field(nullable=True)
    capacity_min: Series[float] = pg.Field(nullable=True, ge=0)
    capacity_max: Series[float] = pg.Field(nullable=True, ge=0)
    vintage: Series[str] = pg.Field(nullable=True)
    defect: Series[str] = pg.Field(nullable=True)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=True)

    @pg.dataframe_check(name="polygonal_unless_defective")
    @classmethod
    def is_polygonal(cls, table: gpd.GeoDataFrame) -> "pd.Series[bool]":
        """Ask a valid polygon of a candidate without defect; accept points of one that has some."""
        polygonal = table.geometry.geom_type.isin(_POLYGONAL) & table.geometry.is_valid
        pointlike = table.geometry.geom_type.isin(("Point", "MultiPoint"))
        return polygonal | (table["defect"].notna() & (table.geometry.isna() | pointlike))


class ParkingBay(_Table):
    """One mapped space, or a row of them (`capacity` says how many); a polygon or a point."""

    bay_id: Series[str] = pg.Field(unique=True)
    source_id: Series[str]
    capacity: Series[float] = pg.Field(gt=0)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class Road(_Table):
    """
    Centreline of a road on the ground (bridges and tunnels are left out).

    `road_class`: `public` (through road that cuts), `aisle` (mapped parking aisle), `service`
    (service road, private or of unknown status), `unknown` (no class: never cuts, is flagged).
    """

    road_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    road_class: Series[str] = pg.Field(isin=["public", "aisle", "service", "unknown"])
    highway: Series[str] = pg.Field(nullable=True)
    name: Series[str] = pg.Field(nullable=True)
    width_m: Series[float] = pg.Field(nullable=True, gt=0)
    is_freight: Series[bool]
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)

    @pg.check("geometry", name="linear")
    @classmethod
    def is_linear(cls, geometry: gpd.GeoSeries) -> "pd.Series[bool]":
        """Accept lines only."""
        return geometry.geom_type.isin(("LineString", "MultiLineString"))


class Fence(_Table):
    """Line that cannot be driven through: fence, wall, guard rail; gates are openings."""

    fence_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    has_opening: Series[bool]
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class Building(_Polygons):
    """Footprint of a building; roofs and carports are `is_open` and never cut nor deduct."""

    building_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    is_open: Series[bool]


class Installation(_Table):
    """
    Classified installation (ICPE) as the sources give it: a point, or a supplied footprint.

    `is_precise` is false where the source says the point is only the commune's or the street's.
    """

    installation_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    name: Series[str] = pg.Field(nullable=True)
    regime: Series[str] = pg.Field(nullable=True)
    seveso: Series[str] = pg.Field(nullable=True)
    activity: Series[str] = pg.Field(nullable=True)
    headings: Series[str] = pg.Field(nullable=True)
    is_footprint: Series[bool]
    is_precise: Series[bool]
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class Tree(_Table):
    """Mapped tree: a stem (point) or a crown (polygon); diameter and height when surveyed."""

    tree_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    genus: Series[str] = pg.Field(nullable=True)
    height_m: Series[float] = pg.Field(nullable=True, gt=0)
    crown_diameter_m: Series[float] = pg.Field(nullable=True, gt=0)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class Perimeter(_Polygons):
    """Heritage or nature perimeter; `kind` is a key of the protections of `config/rules`."""

    perimeter_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    kind: Series[str] = pg.Field(isin=get_args(ProtectionKind))
    name: Series[str] = pg.Field(nullable=True)


class Parcel(_Polygons):
    """Cadastral parcel; `declared_area_m2` is the tax roll's *contenance*."""

    idu: Series[str] = pg.Field(unique=True, str_length=14)
    declared_area_m2: Series[float] = pg.Field(nullable=True, ge=0)


class CadastralHint(_Table):
    """Outline of the cadastral plan (symbol 64): supports a candidate, never a lot."""

    hint_id: Series[str] = pg.Field(unique=True)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class SourceRecord(pg.DataFrameModel):
    """
    Provenance of one source of the run: used, missing, partial, or of no use here.

    `row_count` is missing where nothing was read.
    """

    folder: Series[str]
    label: Series[str]
    state: Series[str] = pg.Field(isin=["utilisee", "absente", "partielle", "sans_objet"])
    file: Series[str] = pg.Field(nullable=True)
    sha256: Series[str] = pg.Field(nullable=True)
    vintage: Series[str] = pg.Field(nullable=True)
    producer: Series[str] = pg.Field(nullable=True)
    licence: Series[str] = pg.Field(nullable=True)
    row_count: Series[float] = pg.Field(nullable=True, ge=0)
    remarks: Series[str] = pg.Field(nullable=True)

    class Config:
        """Unknown columns are refused, nothing is coerced."""

        strict = True
        coerce = False


# --- parking_lots → the rest ----------------------------------------------------------------------


class ParkingLot(_Polygons):
    """
    Legal car park: one row each, cut and joined, before any exclusion.

    `source_low_m2` and `source_high_m2` span the areas that the matched sources give for the lot;
    `joined_by` is empty when the lot is one drawn piece.
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


class CandidateOutcome(pg.DataFrameModel):
    """What became of a candidate: its lot, or the reason it has none (French)."""

    candidate_id: Series[str] = pg.Field(unique=True)
    lot_id: Series[str] = pg.Field(nullable=True)
    reason: Series[str]

    class Config:
        """Unknown columns are refused, nothing is coerced."""

        strict = True
        coerce = False


# --- eligible_surface → the rest ------------------------------------------------------------------


class ExclusionPiece(_Polygons):
    """Piece of a car park that leaves its eligible surface, or is only flagged."""

    lot_id: Series[str]
    motif: Series[str] = pg.Field(isin=get_args(Motif))
    article: Series[str]
    area_m2: Series[float] = pg.Field(ge=0)
    is_deducted: Series[bool]
    is_certain: Series[bool]
    source: Series[str]
    source_id: Series[str]


class EligibleSurface(pg.DataFrameModel):
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

    class Config:
        """Unknown columns are refused, nothing is coerced."""

        strict = True
        coerce = False


class LocatedInstallation(_Table):
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


# --- tree_canopy → obligation ---------------------------------------------------------------------


class TreeCover(pg.DataFrameModel):
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

    class Config:
        """Unknown columns are refused, nothing is coerced."""

        strict = True
        coerce = False


# --- obligation → export --------------------------------------------------------------------------


class ProtectionShare(pg.DataFrameModel):
    """
    Share of a lot inside a protection perimeter, in [0, 1].

    `kind_share` is the share inside all perimeters of that kind, together; exactly 1 when the lot
    is wholly inside.
    """

    lot_id: Series[str]
    perimeter_id: Series[str]
    kind: Series[str]
    share: Series[float] = pg.Field(gt=0, le=1)
    kind_share: Series[float] = pg.Field(gt=0, le=1)

    class Config:
        """Unknown columns are refused, nothing is coerced."""

        strict = True
        coerce = False


class Verdict(pg.DataFrameModel):
    """What article 40 asks of each lot on the day of the run."""

    lot_id: Series[str] = pg.Field(unique=True)
    regime: Series[str] = pg.Field(isin=["existant_1500", "inconnu", "aucun"])
    regime_is_presumed: Series[bool]
    status: Series[str] = pg.Field(
        isin=["assujetti", "non_assujetti", "exonere", "a_verifier", "hors_champ"]
    )
    reason_code: Series[str]
    reason: Series[str]
    question: Series[str] = pg.Field(nullable=True)
    how_to_settle: Series[str] = pg.Field(nullable=True)
    due_date: Series[str] = pg.Field(nullable=True)
    other_due_date: Series[str] = pg.Field(nullable=True)
    due_state: Series[str] = pg.Field(
        nullable=True, isin=["a_venir", "echue", "echue_report_a_justifier"]
    )
    penalty_cap_eur: Series[float] = pg.Field(nullable=True, gt=0)
    other_penalty_cap_eur: Series[float] = pg.Field(nullable=True, gt=0)
    area_to_cover_m2: Series[float] = pg.Field(nullable=True, ge=0)
    possible_derogations: Series[str] = pg.Field(nullable=True)
    required_tree_count: Series[float] = pg.Field(nullable=True, ge=0)
    priority: Series[float] = pg.Field(nullable=True, ge=1)

    class Config:
        """Unknown columns are refused, nothing is coerced."""

        strict = True
        coerce = False
