"""The height model: a height is where the file puts it, and each box is served once."""

import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio import Affine

from pipeline.errors import SourceError
from pipeline.ingestion.folder import read_sources
from pipeline.ingestion.height_model import HeightModel
from tests.tables import ASSUMPTIONS, FRANCE, X0, Y0
from tests.unit.ingestion.deposits import CATALOGUE, INSEE, commune, read
from tests.unit.ingestion.height_rasters import (
    TILE,
    boxes,
    flat,
    heights,
    model,
    names_of,
    pixels,
    spoil,
    tiff,
)


class TestPlace:
    def test_a_height_is_read_where_it_stands(self, tmp_path):
        """The third pixel of the second row: from 2 to 3 m east, from 1 to 2 m south."""
        values = flat(0)
        values[1, 2] = 12
        tiff(tmp_path, values)
        (tile,) = model(tmp_path).tiles(boxes((2, -2, 3, -1)), 0.0)
        assert tile.heights.tolist() == [[12]]
        assert (tile.west, tile.north, tile.resolution) == (X0 + 2, Y0 - 1, 1)

    def test_the_half_pixel_of_the_tiles_of_ign_is_honoured(self, tmp_path):
        """Corner at −0.25, +0.25 m: a box that ends at 0.25 m holds one pixel and no more."""
        values = flat(0)
        values[0, 0] = 7
        tiff(tmp_path, values, size=0.5, corner=(-0.25, 0.25))
        (tile,) = model(tmp_path).tiles(boxes((0, 0, 0.25, 0.25)), 0.0)
        assert tile.heights.tolist() == [[7]]
        assert (tile.west, tile.north) == (X0 - 0.25, Y0 + 0.25)

    def test_a_margin_is_read_around_each_box(self, tmp_path):
        tiff(tmp_path, flat(1))
        (tile,) = model(tmp_path).tiles(boxes((5, -8, 7, -5)), 2.0)
        assert tile.heights.shape == (7, 6)
        assert (tile.west, tile.north) == (X0 + 3, Y0 - 3)

    def test_what_lies_beyond_the_file_is_unknown(self, tmp_path):
        tiff(tmp_path, flat(1))
        (tile,) = model(tmp_path).tiles(boxes((0, -1, 1, 0)), 1.0)
        unknown = np.nan
        np.testing.assert_array_equal(
            tile.heights, [[unknown] * 3, [unknown, 1, 1], [unknown, 1, 1]]
        )

    def test_a_coarse_file_read_on_a_finer_grid_stays_coarse(self, tmp_path):
        """Pixels of 1 m from 0 to 20 m, of 2 m from 20 to 60 m."""
        tiff(tmp_path, flat(1), "mnh_a.tif")
        tiff(tmp_path, flat(0), "mnh_b.tif", size=2, corner=(20, 0))
        found = model(tmp_path)
        for west, coarsest in ((18, 1.0), (19, 2.0), (30, 2.0)):
            (tile,) = found.tiles(boxes((west, -2, west + 2, -1)), 0.0)
            assert (tile.resolution, tile.coarsest_m) == (1.0, coarsest)

    def test_a_coarse_file_is_coarse_for_the_boxes_that_it_meets(self, tmp_path):
        tiff(tmp_path, flat(1), "mnh_a.tif")
        tiff(tmp_path, flat(0), "mnh_b.tif", size=2, corner=(20, 0))
        (tile,) = model(tmp_path).tiles(boxes((2, -2, 4, -1), (30, -2, 32, -1)), 0.0)
        assert [tile.of_member(rank).coarsest_m for rank in (0, 1)] == [1, 2]
        assert tile.coarsest_m == 2

    def test_the_longer_side_of_a_pixel_is_its_native_one(self, tmp_path):
        """Pixels of 1 by 2 m, drawn along the columns: the grid is finer, the file is of 2 m."""
        tiff(tmp_path, flat(1), transform=Affine(0, 1, X0, -2, 0, Y0))
        (tile,) = model(tmp_path).tiles(boxes((2, -4, 4, -2)), 0.0)
        assert tile.resolution < 1.6
        assert tile.coarsest_m == pytest.approx(2)

    def test_a_coarse_terrain_leaves_a_surface_as_fine_as_it_is(self, tmp_path):
        tiff(tmp_path, flat(60), "mns.tif")
        tiff(tmp_path, flat(59, 10, 10), "mnt.tif", size=2)
        (tile,) = model(tmp_path).tiles(boxes((2, -4, 4, -2)), 0.0)
        assert tile.coarsest_m == 1

    def test_a_box_away_from_every_file_is_not_served(self, tmp_path):
        tiff(tmp_path, flat(1))
        wanted = boxes((500, 500, 510, 510), (5, -8, 7, -5))
        (tile,) = model(tmp_path).tiles(wanted, 0.0)
        assert tile.members.tolist() == [1]
        assert list(model(tmp_path).tiles(wanted[:1], 0.0)) == []


