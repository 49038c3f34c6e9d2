"""Every vector source, one file each, drawn in metres; and what is wrong with files."""

import gzip
import io
from typing import ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from pipeline.errors import SourceError
from tests.tables import X0, Y0
from tests.unit.ingestion.deposits import (
    INSEE,
    commune,
    deposit,
    geojson,
    in_degrees,
    line,
    point,
    polygon,
    read,
    rectangle,
    remarks,
)

SQUARE = rectangle(0, 0, 40, 50)
BOW_TIE = [(0, 0), (50, 40), (50, 0), (0, 40), (0, 0)]


@pytest.fixture
def data(tmp_path):
    commune(tmp_path)
    return tmp_path


def table(rows, crs="EPSG:2154"):
    """A table from rows (shape in metres from the origin, columns)."""
    shapes = [shapely.transform(shape, lambda xy: xy + np.array([X0, Y0])) for shape, _ in rows]
    return gpd.GeoDataFrame([columns for _, columns in rows], geometry=shapes, crs=crs)


def box(*bounds):
    return shapely.box(*bounds)


def save(data, name, rows, **options):
    """Write rows as a layer, in the format that the name says."""
    (data / name).parent.mkdir(exist_ok=True, parents=True)
    pyogrio.write_dataframe(table(rows), data / name, **options)
    return data / name


class TestCommunes:
    def test_neighbours_of_the_window_come_too(self, data):
        neighbour = polygon(rectangle(1000, -1000, 3000, 1000))
        far = polygon(rectangle(2001, -1000, 4000, 1000))
        text = geojson((neighbour, {"insee": "62998", "name": "V"}), (far, {"insee": "62997"}))
        deposit(data, "communes/autres.geojson", text)
        assert list(read(data).communes["insee_code"]) == ["62998", INSEE]

    def test_names_of_ign_deliveries_are_known(self, tmp_path):
        rows = [(box(0, 0, 9, 9), {"INSEE_COM": INSEE, "NOM": "Sur-Parzan", "NOM_EPCI": "Pays"})]
        save(tmp_path, "communes/COMMUNE.shp", rows)
        (row,) = read(tmp_path).communes.itertuples()
        assert (row.insee_code, row.name, row.epci_name) == (INSEE, "Sur-Parzan", "Pays")

    def test_the_other_limits_of_a_national_file_are_left(self, tmp_path):
        rows = [(box(0, 0, 9, 9), {"code_insee": INSEE, "nom_officiel": "Sur-Parzan"})]
        save(tmp_path, "communes/ae.gpkg", rows, layer="commune")
        save(tmp_path, "communes/ae.gpkg", rows, layer="commune_associee_ou_deleguee")
        assert len(read(tmp_path).communes) == 1

    def test_a_code_that_is_a_number_in_the_file_is_found(self, tmp_path):
        save(tmp_path, "communes/c.gpkg", [(box(0, 0, 9, 9), {"insee": int(INSEE), "nom": "S"})])
        assert list(read(tmp_path).communes["insee_code"]) == [INSEE]

    @pytest.mark.parametrize(
        "code", ["3523", "352366", "ABCDE", "35 36", "2C001", "", "35236'; --", "３５２３６"]
    )
    def test_what_is_no_insee_code_is_refused(self, data, code):
        with pytest.raises(SourceError, match="n'est pas un code INSEE"):
            read(data, code)

    def test_a_commune_outside_the_data_is_refused(self, data):
        with pytest.raises(SourceError, match=r"commune 62111 absente de communes/62999\.geojson"):
            read(data, "62111")

    def test_limits_are_indispensable(self, tmp_path):
        deposit(tmp_path, "parkings/p.geojson", geojson((polygon(SQUARE), {"surfm2": 1})))
        with pytest.raises(SourceError, match="communes/ : dossier absent"):
            read(tmp_path)


