"""What an agent types in a cell → a date, an answer, a number; anything else is refused."""

import datetime as dt
import re

from pipeline.french import without_accents

# A date outside is a slip of the keyboard (« 20224 », « 0204 »), never a fact about a car park.
EARLIEST = dt.date(1900, 1, 1)
LATEST = dt.date(2100, 12, 31)

DATE_HELP = "écrire la date AAAA-MM-JJ ou JJ/MM/AAAA"
ANSWER_HELP = "écrire oui ou non, ou laisser vide si on ne sait pas"
NUMBER_HELP = "écrire un nombre positif, sans unité"

_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[T ][\d:.]+Z?)?")
_FRENCH = re.compile(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_SPACES = re.compile(r"\s+")  # thin and no-break ones too
_COORDINATE = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_ANSWERS = {
    **dict.fromkeys(("oui", "o", "true", "vrai", "1"), True),
    **dict.fromkeys(("non", "n", "false", "faux", "0"), False),
}


def parse_day(text: str) -> str:
    """
    Return an ISO date from `2024-05-31` or `31/05/2024`.

    Raises
    ------
    ValueError
        In French, what to write: no such date, or one before `EARLIEST` or after `LATEST`.
    """
    found = _ISO.fullmatch(text) or _FRENCH.fullmatch(text)
    if found is None:
        raise ValueError(DATE_HELP)
    try:
        day = dt.date(*(int(found[part]) for part in ("year", "month", "day")))
    except ValueError as error:
        msg = f"ce jour n'existe pas ; {DATE_HELP}"
        raise ValueError(msg) from error
    if not EARLIEST <= day <= LATEST:
        msg = f"date hors de la période {EARLIEST.year}-{LATEST.year} ; corriger l'année"
        raise ValueError(msg)
    return day.isoformat()


def parse_answer(text: str) -> bool:
    """
    Return what oui, non, o, n, vrai, faux, true, false, 1 or 0 means, whatever the case.

    Raises
    ------
    ValueError
        In French, what to write.
    """
    answer = _ANSWERS.get(text.casefold())
    if answer is None:
        raise ValueError(ANSWER_HELP)
    return answer


def parse_number(text: str) -> float:
    """
    Return a number at least 0; the decimal mark is a comma or a dot, thousands may be spaced.

    Raises
    ------
    ValueError
        In French, what to write.
    """
    plain = _SPACES.sub("", text)
    if _NUMBER.fullmatch(plain) is None:
        raise ValueError(NUMBER_HELP)
    return float(plain.replace(",", "."))


def parse_percentage(text: str) -> float:
    """
    Return a percentage from 0 to 100; a `%` sign may follow.

    Raises
    ------
    ValueError
        In French, what to write.
    """
    try:
        value = parse_number(text.removesuffix("%"))
    except ValueError:
        value = float("inf")
    if value > 100:  # noqa: PLR2004 - what a percentage is
        msg = "écrire un pourcentage de 0 à 100"
        raise ValueError(msg)
    return value


def parse_coordinate(text: str) -> float:
    """
    Return a coordinate, metres or degrees, negative or not.

    Raises
    ------
    ValueError
        In French, what to write.
    """
    plain = _SPACES.sub("", text)
    if _COORDINATE.fullmatch(plain) is None:
        msg = "écrire une coordonnée en nombre, mètres pour x et y, degrés pour lon et lat"
        raise ValueError(msg)
    return float(plain.replace(",", "."))


def plain_name(title: str) -> str:
    """Return the title of a column without accents, capitals nor spaces: « Parc ID » → parc_id."""
    return re.sub(r"[\s\-']+", "_", without_accents(title).strip())