MISSING = {
    "declared": (-1, {"nodata": -1}),
    "IGN's value, declared": (-9999, {"nodata": -9999}),
    "IGN's value, not declared": (-9999, {}),
    "not a number": (np.nan, {}),
    "not a number, declared": (np.nan, {"nodata": np.nan}),
    "infinite": (np.inf, {}),
}


class TestUnknown:
    @pytest.mark.parametrize(("value", "options"), MISSING.values(), ids=MISSING.keys())
    def test_no_data_is_unknown(self, tmp_path, value, options):
        values = flat(0)
        values[0, 0] = value
        tiff(tmp_path, values, **options)
        found = heights(model(tmp_path), (0, -1, 2, 0))
        np.testing.assert_array_equal(found, [[np.nan, 0]])

    def test_a_small_negative_height_is_kept(self, tmp_path):
        values = flat(0)
        values[0, 0] = -0.15
        tiff(tmp_path, values)
        assert heights(model(tmp_path), (0, -1, 1, 0)) == pytest.approx(-0.15)

    def test_no_data_is_not_mixed_with_its_neighbours(self, tmp_path):
        """A coarse tile beside a fine one is interpolated: 6 m, or nothing, never in between."""
        values = flat(6, 10, 10)
        values[4:6, 4:6] = -9999
        values[9] = 0
        tiff(tmp_path, values, "mnh_b.tif", size=2, corner=(100, 0))
        tiff(tmp_path, flat(0), "mnh_a.tif")
        found = heights(model(tmp_path), (100, -16, 120, 0))
        assert set(found[np.isfinite(found)]) == {6}
        assert np.isnan(heights(model(tmp_path), (109, -11, 111, -9))).all()


ASIDE = {"read as it is": (0.009, 8.0), "interpolated": (0.02, 7.84)}


NEWEST = {
    "newer": ("mnh_c_2021.tif", 1.5),
    "older": ("mnh_a_2018.tif", 1.0),
    "of the same year, before by its name": ("mnh_a_2019.tif", 1.5),
    "of the same year, after by its name": ("mnh_c_2019.tif", 1.0),
    "of unknown date": ("mnh_a.tif", 1.0),
}


