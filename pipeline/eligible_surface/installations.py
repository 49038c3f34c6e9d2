"""Classified installations (ICPE): the best known geometry of each, and its 10 m ring."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.assumptions import Assumptions
from pipeline.contracts import check, conform
from pipeline.rules import RuleBook
from pipeline.schemas import Building, Installation, LocatedInstallation

_CLOSED = "fin d'exploitation|cessation|fermé|clôturé|récolement"
_NOT_CLASSIFIED = "non icpe"


def locate_installations(
    installations: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, verified_headings: tuple[str, ...]
) -> gpd.GeoDataFrame:
    """
    Put each installation on the best rung: supplied footprint, building that holds it, point.

    The land holding or the site is never used: it would erase a whole supermarket car park.

    Parameters
    ----------
    installations
        `Installation`, points or supplied footprints.
    buildings
        `Building`; where several hold a point, the smallest is taken.
    verified_headings
        Headings (*rubriques*) whose 10 m distance was read in the arrêté.

    Returns
    -------
    located
        `LocatedInstallation`, in the order of `installations`. `has_ring` is false for a closed or
        unclassified installation, or one that is only located to the commune; `ring_is_certain`
        only for a footprint whose heading is verified.

    References
    ----------
    Décret n° 2024-1023 du 13 novembre 2024, art. 1er, III, 3° ; arrêté du 4 décembre 2024.
    """
    crs = str(installations.crs)
    points = check(Installation, installations, crs)
    holders = check(Building, buildings, crs)
    geometry = points.geometry.to_numpy().copy()
    rung = np.where(points["is_footprint"], "emprise", "point").astype(object)

    held = _smallest_holder(points, holders)
    geometry[held.index] = holders.geometry.to_numpy()[held.to_numpy()]
    rung[held.index] = "batiment"

    headings = points["headings"].fillna("").str.split(";")
    is_verified = headings.map(lambda found: bool(set(found) & set(verified_headings)))
    table = points.assign(
        rung=rung,
        has_ring=_may_have_ring(points),
        ring_is_certain=(rung == "emprise") & is_verified.to_numpy(dtype=bool),
        geometry=geometry,
    )
    located = conform(LocatedInstallation, pd.DataFrame(table), crs)
    return check(LocatedInstallation, gpd.GeoDataFrame(located), crs)


def _smallest_holder(
    installations: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame
) -> "pd.Series[int]":
    """Return, by position of a precise point, the position of the smallest building around it."""
    movable = (~installations["is_footprint"] & installations["is_precise"]).to_numpy()
    position = np.flatnonzero(movable)
    found, building = buildings.sindex.query(
        installations.geometry.iloc[position], predicate="intersects"
    )
    pairs = pd.DataFrame({"installation": position[found], "building": building})
    pairs["area"] = buildings.geometry.iloc[building].area.to_numpy()
    smallest = pairs.sort_values(["area", "building"]).drop_duplicates("installation")
    return smallest.sort_values("installation").set_index("installation")["building"]


def _may_have_ring(installations: gpd.GeoDataFrame) -> "pd.Series[bool]":
    closed = installations["activity"].fillna("").str.contains(_CLOSED, case=False, regex=True)
    unclassified = installations["regime"].fillna("").str.lower() == _NOT_CLASSIFIED
    return installations["is_precise"] & ~closed & ~unclassified


def icpe_rings(
    located: gpd.GeoDataFrame, distance_m: float, assumptions: Assumptions
) -> gpd.GeoDataFrame:
    """
    Draw the ring of each installation that has one.

    Parameters
    ----------
    located
        `LocatedInstallation`.
    distance_m
        Distance of the decree, metres; strict, so the circle itself is outside (area 0).

    Returns
    -------
    rings
        `installation_id`, `source`, `is_certain`, `geometry`: everything at less than `distance_m`
        of the installation, the installation included.
    """
    segments = int(assumptions.eligible_surface.ring_segments_per_quadrant.value)
    ringed = located[located["has_ring"]]
    return gpd.GeoDataFrame(
        {
            "installation_id": ringed["installation_id"].to_numpy(),
            "source": ringed["source"].to_numpy(),
            "is_certain": ringed["ring_is_certain"].to_numpy(dtype=bool),
        },
        geometry=shapely.buffer(ringed.geometry.to_numpy(), distance_m, quad_segs=segments),
        crs=located.crs,
    )


def ring_distance(rules: RuleBook, day: date) -> float:
    """Return the distance in force on `day`, 0 m where no text sets one."""
    rule = rules.rule("APER40.icpe_distance")
    return rules.number(rule.id, day) if rule.is_in_force(day) else 0.0
