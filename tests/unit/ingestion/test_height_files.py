"""Each raster of the folder `mnh`: what it is, and why it is refused."""

import numpy as np
import pytest
import rasterio
from rasterio import Affine
from rasterio.warp import transform

from pipeline.errors import SourceError
from pipeline.french import decimal
from pipeline.ingestion.folder import check_sources
from tests.tables import L93, X0, Y0
from tests.unit.ingestion.deposits import CATALOGUE, TERRITORIES, commune, deposit, read, remarks
from tests.unit.ingestion.height_rasters import (
    TILE,
    flat,
    heights,
    model,
    names_of,
    read_reports,
    spoil,
    tiff,
)

MNS = TILE.replace("MNH", "MNS")
MNT = TILE.replace("MNH", "MNT")


def refused(data, why, name=TILE):
    with pytest.raises(SourceError, match=why) as caught:
        model(data)
    assert str(caught.value).startswith(f"mnh/{name} : ")
    assert "\n" not in str(caught.value)


def told(data):
    """What the record of the only file says."""
    _, (report,) = read_reports(data)
    return report


NAMES = {
    "IGN's height model": (TILE, "mnh"),
    "in lower case": ("mnh_2023.tif", "mnh"),
    "canopy height model": ("ville-CHM.tif", "mnh"),
    "IGN's surface model": (MNS, "mns"),
    "surface model in English": ("city_dsm_1m.tif", "mns"),
    "a parking surface": ("parking_surface.tif", "mnh"),
    "a bare ground": ("terrain nu.tif", "mnh"),
    "a height model made from a surface model": ("mnh_de_mns.tif", "mnh"),
    "without a word": ("dalle_0700_6322.tif", "mnh"),
    "letters inside another word": ("dsmart.tif", "mnh"),
}


class TestKind:
    @pytest.mark.parametrize(("name", "kind"), NAMES.values(), ids=NAMES.keys())
    def test_it_is_told_by_the_name(self, tmp_path, name, kind):
        tiff(tmp_path, flat(60 if kind == "mns" else 1), name)
        if kind == "mns":
            tiff(tmp_path, flat(60), "mnt.tif")
        kinds = {file.name.removeprefix("mnh/"): file.kind for file in model(tmp_path).files}
        assert kinds[name] == kind

    @pytest.mark.parametrize("name", [MNT, "dtm.tif", "RGE_ALTI_1M.tif", "RGEALTI_0700.tif"])
    def test_terrain_alone_holds_no_height(self, tmp_path, name):
        tiff(tmp_path, flat(57), name)
        refused(tmp_path, r"modèle de terrain \(MNT\) seul, .* déposer le MNH", name)


class TestSample:
    def test_only_a_few_spots_are_looked_at(self, tmp_path):
        """Twenty-five blocks, the second of the first row spoilt: not one of those looked at."""
        path = tiff(tmp_path, flat(1, 640, 640), tiled=True, blockxsize=128, blockysize=128,
                    compress="deflate")  # fmt: skip
        spoil(path, 0, 2)
        assert not model(tmp_path).is_empty

    def test_heights_in_a_corner_that_no_spot_meets_are_found(self, tmp_path):
        values = flat(-9999, 640, 640)
        values[200:220, 300:320] = 101
        tiff(tmp_path, values, tiled=True, blockxsize=128, blockysize=128)
        refused(tmp_path, "sans sol proche de 0")

    def test_a_tile_without_any_height_is_left(self, tmp_path):
        tiff(tmp_path, flat(-9999), nodata=-9999)
        report = told(tmp_path)
        assert (report.state, report.row_count, report.met) == ("sans_objet", 0, 1)
        assert "aucune hauteur renseignée" in report.remarks


RESOLUTIONS = {
    "the finest": (0.2, True),
    "too fine": (0.19, False),
    "the coarsest": (2.0, True),
    "too coarse": (2.1, False),
    "the 5 m of an old terrain model": (5, False),
}


