"""Surface models and their terrain: heights are their difference, or the pair is refused."""

import numpy as np
import pytest

from pipeline.errors import SourceError
from tests.unit.ingestion.height_rasters import (
    flat,
    heights,
    model,
    names_of,
    ramp,
    read_reports,
    tiff,
)

PAIRS = {
    "a terrain of another unit": (5700, "au-dessous du sol"),
    "a terrain of another place": (
        20,
        "valeurs de 38 à 38 m, sans sol proche de 0 : MNT d'un autre lieu",
    ),
}


class TestSurfaceLessTerrain:
    def test_a_height_is_their_difference(self, tmp_path):
        tiff(tmp_path, 57 + ramp(20, 20), "mns.tif")
        tiff(tmp_path, flat(57), "mnt.tif")
        assert heights(model(tmp_path), (2, -2, 3, -1)) == pytest.approx(0.22, abs=1e-5)

    def test_the_terrain_is_interpolated_on_the_grid_of_the_surface(self, tmp_path):
        """A slope of 1 m per metre, known every 2 m: exact away from the edges."""
        tiff(tmp_path, [np.arange(20) + 100.5] * 20, "mns.tif")
        tiff(tmp_path, [2 * np.arange(10) + 101] * 10, "mnt.tif", size=2)
        found = model(tmp_path)
        assert found.grid.resolution == 1
        assert heights(found, (2, -12, 18, -8)) == pytest.approx(0, abs=1e-4)

    def test_a_fine_terrain_does_not_change_the_grid(self, tmp_path):
        tiff(tmp_path, flat(60), "mns.tif")
        tiff(tmp_path, flat(60, 40, 40), "mnt.tif", size=0.5)
        assert model(tmp_path).grid.resolution == 1

    def test_without_terrain_the_height_is_unknown(self, tmp_path):
        tiff(tmp_path, flat(58), "mns.tif")
        tiff(tmp_path, flat(57, 20, 10), "mnt.tif")
        found = heights(model(tmp_path), (9, -1, 11, 0))
        np.testing.assert_array_equal(found, [[1, np.nan]])

    def test_a_height_model_wins_where_both_are(self, tmp_path):
        model_values = flat(2)
        model_values[0, 0] = -9999
        tiff(tmp_path, model_values, "mnh.tif")
        tiff(tmp_path, flat(58), "mns.tif")
        tiff(tmp_path, flat(57), "mnt.tif")
        assert heights(model(tmp_path), (0, -1, 2, 0)).tolist() == [[1, 2]]

    def test_a_surface_alone_is_refused(self, tmp_path):
        tiff(tmp_path, flat(58), "mns.tif")
        tiff(tmp_path, flat(57), "mnt.tif", corner=(20, 0))
        with pytest.raises(SourceError, match=r"mnh/mns.tif : altitudes, pas des hauteurs"):
            model(tmp_path)

    def test_altitudes_that_a_height_model_makes_useless_are_left(self, tmp_path):
        tiff(tmp_path, flat(2), "mnh.tif")
        tiff(tmp_path, flat(58), "mns.tif")
        found, (_, surface) = read_reports(tmp_path)
        assert names_of(found) == ("mnh/mnh.tif",)
        assert surface.state == "sans_objet"
        assert any("déjà présent" in line for line in surface.remarks)

    def test_a_terrain_beside_height_models_is_left(self, tmp_path):
        tiff(tmp_path, flat(2), "mnh.tif")
        tiff(tmp_path, flat(57), "mnt.tif")
        found, (_, terrain) = read_reports(tmp_path)
        assert names_of(found) == ("mnh/mnh.tif",)
        assert any("terrain non lu" in line for line in terrain.remarks)

    @pytest.mark.parametrize(("ground", "why"), PAIRS.values(), ids=PAIRS.keys())
    def test_a_pair_that_makes_no_heights_is_refused(self, tmp_path, ground, why):
        tiff(tmp_path, flat(58), "mns.tif")
        tiff(tmp_path, flat(ground), "mnt.tif")
        with pytest.raises(SourceError, match=f"mnh/mns.tif : .*{why}"):
            model(tmp_path)

    def test_a_pair_is_judged_on_what_is_around_the_commune(self, tmp_path):
        """The terrain is wrong beyond 10 m east only."""
        terrain = flat(57)
        terrain[:, 10:] = 20
        tiff(tmp_path, flat(58), "mns.tif")
        tiff(tmp_path, terrain, "mnt.tif")
        assert len(model(tmp_path, window=(-50, -50, 10, 50)).files) == 2
        with pytest.raises(SourceError, match=r"mns.tif : valeurs de 38 à 38 m"):
            model(tmp_path, window=(12, -50, 50, 50))


HOLES = {
    "one in a hundred, not told": (99, None, None),
    "two": (98, None, "2"),
    "half": (50, None, "50"),
    "one in fifty of what is around the commune": (98, (0, -50, 100, 50), "2"),
    "out of it": (98, (0, -50, 98, 50), None),
}


@pytest.mark.parametrize(("width", "window", "said"), HOLES.values(), ids=HOLES.keys())
def test_a_surface_without_its_terrain_is_told(tmp_path, width, window, said):
    """A surface of 100 × 20 m, a terrain of `width` × 20 m."""
    tiff(tmp_path, flat(58, 20, 100), "mns.tif")
    tiff(tmp_path, flat(57, 20, width), "mnt.tif")
    _, (surface, _) = read_reports(tmp_path, window)
    told = [line for line in surface.remarks if "absent" in line]
    assert told == (
        [f"terrain (MNT) absent sous {said}\u00a0% du modèle de surface"] if said else []
    )
