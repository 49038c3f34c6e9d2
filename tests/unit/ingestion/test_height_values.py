"""Values of a raster of heights: which are refused, and which doubts are only noted."""

import numpy as np
import pytest

from pipeline.errors import SourceError
from tests.unit.ingestion.height_rasters import (
    TILE,
    flat,
    heights,
    model,
    names_of,
    read_reports,
    tiff,
)

DALLE = "dalle.tif"  # a name that says nothing


def refused(data, why, name=TILE):
    with pytest.raises(SourceError, match=why) as caught:
        model(data)
    assert str(caught.value).startswith(f"mnh/{name} : ")
    assert str(caught.value).count(" : ") <= 2
    assert "\n" not in str(caught.value)


def remarks(data):
    _, (report,) = read_reports(data)
    return report.remarks


ALTITUDES = (
    r"valeurs de 57 à 57 m, sans sol proche de 0 : altitudes \(MNS\) \? y joindre le MNT,"
    " ou nommer le fichier MNH si ce sont des hauteurs$"
)
GROUND = {
    "ground at the highest accepted": (2.0, None),
    "above it": (2.01, "altitudes"),
    "an altitude": (57.0, ALTITUDES),
    "ground at the lowest accepted": (-2.0, None),
    "below it": (-2.01, "hauteurs jusqu'à 2 m au-dessous du sol ; déclarer la valeur « nodata »"),
}  # fmt: skip
FORESTS = {
    "said to be heights": ("mnh_2021.tif", 18, True),
    "in English": ("chm.tif", 18, True),
    "the highest trees": (TILE, 100, True),
    "higher": (TILE, 101, False),
    "of a name that says nothing": (DALLE, 18, False),
}
TOP = {"the highest accepted": (100, None), "above it": (101, "hauteurs jusqu'à 101 m")}
OFFSETS = {
    "as usual": (0.5, None),
    "above": (0.51, "+0,5"),
    "well above": (1.4, "+1,4"),
    "as usual below": (-0.5, None),
    "below": (-0.8, "-0,8"),
}
HUGE = {
    "the largest float": (3.4028235e38, "3,4e38"),
    "a million": (1e6, "1e6"),
    "less": (999_000, None),
}


class TestValues:
    """Both sides of each guard: pixels at one height."""

    @pytest.mark.parametrize(("height", "why"), GROUND.values(), ids=GROUND.keys())
    def test_the_ground_is_near_zero(self, tmp_path, height, why):
        tiff(tmp_path, flat(height), DALLE)
        if why is None:
            assert names_of(model(tmp_path)) == (f"mnh/{DALLE}",)
        else:
            refused(tmp_path, why, DALLE)

    @pytest.mark.parametrize(("name", "top", "is_read"), FORESTS.values(), ids=FORESTS.keys())
    def test_a_forest_that_hides_its_ground(self, tmp_path, name, top, is_read):
        values = flat(6)
        values[:, 10:] = top
        tiff(tmp_path, values, name)
        if is_read:
            said = "aucun sol visible dans l'échantillon ; le nom dit un modèle de hauteur"
            assert said in remarks(tmp_path)
        else:
            refused(tmp_path, f"valeurs de 6 à {top} m, sans sol proche de 0", name)

    @pytest.mark.parametrize(("ground", "said"), OFFSETS.values(), ids=OFFSETS.keys())
    def test_a_ground_that_is_shifted_is_told(self, tmp_path, ground, said):
        tiff(tmp_path, flat(ground))
        told = [line for line in remarks(tmp_path) if "sol vu" in line]
        assert told == ([f"sol vu à {said} m : hauteurs décalées ?"] if said else [])

    @pytest.mark.parametrize(("height", "why"), TOP.values(), ids=TOP.keys())
    def test_no_tree_is_higher_than_a_hundred_metres(self, tmp_path, height, why):
        values = flat(0)
        values[:, 10:] = height
        tiff(tmp_path, values)
        if why is None:
            assert not model(tmp_path).is_empty
        else:
            refused(tmp_path, why)

    @pytest.mark.parametrize("ground", [0, 6], ids=["beside the ground", "without ground"])
    @pytest.mark.parametrize(("value", "shown"), HUGE.values(), ids=HUGE.keys())
    def test_a_value_that_stands_for_nothing_must_be_declared(self, tmp_path, value, shown, ground):
        values = flat(ground)
        values[:, 10:] = value
        tiff(tmp_path, values)
        if shown:
            why = rf"valeurs impossibles \(jusqu'à {shown}\) ; déclarer la valeur « nodata »"
            refused(tmp_path, why)
        else:
            refused(tmp_path, "centimètres")

    def test_a_mast_is_no_reason_to_refuse(self, tmp_path):
        """One pixel of 1 600 at 150 m: below one in a thousand."""
        values = flat(0, 40, 40)
        values[7, 7] = 150
        tiff(tmp_path, values)
        assert heights(model(tmp_path), (7, -8, 8, -7)).tolist() == [[150]]

    def test_centimetres_are_refused(self, tmp_path):
        values = flat(0)
        values[:, 10:] = 1200
        tiff(tmp_path, values, dtype="int16")
        refused(tmp_path, r"jusqu'à 1 200 m : unité en centimètres \? .* l'échelle 0,01")

    def test_centimetres_with_their_scale_are_read(self, tmp_path):
        values = flat(0)
        values[0, :] = 1234
        values[1, :] = -9999
        tiff(tmp_path, values, dtype="int16", scale=0.01)
        found = heights(model(tmp_path), (0, -2, 1, 0))
        assert found.dtype == np.float32
        assert found[0, 0] == pytest.approx(12.34)
        assert np.isnan(found[1, 0])


TOWERS = {
    "ten pixels": (10, 351, None),
    "eleven": (11, 351, "hauteurs jusqu'à 351 m : unité en centimètres"),
    "eleven as high as a tower may be": (11, 350, None),
    "eleven impossible ones": (11, 1e7, r"valeurs impossibles \(jusqu'à 1e7\)"),
}


class TestReading:
    """Pixels that none of the sixteen spots meets: rows and columns 128 to 256 of 640."""

    @pytest.mark.parametrize(("count", "height", "why"), TOWERS.values(), ids=TOWERS.keys())
    def test_centimetres_are_found_where_heights_are_read(self, tmp_path, count, height, why):
        values = flat(0, 640, 640)
        values[200, 200 : 200 + count] = height
        tiff(tmp_path, values)
        found = model(tmp_path)
        assert (heights(found, (0, -128, 640, 0)) == 0).all()
        box = (200, -201, 200 + count, -200)
        if why is None:
            assert (heights(found, box) == height).all()
        else:
            with pytest.raises(SourceError, match=f"^mnh/{TILE} : {why}"):
                heights(found, box)

    @pytest.mark.parametrize("count", [10, 11])
    def test_also_in_a_surface_less_its_terrain(self, tmp_path, count):
        """A mountain at 1 200 m, whose terrain holds an undeclared 0."""
        terrain = flat(1200, 640, 640)
        terrain[200, 200 : 200 + count] = 0
        tiff(tmp_path, flat(1200, 640, 640), "mns.tif")
        tiff(tmp_path, terrain, "mnt.tif")
        found = model(tmp_path)
        box = (200, -201, 300, -200)
        if count <= 10:
            assert (heights(found, box)[0, :count] == 1200).all()
        else:
            with pytest.raises(SourceError, match=r"^mnh/mns.tif : hauteurs jusqu'à 1 200 m"):
                heights(found, box)
