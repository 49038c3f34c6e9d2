"""A layer read from its copy is what its file gives: rows, order, types, places, remarks."""

import dataclasses
import hashlib
import tempfile
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.ingestion.files import SourceFile
from pipeline.ingestion.formats import sniff
from pipeline.ingestion.prepared import Store
from pipeline.ingestion.preparing_layers import prepare_file, prepare_layer
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.vector import Equal, list_layers, read_layer
from tests.tables import FRANCE, X0, Y0
from tests.unit.ingestion.deposits import CATALOGUE
from tests.unit.ingestion.prepared_folders import assert_same_table

# An L: its box is full of ground that it does not hold.
ANGLE = [(0, 0), (100, 0), (100, 5), (5, 5), (5, 100), (0, 100), (0, 0)]
metres = st.integers(-60, 160).map(float)
sides = st.integers(1, 60).map(float)


@st.composite
def shapes(draw):
    x, y = draw(metres), draw(metres)
    if draw(st.booleans()):
        return shapely.Polygon([(x + a, y + b) for a, b in ANGLE])
    return shapely.box(x, y, x + draw(sides), y + draw(sides))


@st.composite
def windows(draw):
    west, south = X0 + draw(metres), Y0 + draw(metres)
    return (west, south, west + draw(sides), south + draw(sides))