class TestParkings:
    def test_the_national_layer_draws_car_parks(self, data):
        text = geojson(
            (polygon(SQUARE), {"id": "7", "type": "Parking", "surfm2": "2000"}),
            (polygon(rectangle(100, 0, 140, 50)), {"id": "8", "type": "Parking souterrain"}),
            (polygon(rectangle(200, 0, 240, 50)), {"id": "9", "type": "Parking à étages"}),
        )
        deposit(data, "parkings/p.geojson", text)
        rows = read(data).candidates.set_index("candidate_id")
        assert rows["parking_type"].to_dict() == {
            "parkings_sup500m2/7": "surface",
            "parkings_sup500m2/8": "souterrain",
            "parkings_sup500m2/9": "aerien_bati",
        }
        assert rows.geometry.area.tolist() == pytest.approx([2000, 2000, 2000])
        assert set(rows["role"]) == {"outline"}

    def test_declared_units_only_enclose(self, data):
        save(data, "parkings/POT-SOL-PARK_62.gpkg", [(box(0, 0, 9, 9), {"id_uf": "A1"})])
        (row,) = read(data).candidates.itertuples()
        assert (row.candidate_id, row.role) == ("pot_sol_park/A1", "enclosing")

    def test_another_layer_is_refused_with_its_columns(self, data):
        deposit(data, "parkings/p.geojson", geojson((polygon(SQUARE), {"truc": 1})))
        with pytest.raises(SourceError, match=r"parkings/p\.geojson : ni parkings.*truc"):
            read(data)

    def test_a_broken_ring_is_repaired_and_recorded(self, data):
        deposit(data, "parkings/p.geojson", geojson((polygon(BOW_TIE), {"id": 1, "surfm2": 1000})))
        sources = read(data)
        assert sources.candidates.geometry.iloc[0].area == pytest.approx(1000)
        told = remarks(sources, "parkings/p.geojson")
        assert "1 contour croisé réparé (parkings_sup500m2/1)" in told
        assert "plus de 1 %" in told

    def test_duplicates_are_dropped_and_recorded(self, data):
        rows = [(polygon(SQUARE), {"id": 1, "surfm2": 2000})]
        deposit(data, "parkings/a.geojson", geojson(*rows, *rows))
        deposit(data, "parkings/b.geojson", geojson(*rows))
        sources = read(data)
        assert len(sources.candidates) == 1
        for file in ("a", "b"):
            assert "1 doublon écarté" in remarks(sources, f"parkings/{file}.geojson")

    def test_two_parts_under_one_id_are_both_kept(self, data):
        apart = polygon(rectangle(100, 0, 110, 10))
        rows = [(polygon(SQUARE), {"id": 1, "surfm2": 2}), (apart, {"id": 1, "surfm2": 2})]
        deposit(data, "parkings/a.geojson", geojson(*rows))
        ids = list(read(data).candidates["candidate_id"])
        assert ids == ["parkings_sup500m2/1", "parkings_sup500m2/1#2"]

    def test_a_row_without_id_is_named_by_its_file_once(self, data):
        deposit(data, "parkings/parkings_sup500m2.geojson", geojson((polygon(SQUARE), {"x": 1})))
        (row,) = read(data).candidates.itertuples()
        assert (row.candidate_id, row.source_id) == ("parkings_sup500m2/0", "0")

    def without_outline(self, sources):
        rows = sources.candidates.set_index("source_id")
        assert rows["role"].to_dict() == {"1": "outline", "2": "outline", "3": "point_object"}
        assert rows["defect"].notna().to_dict() == {"1": False, "2": True, "3": True}
        assert rows.loc["2", "defect"] == "contour absent de la couche"
        assert rows.loc["2", "geometry"] is None
        assert rows.loc["1", "geometry"].area == pytest.approx(2000)
        assert rows.loc["3", "geometry"].coords[0] == (X0 + 90, Y0 + 90)

    def test_rows_of_a_geojson_without_outline_stay_candidates(self, data):
        rows = [
            (polygon(SQUARE), {"id": 1, "surfm2": 2000}),
            (None, {"id": 2, "surfm2": 600}),
            (point(90, 90), {"id": 3, "surfm2": 600}),
        ]
        deposit(data, "parkings/p.geojson", geojson(*rows))
        sources = read(data)
        self.without_outline(sources)
        assert "2 objets sans contour gardés sans mesure" in remarks(sources, "parkings/p.geojson")

    def test_rows_of_a_geopackage_without_outline_stay_candidates(self, data):
        frame = table(
            [
                (box(0, 0, 40, 50), {"id": 1, "surfm2": 2000}),
                (box(0, 0, 1, 1), {"id": 2, "surfm2": 600}),
                (shapely.Point(90, 90), {"id": 3, "surfm2": 600}),
            ]
        )
        frame.geometry = [frame.geometry.iloc[0], None, frame.geometry.iloc[2]]
        (data / "parkings").mkdir()
        path = data / "parkings/p.gpkg"
        pyogrio.write_dataframe(frame, path, layer="p", geometry_type="Unknown")
        self.without_outline(read(data))

    def test_a_line_is_kept_by_its_vertices_and_never_measured(self, data):
        deposit(data, "parkings/p.geojson", geojson(
            (polygon(SQUARE), {"id": 1, "surfm2": 1}), (line((60, 0), (90, 0)), {"id": 2}),
        ))  # fmt: skip
        row = read(data).candidates.set_index("source_id").loc["2"]
        assert (row["role"], row["defect"]) == ("outline", "contour sans surface dans la couche")
        assert row["geometry"].equals(shapely.MultiPoint([(X0 + 60, Y0), (X0 + 90, Y0)]))


