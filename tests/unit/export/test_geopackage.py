"""A file filled in one go says what GDAL would have written, and is edited like it."""

import struct

import fiona
import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely

from pipeline.export.geometry_blobs import to_blobs
from pipeline.export.geopackage import filled, insert_rows, write_layers
from pipeline.export.layers import BY_NAME, GEOMETRY_COLUMN, LAYERS
from pipeline.export.tables import ROWS
from pipeline.export.template import VERSION, fixed_time, template_of
from pipeline.export.typed_rows import to_arrow
from tests.unit.export.hand_made import make_product
from tests.unit.export.reading import query

CRS, EPSG = "EPSG:2154", 2154
SQUARE = shapely.box(700_000, 6_600_000, 700_010, 6_600_020)


def written_by_gdal(path, tables):
    """Write the same tables layer by layer, as a driver does."""
    with fixed_time("2026-11-22T00:00:00.000Z"):
        for layer in LAYERS:
            spatial = {"geometry_type": layer.geometry, "crs": CRS}
            pyogrio.write_arrow(
                tables[layer.name],
                path,
                layer=layer.name,
                driver="GPKG",
                dataset_options={"VERSION": VERSION},
                geometry_name=GEOMETRY_COLUMN if layer.geometry else None,
                **(spatial if layer.geometry else {}),
            )


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The hand-made product, filled in one go, and the same tables written by GDAL."""
    product, folder = make_product(), tmp_path_factory.mktemp("bulk")
    ours, gdal = folder / "ours.gpkg", folder / "gdal.gpkg"
    with filled(ours, LAYERS, CRS) as connection:
        write_layers(product, connection)
    written_by_gdal(gdal, {it.name: to_arrow(it, ROWS[it.name](product)) for it in LAYERS})
    return ours, gdal


def rows(path, sql):
    return [tuple(row) for row in query(path, sql)]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_rows_types_and_blobs_are_those_of_gdal(both, layer):
    names = [column.name for column in layer.columns]
    told = ", ".join(f'"{n}", typeof("{n}")' for n in [*names, *_geometry(layer)])
    ours, gdal = (rows(path, f'SELECT fid, {told} FROM "{layer.name}"') for path in both)
    assert ours == gdal


@pytest.mark.parametrize("layer", [it for it in LAYERS if it.geometry], ids=lambda it: it.name)
def test_the_index_is_that_of_gdal(both, layer):
    sql = f'SELECT * FROM "rtree_{layer.name}_{GEOMETRY_COLUMN}" ORDER BY id'
    ours, gdal = (rows(path, sql) for path in both)
    assert ours == gdal


def test_counts_tables_and_triggers_are_those_of_gdal(both):
    for sql in (
        "SELECT * FROM gpkg_ogr_contents ORDER BY 1",
        "SELECT * FROM gpkg_geometry_columns ORDER BY 1",
        "SELECT * FROM gpkg_spatial_ref_sys ORDER BY 1",
        "SELECT * FROM sqlite_sequence WHERE name <> 'layer_styles' ORDER BY 1",
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY 1",
    ):
        ours, gdal = (rows(path, sql) for path in both)
        assert ours == gdal
        assert ours


def test_the_extent_of_a_layer_is_that_of_its_geometries(both):
    for layer in (it for it in LAYERS if it.geometry):
        sql = "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = ?"
        (told,) = [tuple(row) for row in query(both[0], sql, layer.name)]
        frame = pyogrio.read_dataframe(both[0], layer=layer.name, columns=[])
        shapes = frame.geometry.dropna()
        expected = tuple(shapes.total_bounds) if len(shapes) else (None,) * 4
        assert told == expected, layer.name


def test_the_same_product_gives_the_same_bytes_from_a_new_template(both, tmp_path):
    template_of.cache_clear()
    again = tmp_path / "again.gpkg"
    with filled(again, LAYERS, CRS) as connection:
        write_layers(make_product(), connection)
    assert again.read_bytes() == both[0].read_bytes()


def test_an_editor_keeps_the_index_and_the_count_up_to_date(both, tmp_path):
    edited = tmp_path / "edited.gpkg"
    edited.write_bytes(both[0].read_bytes())
    count = len(rows(edited, "SELECT 1 FROM parcs"))
    drawn = shapely.multipolygons([SQUARE])
    with fiona.open(edited, "a", layer="parcs") as opened:
        blank = dict.fromkeys(opened.schema["properties"])
        opened.write({"geometry": shapely.geometry.mapping(drawn), "properties": blank})
    indexed = 'SELECT id FROM "rtree_parcs_geom" WHERE minx = 700000 AND maxy = 6600020'
    assert rows(edited, indexed) == [(count + 1,)]
    sql = "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = 'parcs'"
    assert rows(edited, sql) == [(count + 1,)]


def test_a_header_names_the_crs_and_the_envelope():
    wkb = shapely.to_wkb(SQUARE, byte_order=1)
    (blob,), envelopes = to_blobs([wkb], EPSG)
    box = struct.pack("<4d", 700_000, 700_010, 6_600_000, 6_600_020)
    assert blob == b"GP\x00\x03" + struct.pack("<i", EPSG) + box + wkb
    assert envelopes.tolist() == [[700_000, 700_010, 6_600_000, 6_600_020]]


def test_a_point_has_no_envelope_and_an_empty_shape_says_so():
    point, empty = shapely.Point(1, 2), shapely.MultiPolygon()
    blobs, envelopes = to_blobs([shapely.to_wkb(it, byte_order=1) for it in (point, empty)], EPSG)
    assert [blob[3] for blob in blobs] == [0b1, 0b10001]
    assert [len(blob) for blob in blobs] == [8 + 21, 8 + 9]
    assert envelopes[0].tolist() == [1, 1, 2, 2]
    assert np.isnan(envelopes[1]).all()


def test_missing_and_empty_shapes_are_stored_and_not_indexed(tmp_path):
    layer, path = BY_NAME["parcelles"], tmp_path / "few.gpkg"
    shapes = [SQUARE, None, shapely.MultiPolygon()]
    wkb = [None if it is None else shapely.to_wkb(it, byte_order=1) for it in shapes]
    names = {column.name: pa.nulls(3, pa.string()) for column in layer.columns}
    table = pa.table({**names, GEOMETRY_COLUMN: pa.array(wkb, type=pa.binary())})
    with filled(path, LAYERS, CRS) as connection:
        insert_rows(connection, layer, table, EPSG)
    assert rows(path, 'SELECT id FROM "rtree_parcelles_geom"') == [(1,)]
    frame = pyogrio.read_dataframe(path, layer="parcelles", columns=[])
    assert [it if it is None else it.is_empty for it in frame.geometry] == [False, None, True]


def _geometry(layer):
    return [GEOMETRY_COLUMN] if layer.geometry else []
