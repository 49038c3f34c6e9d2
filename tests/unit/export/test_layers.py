"""The delivered layers: names and types of the contract, values of the tables, nothing invented."""

import pyogrio
import pytest

from pipeline import schemas
from pipeline.assumption_groups import Motif, Source
from pipeline.export.columns import COLUMNS
from pipeline.export.domains import (
    DOMAINS,
)
from pipeline.export.layers import LAYERS
from pipeline.export.publish import publish
from pipeline.legal_values import ProtectionKind
from tests.unit.export.hand_made import (
    ABRITE,
    CLEANED,
    DOUBLE,
    DOUTEUX,
    ENTERRE,
    GRAND,
    PETIT,
    candidates,
    lots,
    make_product,
    surfaces,
)
from tests.unit.export.reading import park, query, types_of

# Copied by hand from the contract, section 4.
PARCS = """parc_id commune_insee commune_nom epci_nom nom adresse type_parc acces gestionnaire
proprietaire_nom siren debiteur_qualite parcelles_idu part_non_cadastree surface_brute_m2
surface_exclue_m2 surface_assujettie_m2 surface_assujettie_min_m2 surface_assujettie_max_m2
surface_eaux_pluviales_m2 surface_ombrage_m2 pieces_nb surface_plus_grande_piece_m2 places
places_min places_max places_source ombrage_arbore_part ombrage_arbore_min ombrage_arbore_max
ombrage_exterieur_part ombrage_methode arbres_nb arbres_requis_nb arbres_repartis
ombrieres_existantes_m2 regime regime_presume statut motif motif_code question_a_lever
moyen_verification echeance echeance_reportee echeance_situation sanction_plafond_eur_an
surface_a_couvrir_m2 surface_ombrieres_min_mixte_m2 derogations_possibles puissance_kwc
production_kwh_an priorite_instruction fiabilite fiabilite_raisons sources source_ids regles_au
statut_calcule statut_revu source_statut"""
ADDED = """situation_parc articles report_etat report_conditions eaux_pluviales_a_traiter_m2
ombrage_a_assurer_m2 puissance_min_kwc puissance_max_kwc production_min_kwh_an
production_max_kwh_an rendement_source groupe_proprietaire part_proprietaire groupe_voisinage
parcs_voisins depuis_au_plus_tard poids_lourds"""
DECISIONS = """parc_id etape article valeur comparaison seuil resultat rang loi question regle_id
unite si_oui si_non"""
PLEAS = "parc_id code libelle article part certitude fondement fin a_confirmer"
EXCLUSIONS = "parc_id motif article surface_m2 deduite source source_id certitude"
TYPES = {
    "parc_id": "TEXT",
    "places": "INTEGER",
    "priorite_instruction": "INTEGER",
    "surface_brute_m2": "REAL",
    "part_non_cadastree": "REAL",
    "regime_presume": "BOOLEAN",
    "arbres_repartis": "BOOLEAN",
    "echeance": "DATE",
    "echeance_reportee": "DATE",
    "regles_au": "DATE",
    "puissance_kwc": "REAL",
    "siren": "TEXT",
    "depuis_au_plus_tard": "DATE",
    "poids_lourds": "BOOLEAN",
    "surface_ombrieres_min_mixte_m2": "REAL",
}


def test_layers_are_those_fed_by_this_version(published):
    expected = {
        *("commune", "parcs", "candidats", "exclusions", "canopee", "arbres", "ombrieres"),
        *("icpe", "icpe_tampon"),
        *("perimetres_protection", "parcelles", "decisions", "derogations", "sources"),
        *("licences", "regles", "layer_styles"),
        *("sols", "sols_flux", "sols_ecarts", "sols_matrice", "sols_variantes", "sols_codes"),
        *("bilan", "friches", "corrections_rejouees", "conflits", "parcs_filiation", "journal"),
        *("empreintes", "parcs_connus"),
    }
    present = {row["table_name"] for row in query(published, "SELECT * FROM gpkg_contents")}
    assert present == expected
    assert query(published, "SELECT name FROM qgis_projects")[0]["name"] == "parzan"


