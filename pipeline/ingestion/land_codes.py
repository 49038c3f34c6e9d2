"""Codes of land cover and land use, however they are written → dotted codes of the nomenclature."""

import re
from collections.abc import Collection, Iterator
from typing import Literal

import pandas as pd

from pipeline.french import number
from pipeline.ingestion.provenance import FileReport

Axis = Literal["CS", "US"]
_OF_AXIS: dict[Axis, str] = {"CS": "de couverture", "US": "d'usage"}
_CODE = re.compile(r"(?P<axis>CS|US)?(?P<digits>[0-9]+(?:\.[0-9]+)*)")
_SHOWN_CODES = 5
_SHOWN_LETTERS = 20


def read_codes(
    written: "pd.Series[str]", axis: Axis, known: Collection[str], report: FileReport
) -> "pd.Series[str]":
    """
    Return the codes of one axis, dotted (`CS1.1.1.1`, `US4.1.1`), missing where there is none.

    A finer code is cut to the longest known one, and noted. What is no code of the axis is never
    guessed: it comes out missing, counted and named in a warning.

    Parameters
    ----------
    written
        As the file has them, stripped, blanks missing.
    axis
        `CS`, land cover, or `US`, land use.
    known
        Dotted codes of the nomenclature; those of the other axis do no harm.
    report
        Receives what was cut or lost.
    """
    counts = written.value_counts().sort_index()
    found = {text: find_code(text, axis, known) for text in counts.index}
    cut = [text for text, code in found.items() if code is not None and _is_finer(text, code)]
    lost = [text for text, code in found.items() if code is None]
    if cut:
        shown = _listed(f"{text} lu {found[text]}" for text in cut)
        report.note(
            f"codes {_OF_AXIS[axis]} plus fins que la nomenclature, ramenés au code connu :"
            f" {number(counts[cut].sum())} polygone(s) ({shown})"
        )
    if lost:
        shown = _listed(f"« {_printable(text)} »" for text in lost)
        report.warn(
            f"codes {_OF_AXIS[axis]} non reconnus, laissés vides :"
            f" {number(counts[lost].sum())} polygone(s) ({shown})"
        )
    absent = int(written.isna().sum())
    one, many = f"polygone sans code {_OF_AXIS[axis]}", f"polygones sans code {_OF_AXIS[axis]}"
    report.count(absent, one, many)
    return written.map(found).astype("str")


def find_code(text: str, axis: Axis, known: Collection[str]) -> str | None:
    """
    Return the known code that a text writes, or the longest known one that it makes finer.

    Letters, dots and spaces may be missing: `cs1111`, `CS 1.1.1.1`, `1.1.1.1` and `1111` are one
    code. Bare digits must be a whole code: `211` may come from another nomenclature.
    """
    match = _CODE.fullmatch("".join(text.upper().split()))
    if match is None or match["axis"] not in {None, axis}:
        return None
    if "." in match["digits"]:
        return next((code for code in _coarser(axis, match["digits"]) if code in known), None)
    dotted = {_digits(code): code for code in known if code.startswith(axis)}
    digits = match["digits"]
    if match["axis"] is None:
        return dotted.get(digits)
    starts = (digits[:length] for length in range(len(digits), 0, -1))
    return next((dotted[start] for start in starts if start in dotted), None)


def _coarser(axis: Axis, digits: str) -> Iterator[str]:
    """Yield a dotted code and all those that it makes finer, the longest first."""
    parts = digits.split(".")
    for length in range(len(parts), 0, -1):
        yield axis + ".".join(parts[:length])


def _is_finer(text: str, code: str) -> bool:
    return len(_digits(text)) > len(_digits(code))


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _listed(texts: Iterator[str]) -> str:
    shown = list(texts)
    return ", ".join(shown[:_SHOWN_CODES]) + (", …" if len(shown) > _SHOWN_CODES else "")


def _printable(text: str) -> str:
    """Return a few letters of what may be mojibake, on one line."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_SHOWN_LETTERS])
