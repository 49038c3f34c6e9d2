"""The law as dated data: `config/rules/*.yaml` as one book, asked by id and by day."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Self

from pipeline.errors import ConfigError, RuleNotInForceError
from pipeline.land_nomenclature import LandNomenclature
from pipeline.legal_values import (
    Dated,
    Derogation,
    Exclusion,
    Protection,
    Rule,
    Strict,
)


class RuleBook(Strict):
    """Every legal value known, at all dates."""

    rules: tuple[Rule, ...]
    exclusions: tuple[Exclusion, ...]
    protections: tuple[Protection, ...]
    derogations: tuple[Derogation, ...] = ()
    land: tuple[LandNomenclature, ...] = ()

    @cached_property
    def _by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def _by_general_id(self) -> dict[str, tuple[Rule, ...]]:
        found: dict[str, tuple[Rule, ...]] = {}
        for rule in self.rules:
            if rule.replaces is not None:
                found[rule.replaces] = (*found.get(rule.replaces, ()), rule)
        return found

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the book, what it had indexed left out: `update` may change the rules."""
        copied = super().model_copy(update=update, deep=deep)
        for name in set(vars(copied)) - set(type(self).model_fields):
            del vars(copied)[name]
        return copied

    def rule(self, rule_id: str) -> Rule:
        """Return a rule; raise `ConfigError` when no file holds it."""
        try:
            return self._by_id[rule_id]
        except KeyError as error:
            msg = f"{rule_id} : règle absente de config/rules"
            raise ConfigError(msg) from error

    def local(self, rule_id: str, insee_code: str) -> Rule:
        """Return the rule that stands for `rule_id` in the département of a commune."""
        for rule in self._by_general_id.get(rule_id, ()):
            if insee_code.startswith(rule.departements):
                return rule
        return self.rule(rule_id)

    def number(self, rule_id: str, day: date) -> float:
        """Return a numeric value in force on `day`; raise `ConfigError` if it is not a number."""
        value = self.rule(rule_id).at(day).value
        if isinstance(value, float | int):
            return float(value)
        msg = f"{rule_id} : nombre attendu, reçu {value!r}"
        raise ConfigError(msg)

    def labels(self, rule_id: str, day: date) -> tuple[str, ...]:
        """Return a list in force on `day`; raise `ConfigError` if the value is not a list."""
        value = self.rule(rule_id).at(day).value
        if isinstance(value, tuple):
            return value
        msg = f"{rule_id} : liste attendue, reçu {value!r}"
        raise ConfigError(msg)

    def exclusions_on(self, day: date) -> tuple[Exclusion, ...]:
        """Return the exclusions in force on `day`, in order of precedence."""
        return tuple(exclusion for exclusion in self.exclusions if exclusion.covers(day))

    def protections_on(self, day: date) -> dict[str, Protection]:
        """Return the protections in force on `day`, by kind."""
        return {item.kind: item for item in self.protections if item.covers(day)}

    def derogations_on(self, day: date) -> dict[str, Derogation]:
        """Return the pleas that the texts in force on `day` admit, by code."""
        return {item.code: item for item in self.derogations if item.covers(day)}

    def land_on(self, day: date) -> LandNomenclature:
        """
        Return the nomenclature of artificial land, and the exemptions, in force on `day`.

        Raises
        ------
        RuleNotInForceError
            If none is: what is artificial has no definition on that day.
        """
        for nomenclature in self.land:
            if nomenclature.covers(day):
                return nomenclature.on(day)
        msg = f"nomenclature des sols artificialisés : aucune en vigueur au {day}"
        raise RuleNotInForceError(msg)

    def as_of(self, day: date, boundaries: Iterable[date] = ()) -> date:
        """
        Return the last date ≤ `day` on which a rule or a status boundary changed.

        A product dated so does not change every day for nothing. `boundaries` are those that the
        data set beside the law, such as the renewal of a contract.

        Raises
        ------
        RuleNotInForceError
            If `day` comes before every rule.
        """
        first = min(item.valid_from for item in self._dated())
        if day < first:
            msg = f"aucune règle en vigueur au {day} ; la première l'est au {first}"
            raise RuleNotInForceError(msg)
        known = {first, *self._boundaries(), *boundaries}
        return max(boundary for boundary in known if first <= boundary <= day)

    def next_change(self, day: date, boundaries: Iterable[date] = ()) -> date:
        """Return the first date > `day` on which `as_of` moves; `date.max` where none is known."""
        known = (*self._boundaries(), *boundaries, date.max)
        return min(boundary for boundary in known if boundary > day)

    def _dated(self) -> Iterator[Dated]:
        yield from (value for rule in self.rules for value in rule.values)
        yield from (*self.exclusions, *self.protections, *self.derogations, *self.land)
        yield from (exemption for item in self.land for exemption in item.exemptions)

    def _boundaries(self) -> Iterator[date]:
        for item in self._dated():
            yield item.valid_from
            if item.valid_to is not None:
                yield item.valid_to + timedelta(days=1)
        yield from self.due_days()

    def due_days(self) -> Iterator[date]:
        """Yield the days on which the law itself makes something change, such as a due date."""
        for rule in self.rules:
            # A date with a comparison is a limit for a fact; without, something changes that day.
            if rule.comparison is None:
                yield from (d.value for d in rule.values if isinstance(d.value, date))
