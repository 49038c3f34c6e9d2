"""What one run reads: a territory, a window around a commune, and where to put temporary files."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pyproj import CRS

from pipeline.crs import Territory, transformer_between
from pipeline.ingestion.catalogue import Catalogue

Bounds = tuple[float, float, float, float]


def _this_year() -> int:
    return datetime.now(ZoneInfo("Europe/Paris")).year


@dataclass(frozen=True)
class Scope:
    """
    What is read.

    `window` is (xmin, ymin, xmax, ymax) in metres in the territory CRS; None reads everything.
    Nothing was observed after `latest_year`, the real one.
    """

    territory: Territory
    window: Bounds | None
    insee_code: str
    catalogue: Catalogue
    work: Path
    latest_year: int = field(default_factory=_this_year)

    def window_in(self, crs: CRS | str) -> Bounds | None:
        """Return the box that covers the window in another CRS (x, y or longitude, latitude)."""
        if self.window is None:
            return None
        transformer = transformer_between(self.territory.crs, crs)
        west, south, east, north = transformer.transform_bounds(*self.window)
        return (west, south, east, north)
