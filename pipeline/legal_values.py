"""One legal value and its history: unit, strictness, base, dates, article, doubt."""

import operator
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from math import isfinite
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from pipeline.assumption_groups import Motif
from pipeline.errors import RuleNotInForceError

Comparison = Literal["greater_than", "at_least", "less_than", "at_most"]
Unit = Literal[
    "m2",
    "m",
    "/1",
    "ans",
    "mois",
    "EUR/an",
    "kgCO2eq/kWc",
    "date",
    "texte",
    "rubriques",
    "places/arbre",
    "departements",
]
# What a share is a share of: a share without its base invites the wrong reading.
ShareBase = Literal[
    "superficie",
    "superficie_a_couvrir",
    "superficie_eaux_pluviales",
    "superficie_ombrage",
    "superficie_totale",
    "couvert_vegetal",
    "consommation_reference",
    "emprise_toiture",
    "rendement_module",
    "cout_travaux",
    "valeur_venale",
]
LegalArea = Literal["art40", "eaux_pluviales", "ombrage"]
ProtectionKind = Literal[
    "mh_terrain",
    "abords_delimites",
    "abords_500m",
    "abords_incertains",
    "spr",
    "site_classe",
    "site_inscrit",
    "coeur_parc_national",
    "l151_19",
    "risque_naturel",
    "risque_technologique",
]

Value = StrictFloat | StrictInt | date | StrictStr | tuple[str, ...]

_COMPARE: dict[Comparison, Callable[[Any, Any], bool]] = {
    "greater_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
}
FRENCH_COMPARISON: dict[Comparison, str] = {
    "greater_than": ">",
    "at_least": "≥",
    "less_than": "<",
    "at_most": "≤",
}


def compare(comparison: Comparison, value: Value, threshold: Value) -> bool:
    """Compare two numbers, or two days, as strictly as the text does."""
    return _COMPARE[comparison](value, threshold)


_VALUE_TYPES: dict[Unit, type | tuple[type, ...]] = {
    "date": date,
    "texte": str,
    "rubriques": tuple,
    "departements": tuple,
}
# What is measured is compared: such a value says nothing without the strictness of its text. A
# penalty, a duration or a day may be a mere amount.
_COMPARED_UNITS: frozenset[Unit] = frozenset({"m2", "m", "/1", "kgCO2eq/kWc"})


class Strict(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LegalSource(Strict):
    """Text a value comes from."""

    title: str
    href: HttpUrl | None = None


class Dated(Strict):
    """What a text says from one day to another, both included, and where it was read."""

    valid_from: date
    valid_to: date | None = Field(default=None, description="last day in force; None: still is")
    sources: tuple[LegalSource, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            msg = f"valid_to {self.valid_to} précède valid_from {self.valid_from}"
            raise ValueError(msg)
        return self

    def covers(self, day: date) -> bool:
        """Tell whether the text is in force on `day`, both ends included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class DatedValue(Dated):
    """Value in force from `valid_from` to `valid_to`, both days included."""

    value: Value | None = Field(description="None: the text sets one that was not read")
    article: str | None = Field(
        default=None, description="where this value stands; None: the rule's"
    )


class Rule(Strict):
    """One legal value and its history."""

    id: str = Field(pattern=r"^[A-Z0-9]+(\.[a-z0-9_]+)+$")
    description: str
    article: str
    unit: Unit
    comparison: Comparison | None = None
    share_of: ShareBase | None = None
    departements: tuple[str, ...] = Field(
        default=(), description="where the rule replaces the general one; empty: everywhere"
    )
    replaces: str | None = Field(default=None, description="id of the general rule")
    ends: bool = Field(default=False, description="the text itself ends: its last value may stop")
    needs_review: bool
    values: tuple[DatedValue, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _share_names_its_base(self) -> Self:
        if (self.unit == "/1") != (self.share_of is not None):
            msg = f"{self.id} : share_of est requis pour une part (/1), et pour elle seule"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _values_suit_the_unit(self) -> Self:
        wanted = _VALUE_TYPES.get(self.unit, (float, int))
        for dated in self.values:
            if dated.value is None and not self.needs_review:
                msg = f"{self.id} : une valeur non lue (null) demande needs_review: true"
                raise ValueError(msg)
            if dated.value is not None and not isinstance(dated.value, wanted):
                msg = f"{self.id} : {dated.value!r} n'est pas une valeur en {self.unit}"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _numbers_are_possible(self) -> Self:
        for value in (dated.value for dated in self.values):
            if not isinstance(value, float | int):
                continue
            if not isfinite(value):
                msg = f"{self.id} : {value} n'est pas un nombre fini"
                raise ValueError(msg)
            if self.unit == "/1" and not 0 <= value <= 1:
                msg = f"{self.id} : une part (/1) va de 0 à 1 ; lu {value}"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _a_threshold_says_its_strictness(self) -> Self:
        if self.comparison is None and self.unit in _COMPARED_UNITS:
            msg = f"{self.id} : comparison est requis pour une valeur en {self.unit}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _periods_follow_one_another(self) -> Self:
        """Refuse two values on one day, and a day without value that no text explains."""
        ordered = sorted(self.values, key=lambda dated: dated.valid_from)
        for earlier, later in pairwise(ordered):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                msg = (
                    f"{self.id} : la valeur du {earlier.valid_from} chevauche celle du"
                    f" {later.valid_from} ; borner la première par valid_to"
                )
                raise ValueError(msg)
            if earlier.valid_to + timedelta(days=1) < later.valid_from:
                msg = (
                    f"{self.id} : aucune valeur entre le {earlier.valid_to} et le"
                    f" {later.valid_from} ; combler le trou"
                )
                raise ValueError(msg)
        if (ordered[-1].valid_to is not None) != self.ends:
            msg = f"{self.id} : valid_to borne la dernière valeur si, et seulement si, ends: true"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _a_local_rule_replaces_another(self) -> Self:
        if bool(self.departements) != (self.replaces is not None):
            msg = f"{self.id} : departements et replaces vont ensemble"
            raise ValueError(msg)
        return self

    def is_in_force(self, day: date) -> bool:
        """Tell whether a value covers `day`."""
        return any(dated.covers(day) for dated in self.values)

    def article_on(self, day: date) -> str:
        """Return the article of the value in force on `day`; that of the rule outside any."""
        of_value = self.at(day).article if self.is_in_force(day) else None
        return of_value or self.article

    def at(self, day: date) -> DatedValue:
        """
        Return the value in force on `day`.

        Raises
        ------
        RuleNotInForceError
            If no period covers `day`.
        """
        for dated in self.values:
            if dated.covers(day):
                return dated
        msg = f"{self.id} : aucune valeur en vigueur au {day}"
        raise RuleNotInForceError(msg)


class Exclusion(Dated):
    """A part that some legal areas leave out (décret n° 2024-1023, art. 1er, III and twins)."""

    motif: Motif
    article: str
    label: str
    deducted_from: tuple[LegalArea, ...]
    needs_review: bool


class Protection(Dated):
    """A heritage or nature perimeter, and what it does to the obligation."""

    kind: ProtectionKind
    article: str
    label: str
    effect: Literal["automatique", "possible"]
    derogation: str
    needs_review: bool


class Derogation(Dated):
    """What an owner may plead on the strength of a fact; `valid_to` is its own last day."""

    code: str
    article: str
    label: str
    needs_review: bool
