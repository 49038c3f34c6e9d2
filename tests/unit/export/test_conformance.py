"""`parzan check`: a sound product gives no finding; each damage gives the one that names it."""

import pytest
from shapely import MultiPolygon, Polygon

from pipeline.errors import PipelineError, SourceError
from pipeline.export.conformance import check_product
from tests.unit.export.hand_made import ABRITE, DOUBLE, DOUTEUX, GRAND, PETIT, at
from tests.unit.export.reading import damage


def test_a_published_file_conforms(product):
    assert check_product(product) == []


def test_checking_changes_nothing(product):
    before = product.read_bytes()
    check_product(product)
    assert product.read_bytes() == before
    assert [path.name for path in product.parent.iterdir()] == ["62999.gpkg"]


CASES = [
    pytest.param(
        f"UPDATE parcs SET surface_exclue_m2 = 1299.8 WHERE parc_id = '{GRAND}'",
        ["brute − exclue ≠ assujettie", GRAND, "12000.0 − 1299.8 ≠ 10700.0"],
        id="1: the areas of a lot do not add up",
    ),
    pytest.param(
        "UPDATE exclusions SET surface_m2 = 801 WHERE motif = 'espace_vert'",
        ["exclusions", "1300.0 m² au parc, 1301.0 m² de pièces"],
        id="1: the pieces are not the excluded area",
    ),
    pytest.param(
        "UPDATE exclusions SET deduite = 1",
        ["exclusions", "1400.0 m² de pièces"],
        id="1: a piece only flagged must not count",
    ),
    pytest.param(
        f"UPDATE parcs SET surface_assujettie_max_m2 = 10699 WHERE parc_id = '{GRAND}'",
        ["surface_assujettie_m2 hors de son intervalle", "10500 ≤ 10700 ≤ 10699"],
        id="2: the value above its maximum",
    ),
    pytest.param(
        f"UPDATE parcs SET places_min = 481 WHERE parc_id = '{GRAND}'",
        ["places hors de son intervalle"],
        id="2: spaces below their minimum",
    ),
    pytest.param(
        "DELETE FROM sols WHERE sol_id = '2021/OCS2'",
        ["sols : le millésime 2021 ne fait pas la commune", "pour une commune de 29999"],
        id="3: land is missing",
    ),
    pytest.param(
        "UPDATE sols SET surface_m2 = surface_m2 + 2 WHERE sol_id = '2024/OCS1'",
        ["sols : superficie autre que dessinée en 2024", "1 ligne(s)"],
        id="3: an area that is not drawn",
    ),
    pytest.param(
        "UPDATE sols SET geom = (SELECT geom FROM commune) WHERE sol_id = '2021/OCS2'",
        ["polygones superposés ou mal raccordés en 2021"],
        id="3: land that overlaps",
    ),
    pytest.param(
        "UPDATE sols_flux SET surface_m2 = surface_m2 - 2",
        ["sols_flux : de 2021 à 2024, le stock varie de"],
        id="4: flows are not the change of stock",
    ),
    pytest.param(
        "UPDATE sols SET origine = 'derive' WHERE origine = 'ocsge'",
        ["bilan : occupation du sol dérivée comptée (2021)"],
        id="a derived land cover is in no balance",
    ),
    pytest.param(
        "UPDATE arbres SET parc_id = '62999-99'",
        ["arbres", "parc_id inconnu", "62999-99"],
        id="5: a tree of an unknown park",
    ),
    pytest.param(
        "UPDATE perimetres_protection SET parcs_concernes = 'x;y'",
        ["perimetres_protection", "x, y"],
        id="5: a perimeter names unknown parks",
    ),
    pytest.param(
        f"UPDATE parcs SET parc_id = '{DOUBLE}' WHERE parc_id = '{GRAND}'",
        ["parcs : parc_id en double", DOUBLE],
        id="5: an identifier twice",
    ),
    pytest.param(
        "UPDATE candidats SET raison = NULL",
        ["candidats : ni parc ni raison", "osm:r9"],
        id="5: a candidate without account",
    ),
    pytest.param(
        f"UPDATE parcs SET echeance = NULL WHERE parc_id = '{GRAND}'",
        ["assujetti sans échéance", GRAND],
        id="6: subject without a due date",
    ),
    pytest.param(
        f"UPDATE parcs SET surface_assujettie_min_m2 = 1500 WHERE parc_id = '{GRAND}'",
        ["intervalle non au-dessus du seuil", "minimum 1500.0 m², seuil 1500 m²"],
        id="6: a minimum equal to a strict threshold",
    ),
    pytest.param(
        "DELETE FROM regles WHERE regle_id = 'APER40.seuil'",
        ["APER40.seuil sans valeur ni article"],
        id="6: the article is not in the rules",
    ),
    pytest.param(
        "UPDATE regles SET valeur = 'non établie' WHERE regle_id = 'APER40.seuil'",
        ["APER40.seuil sans valeur ni article"],
        id="6: the threshold was not read",
    ),
    pytest.param(
        f"UPDATE decisions SET resultat = 'inconnu' WHERE parc_id = '{DOUTEUX}' AND rang = 3",
        ["le raisonnement ne mène pas au statut", DOUTEUX, "aucune conclusion au raisonnement"],
        id="6: the reasoning does not conclude",
    ),
    pytest.param(
        f"UPDATE decisions SET resultat = 'non' WHERE parc_id = '{GRAND}' AND rang = 2",
        ["le raisonnement ne mène pas au statut", GRAND, "non_assujetti/sous_le_seuil au raison"],
        id="6: an earlier comparison concludes otherwise",
    ),
    pytest.param(
        f"UPDATE parcs SET motif_code = 'contour_inconnu' WHERE parc_id = '{DOUTEUX}'",
        ["le raisonnement ne mène pas au statut", "a_verifier/contour_inconnu au parc"],
        id="6: another reason than that of the reasoning",
    ),
    pytest.param(
        f"DELETE FROM decisions WHERE parc_id = '{ABRITE}'",
        ["decisions : aucun raisonnement", ABRITE],
        id="6: a park in scope without reasoning",
    ),
    pytest.param(
        "UPDATE derogations SET parc_id = '62999-99'",
        ["derogations : parc_id inconnu de parcs", "62999-99"],
        id="5: a plea of an unknown park",
    ),
    pytest.param(
        f"UPDATE parcs SET puissance_max_kwc = 799 WHERE parc_id = '{GRAND}'",
        ["puissance_kwc hors de son intervalle", "700 ≤ 800 ≤ 799"],
        id="2: the power above its maximum",
    ),
    pytest.param(
        f"UPDATE parcs SET production_min_kwh_an = 760001 WHERE parc_id = '{GRAND}'",
        ["production_kwh_an hors de son intervalle"],
        id="2: the energy below its minimum",
    ),
    pytest.param(
        "UPDATE exclusions SET article = 'art. 99'",
        ["exclusions : article absent de regles"],
        id="6: an exclusion under an unknown article",
    ),
    pytest.param(
        "UPDATE parcs SET geom = NULL WHERE fid = 1",
        ["parcs : géométrie absente", "fid 1"],
        id="7: a park without geometry",
    ),
    pytest.param(
        "UPDATE parcs SET geom = (SELECT geom FROM arbres LIMIT 1) WHERE fid = 2",
        ["parcs : type de géométrie autre que déclaré", "fid 2"],
        id="7: a point among the parks",
    ),
    pytest.param(
        "UPDATE gpkg_geometry_columns SET srs_id = 4326 WHERE table_name = 'parcs'",
        ["parcs : géométrie déclarée"],
        id="7: another CRS is declared",
    ),
    pytest.param(
        "UPDATE parcs SET geom = CAST(substr(geom, 1, 4) || x'E6100000' || substr(geom, 9) AS BLOB)"
        " WHERE fid = 1",
        ["parcs : en-tête de géométrie ou SRS incorrect", "fid 1"],
        id="7: another CRS in the geometry itself",
    ),
    pytest.param(
        "DELETE FROM rtree_parcs_geom WHERE id = 1",
        ["parcs : 5 géométries indexées pour 6"],
        id="basics: the spatial index misses a row",
    ),
    pytest.param("DROP TABLE regles", ["regles : table absente"], id="basics: a layer is missing"),
    pytest.param(
        "ALTER TABLE parcs RENAME COLUMN echeance TO date_limite",
        ["parcs : colonne echeance absente"],
        id="basics: a column was renamed",
    ),
    pytest.param(
        "UPDATE parcs SET statut = 'peut-être' WHERE fid = 1",
        ["statut = 'peut-être' hors de la liste"],
        id="basics: a value outside its list",
    ),
    pytest.param("PRAGMA application_id = 0", ["application_id"], id="basics: not marked GPKG"),
    pytest.param("PRAGMA user_version = 10400", ["10400"], id="basics: another version"),
    pytest.param("PRAGMA journal_mode = WAL", ["journal WAL"], id="basics: left in WAL mode"),
    pytest.param(
        "UPDATE qgis_projects SET content = 'zz'",
        ["projet parzan illisible"],
        id="basics: the project cannot be read",
    ),
    pytest.param(
        "UPDATE layer_styles SET useAsDefault = 0 WHERE f_table_name = 'parcs'",
        ["parcs n'a pas un style par défaut"],
        id="basics: no default style",
    ),
    pytest.param(
        "UPDATE sources SET sha256 = NULL WHERE dossier = 'osm'",
        ["sources : sha256 manquant", "osm/ville.osm"],
        id="provenance: a source that was used, without its fingerprint",
    ),
    pytest.param(
        "UPDATE sources SET sha256 = '', etat = 'partielle' WHERE dossier = 'bdtopo'",
        ["sources : sha256 manquant", "bdtopo/bdtopo.gpkg"],
        id="provenance: a source used in part, without its fingerprint",
    ),
    *(
        pytest.param(
            f"UPDATE parcs SET {name} = NULL WHERE parc_id = '{GRAND}'",
            [f"parcs : {name} manquant", GRAND],
            id=f"verdict: no {name}",
        )
        for name in ("statut", "motif", "motif_code", "regles_au")
    ),
    pytest.param(
        f"UPDATE parcs SET surface_brute_m2 = 2500.2 WHERE parc_id = '{DOUBLE}'",
        ["surface_brute_m2 n'est pas celle du contour", "2500.2 m² écrits, 2500.0 m² dessinés"],
        id="outline: another area than the one that is written",
    ),
    pytest.param(
        "UPDATE sources SET etat = 'absente'",
        ["aucune source utilisée"],
        id="provenance: no source at all",
    ),
]


