"""Inventories by date: written when something changed, the same bytes; the state of a day."""

import shutil
from datetime import date

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.errors import PublicationError
from pipeline.export.publish import publish
from pipeline.inventory.inventories import (
    communes_of,
    days_of,
    folder_of,
    keep_inventory,
    read_inventory,
    state_at,
)
from pipeline.inventory.park_values import parks_by_id
from pipeline.inventory.states import read_product
from pipeline.inventory.whole_files import write_whole
from tests.unit.export.hand_made import make_product
from tests.unit.export.hand_made_inventory import GONE
from tests.unit.export.reading import damage

NOV, DEC, JAN = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return publish(make_product(), tmp_path_factory.mktemp("products"))


@pytest.fixture
def product(first, tmp_path):
    return shutil.copy(first, tmp_path / "62999.gpkg")


@pytest.fixture
def later(first, tmp_path):
    """The product of the next month: a park has another name."""
    changed = shutil.copy(first, tmp_path / "later.gpkg")
    damage(changed, "UPDATE parcs SET nom = 'Autre nom' WHERE rowid = 1")
    return changed


def test_an_inventory_holds_the_parks_as_they_were_published(product, tmp_path):
    path = keep_inventory(product, tmp_path, NOV)
    assert path == tmp_path / "inventaires/62/62999_2026-11-01.parquet"
    kept, published = read_inventory(path), read_product(product)
    assert parks_by_id(kept.parks) == parks_by_id(published.parks)
    assert kept.parks.crs == published.parks.crs
    assert (kept.seen_on, kept.day) == (NOV, NOV)
    for name in ("insee_code", "name", "version", "rules_as_of", "fingerprints", "sources"):
        assert getattr(kept, name) == getattr(published, name), name
    pd.testing.assert_frame_equal(kept.replayed, published.replayed)
    assert kept.fingerprints == {"regles": "00ff", "code": "ff00"}
    assert kept.replayed["parc_id"].tolist()[1] == GONE


def test_any_reader_of_geoparquet_opens_it(product, tmp_path):
    path = keep_inventory(product, tmp_path, NOV)
    table = gpd.read_parquet(path)
    assert table.crs.to_epsg() == 2154
    assert table.geometry.is_valid.all()
    types = {field.name: str(field.type) for field in pq.read_schema(path)}
    assert (types["echeance"], types["places"], types["statut"]) == (
        "date32[day]", "int64", "string",
    )  # fmt: skip


def test_the_same_product_gives_the_same_bytes(product, tmp_path):
    paths = [keep_inventory(product, tmp_path / side, NOV) for side in ("a", "b")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_nothing_is_written_when_nothing_changed(product, tmp_path):
    path = keep_inventory(product, tmp_path, NOV)
    before = path.stat().st_mtime_ns
    assert keep_inventory(product, tmp_path, NOV) is None
    assert keep_inventory(product, tmp_path, DEC) is None
    assert days_of(tmp_path, "62999") == (NOV,)
    assert path.stat().st_mtime_ns == before


def test_the_state_of_a_day_is_that_of_the_last_inventory(product, later, tmp_path):
    keep_inventory(product, tmp_path, NOV)
    keep_inventory(later, tmp_path, JAN)
    assert state_at(tmp_path, "62999", date(2026, 10, 31)) is None
    for day, seen in ((NOV, NOV), (DEC, NOV), (date(2026, 12, 31), NOV), (JAN, JAN)):
        assert state_at(tmp_path, "62999", day).seen_on == seen
    assert state_at(tmp_path, "62998", JAN) is None
    assert communes_of(tmp_path) == ("62999",)


def test_two_runs_of_one_day_leave_the_last(product, later, tmp_path):
    keep_inventory(product, tmp_path, NOV)
    keep_inventory(later, tmp_path, NOV)
    assert days_of(tmp_path, "62999") == (NOV,)
    assert "Autre nom" in set(state_at(tmp_path, "62999", NOV).parks["nom"])


def test_a_change_of_the_sources_alone_is_kept(product, tmp_path):
    keep_inventory(product, tmp_path, NOV)
    damage(product, "UPDATE sources SET sha256 = 'f' WHERE fichier IS NOT NULL")
    assert keep_inventory(product, tmp_path, DEC) is not None


def test_a_damaged_inventory_is_written_again_and_told_when_read(product, tmp_path):
    path = keep_inventory(product, tmp_path, NOV)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(PublicationError, match="inventaire de parzan"):
        state_at(tmp_path, "62999", NOV)
    assert keep_inventory(product, tmp_path, NOV) == path
    assert state_at(tmp_path, "62999", NOV) is not None


def test_a_parquet_of_somebody_else_is_refused(tmp_path):
    path = tmp_path / "autre.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    with pytest.raises(PublicationError, match="pas un inventaire de parzan"):
        read_inventory(path)


def test_files_that_are_no_inventory_are_left_alone(product, tmp_path):
    folder = folder_of(tmp_path, "62999")
    folder.mkdir(parents=True)
    for name in (".62999_2026-12-01.parquet-1-ab.part", "62999_2026-13-01.parquet", "notes.txt"):
        (folder / name).touch()
    keep_inventory(product, tmp_path, NOV)
    assert days_of(tmp_path, "62999") == (NOV,)


@pytest.mark.parametrize(("insee", "folder"), [("2A004", "2A"), ("97411", "974"), ("01004", "01")])
def test_the_folder_is_that_of_the_departement(insee, folder, tmp_path):
    assert folder_of(tmp_path, insee) == tmp_path / "inventaires" / folder


def test_a_gpkg_that_is_no_product_is_refused(tmp_path):
    other = tmp_path / "autre.gpkg"
    shape = gpd.GeoSeries.from_wkt(["POINT (0 0)"], crs="EPSG:2154")
    gpd.GeoDataFrame(geometry=shape).to_file(other, layer="parcs")
    with pytest.raises(PublicationError, match="pas un produit de parzan"):
        read_product(other)
    other.write_bytes(b"not a database")
    with pytest.raises(PublicationError, match="illisible"):
        read_product(other)
    with pytest.raises(PublicationError, match="absent"):
        read_product(tmp_path / "rien.gpkg")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside(tmp_path):
    path = tmp_path / "a" / "x.csv"
    write_whole(path, b"old")
    blocked = tmp_path / "file"
    blocked.touch()
    with pytest.raises(PublicationError, match="écriture impossible"):
        write_whole(blocked / "x.csv", b"new")
    assert path.read_bytes() == b"old"
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [file.name for file in path.parent.iterdir()] == ["x.csv"]
