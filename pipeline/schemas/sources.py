"""Tables that `ingestion` hands to the stages: what the sources say, in one CRS."""

from typing import get_args

import geopandas as gpd
import pandas as pd
import pandera.geopandas as pg
from pandera.engines.geopandas_engine import Geometry
from pandera.typing import Series
from pandera.typing.geopandas import GeoSeries

from pipeline.assumption_groups import Source
from pipeline.legal_values import ProtectionKind
from pipeline.schemas.tables import POLYGONAL, PlainTable, Polygons, Table


class Commune(Polygons):
    """Communes known around the one of the run, itself included."""

    insee_code: Series[str] = pg.Field(unique=True, str_length=5)
    name: Series[str]
    epci_name: Series[str] = pg.Field(nullable=True)


class ParkingCandidate(Table):
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
    is_for_trucks: Series[bool]
    vintage: Series[str] = pg.Field(nullable=True)
    defect: Series[str] = pg.Field(nullable=True)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=True)

    @pg.dataframe_check(name="polygonal_unless_defective")
    @classmethod
    def is_polygonal(cls, table: gpd.GeoDataFrame) -> "pd.Series[bool]":
        """Ask a valid polygon of a candidate without defect; accept points of one that has some."""
        polygonal = table.geometry.geom_type.isin(POLYGONAL) & table.geometry.is_valid
        pointlike = table.geometry.geom_type.isin(("Point", "MultiPoint"))
        return polygonal | (table["defect"].notna() & (table.geometry.isna() | pointlike))


class ParkingBay(Table):
    """One mapped space, or a row of them (`capacity` says how many); a polygon or a point."""

    bay_id: Series[str] = pg.Field(unique=True)
    source_id: Series[str]
    capacity: Series[float] = pg.Field(gt=0)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class Road(Table):
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


class Fence(Table):
    """Line that cannot be driven through: fence, wall, guard rail; gates are openings."""

    fence_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    has_opening: Series[bool]
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class Building(Polygons):
    """Footprint of a building; roofs and carports are `is_open` and never cut nor deduct."""

    building_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    is_open: Series[bool]


class Installation(Table):
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


class Tree(Table):
    """
    Mapped tree: a stem (point) or a crown (polygon); diameter and height when surveyed.

    `is_from_row`: set along a mapped row at an assumed spacing, not mapped one by one.
    """

    tree_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    is_from_row: Series[bool]
    genus: Series[str] = pg.Field(nullable=True)
    height_m: Series[float] = pg.Field(nullable=True, gt=0)
    crown_diameter_m: Series[float] = pg.Field(nullable=True, gt=0)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class Carport(Polygons):
    """
    Roof without walls that may shelter bays, as a source draws it.

    `is_solar`: a source says that it carries panels; missing when none says, or when it draws the
    land of a plant, not its panels. `power_kwc` where told.
    """

    carport_id: Series[str] = pg.Field(unique=True)
    source: Series[str] = pg.Field(isin=["osm", "bdtopo"])
    kind: Series[str] = pg.Field(isin=["installation_solaire", "ombriere", "toit", "construction"])
    is_solar: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    power_kwc: Series[float] = pg.Field(nullable=True, gt=0)


class Perimeter(Polygons):
    """Heritage or nature perimeter; `kind` is a key of the protections of `config/rules`."""

    perimeter_id: Series[str] = pg.Field(unique=True)
    source: Series[str]
    kind: Series[str] = pg.Field(isin=get_args(ProtectionKind))
    name: Series[str] = pg.Field(nullable=True)


class Parcel(Polygons):
    """Cadastral parcel; `declared_area_m2` is the tax roll's *contenance*."""

    idu: Series[str] = pg.Field(unique=True, str_length=14)
    declared_area_m2: Series[float] = pg.Field(nullable=True, ge=0)


class CadastralHint(Table):
    """Outline of the cadastral plan (symbol 64): supports a candidate, never a lot."""

    hint_id: Series[str] = pg.Field(unique=True)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class SourceRecord(PlainTable):
    """
    Provenance of one source of the run: used, missing, partial, or of no use here.

    `row_count` is missing where nothing was read. `url`, `answer_count` and `received_at` (ISO,
    UTC) tell which answers of a live service make the file; missing for a file put by hand.
    """

    folder: Series[str]
    label: Series[str]
    state: Series[str] = pg.Field(isin=["utilisee", "absente", "partielle", "sans_objet"])
    file: Series[str] = pg.Field(nullable=True)
    sha256: Series[str] = pg.Field(nullable=True)
    vintage: Series[str] = pg.Field(nullable=True)
    producer: Series[str] = pg.Field(nullable=True)
    licence: Series[str] = pg.Field(nullable=True)
    attribution: Series[str] = pg.Field(nullable=True)
    url: Series[str] = pg.Field(nullable=True)
    answer_count: Series[float] = pg.Field(nullable=True, ge=1)
    received_at: Series[str] = pg.Field(nullable=True)
    row_count: Series[float] = pg.Field(nullable=True, ge=0)
    remarks: Series[str] = pg.Field(nullable=True)


class ParkDossier(Table):
    """
    What the service knows of a car park: one row of `dossiers/` (*parcs_dates*).

    A park is named by its `lot_id`, or by a point inside it (`geometry`, territory CRS); one of the
    two is given. Dates are ISO texts; a missing value is *unknown*, never *no*. Several rows may
    speak of one park (works done in several times).
    """

    dossier_id: Series[str] = pg.Field(unique=True)
    lot_id: Series[str] = pg.Field(nullable=True)
    requested_on: Series[str] = pg.Field(nullable=True)
    works_on: Series[str] = pg.Field(nullable=True)
    resurfaced_m2: Series[float] = pg.Field(nullable=True, ge=0)
    is_heavy_renovation: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    absent_on: Series[str] = pg.Field(nullable=True)
    is_concession: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    contract_on: Series[str] = pg.Field(nullable=True)
    deposit_on: Series[str] = pg.Field(nullable=True)
    order_on: Series[str] = pg.Field(nullable=True)
    has_efficient_panels: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    extended_to: Series[str] = pg.Field(nullable=True)
    is_open_to_public: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    serves_l171_building: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    slope_percent: Series[float] = pg.Field(nullable=True, ge=0, le=100)
    is_for_trucks: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    carries_hazmat: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    pleads_cost: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    removal_permit_on: Series[str] = pg.Field(nullable=True)
    geometry: GeoSeries[Geometry] = pg.Field(nullable=True)


class OwnedParcel(PlainTable):
    """
    Right of a legal person (*personne morale*) on a parcel, from the file of the DGFiP.

    Several persons may hold rights on one parcel; a parcel that is not listed belongs to natural
    persons, or to nobody that the file names.
    """

    idu: Series[str] = pg.Field(str_length=14)
    owner_name: Series[str]
    siren: Series[str] = pg.Field(nullable=True, str_length=9)
    right_code: Series[str] = pg.Field(nullable=True)
    right: Series[str] = pg.Field(nullable=True)
    owner_group: Series[str] = pg.Field(nullable=True)


class YieldCell(Polygons):
    """Cell of a grid of photovoltaic yield: kWh a year for one kWc."""

    cell_id: Series[str] = pg.Field(unique=True)
    yield_kwh_kwc: Series[float] = pg.Field(gt=0)