@pytest.mark.parametrize(("statement", "words"), CASES)
def test_a_damage_is_named(product, statement, words):
    damage(product, statement)
    found = check_product(product)
    assert any(all(word in finding for word in words) for finding in found), found


def test_within_a_tenth_of_a_square_metre_is_no_finding(product):
    damage(
        product,
        "UPDATE exclusions SET surface_m2 = 800.09 WHERE motif = 'espace_vert'",
        f"UPDATE parcs SET surface_exclue_m2 = 1300.05 WHERE parc_id = '{GRAND}'",
    )
    assert check_product(product) == []


def drawn(shape):
    """Return the statement that gives the small park another outline, and its area."""
    header = b"GP\0\1" + (2154).to_bytes(4, "little")
    blob = header + MultiPolygon([shape]).wkb
    areas = "surface_brute_m2 = {0}, surface_exclue_m2 = 0, surface_assujettie_m2 = {0}"
    bounds = "surface_assujettie_min_m2 = {0}, surface_assujettie_max_m2 = {0}"
    setting = f"{areas}, {bounds}".format(shape.area)
    return f"UPDATE parcs SET geom = x'{blob.hex()}', {setting} WHERE parc_id = '{PETIT}'"


def test_parks_that_overlap_are_named_together(product):
    # The large park spans 200 to 320 m in x: 1 m of it, 30 m long, is taken.
    damage(product, drawn(at(319, 200, 30, 30)))
    words = ["parcs superposés", f"{GRAND} et {PETIT}", "30.0 m² en commun"]
    assert any(all(word in item for word in words) for item in check_product(product))


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(320, id="a common side"),
        pytest.param(319.997, id="a common strip of 0.09 m²"),
    ],
)
def test_parks_side_by_side_do_not_overlap(product, x):
    damage(product, drawn(at(x, 200, 30, 30)))
    assert check_product(product) == []