def test_parks_have_every_column_of_the_contract(published):
    assert {*PARCS.split(), *ADDED.split()} <= set(types_of(published, "parcs"))
    assert set(DECISIONS.split()) <= set(types_of(published, "decisions"))
    assert set(PLEAS.split()) <= set(types_of(published, "derogations"))
    assert set(EXCLUSIONS.split()) <= set(types_of(published, "exclusions"))


@pytest.mark.parametrize(("column", "sql_type"), TYPES.items())
def test_columns_are_typed_even_when_never_measured(published, column, sql_type):
    assert types_of(published, "parcs")[column] == sql_type


@pytest.mark.parametrize(
    ("layer", "geometry"),
    [
        ("commune", "MULTIPOLYGON"),
        ("parcs", "MULTIPOLYGON"),
        ("candidats", "MULTIPOLYGON"),
        ("canopee", "MULTIPOLYGON"),
        ("arbres", "POINT"),
        ("ombrieres", "MULTIPOLYGON"),
        ("icpe", "GEOMETRY"),
        ("parcelles", "MULTIPOLYGON"),
    ],
)
def test_geometry_column_is_geom_of_the_declared_type(published, layer, geometry):
    row = query(published, "SELECT * FROM gpkg_geometry_columns WHERE table_name = ?", layer)[0]
    declared = (row["column_name"], row["geometry_type_name"], row["srs_id"])
    assert declared == ("geom", geometry, 2154)


def test_a_park_carries_what_was_measured_and_what_the_law_says(published):
    row = park(published, GRAND)
    assert row["commune_nom"] == "Démo-sur-Lys"
    assert row["surface_brute_m2"] == 12_000
    assert row["surface_exclue_m2"] == 1_300
    assert row["surface_assujettie_m2"] == 10_700
    assert (row["places"], row["places_min"], row["places_max"]) == (480, 400, 600)
    assert (row["statut"], row["statut_calcule"]) == ("assujetti", "assujetti")
    assert (row["statut_revu"], row["source_statut"]) == (None, "calcul")
    assert row["echeance"] == "2026-07-01"
    assert row["regles_au"] == "2026-07-01"
    assert (row["regime_presume"], row["arbres_repartis"], row["arbres_nb"]) == (1, 0, 1)
    assert (row["ombrieres_existantes_m2"], row["toitures_a_verifier_m2"]) == (600, 200)


@pytest.mark.parametrize(
    ("lot_id", "status"),
    [
        (GRAND, "assujetti"),
        (DOUTEUX, "a_verifier"),
        (ABRITE, "exonere"),
        (PETIT, "non_assujetti"),
        (ENTERRE, "hors_champ"),
        (DOUBLE, "assujetti"),
    ],
)
def test_no_park_vanishes(published, lot_id, status):
    assert park(published, lot_id)["statut"] == status


@pytest.mark.parametrize("column", ["adresse", "statut_revu"])
def test_what_is_not_measured_is_null(published, column):
    assert query(published, f"SELECT count({column}) AS n FROM parcs")[0]["n"] == 0


@pytest.mark.parametrize(
    "column",
    [
        *("puissance_kwc", "production_kwh_an", "siren", "part_proprietaire", "groupe_voisinage"),
        *("echeance_reportee", "surface_ombrieres_min_mixte_m2", "priorite_instruction"),
        *("eaux_pluviales_a_traiter_m2", "ombrage_a_assurer_m2", "depuis_au_plus_tard"),
        *("ombrieres_existantes_m2", "toitures_a_verifier_m2", "equipement"),
    ],
)
def test_what_is_unknown_of_a_park_is_null_there(published, column):
    assert park(published, PETIT)[column] is None


def test_shade_is_null_where_no_tree_is_mapped(published):
    row = park(published, PETIT)
    assert (row["ombrage_arbore_part"], row["arbres_nb"], row["arbres_repartis"]) == (None,) * 3


