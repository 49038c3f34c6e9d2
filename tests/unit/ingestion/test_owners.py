"""Folder `proprietaires`: parcels of legal persons, in the DGFiP's forms before and since 2024."""

import io
import zipfile

import pytest

from pipeline.errors import SourceError
from pipeline.ingestion import owners
from pipeline.ingestion.dgfip_codes import insee_code
from pipeline.ingestion.folder import check_sources
from tests.unit.ingestion.deposits import (
    CATALOGUE,
    TERRITORIES,
    commune,
    deposit,
    geojson,
    polygon,
    read,
    rectangle,
    remarks,
)

TITLES = (
    "Département;Code Direction;Code Commune;Nom de la Commune;Préfixe;Section;N° plan;N° voirie;"
    "Indice de répétition;Code voie MAJIC;Code voie rivoli;Nature voie;Nom voie;Contenance;SUF;"
    "Nature culture;Contenance;Code droit;N° MAJIC;N° SIREN;Groupe personne;Forme juridique;"
    "Forme juridique abrégée;Dénomination"
)
NAME = "proprietaires/PM_25_NB_620.csv"


@pytest.fixture
def data(tmp_path):
    commune(tmp_path)
    return tmp_path


def line(
    commune="999", prefix="", section="A", number="7", right="P - Propriétaire", siren="552100554",
    group="0 - Personnes morales non remarquables", name="SCI DU PRÉ", suf="A", dep="62",
    direction="0",
):  # fmt: skip
    """One row of a file of 2024 or later: codes with their words, nothing quoted."""
    return (
        f"{dep};{direction};{commune};SUR-PARZAN;{prefix};{section};{number};12;;B012;0123;RUE;"
        f"DES PRÉS;900;{suf};S - Sols;450;{right};PBBBBB;{siren};{group};6540 - SCI;SCI;{name}"
    )


def recent(*lines):
    return "\n".join([TITLES, *lines, ""])


def old(*lines):
    """The same rows as up to 2023: everything quoted, bare codes, ISO-8859-1."""
    rows = []
    for values in (text.split(";") for text in lines):
        bare = [value.split(" - ")[0] for value in values]
        rows.append(";".join(f'"{value}"' for value in bare))
    return "\r\n".join([TITLES, *rows, ""]).encode("latin-1")


def owned(data, content, name=NAME):
    deposit(data, name, content)
    return read(data).owned_parcels


def records(table):
    return table.astype(object).where(table.notna(), None).to_dict("records")


RIGHT = {
    "idu": "629990000A0007",
    "owner_name": "SCI DU PRÉ",
    "siren": "552100554",
    "right_code": "P",
    "right": "Propriétaire",
    "owner_group": "0 - Personnes morales non remarquables",
}


def test_a_recent_file(data):
    assert records(owned(data, recent(line()))) == [RIGHT]
    assert read(data).records.set_index("file").loc[NAME, "vintage"] == "2025-01-01"


def test_an_old_file_says_the_same(data):
    name = "proprietaires/PM_23_NB_620.csv"
    assert records(owned(data, old(line()), name)) == [RIGHT]
    assert "Latin-1" in remarks(read(data), name)
    assert read(data).records.set_index("file").loc[name, "vintage"] == "2023-01-01"


def test_a_quoted_file_may_hold_separators_and_an_unquoted_one_quotes(data):
    quoted = old(line(name="X")).replace(b'"X"', b'"SCI ""LE PR\xc9"" ; LOT 2"')
    assert owned(data, quoted)["owner_name"].tolist() == ['SCI "LE PRÉ" ; LOT 2']
    bare = recent(line(name='"LE PRÉ" SCI'), line(number="8"))
    assert owned(data, bare)["owner_name"].tolist() == ['"LE PRÉ" SCI', "SCI DU PRÉ"]


def test_several_rows_of_a_parcel_are_one_right(data):
    rows = [line(suf="A"), line(suf="B"), line(right="U - Usufruitier"), line(siren="775685019")]
    table = owned(data, recent(*rows))
    assert table[["siren", "right_code"]].to_numpy().tolist() == [
        ["552100554", "P"], ["552100554", "U"], ["775685019", "P"],
    ]  # fmt: skip


