"""Working projection of each territory, and areas on the ground."""

from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pyproj import CRS, Transformer

from pipeline.errors import ConfigError

WGS84 = "EPSG:4326"
GeometryArray = npt.NDArray[np.object_]
FloatArray = npt.NDArray[np.float64]

# An edge is straight in the working projection and curved in the equal-area one. Between vertices
# 200 m apart the sagitta is below a millimetre, hence below 0.1 m² per edge.
_LONGEST_EDGE_M = 200.0


class Territory(BaseModel):
    """A part of France that has its own working projection."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    name: str
    epsg: int
    departements: tuple[str, ...] = Field(description="INSEE prefixes; empty: every other one")
    lon_lat_bounds: tuple[float, float, float, float] = Field(
        description="west, south, east, north"
    )

    @property
    def crs(self) -> str:
        """Projected working CRS, as `EPSG:<code>`; metres."""
        return f"EPSG:{self.epsg}"

    @property
    def equal_area(self) -> CRS:
        """Ellipsoidal Lambert azimuthal equal-area projection, centred on the territory; metres."""
        west, south, east, north = self.lon_lat_bounds
        centre = f"+lat_0={(south + north) / 2} +lon_0={(west + east) / 2}"
        return CRS.from_proj4(f"+proj=laea {centre} +ellps=GRS80 +units=m +no_defs")


def load_territories(path: Path) -> tuple[Territory, ...]:
    """
    Read `territories.yaml`.

    Raises
    ------
    ConfigError
        If the file is unreadable or breaks the `Territory` model; the message names the field.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return tuple(Territory.model_validate(item) for item in raw)
    except (OSError, yaml.YAMLError, TypeError, ValidationError) as error:
        msg = f"{path} : territoires illisibles : {' '.join(str(error).split())}"
        raise ConfigError(msg) from error


def territory_of(insee_code: str, territories: tuple[Territory, ...]) -> Territory:
    """Return the territory of a commune, from the départements it lists (else the mainland)."""
    for territory in territories:
        if insee_code.startswith(territory.departements or ("\0",)):
            return territory
    return next(territory for territory in territories if not territory.departements)


def ground_area(geometries: GeometryArray, territory: Territory) -> FloatArray:
    """
    Measure areas on the ground rather than in the working projection.

    Lambert-93 is off by −0.2 to +0.6 % on the mainland, enough to cross the 1 500 m² line. Vertices
    are carried to an ellipsoidal equal-area projection and the planar area is taken there: exact,
    vectorised, and additive, so that the pieces of a car park sum to the whole.

    Parameters
    ----------
    geometries
        Any shape `(n,)` array of shapely geometries in `territory.crs`; missing or empty gives 0.
    territory
        Gives both projections.

    Returns
    -------
    areas
        Shape `(n,)`, m² on the GRS80 ellipsoid.

    References
    ----------
    Snyder, J. P. (1987), *Map Projections: A Working Manual*, ch. 24 (Lambert azimuthal
    equal-area on the ellipsoid).
    """
    dense = shapely.segmentize(np.asarray(geometries, dtype=object), _LONGEST_EDGE_M)
    transformer = _to_equal_area(territory)

    def to_equal_area(xy: FloatArray) -> FloatArray:
        return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))

    return np.nan_to_num(shapely.area(shapely.transform(dense, to_equal_area)))


@cache
def _to_equal_area(territory: Territory) -> Transformer:
    return transformer_between(territory.crs, territory.equal_area)


@lru_cache(maxsize=64)
def transformer_between(source: CRS | str, target: CRS | str) -> Transformer:
    """
    Return what carries x, y (longitude, latitude) from one system to another.

    Kept: a commune needs the same few a hundred times over, and each takes PROJ milliseconds.

    Raises
    ------
    ProjError
        If nothing leads from one to the other.
    """
    return Transformer.from_crs(source, target, always_xy=True)
