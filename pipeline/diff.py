"""Two products, two inventories or two days of a commune: what changed, and why."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from pipeline.assumptions import Assumptions
from pipeline.errors import ConfigError, PublicationError
from pipeline.inventory.changes import retouched
from pipeline.inventory.differences import differences
from pipeline.inventory.inventories import communes_of, days_of, path_at, read_inventory, state_at
from pipeline.inventory.journal import journal_table
from pipeline.inventory.park_values import Park, parks_by_id
from pipeline.inventory.states import State, read_product
from pipeline.rules import RuleBook

Side = Path | date
_PRODUCT, _INVENTORY = ".gpkg", ".parquet"


@dataclass(frozen=True)
class Standing:
    """A commune on one side: the day told, the day of its rules, how many car parks it has."""

    day: date
    rules_as_of: date
    parks: int

    @classmethod
    def of(cls, state: State) -> "Standing":
        """Return what is told of a state."""
        return cls(state.day, state.rules_as_of, len(state.parks))


@dataclass(frozen=True)
class CommuneDiff:
    """
    What changed in one commune.

    Attributes
    ----------
    entries
        `JournalEntry`.
    told
        The parks named by the entries, as they are now; one that is gone is not there.
    retouched
        For each other park that differs, the columns that do.
    """

    insee_code: str
    name: str
    old: Standing
    new: Standing
    entries: pd.DataFrame
    told: dict[str, Park]
    retouched: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Law:
    """What a difference is judged by: the law, the tolerances."""

    book: RuleBook
    assumptions: Assumptions


def side_of(text: str) -> Side:
    """
    Read one side of a diff: a day, a product or an inventory.

    Raises
    ------
    ConfigError
        If it is none of the three.
    """
    with suppress(ValueError):
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no hour
    if Path(text).suffix in {_PRODUCT, _INVENTORY}:
        return Path(text)
    msg = f"{text} : donner un produit (.gpkg), un inventaire (.parquet) ou un jour (AAAA-MM-JJ)"
    raise ConfigError(msg)


def communes_to_compare(
    old: Side, new: Side, *, out: Path, asked: Sequence[str]
) -> tuple[str, ...]:
    """
    Return the communes of a diff: those asked, that of a file, else all those of `out`.

    Raises
    ------
    PublicationError
        If the files are of two communes or not of that asked, or `out` has no inventory.
    ConfigError
        If the first day follows the second.
    """
    if isinstance(old, date) and isinstance(new, date) and old > new:
        msg = f"{old} suit {new} : donner le jour le plus ancien d'abord"
        raise ConfigError(msg)
    named = {_open(side).insee_code: side for side in (old, new) if isinstance(side, Path)}
    if len(named) > 1:
        msg = f"{old} et {new} : deux communes différentes ({', '.join(named)})"
        raise PublicationError(msg)
    if named and set(asked) - named.keys():
        code, path = next(iter(named.items()))
        msg = f"{path} : fichier de la commune {code}, et non de {', '.join(asked)}"
        raise PublicationError(msg)
    codes = tuple(named) or tuple(dict.fromkeys(asked)) or communes_of(out)
    if not codes:
        msg = f"{out} : aucun inventaire"
        raise PublicationError(msg)
    return codes


def compare_commune(insee_code: str, old: Side, new: Side, *, out: Path, law: Law) -> CommuneDiff:
    """
    Return what changed in one commune from one side to the other.

    Raises
    ------
    PublicationError
        If a file cannot be read, or a day comes before the first inventory of the commune.
    """
    before = _state(old, insee_code, out)
    if _is_same(old, new, insee_code, out):
        return _nothing(before)
    after = _state(new, insee_code, out)
    entries = differences(
        before, after, seen_on=after.day, book=law.book, assumptions=law.assumptions
    )
    named = after.parks[after.parks["parc_id"].isin(entries["lot_id"])]
    return CommuneDiff(
        insee_code=after.insee_code,
        name=after.name,
        old=Standing.of(before),
        new=Standing.of(after),
        entries=entries,
        told=parks_by_id(named),
        retouched=retouched(before.parks, after.parks, entries),
    )


def _is_same(old: Side, new: Side, insee_code: str, out: Path) -> bool:
    """Tell whether one inventory is the state of both days: most communes, most months."""
    if isinstance(old, Path) or isinstance(new, Path):
        return old == new
    return path_at(out, insee_code, old) == path_at(out, insee_code, new)


def _nothing(state: State) -> CommuneDiff:
    """Return the difference of a state with itself."""
    standing = Standing.of(state)
    entries = journal_table([])
    return CommuneDiff(state.insee_code, state.name, standing, standing, entries, {}, {})


def _state(side: Side, insee_code: str, out: Path) -> State:
    if isinstance(side, Path):
        return _open(side)
    found = state_at(out, insee_code, side)
    if found is not None:
        return found
    days = days_of(out, insee_code)
    if days:
        msg = f"{insee_code} : {side} précède le premier inventaire, celui du {days[0]}"
    else:
        msg = f"{insee_code} : aucun inventaire dans {out}"
    raise PublicationError(msg)


def _open(path: Path) -> State:
    return read_inventory(path) if path.suffix == _INVENTORY else read_product(path)
