"""Real QGIS opens the product: styled, grouped, in French, and safe to edit."""

import datetime

import pytest

from pipeline.export.conformance import check_product
from pipeline.export.domains import DOMAINS
from pipeline.export.layers import BY_NAME, LAYERS
from tests.qgis.conftest import run_system_python
from tests.unit.export.hand_made import ABRITE, DOUBLE, DOUTEUX, GRAND, PETIT

pytestmark = pytest.mark.qgis

MAPPED = [layer.name for layer in LAYERS if layer.geometry]
RENDERERS = {
    "commune": "singleSymbol",
    "parcs": "categorizedSymbol",
    "candidats": "RuleRenderer",
    "exclusions": "RuleRenderer",
    "canopee": "RuleRenderer",
    "arbres": "RuleRenderer",
    "ombrieres": "categorizedSymbol",
    "icpe_tampon": "categorizedSymbol",
    "perimetres_protection": "categorizedSymbol",
    "parcelles": "singleSymbol",
    "icpe": "RuleRenderer",
    "sols": "RuleRenderer",
    "sols_flux": "RuleRenderer",
    "sols_ecarts": "RuleRenderer",
    "friches": "RuleRenderer",
}


def test_gdal_validates_both_files(product_path):
    for path in (product_path, product_path.with_name("62999_revue.gpkg")):
        done = run_system_python("-m", "osgeo_utils.samples.validate_gpkg", str(path))
        if "No module named" in done.stderr:
            pytest.skip("validate_gpkg is not installed (Debian: python3-gdal)")
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("layer", [layer.name for layer in LAYERS])
def test_a_layer_added_by_hand_is_valid_and_in_french(seen, layer):
    added = seen["added"][layer]
    assert added["valid"]
    expected = {column.name: column.alias for column in BY_NAME[layer].columns}
    assert {name: added["aliases"][name] for name in expected} == expected


@pytest.mark.parametrize(("layer", "renderer"), RENDERERS.items())
def test_a_layer_added_by_hand_takes_its_style(seen, layer, renderer):
    assert seen["added"][layer]["renderer"] == renderer


def test_installations_added_by_hand_draw_points_and_polygons(seen):
    assert seen["added"]["icpe"]["drawn"] == [True, True]
    assert seen["added"]["icpe"]["legend"] == ["Point", "Emprise ou bâtiment"]


def test_status_is_drawn_and_listed_in_french(seen):
    parks = seen["added"]["parcs"]
    assert parks["categories"] == DOMAINS["statut"]
    assert {words: code for item in parks["statut"] for words, code in item.items()} == {
        words: code for code, words in DOMAINS["statut"].items()
    }
    assert parks["labels"]


def test_the_cause_of_a_status_is_listed_in_french(seen):
    listed = {
        code: words for item in seen["added"]["parcs"]["motif_code"] for words, code in item.items()
    }
    assert listed == DOMAINS["motif_code"]


@pytest.mark.parametrize(
    ("column", "widget"),
    [
        ("statut", "ValueMap"),
        ("echeance", "DateTime"),
        ("surface_assujettie_m2", "Range"),
        ("regime_presume", "CheckBox"),
        ("motif", "TextEdit"),
    ],
)
def test_each_kind_of_column_has_its_widget(seen, column, widget):
    assert seen["added"]["parcs"]["widgets"][column] == widget


def test_the_project_opens_by_its_name(seen):
    assert seen["projects"] == ["parzan"]
    assert seen["opened"]
    assert seen["project"]["title"] == "Parcs de stationnement et sols — Démo-sur-Lys (62999)"
    assert seen["project"]["crs"] == "EPSG:2154"


def test_the_project_credits_its_sources_on_the_map_and_on_each_layer(seen):
    project = seen["project"]
    credit = "Sources : © IGN BD TOPO ; © les contributeurs d'OpenStreetMap."
    assert (" ".join(project["credit"].split()), project["is_credit_shown"]) == (credit, True)
    assert project["abstract"].endswith(credit)
    parks = project["layers"]["Parcs de stationnement"]
    assert parks["licences"] == ["Licence Ouverte 2.0", "ODbL 1.0"]
    assert parks["rights"] == ["© IGN BD TOPO", "© les contributeurs d'OpenStreetMap"]


