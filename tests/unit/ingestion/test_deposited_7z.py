"""A 7z of the IGN put in a folder by hand is opened like a ZIP, unless what it holds is beside."""

import pytest

from pipeline.errors import SourceError
from tests.unit.ingestion import land_files
from tests.unit.ingestion.bulk_files import land, ocsge_7z, parks_7z
from tests.unit.ingestion.deposits import commune, deposit, read

NAME = "OCS-GE_2-0__GPKG_LAMB93_D062_2021-01-01.7z"


def test_land_covers_are_read_in_their_archives(tmp_path):
    for year in (2018, 2021):
        deposit(tmp_path, f"ocsge/{NAME.replace('2021', str(year))}", ocsge_7z(year))
    assert list(land_files.read(tmp_path).pieces["vintage"]) == [2018, 2021]


def test_car_parks_are_read_in_their_archive(tmp_path):
    commune(tmp_path)
    deposit(tmp_path, "parkings/ENR_2-0_PARK-SUP-500_GPKG_WLD_WM_2026-02-01.7z", parks_7z())
    candidates = read(tmp_path).candidates
    assert list(candidates["vintage"]) == ["2026-02-01"]


def test_one_that_was_extracted_beside_is_left_and_told(tmp_path):
    deposit(tmp_path, f"ocsge/{NAME}", ocsge_7z(2021))
    deposit(tmp_path, "ocsge/D062_2021/OCCUPATION_SOL.gpkg", land(2021, use="US3"))
    found = land_files.read(tmp_path)
    assert list(found.pieces["use_code"]) == ["US3"]
    assert "non reconnu" in land_files.remarks(found, NAME)


def test_a_damaged_one_is_refused_in_one_line(tmp_path):
    deposit(tmp_path, f"ocsge/{NAME}", ocsge_7z(2021)[:2000])
    with pytest.raises(SourceError, match=rf"^ocsge/{NAME} : archive endommagée ou tronquée"):
        land_files.read(tmp_path)
