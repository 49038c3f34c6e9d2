"""What a refresh knows of a commune: its product, and what that product was made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Inputs:
    """Digests of all that a product is made from; `data` by folder of the sources."""

    data: Mapping[str, str]
    rules: str
    assumptions: str
    code: str
    corrections: str


@dataclass(frozen=True)
class Made:
    """
    A published product, and what it was made from.

    It is good for every day from `as_of` until the day before `until`; where `until` is missing,
    only `day`, for which it was made, is sure. `sha256` is that of the file.
    """

    inputs: Inputs
    day: date
    as_of: date
    until: date | None
    sha256: str
    summary: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True)
class Known:
    """A commune: its last product, tries since then, the error of the last one if it failed."""

    made: Made | None
    attempts: int = 0
    error: str | None = None


@dataclass(frozen=True)
class Run:
    """Who refreshes, where it works, and for which day of the law."""

    day: date
    machine: str
    pid: int
    scratch: str
