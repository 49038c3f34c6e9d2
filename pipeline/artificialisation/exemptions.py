"""Places that the service holds for not artificial: cut out of the land, when the text lets it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from pipeline.artificialisation.coverage import BoolArray, find_borders
from pipeline.artificialisation.cuts import Cut, cut_coverage
from pipeline.crs import GeometryArray, Territory, ground_area
from pipeline.groups import IntArray, positions_by_key
from pipeline.polygons import polygonal


@dataclass(frozen=True)
class Granted:
    """
    Ground of the exemptions that the service grants.

    `grounds`: by code of the nomenclature, ground of the places that are large enough, none shared
    by two codes. `too_small`: the ids of the places that are not. A strip narrower than `sliver_m`
    between a place and the land cover is a defect of drawing, and cuts nothing.
    """

    grounds: Mapping[str, shapely.Geometry]
    too_small: tuple[str, ...]
    sliver_m: float = 0.0


NONE_GRANTED = Granted({}, ())


def grant(
    places: gpd.GeoDataFrame,
    least_m2: Mapping[str, float],
    territory: Territory,
    *,
    sliver_m: float = 0.0,
) -> Granted:
    """
    Return the ground that the places exempt, by code, in the order of `least_m2`.

    Two codes that share ground: the first one keeps it. Places of one code that touch are one.

    Parameters
    ----------
    places
        `ExemptedPlace`: what the service decided, place by place.
    least_m2
        By code, the area from which the text admits a place (at least), 0 where it sets none.
    sliver_m
        Width below which (strictly) a strip is no ground.
    """
    grounds: dict[str, shapely.Geometry] = {}
    too_small: list[str] = []
    taken: shapely.Geometry = shapely.Polygon()
    for code, least in least_m2.items():
        own = places[places["exemption"] == code]
        whole = shapely.get_parts(shapely.union_all(own.geometry.to_numpy()))
        large = whole[ground_area(whole, territory) >= least]
        admitted = shapely.union_all(large)
        met = shapely.area(shapely.intersection(own.geometry.to_numpy(), admitted)) > 0
        too_small += own.loc[~met, "place_id"].tolist()
        ground = shapely.difference(admitted, taken)
        if not shapely.is_empty(ground):
            grounds[code] = ground
            taken = shapely.union(taken, ground)
    return Granted(grounds, tuple(too_small), sliver_m)


@dataclass(frozen=True)
class Freed:
    """
    A coverage cut at the limits of the places.

    `is_in`: by code, the pieces that lie within its ground, shape `(n,)`.
    """

    polygons: GeometryArray
    source: IntArray
    is_in: Mapping[str, BoolArray]


def cut_places(
    polygons: GeometryArray, may_be_freed: Mapping[str, BoolArray], granted: Granted
) -> Freed:
    """
    Cut the polygons that an exemption may free at the limits of its places.

    Parameters
    ----------
    polygons
        Shape `(n,)`, one valid coverage in the CRS of the places.
    may_be_freed
        By code, the polygons whose cover and use the text admits, shape `(n,)`.
    granted
        The places.

    Returns
    -------
    freed
        A valid coverage of the same ground; the others are not cut.
    """
    source = np.arange(len(polygons))
    inside: dict[str, BoolArray] = {}
    for code, ground in granted.grounds.items():
        cut = _cut(polygons, may_be_freed[code][source], ground, granted.sliver_m)
        inside = {other: kept[cut.source] for other, kept in inside.items()}
        inside[code] = cut.is_inside
        polygons, source = cut.polygons, source[cut.source]
    return Freed(polygons, source, inside)


def _cut(
    polygons: GeometryArray, may_be: BoolArray, ground: shapely.Geometry, sliver_m: float
) -> Cut:
    parts = polygonal(shapely.get_parts(ground))
    near = np.unique(shapely.STRtree(polygons).query(parts, predicate="intersects")[1])
    touched = near[may_be[near]]
    inside = _without_strips(shapely.intersection(polygons[touched], ground), sliver_m)
    beside = _without_strips(shapely.difference(polygons[touched], inside), sliver_m)
    cutters = shapely.difference(polygons[touched], beside)
    kept = shapely.area(inside) > 0
    return cut_coverage(polygons, touched[kept], cutters[kept], find_borders(polygons))


def _without_strips(shapes: GeometryArray, width_m: float) -> GeometryArray:
    """Drop the parts that are strictly narrower than a width everywhere."""
    parts, owner = shapely.get_parts(polygonal(shapes), return_index=True)
    wide = ~shapely.is_empty(shapely.buffer(parts, -width_m / 2))
    kept = np.full(len(shapes), shapely.Polygon(), dtype=object)
    for i, members in positions_by_key(owner[wide]):
        kept[i] = shapely.union_all(parts[wide][members])
    return kept


def said_too_small(ids: Iterable[str]) -> str:
    """Say in French that places are below the area of the text."""
    return f"exemption non appliquée, lieu sous le seuil du texte : {', '.join(ids)}"