def test_groups_are_those_of_the_contract(seen):
    assert seen["project"]["groups"] == [
        *("À instruire", "Mesure", "Sols", "Contexte", "Données", "Fonds de plan"),
    ]


def test_every_layer_of_the_project_is_valid(seen):
    layers = seen["project"]["layers"]
    assert [name for name, layer in layers.items() if not layer["valid"]] == []
    # ICPE and brownfields twice, sols and sols_ecarts by vintage, the review, the basemaps
    assert len(layers) == len(LAYERS) + 2 + 2 + 3 + 2


def test_only_the_review_can_be_edited(seen):
    layers = seen["project"]["layers"]
    open_to_edits = {name for name, layer in layers.items() if layer["read_only"] is False}
    assert open_to_edits == {"Corrections", "Suivi des dossiers", "Notes privées"}


@pytest.mark.parametrize("basemap", ["Orthophotographie (IGN)", "Plan IGN"])
def test_basemaps_are_off_and_valid_without_a_network(seen, basemap):
    layer = seen["project"]["layers"][basemap]
    assert (layer["valid"], layer["checked"]) == (True, False)


def test_what_explains_a_park_is_drawn_over_it(seen):
    order = seen["project"]["order"]
    ranks = [
        order.index(name)
        for name in (
            *("Corrections", "Exclusions de superficie", "Parcs de stationnement"),
            *("Périmètres de protection", "Commune", "Orthophotographie (IGN)"),
        )
    ]
    assert ranks == sorted(ranks)


def test_relations_are_valid(seen):
    relations = seen["project"]["relations"]
    assert set(relations) >= {"Corrections", "Suivi", "Notes privées", "Exclusions"}
    assert {"Raisonnement", "Exonérations et dérogations"} <= set(relations)
    assert all(relations.values())


def test_the_park_form_has_its_tabs_and_the_review(seen):
    tabs = seen["project"]["tabs"]
    assert list(tabs) == [
        *("Parc", "Superficie", "Arbres", "Obligation", "Raisonnement", "Échéance", "Ombrières"),
        *("Dérogations", "Propriétaire", "Provenance", "Histoire", "Revue"),
    ]
    assert tabs["Revue"] == ["Corrections", "Suivi", "Notes privées"]
    assert tabs["Superficie"] == ["Exclusions"]


def test_the_form_opens_on_every_tab_and_lists_what_explains_the_park(seen):
    form = seen["project"]["form"]  # of the first park
    assert list(form) == list(seen["project"]["tabs"])
    (reasoning,) = form["Raisonnement"]
    assert [row.split(".")[0] for row in reasoning] == ["1", "2", "3", "4", "5", "6"]
    assert reasoning[3].endswith("— oui → Assujetti : Superficie au-dessus du seuil")
    (pleas,) = form["Dérogations"]
    assert pleas == [
        "stationnement de véhicules de plus de 3,5 tonnes — À faire valoir par le débiteur"
    ]
    assert len(form["Superficie"][0]) == 3  # its exclusions, two deducted and one flagged


def test_the_reasoning_of_every_park_reads_in_order_to_its_conclusion(seen):
    related = seen["project"]["related"]["Raisonnement"]
    assert related["sorted_by"] == '"rang"'
    ends = {lot: rows[-1].partition(" → ")[2] for lot, rows in related["rows"].items()}
    assert ends[DOUTEUX] == "À vérifier : Sources divergentes"
    assert ends[ABRITE] == "Exonéré : Périmètre délimité des abords"


def test_themes_are_those_of_the_contract(seen):
    assert seen["project"]["themes"] == sorted(
        [
            *("À instruire", "Échéances", "Dérogations possibles"),
            *("Sols", "Artificialisation", "Effet des seuils"),
        ]
    )


@pytest.mark.parametrize(
    ("theme", "style", "layer"),
    [
        ("À instruire", "Statut", "Exclusions de superficie"),
        ("Échéances", "Échéances", "Commune"),
        ("Dérogations possibles", "Dérogations possibles", "Périmètres de protection"),
    ],
)
def test_a_theme_shows_its_layers_with_its_style(seen, theme, style, layer):
    applied = seen["themes"][theme]
    assert applied["style"] == style
    assert {"Parcs de stationnement", layer} <= set(applied["visible"])
    assert "Plan IGN" not in applied["visible"]


