"""A land cover derived for a real commune: whole, noded, judged, and silent where sources are."""

import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.artificialisation.derive import NO_SOURCE, derive_land, extent_around
from pipeline.artificialisation.qualify import qualify_land
from pipeline.crs import ground_area
from tests.tables import ASSUMPTIONS, FRANCE
from tests.unit.artificialisation.test_qualify import LAND
from tests.unit.ingestion.deposits import read_land

pytestmark = [pytest.mark.shared_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def redon(shared_data):
    sources = read_land(shared_data / "redon_35236", "35236")
    communes = sources.communes
    commune = communes[communes["insee_code"] == "35236"].geometry.iloc[0]
    extent = extent_around(commune, ASSUMPTIONS.parking_lots.halo_m.value, ASSUMPTIONS)
    return sources, extent, derive_land(sources.land_evidence, extent, 2024, ASSUMPTIONS, FRANCE)


def test_redon_is_covered_without_gap_nor_overlap(redon):
    _, extent, land = redon
    shapes = land.geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(extent.area, abs=0.01)


def test_redon_has_the_ground_of_its_buildings(redon):
    sources, extent, land = redon
    evidence = sources.land_evidence
    kinds = evidence["kind"].isin(["batiment", "construction_legere"])
    drawn = shapely.union_all(evidence[kinds].geometry.to_numpy()).intersection(extent).area
    built = land[land["cover_code"] == "CS1.1.1.1"].geometry.area.sum()
    assert built == pytest.approx(drawn, rel=1e-3)


def test_redon_is_judged_where_sources_tell_and_nowhere_else(redon):
    _, _, land = redon
    found = qualify_land(land, LAND, FRANCE).land
    assert shapely.coverage_is_valid(found.geometry.to_numpy())
    silent = found["land_id"].isin(land.loc[land["source"] == NO_SOURCE, "land_id"])
    assert found.loc[silent, "is_artificial"].isna().all()
    area = ground_area(land.geometry.to_numpy(), FRANCE).sum()
    assert found["area_m2"].sum() == pytest.approx(area, rel=1e-9)
    built = found["cover_code"].eq("CS1.1.1.1") & (found["area_m2"] >= 50)
    assert found.loc[built, "is_artificial"].all()
    assert set(found["origin"]) == {"derive"}


def test_redon_is_the_same_whatever_the_order_of_the_evidence(redon):
    sources, extent, land = redon
    order = np.random.default_rng(5).permutation(len(sources.land_evidence))
    again = derive_land(
        sources.land_evidence.iloc[order].reset_index(drop=True), extent, 2024, ASSUMPTIONS, FRANCE
    )
    pd.testing.assert_series_equal(again["land_id"], land["land_id"])


@pytest.mark.parametrize(("folder", "code"), [("redon_35236", "35236"), ("le_mans_72181", "72181")])
def test_telling_the_ground_changes_nothing_else(shared_data, folder, code):
    asked, not_asked = (
        read_land(shared_data / folder, code, with_land=with_land) for with_land in (True, False)
    )
    for name in ("candidates", "bays", "roads", "fences", "buildings", "carports", "trees"):
        mine, theirs = getattr(asked, name), getattr(not_asked, name)
        assert mine.drop(columns="geometry").equals(theirs.drop(columns="geometry")), name
        assert mine.geometry.to_wkb().equals(theirs.geometry.to_wkb()), name
    assert asked.masks.equals(not_asked.masks)