def test_hostile_text_arrives_whole_but_for_control_characters(published):
    assert park(published, DOUBLE)["nom"] == CLEANED


def test_a_candidate_without_geometry_keeps_its_row_without_area(published):
    row = query(published, "SELECT * FROM candidats WHERE candidat_id = 'osm:r9'")[0]
    assert (row["geom"], row["surface_m2"], row["parc_id"]) == (None, None, None)
    assert row["raison"] == "Géométrie incomplète."


def test_candidate_area_is_measured_on_the_ground(tmp_path):
    rows = candidates()
    moved = rows.set_geometry(rows.geometry.translate(0, 122_250))
    path = publish(make_product(candidates=moved), tmp_path)
    row = query(path, "SELECT * FROM candidats WHERE candidat_id = 'osm:way/1'")[0]
    # 12 000 planar m² at 50.1° N, where Lambert-93 swells areas by 0.2 to 0.4 %.
    assert 12_000 / 1.004 < row["surface_m2"] < 12_000 / 1.002


@pytest.mark.parametrize(
    ("candidate", "link"),
    [
        pytest.param(
            "osm:way/1", "https://www.openstreetmap.org/way/1", id="a way written in full"
        ),
        pytest.param(
            "osm:r9", "https://www.openstreetmap.org/relation/9", id="a relation in short"
        ),
        pytest.param("bdtopo:B1", None, id="another source has no page"),
    ],
)
def test_link_to_the_object(published, candidate, link):
    row = query(published, "SELECT lien FROM candidats WHERE candidat_id = ?", candidate)[0]
    assert row["lien"] == link


def test_the_ledger_names_article_and_certainty(published):
    rows = query(published, "SELECT * FROM exclusions ORDER BY surface_m2")
    assert [(r["motif"], r["deduite"], r["certitude"]) for r in rows] == [
        ("stockage", 0, "a_verifier"),
        ("icpe_10m", 1, "a_verifier"),
        ("espace_vert", 1, "certaine"),
    ]
    assert rows[2]["article"] == "décret n° 2024-1023, art. 1er, III, 1°"


def test_unknown_spaces_are_null(tmp_path):
    unknown = lots()
    mask = unknown["lot_id"] == ENTERRE
    unknown.loc[mask, ["spaces", "spaces_min", "spaces_max"]] = float("nan")
    unknown.loc[mask, "spaces_source"] = None
    path = publish(make_product(lots=unknown), tmp_path)
    columns = ("places", "places_min", "places_max", "places_source")
    assert [park(path, ENTERRE)[name] for name in columns] == [None] * 4
    assert [park(path, GRAND)[name] for name in columns] == [480, 400, 600, "estimees"]


def test_spaces_unknown_in_every_park_are_null(tmp_path):
    unknown = lots().assign(spaces=float("nan"), spaces_min=float("nan"), spaces_max=float("nan"))
    unknown["spaces_source"] = None
    path = publish(make_product(lots=unknown), tmp_path)
    for name in ("places", "places_min", "places_max", "places_source"):
        assert query(path, f"SELECT count({name}) AS n FROM parcs")[0]["n"] == 0
    assert types_of(path, "parcs")["places"] == "INTEGER"


def test_areas_have_two_decimals_and_the_share_off_the_cadastre_four(tmp_path):
    measured = surfaces().assign(rainwater_area_m2=1_234.56789)
    shares = lots().assign(outside_parcels_share=0.123456)
    row = park(publish(make_product(surfaces=measured, lots=shares), tmp_path), GRAND)
    assert row["surface_eaux_pluviales_m2"] == 1_234.57
    assert row["part_non_cadastree"] == 0.1235


def test_rounding_takes_no_minimum_back_to_the_threshold(tmp_path):
    measured = surfaces()
    measured.loc[measured["lot_id"] == GRAND, "eligible_min_m2"] = 1_500.004
    row = park(publish(make_product(surfaces=measured), tmp_path), GRAND)
    assert row["surface_assujettie_min_m2"] == 1_500.004


