"""OSM objects in one form, whatever file they come from: key, tags, geometry in degrees."""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import shapely

from pipeline.crs import GeometryArray
from pipeline.garbage import no_collection

Tags = dict[str, str]
LonLat = tuple[float, float]
GroundTags = frozenset[tuple[str, str]]


@dataclass
class Objects:
    """
    Objects of one dimension: key (`way/123`), tags, and WKB in longitude and latitude.

    Objects with the same tags may share them: never change them.
    """

    keys: list[str] = field(default_factory=list)
    tags: list[Tags] = field(default_factory=list)
    wkb: list[bytes] = field(default_factory=list)

    def add(self, key: str, tags: Tags, wkb: bytes) -> None:
        """Add one object."""
        self.keys.append(key)
        self.tags.append(tags)
        self.wkb.append(wkb)

    def without(self, keys: Collection[str]) -> "Objects":
        """Return the objects whose key is not one of `keys`."""
        kept = Objects()
        for key, tags, wkb in zip(self.keys, self.tags, self.wkb, strict=True):
            if key not in keys:
                kept.add(key, tags, wkb)
        return kept

    def geometries(self) -> GeometryArray:
        """Return the geometries, shape `(n,)`, in degrees."""
        with no_collection():
            shapes = shapely.from_wkb(np.asarray(self.wkb, dtype=object))
        return np.asarray(shapes, dtype=object)


@dataclass
class Incomplete:
    """A mapped car park that the extract does not hold whole: why, in French, and what is known."""

    key: str
    tags: Tags
    defect: str
    known: list[LonLat]


@dataclass
class OsmObjects:
    """Everything of an OSM folder that a car park may need."""

    points: Objects = field(default_factory=Objects)
    lines: Objects = field(default_factory=Objects)
    areas: Objects = field(default_factory=Objects)
    incomplete: list[Incomplete] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    vintage: str | None = None
    dates: dict[str, str] = field(default_factory=dict)  # last edit of car parks and spaces, ISO
    cut_lines: int = 0
    incomplete_others: int = 0

    def keys(self) -> set[str]:
        """Return the keys of all objects, to tell those that another file repeats."""
        rows = (*self.points.keys, *self.lines.keys, *self.areas.keys)
        return {*rows, *(item.key for item in self.incomplete)}

    def add_incomplete(self, key: str, tags: Tags, defect: str, known: list[LonLat]) -> None:
        """Add a car park without outline; `defect` is completed with its place, if known."""
        where = "position inconnue"
        if known:
            lon, lat = np.mean(known, axis=0)
            where = f"vers {lat:.4f}, {lon:.4f}"
        self.incomplete.append(Incomplete(key, tags, f"{defect}, {where}", known))

    def last_edit(self, keys: str) -> str | None:
        """
        Return the day since which an object is known as it is: its last edit, else the file's date.

        A group of spaces, whose keys are joined by `;`, is whole since the last of their days.
        """
        days = [self.dates.get(key) or self.vintage for key in keys.split(";")]
        known = [day for day in days if day is not None]
        return max(known) if len(known) == len(days) else None

    def extend(self, other: "OsmObjects") -> int:
        """Add the objects of another file that are not here yet; return how many already were."""
        known = self.keys()
        repeated = 0
        for name in ("points", "lines", "areas"):
            theirs: Objects = getattr(other, name)
            mine: Objects = getattr(self, name)
            here: set[str] = set()  # a ring may be a line and an area: a key is not of one table
            for key, tags, wkb in zip(theirs.keys, theirs.tags, theirs.wkb, strict=True):
                if key in known or key in here:
                    repeated += 1
                else:
                    mine.add(key, tags, wkb)
                    here.add(key)
        self.incomplete += [item for item in other.incomplete if item.key not in known]
        self.dates = {**other.dates, **self.dates}
        return repeated
