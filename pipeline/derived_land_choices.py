"""Choices of the derived land cover: which layer tells first, what a source's words mean."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from pipeline.assumption_groups import Assumption, Strict

Reliability = Literal["elevee", "moyenne", "faible"]
ReadSource = Literal["osm", "bdtopo", "rpg"]
Shape = Literal["surface", "ligne"]
# Kinds that the readers give by themselves, without a word of a source to read.
GIVEN_KINDS = frozenset(
    {"batiment", "construction_legere", "chaussee_supposee", "voie_inconnue", "stationnement"}
)


class CoverLayer(Strict):
    """
    A kind of evidence and the cover it tells; no code hides what is below and tells nothing.

    `is_frame`: roads and rails, whose use holds only where they are seen.
    """

    kind: str
    code: str | None
    reliability: Reliability | None
    reason: str
    is_frame: bool = False

    @model_validator(mode="after")
    def _a_code_is_more_or_less_reliable(self) -> Self:
        if (self.code is None) != (self.reliability is None):
            msg = f"{self.kind} : code et reliability vont ensemble"
            raise ValueError(msg)
        return self


class UseLayer(Strict):
    """A kind of evidence and the use it tells."""

    kind: str
    code: str
    reason: str


class LandReading(Strict):
    """
    What the words of a source are: the kinds of the objects that meet every condition of `where`.

    A condition is a column (or an OSM key) and the values it may take. `layer` is a part of the
    name of a layer of BD TOPO.
    """

    source: ReadSource
    kinds: tuple[str, ...]
    layer: str | None = None
    shape: Shape = "surface"
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class DerivedReliability(Strict):
    """Reliability of a piece: that of its cover, lowered where the use is not known."""

    without_use: dict[Reliability, Reliability]
    without_cover: Reliability
    reason: str

    @model_validator(mode="after")
    def _every_level_has_one_below(self) -> Self:
        missing = set(get_args(Reliability)) - set(self.without_use)
        if missing:
            msg = f"without_use : fiabilité {', '.join(sorted(missing))} absente"
            raise ValueError(msg)
        return self


class SourceOrder(Strict):
    """Sources in the order in which they give an object that several draw."""

    value: tuple[str, ...]
    reason: str


class DerivedLandChoices(Strict):
    """The two ordered lists (first wins), the readings, and how lines become surfaces."""

    covers: tuple[CoverLayer, ...]
    uses: tuple[UseLayer, ...]
    reliability: DerivedReliability
    building_sources: SourceOrder
    axis_sources: SourceOrder
    grid_m: Assumption
    track_width_m: Assumption
    rail_width_m: Assumption
    same_axis_m: Assumption
    same_axis_length_m: Assumption
    same_object_share: Assumption
    readings: tuple[LandReading, ...]

    @model_validator(mode="after")
    def _each_kind_once_and_known(self) -> Self:
        covers, uses = ([layer.kind for layer in part] for part in (self.covers, self.uses))
        _refuse("écrite deux fois", [*_twice(covers), *_twice(uses)])
        known = {*covers, *uses}
        read = {kind for reading in self.readings for kind in reading.kinds}
        _refuse("lue mais sans rang", read - known)
        _refuse("classée mais jamais lue", known - read - GIVEN_KINDS)
        return self

    def of(self, source: ReadSource, shape: Shape) -> tuple[LandReading, ...]:
        """Return the readings of one source and shape, in order."""
        return tuple(r for r in self.readings if r.source == source and r.shape == shape)


def _twice(kinds: Iterable[str]) -> list[str]:
    return [kind for kind, count in Counter(kinds).items() if count > 1]


def _refuse(what: str, kinds: Iterable[str]) -> None:
    told = ", ".join(sorted(kinds))
    if told:
        msg = f"nature de sol {what} : {told}"
        raise ValueError(msg)
