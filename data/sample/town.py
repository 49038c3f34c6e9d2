"""The town as features of each source, in its own frame, read from `plan.yaml`."""

from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import shapely
import yaml
from shapely.geometry.base import BaseGeometry

_BLOCK_PITCH = (350, 280)
_FIRST_AXIS = (60, 60)
_HALF_BLOCK = (165, 260)
_KERB = 10  # from the axis of a street to the parcels
_HOUSE_COUNT = 10
_SECTION_SIZE = 200

Item = dict[str, Any]
Point = tuple[float, float]


@dataclass
class Feature:
    """A geometry and what its source says of it; the last `missing_nodes` nodes are not given."""

    geometry: BaseGeometry
    tags: dict[str, Any]
    missing_nodes: int = 0


@dataclass
class Parcel:
    """A cadastral parcel; `owners` are keys of the persons of the plan, none when not published."""

    geometry: BaseGeometry
    owners: list[str]
    commune: str = ""
    section: str = ""
    number: int = 0

    @property
    def idu(self) -> str:
        """Return the national identifier: section and number keep their leading zeros."""
        return f"{self.commune}000{self.section.zfill(2)}{self.number:04d}"


@dataclass
class Town:
    """
    Features by source; what comes first is as the plan gives it.

    `blocks` are the half blocks, with the `use` of their land. `landscape`, `grounds`, `roads` and
    `cases` are what the land cover adds to the town.
    """

    persons: dict[str, Item]
    yields: Item
    height_model: Item
    land: Item
    planning: Item
    consumption: dict[str, list[int]]
    communes: list[Feature] = field(default_factory=list)
    osm: list[Feature] = field(default_factory=list)
    streets: list[Feature] = field(default_factory=list)
    buildings: list[Feature] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    bdtopo_parkings: list[Feature] = field(default_factory=list)
    national_parkings: list[Feature] = field(default_factory=list)
    installations: list[Feature] = field(default_factory=list)
    footprints: list[Feature] = field(default_factory=list)
    trees: list[Feature] = field(default_factory=list)
    monuments: list[Feature] = field(default_factory=list)
    chapels: list[Feature] = field(default_factory=list)
    dossiers: list[Feature] = field(default_factory=list)
    easements: list[Feature] = field(default_factory=list)
    raised: list[Feature] = field(default_factory=list)
    blocks: list[Feature] = field(default_factory=list)
    landscape: list[Feature] = field(default_factory=list)
    grounds: list[Feature] = field(default_factory=list)
    roads: list[Feature] = field(default_factory=list)
    cases: list[Feature] = field(default_factory=list)
    zones: list[Feature] = field(default_factory=list)
    brownfields: list[Feature] = field(default_factory=list)
    exempted: list[Feature] = field(default_factory=list)


def read_town(path: Path) -> Town:
    """Read the plan and lay out the whole town."""
    plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    asis = ("persons", "irradiation", "height_model", "land", "planning", "consumption")
    town = Town(*(plan[key] for key in asis))
    town.communes += [
        Feature(shapely.Polygon(item["ring"]), {"code": item["code"], "nom": item["name"]})
        for item in plan["communes"]
    ]
    town.streets += _streets(plan)
    for slot in plan["residential"]:
        _add_houses(town, _corner(slot))
    for site in plan["sites"]:
        _add_site(town, site)
    town.trees += _avenue(plan["avenue_trees"])
    town.chapels.append(Feature(shapely.Point(plan["chapel"]["point"]), plan["chapel"]))
    _number_parcels(town)
    _add_land(town, plan)
    return town


def commune_of(town: Town, geometry: BaseGeometry) -> str:
    """Return the code of the commune that holds the middle of a geometry."""
    middle = shapely.centroid(geometry)
    return next(c.tags["code"] for c in town.communes if c.geometry.covers(middle))


def _corner(slot: str) -> Point:
    """South-west corner of a half block, such as `C3e`."""
    column, row, half = ord(slot[0]) - ord("A"), int(slot[1]) - 1, slot[2]
    shift = _HALF_BLOCK[0] if half == "e" else 0
    x = _FIRST_AXIS[0] + column * _BLOCK_PITCH[0] + _KERB + shift
    return x, _FIRST_AXIS[1] + row * _BLOCK_PITCH[1] + _KERB


