"""OCS GE: both formats, both vintages, every form of columns and of year; what is refused."""

import shutil
from typing import ClassVar

import numpy as np
import pyogrio
import pytest
import shapely

from pipeline.errors import SourceError
from pipeline.ingestion.folder import check_sources, list_sources
from tests.tables import FRANCE, L93, box
from tests.unit.ingestion.deposits import CATALOGUE, TERRITORIES, deposit, lon_lat
from tests.unit.ingestion.land_files import BUILT, GRASS, read, remarks, save

LEFT, RIGHT = box(0, 0, 100, 100), box(100, 0, 200, 100)
IGN = {
    "id": "OCSGE1",
    **BUILT,
    "millesime": "2021",
    "source": "calcul",
    "ossature": 0,
    "id_origine": "NC",
    "code_or": "NC",
}


def refused(data, *words):
    with pytest.raises(SourceError) as refusal:
        read(data)
    assert "\n" not in str(refusal.value)
    for word in words:
        assert word in str(refusal.value)


class TestColumns:
    @pytest.mark.parametrize("name", ["OCCUPATION_SOL.gpkg", "OCCUPATION_SOL.shp"])
    def test_a_delivery_of_ign(self, tmp_path, name):
        road = {"id": "OCSGE2", "code_cs": "CS1.1.1.2", "code_us": "US4.1.1", "ossature": 1}
        save(tmp_path, name, (LEFT, IGN), (RIGHT, {**IGN, **road}))
        land = read(tmp_path)
        first, second = land.pieces.itertuples()
        assert (first.land_id, first.vintage, first.cover_code, first.use_code) == (
            "2021/OCSGE1", 2021, "CS1.1.1.1", "US5",
        )  # fmt: skip
        assert (first.is_frame, second.is_frame) == (False, True)
        assert (first.origin, first.source) == ("ocsge", f"ocsge/{name}")
        assert land.pieces["declared_artificial"].isna().all()
        assert land.pieces.geometry.area.tolist() == [10_000, 10_000]
        record = land.records.iloc[0]
        assert (record["state"], record["vintage"], record["row_count"]) == ("utilisee", "2021", 2)
        assert land.warnings == ()

    def test_the_status_that_ign_states(self, tmp_path):
        said = [("artif", True), ("non artif", False), (None, None)]
        rows = [
            (box(100 * i, 0, 100 * i + 100, 100), {**IGN, "id": i, "artif": a, "crit_seuil": c})
            for i, (a, c) in enumerate(said)
        ]
        save(tmp_path, "artif.gpkg", *rows, layer="artif_2021_062")
        pieces = read(tmp_path).pieces
        assert pieces["declared_artificial"].tolist()[:2] == [True, False]
        assert pieces["declared_by_threshold"].tolist()[:2] == [True, False]
        assert pieces[["declared_artificial", "declared_by_threshold"]].isna().sum().tolist() == [
            1, 1,
        ]  # fmt: skip

    def test_an_unknown_status_is_missing_and_counted(self, tmp_path):
        save(tmp_path, "a.gpkg", (LEFT, {**IGN, "artif": "peut-être"}))
        land = read(tmp_path)
        assert land.pieces["declared_artificial"].isna().all()
        assert "1 valeur autre que artif ou non artif (peut-être)" in remarks(land, "a.gpkg")

    SUFFIXED = (
        ("cs_2018", "us_2018"),
        ("code_cs_2018", "code_us_2018"),
        ("CS2018", "US2018"),
        ("cs18", "us18"),
        ("code_cs_18", "code_us_18"),
    )

    @pytest.mark.parametrize("names", SUFFIXED, ids=lambda names: names[0])
    def test_columns_that_bear_their_year(self, tmp_path, names):
        save(tmp_path, "a.gpkg", (LEFT, dict(zip(names, ("cs1.1.1.1", "US4.1.1"), strict=True))))
        (piece,) = read(tmp_path).pieces.itertuples()
        assert (piece.vintage, piece.cover_code, piece.use_code) == (2018, "CS1.1.1.1", "US4.1.1")

    def test_numbers_without_letters_nor_dots(self, tmp_path):
        save(tmp_path, "s_2021.gpkg", (LEFT, {"code_cs": 1112, "code_us": 4.2}))
        (piece,) = read(tmp_path).pieces.itertuples()
        assert (piece.cover_code, piece.use_code) == ("CS1.1.1.2", "US4.2")

    def test_words_are_read_as_a_pair(self, tmp_path):
        save(tmp_path, "s_2016.shp", (LEFT, {"couverture": "CS2.2.1", "usage": "US1.1"}))
        assert read(tmp_path).pieces["cover_code"].tolist() == ["CS2.2.1"]

    def test_other_layers_are_noted_and_not_read(self, tmp_path):
        save(tmp_path, "l.gpkg", (LEFT, IGN), layer="OCCUPATION_SOL")
        save(tmp_path, "l.gpkg", (LEFT, {"id": "Z1", "millesime": "2021"}), layer="ZONE_CONSTRUITE")
        save(tmp_path, "enveloppe.shp", (LEFT, {"couverture": "x", "Surface": 1}))
        land = read(tmp_path)
        assert len(land.pieces) == 1
        said = "couche ZONE_CONSTRUITE sans codes de couverture et d'usage, non lue"
        assert said in remarks(land, "l.gpkg")
        assert "couche enveloppe sans codes" in remarks(land, "enveloppe.shp")

    def test_without_ossature_nothing_is_of_the_frame_and_it_is_said(self, tmp_path):
        save(tmp_path, "s_2021.gpkg", (LEFT, BUILT))
        land = read(tmp_path)
        assert not land.pieces["is_frame"].any()
        assert "sans colonne ossature" in remarks(land, "s_2021.gpkg")

    def test_without_id_a_row_is_named_by_its_file_and_rank(self, tmp_path):
        save(tmp_path, "d62/s_2021.gpkg", (LEFT, BUILT), (RIGHT, GRASS))
        assert read(tmp_path).pieces["land_id"].tolist() == [
            "2021/d62/s_2021/1", "2021/d62/s_2021/2",
        ]  # fmt: skip

    def test_an_id_given_twice_is_told_apart(self, tmp_path):
        save(tmp_path, "a.gpkg", (LEFT, IGN), (RIGHT, IGN))
        assert read(tmp_path).pieces["land_id"].tolist() == ["2021/OCSGE1", "2021/OCSGE1#2"]

    @pytest.mark.parametrize(
        ("columns", "told"),
        [
            pytest.param({"code_cs": "CS1.1.1.1"}, "usage (code_us) absente", id="no use"),
            pytest.param({"code_us": "US5"}, "couverture (code_cs) absente", id="no cover"),
            pytest.param({"cs_2018": "CS1.1.1.1"}, "usage (code_us) de 2018 absente", id="dated"),
            pytest.param(
                {"cs_2018": "CS1.1.1.1", "us_2018": "US5", "cs_2021": "CS1.1.1.1"},
                "usage (code_us) de 2021 absente",
                id="a difference without one of its codes",
            ),
            pytest.param(
                {f"{axis}{year}": "1" for axis in ("cs", "us") for year in ("15", "18", "21")},
                "2015, 2018, 2021 dans une même ligne ; déposer une couche par millésime",
                id="three vintages in a row",
            ),
        ],
    )
    def test_a_missing_code_is_refused(self, tmp_path, columns, told):
        save(tmp_path, "a_2021.gpkg", (LEFT, columns))
        refused(tmp_path, "ocsge/a_2021.gpkg", told)


