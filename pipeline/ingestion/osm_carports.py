"""OSM roofs without walls and solar areas → rows of `Carport`, each canopy once."""

from collections.abc import Callable, Iterable

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from pipeline.crs import FloatArray, GeometryArray
from pipeline.ingestion.osm_objects import Tags
from pipeline.ingestion.osm_solar_tags import (
    bears_panels,
    carport_kind,
    is_closed_building,
    is_open_roof,
    is_solar_power,
    kilowatts,
)
from pipeline.ingestion.placement import BoolArray
from pipeline.ingestion.provenance import FileReport

_IntArray = npt.NDArray[np.int64]


def carports(
    areas: gpd.GeoDataFrame, points: gpd.GeoDataFrame, same_roof_share: float, report: FileReport
) -> pd.DataFrame:
    """
    Return the roofs without walls and the solar areas, those drawn twice once.

    A solar area on an open roof makes the roof solar, and is the same canopy; so does a solar
    point. One on a building with walls, or a point on no roof, is left and counted. So is the
    outline of a plant whose panels are drawn: it also holds what lies between them. One whose
    panels are not drawn stays, to be checked.

    Parameters
    ----------
    areas, points
        Objects (`key`, `tags`), territory CRS.
    same_roof_share
        Share of a solar area inside a polygon from which it lies on it, inclusive.
    report
        Receives what was left or joined.
    """
    drawn = _drawn(areas)
    walls = areas[_where(areas, is_closed_building)]
    is_solar_point = _where(points, is_solar_power)
    drawn = _take_points(drawn, points[is_solar_point], walls, report)
    drawn = _without_outlines(drawn, same_roof_share, report)
    drawn = _without_rooftops(drawn, walls, same_roof_share, report)
    drawn = _join_roofs(drawn, same_roof_share, report)
    # The land of a plant is an envelope: how much of it is panels, nobody says.
    solar = drawn["is_solar"].mask(drawn["role"] == "outline")
    return drawn.drop(columns=["key", "role"]).assign(
        carport_id="osm/" + drawn["key"].astype("str"), source="osm", is_solar=solar
    )


