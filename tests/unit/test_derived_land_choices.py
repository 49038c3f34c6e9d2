"""The choices of the derived land cover: each kind ranked once, every reading of a known kind."""

import pytest
from pydantic import ValidationError

from pipeline.derived_land_choices import CoverLayer, DerivedLandChoices
from tests.tables import ASSUMPTIONS

CHOICES = ASSUMPTIONS.derived_land.model_dump()
COVER = {"kind": "eau", "code": "CS1.2.2", "reliability": "elevee", "reason": "eau"}
USE = {"kind": "habitat", "code": "US5", "reason": "résidentiel"}
READING = {"source": "osm", "kinds": ["eau"], "where": {"natural": ["water"]}}
FAULTS = {
    "a cover twice": ({"covers": [*CHOICES["covers"], COVER]}, "eau"),
    "a use twice": ({"uses": [*CHOICES["uses"], USE]}, "écrite deux fois : habitat"),
    "a kind without rank": (
        {"readings": [*CHOICES["readings"], READING | {"kinds": ["mer"]}]}, "sans rang : mer"),
    "a level that nothing lowers": (
        {"reliability": {**CHOICES["reliability"], "without_use": {"elevee": "moyenne"}}},
        "fiabilité faible, moyenne absente"),
    "a rank that nothing reads": (
        {"uses": [*CHOICES["uses"], USE | {"kind": "mer"}]}, "jamais lue : mer"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_what_does_not_hold_together_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        DerivedLandChoices.model_validate(CHOICES | change)


@pytest.mark.parametrize("missing", ["code", "reliability"])
def test_a_cover_without_code_has_no_reliability(missing):
    with pytest.raises(ValidationError, match="vont ensemble"):
        CoverLayer.model_validate(COVER | {missing: None})


def test_a_surface_of_osm_is_looked_for_by_some_tag():
    surfaces = ASSUMPTIONS.derived_land.of("osm", "surface")
    assert all(reading.where for reading in surfaces)
    layers = ASSUMPTIONS.derived_land.of("bdtopo", "surface")
    assert all(reading.layer for reading in layers)
