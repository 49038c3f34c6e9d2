"""OSM objects → what their tags tell of the ground."""

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.derived_land_choices import DerivedLandChoices, LandReading, Shape
from pipeline.ingestion.land_words import LandRows, kinds_of
from pipeline.ingestion.osm_objects import GroundTags, Tags
from pipeline.ingestion.osm_tags import ROLES, metres, parking_type

_PLACES_BELOW = ("underground", "underwater")
# Car parks that are constructions; as such they are in no table of buildings.
_BUILT_PARKS = {"aerien_bati": "batiment", "couvert": "construction_legere"}


def ground_tags(assumptions: Assumptions) -> GroundTags:
    """Return the pairs (key, value) of the ground covers that OSM tells."""
    return frozenset(
        (cover.tag, cover.value) for cover in assumptions.ground_cover if cover.source == "osm"
    )


def keys_read(assumptions: Assumptions) -> tuple[str, ...]:
    """
    Return the keys of every object that the readers look at, sorted.

    An object with none of them is in no table, whatever is asked for.
    """
    choices = assumptions.derived_land
    surfaces, lines = (land_tags(choices, shape) for shape in ("surface", "ligne"))
    pairs = ground_tags(assumptions) | surfaces | lines
    return tuple(sorted({*ROLES, *(key for key, _ in pairs)}))


def land_tags(choices: DerivedLandChoices, shape: Shape) -> GroundTags:
    """Return the pairs (key, value) by which the objects of the readings are looked for."""
    pairs: set[tuple[str, str]] = set()
    for reading in choices.of("osm", shape):
        key, values = next(iter(reading.where.items()))
        pairs |= {(key, value) for value in values}
    return frozenset(pairs)


def land_rows(
    areas: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    choices: DerivedLandChoices,
    vintage: str | None,
) -> LandRows:
    """Return what areas and lines (`key`, `tags`) tell; what lies below the ground is left out."""
    surfaces = areas[np.asarray([_is_seen(tags) for tags in areas["tags"]], dtype=bool)]
    are_axes = [_is_seen(tags) and tags.get("area") != "yes" for tags in lines["tags"]]
    axes = lines[np.asarray(are_axes, dtype=bool)]
    drawn = _rows(surfaces, choices.of("osm", "surface"), vintage, only_first=False)
    along = _rows(axes, choices.of("osm", "ligne"), vintage, only_first=True)
    surfaces_told = [drawn.drop(columns=["highway", "width_m"]), _built_parks(areas, vintage)]
    return LandRows(surfaces_told, [along])


def _built_parks(areas: gpd.GeoDataFrame, vintage: str | None) -> pd.DataFrame:
    """Return the car parks with storeys or a roof."""
    kinds = np.asarray([_built_kind(tags) for tags in areas["tags"]], dtype=object)
    is_built = pd.notna(kinds)
    built = areas[is_built]
    return pd.DataFrame(
        {
            "kind": kinds[is_built],
            "source": "osm",
            "source_id": built["key"].to_numpy(dtype=object),
            "vintage": vintage,
            "geometry": built.geometry.to_numpy(),
        }
    )


def _built_kind(tags: Tags) -> str | None:
    is_park = tags.get("amenity") == "parking"
    return _BUILT_PARKS.get(parking_type(tags)) if is_park else None


def _is_seen(tags: Tags) -> bool:
    """Tell what is on the ground or above it; a car park under or on a building is not ground."""
    if tags.get("tunnel", "no") != "no" or tags.get("location") in _PLACES_BELOW:
        return False
    return tags.get("amenity") != "parking" or parking_type(tags) == "surface"


def _rows(
    table: gpd.GeoDataFrame,
    readings: tuple[LandReading, ...],
    vintage: str | None,
    *,
    only_first: bool,
) -> pd.DataFrame:
    keys = sorted({key for reading in readings for key in reading.where})
    words = pd.DataFrame(
        {key: [tags.get(key) for tags in table["tags"]] for key in keys}, dtype=object
    )
    rows, kinds = kinds_of(words, readings, only_first=only_first)
    picked = table.iloc[rows]
    widths = [metres(tags.get("width") or tags.get("est_width")) for tags in picked["tags"]]
    return pd.DataFrame(
        {
            "kind": np.asarray(kinds, dtype=object),
            "source": "osm",
            "source_id": picked["key"].to_numpy(dtype=object),
            "vintage": vintage,
            "highway": [tags.get("highway") for tags in picked["tags"]],
            "width_m": np.asarray(widths, dtype=float),
            "geometry": picked.geometry.to_numpy(),
        }
    )
