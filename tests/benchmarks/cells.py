"""Cells of the table of measures."""

from rich.table import Table


def whole_row(found: dict[str, float]) -> tuple[str, str, str, str]:
    """Return the cells of a measure that has no target."""
    return f"{found['s']:.1f} s, {found['MB']:.0f} MB", "", "", ""


def row(table: Table, name: str, ours: float, other: float, unit: str, target: float) -> None:
    """Add a ratio to the table."""
    ratio = ours / other
    wanted = f"≤ {target:g}" if target >= 1 else f"≤ 1/{1 / target:.0f}"
    shown = f"{ratio:.2f}" if ratio >= 1 else f"1/{1 / ratio:.1f}"
    table.add_row(name, f"{ours:.2f} / {other:.2f} {unit}", shown, wanted, verdict(ratio <= target))


def verdict(is_reached: bool) -> str:
    """Say whether the target is reached."""
    return "yes" if is_reached else "NO"
