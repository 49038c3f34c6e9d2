"""What OSM tags say of roofs without walls and of solar power: kind, panels, peak power."""

import re

from pipeline.ingestion.osm_objects import Tags

_ROOFS = {"roof", "canopy"}
_POWER = {"generator", "plant"}
_SOURCES = ("plant:source", "generator:source")
_PANELS = {"generator:method": "photovoltaic", "generator:type": "solar_photovoltaic_panel"}
_OUTPUTS = ("plant:output:electricity", "generator:output:electricity")
# One number and its unit; « c » is the French for the « p » of peak power.
_OUTPUT = re.compile(
    r"^\s*(\d{1,9}(?:[.,]\d{1,9})?)\s*([kMG]?)W(?:[ _-]?(?:p|c|peak|cr[êe]tes?))?\s*$",
    re.ASCII | re.IGNORECASE,
)
# « 1,200 kW » is 1.2 kW in French and 1 200 in English: nobody can tell.
_AMBIGUOUS = re.compile(r"^\s*[1-9]\d{0,2},\d{3}(?!\d)")
_KILOWATTS = {"": 1e-3, "k": 1.0, "m": 1e3, "g": 1e6}


def is_solar_power(tags: Tags) -> bool:
    """Tell whether an object of the power network makes energy of sunlight."""
    return tags.get("power") in _POWER and _names_the_sun(tags)


def _names_the_sun(tags: Tags) -> bool:
    sources = {word.strip() for key in _SOURCES for word in tags.get(key, "").split(";")}
    return "solar" in sources or any(tags.get(key) == value for key, value in _PANELS.items())


def is_open_roof(tags: Tags) -> bool:
    """
    Tell whether an area is a roof without walls, even if it is also drawn as a car park.

    A limit whose `building` holds the text of a decree is none.
    """
    if "boundary" in tags:
        return False
    return _is_carport(tags) or tags.get("building") in _ROOFS


def carport_kind(tags: Tags) -> str:
    """Return what an open roof, or a solar area, is, in the words of `Carport.kind`."""
    if tags.get("power") in _POWER and bears_panels(tags):
        return "installation_solaire"
    return "ombriere" if _is_carport(tags) else "toit"


def _is_carport(tags: Tags) -> bool:
    return "carport" in {tags.get("man_made"), tags.get("building")}


def is_closed_building(tags: Tags) -> bool:
    """Tell whether an area has walls: panels on it are over no bay of an outdoor car park."""
    is_built = tags.get("building", "no") != "no" and "boundary" not in tags
    return is_built and not is_open_roof(tags)


def bears_panels(tags: Tags) -> bool:
    """Tell whether an open roof says that it is solar; a generator of untold source does not."""
    return _names_the_sun(tags) or tags.get("roof:material") == "solar_panels"


def kilowatts(tags: Tags) -> float | None:
    """Return the electric power told, kW: `55.2 kW`, `4,4 MW`, `120kWp`; None for anything else."""
    return next((found for key in _OUTPUTS if (found := _kilowatts(tags.get(key, "")))), None)


def _kilowatts(text: str) -> float | None:
    found = _OUTPUT.match(text)
    if found is None or _AMBIGUOUS.match(text):
        return None
    value = float(found[1].replace(",", ".")) * _KILOWATTS[found[2].lower()]
    return value if value > 0 else None