class TestFile:
    @pytest.mark.parametrize(("size", "is_read"), RESOLUTIONS.values(), ids=RESOLUTIONS.keys())
    def test_pixels_of_another_size_are_refused(self, tmp_path, size, is_read):
        tiff(tmp_path, flat(0), size=size)
        if is_read:
            assert model(tmp_path).grid.resolution == size
        else:
            refused(tmp_path, rf"pixels de {decimal(size)} m, hors de 0,2-2 m")

    def test_several_bands_are_refused(self, tmp_path):
        tiff(tmp_path, np.zeros((3, 5, 5)))
        refused(tmp_path, "3 bandes, une attendue : hauteurs")

    @pytest.mark.parametrize("name", [TILE, MNS])
    def test_complex_numbers_are_refused(self, tmp_path, name):
        tiff(tmp_path, flat(0), name, dtype="complex64")
        refused(tmp_path, "nombres complexes, des nombres réels attendus : hauteurs", name)

    def test_colours_are_refused(self, tmp_path):
        path = tiff(tmp_path, flat(0), dtype="uint8")
        with rasterio.open(path, "r+") as target:
            target.write_colormap(1, {0: (0, 0, 0, 255), 1: (0, 128, 0, 255)})
        refused(tmp_path, "image à palette de couleurs, des valeurs mesurées attendues : hauteurs")

    def test_a_raster_without_system_of_coordinates_is_refused(self, tmp_path):
        tiff(tmp_path, flat(0), crs=None)
        refused(tmp_path, "système de coordonnées ou emprise absents")

    @pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
    def test_a_raster_that_is_nowhere_is_refused(self, tmp_path):
        tiff(tmp_path, flat(0), transform=None)
        refused(tmp_path, "système de coordonnées ou emprise absents")

    def test_a_local_system_is_refused(self, tmp_path):
        tiff(tmp_path, flat(0), crs='LOCAL_CS["chantier",UNIT["metre",1]]')
        refused(tmp_path, "reprojeter le GeoTIFF en EPSG:2154")

    @pytest.mark.parametrize("kept", [0.05, 0.5, 0.99], ids=["header", "half", "all but the end"])
    def test_a_truncated_raster_is_refused(self, tmp_path, kept):
        path = tiff(tmp_path, flat(1, 600, 600))
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * kept)])
        refused(tmp_path, "GeoTIFF illisible ou tronqué .* ; le redéposer")

    def test_a_page_of_error_is_refused(self, tmp_path):
        commune(tmp_path)
        deposit(tmp_path, f"mnh/{TILE}", b"<html>503")
        with pytest.raises(SourceError, match="contenu non reconnu"):
            read(tmp_path)

    def test_overviews_and_world_files_go_with_their_raster(self, tmp_path):
        path = tiff(tmp_path, flat(1, 600, 600))
        with rasterio.Env(TIFF_USE_OVR=True), rasterio.open(path, "r+") as target:
            target.build_overviews([2])
        deposit(tmp_path, f"mnh/{path.stem}.tfw", "1\n0\n0\n-1\n700000.5\n6322332.5\n")
        assert path.with_name(f"{path.name}.ovr").exists()
        assert names_of(model(tmp_path)) == (f"mnh/{TILE}",)


YEARS = {
    "before any": (1989, False),
    "the first": (1990, True),
    "this year": (2026, True),
    "the next": (2027, False),
}


