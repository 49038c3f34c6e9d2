"""Folder `dossiers`: what a service types about its car parks, in CSV or in a spreadsheet."""

import datetime as dt
import io
import zipfile

import pandas as pd
import pytest

from pipeline.errors import SourceError
from pipeline.ingestion import spreadsheets
from pipeline.ingestion.folder import check_sources
from pipeline.schemas import ParkDossier
from tests.tables import L93, X0, Y0
from tests.unit.ingestion.deposits import (
    CATALOGUE,
    TERRITORIES,
    commune,
    deposit,
    lon_lat,
    read,
    remarks,
)
from tests.unit.ingestion.spreadsheet_files import ods, ods_of

LOT = "62999-0123456789"
FILE = "dossiers/parcs.csv"


@pytest.fixture
def data(tmp_path):
    """A square commune up to 1 000 m from the origin; the halo adds 1 000 m."""
    commune(tmp_path)
    return tmp_path


def dossiers(data, content, name=FILE):
    deposit(data, name, content)
    return read(data).dossiers


def only(table):
    (row,) = table.to_dict("records")
    return row


def refusal(data, content, name=FILE):
    deposit(data, name, content)
    with pytest.raises(SourceError) as caught:
        read(data)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{name} : ")
    return message


COLUMNS = {
    "parc_id": LOT,
    "demande_autorisation_le": "2023-07-10",
    "travaux_le": "01/03/2024",
    "surface_refaite_m2": "1 250,5",
    "renovation_lourde": "OUI",
    "absent_le": "2021-06-15",
    "concession": "non",
    "contrat_le": "31/12/2025",
    "acompte_le": "2024-01-02",
    "commande_le": "2024-02-03",
    "panneaux_performants": "o",
    "delai_accorde_au": "2027-01-01",
    "ouvert_au_public": "VRAI",
    "batiment_l171_4": "0",
    "pente_pct": "12 %",
    "poids_lourds_3t5": "N",
    "marchandises_dangereuses": "faux",
    "cout_invoque": "1",
    "suppression_autorisee_le": "2026-05-06",
}
EXPECTED = {
    "dossier_id": "parcs.csv/2",
    "lot_id": LOT,
    "requested_on": "2023-07-10",
    "works_on": "2024-03-01",
    "resurfaced_m2": 1250.5,
    "is_heavy_renovation": True,
    "absent_on": "2021-06-15",
    "is_concession": False,
    "contract_on": "2025-12-31",
    "deposit_on": "2024-01-02",
    "order_on": "2024-02-03",
    "has_efficient_panels": True,
    "extended_to": "2027-01-01",
    "is_open_to_public": True,
    "serves_l171_building": False,
    "slope_percent": 12.0,
    "is_for_trucks": False,
    "carries_hazmat": False,
    "pleads_cost": True,
    "removal_permit_on": "2026-05-06",
    "geometry": None,
}


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_every_documented_column_is_read(data, separator):
    quoted = [f'"{value}"' for value in COLUMNS.values()]
    text = f"{separator.join(COLUMNS)}\r\n{separator.join(quoted)}\r\n"
    assert only(dossiers(data, text)) == EXPECTED


def test_every_column_of_the_table_has_a_documented_name():
    given = set(ParkDossier.to_schema().columns) - {"dossier_id", "geometry"}
    assert given == set(CATALOGUE["dossiers"].columns) - {"x", "y", "lon", "lat"}


def test_what_is_blank_is_unknown_and_never_no(data):
    table = dossiers(data, f"parc_id;concession;pente_pct;travaux_le\n{LOT};;;\n")
    told = table.drop(columns=["dossier_id", "lot_id"]).notna()
    assert not told.to_numpy().any()
    assert table["is_concession"].dtype == "boolean"


def test_titles_may_bear_accents_capitals_and_spaces(data):
    text = f"Parc ID;Rénovation lourde;Délai accordé au\n{LOT};oui;2027-01-01\n"
    row = only(dossiers(data, text.encode("latin-1")))
    assert (row["is_heavy_renovation"], row["extended_to"]) == (True, "2027-01-01")
    assert "Latin-1" in remarks(read(data), FILE)


def test_a_spreadsheet_gives_its_own_dates_numbers_and_booleans(data):
    titles = ["parc_id", "travaux_le", "surface_refaite_m2", "concession", "absent_le", "pente_pct"]
    values = [LOT, dt.date(2024, 3, 1), 1250.5, True, "15/06/2021", 4]
    sheet = ods([titles, [None] * 6, values])
    row = only(dossiers(data, sheet, "dossiers/parcs.ods"))
    assert row["dossier_id"] == "parcs.ods/3"
    assert (row["works_on"], row["absent_on"]) == ("2024-03-01", "2021-06-15")
    assert (row["resurfaced_m2"], row["slope_percent"]) == (1250.5, 4.0)
    assert row["is_concession"] is True