def test_rows_are_sorted_by_parcel_then_name(data):
    rows = [line(number="9", name="B"), line(number="8", name="Z"), line(number="9", name="A")]
    table = owned(data, recent(*rows))
    assert table[["idu", "owner_name"]].to_numpy().tolist() == [
        ["629990000A0008", "Z"], ["629990000A0009", "A"], ["629990000A0009", "B"],
    ]  # fmt: skip


IDUS = {
    "one letter of section": (("", "A", "7"), "629990000A0007"),
    "two letters of section": (("", "ZK", "1234"), "62999000ZK1234"),
    "a section padded already": (("000", "0B", "0012"), "629990000B0012"),
    "the prefix of a former commune": (("123", "AB", "12"), "62999123AB0012"),
    "a prefix that lost its zeros": (("12", "AB", "12"), "62999012AB0012"),
    "blanks around": (("   ", " A", "  12"), "629990000A0012"),
}


@pytest.mark.parametrize(("place", "idu"), IDUS.values(), ids=IDUS.keys())
@pytest.mark.parametrize("written", [recent, old])
def test_identifier_of_a_parcel(data, place, idu, written):
    prefix, section, number = place
    table = owned(data, written(line(prefix=prefix, section=section, number=number)))
    assert table["idu"].tolist() == [idu]


def test_a_row_without_number_is_left_and_counted(data):
    table = owned(data, recent(line(), line(number=""), line(section="")))
    assert len(table) == 1
    assert "2 lignes sans référence de parcelle écartées" in remarks(read(data), NAME)


SIRENS = {
    "a registered person": ("552100554", "552100554"),
    "a number that the administration made up": ("U12345678", None),
    "none": ("", None),
    "a number that is too short": ("12345", None),
}


@pytest.mark.parametrize(("given", "expected"), SIRENS.values(), ids=SIRENS.keys())
def test_siren(data, given, expected):
    (row,) = records(owned(data, recent(line(siren=given))))
    assert (row["siren"], row["owner_name"]) == (expected, "SCI DU PRÉ")


def test_a_person_without_name_is_said_to_have_none(data):
    table = owned(data, recent(line(name="")))
    assert table["owner_name"].tolist() == ["personne morale sans dénomination"]


CODES = {
    "the mainland": (("62", "0", "041"), "62041"),
    "a département that lost its zero": (("1", "0", "4"), "01004"),
    "a département with its words": (("62 - PAS-DE-CALAIS", "0", "041 - ARRAS"), "62041"),
    "a second direction": (("59", "2", "350"), "59350"),
    "a département with its direction": (("620", "0", "041"), "62041"),
    "Corsica": (("2A", "0", "004"), "2A004"),
    "Corsica in small letters": (("2b", "0", "033"), "2B033"),
    "overseas, three digits each": (("971", "0", "105"), "97105"),
    "overseas, two digits of commune": (("971", "0", "05"), "97105"),
    "overseas, a commune padded to three": (("974", "0", "011"), "97411"),
    "overseas, the digit with the commune": (("97", "1", "105"), "97105"),
    "overseas, the digit as the direction": (("97", "6", "08"), "97608"),
    "overseas, the direction and a padded commune": (("97", "4", "011"), "97411"),
}


@pytest.mark.parametrize(("given", "expected"), CODES.values(), ids=CODES.keys())
def test_code_of_a_commune(given, expected):
    assert insee_code(*given) == expected


def test_only_the_communes_around_are_kept(data):
    """A neighbour 1 500 m away is in the window; the rest of the département is not."""
    shape = polygon(rectangle(1500, 0, 1800, 300))
    deposit(data, "communes/voisine.geojson", geojson((shape, {"code": "62041", "nom": "V"})))
    rows = [line(), line(commune="041"), line(commune="042"), line(dep="59")]
    table = owned(data, recent(*rows))
    assert table["idu"].str[:5].tolist() == ["62041", "62999"]


def test_blocks_of_a_big_file_give_the_same(data, monkeypatch):
    rows = [line(number=str(number), commune="041") for number in range(1, 500)]
    text = recent(*rows[:250], line(), *rows[250:], line(number="8"))
    whole = owned(data, text)
    monkeypatch.setattr(owners, "_BLOCK_BYTES", 4096)
    assert owned(data, text).equals(whole)
    assert whole["idu"].tolist() == ["629990000A0007", "629990000A0008"]