def save(folder, name, drawn, columns, crs="EPSG:2154", **options):
    path = Path(folder) / name
    geometry = [
        shape and shapely.transform(shape, lambda xy: xy + np.array([X0, Y0])) for shape in drawn
    ]
    table = gpd.GeoDataFrame(columns, geometry=geometry, crs="EPSG:2154").to_crs(crs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(table, path, **options)
    return path


def opened(path):
    """A file of the folder `bdtopo`, and the same with copies in a store beside."""
    store = Store(path.parent / "store")
    file = SourceFile(
        "bdtopo", f"bdtopo/{path.name}", path, sniff(path),
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )  # fmt: skip
    return file, dataclasses.replace(file, store=store.root), store


def scope_of(folder, window=None):
    return Scope(FRANCE, window, "62999", CATALOGUE, Path(folder) / "work", 2026)


def told(report):
    return (report.met, report.row_count, report.vintage, report.state, report.remarks,
            report.warnings)  # fmt: skip


def check(path, *windows, equal=None, keep_missing=False):
    """Read windows of every layer, from the file and from its copy; return the number of rows."""
    file, prepared, store = opened(path)
    prepare_file(store, FileReport(prepared))
    count = 0
    for layer in list_layers(FileReport(file)):
        key = prepare_layer(store, FileReport(prepared), layer, scope_of(path.parent))
        assert key is not None, layer
        for window in windows:
            one, other = FileReport(file), FileReport(prepared)
            scope = scope_of(path.parent, window)
            options = {"equal": equal, "keep_missing": keep_missing}
            assert list_layers(one) == list_layers(other)
            direct = read_layer(one, layer, scope, **options)
            # Nothing but the store may be read: the file is put out of reach.
            hidden = path.with_name(f"{path.name}.hidden")
            path.rename(hidden)
            try:
                copied = read_layer(other, layer, scope, **options)
            finally:
                hidden.rename(path)
            if (
                equal is not None and path.suffix == ".geojson"
            ):  # ranked among the rows kept, or all
                direct, copied = direct.reset_index(drop=True), copied.reset_index(drop=True)
            assert_same_table(direct, copied)
            assert told(one) == told(other)
            count += len(direct)
    return count


@settings(max_examples=40, deadline=None)
@given(
    drawn=st.lists(shapes(), min_size=1, max_size=12),
    window=windows(),
    kind=st.sampled_from(["gpkg", "shp", "geojson"]),
    crs=st.sampled_from(["EPSG:2154", "EPSG:4326"]),
)
def test_any_window_gives_the_rows_of_the_file(drawn, window, kind, crs):
    columns = {
        "cleabs": [f"B{number % 3}" for number in range(len(drawn))],
        "etages": [number if number % 2 else None for number in range(len(drawn))],
        "leger": [number % 2 == 0 for number in range(len(drawn))],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = save(folder, f"batiment.{kind}", drawn, columns, crs)
        check(path, window)


class TestWhatDriversDo:
    @pytest.mark.parametrize("kind", ["gpkg", "shp"])
    def test_an_outline_around_the_window_that_does_not_enter_it_is_left(self, tmp_path, kind):
        path = save(tmp_path, f"a.{kind}", [shapely.Polygon(ANGLE)], {"n": [1]})
        inside = (X0 + 20, Y0 + 20, X0 + 30, Y0 + 30)
        touching = (X0 + 5, Y0 + 20, X0 + 30, Y0 + 30)
        assert check(path, inside) == 0
        assert check(path, touching) == 1

    def test_a_geojson_keeps_it_since_only_its_box_is_looked_at(self, tmp_path):
        path = save(tmp_path, "a.geojson", [shapely.Polygon(ANGLE)], {"n": [1]})
        assert check(path, (X0 + 20, Y0 + 20, X0 + 30, Y0 + 30)) == 1

    def test_rows_come_in_the_order_of_the_file_whatever_its_index(self, tmp_path):
        random = np.random.default_rng(7)
        drawn = [shapely.box(x, y, x + 1, y + 1) for x, y in random.random((3000, 2)) * 1000]
        path = save(tmp_path, "a.gpkg", drawn, {"n": range(3000)})
        window = (X0 + 100, Y0 + 100, X0 + 700, Y0 + 700)
        assert check(path, window) > 900
        file, _, _ = opened(path)
        table = read_layer(FileReport(file), "a", scope_of(tmp_path, window))
        assert table.index.is_monotonic_increasing

    @pytest.mark.parametrize("kind", ["gpkg", "geojson"])
    def test_dates_numbers_and_blanks_keep_their_types(self, tmp_path, kind):
        columns = {
            "moment": pd.to_datetime(
                ["2024-05-01T10:00:00Z", None, "2025-01-01T00:00:00Z"], utc=True
            ),
            "jour": [pd.Timestamp("2024-05-01").date(), None, None],
            "nombre": pd.array([1, None, 3], dtype="Int64"),
            "reel": [1.5, None, 2.0],
            "vrai": pd.array([True, None, False], dtype="boolean"),
            "texte": ["é", None, ""],
        }
        drawn = [shapely.box(x, 0, x + 1, 1) for x in (0, 10, 20)]
        path = save(tmp_path, f"a.{kind}", drawn, columns)
        whole = (X0 - 1, Y0 - 1, X0 + 50, Y0 + 50)
        each = [(X0 + x, Y0, X0 + x + 1, Y0 + 1) for x in (0, 10, 20)]
        nothing = (X0 + 30, Y0, X0 + 31, Y0 + 1)
        assert check(path, whole, *each, nothing) == 6

    @pytest.mark.parametrize("kind", ["gpkg", "shp", "geojson"])
    def test_rows_without_geometry_are_kept_when_asked_for(self, tmp_path, kind):
        drawn = [shapely.box(0, 0, 1, 1), None, shapely.box(500, 0, 501, 1)]
        path = save(tmp_path, f"a.{kind}", drawn, {"n": ["a", "b", "c"]})
        window = (X0 - 1, Y0 - 1, X0 + 50, Y0 + 50)
        assert check(path, window, keep_missing=True) == 2
        assert check(path, window) == 1

    @pytest.mark.parametrize("kind", ["gpkg", "shp", "geojson"])
    def test_one_row_is_found_by_its_code(self, tmp_path, kind):
        drawn = [shapely.box(0, 0, 1, 1), shapely.box(500, 0, 501, 1)]
        path = save(tmp_path, f"a.{kind}", drawn, {"INSEE_COM": ["62998", "62999"]})
        assert check(path, None, equal=Equal("insee_com", "62999")) == 1
        assert check(path, None, equal=Equal("insee_com", "35236")) == 0

    def test_a_place_that_the_coordinates_tell_is_told_again(self, tmp_path):
        drawn = [shapely.box(0, 0, 10, 10), shapely.box(90, 0, 95, 5)]
        path = save(tmp_path, "a.shp", drawn, {"n": [1, 2]})
        path.with_suffix(".prj").unlink()
        assert check(path, (X0, Y0, X0 + 20, Y0 + 20)) == 1
        file, _, _ = opened(path)
        report = FileReport(file)
        read_layer(report, "a", scope_of(tmp_path, (X0, Y0, X0 + 20, Y0 + 20)))
        assert "non déclaré" in report.warnings[0]

    def test_a_table_that_is_not_utf8_is_told_again(self, tmp_path):
        path = save(tmp_path, "a.shp", [shapely.box(0, 0, 9, 9)], {"n": ["é"]}, encoding="CP1252")
        assert check(path, (X0, Y0, X0 + 20, Y0 + 20)) == 1


class TestWhatIsNotCopied:
    def test_a_column_of_lists_is_read_from_the_file(self, tmp_path):
        path = tmp_path / "a.geojson"
        path.write_text(
            '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties":'
            ' {"tags": {"a": [1]}}, "geometry": {"type": "Point", "coordinates": [3, 44]}}]}'
        )
        _, prepared, store = opened(path)
        assert prepare_layer(store, FileReport(prepared), "a", scope_of(tmp_path)) is None

    def test_a_layer_that_is_refused_is_refused_when_read(self, tmp_path):
        path = save(tmp_path, "a.geojson", [shapely.box(0, 0, 9, 9)], {"n": [1]})
        path.write_text(path.read_text().replace("2154", "2972"))  # Guyane: nowhere near
        _, prepared, store = opened(path)
        key = prepare_layer(store, FileReport(prepared), "a", scope_of(tmp_path))
        scope = scope_of(tmp_path, (X0, Y0, X0 + 1, Y0 + 1))
        if key is None:
            with pytest.raises(SourceError):
                read_layer(FileReport(prepared), "a", scope)
        else:  # the coordinates told where they are
            assert len(read_layer(FileReport(prepared), "a", scope)) == 1


@pytest.mark.parametrize("name", ["rows.parquet", "meta.json"])
@pytest.mark.parametrize("harm", ["cut", "changed", "removed"])
def test_a_damaged_copy_is_refused_and_made_again(tmp_path, name, harm):
    random = np.random.default_rng(7)
    drawn = [shapely.box(x, y, x + 1, y + 1) for x, y in random.random((200, 2)) * 100]
    path = save(tmp_path, "a.gpkg", drawn, {"n": range(200)})
    file, prepared, store = opened(path)
    scope = scope_of(tmp_path, (X0, Y0, X0 + 50, Y0 + 50))
    expected = read_layer(FileReport(file), "a", scope)
    key = prepare_layer(store, FileReport(prepared), "a", scope)
    harmed = store.find(key).file(name)
    content = bytearray(harmed.read_bytes())
    if harm == "removed":
        harmed.unlink()
    else:
        content[len(content) // 3] ^= 0xFF
        harmed.write_bytes(content[: len(content) // 2] if harm == "cut" else content)
    Store.forget()
    assert_same_table(read_layer(FileReport(prepared), "a", scope), expected)
    assert store.find(key) is None
    assert prepare_layer(store, FileReport(prepared), "a", scope) == key
    assert_same_table(read_layer(FileReport(prepared), "a", scope), expected)
