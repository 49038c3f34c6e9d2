"""The qualified land of one vintage, in memory or in a file of which a window is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely
from pyproj import CRS

from pipeline.artificialisation.qualify import QualifiedLand
from pipeline.contracts import conform
from pipeline.crs import Territory
from pipeline.ingestion.prepared import DAMAGED, Store
from pipeline.ingestion.prepared_rows import OWN, read_meeting, write_rows
from pipeline.ingestion.scope import Bounds
from pipeline.schemas import LandStatus

_GEOMETRY = "geometry"
_VARIANT = "variant:"


class LostCopyError(Exception):
    """A copy that was there is damaged, or was removed: the land is to be qualified again."""


class Vintage(Protocol):
    """The land of one year, qualified whole, and where it is read."""

    @property
    def year(self) -> int:
        """Year that the land was seen in."""
        ...

    def around(self, window: Bounds) -> QualifiedLand:
        """Return at least the rows whose box meets a window, in the order of the whole."""
        ...


@dataclass(frozen=True)
class HeldVintage:
    """A vintage held in memory, whole."""

    year: int
    land: QualifiedLand

    def around(self, window: Bounds) -> QualifiedLand:  # noqa: ARG002 - all of it is here
        """Return the whole: it is indexed once for all communes."""
        return self.land


@dataclass(frozen=True)
class KeptVintage:
    """A vintage in a copy of the store, of which only windows are read."""

    year: int
    store: Store
    folder: Path
    territory: Territory

    def around(self, window: Bounds) -> QualifiedLand:
        """
        Return the rows whose box meets a window.

        Raises
        ------
        LostCopyError
            If they cannot be read; the copy is refused.
        """
        try:
            return read_vintage(self.folder / file_of(self.year), window, self.territory)
        except DAMAGED as error:
            self.store.refuse(self.folder)
            raise LostCopyError from error


def file_of(year: int) -> str:
    """Return the name of the file of a vintage in its copy."""
    return f"{year}.parquet"


def write_vintage(path: Path, qualified: QualifiedLand, crs: str) -> None:
    """Write a vintage as GeoParquet along a curve, each row with its rank and its variants."""
    # An outline without ground meets no commune, and has no place on the curve.
    drawn = ~qualified.land.geometry.is_empty.to_numpy()
    shapes = qualified.land.geometry.to_numpy()[drawn]
    told = qualified.variants.set_axis(qualified.land.index).add_prefix(_VARIANT)
    whole = pd.concat([pd.DataFrame(qualified.land.drop(columns=_GEOMETRY)), told], axis=1)
    rows = whole[drawn]
    table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)
    table = table.append_column(_GEOMETRY, pa.array(shapely.to_wkb(shapes), pa.binary()))
    write_rows(path, table, shapes, _GEOMETRY, CRS(crs))


def read_vintage(path: Path, window: Bounds, territory: Territory) -> QualifiedLand:
    """Return the rows of a vintage whose box meets a window (edges included), in their order."""
    rows, _ = read_meeting(path, window)
    own = [name for name in OWN if name in rows.column_names]
    shapes = shapely.from_wkb(rows[_GEOMETRY].to_numpy())
    frame = rows.drop_columns([*own, _GEOMETRY]).to_pandas()
    names = [name for name in frame.columns if name.startswith(_VARIANT)]
    variants = frame[names].astype("boolean")
    land = conform(LandStatus, frame.assign(geometry=shapes), territory.crs)
    return QualifiedLand(
        gpd.GeoDataFrame(land), variants.rename(columns=lambda name: name.removeprefix(_VARIANT))
    )
