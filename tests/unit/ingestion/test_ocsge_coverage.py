"""A land cover is a coverage: what is mended, counted in square metres, and what is refused."""

import pytest
import shapely

from pipeline.errors import SourceError
from tests.tables import X0, Y0, box
from tests.unit.ingestion.land_files import BUILT, GRASS, read, remarks, save

YEAR = {"millesime": "2021"}
BUILT_21, GRASS_21 = {**BUILT, **YEAR}, {**GRASS, **YEAR}
FIELD = box(0, -1000, 1000, 0)  # 1 km²: what it dilutes


def areas(pieces):
    return sorted(pieces.geometry.area.round(3))


def is_coverage(pieces):
    return bool(shapely.coverage_is_valid(pieces.geometry.to_numpy()))


def test_a_valid_coverage_is_not_touched(tmp_path):
    shapes = [box(0, 0, 100, 100), box(100, 0, 200, 100)]
    save(tmp_path, "a.gpkg", *((shape, BUILT_21) for shape in shapes))
    land = read(tmp_path)
    assert list(land.pieces.geometry.normalize()) == [shape.normalize() for shape in shapes]
    assert "réparée" not in remarks(land, "a.gpkg")


def test_an_overlap_of_5_cm_is_mended_and_recorded(tmp_path):
    save(tmp_path, "a.gpkg", (box(0, 0, 100, 100), BUILT_21), (box(99.95, 0, 200, 100), GRASS_21))
    land = read(tmp_path)
    assert is_coverage(land.pieces)
    assert land.pieces.geometry.area.sum() == pytest.approx(20_000)
    assert (
        "couverture de 2021 réparée : 1 recouvrement(s) (5.0 m²), 0 vide(s) étroit(s) (0.0 m²),"
        " 5.0 m² déplacés"
    ) in remarks(land, "a.gpkg")


def gap(width, size=100):
    """Four pieces, two of them `size` metres long, around a gap of `width` by 80 m."""
    end = 2 * size
    shapes = [
        box(0, 0, size, 100),
        box(size + width, 10, end, 90),
        box(size, 0, end, 10),
        box(size, 90, end, 100),
    ]
    return [(shape, {**GRASS_21, "id": i}) for i, shape in enumerate(shapes)]


def test_a_gap_of_5_cm_is_filled_and_recorded(tmp_path):
    save(tmp_path, "a.gpkg", *gap(0.05))
    land = read(tmp_path)
    assert is_coverage(land.pieces)
    assert land.pieces.geometry.area.sum() == pytest.approx(20_000)
    assert "0 recouvrement(s) (0.0 m²), 1 vide(s) étroit(s) (4.0 m²), 4.0 m² déplacés" in remarks(
        land, "a.gpkg"
    )


def test_a_gap_of_50_cm_is_land_without_data_and_stays(tmp_path):
    save(tmp_path, "a.gpkg", *gap(0.5))
    assert read(tmp_path).pieces.geometry.area.sum() == pytest.approx(20_000 - 0.5 * 80)


def test_a_slit_open_on_the_outside_stays_and_is_said(tmp_path):
    shapes = [box(0, 0, 100, 100), box(100.05, 0, 200, 100)]
    save(tmp_path, "a.gpkg", *((shape, GRASS_21) for shape in shapes))
    land = read(tmp_path)
    assert areas(land.pieces) == [9_995, 10_000]
    assert "un vide étroit ouvert sur l'extérieur est laissé" in remarks(land, "a.gpkg")
    assert "réparée" not in remarks(land, "a.gpkg")


def test_only_what_surrounds_a_defect_is_redrawn(tmp_path):
    row = [box(100 * i, 0, 100 * i + 100, 100) for i in range(9)]
    row[0] = box(-0.05, 0, 100, 100)
    before = box(-100, 0, 0, 100)
    save(tmp_path, "a.gpkg", *((shape, GRASS_21) for shape in [before, *row]))
    land = read(tmp_path)
    assert is_coverage(land.pieces)
    assert land.pieces.geometry.area.sum() == pytest.approx(100_000)
    drawn = set(land.pieces.geometry.normalize().to_wkt())
    assert {shape.normalize().wkt for shape in row[1:]} <= drawn


def test_an_edge_noded_on_one_side_is_noded_on_both(tmp_path):
    shapes = [box(0, 0, 100, 100), box(100, 0, 200, 50), box(100, 50, 200, 100)]
    save(tmp_path, "a.gpkg", *((shape, GRASS_21) for shape in shapes))
    land = read(tmp_path)
    assert is_coverage(land.pieces)
    assert areas(land.pieces) == [5_000, 5_000, 10_000]
    assert "0.0 m² déplacés" in remarks(land, "a.gpkg")


def test_the_limit_of_two_files_is_mended_too(tmp_path):
    save(tmp_path, "d59.gpkg", (box(0, 0, 100, 100), BUILT_21))
    save(tmp_path, "d62.shp", (box(99.95, 0, 200, 100), GRASS_21))
    land = read(tmp_path)
    assert is_coverage(land.pieces)
    assert "1 recouvrement(s) (5.0 m²)" in remarks(land, "d59.gpkg")
    assert "1 recouvrement(s) (5.0 m²)" in remarks(land, "d62.shp")


def test_vintages_are_distinct_coverages(tmp_path):
    save(tmp_path, "a_2018.gpkg", (box(0, 0, 100, 100), BUILT))
    save(tmp_path, "a_2021.gpkg", (box(10, 0, 110, 100), BUILT))
    land = read(tmp_path)
    assert areas(land.pieces) == [10_000, 10_000]
    assert "réparée" not in remarks(land, "a_2018.gpkg")


