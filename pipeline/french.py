"""Numbers as the French write them, and words without their accents."""

import unicodedata


def number(value: float) -> str:
    """Write a rounded number, its thousands parted by a narrow space: 12 500."""
    return f"{value:,.0f}".replace(",", "\u202f")


def percent(share: float, *, digits: int = 0) -> str:
    """Write a share in percent, whole by default: 0.423 → 42 %, or 42,3 % with one digit."""
    return f"{100 * share:.{digits}f}".replace(".", ",") + "\u00a0%"


def decimal(value: float) -> str:
    """Write a number with its decimals, as few as it has: 14, 12,5."""
    return f"{value:g}".replace(".", ",")


def without_accents(text: str) -> str:
    """Return a text in small letters without accents: « Périmètre » → perimetre."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