class TestCoordinates:
    def one(self, data, text):
        deposit(data, "parkings/p.geojson", text)
        sources = read(data)
        (row,) = sources.candidates.itertuples()
        assert row.geometry.area == pytest.approx(2000, abs=1)
        assert row.geometry.centroid.coords[0] == pytest.approx((X0 + 20, Y0 + 25), abs=0.1)
        return remarks(sources, "parkings/p.geojson")

    def test_degrees(self, data):
        told = self.one(data, geojson((in_degrees(polygon(SQUARE)), {"surfm2": 1}), crs=None))
        assert told != told  # nothing to say

    def test_latitude_first_is_repaired_and_recorded(self, data):
        shape = in_degrees(polygon(SQUARE), swapped=True)
        assert "intervertis" in self.one(data, geojson((shape, {"surfm2": 1}), crs=None))

    def test_metres_declared_as_degrees_are_repaired_and_recorded(self, data):
        told = self.one(data, geojson((polygon(SQUARE), {"surfm2": 1}), crs=None))
        assert "démenti par les valeurs" in told

    def test_points_outside_the_territory_are_left_out_and_counted(self, data):
        null_island = {"type": "Polygon", "coordinates": [[[0, 0], [0, 0.1], [0.1, 0], [0, 0]]]}
        text = geojson(
            (in_degrees(polygon(SQUARE)), {"surfm2": 1}), (null_island, {"surfm2": 1}), crs=None
        )
        assert "1 objets hors du territoire écartés sur 2" in self.one(data, text)

    def test_a_layer_elsewhere_is_refused(self, data):
        pole = {"type": "Polygon", "coordinates": [[[10, 80], [11, 80], [11, 81], [10, 80]]]}
        deposit(data, "parkings/p.geojson", geojson((pole, {"surfm2": 1}), crs=None))
        with pytest.raises(SourceError, match="aucun système de coordonnées ne la place"):
            read(data)

    def test_a_shapefile_without_prj_is_located_by_its_numbers(self, data):
        path = save(data, "parkings/p.shp", [(box(0, 0, 40, 50), {"surfm2": 2000})])
        path.with_suffix(".prj").unlink()
        sources = read(data)
        assert sources.candidates.geometry.iloc[0].area == pytest.approx(2000)
        assert "non déclaré" in remarks(sources, "parkings/p.shp")

    def test_a_wrong_prj_is_not_believed(self, data):
        path = save(data, "parkings/p.shp", [(box(0, 0, 40, 50), {"surfm2": 2000})])
        from pyproj import CRS

        path.with_suffix(".prj").write_text(CRS("EPSG:4326").to_wkt("WKT1_ESRI"))
        sources = read(data)
        assert sources.candidates.geometry.iloc[0].area == pytest.approx(2000)
        assert "démenti" in remarks(sources, "parkings/p.shp")


class TestText:
    def test_latin_1_in_a_shapefile_is_decoded_and_recorded(self, data):
        rows = [(box(0, 0, 40, 50), {"CLEABS": "P1", "NATURE": "Parking", "TOPONYME": "Fée"})]
        path = save(data, "bdtopo/EQUIPEMENT_DE_TRANSPORT.shp", rows, encoding="ISO-8859-1")
        path.with_suffix(".cpg").write_text("UTF-8")  # what real deliveries wrongly say
        sources = read(data)
        assert sources.candidates["name"].iloc[0] == "Fée"
        assert "Latin-1" in remarks(sources, "bdtopo/EQUIPEMENT_DE_TRANSPORT.shp")

    def test_latin_1_in_a_geojson_is_decoded_and_recorded(self, data):
        text = geojson((polygon(SQUARE), {"id": 1, "surfm2": 1, "nom": "Fée"}))
        deposit(data, "parkings/p.geojson", text.encode("latin-1"))
        sources = read(data)
        assert sources.candidates["name"].iloc[0] == "Fée"
        assert "Latin-1" in remarks(sources, "parkings/p.geojson")

    def test_hostile_text_and_names_go_through_as_they_are(self, data):
        name = 'L\'"Étoile" <b>& 🚗\nsuite'
        text = geojson((polygon(SQUARE), {"id": "1'", "surfm2": 1, "nom": name}))
        deposit(data, "parkings/a'b\"<c>🚗\nd!e.geojson", text)
        sources = read(data)
        assert sources.candidates["name"].iloc[0] == name
        assert "\n" not in sources.records["file"].dropna().str.cat()


