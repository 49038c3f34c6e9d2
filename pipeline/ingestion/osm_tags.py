"""What OSM tags say: kind of car park, capacity, class of road, openings, numbers with units."""

import re

import osmium

from pipeline.ingestion.osm_objects import GroundTags, Tags
from pipeline.ingestion.osm_solar_tags import is_solar_power

ROLES = (
    "amenity", "highway", "barrier", "building", "man_made", "natural", "entrance", "hazmat",
    "power",
)  # fmt: skip
DETAILS = (
    "access", "area", "boundary", "bridge", "capacity", "covered", "diameter_crown", "est_width",
    "generator:method", "generator:output:electricity", "generator:source", "generator:type",
    "genus", "height", "hgv", "layer", "location", "motor_vehicle", "motorcar", "name", "operator",
    "leaf_type", "parking", "plant:output:electricity", "plant:source", "roof:material", "service",
    "species", "surface", "truck", "tunnel", "type", "vehicle", "width",
)  # fmt: skip

_ON_STREET = {"street_side", "lane", "on_kerb", "half_on_kerb", "on_street", "shoulder"}
_GARAGES = {"garage_boxes", "sheds", "shed"}
_OPEN_BUILDINGS = {"roof", "carport", "canopy"}
_ACCESS = {
    "yes": "public", "public": "public", "permissive": "public", "private": "privé",
    "customers": "clients", "permit": "sur autorisation", "destination": "riverains",
    "residents": "riverains", "delivery": "livraisons", "employees": "employés",
    "staff": "employés", "no": "interdit",
}  # fmt: skip
_FOR_TRUCKS = {"designated", "only"}
# Keys that close to cars what `hgv=yes` opens to lorries; `access=private` may open to both.
_CARS = ("motorcar", "motor_vehicle", "vehicle", "access")
_NO = {"no", "private"}
_PUBLIC = {
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential",
    "living_street", "motorway_link", "trunk_link", "primary_link", "secondary_link",
    "tertiary_link",
}  # fmt: skip
_FENCES = {"fence", "wall", "retaining_wall", "guard_rail", "city_wall", "jersey_barrier"}
_PARKING = {"parking", "parking_space"}
# Without one of these keys, or of the pairs of a ground cover, nothing is of interest as an area.
AREA_KEYS = ("amenity", "building", "man_made", "power")
# Without one of these pairs a line is no road for cars, no fence and no row of trees.
LINES = (
    *(("highway", value) for value in sorted({*_PUBLIC, "road", "service"})),
    *(("barrier", value) for value in sorted(_FENCES)),
    ("natural", "tree_row"),
)
_OPENINGS = {
    "gate", "lift_gate", "swing_gate", "sliding_gate", "entrance", "bollard", "chain",
    "height_restrictor", "rising_bollard", "sally_port", "toll_booth", "yes_gate",
}  # fmt: skip
# Keys that draw a line even when it closes: such a ring is an area only if it says so.
_LINEAR_KEYS = frozenset({"highway", "barrier", "railway", "waterway"})
_AREA_HIGHWAYS = {"rest_area", "services"}
_AREA_WATERWAYS = {"riverbank", "dock"}
_NUMBER = re.compile(r"^\s*(\d+(?:[.,]\d+)?)\s*(?:m|mètres?|metres?|meters?)?\s*$", re.IGNORECASE)
_RANGE = re.compile(r"^\s*(\d{1,6})\s*(?:-|–|à)\s*(\d{1,6})\s*$")
_MORE_THAN = re.compile(r"^\s*(?:>|>=|≥|\+)\s*(\d{1,6})\s*$|^\s*(\d{1,6})\s*\+\s*$")
_COUNT = re.compile(r"^\s*(\d{1,6})\s*$")


def parking_type(tags: Tags) -> str:
    """Return the kind of a car park, in the words of `ParkingCandidate.parking_type`."""
    kind = tags.get("parking", "")
    building = tags.get("building", "no")
    if kind in _ON_STREET:
        return "voirie"
    if kind == "underground" or tags.get("location") == "underground" or layer(tags) < 0:
        return "souterrain"
    if kind == "rooftop":
        return "toiture"
    if kind == "multi-storey" or building not in {"no", "roof"}:
        return "aerien_bati"
    if kind in _GARAGES or tags.get("covered") == "yes" or building == "roof":
        return "couvert"
    return "surface"


def is_for_trucks(tags: Tags) -> bool:
    """
    Tell whether a car park is meant for lorries: said so, or open to them and closed to cars.

    Lorries that are merely allowed (`hgv=yes`) say nothing: cars park there too.
    """
    if tags.get("parking") == "truck" or tags.get("truck") == "designated":
        return True
    if tags.get("hgv") in _FOR_TRUCKS:
        return True
    is_closed_to_cars = any(tags.get(key) == "no" for key in _CARS)
    return tags.get("hgv") == "yes" and is_closed_to_cars


