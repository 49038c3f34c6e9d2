"""A land cover of one vintage made a coverage: no overlap, no sliver, shared edges drawn alike."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from shapely.errors import GEOSException

from pipeline.assumption_groups import LandCoverAssumptions
from pipeline.crs import GeometryArray, Territory, ground_area
from pipeline.errors import SourceError
from pipeline.french import decimal
from pipeline.groups import IntArray
from pipeline.ingestion.land_copies import keep_once, name_files
from pipeline.ingestion.provenance import FileReport
from pipeline.precision import DUST_M2, MOST_PAIRS

_OPEN_GAP = "bords presque jointifs, un vide étroit ouvert sur l'extérieur est laissé"


def as_coverage(
    pieces: gpd.GeoDataFrame,
    reports: Mapping[str, FileReport],
    territory: Territory,
    choices: LandCoverAssumptions,
) -> gpd.GeoDataFrame:
    """
    Return the pieces of one vintage as a valid coverage, all files together, repairs recorded.

    A polygon delivered twice is kept once. Overlaps go to the neighbour with the longest shared
    border, gaps narrower than the tolerance are filled, vertices that nearly meet are joined; a
    wider gap, or one that is open on the outside, is land without data and stays.

    Parameters
    ----------
    pieces
        Rows of one vintage, valid polygons; `source` is the name of the file.
    reports
        The files by name; those that a repair touches receive a note.
    territory, choices
        Where areas are measured on the ground; tolerances.

    Raises
    ------
    SourceError
        If the same territory is delivered twice, if polygons overlap or must move over more than
        the stated share of the area, or if nothing makes them a coverage.

    Notes
    -----
    300 000 polygons with 5 million vertices, one core: 4 s to check, 20 s to mend a few places,
    2 min 30 s and 4 GB where edges are noded on one side everywhere.
    """
    once = keep_once(pieces, reports, choices.most_repeated_share.value)
    shapes = once.geometry.to_numpy()
    width = choices.sliver_width_m.value
    if not len(shapes) or shapely.coverage_is_valid(shapes, gap_width=width):
        return once
    most_share = choices.most_moved_share.value
    suspects = np.flatnonzero(
        ~shapely.is_empty(shapely.coverage_invalid_edges(shapes, gap_width=width))
    )
    first, second = shapely.STRtree(shapes).query(shapes[suspects], predicate="intersects")
    overlaps = _find_overlaps(once, np.column_stack([suspects[first], second]), most_share)
    mended = _mend(once, np.unique(np.append(suspects, second)), width, choices.snap_m.value)
    repair = _measure(shapes, mended, overlaps)
    if repair.moved_m2 > most_share * shapely.area(shapes).sum():
        raise _too_far(once, repair.touched, "limites à déplacer", most_share)
    if not len(repair.touched):
        for name in np.unique(once["source"].to_numpy()[suspects]):
            reports[name].note(f"couverture de {once['vintage'].iloc[0]} : {_OPEN_GAP}")
        return once
    _record(once, repair, territory, reports)
    _warn_of_gaps(once, mended, width, reports)
    result = once.set_geometry(gpd.GeoSeries(mended, once.index, once.crs))
    return gpd.GeoDataFrame(result[~shapely.is_empty(mended)])


def _warn_of_gaps(
    pieces: gpd.GeoDataFrame,
    mended: GeometryArray,
    width_m: float,
    reports: Mapping[str, FileReport],
) -> None:
    """Tell of borders that still do not meet: what they part may be judged too small."""
    left = shapely.coverage_invalid_edges(mended, gap_width=width_m)
    rows = np.flatnonzero(~shapely.is_empty(left) & ~shapely.is_empty(mended))
    for name in np.unique(pieces["source"].to_numpy()[rows]):
        year = pieces["vintage"].iloc[0]
        reports[name].warn(f"couverture de {year} : {len(rows)} polygones, {_OPEN_GAP}")


@dataclass(frozen=True)
class _Overlaps:
    """Pairs of positions that overlap by more than dust, and the ground they share."""

    left: IntArray
    right: IntArray
    shared: GeometryArray


@dataclass(frozen=True)
class _Repair:
    """What a repair did: ground gained (gaps) and shared before, rows touched, planar m² moved."""

    overlaps: GeometryArray
    gaps: GeometryArray
    touched: IntArray
    emptied: IntArray
    moved_m2: float


def _find_overlaps(pieces: gpd.GeoDataFrame, near: IntArray, most_share: float) -> _Overlaps:
    """
    Return which of the pairs of neighbours `near`, shape `(n, 2)`, overlap.

    Stop and refuse as soon as that is more than a share of the whole area.
    """
    shapes = pieces.geometry.to_numpy()
    pairs = np.unique(np.sort(near[near[:, 0] != near[:, 1]], axis=1), axis=0)
    kept: list[IntArray] = []
    shared: list[GeometryArray] = []
    left_m2 = most_share * shapely.area(shapes).sum()
    for start in range(0, len(pairs), MOST_PAIRS):
        some = pairs[start : start + MOST_PAIRS]
        common = shapely.intersection(shapes[some[:, 0]], shapes[some[:, 1]])
        areas = shapely.area(common)
        is_ground = areas > DUST_M2
        kept.append(some[is_ground])
        shared.append(common[is_ground])
        left_m2 -= areas[is_ground].sum()
        if left_m2 < 0:
            raise _too_far(pieces, np.concatenate(kept).ravel(), "recouvrements", most_share)
    found = np.concatenate([np.empty((0, 2), dtype=np.intp), *kept])
    return _Overlaps(found[:, 0], found[:, 1], np.concatenate([np.empty(0, object), *shared]))


def _mend(
    pieces: gpd.GeoDataFrame, around: IntArray, width_m: float, snap_m: float
) -> GeometryArray:
    """Return the shapes as a coverage: those around a defect cleaned, else all of them."""
    shapes = pieces.geometry.to_numpy()
    mended = np.array(shapes, dtype=object)
    for rows in (around, np.arange(len(shapes))):
        try:
            mended[rows] = shapely.coverage_clean(  # type: ignore[attr-defined] # not in the stubs
                shapes[rows], gap_width=width_m, snapping_distance=snap_m
            )
        except GEOSException as error:
            raise _unmendable(pieces) from error
        if shapely.coverage_is_valid(mended):
            return mended
    raise _unmendable(pieces)


def _measure(before: GeometryArray, after: GeometryArray, overlaps: _Overlaps) -> _Repair:
    is_same = shapely.equals_exact(shapely.normalize(before), shapely.normalize(after))
    changed = np.flatnonzero(~is_same)
    gained = shapely.get_parts(shapely.difference(after[changed], before[changed]))
    lost = shapely.difference(before[changed], after[changed])
    gaps = gained[shapely.area(gained) > DUST_M2]
    return _Repair(
        overlaps=overlaps.shared,
        gaps=gaps,
        touched=np.unique(np.concatenate([changed, overlaps.left, overlaps.right])),
        emptied=np.flatnonzero(shapely.is_empty(after)),
        moved_m2=float(shapely.area(gaps).sum() + shapely.area(lost).sum()),
    )


def _record(
    pieces: gpd.GeoDataFrame,
    repair: _Repair,
    territory: Territory,
    reports: Mapping[str, FileReport],
) -> None:
    overlap_m2 = ground_area(repair.overlaps, territory).sum()
    gap_m2 = ground_area(repair.gaps, territory).sum()
    remark = (
        f"couverture de {pieces['vintage'].iloc[0]} réparée :"
        f" {len(repair.overlaps)} recouvrement(s) ({overlap_m2:.1f} m²),"
        f" {len(repair.gaps)} vide(s) étroit(s) ({gap_m2:.1f} m²),"
        f" {repair.moved_m2:.1f} m² déplacés"
    )
    sources = pieces["source"].to_numpy()
    for name in np.unique(sources[repair.touched]):
        reports[name].note(remark)
    for name in np.unique(sources[repair.emptied]):
        count = int((sources[repair.emptied] == name).sum())
        one, many = "polygone absorbé par ses voisins", "polygones absorbés par leurs voisins"
        reports[name].count(count, one, many)


def _too_far(pieces: gpd.GeoDataFrame, rows: IntArray, what: str, most_share: float) -> SourceError:
    return SourceError(
        f"{name_files(pieces['source'].iloc[rows])} : millésime {pieces['vintage'].iloc[0]}, {what}"
        f" sur plus de {decimal(100 * most_share)} % de la surface ; deux millésimes ou deux"
        " livraisons du même territoire s'y recouvrent : n'en garder qu'une, ou corriger la colonne"
        " millesime"
    )


def _unmendable(pieces: gpd.GeoDataFrame) -> SourceError:
    return SourceError(
        f"{name_files(pieces['source'])} : millésime {pieces['vintage'].iloc[0]}, polygones qui se"
        " recouvrent sans réparation possible ; redéposer la livraison d'origine"
    )
