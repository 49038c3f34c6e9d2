"""What changed in the law between two days: values, exclusions, perimeters, pleas, due dates."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeVar, get_args

from pipeline.land_nomenclature import LandExemption, LandNomenclature
from pipeline.legal_values import Dated, Derogation, Exclusion, Protection, Rule
from pipeline.rule_words import AREA_WORDS, EFFECT_WORDS, territory_words, value_words
from pipeline.rules import RuleBook

Nature = Literal["valeur", "exclusion", "protection", "derogation", "nomenclature", "exemption"]
Kind = Literal["entree_en_vigueur", "fin", "valeur", "echeance"]
_NATURES: tuple[Nature, ...] = get_args(Nature)
_TO_COME, _REACHED = "date à venir", "date atteinte"
_DatedT = TypeVar("_DatedT", bound=Dated)


@dataclass(frozen=True)
class RuleChange:
    """
    One thing that the law says otherwise since a day.

    `before` and `after` are French words, missing where nothing is in force. `kind`:
    `entree_en_vigueur`, `fin`, `valeur` (another value of the same rule), `echeance` (a day that
    the law sets is reached; the rule itself does not change).
    """

    nature: Nature
    id: str
    label: str
    article: str
    before: str | None
    after: str | None
    since: date
    kind: Kind


def changes(book: RuleBook, before: date, after: date) -> tuple[RuleChange, ...]:
    """
    Return every change of the law after `before` and up to `after`, in order of date.

    What enters and what ends in between are both told, so that the changes from one day to another
    are those up to any day in between, then those since.

    Raises
    ------
    ValueError
        If `before` follows `after`.
    """
    if before > after:
        msg = f"{before} follows {after}: the earlier day comes first"
        raise ValueError(msg)
    found = [change for change in _all_changes(book) if before < change.since <= after]
    return tuple(sorted(found, key=lambda it: (it.since, _NATURES.index(it.nature), it.id)))


def _all_changes(book: RuleBook) -> Iterator[RuleChange]:
    """Yield every change that the book holds, at all dates."""
    for rule in book.rules:
        yield from _of_rule(rule)
        yield from _days_reached(rule)
    yield from _of_items("exclusion", book.exclusions, _exclusion_id, _exclusion_words)
    yield from _of_items("protection", book.protections, _protection_id, _protection_words)
    yield from _of_items("derogation", book.derogations, _plea_id, _plea_words)
    yield from _of_items("nomenclature", book.land, _land_id, _land_words)
    exemptions = [exemption for land in book.land for exemption in land.exemptions]
    yield from _of_items("exemption", exemptions, _exemption_id, _exemption_words)


def _of_rule(rule: Rule) -> Iterator[RuleChange]:
    for earlier, later, since in _transitions(rule.values):
        yield from _change(
            "valeur",
            rule.id,
            _label(rule),
            rule.article_on(since),
            None if earlier is None else value_words(rule, earlier.value),
            None if later is None else value_words(rule, later.value),
            since,
        )


def _label(rule: Rule) -> str:
    where = territory_words(rule)
    return f"{rule.description} ({where})" if where else rule.description


def _days_reached(rule: Rule) -> Iterator[RuleChange]:
    """Yield the days that the law sets, those that a later text moved before they came left out."""
    for dated in rule.values:
        if isinstance(dated.value, date) and dated.covers(dated.value):
            yield RuleChange(
                nature="valeur",
                id=rule.id,
                label=_label(rule),
                article=rule.article_on(dated.value),
                before=_TO_COME,
                after=_REACHED,
                since=dated.value,
                kind="echeance",
            )


def _of_items(
    nature: Nature,
    items: Iterable[_DatedT],
    identify: Callable[[_DatedT], tuple[str, str, str]],
    words: Callable[[_DatedT], str],
) -> Iterator[RuleChange]:
    """Yield the changes of what bears one identifier from period to period."""
    by_id: dict[str, list[_DatedT]] = {}
    for item in items:
        by_id.setdefault(identify(item)[0], []).append(item)
    for periods in by_id.values():
        for earlier, later, since in _transitions(periods):
            told = later if later is not None else earlier
            if told is None:  # never: a transition has a side
                continue
            yield from _change(
                nature,
                *identify(told),
                None if earlier is None else words(earlier),
                None if later is None else words(later),
                since,
            )


def _transitions(
    periods: Sequence[_DatedT],
) -> Iterator[tuple[_DatedT | None, _DatedT | None, date]]:
    """Yield (what ends the day before, what starts, that day), one of the two being missing."""
    ordered = sorted(periods, key=lambda dated: dated.valid_from)
    starts = {dated.valid_from: dated for dated in ordered}
    ends = {
        dated.valid_to + timedelta(days=1): dated for dated in ordered if dated.valid_to is not None
    }
    for since in sorted({*starts, *ends}):
        yield ends.get(since), starts.get(since), since


def _change(
    nature: Nature,
    identifier: str,
    label: str,
    article: str,
    before: str | None,
    after: str | None,
    since: date,
) -> Iterator[RuleChange]:
    """Yield a change, unless a new text says the same."""
    if before == after:
        return
    kind: Kind = "valeur"
    if before is None:
        kind = "entree_en_vigueur"
    elif after is None:
        kind = "fin"
    yield RuleChange(nature, identifier, label, article, before, after, since, kind)


def _exclusion_id(item: Exclusion) -> tuple[str, str, str]:
    return item.motif, item.label, item.article


def _exclusion_words(item: Exclusion) -> str:
    return f"{item.label}, hors de : {', '.join(AREA_WORDS[area] for area in item.deducted_from)}"


def _protection_id(item: Protection) -> tuple[str, str, str]:
    return item.kind, item.label, item.article


def _protection_words(item: Protection) -> str:
    return f"{item.label} : {EFFECT_WORDS[item.effect]}"


def _plea_id(item: Derogation) -> tuple[str, str, str]:
    return item.code, item.label, item.article


def _plea_words(item: Derogation) -> str:
    return item.label


def _land_id(item: LandNomenclature) -> tuple[str, str, str]:
    return "sols_artificialises", "Sols artificialisés : couverture × usage", item.article


def _land_words(item: LandNomenclature) -> str:
    cells = Counter(line.category for line in item.answers.values())
    return ", ".join(f"{number}° : {cells[number]} cases" for number in sorted(cells))


def _exemption_id(item: LandExemption) -> tuple[str, str, str]:
    return item.code, item.label, item.article


def _exemption_words(item: LandExemption) -> str:
    return f"{item.label}, si le service l'accorde"