class TestBdTopo:
    def test_a_25_m2_square_is_a_point_object(self, data):
        rows = [
            (box(0, 0, 5, 5), {"ID": "P1", "NATURE": "Parking"}),
            (box(10, 0, 16, 6), {"ID": "P2", "NATURE": "Parking"}),
            (box(20, 0, 60, 50), {"ID": "P3", "NATURE": "Carrefour"}),
        ]
        save(data, "bdtopo/EQUIPEMENT_DE_TRANSPORT.shp", rows)
        sources = read(data)
        roles = sources.candidates.set_index("candidate_id")["role"].to_dict()
        assert roles == {"bdtopo/P1": "point_object", "bdtopo/P2": "outline"}
        assert sources.candidates["defect"].iloc[0].startswith("objet ponctuel : carré de 25 m²")
        told = remarks(sources, "bdtopo/EQUIPEMENT_DE_TRANSPORT.shp")
        assert "1 équipement d'une autre nature" in told

    def test_a_car_park_without_outline_stays_a_candidate(self, data):
        rows = [
            (box(0, 0, 40, 50), {"ID": "P1", "NATURE": "Parking"}),
            (box(0, 0, 1, 1), {"ID": "P2", "NATURE": "Parking"}),
            (box(0, 0, 1, 1), {"ID": "P3", "NATURE": "Carrefour"}),
        ]
        frame = table(rows)
        frame.geometry = [frame.geometry.iloc[0], None, None]
        (data / "bdtopo").mkdir()
        path = data / "bdtopo/EQUIPEMENT_DE_TRANSPORT.shp"
        pyogrio.write_dataframe(frame, path, geometry_type="Polygon")
        found = read(data).candidates.set_index("candidate_id")
        assert list(found.index) == ["bdtopo/P1", "bdtopo/P2"]
        assert found["role"].tolist() == ["outline", "outline"]
        assert found.loc["bdtopo/P2", "defect"] == "contour absent de la couche"
        assert found.loc["bdtopo/P2", "geometry"] is None

    ROADS: ClassVar = {
        "importance 4": ({"importance": "4"}, "public"),
        "importance 5 with a name": ({"importance": "5", "nom_1_gauche": "Rue A"}, "public"),
        "importance 5 named on the right": ({"importance": "5", "nom_1_droite": "B"}, "public"),
        "importance 5 without name": ({"importance": "5"}, "unknown"),
        "importance 6": ({"importance": "6", "nom_1_gauche": "Rue A"}, "unknown"),
        "private": ({"importance": "3", "prive": True}, "service"),
    }

    @pytest.mark.parametrize(("columns", "expected"), ROADS.values(), ids=ROADS.keys())
    def test_class_of_a_road(self, data, columns, expected):
        columns = {
            "cleabs": "T1",
            "nature": "Route à 1 chaussée",
            "largeur_de_chaussee": 5.0,
            **columns,
        }
        save(
            data,
            "bdtopo/bdt.gpkg",
            [(shapely.LineString([(0, 0), (9, 0)]), columns)],
            layer="troncon_de_route",
        )
        (road,) = read(data).roads.itertuples()
        assert (road.road_id, road.road_class, road.width_m) == ("bdtopo/T1", expected, 5.0)

    def test_paths_and_bridges_are_left_and_counted(self, data):
        segment = shapely.LineString([(0, 0), (9, 0)])
        common = {"importance": "4", "largeur_de_chaussee": 0.0}
        rows = [
            (
                segment,
                {"cleabs": "1", "nature": "Chemin", "position_par_rapport_au_sol": "0", **common},
            ),
            (
                segment,
                {
                    "cleabs": "2",
                    "nature": "Rond-point",
                    "position_par_rapport_au_sol": "1",
                    **common,
                },
            ),
            (
                segment,
                {
                    "cleabs": "3",
                    "nature": "Rond-point",
                    "position_par_rapport_au_sol": "0",
                    **common,
                },
            ),
        ]
        save(data, "bdtopo/b.gpkg", rows, layer="troncon_de_route")
        sources = read(data)
        assert list(sources.roads["road_id"]) == ["bdtopo/3"]
        assert sources.roads["width_m"].isna().all()
        told = remarks(sources, "bdtopo/b.gpkg")
        assert "1 tronçon en pont ou tunnel" in told
        assert "1 chemin ou sentier" in told

    def test_a_missing_dbf_leaves_geometry_without_class(self, data):
        rows = [(shapely.LineString([(0, 0), (9, 0)]), {"ID": "T1", "IMPORTANCE": "1"})]
        path = save(data, "bdtopo/TRONCON_DE_ROUTE.shp", rows)
        path.with_suffix(".dbf").unlink()
        sources = read(data)
        (road,) = sources.roads.itertuples()
        assert (road.road_id, road.road_class) == ("bdtopo/TRONCON_DE_ROUTE/0", "unknown")
        record = sources.records.set_index("file").loc["bdtopo/TRONCON_DE_ROUTE.shp"]
        assert (record["state"], record["remarks"]) == (
            "partielle",
            "table .dbf absente : géométrie seule",
        )
        assert any("table .dbf absente" in warning for warning in sources.warnings)

    def test_light_buildings_are_open_and_vegetation_only_flags(self, data):
        save(
            data,
            "bdtopo/b.gpkg",
            [
                (
                    box(0, 0, 9, 9),
                    {"cleabs": "B1", "construction_legere": True, "usage_1": "Annexe"},
                ),
                (box(20, 0, 29, 9), {"cleabs": "B2", "construction_legere": False, "usage_1": "A"}),
            ],
            layer="batiment",
        )
        save(
            data,
            "bdtopo/v.gpkg",
            [(box(0, 0, 9, 9), {"cleabs": "V1", "nature": "Bois"})],
            layer="zone_de_vegetation",
        )
        sources = read(data)
        assert sources.buildings["is_open"].tolist() == [True, False]
        (mask,) = sources.masks.to_pylist()
        assert (mask["mask_id"], mask["deducts"], mask["certain"]) == ("bdtopo/V1", False, False)

    def test_every_file_is_reported_even_unused(self, data):
        save(data, "bdtopo/HAIE.shp", [(shapely.LineString([(0, 0), (9, 0)]), {"ID": "H1"})])
        sources = read(data)
        record = sources.records.set_index("file").loc["bdtopo/HAIE.shp"]
        assert record["state"] == "sans_objet"
        assert pd.isna(record["row_count"])
        told = record["remarks"]
        assert told == "couche HAIE : 1 objets, sans usage pour les parcs de stationnement"