def test_an_invalid_polygon_is_named_with_its_reason(product):
    bow_tie = MultiPolygon([Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])])
    header = b"GP\0\1" + (2154).to_bytes(4, "little")
    blob = header + bow_tie.wkb
    damage(product, f"UPDATE parcs SET geom = x'{blob.hex()}' WHERE fid = 3")
    words = ["parcs : géométrie invalide", "fid 3", "Self-intersection"]
    assert any(all(word in item for word in words) for item in check_product(product))


def test_a_renamed_file_is_told_to_take_its_name_back(product):
    renamed = product.rename(product.with_name("copie.gpkg"))
    assert any("rendre son nom" in finding for finding in check_product(renamed))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "illisible", id="no such file"),
        pytest.param(b"", "n'est pas un GeoPackage", id="an empty file"),
        pytest.param(b"<html>404</html>", "n'est pas un GeoPackage", id="a web page"),
    ],
)
def test_what_is_no_geopackage_is_an_error(tmp_path, content, words):
    path = tmp_path / "x.gpkg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=words):
        check_product(path)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_truncated_file_never_passes(product, kept):
    whole = product.read_bytes()
    product.write_bytes(whole[: int(len(whole) * kept)])
    try:
        found = check_product(product)
    except PipelineError as error:
        found = [str(error)]
    assert found


def test_the_review_file_is_not_a_product(published):
    found = check_product(published.with_name("62999_revue.gpkg"))
    assert "parcs : table absente" in found