def _streets(plan: Item) -> list[Feature]:
    """Draw the streets, with a vertex at each crossing, so that crossing ways share a node."""
    across, along = plan["streets_west_to_east"], plan["streets_south_to_north"]
    xs = [_FIRST_AXIS[0] + i * _BLOCK_PITCH[0] for i in range(len(across))]
    ys = [_FIRST_AXIS[1] + j * _BLOCK_PITCH[1] for j in range(len(along))]
    drawn = [
        Feature(shapely.LineString([(x, y) for y in ys]), _street_tags(street))
        for x, street in zip(xs, across, strict=True)
    ]
    for y, street in zip(ys, along, strict=True):
        ends = {street.get("from", xs[0]), *xs, street.get("to", xs[-1])}
        drawn.append(
            Feature(shapely.LineString([(x, y) for x in sorted(ends)]), _street_tags(street))
        )
    return drawn


def _street_tags(street: Item) -> dict[str, str]:
    return {"highway": street["highway"], "name": street["name"], "surface": "asphalt"}


def _add_houses(town: Town, corner: Point) -> None:
    """Fill a half block with two rows of narrow parcels, a house near each street."""
    width, depth = _HALF_BLOCK[0] / _HOUSE_COUNT, _HALF_BLOCK[1] / 2
    for i, row in product(range(_HOUSE_COUNT), range(2)):
        x, y = corner[0] + i * width, corner[1] + row * depth
        setback = 5 + 2 * (i % 3)
        foot = y + setback if row == 0 else y + depth - setback - 9
        town.parcels.append(Parcel(shapely.box(x, y, x + width, y + depth), []))
        house = shapely.box(x + 2, foot, x + 2 + 9 + i % 4, foot + 9)
        town.buildings.append(Feature(house, {"usage": "Résidentiel", "height": 6.5}))


def _add_site(town: Town, site: Item) -> None:
    corner = tuple(site["at"]) if "at" in site else _corner(site["slot"])
    for box in site.get("parcels", [[0, 0, *_HALF_BLOCK]]):
        town.parcels.append(Parcel(_shapes({"box": box}, corner)[0], site.get("owners", [])))
    main = [site["building"]] if "building" in site else []
    for box in [*main, *site.get("buildings", [])]:
        building = _shapes({"box": box}, corner)[0]
        town.buildings.append(Feature(building, {"usage": "Commercial et services", "height": 8.0}))
        town.osm.append(Feature(building, {"building": "yes"}))
    town.buildings += [
        Feature(shape, {"usage": "Indifférencié", "height": 3.5, "is_light": True})
        for box in site.get("light", [])
        for shape in _shapes({"box": box}, corner)
    ]
    for lot in site.get("lots", []):
        _add_lot(town, lot, corner)
    town.osm += _features(site.get("osm", []), corner, "tags")
    for street in site.get("streets", []):
        town.streets.append(Feature(_shapes(street, corner)[0], _street_tags(street)))
    town.bdtopo_parkings += _features(site.get("bdtopo", []), corner)
    town.national_parkings += _features(site.get("parkings", []), corner)
    town.trees += _features([item | {"as": "points"} for item in site.get("trees", [])], corner)
    town.easements += _features(site.get("easements", []), corner)
    town.raised += _features(site.get("raised", []), corner)
    _add_installations(town, site.get("icpe", []), corner)
    if "monument" in site:
        town.monuments += _features([site["monument"]], corner)


def _add_lot(town: Town, lot: Item, corner: Point) -> None:
    outline = _shapes(lot, corner)[0]
    tags = {"amenity": "parking", "parking": "surface", "name": lot["name"]}
    town.osm.append(Feature(outline, tags | lot.get("tags", {})))
    if "bdtopo" in lot.get("also", []):
        town.bdtopo_parkings.append(Feature(outline, {"name": lot["name"]}))
    if "parkings" in lot.get("also", []):
        town.national_parkings.append(Feature(outline, {}))
    town.dossiers += [Feature(outline, row) for row in lot.get("dossier", [])]
    if lot.get("tags", {}).get("building"):
        town.buildings.append(Feature(outline, {"usage": "Indifférencié", "height": 12.0}))