class TestVintages:
    @pytest.mark.parametrize("given", ["2021", 2021, 2021.0, "2021-01-01"])
    def test_the_column_comes_first(self, tmp_path, given):
        save(tmp_path, "s_2018.gpkg", (LEFT, {**BUILT, "millesime": given}))
        assert read(tmp_path).pieces["vintage"].tolist() == [2021]

    NAMES = (
        "OCS-GE_2-0__GPKG_LAMB93_D062_2021-01-01.gpkg",
        "OCSGE_2-0_GPKG_LAMB93_D62-2021/OCCUPATION_SOL.gpkg",
        "OCS-GE_D02A_2021-01-01/OCS-GE/1_DONNEES_LIVRAISON_2023-06-00123/OCCUPATION_SOL.gpkg",
        "D62-2021_livre_2024.gpkg",
        "artif_2021_62.gpkg",
    )

    @pytest.mark.parametrize("name", NAMES)
    def test_else_the_name_of_the_file_or_of_its_folder(self, tmp_path, name):
        save(tmp_path, name, (LEFT, BUILT), layer="couche")
        land = read(tmp_path)
        assert land.pieces["vintage"].tolist() == [2021]
        assert "couche couche : millésime 2021 lu dans les noms" in remarks(land, name)

    def test_the_name_of_the_layer_comes_before_that_of_the_file(self, tmp_path):
        save(tmp_path, "s_2018.gpkg", (LEFT, BUILT), layer="artif_2021_62")
        assert read(tmp_path).pieces["vintage"].tolist() == [2021]

    @pytest.mark.parametrize(
        "name", ["OCCUPATION_SOL.gpkg", "s_2018-2021.gpkg", "LIVRAISON_2023/S.gpkg", "s_20210.gpkg"]
    )
    def test_no_year_or_several_is_refused_with_what_to_do(self, tmp_path, name):
        save(tmp_path, name, (LEFT, BUILT), (RIGHT, GRASS), layer="couche")
        refused(tmp_path, f"ocsge/{name}", "millésime inconnu pour 2 polygone(s) sur 2",
                "remplir la colonne millesime")  # fmt: skip

    def test_a_blank_vintage_takes_the_year_of_the_name(self, tmp_path):
        rows = [(LEFT, {**BUILT, "millesime": "2018"}), (RIGHT, {**GRASS, "millesime": None})]
        save(tmp_path, "s_2021.gpkg", *rows)
        assert read(tmp_path).pieces["vintage"].tolist() == [2018, 2021]

    def test_vintages_and_departements_side_by_side(self, tmp_path):
        for year in ("2018", "2021"):
            save(tmp_path, f"D62_{year}.gpkg", (LEFT, {**BUILT, "millesime": year}))
            save(tmp_path, f"D59_{year}.shp", (RIGHT, {**GRASS, "millesime": year}))
        pieces = read(tmp_path).pieces
        assert pieces.groupby("vintage").size().to_dict() == {2018: 2, 2021: 2}
        assert pieces["land_id"].is_unique


