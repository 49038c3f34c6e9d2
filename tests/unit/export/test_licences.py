"""Which licence each layer comes under: copied rows keep theirs, a mix with OSM is share-alike."""

import xml.etree.ElementTree as ET

import pytest

from pipeline.export.land_note import land_note
from pipeline.export.layers import LAYERS
from pipeline.export.licences import LICENSED, WITHOUT_LICENCE, credit_line, credits_of
from pipeline.export.publish import publish
from tests.unit.export.hand_made import make_product, records
from tests.unit.export.reading import query
from tests.unit.export.test_documents import GMD, metadata_of, project_of

OSM = "© les contributeurs d'OpenStreetMap"
SHARED = "Couche dérivée de cette base : elle se diffuse sous ODbL 1.0 (partage à l'identique)."


def licences(path, layer):
    rows = query(path, "SELECT * FROM licences WHERE couche = ? ORDER BY licence", layer)
    return {row["licence"]: row for row in rows}


def sources(**changes):
    """The sources of the hand-made product, some told otherwise."""
    table = records()
    for column, values in changes.items():
        for folder, value in values.items():
            table.loc[table["folder"] == folder, column] = value
    return table


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    return publish(make_product(records=sources()), tmp_path_factory.mktemp("licences"))


def test_rows_of_a_source_keep_its_licence_and_are_counted(product):
    found = licences(product, "candidats")
    rows = query(product, "SELECT source, count(*) AS n FROM candidats GROUP BY source")
    counted = {row["source"]: row["n"] for row in rows}
    assert set(counted) == {"osm", "bdtopo"}
    assert found["ODbL 1.0"]["lignes"] == counted["osm"]
    assert found["Licence Ouverte 2.0"]["lignes"] == counted["bdtopo"]
    assert (found["ODbL 1.0"]["attribution"], found["ODbL 1.0"]["dossiers"]) == (OSM, "osm")
    assert found["ODbL 1.0"]["partage_identique"] == 1
    assert found["Licence Ouverte 2.0"]["partage_identique"] == 0


def test_a_layer_that_derives_from_openstreetmap_is_said_share_alike(product):
    found = licences(product, "parcs")
    assert set(found) == {"ODbL 1.0", "Licence Ouverte 2.0"}
    assert found["ODbL 1.0"]["remarque"] == SHARED
    assert "suit celle-ci" in found["Licence Ouverte 2.0"]["remarque"]
    assert found["Licence Ouverte 2.0"]["attribution"] == "© IGN BD TOPO"


def test_without_openstreetmap_nothing_is_share_alike(tmp_path):
    path = publish(make_product(records=sources(state={"osm": "sans_objet"})), tmp_path)
    assert query(path, "SELECT * FROM licences WHERE partage_identique") == []
    (row,) = licences(path, "parcs").values()
    assert row["remarque"] == "Couche calculée d'après la source, à citer."


def test_a_licence_that_is_not_known_as_open_asks_for_an_agreement(tmp_path):
    path = publish(make_product(records=sources(licence={"bdtopo": "usage interne"})), tmp_path)
    assert "accorder avec le fournisseur" in licences(path, "parcs")["usage interne"]["remarque"]
    assert "accorder" not in licences(path, "parcs")["ODbL 1.0"]["remarque"]


def test_a_layer_without_a_row_comes_under_no_licence(product):
    told = {row["couche"] for row in query(product, "SELECT DISTINCT couche FROM licences")}
    for layer in told:
        (row,) = query(product, f'SELECT count(*) AS n FROM "{layer}"')
        assert row["n"] > 0
    assert not told & {"sources", "licences", "regles"}


def test_every_layer_is_under_licences_or_is_said_not_to_be():
    assert {layer.name for layer in LAYERS} == {*LICENSED, *WITHOUT_LICENCE}
    assert not set(LICENSED) & set(WITHOUT_LICENCE)


def test_only_what_was_used_is_credited():
    assert credits_of(sources()) == tuple(sorted(["© IGN BD TOPO", OSM]))
    assert credits_of(sources(state={"osm": "absente", "bdtopo": "sans_objet"})) == ()
    assert credit_line(sources(state={"osm": "absente", "bdtopo": "sans_objet"})) == ""


def test_a_source_without_attribution_is_credited_by_its_producer():
    assert "IGN — BD TOPO" in credits_of(sources(attribution={"bdtopo": None}))


def test_the_metadata_bear_each_attribution_under_its_own_licence(product):
    blocks = [
        " ".join(node.itertext()) for node in metadata_of(product).iter(f"{GMD}MD_LegalConstraints")
    ]
    open_licence, share_alike = blocks
    assert "© IGN BD TOPO (2026-03)" in open_licence
    assert OSM not in open_licence
    assert OSM in share_alike
    assert "BD TOPO" not in share_alike


def test_the_project_bears_them_on_the_map_and_on_each_layer(product):
    root = ET.fromstring(project_of(product))  # noqa: S314 - a document that parzan itself wrote
    label = root.findtext("properties/CopyrightLabel/Label")
    assert " ".join(label.split()) == f"Sources : © IGN BD TOPO ; {OSM}."
    assert root.findtext("properties/CopyrightLabel/Enabled") == "true"
    (parks,) = [it for it in root.iter("maplayer") if it.findtext("shortname") == "parcs"]
    assert [node.text for node in parks.iter("license")] == ["Licence Ouverte 2.0", "ODbL 1.0"]
    assert [node.text for node in parks.iter("rights")] == ["© IGN BD TOPO", OSM]


def test_words_of_a_source_are_no_expression_of_qgis(tmp_path):
    hostile = sources(attribution={"bdtopo": "[% layer_property('parcs', 'source') %]"})
    path = publish(make_product(records=hostile), tmp_path)
    root = ET.fromstring(project_of(path))  # noqa: S314 - idem
    assert "[%" not in root.findtext("properties/CopyrightLabel/Label")


def test_the_note_bears_them():
    note = land_note(make_product(records=sources()))
    assert f"Mentions obligatoires : © IGN BD TOPO ; {OSM}." in note
    assert "reste sous ODbL" in note
    note = land_note(make_product(records=sources(state={"osm": "absente"})))
    assert "OpenStreetMap" not in note
    assert "ODbL" not in note
