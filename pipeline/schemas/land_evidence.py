"""What sources other than a land cover say of the ground, before it is ranked."""

import pandera.geopandas as pg
from pandera.typing import Series

from pipeline.schemas.tables import Polygons


class LandEvidence(Polygons):
    """
    Ground of which a source tells the kind; an object of two kinds has two rows.

    `kind` is one of the layers of `assumptions.derived_land`. Lines are drawn with their width:
    here everything is a surface. `source_id` names the object in its source; `vintage` is the day
    of the file, where it is known.
    """

    kind: Series[str]
    source: Series[str]
    source_id: Series[str]
    vintage: Series[str] = pg.Field(nullable=True)
