"""Height files held against each other: pairs that make heights, overlaps that disagree."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from pipeline.french import percent
from pipeline.heights import Heights
from pipeline.ingestion.height_files import (
    SPOT_PIXELS,
    SPOTS_PER_SIDE,
    HeightFile,
    Kind,
)
from pipeline.ingestion.height_mosaic import Mosaic
from pipeline.ingestion.height_overlaps import disagreement, other_share
from pipeline.ingestion.height_values import refuse_altitudes, refuse_other_heights
from pipeline.ingestion.height_windows import Grid, spread, union_of
from pipeline.ingestion.scope import Bounds

# Two flights of one place, or two versions: beyond this share of pixels that differ by more than
# `OTHER_M`, which of the two is read changes the shade. Excluded.
_OTHER_SHARE = 0.05
# A surface model and its terrain may not end at the same pixel: a share of the surface without
# terrain is told beyond this. Excluded.
_GROUNDLESS_SHARE = 0.01
# Neighbours may share a pixel along their seam; not more.
_SEAM_PIXELS = 1.01


def keep_usable(files: Sequence[HeightFile]) -> tuple[HeightFile, ...]:
    """
    Return the files that give heights: height models, and surface models with their terrain.

    What the others of the folder make useless is left, and noted.

    Raises
    ------
    SourceError
        If altitudes cannot become heights: a surface without terrain, or terrain alone.
    """
    models = [file for file in files if file.kind == "mnh"]
    terrains = [file for file in files if file.kind == "mnt"]
    surfaces = [
        file for file in files if file.kind == "mns" and _has_ground(file, terrains, models)
    ]
    for terrain in terrains:
        if not surfaces and not models:
            why = "modèle de terrain (MNT) seul, sans hauteur ; y joindre le MNS, ou déposer le MNH"
            raise terrain.report.refusal(why)
        if not any(_overlap(terrain, surface) for surface in surfaces):
            _leave(terrain, "aucun modèle de surface (MNS) à cet endroit : terrain non lu")
    return tuple(file for file in files if file.report.state != "sans_objet")


def refuse_disagreements(files: Sequence[HeightFile], grid: Grid, within: Bounds | None) -> None:
    """
    Refuse two files of a kind that tell different heights of the same ground.

    A bounded sample of what they share, `within` a box, is compared; a seam of one pixel is not.
    The rest is compared where it is read (`Mosaic.values`).

    Raises
    ------
    SourceError
        Naming both.
    """
    for one, other, shared in _overlaps(files, within):
        heights = [_spots([file], file.kind, shared, grid) for file in (one, other)]
        share = other_share(*heights)
        if share > _OTHER_SHARE:
            raise disagreement(one, other, share)


def refuse_wrong_pairs(files: Sequence[HeightFile], grid: Grid, within: Bounds | None) -> None:
    """
    Refuse surface models which, less the terrain, give no heights: other unit, other system.

    Only what lies `within` a box is looked at. What has no terrain there is noted.
    """
    terrains = [file for file in files if file.kind == "mnt"]
    for surface in (file for file in files if file.kind == "mns"):
        seen = surface.bounds if within is None else _meeting(surface.bounds, within)
        if seen is None:
            continue
        _note_missing_ground(surface, terrains, seen)
        heights = _spots([surface], "mns", seen, grid) - _spots(terrains, "mnt", seen, grid)
        refuse_other_heights(heights, surface.report, "pair")


def _note_missing_ground(surface: HeightFile, terrains: Sequence[HeightFile], seen: Bounds) -> None:
    """Tell how much of what is seen of a surface model no terrain model covers."""
    covered = shapely.union_all([shapely.box(*terrain.bounds) for terrain in terrains])
    area = shapely.box(*seen)
    share = area.difference(covered).area / area.area
    if share > _GROUNDLESS_SHARE:
        surface.report.note(f"terrain (MNT) absent sous {percent(share)} du modèle de surface")


def _spots(files: Sequence[HeightFile], kind: Kind, ground: Bounds, grid: Grid) -> Heights:
    """Read what the files of a kind hold in a few spots of a box."""
    window = union_of(grid.snap(np.array([ground])))
    spots = spread(window, per_side=SPOTS_PER_SIDE, side=SPOT_PIXELS)
    with Mosaic(files, grid) as mosaic:
        return np.concatenate([mosaic.values(kind, spot).ravel() for spot in spots])


def _has_ground(
    surface: HeightFile, terrains: Sequence[HeightFile], models: Sequence[HeightFile]
) -> bool:
    """Tell whether a surface model has a terrain model; refuse it where it would leave a hole."""
    if any(_overlap(surface, terrain) for terrain in terrains):
        surface.report.note("hauteurs : surface moins terrain")
        return True
    known = shapely.union_all([shapely.box(*model.bounds) for model in models])
    if not known.covers(shapely.box(*surface.bounds)):
        refuse_altitudes(surface.report)
    _leave(surface, "modèle de hauteur (MNH) déjà présent à cet endroit : surface non lue")
    return False


def _leave(file: HeightFile, why: str) -> None:
    file.report.state = "sans_objet"
    file.report.row_count = 0
    file.report.note(why)


def _overlap(one: HeightFile, other: HeightFile) -> bool:
    return _shared(one, other) is not None


def _overlaps(
    files: Sequence[HeightFile], within: Bounds | None
) -> Iterator[tuple[HeightFile, HeightFile, Bounds]]:
    """Find the files of a kind that share more than a seam, and what they share."""
    shapes = shapely.box(*np.array([file.bounds for file in files]).T)
    pairs = shapely.STRtree(shapes).query(shapes, predicate="intersects").T
    for first, second in sorted(pairs[pairs[:, 0] < pairs[:, 1]].tolist()):
        one, other = files[first], files[second]
        shared = _shared(one, other)
        if one.kind == other.kind and shared is not None:
            seen = shared if within is None else _meeting(shared, within)
            if seen is not None:
                yield one, other, seen


def _shared(one: HeightFile, other: HeightFile) -> Bounds | None:
    """Return the ground that two files share, None when it is a seam of one pixel at most."""
    shared = _meeting(one.bounds, other.bounds)
    if shared is None:
        return None
    width = min(shared[2] - shared[0], shared[3] - shared[1])
    seam = _SEAM_PIXELS * max(one.grid.resolution, other.grid.resolution)
    return shared if width > seam else None


def _meeting(one: Bounds, other: Bounds) -> Bounds | None:
    west, south = max(one[0], other[0]), max(one[1], other[1])
    east, north = min(one[2], other[2]), min(one[3], other[3])
    return (west, south, east, north) if west < east and south < north else None
