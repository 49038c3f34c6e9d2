"""The pure packages hold no number of the law nor of a model: their syntax trees say so."""

import ast
from pathlib import Path

import pytest

PIPELINE = Path(__file__).resolve().parents[2] / "pipeline"
PURE = ("parking_lots", "eligible_surface", "tree_canopy", "obligation", "artificialisation")
ALLOWED = {-1, 0, 1, 2}
NUMBER = (int, float, complex)


def forbidden_numbers(source: str) -> list[tuple[int, object]]:
    """
    Return (line, value) of each number that a pure module may not write.

    -1, 0, 1 and 2 are allowed, as floats too. A sign belongs to its number, so -2 is refused; so
    is arithmetic on literals alone, and a number spelt out as a text for `int`, `float` or a day.
    """
    found = []
    tree = ast.parse(source)
    signed = {
        id(node.operand): -node.operand.value
        for node in ast.walk(tree)
        if isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and _is_number(node.operand)
    }
    for node in ast.walk(tree):
        if _is_number(node):
            value = signed.get(id(node), node.value)
            if value not in ALLOWED:
                found.append((node.lineno, value))
        elif _is_literal_arithmetic(node) or _reads_text(node):
            found.append((node.lineno, ast.unparse(node)))
    return found


def _is_number(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, NUMBER)
        and not isinstance(node.value, bool)
    )


def _is_literal_arithmetic(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and _is_number(node.left) and _is_number(node.right)


def _reads_text(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func).split(".")[-1]
    is_reader = name in {"int", "float", "Decimal", "Fraction", "fromisoformat"}
    return is_reader and any(
        isinstance(item, ast.Constant) and isinstance(item.value, str) for item in node.args
    )


def modules():
    """Return the modules of the packages."""
    return sorted(path for name in PURE for path in (PIPELINE / name).rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_number_but_minus_one_zero_one_two(path):
    assert forbidden_numbers(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("package", PURE)
def test_each_package_is_read(package):
    assert any(path.parent.name == package for path in modules())


@pytest.mark.parametrize(
    "injected",
    [
        pytest.param("area > 1500", id="a threshold"),
        pytest.param("x = 3", id="a small number"),
        pytest.param("x = 0.5", id="a share"),
        pytest.param("x = -2", id="minus two"),
        pytest.param("x = -1.5", id="a negative share"),
        pytest.param("due = date(2028, 1, 1)", id="a date"),
        pytest.param("def f(share=0.35): ...", id="a default"),
        pytest.param("x: int = 10_000", id="underscores"),
        pytest.param("x = 1e3", id="an exponent"),
        pytest.param("x = f'{y * 3}'", id="inside a text to format"),
        pytest.param("x = 1 / 2", id="arithmetic on literals"),
        pytest.param("x = float('0.5')", id="spelt out as a text"),
        pytest.param("x = date.fromisoformat('2028-07-01')", id="a day spelt out"),
        pytest.param("x = 3j", id="a complex number"),
    ],
)
def test_an_injected_number_is_refused(injected):
    assert forbidden_numbers(f"y = 0\n{injected}\n")


@pytest.mark.parametrize(
    "harmless",
    [
        pytest.param("x = [-1, 0, 1, 2]", id="the four that are allowed"),
        pytest.param("x = -1.0 + y * 2.0", id="as floats"),
        pytest.param("x = True", id="a truth value"),
        pytest.param("x = 'art. 40, loi n° 2023-175'", id="a text"),
        pytest.param("x = f'{y:.0f} m'", id="a format"),
        pytest.param('"""At 1 500 m²."""', id="a docstring"),
        pytest.param("x = float(text)", id="a number read from a file"),
    ],
)
def test_what_is_no_number_of_the_law_is_accepted(harmless):
    assert forbidden_numbers(harmless) == []
