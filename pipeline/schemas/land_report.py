"""Tables of the local report on land: consumption, planning documents, brownfields, exemptions."""

import geopandas as gpd
import pandas as pd
import pandera.geopandas as pg
from pandera.engines.geopandas_engine import Geometry
from pandera.typing import Series
from pandera.typing.geopandas import GeoSeries

from pipeline.schemas.tables import POLYGONAL, PlainTable, Polygons, Table


class EnafConsumption(PlainTable):
    """
    Natural, agricultural and forest land (*ENAF*) that a commune consumed in one year.

    From 1 January of `from_year` to 1 January of `to_year`, the next. `area_m2` is missing where
    the file leaves it blank: unknown, never 0. `source` is the file.
    """

    insee_code: Series[str] = pg.Field(str_length=5)
    from_year: Series[int]
    to_year: Series[int]
    area_m2: Series[float] = pg.Field(nullable=True, ge=0)
    source: Series[str]

    class Config(PlainTable.Config):
        """One row per commune and year."""

        unique = ["insee_code", "from_year"]  # noqa: RUF012 - read by pandera

    @pg.dataframe_check(name="one_year")
    @classmethod
    def is_one_year(cls, table: pd.DataFrame) -> "pd.Series[bool]":
        """Refuse the totals of several years."""
        return table["to_year"] == table["from_year"] + 1


class PlanningDocument(PlainTable):
    """
    What a source says of the planning document (*document d'urbanisme*) of a commune.

    One row per commune, document and version. A commune without row is *unknown*, never without
    document. `document_type`: PLU, PLUi, PLUm, CC, PSMV, POS, RNU…, missing where the source does
    not tell. `is_covered` is false under the RNU, missing for a POS, which may have lapsed.
    `approved_on` is the day of this version, ISO: the document may be older.
    """

    insee_code: Series[str] = pg.Field(str_length=5)
    document_type: Series[str] = pg.Field(nullable=True)
    is_covered: Series[pd.BooleanDtype] = pg.Field(nullable=True)
    approved_on: Series[str] = pg.Field(nullable=True)
    source: Series[str]


class Brownfield(Table):
    """
    Brownfield (*friche*, CU art. L. 111-26) of an inventory, as a point or an outline.

    `site_type` and `status` are in the words of the CNIG standard. `area_m2` is that of the land
    holding, as declared. Dates are ISO texts.
    """

    site_id: Series[str] = pg.Field(unique=True)
    name: Series[str] = pg.Field(nullable=True)
    site_type: Series[str] = pg.Field(nullable=True)
    status: Series[str] = pg.Field(nullable=True)
    identified_on: Series[str] = pg.Field(nullable=True)
    updated_on: Series[str] = pg.Field(nullable=True)
    insee_code: Series[str] = pg.Field(nullable=True, str_length=5)
    area_m2: Series[float] = pg.Field(nullable=True, ge=0)
    source: Series[str]
    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)

    @pg.check("geometry", name="point_or_outline")
    @classmethod
    def is_point_or_outline(cls, geometry: gpd.GeoSeries) -> "pd.Series[bool]":
        """Accept points, and valid polygons."""
        return (geometry.geom_type == "Point") | (
            geometry.geom_type.isin(POLYGONAL) & geometry.is_valid
        )


class ExemptedPlace(Polygons):
    """
    Place where the service grants an exemption of article R. 101-1, III.

    `exemption` is a code of the nomenclature, `decision` the reference of the act that grants it;
    `decided_on` is its day, ISO, missing when not told.
    """

    place_id: Series[str] = pg.Field(unique=True)
    exemption: Series[str]
    decision: Series[str]
    decided_on: Series[str] = pg.Field(nullable=True)
    source: Series[str]
