"""Tables of the land: pieces of a land cover, and the status of each."""

from typing import Literal, get_args

import pandas as pd
import pandera.geopandas as pg
from pandera.engines.geopandas_engine import Geometry
from pandera.typing import Series
from pandera.typing.geopandas import GeoSeries

from pipeline.derived_land_choices import Reliability
from pipeline.schemas.tables import PlainTable, Polygons, Table

LandOrigin = Literal["ocsge", "derive"]
Flow = Literal["artificialisation", "desartificialisation"]
StatusReason = Literal[
    "matrice", "seuil_surface", "seuil_largeur", "exemption", "couvert_arbore", "non_couvert"
]


class LandPiece(Polygons):
    """
    Piece of a land cover of one vintage (year), before any cut by commune.

    `cover_code` and `use_code` are dotted (`CS1.1.1.1`, `US4.1.1`), missing where the source has
    none. `is_frame`: part of the road and rail skeleton (`ossature`). `declared_artificial` and
    `declared_by_threshold` are what the producer's product says (`artif`, `crit_seuil`), missing
    where it does not speak: compared with, never used. `reliability` is that of a derived land
    cover, missing for the producer's own.
    """

    land_id: Series[str] = pg.Field(unique=True)
    vintage: Series[int]
    cover_code: Series[str] = pg.Field(nullable=True)
    use_code: Series[str] = pg.Field(nullable=True)
    is_frame: Series[bool]
    origin: Series[str] = pg.Field(isin=get_args(LandOrigin))
    source: Series[str]
    reliability: Series[str] = pg.Field(nullable=True, isin=get_args(Reliability))
    declared_artificial: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    declared_by_threshold: Series[pd.BooleanDtype] = pg.Field(nullable=True)


class LandStatus(Polygons):
    """
    Piece of land with its category (1° to 10°), its status, and what decided.

    `category`, `is_artificial` and `is_sealed` are missing where the codes do not tell, or where no
    source covers the land (`non_couvert`, without origin). `is_sealed` follows the cover, whatever
    the status. `by_codes` is the status that the codes alone give, exemptions included, before any
    width or threshold. `component_m2` is the area, on the ground, of the component whose size
    decided. `declared_artificial` and `declared_by_threshold`: see `LandPiece`.
    """

    land_id: Series[str]
    vintage: Series[int]
    cover_code: Series[str] = pg.Field(nullable=True)
    use_code: Series[str] = pg.Field(nullable=True)
    category: Series[pd.Int64Dtype] = pg.Field(nullable=True, ge=1, le=10)
    by_codes: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    is_artificial: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    is_sealed: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    exemption: Series[str] = pg.Field(nullable=True)
    reason: Series[str] = pg.Field(isin=get_args(StatusReason))
    component_m2: Series[float] = pg.Field(nullable=True, ge=0)
    area_m2: Series[float] = pg.Field(ge=0)
    origin: Series[str] = pg.Field(nullable=True, isin=get_args(LandOrigin))
    declared_artificial: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    declared_by_threshold: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    reliability: Series[str] = pg.Field(nullable=True, isin=get_args(Reliability))


class LandFlow(Polygons):
    """
    Ground whose status changed between two vintages, with what it was and what it became.

    `cause`: the land cover or use changed the status by itself (`occupation`), or only a threshold
    did (`seuil`): the surface around grew or shrank past it.
    """

    vintage_before: Series[int]
    vintage_after: Series[int]
    flow: Series[str] = pg.Field(isin=get_args(Flow))
    cause: Series[str] = pg.Field(isin=["occupation", "seuil"])
    cover_before: Series[str] = pg.Field(nullable=True)
    use_before: Series[str] = pg.Field(nullable=True)
    cover_after: Series[str] = pg.Field(nullable=True)
    use_after: Series[str] = pg.Field(nullable=True)
    reason_before: Series[str] = pg.Field(isin=get_args(StatusReason))
    reason_after: Series[str] = pg.Field(isin=get_args(StatusReason))
    area_m2: Series[float] = pg.Field(gt=0)


