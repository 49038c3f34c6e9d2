"""Where each raster of heights lies, from the store: those away from the window stay closed."""

from pathlib import Path

from pipeline.ingestion.files import SourceFile
from pipeline.ingestion.prepared import Effects, Store, copy_key
from pipeline.ingestion.prepared_layers import placed_in
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Bounds, Scope

KIND = "heights"


def is_away(report: FileReport, scope: Scope) -> bool:
    """
    Tell whether a raster is known to lie away from the window; the report then has its remarks.

    False when nothing is prepared, or without a window.
    """
    if report.file.store is None or scope.window is None:
        return False
    copy = Store(report.file.store).find(key_of_heights(report.file, scope))
    if copy is None or meets(bounds_in(copy.meta["bounds"]), scope.window):
        return False
    Effects.read(copy.meta["effects"]).replay(report)
    return True


def key_of_heights(file: SourceFile, scope: Scope) -> str:
    """Return the key of what is known of a raster: its name counts, it may tell its year."""
    return copy_key(file, KIND, Path(file.name).name, file.path.stem, *placed_in(scope.territory))


def bounds_in(sides: list[float]) -> Bounds:
    """Return bounds as they were read from JSON."""
    west, south, east, north = sides
    return (west, south, east, north)


def meets(bounds: Bounds, window: Bounds | None) -> bool:
    """Tell whether a raster holds something of the window; a common edge is nothing."""
    if window is None:
        return True
    west, south, east, north = bounds
    return west < window[2] and south < window[3] and east > window[0] and north > window[1]
