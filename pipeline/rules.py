"""The law as dated data: `config/rules/*.yaml`, every value with its dates, article and doubt."""

import operator
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    StrictFloat,
    StrictInt,
    ValidationError,
    model_validator,
)

from pipeline.assumptions import Motif
from pipeline.errors import ConfigError, RuleNotInForceError, describe_faults

Comparison = Literal["greater_than", "at_least", "less_than", "at_most"]
Unit = Literal["m2", "m", "/1", "EUR/an", "date", "rubriques", "places/arbre", "departements"]
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
]

_COMPARE: dict[Comparison, Callable[[float, float], bool]] = {
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


_VALUE_TYPES: dict[Unit, type | tuple[type, ...]] = {
    "date": date,
    "rubriques": tuple,
    "departements": tuple,
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LegalSource(_Strict):
    """Text a value comes from."""

    title: str
    href: HttpUrl | None = None


class _Dated(_Strict):
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


class DatedValue(_Dated):
    """Value in force from `valid_from` to `valid_to`, both days included."""

    value: StrictFloat | StrictInt | date | tuple[str, ...]


class Rule(_Strict):
    """One legal value and its history."""

    id: str = Field(pattern=r"^[A-Z0-9]+(\.[a-z0-9_]+)+$")
    description: str
    article: str
    unit: Unit
    comparison: Comparison | None = None
    share_of: Literal["superficie", "superficie_a_couvrir"] | None = None
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
            if not isinstance(dated.value, wanted):
                msg = f"{self.id} : {dated.value!r} n'est pas une valeur en {self.unit}"
                raise ValueError(msg)  # noqa: TRY004 - pydantic reads ValueError
        return self

    @model_validator(mode="after")
    def _periods_do_not_overlap(self) -> Self:
        ordered = sorted(self.values, key=lambda dated: dated.valid_from)
        for earlier, later in pairwise(ordered):
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                msg = (
                    f"{self.id} : la valeur du {earlier.valid_from} chevauche celle du"
                    f" {later.valid_from} ; borner la première par valid_to"
                )
                raise ValueError(msg)
        return self

    def is_in_force(self, day: date) -> bool:
        """Tell whether a value covers `day`."""
        return any(dated.covers(day) for dated in self.values)

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


class Exclusion(_Dated):
    """A part that some legal areas leave out (décret n° 2024-1023, art. 1er, III and twins)."""

    motif: Motif
    article: str
    label: str
    deducted_from: tuple[LegalArea, ...]
    needs_review: bool


class Protection(_Dated):
    """A heritage or nature perimeter, and what it does to the obligation."""

    kind: ProtectionKind
    article: str
    label: str
    effect: Literal["automatique", "possible"]
    derogation: str
    needs_review: bool


class _RuleFile(_Strict):
    text: str
    href: HttpUrl | None = None
    rules: tuple[Rule, ...] = ()
    exclusions: tuple[Exclusion, ...] = Field(
        default=(), description="in order of precedence: overlapping pieces go to the first"
    )
    protections: tuple[Protection, ...] = ()


class RuleBook(_Strict):
    """Every legal value known, at all dates."""

    rules: tuple[Rule, ...]
    exclusions: tuple[Exclusion, ...]
    protections: tuple[Protection, ...]

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    def rule(self, rule_id: str) -> Rule:
        """Return a rule; raise `ConfigError` when no file holds it."""
        try:
            return self._by_id[rule_id]
        except KeyError as error:
            msg = f"{rule_id} : règle absente de config/rules"
            raise ConfigError(msg) from error

    def number(self, rule_id: str, day: date) -> float:
        """Return a numeric value in force on `day`; raise `ConfigError` if it is not a number."""
        value = self.rule(rule_id).at(day).value
        if isinstance(value, float | int):
            return float(value)
        msg = f"{rule_id} : nombre attendu, reçu {value!r}"
        raise ConfigError(msg)

    def due_date(self, rule_id: str, day: date) -> date:
        """Return a date in force on `day`; raise `ConfigError` if the value is not a date."""
        value = self.rule(rule_id).at(day).value
        if isinstance(value, date):
            return value
        msg = f"{rule_id} : date attendue, reçu {value!r}"
        raise ConfigError(msg)

    def labels(self, rule_id: str, day: date) -> tuple[str, ...]:
        """Return a list in force on `day`; raise `ConfigError` if the value is not a list."""
        value = self.rule(rule_id).at(day).value
        if isinstance(value, tuple):
            return value
        msg = f"{rule_id} : liste attendue, reçu {value!r}"
        raise ConfigError(msg)

    def holds(self, rule_id: str, measured: float, day: date) -> bool:
        """Compare `measured` with the threshold in force on `day`, as strictly as the text does."""
        comparison = self.rule(rule_id).comparison
        if comparison is None:
            msg = f"{rule_id} : aucune comparaison"
            raise ConfigError(msg)
        return _COMPARE[comparison](measured, self.number(rule_id, day))

    def exclusions_on(self, day: date) -> tuple[Exclusion, ...]:
        """Return the exclusions in force on `day`, in order of precedence."""
        return tuple(exclusion for exclusion in self.exclusions if exclusion.covers(day))

    def protections_on(self, day: date) -> dict[str, Protection]:
        """Return the protections in force on `day`, by kind."""
        return {item.kind: item for item in self.protections if item.covers(day)}

    def as_of(self, day: date) -> date:
        """
        Return the last date ≤ `day` on which a rule or a status boundary changed.

        A product dated so does not change every day for nothing.

        Raises
        ------
        RuleNotInForceError
            If `day` comes before every rule.
        """
        past = [boundary for boundary in self._boundaries() if boundary <= day]
        if not past:
            msg = (
                f"aucune règle en vigueur au {day} ; la première l'est au {min(self._boundaries())}"
            )
            raise RuleNotInForceError(msg)
        return max(past)

    def _boundaries(self) -> Iterator[date]:
        dated = [value for rule in self.rules for value in rule.values]
        for item in (*dated, *self.exclusions, *self.protections):
            yield item.valid_from
            if item.valid_to is not None:
                yield item.valid_to + timedelta(days=1)
            if isinstance(item, DatedValue) and isinstance(item.value, date):
                yield item.value


def load_rules(folder: Path) -> RuleBook:
    """
    Read every rule file of `folder`, in the order of their names.

    Raises
    ------
    ConfigError
        If the folder is empty, a key is unknown or written twice, a share has no base, two periods
        overlap, or two files hold the same rule; the message names the file and the field.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        msg = f"{folder} : aucun fichier de règles (*.yaml) ; corriger PARZAN_CONFIG ou réinstaller"
        raise ConfigError(msg)
    files = [_read(path) for path in paths]
    book = RuleBook(
        rules=tuple(rule for file in files for rule in file.rules),
        exclusions=tuple(item for file in files for item in file.exclusions),
        protections=tuple(item for file in files for item in file.protections),
    )
    _refuse_twins(folder, book)
    return book


def _read(path: Path) -> _RuleFile:
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
        return _RuleFile.model_validate(raw)
    except ValidationError as error:
        msg = f"{path} : {describe_faults(error.errors())}"
        raise ConfigError(msg) from error
    except (OSError, yaml.YAMLError) as error:
        msg = f"{path} : illisible comme YAML : {' '.join(str(error).split())}"
        raise ConfigError(msg) from error


def _refuse_twins(folder: Path, book: RuleBook) -> None:
    """Refuse a rule, an exclusion or a protection that two entries hold on one day."""
    seen: dict[str, list[_Dated]] = {}
    for rule in book.rules:
        if rule.id in seen:
            msg = f"{folder} : règle {rule.id} écrite deux fois ; n'en garder qu'une"
            raise ConfigError(msg)
        seen[rule.id] = []
    for name, item in (
        *((f"exclusion {item.motif}", item) for item in book.exclusions),
        *((f"protection {item.kind}", item) for item in book.protections),
    ):
        earlier = seen.setdefault(name, [])
        if any(item.covers(other.valid_from) or other.covers(item.valid_from) for other in earlier):
            msg = (
                f"{folder} : {name} en vigueur deux fois au {item.valid_from} ; borner la première"
            )
            raise ConfigError(msg)
        earlier.append(item)


class _UniqueKeyLoader(yaml.CSafeLoader):
    """A safe YAML loader that refuses a key written twice in one mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        """Build a mapping whose keys differ."""
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"clé {key!r} écrite deux fois", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)
