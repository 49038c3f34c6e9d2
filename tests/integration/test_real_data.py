"""parzan on real French data: counts and areas that a person can check in the sources."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from pipeline.cli import app
from tests.tables import ASSUMPTIONS

pytestmark = pytest.mark.shared_data
runner = CliRunner()
ON = "2026-11-22"


def run(shared_data, out, folder, insee, *options):
    arguments = ["run", insee, "--data", str(shared_data / folder), "--out", str(out), "--on", ON]
    result = runner.invoke(app, [*arguments, "--json", *options])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)[0]


def layer(document, name):
    table = pyogrio.read_dataframe(document["fichier"], layer=name)
    return gpd.GeoDataFrame(table) if "geometry" in table else pd.DataFrame(table)


@pytest.fixture(scope="module")
def redon(shared_data, tmp_path_factory):
    return run(shared_data, tmp_path_factory.mktemp("redon"), "redon_35236", "35236")


@pytest.fixture(scope="module")
def gueret(shared_data, tmp_path_factory):
    return run(shared_data, tmp_path_factory.mktemp("gueret"), "gueret_23096", "23096")


@pytest.fixture(scope="module")
def bondy(shared_data, tmp_path_factory):
    # the folder is Bondy's; the car parks of its extract lie in Villepinte (93078)
    return run(shared_data, tmp_path_factory.mktemp("bondy"), "bondy_93010", "93078")


@pytest.fixture(scope="module")
def le_mans(shared_data, tmp_path_factory):
    return run(shared_data, tmp_path_factory.mktemp("mans"), "le_mans_72181", "72181")


class TestRedon:
    def test_missing_sources_are_reported(self, redon):
        assert {"cadastre", "icpe"} <= set(redon["sources"]["absente"])
        assert {"osm", "bdtopo"} <= {*redon["sources"]["utilisee"], *redon["sources"]["partielle"]}

    def test_every_candidate_is_accounted_for(self, redon):
        found = layer(redon, "candidats")
        osm, topo = found[found["source"] == "osm"], found[found["source"] == "bdtopo"]
        incomplete = osm["raison"].str.contains("geometrie_incomplete")
        # PROVENANCE: 31 parking areas of which 5 lack nodes; 15 BD TOPO parkings, 9 above 30 m²
        assert (len(osm), incomplete.sum()) == (31, 5)
        assert osm.loc[incomplete, "surface_m2"].isna().all()
        assert osm.loc[~incomplete, "surface_m2"].notna().all()
        assert (len(topo), (topo["surface_m2"] > 30).sum()) == (15, 9)
        assert found["raison"].str.len().gt(5).all()

    def test_bdtopo_squares_are_not_parks(self, redon):
        found = layer(redon, "candidats")
        squares = found[(found["source"] == "bdtopo") & (found["surface_m2"] < 30)]
        assert len(squares) == 6
        drawn_from = ";".join(layer(redon, "parcs")["source_ids"])
        assert not any(name in drawn_from for name in squares["candidat_id"])

    def test_bdtopo_parkings_inside_the_extract_are_matched_with_osm(self, redon):
        lots = layer(redon, "parcs").to_crs(4326)
        extract = shapely.box(-2.0937, 47.6463, -2.0798, 47.6530)
        inside = lots[lots["sources"].str.contains("bdtopo") & lots.within(extract)]
        assert len(inside) == 7  # the other two large ones lie 2 km north of the extract
        assert inside["sources"].str.contains("osm").all()

    def test_no_ground_counts_twice(self, redon):
        shapes = layer(redon, "parcs").geometry.to_numpy()
        together = shapely.union_all(shapes).area
        assert together == pytest.approx(shapely.area(shapes).sum(), abs=0.1)

    def test_noemie_dondel_is_one_lot_of_three_pieces(self, redon):
        lots = layer(redon, "parcs").set_index("nom")
        lot = lots.loc["Parking Noémie Dondel du Faouëdic"]
        assert lot["pieces_nb"] == 3
        assert set(lot["sources"].split(";")) == {"osm", "bdtopo"}
        ways = {f"osm/way/{number}" for number in (509038543, 509038544, 509038545)}
        assert ways <= set(lot["source_ids"].split(";"))
        # 501, 748 and 369 m² on the grid; the largest on the ground is within 0.3 %
        assert lot["surface_plus_grande_piece_m2"] == pytest.approx(748, rel=0.003)
        assert lot["surface_brute_m2"] > 501 + 748 + 369

    def test_la_grue_is_to_be_checked_and_says_both_figures(self, redon):
        lot = layer(redon, "parcs").set_index("nom").loc["Parking de la Grue"]
        assert lot["statut"] == "a_verifier"
        assert lot["motif_code"] == "sources_divergentes"
        said = lot["motif"].replace("\u202f", "").replace("\u00a0", "")
        # 1 588 and 1 455 m² on the grid; the ground is 0.19 % larger there
        assert "BD TOPO 1591" in said
        assert "OSM 1457" in said or "OSM 1458" in said
        assert lot["surface_assujettie_min_m2"] < 1500 < lot["surface_assujettie_max_m2"]

    def test_islands_drawn_as_holes_stay_out(self, redon):
        lots = layer(redon, "parcs")
        lot = lots[lots["source_ids"].str.contains("osm/relation/7409366")].geometry.item()
        assert shapely.get_num_interior_rings(shapely.get_parts(lot)).sum() > 0

    def test_roads_without_class_cut_nothing(self, redon):
        found = layer(redon, "exclusions")
        roads = found[found["motif"] == "voie_publique"]
        assert not roads["source"].eq("bdtopo").any()
        crossed = layer(redon, "parcs")["fiabilite_raisons"].str.contains("voie sans classe")
        assert crossed.any()


def test_le_mans_reads_the_same_in_both_formats(shared_data, tmp_path, le_mans):
    both = layer(le_mans, "parcs")
    for name in ("lemans_map.osm.pbf", "lemans_map.osm.gz"):
        data = tmp_path / name
        (data / "osm").mkdir(parents=True)
        source = shared_data / "le_mans_72181"
        (data / "osm" / name).symlink_to(source / "osm" / name)
        (data / "communes").symlink_to(source / "communes")
        document = run(tmp_path, tmp_path / "out" / name, name, "72181")
        alone = layer(document, "parcs")
        assert alone["parc_id"].tolist() == both["parc_id"].tolist()
        assert np.allclose(alone["surface_brute_m2"], both["surface_brute_m2"], atol=1e-6)
        assert alone["statut"].tolist() == both["statut"].tolist()


class TestGueret:
    def test_counts_and_areas_of_the_national_layer(self, gueret, shared_data):
        lots = layer(gueret, "parcs")
        official = gpd.read_file(
            shared_data / "gueret_23096" / "parkings" / "parkings_sup500m2.geojson"
        )
        planar = lots.geometry.area
        assert (len(lots), (planar > 1500).sum(), (planar > 10000).sum()) == (68, 25, 1)
        surfm2 = dict(zip(official["id"].astype(str), official["surfm2"], strict=True))
        of_lot = lots["source_ids"].str.rsplit("/").str[-1].map(surfm2).astype(float)
        # surfm2 is a whole number: half a square metre more is its rounding
        assert ((planar - of_lot).abs() <= 0.001 * of_lot + 0.5).all()

    def test_the_ground_is_larger_than_the_grid(self, gueret):
        lots = layer(gueret, "parcs")
        ratio = lots["surface_brute_m2"] / lots.geometry.area
        assert ratio.between(1.0018, 1.0020).all()  # PROVENANCE: 0.19 % larger there

    def test_the_500_m_circle_exempts_nobody(self, gueret):
        lots = layer(gueret, "parcs")
        assert "exonere" not in set(lots["statut"])
        inside = lots["derogations_possibles"].fillna("").str.contains("abords_500m_covisibilite")
        assert inside.any()
        assert inside.equals(inside & lots["statut"].isin(["assujetti", "a_verifier"]))

    def test_subject_parks_that_touch_are_neighbours_of_each_other(self, gueret):
        lots = layer(gueret, "parcs").set_index("parc_id")
        pooled = lots[lots["parcs_voisins"].notna()]
        assert set(pooled["statut"]) <= {"assujetti", "a_verifier"}
        for lot_id, others in pooled["parcs_voisins"].str.split(";").items():
            assert all(lot_id in pooled.loc[other, "parcs_voisins"] for other in others)
            assert all(
                lots.geometry[lot_id].distance(lots.geometry[other]) <= 2 for other in others
            )
        assert len(pooled) >= 2


class TestBondy:
    def test_projected_coordinates_in_columns_called_lat_and_lon(self, shared_data, tmp_path):
        document = run(shared_data, tmp_path, "bondy_93010", "93010")
        commune = layer(document, "commune").geometry.item()
        found = layer(document, "icpe").set_index("code_aiot")
        installations = next((shared_data / "bondy_93010" / "icpe").glob("*.csv"))
        listed = pd.read_csv(installations, dtype=str).set_index("s3ic_id")
        ours = listed[(listed["code_insee"] == "93010") & listed["lat"].notna()].index
        assert len(ours) == 3  # PROVENANCE: three installations in Bondy
        assert found.loc[ours].geometry.intersects(commune).all()

    def test_no_park_of_its_osm_extract_lies_in_bondy(self, shared_data, tmp_path):
        # the three of the extract are in Villepinte (93078), 5 km away
        document = run(shared_data, tmp_path, "bondy_93010", "93010")
        assert len(layer(document, "parcs")) == 0

    def test_multi_storey_parks_are_out_of_scope(self, shared_data, tmp_path):
        document = run(shared_data, tmp_path, "bondy_93010", "93078")
        lots = layer(document, "parcs")
        assert sorted(lots["type_parc"]) == ["aerien_bati", "aerien_bati", "couvert"]
        assert set(lots["statut"]) == {"hors_champ"}
        assert lots["surface_assujettie_m2"].isna().all()


@pytest.mark.parametrize("commune", ["redon", "gueret", "le_mans", "bondy"])
def test_at_most_a_quarter_of_the_large_parks_is_to_be_checked(commune, request):
    lots = layer(request.getfixturevalue(commune), "parcs")
    large = lots[(lots["surface_brute_m2"] > 1000) & (lots["statut"] != "hors_champ")]
    doubtful = large[large["statut"] == "a_verifier"]
    assert len(doubtful) <= len(large) / 4
    assert doubtful["question_a_lever"].str.len().gt(10).all()
    assert doubtful["moyen_verification"].str.len().gt(10).all()


@pytest.mark.parametrize("commune", ["redon", "gueret", "le_mans", "bondy"])
def test_products_conform(commune, request):
    result = runner.invoke(app, ["check", request.getfixturevalue(commune)["fichier"]])
    assert result.exit_code == 0, result.stdout


def test_the_area_of_a_space_is_the_median_of_real_parks(redon, le_mans):
    """Parks of one piece whose capacity OpenStreetMap tells, read back from the products."""
    lots = pd.concat([layer(redon, "parcs"), layer(le_mans, "parcs")])
    drawn = pd.concat([layer(redon, "candidats"), layer(le_mans, "candidats")])
    outlines = drawn[(drawn["source"] == "osm") & drawn["surface_m2"].notna()]
    told = lots[lots["places_source"].isin(["declarees", "comptees"]) & (lots["pieces_nb"] == 1)]
    area = outlines.groupby("parc_id")["surface_m2"].sum()
    per_space = told["parc_id"].map(area) / told["places"]
    small = told["surface_brute_m2"] <= 1500
    sizes = ASSUMPTIONS.spaces.sizes
    assert (small.sum(), (~small).sum()) >= (10, 3)
    for of_size, size in ((small, sizes[0]), (~small, sizes[1])):
        # a few parks less (joined, or of several pieces) move a median by a tenth at most
        usual = size.area_per_space_m2.value
        assert per_space[of_size].median() == pytest.approx(usual, rel=0.1)


def test_two_runs_give_the_same_bytes(shared_data, tmp_path, redon):
    again = run(shared_data, tmp_path, "redon_35236", "35236")
    assert Path(again["fichier"]).read_bytes() == Path(redon["fichier"]).read_bytes()