class LandTransition(PlainTable):
    """
    Cell of the matrix of changes: ground of a commune by what it was and what it became.

    Categories and statuses are missing where the codes do not tell, or where no source covers.
    """

    vintage_before: Series[int]
    vintage_after: Series[int]
    category_before: Series[pd.Int64Dtype] = pg.Field(nullable=True, ge=1, le=10)
    is_artificial_before: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    category_after: Series[pd.Int64Dtype] = pg.Field(nullable=True, ge=1, le=10)
    is_artificial_after: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    area_m2: Series[float] = pg.Field(ge=0)


class VariantArea(PlainTable):
    """
    What a variant of the thresholds finds in a commune, against the default one and the producer.

    Areas in m². The four last ones are missing where the producer's product says nothing; the
    ground where either side does not know is in none of them.
    """

    vintage: Series[int]
    variant: Series[str]
    is_default: Series[bool]
    artificial_m2: Series[float] = pg.Field(ge=0)
    differs_m2: Series[float] = pg.Field(ge=0)
    both_artificial_m2: Series[float] = pg.Field(nullable=True, ge=0)
    neither_artificial_m2: Series[float] = pg.Field(nullable=True, ge=0)
    only_ours_m2: Series[float] = pg.Field(nullable=True, ge=0)
    only_declared_m2: Series[float] = pg.Field(nullable=True, ge=0)


class UnreadCodes(PlainTable):
    """Pair of codes that the nomenclature does not answer in full, and the land that bears it."""

    vintage: Series[int]
    cover_code: Series[str] = pg.Field(nullable=True)
    use_code: Series[str] = pg.Field(nullable=True)
    cause: Series[str]
    is_artificial: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    piece_count: Series[int] = pg.Field(ge=1)
    area_m2: Series[float] = pg.Field(ge=0)


class Indicator(PlainTable):
    """
    Indicator of the local report of a commune.

    `value` is missing where it is not known; `least` and `most` bound it over the variants of the
    thresholds and the land whose status is not known. `is_compulsory` is missing where it depends
    on a planning document that no source tells of. `warning`: what the number is not.
    """

    code: Series[str]
    label: Series[str]
    value: Series[float] = pg.Field(nullable=True)
    least: Series[float] = pg.Field(nullable=True)
    most: Series[float] = pg.Field(nullable=True)
    unit: Series[str] = pg.Field(isin=["m2", "/1", "oui/non"])
    vintage_before: Series[pd.Int64Dtype] = pg.Field(nullable=True)
    vintage: Series[pd.Int64Dtype] = pg.Field(nullable=True)
    article: Series[str]
    is_compulsory: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    warning: Series[str]


class CrossedBrownfield(Table):
    """
    Brownfield (*friche*), the artificial land on it and the car parks that it holds.

    `area_m2` and `artificial_m2` are missing for a point, `is_artificial` for a polygon; all three
    where no land cover tells. Dates as the inventory writes them. `lot_ids` joined by « ; ».
    """

    site_id: Series[str] = pg.Field(unique=True)
    name: Series[str] = pg.Field(nullable=True)
    site_type: Series[str] = pg.Field(nullable=True)
    status: Series[str] = pg.Field(nullable=True)
    identified_on: Series[str] = pg.Field(nullable=True)
    updated_on: Series[str] = pg.Field(nullable=True)
    declared_area_m2: Series[float] = pg.Field(nullable=True, ge=0)
    area_m2: Series[float] = pg.Field(nullable=True, ge=0)
    artificial_m2: Series[float] = pg.Field(nullable=True, ge=0)
    is_artificial: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    lot_ids: Series[str] = pg.Field(nullable=True)
    source: Series[str]
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)


class DeclaredChange(Polygons):
    """
    Ground of a difference product: its codes at two vintages, as the producer states them.

    `direction` is what the producer says of the change, missing where it does not speak. Compared
    with, never used as a land cover.
    """

    change_id: Series[str] = pg.Field(unique=True)
    vintage_before: Series[int]
    vintage_after: Series[int]
    cover_before: Series[str] = pg.Field(nullable=True)
    use_before: Series[str] = pg.Field(nullable=True)
    cover_after: Series[str] = pg.Field(nullable=True)
    use_after: Series[str] = pg.Field(nullable=True)
    direction: Series[str] = pg.Field(nullable=True, isin=get_args(Flow))