def _drawn(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the open roofs and the solar areas; `role` is what each may stand for."""
    kept = areas[_where(areas, lambda tags: is_open_roof(tags) or is_solar_power(tags))]
    tags = list(kept["tags"])
    solar = [bears_panels(item) for item in tags]
    power = [kilowatts(item) if sunny else None for item, sunny in zip(tags, solar, strict=True)]
    table = pd.DataFrame(
        {
            "key": list(kept["key"]),
            "role": [_role(item) for item in tags],
            "kind": [carport_kind(item) for item in tags],
            "is_solar": pd.Series([True if sunny else None for sunny in solar], dtype="boolean"),
            "power_kwc": pd.Series(power, dtype=float),
        }
    )
    return gpd.GeoDataFrame(table, geometry=kept.geometry.reset_index(drop=True))


def _role(tags: Tags) -> str:
    if is_open_roof(tags):
        return "roof"
    return "outline" if tags["power"] == "plant" else "panels"


def _take_points(
    drawn: gpd.GeoDataFrame, points: gpd.GeoDataFrame, walls: gpd.GeoDataFrame, report: FileReport
) -> gpd.GeoDataFrame:
    """Give each solar point to the panels it stands on, else to its roof, else to its plant."""
    places, keys = points.geometry.to_numpy(), points["key"].to_numpy()
    hosts = np.full(len(points), -1)
    for role in ("panels", "roof", "outline"):
        found = _first_meeting(places, drawn[drawn["role"] == role])
        hosts = np.where(hosts < 0, found, hosts)
    on_walls = _first_meeting(places, walls) >= 0
    _count_rooftops(keys[(hosts < 0) & on_walls], report)
    alone = keys[(hosts < 0) & ~on_walls]
    report.count(
        len(alone),
        "installation solaire ponctuelle hors de tout toit, laissée",
        "installations solaires ponctuelles hors de tout toit, laissées",
        ids=alone,
    )
    powers = np.asarray([kilowatts(tags) for tags in points["tags"]], dtype=float)
    return _lent(drawn, hosts[hosts >= 0], powers[hosts >= 0])


def _without_outlines(
    drawn: gpd.GeoDataFrame, share: float, report: FileReport
) -> gpd.GeoDataFrame:
    """Leave the outlines of plants around panels drawn one by one; a single one gets the power."""
    outlines = drawn[drawn["role"] == "outline"]
    panels = drawn[(drawn["role"] != "outline") & drawn["is_solar"].fillna(value=False)]
    inside = pd.Series(_holders(panels, outlines, share), panels.index)
    around = inside[inside >= 0]
    single = around.drop_duplicates(keep=False)
    left = outlines.loc[sorted(set(around))]
    report.count(
        len(left),
        "périmètre de centrale solaire laissé, ses panneaux étant dessinés",
        "périmètres de centrales solaires laissés, leurs panneaux étant dessinés",
        ids=left["key"],
    )
    powers = outlines.loc[single, "power_kwc"].to_numpy()
    return _lent(drawn, single.index.to_numpy(), powers).drop(index=left.index)


def _without_rooftops(
    drawn: gpd.GeoDataFrame, walls: gpd.GeoDataFrame, share: float, report: FileReport
) -> gpd.GeoDataFrame:
    """Leave the solar areas that are buildings, or that lie on some."""
    on_walls = (drawn["role"] != "roof") & (_covered_share(drawn, walls) >= share)
    _count_rooftops(drawn.loc[on_walls, "key"], report)
    return drawn[~on_walls]


def _count_rooftops(keys: Iterable[str], report: FileReport) -> None:
    shown = list(keys)
    one, many = (
        "installation solaire sur un bâtiment, laissée",
        "installations solaires sur des bâtiments, laissées",
    )
    report.count(len(shown), one, many, ids=shown)


def _join_roofs(drawn: gpd.GeoDataFrame, share: float, report: FileReport) -> gpd.GeoDataFrame:
    """Join the solar areas to the open roof that bears them."""
    areas = drawn[drawn["role"] != "roof"]
    hosts = _holders(areas, drawn[drawn["role"] == "roof"], share)
    joined = areas[hosts >= 0]
    report.count(
        len(joined),
        "surface solaire réunie au toit ouvert qui la porte",
        "surfaces solaires réunies au toit ouvert qui les porte",
        ids=joined["key"],
    )
    lent = _lent(drawn, hosts[hosts >= 0], joined["power_kwc"].to_numpy())
    return lent.drop(index=joined.index)


def _lent(drawn: gpd.GeoDataFrame, hosts: _IntArray, powers: FloatArray) -> gpd.GeoDataFrame:
    """Make the hosts solar; one that tells no power takes those of its guests, if all tell one."""
    if not len(hosts):
        return drawn
    told = pd.Series(powers, dtype=float).groupby(hosts).agg(lambda each: each.sum(skipna=False))
    solar = drawn["is_solar"].mask(drawn.index.isin(told.index), other=True)
    return drawn.assign(is_solar=solar, power_kwc=drawn["power_kwc"].fillna(told))


def _first_meeting(places: GeometryArray, shapes: gpd.GeoDataFrame) -> _IntArray:
    """Return the label of the first shape that each point meets, -1 for none."""
    found = np.full(len(places), -1)
    tree = shapely.STRtree(shapes.geometry.to_numpy())
    place, shape = tree.query(places, predicate="intersects")
    order = np.lexsort((shape, place))[::-1]
    found[place[order]] = shapes.index.to_numpy()[shape[order]]
    return found


def _holders(areas: gpd.GeoDataFrame, shapes: gpd.GeoDataFrame, share: float) -> _IntArray:
    """Return the label of the shape that holds most of each area, `share` at least; else -1."""
    found = np.full(len(areas), -1)
    inner, outer = areas.geometry.to_numpy(), shapes.geometry.to_numpy()
    area, shape = shapely.STRtree(outer).query(inner, predicate="intersects")
    held = shapely.area(shapely.intersection(inner[area], outer[shape])) / shapely.area(inner[area])
    order = np.argsort(held, kind="stable")
    order = order[held[order] >= share]
    found[area[order]] = shapes.index.to_numpy()[shape[order]]
    return found


def _covered_share(areas: gpd.GeoDataFrame, walls: gpd.GeoDataFrame) -> FloatArray:
    """Return the share of each area that buildings cover together, in [0, 1]."""
    inner, outer = areas.geometry.to_numpy(), walls.geometry.to_numpy()
    area, wall = shapely.STRtree(outer).query(inner, predicate="intersects")
    covered = np.zeros(len(inner))
    for row in np.unique(area):
        under = shapely.union_all(outer[wall[area == row]])
        covered[row] = shapely.area(shapely.intersection(inner[row], under))
    return covered / shapely.area(inner)


def _where(table: gpd.GeoDataFrame, test: Callable[[Tags], bool]) -> BoolArray:
    return np.asarray([test(tags) for tags in table["tags"]], dtype=bool)
