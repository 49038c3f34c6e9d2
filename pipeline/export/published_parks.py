"""The layer `parcs` as it will be published, before it is: what the journal compares."""

import geopandas as gpd
import shapely

from pipeline.export.layers import BY_NAME, GEOMETRY_COLUMN
from pipeline.export.product import Product
from pipeline.export.tables import park_rows
from pipeline.export.typed_rows import to_arrow


def parks_as_published(product: Product) -> gpd.GeoDataFrame:
    """Return the rows of `parcs` under their French names, rounded and typed as in the file."""
    table = to_arrow(BY_NAME["parcs"], park_rows(product))
    shapes = shapely.from_wkb(table[GEOMETRY_COLUMN].to_numpy(zero_copy_only=False))
    rows = table.drop_columns([GEOMETRY_COLUMN]).to_pandas()
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=product.territory.crs)