class TestCadastre:
    def test_the_id_of_a_parcel_is_given_or_rebuilt(self, data):
        text = geojson(
            (polygon(SQUARE), {"id": "629990000A0001", "commune": INSEE, "contenance": 2000}),
            (polygon(rectangle(50, 0, 60, 9)),
             {"commune": INSEE, "prefixe": "12", "section": "B", "numero": "34"}),
        )  # fmt: skip
        deposit(data, "cadastre/cadastre-62999-parcelles.json.gz", gzip.compress(text.encode()))
        parcels = read(data).parcels.set_index("idu")["declared_area_m2"]
        assert list(parcels.index) == ["629990000A0001", "629990120B0034"]
        assert parcels.iloc[0] == 2000
        assert pd.isna(parcels.iloc[1])

    def test_light_buildings_are_open(self, data):
        text = geojson(
            (polygon(SQUARE), {"type": "01", "commune": INSEE}),
            (polygon(rectangle(50, 0, 60, 9)), {"type": "02", "commune": INSEE}),
        )
        deposit(data, "cadastre/cadastre-62999-batiments.json", text)
        assert read(data).buildings["is_open"].tolist() == [False, True]

    def test_other_layers_are_recorded_unused(self, data):
        text = geojson((polygon(SQUARE), {"id": "629990000A", "commune": INSEE, "code": "A"}))
        deposit(data, "cadastre/cadastre-62999-sections.json", text)
        told = remarks(read(data), "cadastre/cadastre-62999-sections.json")
        assert told.endswith("sans usage ici")


class TestTrees:
    def test_stems_and_crowns(self, data):
        deposit(data, "arbres/a.geojson", geojson(
            (point(1, 1), {"id": "A", "genre": "Tilia", "hauteur": "12,5"}),
            (polygon(SQUARE), {"id": "B"}),
            (line((0, 0), (9, 9)), {"id": "C"}),
        ))  # fmt: skip
        sources = read(data)
        trees = sources.trees.set_index("tree_id")
        assert list(trees.index) == ["arbres/A", "arbres/B"]
        assert (trees.loc["arbres/A", "height_m"], trees.loc["arbres/A", "genus"]) == (
            12.5,
            "Tilia",
        )
        assert "1 objet linéaire laissé" in remarks(sources, "arbres/a.geojson")

    def test_two_rows_at_one_place_are_one_tree(self, data):
        rows = [(point(1, 1), {"id": "A"}), (point(1, 1), {"id": "B"}), (point(2, 1), {"id": "C"})]
        deposit(data, "arbres/a.geojson", geojson(*rows))
        assert len(read(data).trees) == 2

    def test_pictures_of_the_survey_are_no_trees(self, data):
        save(data, "arbres/r.gpkg", [(shapely.Point(1, 1), {"n": "1"})], layer="arbres_2025")
        save(data, "arbres/r.gpkg", [(shapely.Point(5, 5), {"n": "1"})], layer="photo_2025")
        sources = read(data)
        assert len(sources.trees) == 1
        assert "photo_2025" in remarks(sources, "arbres/r.gpkg")