def test_files_of_an_archive_are_read_together_and_premises_left(data):
    buffer = io.BytesIO()
    premises = TITLES.replace("N° voirie", "Bâtiment;Entrée")
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("PM_25_NB_620.csv", recent(line()))
        archive.writestr("PM_25_NB_590.csv", recent(line(dep="59")))
        archive.writestr("PM_25_B_620.csv", f"{premises}\n{line()};X\n")
    deposit(data, "proprietaires/parcelles_2025.zip", buffer.getvalue())
    sources = read(data)
    assert sources.owned_parcels["idu"].tolist() == ["629990000A0007"]
    told = remarks(sources, "proprietaires/parcelles_2025.zip/PM_25_B_620.csv")
    assert "fichier de locaux" in told


def test_the_latest_of_two_years_is_kept(data):
    deposit(data, "proprietaires/PM_23_NB_620.csv", old(line(name="ANCIEN"), line(number="9")))
    table = owned(data, recent(line(name="NOUVEAU")))
    assert table["owner_name"].tolist() == ["NOUVEAU"]
    told = remarks(read(data), "proprietaires/PM_23_NB_620.csv")
    assert "2 droits d'une année plus ancienne laissés" in told


def test_the_same_file_twice_gives_its_rights_once(data):
    deposit(data, "proprietaires/copie_2025.csv", recent(line()))
    assert len(owned(data, recent(line()))) == 1


def test_a_line_of_too_many_values_is_counted(data):
    table = owned(data, recent(line(), line(name="A;B")))
    assert len(table) == 1
    assert "1 ligne coupée ou de trop de colonnes" in remarks(read(data), NAME)


class TestCover:
    """Whether a parcel that is not listed says something."""

    def test_without_the_folder_nothing_is_known(self, data):
        sources = read(data)
        assert (len(sources.owned_parcels), sources.owners_known) == (0, False)
        absent = sources.records[sources.records["state"] == "absente"]
        assert "proprietaires" in set(absent["folder"])

    def test_a_file_of_the_commune_makes_owners_known(self, data):
        deposit(data, NAME, recent(line()))
        assert read(data).owners_known

    def test_a_file_of_another_departement_does_not(self, data):
        deposit(data, NAME, recent(line(dep="59")))
        sources = read(data)
        assert not sources.owners_known
        assert any("proprietaires/ : aucune donnée autour" in line for line in sources.warnings)

    def test_a_file_of_a_neighbour_only_does_not(self, data):
        shape = polygon(rectangle(1500, 0, 1800, 300))
        deposit(data, "communes/v.geojson", geojson((shape, {"code": "62041", "nom": "V"})))
        deposit(data, NAME, recent(line(commune="041")))
        sources = read(data)
        assert (len(sources.owned_parcels), sources.owners_known) == (1, False)


class TestBadFiles:
    @pytest.mark.parametrize("count", [23, 2])
    def test_fewer_columns_than_the_dgfip_gives(self, data, count):
        cut = "\n".join(";".join(row.split(";")[:count]) for row in (TITLES, line()))
        deposit(data, NAME, cut)
        with pytest.raises(
            SourceError, match=rf"^{NAME} : colonnes séparées par « ; » : {count}, 24 attendues"
        ):
            read(data)

    def test_another_separator(self, data):
        deposit(data, NAME, recent(line()).replace(";", ","))
        with pytest.raises(SourceError, match="séparées par « ; » : 1, 24 attendues"):
            read(data)

    def test_premises_alone(self, data):
        titles = TITLES.replace("N° voirie", "Bâtiment;Entrée")
        deposit(data, NAME, f"{titles}\n{line()};X\n")
        with pytest.raises(SourceError, match=r"^proprietaires/ : aucun fichier de parcelles"):
            read(data)

    def test_a_spreadsheet(self, data):
        deposit(data, "proprietaires/p.geojson", geojson((polygon(rectangle(0, 0, 9, 9)), {})))
        with pytest.raises(SourceError, match=r"proprietaires/ : aucun fichier lisible"):
            read(data)


def test_check_counts_every_commune(data):
    deposit(data, NAME, recent(line(), line(dep="59"), line(commune="041")))
    deposit(data, "proprietaires/bad.csv", "a;b\n1;2\n")
    table = check_sources(data, TERRITORIES, CATALOGUE).set_index("fichier")
    assert table.loc[NAME, "lignes"] == 3
    assert "24 attendues" in table.loc["proprietaires/bad.csv", "anomalie"]