class TestMosaic:
    def test_two_tiles_of_three_leave_a_hole(self, tmp_path):
        """Tiles of 20 m side by side from 0 to 60 m, the last one missing."""
        tiff(tmp_path, flat(1), "mnh_a.tif")
        tiff(tmp_path, flat(2), "mnh_b.tif", corner=(20, 0))
        tiff(tmp_path, flat(0), "mnh_z.tif", corner=(0, -20))
        found = heights(model(tmp_path), (18, -1, 42, 0))
        np.testing.assert_array_equal(found, [[1] * 2 + [2] * 20 + [np.nan] * 2])

    def test_each_box_has_the_dates_of_its_own_heights(self, tmp_path):
        tiff(tmp_path, flat(1), "mnh_2021.tif")
        tiff(tmp_path, flat(1), "mnh_2023.tif", corner=(20, 0))
        tiff(tmp_path, flat(1), "mnh_c.tif", corner=(0, -20))
        found = model(tmp_path).vintages(
            boxes(
                (1, -2, 2, -1), (19, -2, 21, -1), (1, -30, 2, -29), (1, -30, 2, -1),
                (99, -2, 100, -1),
            )
        )  # fmt: skip
        # half dated is not dated
        assert found == ["2021", "2021;2023", None, None, None]

    def test_the_first_name_wins_and_the_next_fills_its_holes(self, tmp_path):
        first = flat(1)
        first[0, 0] = -9999
        tiff(tmp_path, first, "mnh_a.tif")
        tiff(tmp_path, flat(1.5), "mnh_b.tif")
        assert heights(model(tmp_path), (0, -1, 2, 0)).tolist() == [[1.5, 1]]

    @pytest.mark.parametrize(("name", "height"), NEWEST.values(), ids=NEWEST.keys())
    def test_the_newest_wins_whatever_its_name(self, tmp_path, name, height):
        tiff(tmp_path, flat(1), "mnh_b_2019.tif")
        tiff(tmp_path, flat(1.5), name)
        assert heights(model(tmp_path), (0, -1, 1, 0)).tolist() == [[height]]

    def test_the_grid_of_the_run_is_that_of_the_finest(self, tmp_path):
        tiff(tmp_path, flat(1), "mnh_a.tif")
        tiff(tmp_path, flat(0, 40, 40), "mnh_b.tif", size=0.5, corner=(20, 0))
        found = model(tmp_path)
        assert found.grid.resolution == 0.5
        assert names_of(found) == ("mnh/mnh_a.tif", "mnh/mnh_b.tif")
        np.testing.assert_array_equal(heights(found, (19, -0.5, 21, 0)), [[1, 1, 0, 0]])

    def test_another_grid_is_interpolated(self, tmp_path):
        """Pixels half a metre aside: between 0 and 8 m, the pixel astride is at 4 m."""
        tiff(tmp_path, flat(0), "mnh_a.tif")
        values = flat(0)
        values[:, 5:] = 8
        tiff(tmp_path, values, "mnh_b.tif", corner=(100.5, 0))
        assert heights(model(tmp_path), (103, -9, 108, -8)).tolist() == [[0, 0, 4, 8, 8]]

    @pytest.mark.parametrize(("shift", "height"), ASIDE.values(), ids=ASIDE.keys())
    def test_a_hundredth_of_a_pixel_is_no_other_grid(self, tmp_path, shift, height):
        tiff(tmp_path, flat(0), "mnh_a.tif")
        values = flat(0)
        values[:, 5:] = 8
        tiff(tmp_path, values, "mnh_b.tif", corner=(100 + shift, 0))
        found = heights(model(tmp_path), (104, -9, 107, -8))
        assert found.ravel() == pytest.approx([0, height, 8], abs=0.001)


BLOCKS = {"tiled": True, "blockxsize": 128, "blockysize": 128, "compress": "deflate"}


class TestReading:
    """A raster of 6 × 6 blocks of 128 m, one of them spoilt: rows and columns 128 to 256."""

    @pytest.fixture
    def spoilt(self, tmp_path):
        spoil(tiff(tmp_path, flat(1, 768, 768), **BLOCKS), 1, 1)
        return model(tmp_path)

    def test_only_the_blocks_that_a_box_touches_are_decoded(self, spoilt):
        assert (heights(spoilt, (0, -128, 768, 0)) == 1).all()
        assert (heights(spoilt, (256, -768, 768, 0)) == 1).all()

    def test_a_block_that_cannot_be_read_names_its_file(self, spoilt):
        with pytest.raises(SourceError, match=f"mnh/{TILE} : GeoTIFF illisible ou tronqué"):
            list(spoilt.tiles(boxes((120, -136, 130, -120)), 0.0))

    def test_also_through_an_interpolation(self, tmp_path):
        spoil(tiff(tmp_path, flat(1, 768, 768), **BLOCKS), 1, 1)
        tiff(tmp_path, flat(0), "fin_mnh.tif", size=0.5, corner=(2000, 0))
        found = model(tmp_path)
        assert (heights(found, (600, -700, 640, -660)) == 1).all()
        with pytest.raises(SourceError, match=f"mnh/{TILE} : GeoTIFF illisible"):
            list(found.tiles(boxes((140, -150, 150, -140)), 0.0))

    def test_more_files_than_may_be_open_are_read(self, tmp_path, monkeypatch):
        from pipeline.ingestion import height_mosaic

        monkeypatch.setattr(height_mosaic, "_MOST_OPEN", 2)
        for i in range(5):
            tiff(tmp_path, flat(i / 4), f"mnh_{i}.tif", corner=(20 * i, 0))
        found = heights(model(tmp_path), (0, -1, 100, 0))
        assert found[0, ::20].tolist() == [0, 0.25, 0.5, 0.75, 1]


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """Two tiles on one grid and a third half a pixel aside, random heights, some unknown."""
    folder = tmp_path_factory.mktemp("uneven")
    generator = np.random.default_rng(3)
    for name, x in (("mnh_a.tif", 0), ("mnh_b.tif", 200), ("mnh_c.tif", 400.5)):
        values = generator.random((200, 200)) * 20
        values[generator.random((200, 200)) < 0.1] = -9999
        values[:, ::10] = 0
        tiff(folder, values, name, corner=(x, 0), **BLOCKS)
    return model(folder)