class TestProtections:
    def kinds(self, data, name, *rows):
        deposit(data, f"servitudes/{name}", geojson(*rows))
        sources = read(data)
        return sources.perimeters["kind"].tolist(), remarks(sources, f"servitudes/{name}")

    ASSIETTES: ClassVar = {
        "a buffer": ({"modegeoass": "Zone tampon"}, "abords_500m"),
        "a delimited perimeter": (
            {"modegeoass": "Digitalisation", "typeass": "Périmètre délimité des abords"},
            "abords_delimites",
        ),
        "a PDA by its name": (
            {"modegeoass": "", "nomass": "AC1_Eglise_PDA_ass"},
            "abords_delimites",
        ),
        "equal to its generator": (
            {"modegeoass": "Égale au générateur", "typeass": "Périmètre des abords"},
            "abords_incertains",
        ),
        "equal to its generator, other spelling": (
            {"ModegeoAss": "Egal au générateur", "typeAss": "Périmètre de protection"},
            "abords_incertains",
        ),
    }

    @pytest.mark.parametrize(("columns", "kind"), ASSIETTES.values(), ids=ASSIETTES.keys())
    def test_surroundings_of_a_monument(self, data, columns, kind):
        row = (polygon(SQUARE), {"idAss": "AC1-1-1", **columns})
        assert self.kinds(data, "AC1_ASSIETTE_SUP_S.geojson", row)[0] == [kind]

    def test_the_land_of_a_monument(self, data):
        row = (polygon(SQUARE), {"IdGen": "AC1-1", "typeGen": "Monument", "type": "Inscrit"})
        assert self.kinds(data, "AC1_GENERATEUR_SUP_S.geojson", row)[0] == ["mh_terrain"]

    OTHERS: ClassVar = {
        "a classified site": ("ac2", {"typeass": "Site classé"}, ["site_classe"]),
        "a listed site": ("ac2", {"typeass": "Site inscrit"}, ["site_inscrit"]),
        "a site of unknown rank": ("ac2", {"typeass": "Site"}, []),
        "a remarkable heritage site": ("ac4", {"typeass": "SPR"}, ["spr"]),
        "the heart of a national park": ("el10", {"typeass": "Cœur"}, ["coeur_parc_national"]),
        "a risk plan": ("pm1", {"typeass": "PPRI"}, ["risque_naturel"]),
        "a pipeline": ("i3", {"typeass": "Canalisation"}, []),
    }

    @pytest.mark.parametrize(("code", "columns", "kinds"), OTHERS.values(), ids=OTHERS.keys())
    def test_other_easements(self, data, code, columns, kinds):
        row = (polygon(SQUARE), {"suptype": code, "idass": "1", **columns})
        found, told = self.kinds(data, "assiette_sup_s.geojson", row)
        assert found == kinds
        assert kinds or "1 périmètre sans effet connu" in told

    PRESCRIPTIONS: ClassVar = {
        "L. 151-19": ("07", "01", ["l151_19"]),
        "L. 151-19, second rank": ("07", "02", ["l151_19"]),
        "heritage of another article": ("07", "00", []),
        "landscape": ("07", "03", []),
        "wooded area": ("01", "00", []),
    }

    @pytest.mark.parametrize(
        ("kind", "subtype", "expected"), PRESCRIPTIONS.values(), ids=PRESCRIPTIONS.keys()
    )
    def test_prescriptions(self, data, kind, subtype, expected):
        row = (polygon(SQUARE), {"TYPEPSC": kind, "STYPEPSC": subtype, "LIBELLE": "x"})
        assert self.kinds(data, "PRESCRIPTION_SURF.geojson", row)[0] == expected

    def test_double_encoding_is_undone(self, data):
        row = (polygon(SQUARE), {"suptype": "ac4", "idass": "1", "nomsuplitt": "ThÃ©Ã¢tre"})
        deposit(data, "servitudes/a.geojson", geojson(row))
        assert read(data).perimeters["name"].tolist() == ["Théâtre"]


MERIMEE = """reference|titre_editorial_de_la_notice|coordonnees_au_format_WGS84|result_type
PA1|Église|{here}|street
PA2|Château|{here}|municipality
PA3|Sans lieu||street
"""


