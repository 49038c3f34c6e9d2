"""What every table shares: rows in one CRS, no unknown column, nothing coerced."""

import geopandas as gpd
import pandas as pd
import pandera.geopandas as pg
from pandera.engines.geopandas_engine import Geometry
from pandera.typing.geopandas import GeoSeries

POLYGONAL = ("Polygon", "MultiPolygon")


class Table(pg.GeoDataFrameModel):
    """Rows in the territory CRS; unknown columns are refused, nothing is coerced."""

    class Config:
        """Fail rather than repair: `coerce=True` would reproject in silence."""

        strict = True
        coerce = False


class Polygons(Table):
    """Rows whose geometry is a valid polygon or multipolygon."""

    geometry: GeoSeries[Geometry] = pg.Field(nullable=False)

    @pg.check("geometry", name="polygonal")
    @classmethod
    def is_polygonal(cls, geometry: gpd.GeoSeries) -> "pd.Series[bool]":
        """Accept polygons and multipolygons only."""
        return geometry.geom_type.isin(POLYGONAL)

    @pg.check("geometry", name="valid")
    @classmethod
    def is_valid(cls, geometry: gpd.GeoSeries) -> "pd.Series[bool]":
        """Refuse self-intersections and other invalid rings."""
        return geometry.is_valid


class PlainTable(pg.DataFrameModel):
    """Rows without geometry; unknown columns are refused, nothing is coerced."""

    class Config:
        """Fail rather than repair."""

        strict = True
        coerce = False
