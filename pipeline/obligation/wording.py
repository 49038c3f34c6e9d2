"""French words of the verdicts: numbers, dates, areas, and the sentences an owner reads."""

from datetime import date

from pipeline.french import number

_MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
NOT_A_DECISION = "Estimation sur données publiques : ne vaut ni constat ni décision."
OTHER_LAW = "sous réserve de l'article L. 111-19-1 du code de l'urbanisme"


def square_metres(value: float) -> str:
    """Write an area: 2 310 m²."""
    return f"{number(value)}\u00a0m²"


def euros(value: float) -> str:
    """Write an amount: 20 000 €."""
    return f"{number(value)}\u00a0€"


def day(value: date) -> str:
    """Write a date: 1er juillet 2028."""
    first = "1er" if value.day == 1 else str(value.day)
    return f"{first} {_MONTHS[value.month - 1]} {value.year}"


def estimate(low: float, central: float, high: float) -> str:
    """Write an area and its interval: superficie estimée 2 310 m² (entre 2 190 et 2 420)."""
    return f"superficie estimée {square_metres(central)} (entre {number(low)} et {number(high)})"


def sentence(*parts: str) -> str:
    """Join non-empty parts with spaces."""
    return " ".join(part for part in parts if part)


def sentence_case(text: str) -> str:
    """Write the first letter of a text as a capital."""
    return text[0].upper() + text[1:]