def test_a_crossed_ring_is_mended_first(tmp_path):
    bow_tie = shapely.Polygon(
        [(X0, Y0), (X0 + 40, Y0 + 40), (X0 + 40, Y0), (X0, Y0 + 40), (X0, Y0)]
    )
    save(tmp_path, "a.gpkg", (bow_tie, BUILT_21))
    land = read(tmp_path)
    assert areas(land.pieces) == [800]
    assert "1 contour croisé réparé" in remarks(land, "a.gpkg")


class TestRefusals:
    def refused(self, data, *words):
        with pytest.raises(SourceError) as refusal:
            read(data)
        assert "\n" not in str(refusal.value)
        for word in words:
            assert word in str(refusal.value)

    def test_an_overlap_of_10_percent(self, tmp_path):
        save(tmp_path, "a.gpkg", (box(0, 0, 100, 100), BUILT_21))
        save(tmp_path, "b.gpkg", (box(80, 0, 180, 100), GRASS_21))
        self.refused(
            tmp_path, "ocsge/a.gpkg, ocsge/b.gpkg : millésime 2021", "plus de 0,1 %", "n'en garder"
        )

    def test_two_deliveries_of_one_territory_drawn_apart(self, tmp_path):
        save(tmp_path, "a.gpkg", (box(0, 0, 100, 100), BUILT_21))
        save(tmp_path, "b.gpkg", (box(0, 0, 50, 100), GRASS_21), (box(50, 0, 100, 100), GRASS_21))
        self.refused(tmp_path, "ocsge/a.gpkg, ocsge/b.gpkg")

    def test_two_copies_of_one_territory(self, tmp_path):
        for name in ("a.gpkg", "b.shp"):
            save(tmp_path, name, (box(0, 0, 100, 100), BUILT_21), (FIELD, GRASS_21))
        self.refused(
            tmp_path,
            "ocsge/a.gpkg, ocsge/b.shp : millésime 2021",
            "les mêmes polygones sur 100\u00a0% du plus petit ; n'en garder qu'un",
        )

    def test_gaps_that_move_more_than_a_thousandth(self, tmp_path):
        save(tmp_path, "a.gpkg", *gap(0.15, size=10))  # 12 m² of 2 000
        self.refused(tmp_path, "ocsge/a.gpkg : millésime 2021, limites à déplacer", "0,1 %")


class TestRepeated:
    def test_a_polygon_of_the_limit_is_kept_once_and_noted(self, tmp_path):
        limit = box(0, 0, 100, 100)
        save(tmp_path, "d59.gpkg", (limit, BUILT_21), (FIELD, GRASS_21))
        save(tmp_path, "d62.gpkg", (limit, BUILT_21), (box(0, 100, 1000, 1100), GRASS_21))
        land = read(tmp_path)
        assert areas(land.pieces) == [10_000, 1_000_000, 1_000_000]
        assert "1 polygone livré deux fois, gardé une" in remarks(land, "d62.gpkg")
        assert land.warnings == ()
        assert land.records["row_count"].dropna().tolist() == [2, 1]

    def test_whatever_vertex_its_ring_starts_from(self, tmp_path):
        limit = box(0, 0, 100, 100)
        turned = shapely.Polygon([*limit.exterior.coords[2:], *limit.exterior.coords[1:3]])
        save(tmp_path, "d59.gpkg", (limit, BUILT_21), (FIELD, GRASS_21))
        save(tmp_path, "d62.gpkg", (turned, BUILT_21), (box(0, 100, 1000, 1100), GRASS_21))
        assert areas(read(tmp_path).pieces) == [10_000, 1_000_000, 1_000_000]

    def test_with_other_codes_the_first_stands_and_it_is_said(self, tmp_path):
        limit = box(0, 0, 100, 100)
        save(tmp_path, "d59.gpkg", (limit, BUILT_21), (FIELD, GRASS_21))
        save(tmp_path, "d62.gpkg", (limit, GRASS_21), (box(0, 100, 1000, 1100), GRASS_21))
        land = read(tmp_path)
        small = land.pieces[land.pieces.geometry.area < 20_000]
        assert small["cover_code"].tolist() == ["CS1.1.1.1"]
        said = "1 polygone(s) livré(s) deux fois avec d'autres codes : ceux de ocsge/d59.gpkg"
        assert land.warnings == (f"ocsge/d62.gpkg : {said}",)

    @pytest.mark.parametrize("names", [("a", "b"), ("b", "a")], ids=["before", "after"])
    def test_the_product_that_states_the_status_stands_for_the_land_cover(self, tmp_path, names):
        rows = [(box(0, 0, 100, 100), BUILT_21), (FIELD, GRASS_21)]
        save(tmp_path, f"{names[0]}.gpkg", *rows)
        save(tmp_path, f"{names[1]}.gpkg", *((s, {**c, "artif": "artif"}) for s, c in rows))
        land = read(tmp_path)
        assert land.pieces["declared_artificial"].tolist() == [True, True]
        said = "2 polygones livrés deux fois, gardés une"
        assert said in remarks(land, f"{names[0]}.gpkg")

    def test_twice_in_one_file(self, tmp_path):
        save(tmp_path, "a.gpkg", (FIELD, GRASS_21), (FIELD, GRASS_21))
        assert areas(read(tmp_path).pieces) == [1_000_000]
