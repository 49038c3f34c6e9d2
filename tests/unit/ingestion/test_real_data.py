"""Real deliveries beside the checkout: counts and areas that a person can check."""

import shutil

import pytest

from tests.unit.ingestion.deposits import deposit, geojson, read

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def redon(shared_data):
    return read(shared_data / "redon_35236", "35236")


def test_redon_accounts_for_31_osm_areas_of_which_5_are_incomplete(redon):
    osm = redon.candidates[redon.candidates["candidate_id"].str.match(r"osm/(way|relation)/")]
    assert len(osm) == 31
    incomplete = osm[osm.geometry.geom_type == "MultiPoint"]
    assert sorted(incomplete["source_id"]) == [
        "relation/7409403", "way/687167452", "way/703852311", "way/704034308", "way/704121655",
    ]  # fmt: skip
    assert incomplete["defect"].str.startswith("geometrie_incomplete").all()
    worst = incomplete.set_index("source_id").loc["way/687167452", "defect"]
    assert "26 nœuds sur 31 absents" in worst


def test_redon_areas_are_those_of_the_maps(redon):
    by_id = redon.candidates.set_index("source_id").geometry.area.round()
    three = by_id[["way/509038543", "way/509038544", "way/509038545"]]
    assert three.tolist() == [501, 748, 369]
    bdtopo = redon.candidates[redon.candidates["source"] == "bdtopo"]
    assert bdtopo["role"].value_counts().to_dict() == {"outline": 9, "point_object": 6}
    named = bdtopo.set_index("name").geometry.area.round()
    assert named["Parking Noémie Dondel du Faouëdic"] == 1673
    assert named["Parking de la Grue"] == 1588


def test_redon_roads_of_bd_topo_have_no_class(redon):
    classes = redon.roads.groupby("source")["road_class"].unique()
    assert list(classes["bdtopo"]) == ["unknown"]
    states = redon.records.set_index("file")["state"]
    assert states["bdtopo/TRONCON_DE_ROUTE.shp"] == "partielle"
    assert len([file for file in states.index if str(file).startswith("bdtopo/")]) == 13


FORMATS = {"the PBF alone": ".osm.pbf", "the XML alone": ".osm.gz"}


@pytest.mark.parametrize("ending", FORMATS.values(), ids=FORMATS.keys())
def test_le_mans_is_the_same_from_one_file_or_from_both(shared_data, tmp_path, ending):
    source = shared_data / "le_mans_72181"
    both = read(source, "72181")
    shutil.copytree(source, tmp_path / "d", ignore=lambda _, names: [
        name for name in names if name.startswith("lemans_map") and not name.endswith(ending)
    ])  # fmt: skip
    one = read(tmp_path / "d", "72181")
    assert len(both.candidates) == 22
    for name in ("candidates", "roads", "fences", "buildings", "carports", "trees", "bays"):
        mine, theirs = getattr(both, name), getattr(one, name)
        assert mine.drop(columns="geometry").equals(theirs.drop(columns="geometry")), name
        assert mine.geometry.to_wkb().equals(theirs.geometry.to_wkb()), name
    assert both.masks.equals(one.masks)


def test_gueret_has_the_68_parks_of_the_national_layer(shared_data):
    sources = read(shared_data / "gueret_23096", "23096")
    areas = sources.candidates.geometry.area
    assert (len(areas), (areas > 1500).sum(), (areas > 10_000).sum()) == (68, 25, 1)
    assert sorted(sources.perimeters["kind"]) == ["abords_500m", "abords_incertains"]
    assert sources.perimeters["name"].tolist()[0].startswith(("Ancien château", "Théâtre"))


def test_bondy_is_read_whatever_its_columns_are_called(shared_data):
    sources = read(shared_data / "bondy_93010", "93010")
    assert len(sources.parcels) == 7124
    assert len(sources.trees) == 594  # 596 surveyed, two pairs at one place
    assert (sources.communes["insee_code"] == "93010").sum() == 1
    bondy = sources.communes.set_index("insee_code").loc["93010"].geometry
    assert sources.installations.geometry.within(bondy).sum() == 3


def test_villepinte_has_two_storeyed_parks_and_a_roofed_one(shared_data):
    parks = read(shared_data / "bondy_93010", "93078").candidates
    assert sorted(parks["parking_type"]) == ["aerien_bati", "aerien_bati", "couvert"]


