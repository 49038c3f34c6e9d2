"""Numbers as the French write them."""


def number(value: float) -> str:
    """Write a rounded number, its thousands parted by a narrow space: 12 500."""
    return f"{value:,.0f}".replace(",", "\u202f")


def percent(share: float) -> str:
    """Write a share in whole percent: 0.423 → 42 %."""
    return f"{number(100 * share)}\u00a0%"