def access(text: str | None) -> str | None:
    """Return in French who may use a car park; a value that is not known here stays as it is."""
    if text is None:
        return None
    values = [value.strip() for value in text.split(";")]
    return " ; ".join(dict.fromkeys(_ACCESS.get(value.lower(), value) for value in values))


def capacity(text: str | None) -> tuple[float | None, float | None]:
    """Return the low and high number of spaces of a tag; « >100 » has no high, « ~50 », 0 none."""
    if text is None:
        return (None, None)
    if found := _COUNT.match(text):
        count = float(found[1]) or None
        return (count, count)
    if found := _RANGE.match(text):
        low, high = sorted((float(found[1]), float(found[2])))
        return (low, high)
    if found := _MORE_THAN.match(text):
        return (float(found[1] or found[2]), None)
    return (None, None)


def metres(text: str | None) -> float | None:
    """Return a positive length in metres: `5.5`, `5,5`, `5 m`; None for anything else."""
    found = _NUMBER.match(text) if text else None
    value = float(found[1].replace(",", ".")) if found else 0.0
    return value if value > 0 else None


def layer(tags: Tags) -> float:
    """Return the level of an object with respect to the ground; 0 when not told or unreadable."""
    try:
        return float(tags.get("layer", "0"))
    except ValueError:
        return 0.0


def road_class(tags: Tags) -> str | None:
    """Return the class of a road, in the words of `Road.road_class`; None for no road for cars."""
    highway = tags.get("highway")
    if tags.get("area") == "yes":
        return None
    if highway == "service":
        return "aisle" if tags.get("service") == "parking_aisle" else "service"
    if highway in _PUBLIC:
        is_closed = tags.get("access") in _NO or tags.get("motor_vehicle") == "no"
        return "service" if is_closed else "public"
    return "unknown" if highway == "road" else None


def is_off_ground(tags: Tags) -> bool:
    """Tell whether a road runs on a bridge, in a tunnel, or on another level."""
    crosses = any(tags.get(key, "no") != "no" for key in ("tunnel", "bridge"))
    return crosses or layer(tags) != 0


def is_fence(tags: Tags) -> bool:
    """Tell whether a line cannot be driven through."""
    return tags.get("barrier") in _FENCES


def is_opening(tags: Tags) -> bool:
    """Tell whether a point of a fence lets through: gate, bollard, entrance."""
    return tags.get("barrier") in _OPENINGS or tags.get("entrance", "no") != "no"


def is_tree(tags: Tags) -> bool:
    """Tell whether a point is a single tree."""
    return tags.get("natural") == "tree"


def is_tree_row(tags: Tags) -> bool:
    """Tell whether a line is a row of trees."""
    return tags.get("natural") == "tree_row"


def is_building(tags: Tags) -> bool:
    """Tell whether an area is a building; a car park itself, or an administrative limit, is not."""
    if "boundary" in tags:  # met: a limit whose `building` holds the text of a decree
        return False
    is_roof = tags.get("man_made") == "carport" or tags.get("building", "no") != "no"
    return is_roof and tags.get("amenity") != "parking"


def is_open_building(tags: Tags) -> bool:
    """Tell whether a building is only a roof."""
    return tags.get("building") in _OPEN_BUILDINGS or tags.get("man_made") == "carport"


def encloses(tags: Tags, key: str) -> bool:
    """Tell whether a closed way or a multipolygon is a surface, and not a line that closes."""
    if key.startswith("relation/") or tags.get("area") == "yes":
        return True
    if _LINEAR_KEYS.isdisjoint(tags):
        return True
    return tags.get("highway") in _AREA_HIGHWAYS or tags.get("waterway") in _AREA_WATERWAYS


def is_plain_road(tags: osmium.osm.TagList) -> bool:
    """Tell a road that encloses nothing, in three looks at tags that are slow to read whole."""
    is_road = tags.get("highway", "services") not in _AREA_HIGHWAYS
    return is_road and "area" not in tags and "waterway" not in tags


def is_line(tags: Tags) -> bool:
    """Tell whether a way is a road for cars, a fence or a row of trees."""
    return road_class(tags) is not None or is_fence(tags) or is_tree_row(tags)


def is_line_of(tags: Tags, lines: GroundTags) -> bool:
    """Tell whether a line carries one of the pairs that are looked for."""
    return not lines.isdisjoint(tags.items())


def is_parking_or_space(tags: Tags) -> bool:
    """Tell whether an object is a car park or a space of one."""
    return tags.get("amenity") in _PARKING


def is_point(tags: Tags) -> bool:
    """Tell whether a node is a car park, a tree, an opening or panels."""
    is_found = is_parking_or_space(tags) or is_tree(tags) or is_opening(tags)
    return is_found or is_solar_power(tags)


def is_of_interest(tags: Tags, ground: GroundTags) -> bool:
    """Tell whether an area may be a car park, a space, a building, panels or a ground cover."""
    if is_parking_or_space(tags) or is_building(tags):
        return True
    if is_solar_power(tags):
        return True
    return not ground.isdisjoint(tags.items())