def test_only_the_first_sheet_is_read_and_the_run_says_so(data):
    sheet = ods([["parc_id"], [LOT]], [["parc_id"], ["n'importe quoi"]])
    assert len(dossiers(data, sheet, "dossiers/parcs.ods")) == 1
    (told,) = [line for line in read(data).warnings if "parcs.ods" in line]
    assert "« Feuille2 »" in told


class TestPlaces:
    def test_metres_and_degrees_give_the_same_point(self, data):
        lon, lat = lon_lat(300, -200)
        table = dossiers(data, f"x;y;lon;lat\n{X0 + 300};{Y0 - 200};;\n;;{lon};{lat}\n")
        for point in table.geometry:
            assert (point.x - X0, point.y - Y0) == pytest.approx((300, -200), abs=0.02)
        assert table.crs == L93
        assert table["lot_id"].isna().all()

    def test_exchanged_degrees_are_put_in_order_and_told(self, data):
        lon, lat = lon_lat(300, -200)
        table = dossiers(data, f"lon;lat\n{lat};{lon}\n")
        assert table.geometry.x.iloc[0] - X0 == pytest.approx(300, abs=0.02)
        assert "interverties" in remarks(read(data), FILE)

    def test_a_row_beyond_the_halo_is_left_and_counted(self, data):
        """The window ends 2 000 m from the origin."""
        table = dossiers(data, f"x;y\n{X0 + 1999};{Y0}\n{X0 + 2001};{Y0}\n{X0 + 9000};{Y0}\n")
        assert list(table["dossier_id"]) == ["parcs.csv/2"]
        assert "2 lignes hors de la zone lue laissées" in remarks(read(data), FILE)

    def test_a_row_of_another_commune_is_left_and_counted(self, data):
        text = f"parc_id;concession\n{LOT};oui\n62041-0123456789;oui\n"
        assert list(dossiers(data, text)["lot_id"]) == [LOT]
        assert "1 ligne d'une autre commune laissée" in remarks(read(data), FILE)

    def test_a_known_park_keeps_its_row_even_when_its_point_is_far(self, data):
        text = f"parc_id;x;y\n{LOT};{X0 + 9000};{Y0}\n{LOT};{X0};{Y0}\n"
        table = dossiers(data, text)
        assert list(table["lot_id"]) == [LOT, LOT]
        assert list(table.geometry.isna()) == [True, False]

    def test_an_identifier_typed_in_capitals_is_the_same(self, data):
        row = only(dossiers(data, "parc_id;concession\n62999-ABCDEF0123;oui\n"))
        assert row["lot_id"] == "62999-abcdef0123"

    def test_points_that_lie_nowhere_are_refused(self, data):
        told = refusal(data, "x;y;surface_refaite_m2\n12;13;900\n")
        assert "ligne 2, colonnes x et y : « 12 » et « 13 »" in told
        assert "EPSG:2154" in told


def test_several_rows_may_speak_of_one_park_but_the_same_row_counts_once(data):
    text = f"parc_id;travaux_le;surface_refaite_m2\n{LOT};2024-03-01;300\n{LOT};2025-03-01;300\n"
    same = f"300;2024-03-01;{LOT}\n300;2025-03-01;{LOT}\n400;2025-03-01;{LOT}\n"
    deposit(data, "dossiers/bis.csv", f"surface_refaite_m2;travaux_le;parc_id\n{same}")
    table = dossiers(data, text)
    assert sorted(table["resurfaced_m2"]) == [300, 300, 400]
    (told,) = [line for line in read(data).warnings if "parcs.csv" in line]
    assert "ligne 2, ligne 3" in told


def test_columns_that_nobody_documented_are_told_and_never_kept(data):
    text = f"parc_id;traveaux_le;exploitante;\n{LOT};2024-03-01;Mme Untel;x\n"
    table = dossiers(data, text)
    assert list(table.columns) == list(ParkDossier.to_schema().columns)
    assert "Untel" not in table.to_csv()
    (told,) = [line for line in read(data).warnings if "parcs.csv" in line]
    assert "« traveaux_le » (« travaux_le » ?), « exploitante », une colonne sans titre" in told