class TestMonuments:
    def here(self, x, y):
        lon, lat = in_degrees(point(x, y))["coordinates"]
        return f"{lat}, {lon}"

    def test_a_point_gives_a_circle_unless_it_is_only_the_commune(self, data):
        deposit(data, "monuments/m.csv", MERIMEE.format(here=self.here(0, 0)))
        sources = read(data)
        (circle,) = sources.perimeters.itertuples()
        assert (circle.perimeter_id, circle.kind) == ("monuments/PA1", "abords_500m")
        # 64 segments per quadrant lose 1e-4 of the disc.
        assert circle.geometry.area == pytest.approx(3.14159265 * 500**2, rel=2e-4)
        told = remarks(sources, "monuments/m.csv")
        assert "1 ligne sans coordonnées" in told
        assert "1 monument situé à la commune seulement" in told

    def test_a_circle_that_reaches_the_window_is_kept(self, data):
        """Window up to 2 000 m from the origin; circles of 500 m."""
        rows = "reference;latitude;longitude\n"
        for name, x in (("near", 2400), ("far", 2600)):
            lon, lat = in_degrees(point(x, 0))["coordinates"]
            rows += f"{name};{lat};{lon}\n"
        deposit(data, "monuments/m.csv", rows)
        assert list(read(data).perimeters["perimeter_id"]) == ["monuments/near"]


