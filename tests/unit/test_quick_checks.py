"""The quick check never accepts what pandera refuses, column by column, fault by fault."""

import numpy as np
import pandas as pd
import pytest
from pandera.errors import SchemaErrors

from pipeline import schemas
from pipeline.contracts import check_table
from pipeline.errors import ContractError
from pipeline.export.inventory_tables import _GEO as KEPT_GEO
from pipeline.export.inventory_tables import _PLAIN as KEPT
from pipeline.export.land_tables import _GEO as LAND_GEO
from pipeline.export.land_tables import _PLAIN as LAND
from pipeline.export.product import _GEO as GEO
from pipeline.export.product import _PLAIN as PLAIN
from pipeline.quick_checks import QuickCheck
from tests.tables import polygons_crossing
from tests.unit.export.hand_made import make_product

PRODUCT = make_product()
TABLES = [
    (schema, getattr(owner, name))
    for owner, known in (
        (PRODUCT, GEO | PLAIN),
        (PRODUCT.land, LAND_GEO | LAND),
        (PRODUCT.inventory, KEPT_GEO | KEPT),
    )
    for name, schema in known.items()
]
FILLED = [(schema, table) for schema, table in TABLES if len(table) > 1]


def faults(values):
    """The column with one fault: missing, repeated, of another type, out of range."""
    yield values.mask(values.index == values.index[0])
    yield values.where(values.index != values.index[0], values.iloc[-1])
    yield values.astype(object)
    if values.dtype in ("float64", "int64"):
        yield values.where(values.index != values.index[0], -1e9)
        yield values.where(values.index != values.index[0], 1e12)
    if values.dtype == "str":
        yield values.where(values.index != values.index[0], "inconnu au bataillon").astype("str")
    if values.dtype == "geometry":
        yield values.where(values.index != values.index[0], polygons_crossing())


@pytest.mark.parametrize(("schema", "table"), FILLED, ids=lambda it: getattr(it, "__name__", ""))
def test_what_pandera_refuses_is_never_accepted(schema, table):
    compiled = schema.to_schema()
    quick = QuickCheck(compiled)
    quick.learn(compiled.validate(table, lazy=True))
    refused = 0
    for name in table.columns:
        for fault in faults(table[name]):
            broken = table.assign(**{name: fault})
            try:
                compiled.validate(broken, lazy=True)
            except (SchemaErrors, TypeError):
                refused += 1
                assert not quick.accepts(broken), name
    assert refused


@pytest.mark.parametrize(("schema", "table"), FILLED, ids=lambda it: getattr(it, "__name__", ""))
def test_a_sound_table_is_accepted_once_its_types_are_known(schema, table):
    compiled = schema.to_schema()
    quick = QuickCheck(compiled)
    assert not quick.accepts(table)
    quick.learn(table)
    judges = not compiled.checks and compiled.unique is None
    assert quick.accepts(table) is judges


def test_a_column_more_is_not_accepted():
    table = PRODUCT.verdicts
    quick = QuickCheck(schemas.Verdict.to_schema())
    quick.learn(table)
    assert not quick.accepts(table.assign(autre=1))


def test_a_table_that_fails_is_told_by_pandera_after_one_that_passed():
    table = PRODUCT.verdicts
    check_table(schemas.Verdict, table)
    with pytest.raises(ContractError, match="penalty_cap_eur"):
        check_table(schemas.Verdict, table.assign(penalty_cap_eur=np.full(len(table), -1.0)))


def test_missing_values_are_not_judged_by_the_other_checks():
    quick = QuickCheck(schemas.Verdict.to_schema())
    table = PRODUCT.verdicts.assign(
        penalty_cap_eur=pd.Series(np.nan, index=PRODUCT.verdicts.index, dtype="float64")
    )
    quick.learn(table)
    assert quick.accepts(table)
