"""Tables of the land: pieces of a land cover, and the status of each."""

from typing import Literal, get_args

import pandas as pd
import pandera.geopandas as pg
from pandera.typing import Series

from pipeline.derived_land_choices import Reliability
from pipeline.schemas.tables import Polygons

LandOrigin = Literal["ocsge", "derive"]
Flow = Literal["artificialisation", "desartificialisation"]
StatusReason = Literal["matrice", "seuil_surface", "seuil_largeur", "exemption", "non_couvert"]


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
    the status. `component_m2` is the area, on the ground, of the component whose size decided.
    """

    land_id: Series[str]
    vintage: Series[int]
    cover_code: Series[str] = pg.Field(nullable=True)
    use_code: Series[str] = pg.Field(nullable=True)
    category: Series[pd.Int64Dtype] = pg.Field(nullable=True, ge=1, le=10)
    is_artificial: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    is_sealed: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    reason: Series[str] = pg.Field(isin=get_args(StatusReason))
    component_m2: Series[float] = pg.Field(nullable=True, ge=0)
    area_m2: Series[float] = pg.Field(ge=0)
    origin: Series[str] = pg.Field(nullable=True, isin=get_args(LandOrigin))
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
