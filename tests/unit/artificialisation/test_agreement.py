"""Variants side by side, and the confusion table against the flag of the producer, in m²."""

import pandas as pd
import pytest
import shapely

from pipeline.artificialisation.agreement import compare_variants, find_disagreements
from pipeline.artificialisation.qualify import qualify_land
from pipeline.artificialisation.thresholds import VARIANTS
from tests.tables import FRANCE
from tests.unit.artificialisation.test_qualify import GRASS, LAND, YARD, pieces

DEFAULT = VARIANTS[0].name
# A yard of 2 400 m² around a lawn of 400 m²: filled first, it is 2 800 m² and stays; the yard alone
# would be below 2 500 m² and go.
RING = (YARD, shapely.box(100, 100, 140, 170))
LAWN = (GRASS, shapely.box(110, 120, 130, 140))


def judged(*layers, declared=None):
    table, kinds = pieces(*layers)
    if declared is not None:
        flags = [declared.get(kind) for kind in kinds]
        table = table.assign(declared_artificial=pd.array(flags, dtype="boolean"))
    return qualify_land(table, LAND, FRANCE)


def by_variant(own):
    return compare_variants(own, DEFAULT).set_index("variant")


def test_the_order_of_the_passes_decides_of_a_ring():
    found = by_variant(judged(RING, LAWN))
    assert found.loc["statut_enclaves_dabord", "artificial_m2"] == pytest.approx(2800, rel=1e-3)
    assert found.loc["statut_isolats_dabord", "artificial_m2"] == 0
    assert found.loc["statut_isolats_dabord", "differs_m2"] == pytest.approx(2800, rel=1e-3)
    assert found.loc[DEFAULT, "differs_m2"] == 0
    assert found["is_default"].tolist() == [name == DEFAULT for name in found.index]


def test_without_a_declared_status_there_is_nothing_to_compare():
    found = by_variant(judged(RING))
    assert found[["both_artificial_m2", "only_ours_m2"]].isna().all(axis=None)


def test_the_confusion_table():
    own = judged(
        (YARD, shapely.box(100, 100, 200, 200)),  # 1 ha that both find artificial
        (GRASS, shapely.box(500, 500, 600, 600)),
        declared={YARD: True, GRASS: False},
    )
    row = by_variant(own).loc[DEFAULT]
    assert row["both_artificial_m2"] == pytest.approx(10_000, rel=1e-3)
    assert row["neither_artificial_m2"] == pytest.approx(990_000, rel=1e-3)
    assert (row["only_ours_m2"], row["only_declared_m2"]) == (0, 0)
    assert len(find_disagreements(own.land)) == 0


def test_a_disagreement_is_a_row_of_the_map():
    own = judged((YARD, shapely.box(100, 100, 200, 200)), declared={YARD: False, GRASS: None})
    row = by_variant(own).loc[DEFAULT]
    assert row["only_ours_m2"] == pytest.approx(10_000, rel=1e-3)
    assert row["neither_artificial_m2"] == 0  # the field is not declared
    assert find_disagreements(own.land)["cover_code"].tolist() == ["CS1.1.1.2"]
