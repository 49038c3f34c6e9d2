"""Documents inside the product: styles, project, metadata. Data never becomes markup or code."""

import io
import sqlite3
import xml.etree.ElementTree as ET
import zipfile
from contextlib import closing

import pytest

from pipeline.export.layers import LAYERS
from pipeline.export.publish import publish
from pipeline.export.qgis_xml import element, option
from pipeline.export.styles import stored_styles
from tests.unit.export.hand_made import HOSTILE, commune, make_product, records

GMD = "{http://www.isotc211.org/2005/gmd}"


def parse(text):
    return ET.fromstring(text)  # noqa: S314 - documents that parzan itself wrote


def query(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def project_of(path):
    content = query(path, "SELECT content FROM qgis_projects")[0][0]
    with zipfile.ZipFile(io.BytesIO(bytes.fromhex(content))) as archive:
        return archive.read(archive.namelist()[0]).decode()


def metadata_of(path):
    return parse(query(path, "SELECT metadata FROM gpkg_metadata")[0][0])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A product whose commune and sources bear names that try to break out."""
    named = commune().assign(name=HOSTILE)
    sources = records().assign(label=HOSTILE, producer=HOSTILE)
    product = make_product(commune=named, records=sources)
    return publish(product, tmp_path_factory.mktemp("hostile"))


def test_hostile_names_stay_text_in_every_document(hostile):
    project = parse(project_of(hostile))
    assert "<script>alert(1)</script>" in project.findtext("title")
    assert project.find(".//script") is None
    title = metadata_of(hostile).findtext(f".//{GMD}citation//{GMD}title/*")
    assert "]]>" in title
    assert "\x07" not in title
    for (document,) in query(hostile, "SELECT styleQML FROM layer_styles"):
        parse(document)


def test_styles_hold_no_data_at_all(published, hostile):
    rows = "SELECT f_table_name, styleName, styleQML FROM layer_styles ORDER BY id"
    assert query(published, rows) == query(hostile, rows)


def test_the_project_runs_no_code(published):
    document = project_of(published).lower()
    for word in ("macro", "editforminit", "<action", "python"):
        assert word not in document


def test_the_project_holds_no_machine_path(published):
    project = parse(project_of(published))
    sources = [node.text for node in project.iter("datasource")]
    local = [source for source in sources if not source.startswith("type=xyz")]
    files = {source.split("|")[0] for source in local}
    assert files == {"./62999.gpkg", "./62999_revue.gpkg"}


def test_layer_identifiers_are_long_enough_to_be_kept(published):
    project = parse(project_of(published))
    identifiers = [node.text for node in project.findall(".//maplayer/id")]
    assert len(identifiers) == len(set(identifiers))
    assert min(len(identifier) for identifier in identifiers) > 10


def test_licences_are_kept_apart(published):
    blocks = [
        [node.text for node in block.iter("{http://www.isotc211.org/2005/gco}CharacterString")]
        for block in metadata_of(published).iter(f"{GMD}MD_LegalConstraints")
    ]
    assert len(blocks) == 2
    open_licence, share_alike = blocks
    assert "Licence Ouverte 2.0" in open_licence[0]
    assert "BD TOPO (2026-03)" in open_licence[1]
    assert "OpenStreetMap" not in " ".join(open_licence)
    assert "ODbL 1.0" in share_alike[0]
    assert "partage à l'identique" in share_alike[0]
    assert "© les contributeurs d'OpenStreetMap" in share_alike[1]


def test_metadata_name_title_date_and_vintages(published):
    root = metadata_of(published)
    title = root.findtext(f".//{GMD}citation//{GMD}title/*")
    assert title == "Parcs de stationnement et sols — Démo-sur-Lys (62999)"
    assert root.findtext(f"{GMD}dateStamp/*") == "2026-07-01"
    sources = [node.findtext(f"{GMD}description/*") for node in root.iter(f"{GMD}LI_Source")]
    assert sources == ["BD TOPO (2026-03)", "OpenStreetMap (2026-06)"]


def test_the_abstract_names_the_commune_whatever_its_first_letter(published):
    abstract = metadata_of(published).findtext(f".//{GMD}abstract/*")
    assert "Commune : Démo-sur-Lys (62999). Règles au 01/07/2026." in abstract
    assert "extérieurs de Démo" not in abstract


def test_value_lists_serve_readers_without_styles(published):
    rows = query(
        published,
        "SELECT title, description, constraint_name FROM gpkg_data_columns"
        " WHERE table_name = 'parcs' AND column_name = 'statut'",
    )
    assert rows[0][0] == "Statut"
    values = query(
        published,
        "SELECT value, description FROM gpkg_data_column_constraints"
        f" WHERE constraint_name = '{rows[0][2]}' ORDER BY rowid",
    )
    assert values[:2] == [("assujetti", "Assujetti"), ("a_verifier", "À vérifier")]


def test_every_layer_has_one_default_style():
    styles = stored_styles(LAYERS, editable=False)
    defaults = [style.table for style in styles if style.is_default]
    assert defaults == [layer.name for layer in LAYERS]


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (True, {"type": "bool", "value": "true"}),
        (3, {"type": "int", "value": "3"}),
        (0.5, {"type": "double", "value": "0.5"}),
        ("a", {"type": "QString", "value": "a"}),
        (None, {"type": "invalid"}),
        ([], {"type": "List"}),
        ({}, {"type": "Map"}),
    ],
)
def test_options_are_typed(value, encoded):
    assert option(value).attrib == encoded


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "￾", "\ud800"])
def test_what_xml_forbids_is_left_out(character):
    made = element("a", {"b": f"x{character}y"}, text=f"x{character}y")
    assert (made.get("b"), made.text) == ("xy", "xy")
    parse(ET.tostring(made))
