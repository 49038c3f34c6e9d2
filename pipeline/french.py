"""Numbers as the French write them."""


def number(value: float) -> str:
    """Write a rounded number, its thousands parted by a narrow space: 12 500."""
    return f"{value:,.0f}".replace(",", "\u202f")