def test_a_tree_says_whether_it_stands_in_the_park_and_is_wide(published):
    rows = query(published, "SELECT * FROM arbres ORDER BY arbre_id")
    assert [(r["arbre_id"], r["hors_parc"], r["canopee_large"], r["compte"]) for r in rows] == [
        ("T1", 0, None, 1),
        ("T2", 1, 1, 1),
    ]


def test_crowns_and_roofs_over_a_park(published):
    crowns = query(published, "SELECT * FROM canopee ORDER BY arbre_id")
    assert [(r["arbre_id"], r["hors_parc"], r["surface_m2"]) for r in crowns] == [
        ("T1", 0, 100), ("T2", 1, 100),
    ]  # fmt: skip
    roofs = query(published, "SELECT * FROM ombrieres ORDER BY ombriere_id")
    assert [(r["nature"], r["certitude"], r["surface_m2"]) for r in roofs] == [
        ("plateau", "a_verifier", 200), ("ombriere", "certaine", 600),
    ]  # fmt: skip


def test_installations_mix_points_and_polygons(published):
    shapes = pyogrio.read_dataframe(published, layer="icpe").set_index("code_aiot")
    assert shapes.geom_type.to_dict() == {"0001": "Polygon", "0002": "Point"}


def test_a_perimeter_says_what_it_does_and_to_which_parks(published):
    rows = query(published, "SELECT * FROM perimetres_protection ORDER BY perimetre_id")
    assert [(r["nature"], r["effet"], r["parcs_concernes"], r["part_max"]) for r in rows] == [
        ("abords_delimites", "automatique", ABRITE, 1.0),
        ("abords_500m", "possible", f"{ENTERRE};{DOUBLE}", 1.0),
        ("risque_naturel", "possible", PETIT, 1.0),
        ("risque_technologique", "possible", ENTERRE, 1.0),
    ]


def test_rules_are_those_in_force_with_their_comparison(published):
    row = dict(query(published, "SELECT * FROM regles WHERE regle_id = 'APER40.seuil'")[0])
    assert (row["valeur"], row["unite"], row["comparaison"]) == ("1500", "m2", ">")
    assert (row["article"], row["en_vigueur_du"]) == ("loi n° 2023-175, art. 40, I", "2023-03-11")
    assert (row["departements"], row["remplace"], row["part_de"]) == (None, None, None)


def test_missing_sources_are_listed_as_missing(published):
    rows = query(published, "SELECT dossier, etat FROM sources ORDER BY dossier")
    assert [tuple(row) for row in rows] == [
        ("bdtopo", "utilisee"),
        ("mnh", "absente"),
        ("osm", "utilisee"),
    ]


def test_an_empty_product_still_has_every_layer(tmp_path):
    product = make_product()
    empty = {
        name: getattr(product, name).iloc[:0]
        for name in (
            *("lots", "surfaces", "tree_cover", "verdicts", "candidates", "outcomes", "pieces"),
            *("trees", "crowns", "carports", "carport_cover"),
            *("installations", "rings", "perimeters", "protection_shares", "parcels"),
            *("steps", "pleas", "ownership", "solar", "priorities"),
        )
    }
    path = publish(make_product(**empty), tmp_path)
    for layer in LAYERS:
        present = types_of(path, layer.name)
        assert {column.name for column in layer.columns} <= set(present)
    assert types_of(path, "parcs")["echeance"] == "DATE"


