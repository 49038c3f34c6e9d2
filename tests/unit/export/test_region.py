"""The product of a region: the sum of its communes, whatever their order, and nothing lost."""

import dataclasses
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from datetime import date

import geopandas as gpd
import pandas as pd
import pytest

from pipeline.errors import PublicationError
from pipeline.export.conformance import check_product
from pipeline.export.publish import publish
from pipeline.export.region import Area, publish_region
from pipeline.export.region_layers import COUNTED, SUMMED
from tests.unit.export.hand_made import TERRITORY, make_product
from tests.unit.export.test_documents import GMD, metadata_of, project_of

DAY = date(2026, 11, 26)
AREA = Area("region_32", "Hauts-de-France", TERRITORY)


def renamed(product, code, epci):
    """The same product as another commune: every identifier bears the other code."""

    def rename(value):
        if not isinstance(value, pd.DataFrame):
            return value
        made = value.copy()
        for name in made.columns.drop("geometry", errors="ignore"):
            if any(isinstance(item, str) and "62999" in item for item in made[name]):
                made[name] = made[name].str.replace("62999", code, regex=False)
        return made

    fields = {f.name: rename(getattr(product, f.name)) for f in dataclasses.fields(product)}
    inventory = product.inventory
    fields["inventory"] = dataclasses.replace(
        inventory,
        **{f.name: rename(getattr(inventory, f.name)) for f in dataclasses.fields(inventory)},
    )
    fields["insee_code"] = code
    fields["commune"] = fields["commune"].assign(epci_name=epci)
    return dataclasses.replace(product, **fields)


@pytest.fixture
def out(tmp_path):
    publish(make_product(), tmp_path)
    publish(renamed(make_product(), "62998", "CC des Exemples"), tmp_path)
    publish(renamed(make_product(), "59001", None), tmp_path)
    return tmp_path


CODES = ["62999", "59001", "62998"]


def rows(path, query):
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def test_every_park_of_every_commune_is_there_unchanged(out):
    region = gpd.read_file(publish_region(AREA, CODES, out, DAY), layer="parcs")
    one = gpd.read_file(out / "62" / "62999.gpkg", layer="parcs")
    assert len(region) == 3 * len(one)
    same = region[region["commune_insee"] == "62999"].reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.DataFrame(same), pd.DataFrame(one))


def test_totals_are_those_of_the_communes_at_each_level(out):
    path = publish_region(AREA, CODES, out, DAY)
    one = rows(out / "62" / "62999.gpkg", "SELECT count(*) AS n FROM parcs")[0]["n"]
    subject = rows(
        out / "62" / "62999.gpkg",
        "SELECT sum(surface_assujettie_m2) AS s FROM parcs WHERE statut = 'assujetti'",
    )[0]["s"]
    totals = {(row["niveau"], row["code"]): row for row in rows(path, "SELECT * FROM totaux")}
    assert totals["ensemble", "ensemble"]["parcs_nb"] == 3 * one
    assert totals["departement", "62"]["parcs_nb"] == 2 * one
    assert totals["epci", "CC des Exemples"]["communes_nb"] == 2
    assert totals["epci", "inconnue"]["communes_nb"] == 1
    assert totals["commune", "59001"]["surface_assujettie_m2"] == round(subject, 2)
    assert totals["departement", "62"]["surface_assujettie_m2"] == round(2 * round(subject, 2), 2)


def test_whoever_adds_the_communes_up_again_finds_each_total(out):
    path = publish_region(AREA, CODES, out, DAY)
    for level in ("commune", "epci", "departement", "ensemble"):
        for name in [name for name, *_ in (*COUNTED, *SUMMED)]:
            added = rows(path, f"SELECT sum({name}) AS s FROM totaux WHERE niveau = '{level}'")
            communes = rows(path, f"SELECT sum({name}) AS s FROM communes")
            assert added[0]["s"] == pytest.approx(communes[0]["s"], abs=1e-6), (level, name)


def test_the_order_of_the_communes_changes_no_byte(out):
    first = publish_region(AREA, CODES, out, DAY).read_bytes()
    assert publish_region(AREA, [*reversed(CODES), "62999"], out, DAY).read_bytes() == first


