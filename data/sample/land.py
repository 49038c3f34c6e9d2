"""The land cover of each vintage, in the town's frame: the town, and the cases of the plan."""

from dataclasses import dataclass
from typing import Any

import shapely
from paint import cut_faces, paint
from shapely.geometry.base import BaseGeometry
from town import Feature, Town

VINTAGES = (2021, 2024)
_FIELD = {"cover": "CS2.2.1", "use": "US1.1"}
_STREET = {"cover": "CS1.1.1.2", "use": "US4.1.1", "frame": True}
_BUILT, _PAVED, _GRASS = "CS1.1.1.1", "CS1.1.1.2", "CS2.2.1"
_PRODUCTION, _SERVICES = "US2", "US3"
_IN_TOWN_M, _OUTSIDE_M = 10, 4  # half the width of a street, pavements included in town
_TOWN = shapely.box(50, 50, 2170, 1470)


@dataclass(frozen=True)
class Ground:
    """A polygon of a vintage and what the plan says of it."""

    geometry: shapely.Polygon
    tags: dict[str, Any]


def land_of(town: Town) -> dict[int, list[Ground]]:
    """Return the polygons of each vintage: coverages cut along the outlines of all vintages."""
    extent = shapely.box(*town.land["extent"])
    layers = _layers(town)
    surfaces = [shapely.intersection(layer.geometry, extent) for layer in layers]
    faces = cut_faces(surfaces)
    return {
        vintage: [
            Ground(polygon, layers[rank].tags)
            for rank, polygon in paint(faces, surfaces, _shown(layers, vintage))
        ]
        for vintage in VINTAGES
    }


def _shown(layers: list[Feature], vintage: int) -> list[int]:
    return [
        rank for rank, layer in enumerate(layers) if vintage in layer.tags.get("vintages", VINTAGES)
    ]


def _layers(town: Town) -> list[Feature]:
    """Return what is painted, the field first."""
    return [
        Feature(shapely.box(*town.land["extent"]), _FIELD),
        *map(_surface, town.landscape),
        *_plots(town),
        *map(_surface, town.grounds),
        *_car_parks(town),
        *_buildings(town),
        *_streets(town),
        *(Feature(_surface(road).geometry, road.tags | _STREET) for road in town.roads),
        *map(_surface, town.cases),
    ]


def _surface(item: Feature) -> Feature:
    """Widen a line of the plan."""
    if "width" not in item.tags:
        return item
    return Feature(_widened(item.geometry, item.tags["width"] / 2), item.tags)


def _widened(line: BaseGeometry, half_m: float) -> BaseGeometry:
    return shapely.buffer(line, half_m, cap_style="flat", join_style="mitre")


def _plots(town: Town) -> list[Feature]:
    """Return the land of the sites outside the blocks, then the half blocks, by use."""
    parcels = shapely.union_all([parcel.geometry for parcel in town.parcels])
    uses = sorted({block.tags["use"] for block in town.blocks})
    return [
        Feature(parcels, {"cover": _GRASS, "use": _SERVICES}),
        *(
            Feature(
                shapely.union_all([b.geometry for b in town.blocks if b.tags["use"] == use]),
                {"cover": _PAVED if use == _PRODUCTION else _GRASS, "use": use},
            )
            for use in uses
        ),
    ]


def _car_parks(town: Town) -> list[Feature]:
    """Return the lots of all sources on the ground; pieces that touch are one."""
    drawn = [
        item.geometry
        for item in town.osm
        if item.tags.get("amenity") == "parking"
        and item.tags.get("parking") == "surface"
        and item.geometry.geom_type == "Polygon"
        and not item.missing_nodes
    ]
    drawn += [item.geometry for item in (*town.bdtopo_parkings, *town.national_parkings)]
    merged = shapely.get_parts(shapely.union_all(shapely.make_valid(drawn)))
    return [Feature(lot, {"cover": _PAVED, "use": _use_around(town, lot)}) for lot in merged]


def _buildings(town: Town) -> list[Feature]:
    return [
        Feature(item.geometry, {"cover": _BUILT, "use": _use_around(town, item.geometry)})
        for item in town.buildings
        if not item.tags.get("is_light")
    ]


def _use_around(town: Town, geometry: BaseGeometry) -> str:
    """Return the use of the half block that holds a geometry; services outside the blocks."""
    middle = shapely.point_on_surface(geometry)
    found = (block.tags["use"] for block in town.blocks if block.geometry.covers(middle))
    return next(found, _SERVICES)


def _streets(town: Town) -> list[Feature]:
    """Return the streets: from kerb to kerb between the blocks, the roadway alone elsewhere."""
    blocks = shapely.union_all([block.geometry for block in town.blocks])
    found = []
    for street in town.streets:
        surface = _widened(street.geometry, _OUTSIDE_M)
        if not street.geometry.intersects(blocks):  # one that a site draws crosses its half block
            wide = shapely.buffer(street.geometry, _IN_TOWN_M, cap_style="square")
            surface = shapely.union(surface, shapely.intersection(wide, _TOWN))
        found.append(Feature(surface, _STREET))
    return found