def test_the_theme_of_due_dates_tells_the_deferral(seen):
    labels = seen["themes"]["Échéances"]["labels"]
    assert labels[GRAND] == "01/07/2026\nreport possible au 01/01/2028"
    assert labels[DOUBLE] == "01/07/2028 ou 01/07/2026"
    assert labels[PETIT] is None


def test_perimeters_of_risk_have_their_words_and_their_look(seen):
    shown = seen["added"]["perimetres_protection"]["legend"]
    assert shown == list(DOMAINS["nature_protection"].values())
    assert "Zone d'un plan de prévention des risques naturels" in shown


def test_legends_speak_french(seen):
    assert seen["themes"]["À instruire"]["legend"] == list(DOMAINS["statut"].values())
    assert seen["themes"]["Échéances"]["legend"][0] == "Échéance reportée, report justifié"
    assert "Échéance : échue, report à justifier" in seen["themes"]["Échéances"]["legend"]
    assert "Dérogation possible" in seen["themes"]["Dérogations possibles"]["legend"]


@pytest.mark.parametrize("status", DOMAINS["statut"])
def test_each_status_shows_in_its_colour(seen, status):
    assert seen["themes"]["À instruire"]["pixels"][status] > 20


def test_another_theme_draws_otherwise(seen):
    pixels = seen["themes"]["Échéances"]["pixels"]
    assert pixels["non_assujetti"] == pixels["exonere"] == 0
    assert pixels["assujetti"] > 20  # the deadline that is past and may be put off


def test_possible_derogations_are_labelled_in_words(seen):
    labels = seen["themes"]["Dérogations possibles"]["labels"]
    assert labels[DOUBLE] == (
        "abords d'un monument historique (covisibilité)\nexclusion à confirmer"
    )
    assert labels[GRAND] is None


def test_a_hostile_name_is_only_text_in_the_map_tip(seen):
    tip = seen["tips"][DOUBLE]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in tip
    assert "<script>" not in tip
    assert "[% 1+1 %]" in tip  # not 2: a value is never evaluated
    assert "Assujetti" in tip


def test_the_map_tip_says_status_and_bounds(seen):
    tip = seen["tips"][GRAND].replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert "10 700 m² (entre 10 500 et 11 800)" in tip


@pytest.mark.parametrize("table", ["Corrections", "Suivi des dossiers"])
def test_an_agent_adds_a_row(seen, table):
    row = seen["editing"][table]
    assert row["committed"], row["errors"]
    assert row["rows"] == 1
    assert row["agent"]
    datetime.date.fromisoformat(row["date"])


def test_editing_the_review_leaves_the_product_as_it_was(seen, product_path):
    assert seen["editing"]["unchanged"]
    assert not seen["editing"]["parks_editable"]
    assert check_product(product_path) == []
    assert [path.name for path in sorted(product_path.parent.iterdir())] == [
        *("62999.gpkg", "62999_revue.gpkg"),
    ]


def test_qgis_has_nothing_to_complain_about(seen):
    assert seen["messages"] == []


def test_each_vintage_of_the_land_is_a_layer_of_its_own(seen):
    layers = seen["project"]["layers"]
    assert [layers[f"Sols {year}"]["rows"] for year in (2021, 2024)] == [3, 4]
    assert layers["Changements de statut 2021-2024"]["rows"] == 1
    assert not layers["Sols 2024"]["checked"]  # car parks come first


@pytest.mark.parametrize(
    ("theme", "legend", "shown"),
    [
        ("Sols", "1° bâti", {"Sols 2024", "Friches, points", "Friches, emprises"}),
        ("Artificialisation", "Artificialisé", {"Sols 2024", "Changements de statut 2021-2024"}),
        ("Effet des seuils", "Artificialisé par seuil", {"Sols 2024", "Écarts avec l'IGN 2024"}),
    ],
)
def test_a_theme_of_the_land_shows_the_last_vintage_with_its_look(seen, theme, legend, shown):
    applied = seen["themes"][theme]
    assert shown <= set(applied["visible"])
    assert "Sols 2021" not in applied["visible"]
    assert applied["land_legend"][0] == legend


def test_categories_are_listed_in_french(seen):
    assert seen["added"]["sols"]["legend"] == [
        *DOMAINS["categorie_sol"].values(), "Aucune donnée", "Inconnue",
    ]  # fmt: skip