class TestVintage:
    def test_the_day_written_in_the_file(self, tmp_path):
        tiff(tmp_path, flat(0), "mnh_2021.tif", tags={"TIFFTAG_DATETIME": "2021:09:24 10:00:00"})
        report = told(tmp_path)
        assert report.vintage == "2021-09-24"
        assert "le millésime est la date des hauteurs" in report.remarks

    def test_a_file_written_again_is_as_old_as_its_name(self, tmp_path):
        tiff(tmp_path, flat(0), "mnh_2008.tif", tags={"TIFFTAG_DATETIME": "2026:02:03 10:00:00"})
        assert told(tmp_path).vintage == "2008"

    def test_else_the_year_of_the_name(self, tmp_path):
        tiff(tmp_path, flat(0), "mnh_2019.tif", tags={"TIFFTAG_DATETIME": "0000:00:00 00:00:00"})
        assert told(tmp_path).vintage == "2019"

    @pytest.mark.parametrize(
        "tile",
        ["0547_6526", "1914_4226", "2021_3152"],
        ids=["Lambert-93", "a zone", "a zone, like a year of LiDAR"],
    )
    def test_coordinates_are_no_year(self, tmp_path, tile):
        tiff(tmp_path, flat(0), f"LHD_FXX_{tile}_MNH.tif")
        report = told(tmp_path)
        assert report.vintage is None
        assert "date des hauteurs inconnue" in report.remarks

    @pytest.mark.parametrize(("year", "is_read"), YEARS.values(), ids=YEARS.keys())
    @pytest.mark.parametrize("is_tagged", [True, False], ids=["in the file", "in the name"])
    def test_a_year_without_lidar_is_refused(self, tmp_path, year, is_read, is_tagged):
        tags = {"TIFFTAG_DATETIME": f"{year}:01:01 00:00:00"} if is_tagged else {}
        name = "mnh.tif" if is_tagged else f"mnh_{year}.tif"
        tiff(tmp_path, flat(0), name, tags=tags)
        if is_read:
            assert told(tmp_path).vintage[:4] == str(year)
        else:
            why = rf"millésime {year} impossible \(de 1990 à 2026\) ; corriger le nom"
            refused(tmp_path, why, name)

    def test_a_possible_year_is_found_beside_coordinates(self, tmp_path):
        tiff(tmp_path, flat(0), "mnh_1914_4226_2021.tif")
        assert told(tmp_path).vintage == "2021"


class TestBareGround:
    def test_ground_at_0_declared_unknown_is_refused(self, tmp_path):
        tiff(tmp_path, flat(0), "mnh.tif", nodata=0)
        refused(tmp_path, r"valeur absente \(nodata\) à 0 : le sol nu", "mnh.tif")


class TestPlace:
    def test_a_compound_system_counts_as_its_horizontal_part(self, tmp_path):
        tiff(tmp_path, flat(1), crs="EPSG:2154+5720")
        (file,) = model(tmp_path).files
        assert (file.is_straight, file.crs) == (True, L93)

    def test_another_system_is_reprojected_and_told(self, tmp_path):
        """UTM 31: at 3° E both grids point north; the pixel of 9 m is found on its ground."""
        west, north = _utm(-30, 30)
        values = flat(0, 60, 60)
        values[20:40, 20:40] = 9
        tiff(tmp_path, values, crs="EPSG:32631", transform=Affine(1, 0, west, 0, -1, north))
        found, (report,) = read_reports(tmp_path)
        assert any("reprojeté depuis WGS 84 / UTM zone 31N" in line for line in report.remarks)
        assert found.grid.resolution == pytest.approx(1, abs=0.01)
        (tile,) = found.tiles(np.array([[X0 - 5, Y0 - 5, X0 + 5, Y0 + 5]]), 0.0)
        assert (tile.heights == 9).all()

    def test_a_grid_turned_by_a_right_angle_is_straightened(self, tmp_path):
        """Rows run east: the second value of the first row lies south of the first."""
        values = flat(0, 4, 4)
        values[0, 1] = 8
        tiff(tmp_path, values, transform=Affine(0, 1, X0, -1, 0, Y0))
        found, (report,) = read_reports(tmp_path)
        assert any("grille inclinée" in line for line in report.remarks)
        assert heights(found, (0, -2, 1, -1)).tolist() == [[8]]

    def test_a_raster_drawn_from_the_south_is_straightened(self, tmp_path):
        values = flat(0, 4, 4)
        values[0, 0] = 8
        tiff(tmp_path, values, transform=Affine(1, 0, X0, 0, 1, Y0))
        assert heights(model(tmp_path), (0, 0, 1, 1)).tolist() == [[8]]

    def test_pixels_that_are_no_squares_are_made_square(self, tmp_path):
        """Pixels of 1 by 2 m, rows at 0 and 4 m: rows of 1 m go from one to the other."""
        tiff(tmp_path, [[0.0, 0.0], [4.0, 4.0]], transform=Affine(1, 0, X0, 0, -2, Y0))
        assert heights(model(tmp_path), (0, -4, 1, 0)).ravel().tolist() == [0, 1, 3, 4]

    def test_a_raster_away_from_the_window_is_of_no_use(self, tmp_path):
        tiff(tmp_path, flat(57), corner=(90_000, 0))
        found, (report,) = read_reports(tmp_path, window=(-2000, -2000, 2000, 2000))
        assert found.is_empty
        assert (report.met, report.row_count) == (0, 0)

    def test_and_the_run_says_so(self, tmp_path):
        commune(tmp_path)
        tiff(tmp_path, flat(0), corner=(90_000, 0))
        sources = read(tmp_path)
        assert "mnh/ : aucune donnée autour de la commune 62999" in sources.warnings
        assert "aucun objet autour de la commune" in remarks(sources, f"mnh/{TILE}")