def test_an_untitled_column_without_value_is_nothing(data):
    dossiers(data, f"parc_id;concession;;\n{LOT};oui;;\n")
    assert not [line for line in read(data).warnings if "parcs.csv" in line]


DATES = {
    "the first day accepted": ("1900-01-01", "1900-01-01"),
    "the last day accepted": ("31/12/2100", "2100-12-31"),
    "a leap day": ("29/02/2024", "2024-02-29"),
    "single figures": ("1/2/2024", "2024-02-01"),
    "a date with its time": ("2024-02-01T10:00:00", "2024-02-01"),
}


@pytest.mark.parametrize(("typed", "day"), DATES.values(), ids=DATES.keys())
def test_dates(data, typed, day):
    assert only(dossiers(data, f"parc_id;travaux_le\n{LOT};{typed}\n"))["works_on"] == day


BAD_CELLS = {
    "the day before the first accepted": ("travaux_le", "1899-12-31", "1900-2100"),
    "the day after the last accepted": ("travaux_le", "2101-01-01", "1900-2100"),
    "a day that does not exist": ("travaux_le", "30/02/2024", "n'existe pas"),
    "a month first": ("travaux_le", "12/31/2024", "n'existe pas"),
    "a year of two figures": ("travaux_le", "01/03/24", "JJ/MM/AAAA"),
    "a season": ("travaux_le", "été 2024", "AAAA-MM-JJ"),
    "a serial number of a spreadsheet": ("travaux_le", "45352", "AAAA-MM-JJ"),
    "a perhaps": ("concession", "peut-être", "oui ou non"),
    "a question mark": ("ouvert_au_public", "?", "oui ou non"),
    "an area with its unit": ("surface_refaite_m2", "900 m²", "sans unité"),
    "a negative area": ("surface_refaite_m2", "-1", "positif"),
    "an infinite area": ("surface_refaite_m2", "inf", "positif"),
    "a slope of more than a hundred": ("pente_pct", "100,1", "de 0 à 100"),
    "an identifier that is none": ("parc_id", "Parking de la gare", "copier le parc_id"),
}  # fmt: skip


@pytest.mark.parametrize(("column", "typed", "advice"), BAD_CELLS.values(), ids=BAD_CELLS.keys())
def test_a_cell_that_cannot_be_read_is_named(data, column, typed, advice):
    """The blank third line counts: the number is the one that the spreadsheet shows."""
    rows = [{"parc_id": LOT}, None, {"parc_id": LOT, column: typed}]
    names = list(dict.fromkeys(["parc_id", column, "cout_invoque"]))
    lines = [";".join((row or {}).get(name, "") for name in names) for row in rows]
    told = refusal(data, "\n".join([";".join(names), *lines]))
    assert f"ligne 4, colonne {column} : « {typed} » illisible ; " in told
    assert advice in told


def test_a_slope_of_a_hundred_is_accepted(data):
    assert only(dossiers(data, f"parc_id;pente_pct\n{LOT};100\n"))["slope_percent"] == 100


BAD_FILES = {
    "a row without park": (
        f"parc_id;x;y;concession\n{LOT};;;oui\n;;;oui\n",
        "ligne 3 : ni parc_id",
    ),
    "half a position": (f"parc_id;x;y\n{LOT};{X0};\n", "ligne 2 : x sans y"),
    "the other half of a position": (f"parc_id;lon;lat\n{LOT};;50\n", "ligne 2 : lat sans lon"),
    "a coordinate that is no number": ("x;y\nici;là\n", "ligne 2, colonne x : « ici »"),
    "no column that names a park": ("nom;concession\nGare;oui\n", "ni colonne parc_id"),
    "one column twice": (f"parc_id;lon;longitude\n{LOT};2;2\n", "« lon » et « longitude »"),
    "works without a day": (
        f"parc_id;surface_refaite_m2\n{LOT};900\n",
        "ligne 2 : surface_refaite_m2 sans travaux_le",
    ),
    "more values than titles": (f"parc_id;concession\n{LOT};oui;non\n", "ligne 2 : 3 valeurs"),
    "a quote that is never closed": (f'parc_id;concession\n{LOT};"oui\n', "guillemets"),
}


