"""Two files of the same ground: compared on a sample at once, then wherever they are read."""

import numpy as np
import pytest

from pipeline.errors import SourceError
from tests.unit.ingestion.height_rasters import flat, heights, model, ramp, tiff

SHARES = {
    "one in twenty, accepted": (10, 9.0, True),
    "more than one in twenty": (11, 9.0, False),
    "all of them by one metre, accepted": (200, 1.0, True),
    "all of them by more": (200, 1.01, False),
}


class TestOverlaps:
    """Two files of 20 × 20 m that share 10 × 20 m: 200 pixels."""

    def overlap(self, data, wrong, gap, kind="mnh"):
        other = flat(0)
        other.ravel()[np.flatnonzero(np.arange(400) % 20 < 10)[:wrong]] = gap
        tiff(data, flat(0), f"{kind}_a.tif")
        tiff(data, other, f"{kind}_b.tif", corner=(10, 0))

    @pytest.mark.parametrize(("wrong", "gap", "is_read"), SHARES.values(), ids=SHARES.keys())
    def test_two_vintages_are_refused(self, tmp_path, wrong, gap, is_read):
        self.overlap(tmp_path, wrong, gap)
        if is_read:
            assert len(model(tmp_path).files) == 2
        else:
            with pytest.raises(SourceError, match=r"mnh/mnh_b.tif : .* mnh/mnh_a.tif .*millésimes"):
                model(tmp_path)

    def test_a_disagreement_out_of_the_window_is_of_no_matter(self, tmp_path):
        self.overlap(tmp_path, 200, 9.0)
        assert len(model(tmp_path, window=(-50, -50, 10, 50)).files) == 1
        with pytest.raises(SourceError, match="deux millésimes"):
            model(tmp_path, window=(-50, -50, 15, 50))

    def test_identical_copies_are_accepted(self, tmp_path):
        for name in ("mnh_a.tif", "mnh_b.tif"):
            tiff(tmp_path, ramp(20, 20), name)
        assert len(model(tmp_path).files) == 2

    def test_a_seam_of_one_pixel_is_accepted(self, tmp_path):
        tiff(tmp_path, flat(0), "mnh_a.tif")
        tiff(tmp_path, flat(1.9), "mnh_b.tif", corner=(19, 0))
        assert len(model(tmp_path).files) == 2

    def test_a_seam_of_two_is_compared(self, tmp_path):
        tiff(tmp_path, flat(0), "mnh_a.tif")
        tiff(tmp_path, flat(1.9), "mnh_b.tif", corner=(18, 0))
        with pytest.raises(SourceError, match="100 % des pixels communs"):
            model(tmp_path)

    def test_surface_and_terrain_are_not_compared(self, tmp_path):
        tiff(tmp_path, ramp(20, 20, 0.1) + 57, "mns.tif")
        tiff(tmp_path, flat(57), "mnt.tif")
        assert len(model(tmp_path).files) == 2


BLOCK = (128, -256, 256, -128)  # met by none of the sixteen spots
CELLS = {
    "half of a cell, accepted": (16, 9.0, True),
    "more": (17, 9.0, False),
    "a whole cell by one metre, accepted": (32, 1.0, True),
    "by more": (32, 1.01, False),
}
COMMON = {"too few to compare": (99, True), "a hundred": (100, False)}


class TestReading:
    """Two files of 640 × 640 m; they differ in cells of 32 × 32 m that no spot meets."""

    def read(self, data, other, box=BLOCK, names=("mnh_a.tif", "mnh_b.tif")):
        tiff(data, flat(0, 640, 640), names[0])
        tiff(data, other, names[1])
        return heights(model(data), box)

    @pytest.mark.parametrize(("rows", "gap", "is_read"), CELLS.values(), ids=CELLS.keys())
    def test_a_cell_that_differs_is_refused(self, tmp_path, rows, gap, is_read):
        other = flat(0, 640, 640)
        other[160 : 160 + rows, 160:192] = gap
        if is_read:
            assert (self.read(tmp_path, other) == 0).all()
        else:
            share = round(100 * rows / 32)
            why = f"mnh/mnh_b.tif : {share} % des pixels communs avec mnh/mnh_a.tif .*millésimes"
            with pytest.raises(SourceError, match=why):
                self.read(tmp_path, other)

    def test_what_is_not_read_is_not_compared(self, tmp_path):
        other = flat(0, 640, 640)
        other[160:192, 160:192] = 9
        assert (self.read(tmp_path, other, (0, -128, 640, 0)) == 0).all()

    @pytest.mark.parametrize(("count", "is_read"), COMMON.values(), ids=COMMON.keys())
    def test_a_few_common_pixels_say_nothing(self, tmp_path, count, is_read):
        other = flat(-9999, 640, 640)
        other[:128] = 0
        other[160:192, 160:192].flat[:count] = 9
        if is_read:
            assert (self.read(tmp_path, other) == 0).all()
        else:
            with pytest.raises(SourceError, match="deux millésimes"):
                self.read(tmp_path, other)

    def test_the_newest_is_read_first_and_both_are_named(self, tmp_path):
        other = flat(0, 640, 640)
        other[160:192, 160:192] = 9
        with pytest.raises(SourceError, match=r"mnh/mnh_2019.tif : .* avec mnh/mnh_2021.tif "):
            self.read(tmp_path, other, names=("mnh_2019.tif", "mnh_2021.tif"))

    def test_of_three_files_the_two_that_differ_are_named(self, tmp_path):
        """The first knows nothing of the cell where the others differ."""
        first, other = flat(0, 640, 640), flat(0, 640, 640)
        first[128:256, 128:256] = -9999
        other[160:192, 160:192] = 9
        tiff(tmp_path, first, "mnh_0.tif")
        with pytest.raises(SourceError, match=r"mnh/mnh_b.tif : .* avec mnh/mnh_a.tif "):
            self.read(tmp_path, other)

    def test_also_between_two_terrains(self, tmp_path):
        other = flat(57, 640, 640)
        other[160:192, 160:192] = 50
        tiff(tmp_path, flat(57, 640, 640), "mns.tif")
        tiff(tmp_path, flat(57, 640, 640), "mnt_a.tif")
        tiff(tmp_path, other, "mnt_b.tif")
        with pytest.raises(SourceError, match=r"mnh/mnt_b.tif : .* avec mnh/mnt_a.tif "):
            heights(model(tmp_path), BLOCK)