ORIGINS = {
    "parcs": (
        *(schemas.ParkingLot, schemas.EligibleSurface, schemas.TreeCover, schemas.Verdict),
        schemas.CarportCover,
        *(schemas.Ownership, schemas.SolarPotential, schemas.Priority),
    ),
    "candidats": (schemas.ParkingCandidate, schemas.CandidateOutcome),
    "exclusions": (schemas.ExclusionPiece,),
    "icpe": (schemas.LocatedInstallation,),
    "perimetres_protection": (schemas.Perimeter,),
    "parcelles": (schemas.Parcel, schemas.OwnedParcel),
    "decisions": (schemas.DecisionStep,),
    "derogations": (schemas.Plea,),
    "sources": (schemas.SourceRecord,),
    "corrections_rejouees": (schemas.ReplayedCorrection,),
    "conflits": (schemas.Conflict,),
    "parcs_filiation": (schemas.Lineage,),
    "parcs_connus": (schemas.KnownPark,),
    "journal": (schemas.JournalEntry,),
    "empreintes": (schemas.Fingerprint,),
}
COMPUTED = {
    *("commune_name", "epci_name", "rules_as_of", "status_source", "ground_area_m2", "link"),
    *("certainty", "label", "article", "effect", "lot_ids", "largest_share", "lot_id"),
    *("derogation_words", "conclusion", "holding_id", "owner_class"),
    *("shown_status", "reviewed_status", "base_hash", "living_id", "gone_id", "cause_words"),
}


@pytest.mark.parametrize("layer", ORIGINS)
def test_every_column_comes_from_a_table_of_the_flow(layer):
    known = {name for schema in ORIGINS[layer] for name in schema.to_schema().columns}
    origins = {column.origin for column in COLUMNS[layer] if column.origin}
    assert origins - known <= COMPUTED


@pytest.mark.parametrize(
    ("domain", "literal"),
    [("motif_exclusion", Motif), ("nature_protection", ProtectionKind), ("source", Source)],
)
def test_value_lists_follow_the_tables(domain, literal):
    assert set(DOMAINS[domain]) == set(literal.__args__)


@pytest.mark.parametrize(
    ("domain", "codes"),
    [
        ("action_correction", schemas.CORRECTION_ACTIONS),
        ("etat_correction", schemas.REPLAY_STATES),
        ("evenement_filiation", schemas.LINEAGE_EVENTS),
        ("etat_parc_connu", schemas.PARK_STATES),
        ("nature_changement", schemas.CHANGE_KINDS),
        ("cause_changement", schemas.CHANGE_CAUSES),
    ],
)
def test_value_lists_of_the_inventory_follow_its_tables(domain, codes):
    assert set(DOMAINS[domain]) == set(codes)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_aliases_are_unique_and_french(layer):
    names = [column.name for column in layer.columns]
    assert len(set(names)) == len(names)
    assert all(column.alias and column.alias != column.name for column in layer.columns)
    assert all(column.domain in DOMAINS for column in layer.columns if column.domain)


def test_land_is_delivered_under_the_names_of_the_contract(published):
    rows = query(published, "SELECT * FROM sols WHERE sol_id = '2021/OCS1'")
    assert len(rows) == 1
    row = rows[0]
    assert [row[name] for name in ("millesime", "code_cs", "code_us", "categorie")] == [
        *(2021, "CS1.1.1.2", "US3", 2),
    ]
    assert [row[name] for name in ("artificialise", "impermeable", "raison", "origine")] == [
        *(1, 1, "matrice", "ocsge"),
    ]
    assert row["surface_m2"] == pytest.approx(750_000, rel=1e-4)
    bare = query(published, "SELECT * FROM sols WHERE raison = 'non_couvert' AND millesime = 2021")
    assert [bare[0][name] for name in ("artificialise", "categorie", "origine")] == [None] * 3


def test_flows_and_indicators_are_delivered_under_the_names_of_the_contract(published):
    flow = query(published, "SELECT * FROM sols_flux")[0]
    assert [flow[name] for name in ("millesime_avant", "millesime_apres", "flux")] == [
        *(2021, 2024, "artificialisation"),
    ]
    assert [
        flow[f"code_{axis}_{when}"] for when in ("avant", "apres") for axis in ("cs", "us")
    ] == [
        *("CS2.2.1", "US1.1", "CS1.1.1.1", "US2"),
    ]
    net = query(published, "SELECT * FROM bilan WHERE indicateur = 'artificialisation_nette'")[0]
    assert net["valeur"] == pytest.approx(150_000, rel=1e-4)
    assert [net[name] for name in ("unite", "millesime", "obligatoire")] == ["m2", 2024, None]
    assert "ENAF" in net["avertissement"]