def asked(count):
    metres = st.integers(-20, 600)
    sides = st.integers(1, 80)
    box = st.builds(lambda x, y, w, h: (x, -y - h, x + w, -y), metres, metres, sides, sides)
    return st.lists(box, min_size=1, max_size=count)


@settings(max_examples=30, deadline=None)
@given(asked(50), st.integers(0, 12))
def test_a_box_reads_the_same_alone_and_among_others(uneven, wanted, margin):
    for tile in uneven.tiles(boxes(*wanted), float(margin)):
        for member in tile.members.tolist():
            (alone,) = uneven.tiles(boxes(wanted[member]), float(margin))
            x0, y0, x1, y1 = wanted[member]
            grown = (x0 - margin, y0 - margin, x1 + margin, y1 + margin)
            np.testing.assert_array_equal(pixels(tile, grown), alone.heights)


@settings(max_examples=30, deadline=None)
@given(asked(50))
def test_each_box_that_meets_a_file_is_served_once(uneven, wanted):
    served = [member for tile in uneven.tiles(boxes(*wanted), 3.0) for member in tile.members]
    met = [
        i
        for i, (x0, y0, x1, y1) in enumerate(wanted)
        if x1 >= 0 and x0 <= 600.5 and y0 <= 0 and y1 >= -200
    ]
    assert sorted(served) == met


class TestFolder:
    def test_without_the_folder_no_height_is_known(self, tmp_path):
        commune(tmp_path)
        sources = read(tmp_path)
        assert sources.heights == HeightModel()
        assert sources.heights.is_empty
        assert list(sources.heights.tiles(boxes((0, 0, 1, 1)), 0.0)) == []
        assert any(line.startswith("mnh/ :") for line in sources.warnings)

    def test_each_file_used_is_told(self, tmp_path):
        commune(tmp_path)
        tiff(tmp_path, flat(1), tags={"TIFFTAG_DATETIME": "2021:09:24 10:00:00"})
        records = read(tmp_path).records.set_index("file")
        row = records.loc[f"mnh/{TILE}"]
        assert (row["state"], row["row_count"], row["vintage"]) == ("utilisee", 1, "2021-09-24")
        assert len(row["sha256"]) == 64

    def test_heights_of_an_archive_outlive_the_reading_of_the_folder(self, tmp_path):
        data, work = tmp_path / "data", tmp_path / "work"
        commune(data)
        path = tiff(data, flat(1))
        with zipfile.ZipFile(data / "mnh" / "dalles.zip", "w") as archive:
            archive.write(path, path.name)
        path.unlink()
        found = read_sources(
            data, INSEE, FRANCE, ASSUMPTIONS, CATALOGUE, heritage_radius_m=500.0, work=work
        ).heights
        assert names_of(found) == ("mnh/dalles.zip",)
        assert heights(found, (0, -1, 1, 0)).tolist() == [[1]]