def test_check_opens_each_file_on_its_own(tmp_path):
    """A surface model is sound by itself: whether it has its terrain is for the run to tell."""
    commune(tmp_path)
    tiff(tmp_path, flat(0), "mnh.tif")
    tiff(tmp_path, flat(60), "mns.tif")
    tiff(tmp_path, flat(60), "dalle.tif")
    table = check_sources(tmp_path, TERRITORIES, CATALOGUE).set_index("fichier")
    assert table.loc["mnh/mnh.tif", "lignes"] == table.loc["mnh/mns.tif", "lignes"] == 1
    assert "altitudes (MNS) ?" in table.loc["mnh/dalle.tif", "anomalie"]


@pytest.mark.shared_data
class TestRealRasters:
    CHABLAIS = "canopy_chablais_74/chm_chablais3_from_rda.tif"
    BONDY = "bondy_mns/bondy_mns_1m.tif"

    @pytest.fixture
    def deposited(self, shared_data, tmp_path):
        def put(name):
            return deposit(tmp_path, f"mnh/{name.split('/')[1]}", (shared_data / name).read_bytes())

        return put

    def test_a_dense_forest_still_shows_its_ground(self, deposited, tmp_path):
        deposited(self.CHABLAIS)
        found = model(tmp_path)
        (tile,) = found.tiles(np.array([found.files[0].bounds]), 0.0)
        assert tile.heights.shape == (146, 144)
        assert np.nanmax(tile.heights) == pytest.approx(29.89, abs=0.01)

    def test_altitudes_alone_are_refused(self, deposited, tmp_path):
        deposited(self.BONDY)
        refused(tmp_path, "altitudes, pas des hauteurs", "bondy_mns_1m.tif")

    def test_altitudes_with_their_ground_are_heights(self, deposited, tmp_path):
        """The park lies at 57 m; its highest tree is at 80.73 m."""
        path = deposited(self.BONDY)
        with rasterio.open(path) as dataset:
            tiff(tmp_path, np.full(dataset.shape, 57), "mnt.tif", transform=dataset.transform)
        found = model(tmp_path)
        (tile,) = found.tiles(np.array([found.files[0].bounds]), 0.0)
        assert np.nanmax(tile.heights) == pytest.approx(23.73, abs=0.01)
        assert np.nanmin(tile.heights) == pytest.approx(-0.21, abs=0.01)
        assert np.isnan(tile.heights).sum() == 20650


def _utm(x, y):
    (west,), (north,) = transform(L93, "EPSG:32631", [X0 + x], [Y0 + y])
    return west, north