@pytest.mark.parametrize(("text", "why"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_cannot_be_read_is_refused(data, text, why):
    assert why in refusal(data, text)


def many(rows, columns, value="1"):
    cell = (
        f'<table:table-cell table:number-columns-repeated="{columns}" office:value-type="float"'
        f' office:value="{value}"/>'
    )
    row = f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>'
    return f'<table:table table:name="F">{row}</table:table>'


BAD_ODS = {
    "a spreadsheet cut short": (ods([["parc_id"], [LOT]])[:-40], "endommagée"),
    "a spreadsheet without row": (ods([]), "tableau vide"),
    "a spreadsheet without content": (ods_of("").replace(b"content.xml", b"kontent.xml"), "sans"),
    "a cell repeated beyond reason": (ods_of(many(1_048_576, 16_384)), "1000000 cellules"),
    "a repetition hidden in an entity": (ods_of(many(9, "&#57;999999999")), "1000000 cellules"),
    "a comparison that hides a repetition": (
        ods_of(many(9, 9_999_999).replace("<table:table-cell ", '<table:table-cell x=">" ')),
        "1000000 cellules",
    ),
}


@pytest.mark.parametrize(("content", "why"), BAD_ODS.values(), ids=BAD_ODS.keys())
def test_a_spreadsheet_that_cannot_be_read_is_refused(data, content, why):
    assert why in refusal(data, content, "dossiers/parcs.ods")


def test_blank_rows_repeated_to_the_end_of_the_sheet_are_nothing(data):
    blank = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/>'
    row = f"{blank}</table:table-row>"
    head = "".join(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{text}</text:p>'
        "</table:table-cell></table:table-row>"
        for text in ("parc_id", LOT)
    )
    sheet = ods_of(f'<table:table table:name="F">{head}{row}</table:table>')
    assert len(dossiers(data, sheet, "dossiers/parcs.ods")) == 1


def test_the_limit_of_cells_is_the_one_of_the_box_that_holds_them(data, monkeypatch):
    """Three rows of two columns: six cells."""
    sheet = ods([["parc_id", "concession"], [LOT, "oui"], [LOT, "non"]])
    monkeypatch.setattr(spreadsheets, "MAX_CELLS", 6)
    assert len(dossiers(data, sheet, "dossiers/parcs.ods")) == 2
    monkeypatch.setattr(spreadsheets, "MAX_CELLS", 5)
    assert "5 cellules" in refusal(data, sheet, "dossiers/parcs.ods")


def test_a_workbook_of_another_program_is_told_and_not_skipped(data):
    workbook = b"PK\x03\x04" + bytes(22) + b"\x13\x00\x00\x00[Content_Types].xml" + bytes(40)
    deposit(data, "dossiers/parcs.xlsx", workbook)
    with pytest.raises(SourceError, match=r"dossiers/ : aucun fichier lisible.*CSV, ODS"):
        read(data)
    deposit(data, FILE, f"parc_id;concession\n{LOT};oui\n")
    sources = read(data)
    assert len(sources.dossiers) == 1
    assert "format xlsx sans usage ici" in remarks(sources, "dossiers/parcs.xlsx")


def test_an_archive_of_texts_is_told_and_not_skipped(data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("lisez-moi.txt", "rien")
    deposit(data, "dossiers/envoi.zip", buffer.getvalue())
    deposit(data, FILE, f"parc_id;concession\n{LOT};oui\n")
    assert "format non reconnu" in remarks(read(data), "dossiers/envoi.zip")


def test_without_the_folder_the_table_is_empty_and_typed(data):
    sources = read(data)
    assert len(sources.dossiers) == 0
    assert sources.dossiers["is_concession"].dtype == "boolean"
    absent = sources.records[sources.records["state"] == "absente"]
    assert "dossiers" in set(absent["folder"])
    assert any(line.startswith("dossiers/ :") for line in sources.warnings)


def test_a_folder_of_other_communes_only_is_told(data):
    dossiers(data, "parc_id;concession\n62041-0123456789;oui\n")
    sources = read(data)
    assert any("dossiers/ : aucune donnée autour" in line for line in sources.warnings)
    record = sources.records.set_index("file").loc[FILE]
    assert (record["state"], record["row_count"]) == ("sans_objet", 0)
    assert pd.isna(record["vintage"])


def test_check_reads_every_commune_and_names_the_bad_cell(data):
    deposit(data, "dossiers/a.csv", f"parc_id;concession\n{LOT};oui\n62041-0123456789;non\n")
    deposit(data, "dossiers/b.csv", f"parc_id;concession\n{LOT};peut-être\n")
    table = check_sources(data, TERRITORIES, CATALOGUE).set_index("fichier")
    assert table.loc["dossiers/a.csv", "lignes"] == 2
    assert "ligne 2, colonne concession" in table.loc["dossiers/b.csv", "anomalie"]