class TestFiles:
    def test_an_absent_folder_is_a_missing_source(self, tmp_path):
        land = read(tmp_path)
        assert (len(land.pieces), len(land.changes)) == (0, 0)
        assert set(land.records["state"]) == {"absente"}
        assert land.warnings == (
            "ocsge/ : Occupation du sol à grande échelle (OCS GE), source absente",
        )

    def test_no_data_folder_is_refused(self, tmp_path):
        with pytest.raises(SourceError, match="dossier des sources introuvable"):
            read(tmp_path / "nulle-part")

    @pytest.mark.parametrize("name", ["vide.gpkg", "vide.shp"])
    def test_an_empty_layer_gives_no_row(self, tmp_path, name):
        path = save(tmp_path, name, (LEFT, IGN))
        none = pyogrio.read_dataframe(path).iloc[:0]
        pyogrio.write_dataframe(none, path, geometry_type="Polygon")
        land = read(tmp_path)
        assert len(land.pieces) == 0
        assert "couche vide vide" in remarks(land, name)
        assert [line for line in land.warnings if "couche vide vide" in line]

    def test_a_layer_without_any_polygon_is_told(self, tmp_path):
        save(tmp_path, "a.gpkg", (shapely.centroid(LEFT), IGN))
        land = read(tmp_path)
        assert len(land.pieces) == 0
        assert [line for line in land.warnings if "sans aucun polygone" in line]

    def test_a_truncated_file_is_refused(self, tmp_path):
        path = save(tmp_path, "a.gpkg", (LEFT, IGN))
        path.write_bytes(path.read_bytes()[:-4096])
        refused(tmp_path, "ocsge/a.gpkg", "tronqué")

    def test_an_error_page_is_refused(self, tmp_path):
        deposit(tmp_path, "ocsge/a.gpkg", "<html>Request Rejected")
        refused(tmp_path, "ocsge/a.gpkg", "contenu non reconnu")

    def test_a_file_of_another_format_is_left_and_said(self, tmp_path):
        save(tmp_path, "a.gpkg", (LEFT, IGN))
        deposit(tmp_path, "ocsge/NomenclatureOCSGE.csv", "code;libelle\nCS1.1.1.1;bâti\n")
        land = read(tmp_path)
        assert len(land.pieces) == 1
        assert "format csv sans usage ici" in remarks(land, "NomenclatureOCSGE.csv")

    def test_a_layer_that_declares_another_system_is_read_by_its_values(self, tmp_path):
        save(tmp_path, "a.gpkg", (LEFT, IGN), crs="EPSG:4326")
        land = read(tmp_path)
        assert land.pieces.geometry.area.tolist() == [10_000]
        assert "démenti par les valeurs" in remarks(land, "a.gpkg")
        assert len(land.warnings) == 1

    def test_degrees_are_projected_and_meet_within_the_tolerance(self, tmp_path):
        def in_degrees(shape):
            return shapely.transform(
                shape, lambda xy: np.array([lon_lat(x - 700_000, y - 6_322_333) for x, y in xy])
            )

        rows = [(in_degrees(LEFT), IGN), (in_degrees(RIGHT), {**IGN, "id": "2"})]
        save(tmp_path, "a.gpkg", *rows, crs="EPSG:4326")
        land = read(tmp_path)
        assert land.pieces.crs.to_epsg() == FRANCE.epsg
        assert land.pieces.geometry.area.tolist() == pytest.approx([10_000, 10_000], abs=5)

    def test_axes_exchanged_are_put_right_and_said(self, tmp_path):
        swapped = shapely.transform(
            LEFT,
            lambda xy: np.array([lon_lat(x - 700_000, y - 6_322_333)[::-1] for x, y in xy]),
        )
        save(tmp_path, "a.gpkg", (swapped, IGN), crs="EPSG:4326")
        land = read(tmp_path)
        assert land.pieces.geometry.area.tolist() == pytest.approx([10_000], abs=5)
        assert "axes intervertis" in remarks(land, "a.gpkg")

    def test_a_file_elsewhere_is_refused(self, tmp_path):
        save(tmp_path, "a.gpkg", (shapely.box(5e6, 5e6, 5.1e6, 5.1e6), IGN))
        refused(tmp_path, "ocsge/a.gpkg", "aucun système de coordonnées")

    def test_list_and_check_know_the_folder(self, tmp_path):
        save(tmp_path, "bon.gpkg", (LEFT, IGN), layer="OCCUPATION_SOL")
        save(tmp_path, "bon.gpkg", (LEFT, {"id": "Z"}), layer="ZONE_CONSTRUITE")
        save(tmp_path, "sans_annee.gpkg", (LEFT, BUILT))
        save(tmp_path, "diff.gpkg", (LEFT, TestDeclaredChanges.CODES))
        listed = list_sources(tmp_path, CATALOGUE).set_index("dossier").loc["ocsge"]
        assert (listed["fichiers"], listed["libelle"][:18]) == (3, "Occupation du sol ")
        table = check_sources(tmp_path, TERRITORIES, CATALOGUE).set_index("fichier")
        assert table["lignes"].dropna().to_dict() == {"ocsge/bon.gpkg": 1, "ocsge/diff.gpkg": 1}
        assert "millésime inconnu" in table.loc["ocsge/sans_annee.gpkg", "anomalie"]
        assert "ZONE_CONSTRUITE" in table.loc["ocsge/bon.gpkg", "remarques"]


