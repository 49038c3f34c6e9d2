"""What one run reads: a territory, a window around a commune, and where to put temporary files."""

from dataclasses import dataclass
from pathlib import Path

from pyproj import CRS, Transformer

from pipeline.crs import Territory
from pipeline.ingestion.catalogue import Catalogue

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Scope:
    """
    What is read.

    `window` is (xmin, ymin, xmax, ymax) in metres in the territory CRS; None reads everything.
    """

    territory: Territory
    window: Bounds | None
    insee_code: str
    catalogue: Catalogue
    work: Path

    def window_in(self, crs: CRS | str) -> Bounds | None:
        """Return the box that covers the window in another CRS (x, y or longitude, latitude)."""
        if self.window is None:
            return None
        transformer = Transformer.from_crs(self.territory.crs, crs, always_xy=True)
        west, south, east, north = transformer.transform_bounds(*self.window)
        return (west, south, east, north)
