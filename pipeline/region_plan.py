"""Which communes must be made again, and why: compared with what is known of each, at no cost."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from pipeline.export.product import product_path
from pipeline.fingerprints import Making
from pipeline.inventory.file_digests import NO_FILE, FileDigests
from pipeline.inventory.products import SEEN, corrections_digest
from pipeline.inventory.records import Inputs, Known, Made

Deposit = tuple[str, str]  # name, sha256


class DataDigests(Protocol):
    """Tells what a commune reads of the sources, without reading it."""

    def of_commune(self, insee_code: str) -> Mapping[str, str]:
        """Return a digest by folder: the same digest, the same rows; `absent`: no such folder."""

    def deposited(self) -> Mapping[str, tuple[Deposit, ...]]:
        """Return the files of each folder, as (name, sha256): to compare with a product's list."""


@dataclass(frozen=True)
class Task:
    """A commune to make, why (French), and what it will have been made from."""

    insee_code: str
    reasons: tuple[str, ...]
    inputs: Inputs


@dataclass(frozen=True)
class Plan:
    """What to do, in the order in which it is done, and what is as it should be already."""

    tasks: tuple[Task, ...]
    unchanged: tuple[str, ...]


class Planner:
    """Compares each commune with what is known of it."""

    def __init__(
        self,
        out: Path,
        day: date,
        making: Making,
        data: DataDigests,
        files: FileDigests,
    ) -> None:
        self._out, self._day = out, day
        self._making, self._data, self._files = making, data, files

    def plan(self, insee_codes: Iterable[str], known: Mapping[str, Known]) -> Plan:
        """
        Return what to make among these communes.

        Those that failed or were interrupted come last: one that ends the process that works on it
        does not keep the others from being made.
        """
        tasks, unchanged = [], []
        for code in insee_codes:
            inputs = self._inputs(code)
            reasons = self._reasons(code, inputs, known.get(code, Known(None)))
            if reasons:
                tasks.append(Task(code, reasons, inputs))
            else:
                unchanged.append(code)
        tasks.sort(key=lambda task: (_tries(known, task.insee_code), task.insee_code))
        return Plan(tuple(tasks), tuple(sorted(unchanged)))

    def _inputs(self, code: str) -> Inputs:
        review = product_path(self._out, code).with_name(f"{code}_revue.gpkg")
        return Inputs(
            data=self._data.of_commune(code),
            rules=self._making.rules,
            assumptions=self._making.assumptions,
            code=self._making.code,
            corrections=corrections_digest(review, self._files),
        )

    def _reasons(self, code: str, inputs: Inputs, known: Known) -> tuple[str, ...]:
        if known.made is None:
            return ("première fois" if known.attempts == 0 else _again(known),)
        made = known.made
        found = [
            *self._of_data(made.inputs.data, inputs.data),
            *(["règles"] if made.inputs.rules != inputs.rules else []),
            *(["hypothèses"] if made.inputs.assumptions != inputs.assumptions else []),
            *(["version de parzan"] if made.inputs.code != inputs.code else []),
            *(["corrections"] if made.inputs.corrections != inputs.corrections else []),
            *self._of_day(made),
            *self._of_product(code, made),
        ]
        return tuple(found)

    def _of_data(self, before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
        """Name the folders that changed; a product tells only of those that it opened."""
        rebuilt = any(value.startswith(SEEN) for value in before.values())
        names = before if rebuilt else {**before, **now}
        changed = [name for name in sorted(names) if not self._is_same(name, before, now)]
        return [f"données : {', '.join(changed)}"] if changed else []

    def _is_same(self, name: str, before: Mapping[str, str], now: Mapping[str, str]) -> bool:
        old = before.get(name, NO_FILE)
        if not old.startswith(SEEN):
            return old == now.get(name, NO_FILE)
        return _same_files(json.loads(old.removeprefix(SEEN)), self._data.deposited().get(name, ()))

    def _of_day(self, made: Made) -> list[str]:
        if made.until is None:
            return [] if made.day == self._day else ["--on : dates des dossiers à relire"]
        if self._day < made.as_of:
            return [f"--on : avant le {made.as_of:%d/%m/%Y}"]
        if self._day >= made.until:
            return [f"--on : échéance du {made.until:%d/%m/%Y}"]
        return []

    def _of_product(self, code: str, made: Made) -> list[str]:
        found = self._files.sha256([product_path(self._out, code)])
        if found == made.sha256:
            return []
        return ["produit absent" if found == NO_FILE else "produit modifié"]


def _again(known: Known) -> str:
    return "échec précédent" if known.error else "interrompue"


def _tries(known: Mapping[str, Known], code: str) -> int:
    return known[code].attempts if code in known else 0


def _same_files(read: Iterable[tuple[str, str]], deposited: Iterable[Deposit]) -> bool:
    """
    Tell whether a product was made from the files that are there, under the same names.

    Members of an archive are named `archive/member`, under the sha256 of the archive.
    """
    there = dict(deposited)
    met = {
        name
        for file, sha256 in read
        for name in (_owner(file, there),)
        if name is not None and there[name] == sha256
    }
    strange = [file for file, _ in read if _owner(file, there) is None]
    return not strange and met == set(there)


def _owner(file: str, there: Mapping[str, str]) -> str | None:
    """Return the deposited file that a file of a product is, or comes out of."""
    parts = file.split("/")
    names = ("/".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((name for name in names if name in there), None)
