"""Polygons of a land cover delivered twice: kept once, or a second copy of a territory refused."""

from collections.abc import Iterable, Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from pipeline.crs import GeometryArray
from pipeline.errors import SourceError
from pipeline.french import percent
from pipeline.groups import IntArray
from pipeline.ingestion.provenance import FileReport

BoolArray = npt.NDArray[np.bool_]
_SHOWN_FILES = 4
_CODES = ["cover_code", "use_code"]


def keep_once(
    pieces: gpd.GeoDataFrame, reports: Mapping[str, FileReport], most_repeated_share: float
) -> gpd.GeoDataFrame:
    """
    Keep one of the polygons of a vintage that are drawn alike, noted in the files of the others.

    The limit of two départements is delivered with both; the land cover and the product that
    states its status draw the same polygons: the one that bears the status is kept, else the first.

    Parameters
    ----------
    pieces
        Rows of one vintage; `source` is the name of the file.
    reports
        The files by name.
    most_repeated_share
        Of the area of the smaller of two files of the same kind: beyond, they are the same
        territory delivered twice.

    Raises
    ------
    SourceError
        If two files of the same kind are copies of one territory.
    """
    is_silent = pieces["declared_artificial"].isna().to_numpy()
    kept = _kept_one(pieces.geometry.to_numpy(), is_silent)
    repeated = np.flatnonzero(kept != np.arange(len(pieces)))
    if not len(repeated):
        return pieces
    _refuse_second_copy(pieces, kept, repeated, is_silent, most_repeated_share)
    _note(pieces, kept, repeated, reports)
    return gpd.GeoDataFrame(pieces[kept == np.arange(len(pieces))])


def name_files(names: Iterable[str]) -> str:
    """Return the first few names of files, each once, for an error of one line."""
    known = sorted(set(names))
    return ", ".join(known[:_SHOWN_FILES]) + (", …" if len(known) > _SHOWN_FILES else "")


def _kept_one(shapes: GeometryArray, is_silent: BoolArray) -> IntArray:
    """Return the position of the polygon that each one is kept as: itself where it is alone."""
    group = _same_shape(shapes)
    order = np.lexsort((is_silent, group))
    is_first = np.append(True, np.diff(group[order]) != 0)[: len(shapes)]
    kept = np.empty(len(shapes), dtype=np.intp)
    kept[order] = order[is_first][np.cumsum(is_first) - 1]
    return kept


def _same_shape(shapes: GeometryArray) -> IntArray:
    """Return a number per polygon, the same for those drawn alike; boxes rule most of them out."""
    suspects = np.flatnonzero(pd.DataFrame(shapely.bounds(shapes)).duplicated(keep=False))
    drawn = shapely.to_wkb(shapely.normalize(shapes[suspects]))
    group = np.arange(len(shapes))
    group[suspects] = len(shapes) + pd.factorize(drawn)[0]
    return group


def _refuse_second_copy(
    pieces: gpd.GeoDataFrame,
    kept: IntArray,
    repeated: IntArray,
    is_silent: BoolArray,
    most_share: float,
) -> None:
    areas = pd.Series(shapely.area(pieces.geometry.to_numpy()))
    sources = pieces["source"].reset_index(drop=True)
    of_file = areas.groupby(sources).sum()
    first = kept[repeated]
    twice = pd.DataFrame(
        {
            "one": sources.iloc[first].to_numpy(),
            "two": sources.iloc[repeated].to_numpy(),
            "area": areas.iloc[repeated].to_numpy(),
        }
    )
    twice = twice[(is_silent[first] == is_silent[repeated]) & (twice["one"] != twice["two"])]
    for (one, two), area in twice.groupby(["one", "two"])["area"].sum().items():
        share = area / min(of_file[one], of_file[two])
        if share > most_share:
            msg = (
                f"{name_files([one, two])} : millésime {pieces['vintage'].iloc[0]}, les mêmes"
                f" polygones sur {percent(share)} du plus petit ; n'en garder qu'un"
            )
            raise SourceError(msg)


def _note(
    pieces: gpd.GeoDataFrame, kept: IntArray, repeated: IntArray, reports: Mapping[str, FileReport]
) -> None:
    sources = pieces["source"].to_numpy()
    codes = pieces[_CODES].fillna("").to_numpy()
    disagrees = (codes[repeated] != codes[kept[repeated]]).any(axis=1)
    for name in np.unique(sources[repeated]):
        here = sources[repeated] == name
        one, many = "polygone livré deux fois, gardé une", "polygones livrés deux fois, gardés une"
        reports[name].count(int(here.sum()), one, many)
        if number := int((disagrees & here).sum()):
            others = name_files(sources[kept[repeated[disagrees & here]]])
            reports[name].warn(
                f"{number} polygone(s) livré(s) deux fois avec d'autres codes : ceux de {others}"
            )