class TestDeclaredChanges:
    CODES: ClassVar = {
        "cs_2018": "CS1.1.1.1",
        "us_2018": "US5",
        "cs_2015": "CS2.2.1",
        "us_2015": "US1.1",
    }

    @pytest.mark.parametrize("name", ["d.gpkg", "d.shp"])
    def test_two_vintages_in_a_row_are_a_change_and_no_stock(self, tmp_path, name):
        save(tmp_path, name, (LEFT, self.CODES))
        land = read(tmp_path)
        assert len(land.pieces) == 0
        (row,) = land.changes.itertuples()
        assert (row.vintage_before, row.vintage_after) == (2015, 2018)
        assert (row.cover_before, row.use_before) == ("CS2.2.1", "US1.1")
        assert (row.cover_after, row.use_after) == ("CS1.1.1.1", "US5")
        assert land.changes["direction"].isna().all()
        assert land.records["vintage"].dropna().tolist() == ["2018"]

    def test_the_direction_that_ign_states(self, tmp_path):
        rows = [
            (box(100 * i, 0, 100 * i + 100, 100), {**self.CODES, "artificialisation": said})
            for i, said in enumerate([1, -1, 0])
        ]
        save(tmp_path, "d.gpkg", *rows)
        directions = read(tmp_path).changes["direction"]
        assert directions.tolist()[:2] == ["artificialisation", "desartificialisation"]
        assert directions.isna().tolist() == [False, False, True]

    def test_before_and_after_take_their_years_from_the_name(self, tmp_path):
        codes = {"cs_avant": "CS2.2.1", "us_avant": "US1.1", "cs_apres": "1111", "us_apres": "5"}
        save(tmp_path, "OCS-GE_2-0_DIFF_SHP_LAMB93_D062_2018-2021.gpkg", (LEFT, codes), layer="d")
        (row,) = read(tmp_path).changes.itertuples()
        assert (row.vintage_before, row.vintage_after, row.cover_after) == (2018, 2021, "CS1.1.1.1")
        shutil.rmtree(tmp_path / "ocsge")
        save(tmp_path, "d.gpkg", (LEFT, codes))
        refused(tmp_path, "ocsge/d.gpkg", "millésimes comparés inconnus", "2018-2021")

    def test_changes_may_overlap(self, tmp_path):
        save(tmp_path, "d.gpkg", (LEFT, self.CODES), (LEFT, self.CODES))
        assert len(read(tmp_path).changes) == 2

    @pytest.mark.shared_data
    def test_the_changes_of_sybarval(self, shared_data, tmp_path):
        shutil.copytree(shared_data / "sybarval_33" / "ocsge_flux", tmp_path / "ocsge")
        land = read(tmp_path)
        assert len(land.pieces) == 0
        names = land.changes["change_id"].str.split("/").str[0]
        assert names.value_counts().to_dict() == {"a_b_2015_2018": 3970, "a_b_2018_2015": 1296}
        assert set(land.changes["vintage_before"]) == {2015}
        assert set(land.changes["vintage_after"]) == {2018}
        missing = land.changes[["cover_before", "use_before", "cover_after", "use_after"]].isna()
        assert missing.sum().tolist() == [4, 9, 4, 4]
        unread = "codes d'usage non reconnus, laissés vides : 5 polygone(s) (« INDETERMINE »)"
        assert land.warnings == (f"ocsge/a_b_2018_2015/A_B_2018_2015.shp : {unread}",)
        assert land.changes.crs == L93


def test_a_vintage_to_come_is_refused(tmp_path):
    save(tmp_path, "c.gpkg", (LEFT, {**BUILT, "millesime": "2099"}))
    with pytest.raises(SourceError, match=r"^ocsge/c\.gpkg : couche c : millésime 2099 à venir"):
        read(tmp_path)