def test_edigeo_sheets_give_parcels_buildings_and_hints(shared_data, tmp_path):
    sheets = shared_data / "cadastre" / "edigeo"
    from pyproj import Transformer

    to_l93 = Transformer.from_crs("EPSG:4326", "EPSG:2154", always_xy=True)
    x, y = to_l93.transform(5.13, 43.57)
    ring = [[x + dx, y + dy] for dx, dy in ((-9e3, -9e3), (9e3, -9e3), (9e3, 9e3), (-9e3, -9e3))]
    limits = {"type": "Polygon", "coordinates": [[*ring[:-1], [x - 9e3, y + 9e3], ring[0]]]}
    deposit(tmp_path, "communes/c.geojson", geojson((limits, {"code": "13029", "nom": "C"})))
    name = "edigeo-130290000A01.tar.bz2"
    deposit(tmp_path, f"cadastre/{name}", (sheets / name).read_bytes())
    sources = read(tmp_path, "13029")
    assert (len(sources.parcels), len(sources.buildings), len(sources.hints)) == (389, 239, 10)
    assert sources.parcels["idu"].str.startswith("13029").all()


def test_corsica_never_takes_a_drawing_mode_for_a_delimited_perimeter(shared_data, tmp_path):
    shutil.copytree(shared_data / "servitudes_corse_2A", tmp_path / "servitudes")
    limits = {
        "type": "Polygon",
        "coordinates": [[[8.5, 41.3], [9.5, 41.3], [9.5, 42.4], [8.5, 42.4], [8.5, 41.3]]],
    }
    text = geojson((limits, {"code": "2A041", "nom": "Bonifacio"}), crs=None)
    deposit(tmp_path, "communes/c.geojson", text)
    kinds = read(tmp_path, "2A041").perimeters["kind"].value_counts().to_dict()
    assert kinds == {"mh_terrain": 104, "abords_incertains": 104, "abords_500m": 102}


def test_guadeloupe_leaves_its_wrong_points_out(shared_data, tmp_path):
    shutil.copytree(shared_data / "icpe_formats" / "guadeloupe_s3ic", tmp_path / "icpe")
    limits = {
        "type": "Polygon",
        "coordinates": [[[-61.9, 15.8], [-61, 15.8], [-61, 16.6], [-61.9, 16.6], [-61.9, 15.8]]],
    }
    text = geojson((limits, {"code": "97103", "nom": "Baie-Mahault"}), crs=None)
    deposit(tmp_path, "communes/c.geojson", text)
    sources = read(tmp_path, "97103")
    record = sources.records.set_index("file").loc["icpe/guadeloupe.shp"]
    assert "objets hors du territoire écartés" in record["remarks"]
    assert sources.installations.crs.to_epsg() == 5490
    assert sources.installations["is_precise"].nunique() == 2


def test_merimee_circles_redon(shared_data, tmp_path):
    shutil.copytree(shared_data / "monuments", tmp_path / "monuments")
    shutil.copytree(shared_data / "redon_35236" / "communes", tmp_path / "communes")
    circles = read(tmp_path, "35236").perimeters
    redon = {f"monuments/PA000906{number}" for number in (64, 65, 66, 67, 68, 69)}
    assert redon <= set(circles["perimeter_id"])
    assert set(circles["kind"]) == {"abords_500m"}


def test_domene_has_the_25_regulatory_zones_of_its_plan_and_nothing_else(shared_data, tmp_path):
    """The plan also draws 10 land sectors and one perimeter; its zones cover that perimeter."""
    name = "pprt_69dreal20090005.gpkg"
    deposit(tmp_path, f"servitudes/{name}", (shared_data / "pprt" / name).read_bytes())
    ring = [[921_000, 6_459_000], [923_000, 6_459_000], [923_000, 6_461_000], [921_000, 6_461_000]]
    limits = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    deposit(tmp_path, "communes/c.geojson", geojson((limits, {"code": "38150", "nom": "Domène"})))
    sources = read(tmp_path, "38150")
    zones = sources.perimeters
    assert len(zones) == 25
    assert set(zones["kind"]) == {"risque_technologique"}
    assert zones["perimeter_id"].str.startswith("servitudes/69DREAL20090005/").all()
    assert zones["name"].str.contains("interdiction stricte").sum() == 7
    assert zones.geometry.area.sum() == pytest.approx(414_234, abs=1)
    told = sources.records.set_index("file").loc[f"servitudes/{name}", "remarks"]
    assert told.count("plan de prévention, laissée") == 2