class TestBadFiles:
    def test_an_empty_folder_is_named(self, data):
        (data / "osm").mkdir()
        with pytest.raises(SourceError, match="osm/ : aucun fichier lisible"):
            read(data)

    def test_a_folder_of_explanations_is_empty(self, data):
        deposit(data, "osm/LISEZMOI.md", "a | b | c")
        deposit(data, "osm/lisez, moi.txt", "bonjour, monde")
        with pytest.raises(SourceError, match="osm/ : aucun fichier lisible"):
            read(data)

    def test_a_missing_folder_is_reported_and_nothing_more(self, data):
        sources = read(data)
        absent = sources.records[sources.records["state"] == "absente"]
        assert list(absent["folder"]) == [
            "osm", "bdtopo", "cadastre", "parkings", "icpe", "icpe_emprises", "arbres",
            "servitudes", "monuments", "dossiers", "proprietaires", "irradiation", "mnh",
        ]  # fmt: skip
        assert absent["row_count"].isna().all()
        assert any(warning.startswith("osm/ :") for warning in sources.warnings)

    def test_a_file_without_row_around_the_commune_is_of_no_use(self, data):
        far = polygon(rectangle(90_000, 0, 90_040, 50))
        deposit(data, "parkings/p.geojson", geojson((far, {"id": 1, "surfm2": 2000})))
        sources = read(data)
        record = sources.records.set_index("file").loc["parkings/p.geojson"]
        assert (record["state"], record["row_count"]) == ("sans_objet", 0)
        assert record["remarks"] == "aucun objet autour de la commune"
        assert "parkings/ : aucune donnée autour de la commune 62999" in sources.warnings

    def test_rows_dropped_for_another_reason_are_not_called_absent(self, data):
        rows = [(point(5, 5), {"code_aiot": "1"}), (point(9, 9), {"code_aiot": "2"})]
        deposit(data, "icpe_emprises/e.geojson", geojson(*rows))
        (told,) = [line for line in read(data).warnings if line.startswith("icpe_emprises/ :")]
        assert told == (
            "icpe_emprises/ : aucun des 2 objets lus n'est gardé autour de la commune 62999 :"
            " 2 objets sans surface écartés"
        )

    DAMAGED: ClassVar = {
        "an error page called .gpkg": ("z.gpkg", b"<html>403", "contenu non reconnu"),
        "an error page called .csv": ("z.csv", b"<html>403", "contenu non reconnu"),
        "an error page called .osm.pbf": ("z.osm.pbf", b"<html>403", "contenu non reconnu"),
        "an error page called .zip": ("z.zip", b"<html>403", "contenu non reconnu"),
        "an error page called .osm.gz": ("z.osm.gz", b"<html>403", "contenu non reconnu"),
        "an error page inside an archive": (
            "z.geojson.gz", gzip.compress(b"<html>403"), "contenu non reconnu",
        ),
        "an error message called .geojson": ("z.geojson", b'{"error": 1}', "contenu non reconnu"),
        "a shapefile of no byte": ("z.shp", b"", "fichier vide"),
        "a JSON of no byte": ("z.json", b"", "fichier vide"),
    }  # fmt: skip

    @pytest.mark.parametrize(("name", "content", "words"), DAMAGED.values(), ids=DAMAGED.keys())
    def test_a_damaged_data_file_is_refused_beside_good_ones(self, data, name, content, words):
        deposit(data, "parkings/p.geojson", geojson((polygon(SQUARE), {"id": 1, "surfm2": 1})))
        deposit(data, f"parkings/{name}", content)
        with pytest.raises(SourceError, match=rf"^parkings/{name} : {words}"):
            read(data)

    def test_a_layer_whose_rows_all_lack_geometry_is_refused(self, data):
        deposit(
            data, "parkings/p.geojson", geojson(*[(None, {"id": i, "surfm2": 1}) for i in "ab"])
        )
        with pytest.raises(
            SourceError, match=r"^parkings/p\.geojson : couche p : aucune de ses 2 "
        ):
            read(data)

    @pytest.mark.parametrize("name", ["p.gpkg", "p.shp"])
    def test_a_file_whose_rows_all_lack_geometry_is_refused(self, data, name):
        frame = table([(box(0, 0, 1, 1), {"id": 1, "surfm2": 600})])
        frame.geometry = [None]
        (data / "parkings").mkdir()
        pyogrio.write_dataframe(frame, data / "parkings" / name, geometry_type="Polygon")
        with pytest.raises(SourceError, match=rf"^parkings/{name} : couche p : aucune de ses 1 "):
            read(data)

    def test_an_unknown_file_is_reported_and_left(self, data):
        deposit(data, "parkings/p.geojson", geojson((polygon(SQUARE), {"id": 1, "surfm2": 1})))
        deposit(data, "parkings/z.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50))
        sources = read(data)
        assert len(sources.candidates) == 1
        assert "non reconnu" in remarks(sources, "parkings/z.7z")

    def test_a_file_of_another_source_is_reported_and_left(self, data):
        deposit(data, "parkings/p.geojson", geojson((polygon(SQUARE), {"id": 1, "surfm2": 1})))
        deposit(data, "parkings/icpe.csv", "codeAiot;x\n1;2\n")
        sources = read(data)
        assert "format csv sans usage ici" in remarks(sources, "parkings/icpe.csv")
        assert any("parkings/icpe.csv" in warning for warning in sources.warnings)

    def test_a_folder_of_files_of_another_source_is_refused(self, data):
        deposit(data, "osm/icpe.csv", "codeAiot;x\n1;2\n")
        with pytest.raises(SourceError, match=r"osm/ : aucun fichier lisible.*\.osm\.pbf"):
            read(data)

    def test_a_table_without_geometry_is_refused(self, data):
        frame = pd.DataFrame({"id": ["1"], "surfm2": ["1"]})
        (data / "parkings").mkdir()
        pyogrio.write_dataframe(frame, data / "parkings/p.gpkg", layer="p")
        with pytest.raises(SourceError, match=r"parkings/p\.gpkg : couche sans géométrie \(p\)"):
            read(data)

    TRUNCATED: ClassVar = {
        "a GeoJSON": ("p.geojson", 100),
        "a GeoPackage": ("p.gpkg", 5000),
        "a shapefile": ("p.shp", 50),
    }

    @pytest.mark.parametrize(("name", "lost"), TRUNCATED.values(), ids=TRUNCATED.keys())
    def test_a_truncated_file_is_refused(self, data, name, lost):
        path = save(data, f"parkings/{name}", [(box(0, 0, 40, 50), {"surfm2": 2000})])
        path.write_bytes(path.read_bytes()[:-lost])
        with pytest.raises(SourceError, match=f"parkings/{name}") as refusal:
            read(data)
        assert "\n" not in str(refusal.value)

    def test_a_shapefile_without_index_is_refused(self, data):
        path = save(data, "parkings/p.shp", [(box(0, 0, 40, 50), {"surfm2": 2000})])
        path.with_suffix(".shx").unlink()
        with pytest.raises(SourceError, match="illisible"):
            read(data)
        assert not path.with_suffix(".shx").exists()

    def test_the_hash_of_a_shapefile_covers_its_parts(self, data):
        path = save(data, "parkings/p.shp", [(box(0, 0, 40, 50), {"surfm2": 2000})])

        def digest():
            records = read(data).records
            return records.loc[records["file"] == "parkings/p.shp", "sha256"].iloc[0]

        before = digest()
        assert digest() == before
        dbf = path.with_suffix(".dbf")
        dbf.write_bytes(dbf.read_bytes().replace(b"2000", b"2001"))
        assert digest() != before

    def test_content_counts_and_not_the_extension(self, data):
        buffer = io.BytesIO()
        table([(box(0, 0, 40, 50), {"surfm2": 2000})]).to_file(buffer, driver="GPKG", layer="p")
        deposit(data, "parkings/livraison.dat", buffer.getvalue())
        assert len(read(data).candidates) == 1