def _add_installations(town: Town, installations: list[Item], corner: Point) -> None:
    for item in installations:
        town.installations += _features([item], corner)
        if "footprint" in item:
            outline = _shapes({"box": item["footprint"]}, corner)[0]
            town.footprints.append(Feature(outline, {"code_aiot": item["code"]}))


def _add_land(town: Town, plan: Item) -> None:
    """Lay out what the land cover and its neighbours add: their coordinates are the town's."""
    land, origin = plan["land"], (0, 0)
    uses = dict.fromkeys(plan["residential"], "US5") | dict.fromkeys(land["production"], "US2")
    for column, row, half in product("ABCDEF", "12345", "we"):
        slot = f"{column}{row}{half}"
        box = _shapes({"box": [0, 0, *_HALF_BLOCK]}, _corner(slot))[0]
        town.blocks.append(Feature(box, {"use": uses.get(slot, "US3")}))
    town.landscape += _features(land["landscape"], origin)
    town.grounds += _features(land["grounds"], origin)
    town.roads += _features(land["roads"], origin)
    town.cases += _features(land["cases"], origin)
    town.brownfields += _features(plan["brownfields"], origin)
    town.exempted += _features(plan["exempted"], origin)
    town.zones += _zones(town, plan["planning"])


def _zones(town: Town, planning: Item) -> list[Feature]:
    """Return the zones of the planning document; the one without box is the commune."""
    commune = next(c for c in town.communes if c.tags["code"] == planning["commune"])
    return [
        Feature(_shapes(zone, (0, 0))[0] if "box" in zone else commune.geometry, zone)
        for zone in planning["zones"]
    ]


def _number_parcels(town: Town) -> None:
    """Give each parcel its commune, section (of 200 parcels) and number."""
    ranks = {commune.tags["code"]: 0 for commune in town.communes}
    for parcel in town.parcels:
        parcel.commune = commune_of(town, parcel.geometry)
        section, rank = divmod(ranks[parcel.commune], _SECTION_SIZE)
        parcel.section, parcel.number = "ABC"[section], rank + 1
        ranks[parcel.commune] += 1


def _avenue(trees: Item) -> list[Feature]:
    (x, y), (_, last) = trees["from"], trees["to"]
    return [Feature(shapely.Point(x, v), trees) for v in range(y, last + 1, trees["every"])]


def _features(items: list[Item], corner: Point, tags: str | None = None) -> list[Feature]:
    return [
        Feature(shape, item[tags] if tags else item, item.get("missing_nodes", 0))
        for item in items
        for shape in _shapes(item, corner)
    ]


def _shapes(item: Item, corner: Point) -> list[BaseGeometry]:
    """Read the shape of an item; a grid gives many."""
    shapes: list[BaseGeometry]
    if "grid" in item:
        cells = _cells(**item["grid"])
        shapes = [shapely.centroid(c) for c in cells] if item.get("as") == "points" else cells
    elif "box" in item:
        holes = [shapely.box(*hole).exterior for hole in item.get("holes", [])]
        shapes = [shapely.Polygon(shapely.box(*item["box"]).exterior, holes)]
    elif "ring" in item:
        shapes = [shapely.Polygon(item["ring"])]
    elif "line" in item:
        shapes = [shapely.LineString(item["line"])]
    else:
        shapes = [shapely.Point(item["point"])]
    return [shapely.transform(shape, lambda xy: xy + corner) for shape in shapes]


def _cells(box: list[float], columns: int, rows: int) -> list[BaseGeometry]:
    x0, y0, x1, y1 = box
    width, height = (x1 - x0) / columns, (y1 - y0) / rows
    return [
        shapely.box(x0 + i * width, y0 + j * height, x0 + (i + 1) * width, y0 + (j + 1) * height)
        for j, i in product(range(rows), range(columns))
    ]