def test_a_commune_without_product_is_told(out):
    path = publish_region(AREA, [*CODES, "62997"], out, DAY)
    states = {row["insee"]: row["etat"] for row in rows(path, "SELECT * FROM produits")}
    assert states == {"59001": "lu", "62997": "absent", "62998": "lu", "62999": "lu"}


def test_a_damaged_product_is_told_and_the_others_are_read(out):
    damaged = out / "62" / "62998.gpkg"
    damaged.write_bytes(damaged.read_bytes()[:30_000])
    path = publish_region(AREA, CODES, out, DAY)
    states = {row["insee"]: row["etat"] for row in rows(path, "SELECT * FROM produits")}
    assert states == {"59001": "lu", "62998": "illisible", "62999": "lu"}


def test_without_any_product_there_is_no_region(tmp_path):
    with pytest.raises(PublicationError, match="parzan refresh"):
        publish_region(AREA, CODES, tmp_path, DAY)
    assert not (tmp_path / "region_32.gpkg").exists()


def test_a_region_open_for_editing_is_left_as_it_is(out):
    path = publish_region(AREA, CODES, out, DAY)
    before = path.read_bytes()
    with closing(sqlite3.connect(path, isolation_level=None)) as editor:
        editor.execute("BEGIN EXCLUSIVE")
        with pytest.raises(PublicationError):
            publish_region(AREA, CODES[:1], out, DAY)
    assert path.read_bytes() == before


def test_the_metadata_of_a_region_bear_each_attribution_under_its_own_licence(out):
    path = publish_region(AREA, CODES, out, DAY)
    root = metadata_of(path)
    assert root.findtext(f".//{GMD}citation//{GMD}title/*") == (
        "Parcs de stationnement — Hauts-de-France"
    )
    assert root.findtext(f"{GMD}dateStamp/*") == "2026-11-26"
    blocks = [" ".join(node.itertext()) for node in root.iter(f"{GMD}MD_LegalConstraints")]
    assert ["OpenStreetMap" in block for block in blocks] == [False, True]
    assert ["IGN" in block for block in blocks] == [True, False]


def test_a_region_keeps_the_licences_of_its_communes_apart(out):
    path = publish_region(AREA, CODES, out, DAY)
    open_licence, share_alike = rows(path, "SELECT * FROM licences ORDER BY licence")
    assert (open_licence["licence"], open_licence["attribution"]) == (
        "Licence Ouverte 2.0",
        "© IGN BD TOPO",
    )
    assert share_alike["attribution"] == "© les contributeurs d'OpenStreetMap"
    assert (open_licence["partage_identique"], share_alike["partage_identique"]) == (0, 1)
    assert {row["communes_nb"] for row in (open_licence, share_alike)} == {3}
    label = ET.fromstring(project_of(path)).findtext("properties/CopyrightLabel/Label")  # noqa: S314
    told = "Sources : © IGN BD TOPO ; © les contributeurs d'OpenStreetMap."
    assert " ".join(label.split()) == told


def test_a_product_that_tells_no_attribution_is_to_be_made_again(out):
    with closing(sqlite3.connect(out / "62" / "62998.gpkg")) as connection:
        connection.execute("ALTER TABLE sources DROP COLUMN attribution")
    path = publish_region(AREA, CODES, out, DAY)
    (left,) = rows(path, "SELECT insee, remarque FROM produits WHERE etat = 'illisible'")
    assert left["insee"] == "62998"
    assert left["remarque"].startswith("refaire ce produit (")
    assert {row["communes_nb"] for row in rows(path, "SELECT * FROM licences")} == {2}


def test_the_product_of_a_region_conforms(out):
    assert check_product(publish_region(AREA, CODES, out, DAY)) == []


def test_totals_that_do_not_add_up_are_found(out):
    path = publish_region(AREA, CODES, out, DAY)
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        opened.execute("UPDATE totaux SET parcs_nb = parcs_nb + 1 WHERE niveau = 'epci'")
    assert any("parcs_nb par epci" in finding for finding in check_product(path))


def test_a_park_that_is_in_two_communes_is_found(out):
    path = publish_region(AREA, CODES, out, DAY)
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            opened.create_function(name, 1, lambda _blob: 1)
        first = opened.execute("SELECT min(parc_id) FROM parcs").fetchone()[0]
        opened.execute("UPDATE parcs SET parc_id = ? WHERE fid = 2", (first,))
    assert any("répété" in finding for finding in check_product(path))
