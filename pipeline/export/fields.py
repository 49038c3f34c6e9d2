"""What a column of the product is: its French name, its origin in our tables, its words."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "integer", "real", "boolean", "date"]


@dataclass(frozen=True)
class Column:
    """
    One column of a delivered layer.

    `origin` is the internal English column; None: not measured by this version, always NULL.
    `domain` is a key of `domains.DOMAINS`: the closed list of its values. A real number is written
    with `digits` decimals; None keeps them all.
    """

    name: str
    origin: str | None
    alias: str
    comment: str = ""
    kind: Kind = "text"
    unit: str = ""
    domain: str = ""
    long: bool = False
    digits: int | None = None

    @property
    def decimals(self) -> int:
        """Digits shown after the point."""
        if self.kind == "integer" or self.unit in {"€/an", "kWh/an"}:
            return 0
        return 3 if self.unit in {"part", ""} else 1

    @property
    def suffix(self) -> str:
        """Unit as it is shown after a value; a share has none."""
        return "" if self.unit in {"", "part"} else f" {self.unit}"

    @property
    def description(self) -> str:
        """Comment with the unit, for readers who have no style."""
        unit = {"": "", "part": "Part entre 0 et 1."}.get(self.unit, f"Unité : {self.unit}.")
        return f"{self.comment} {unit}".strip()


def text(
    name: str, origin: str | None, alias: str, comment: str = "", *, domain: str = ""
) -> Column:
    """Describe a short text, or a code when `domain` closes its values."""
    return Column(name, origin, alias, comment, domain=domain)


def sentences(name: str, origin: str | None, alias: str, comment: str = "") -> Column:
    """Describe a text of several lines."""
    return Column(name, origin, alias, comment, long=True)


def count(name: str, origin: str | None, alias: str, comment: str = "") -> Column:
    """Describe a whole number."""
    return Column(name, origin, alias, comment, kind="integer")


def number(
    name: str,
    origin: str | None,
    alias: str,
    comment: str = "",
    *,
    unit: str,
    digits: int | None = None,
) -> Column:
    """Describe a measure; a share in [0, 1] has the unit `part`; none: another column says."""
    return Column(name, origin, alias, comment, kind="real", unit=unit, digits=digits)


def area(
    name: str, origin: str | None, alias: str, comment: str = "", *, digits: int | None = 2
) -> Column:
    """Describe a ground area, in m²; None keeps every digit of one that a threshold judges."""
    return number(name, origin, alias, comment, unit="m²", digits=digits)


def share(
    name: str, origin: str | None, alias: str, comment: str = "", *, digits: int | None = None
) -> Column:
    """Describe a share in [0, 1]."""
    return number(name, origin, alias, comment, unit="part", digits=digits)


def flag(name: str, origin: str | None, alias: str, comment: str = "") -> Column:
    """Describe a yes or no."""
    return Column(name, origin, alias, comment, kind="boolean")


def day(name: str, origin: str | None, alias: str, comment: str = "") -> Column:
    """Describe a date."""
    return Column(name, origin, alias, comment, kind="date")
