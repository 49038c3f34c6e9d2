"""Quotes that are wrong in one row never swallow the next ones, and are told."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.ingestion.broken_csv import is_sound, mend
from tests.unit.ingestion.bulk_files import zipped
from tests.unit.ingestion.deposits import commune, deposit, lon_lat, read, remarks

HEADER = "code;nom;ville"


def rows_of(text):
    return list(csv.reader(io.StringIO(text), delimiter=";", strict=True))[1:]


def test_a_sound_text_is_told_so():
    assert is_sound('a;b\n"x;y";"say ""hi"""\n"two\nlines";z\n', ";")


BROKEN = {
    "a quote inside": ('1;ACME "LE GRAND";X', ["1", 'ACME "LE GRAND"', "X"], 0),
    "quotes inside quotes": ('"1";"ACME "LE GRAND"";"X"', ["1", 'ACME "LE GRAND"', "X"], 1),
    "never closed": ('"1";"ZI NORD;"X"', ["1", "ZI NORD", "X"], 1),
    "never opened": ('1;ZI NORD";X', ["1", 'ZI NORD"', "X"], 0),
    "two lines": ('"1";"ZI\nNORD";"X"', ["1", "ZI\nNORD", "X"], 0),
}


@pytest.mark.parametrize(("line", "expected", "mended"), BROKEN.values(), ids=BROKEN.keys())
def test_a_row_is_read_whatever_its_quotes_and_so_is_the_next(line, expected, mended):
    found = mend(f'{HEADER}\n{line}\n"2";"B";"Y"\n', ";")
    assert rows_of(found.text) == [expected, ["2", "B", "Y"]]
    assert (len(found.mended), found.lost) == (mended, ())


def test_a_row_that_nothing_reads_is_told_by_its_line():
    found = mend(f'{HEADER}\n"1";"A;B";C";"X"\n2;B;Y\n', ";")
    assert (found.lost, found.row_count) == ((2,), 1)
    assert rows_of(found.text) == [["2", "B", "Y"]]


CELLS = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS).filter(any), max_size=8))
def test_a_sound_text_is_read_as_it_was(rows):
    held = io.StringIO()
    writer = csv.writer(held, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([HEADER.split(";"), *rows])
    found = mend(held.getvalue(), ";")
    assert rows_of(found.text) == [list(row) for row in rows]
    assert (found.mended, found.lost) == ((), ())


TITLES = "codeAiot;raisonSociale;adresse1;codeInsee;longitude;latitude;regimeVigueur"


def installation(number, name=None, address='"ZI"'):
    lon, lat = lon_lat(10 * number, 20)
    name = f'"USINE {number}"' if name is None else name
    return f'"{number:04}";{name};{address};"62999";{lon};{lat};Autorisation'


def archive(*rows):
    """What Géorisques gives for a département: Latin-1, some strings quoted and some not."""
    table = "\r\n".join([TITLES, *rows]) + "\r\n"
    headings = 'codeAiot;numeroRubrique;nature\r\n"0001";"1510";Entrepôt\r\n'
    return zipped(
        **{
            "InstallationClassee.csv": table.encode("latin-1"),
            "rubriqueIC.csv": headings.encode("latin-1"),
            "inspection.csv": b"codeAiot;dateInspection\r\n0001;x\r\n",
            "metadataFichierInspection.csv": b"codeAiot;nomFichier\r\n0001;x\r\n",
        }
    )


def test_the_archive_of_georisques_is_read_though_its_quotes_are_wrong(tmp_path):
    commune(tmp_path)
    wrong = [
        installation(1, name='"DÉCHETTERIE "LE PRÉ""'),
        installation(2, address='"ZI NORD'),
        installation(3, name='"A;B" C'),
    ]
    sound = [installation(number) for number in range(4, 41)]
    deposit(tmp_path, "icpe/georisques-62.zip", archive(*wrong, *sound))
    sources = read(tmp_path)
    found = sources.installations.set_index("installation_id")
    assert list(found.index) == [f"{number:04}" for number in range(1, 41) if number != 3]
    assert found.loc["0001", "name"] == 'DÉCHETTERIE "LE PRÉ"'
    assert found.loc["0001", "headings"] == "1510"
    assert found.loc["0002", "name"] == "USINE 2"
    said = remarks(sources, "icpe/georisques-62.zip/InstallationClassee.csv")
    assert (
        "2 ligne(s) aux guillemets mal placés, coupée(s) à chaque séparateur (lignes 2, 3)" in said
    )
    assert "1 ligne(s) illisible(s) aux guillemets mal placés, écartée(s) (lignes 4)" in said
    assert any("écartée(s) (lignes 4)" in warning for warning in sources.warnings)


def test_a_file_of_wrong_quotes_is_refused(tmp_path):
    commune(tmp_path)
    rows = [installation(number, address='"ZI') for number in (1, 2)]
    sound = [installation(number) for number in range(3, 20)]
    deposit(tmp_path, "icpe/a.csv", "\n".join([TITLES, *rows, *sound]))
    with pytest.raises(SourceError, match=r"^icpe/a\.csv : CSV illisible"):
        read(tmp_path)
