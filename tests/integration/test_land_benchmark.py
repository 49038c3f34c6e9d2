"""The generated département of the benchmark, small: a coverage, its cases run, both ways agree."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.artificialisation.coverage import find_borders
from tests.benchmarks.generated_land import draw_land, generate_land
from tests.benchmarks.land_cases import CASES, draw_tile
from tests.benchmarks.land_squares import ARTIFICIAL, CODES

COUNT = 4000  # 25 squares: every kind of square once at least


@pytest.fixture(scope="module")
def land():
    return draw_land(COUNT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = generate_land(tmp_path_factory.mktemp("land"), 700)
    save(folder, "engine")
    return folder


def save(folder, name, *options):
    """Run a case as the benchmark does, without a process of its own; return what it saved."""
    found = CASES[name](folder, *options)()
    np.savez(folder / f"{name}.npz", **found)
    return found


class TestGenerated:
    def test_it_is_a_valid_coverage_without_gap(self, land):
        shapes = land.geometry.to_numpy()
        assert set(land.geom_type) == {"Polygon"}
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid(shapes, gap_width=0.5)
        whole = shapely.coverage_union_all(shapes)
        assert shapely.get_num_interior_rings(whole) == 0

    def test_three_polygons_in_ten_are_artificial(self, land):
        by_codes = dict(zip(CODES, ARTIFICIAL, strict=True))
        pairs = zip(land["code_cs"], land["code_us"], strict=True)
        assert 0.25 <= np.mean([by_codes[pair] for pair in pairs]) <= 0.35

    def test_polygons_have_the_vertices_of_drawn_ones(self, land):
        assert len(land) >= COUNT
        assert 15 <= shapely.get_num_coordinates(land.geometry.to_numpy()).mean() <= 30

    def test_polygons_share_their_edges_but_those_of_the_outside(self, land):
        shapes = land.geometry.to_numpy()
        outline = shapely.length(shapely.coverage_union_all(shapes))
        assert find_borders(shapes).open_m.sum() == pytest.approx(outline)

    def test_roads_are_narrow_and_wide_and_long(self, land):
        roads = land[land["ossature"] == 1].geometry.to_numpy()
        width = 2 * shapely.area(roads) / shapely.length(roads)
        long = shapely.length(roads) > 400
        assert long.sum() > 20
        assert (width[long] < 4.7).any()
        assert (width[long] > 5.5).any()

    def test_the_same_land_twice(self, land):
        again = draw_land(COUNT)
        assert shapely.equals_identical(again.geometry.to_numpy(), land.geometry.to_numpy()).all()
        assert (again.drop(columns="geometry") == land.drop(columns="geometry")).all(axis=None)


class TestCases:
    def test_the_engine_returns_a_coverage_of_the_ground_it_was_given(self, folder):
        found = save(folder, "check")
        assert found["is_valid"]
        assert found["change"] <= 1e-9
        assert set(gpd.read_file(folder / "engine.gpkg")["reason"]) >= {"matrice", "seuil_largeur"}

    def test_components_give_the_areas_and_parts_of_a_general_union(self, folder):
        ours, union = save(folder, "components"), save(folder, "union")
        assert ours["counts"].tolist() == union["counts"].tolist()
        assert ours["areas"] == pytest.approx(union["areas"], rel=1e-9)

    def test_threads_change_nothing(self, folder):
        one, two = (save(folder, "thresholds", threads)["status"] for threads in ("1", "2"))
        assert np.array_equal(one, two)

    def test_pixels_of_a_metre_find_the_same_areas(self, tmp_path):
        found = save(draw_tile(tmp_path), "tile")
        assert found["pixels"] == pytest.approx(found["polygons"], rel=1e-3)
        assert (found["polygons"] > 50_000).all()

    def test_reading_and_writing_alone_keeps_every_polygon(self, folder):
        save(folder, "files")
        assert len(gpd.read_file(folder / "files.gpkg")) >= 700
