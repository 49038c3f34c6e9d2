"""ENAF consumption of the Cerema: the years, never their totals; one delivery per commune."""

import geopandas as gpd
import pyogrio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.ingestion.folder import check_sources
from tests.tables import L93, box
from tests.unit.ingestion.context_files import EAST, HERE, read, remarks
from tests.unit.ingestion.deposits import CATALOGUE, TERRITORIES, deposit

NAME = "enaf/conso2009_2024_resultats_com.csv"
# The first columns of the real file, one purpose, one total, one area of the commune.
TITLES = "idcom;idcomtxt;naf09art10;art09hab10;naf10art11;naf09art11;surfcom2011"
ROW = f"{HERE};Sur-Parzan;1200.0;700.0;300.5;1500.5;1000000"


def text(*rows, titles=TITLES):
    return "\n".join((titles, *rows)) + "\n"


def years(data, *codes):
    table = read(data, *codes).consumption
    return [(row.insee_code, row.from_year, row.to_year, row.area_m2) for row in table.itertuples()]


EXPECTED = [(HERE, 2009, 2010, 1200.0), (HERE, 2010, 2011, 300.5)]


def test_years_are_read_and_their_total_is_not(tmp_path):
    deposit(tmp_path, NAME, text(ROW))
    context = read(tmp_path)
    assert years(tmp_path) == EXPECTED
    assert set(context.consumption["source"]) == {NAME}
    (record,) = context.records[context.records["folder"] == "enaf"].itertuples()
    assert (record.state, record.vintage, record.row_count) == ("utilisee", "2011-01-01", 2)
    assert remarks(context, NAME) == ""


DIALECTS = {
    "commas": text(ROW).replace(";", ",").encode(),
    "a byte order mark": text(ROW).encode("utf-8-sig"),
    "Latin-1": text(ROW.replace("Sur-Parzan", "Été-sur-Parzan")).encode("latin-1"),
    "a decimal comma": text(ROW.replace("300.5", "300,5")).encode(),
    "thousands parted by a no-break space": text(ROW.replace("1200.0", "1\u00a0200,0")).encode(),
    "quotes": text(";".join(f'"{cell}"' for cell in ROW.split(";"))).encode(),
    "capitals": text(ROW, titles=TITLES.upper()).encode(),
    "Windows line ends": text(ROW).replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("content", DIALECTS.values(), ids=DIALECTS.keys())
def test_every_dialect_of_csv_says_the_same(tmp_path, content):
    deposit(tmp_path, NAME, content)
    assert years(tmp_path) == EXPECTED


@pytest.mark.parametrize("ending", ["gpkg", "shp", "geojson"])
def test_a_layer_says_the_same_without_its_geometry(tmp_path, ending):
    """Limits drawn anywhere, here far from the commune: the code tells."""
    row = {"idcom": HERE, "naf09art10": 1200.0, "naf10art11": 300.5, "naf09art11": 1500.5}
    (tmp_path / "enaf").mkdir()
    layer = gpd.GeoDataFrame([row], geometry=[box(9e4, 9e4, 9e4 + 9, 9e4 + 9)], crs=L93)
    pyogrio.write_dataframe(layer, tmp_path / f"enaf/conso.{ending}")
    assert years(tmp_path) == EXPECTED


def test_only_the_communes_asked_are_kept(tmp_path):
    deposit(tmp_path, NAME, text(ROW, ROW.replace(HERE, EAST), ROW.replace(HERE, "59350")))
    assert {row[0] for row in years(tmp_path)} == {HERE}
    assert {row[0] for row in years(tmp_path, HERE, EAST)} == {HERE, EAST}


def test_a_blank_is_unknown_and_zero_is_zero(tmp_path):
    deposit(tmp_path, NAME, text(f"{HERE};Sur-Parzan;;0;0.0;;1000000"))
    table = read(tmp_path).consumption
    assert table["area_m2"].isna().tolist() == [True, False]
    assert table["area_m2"].iloc[1] == 0


@pytest.mark.parametrize("wrong", ["n.d.", "-5", "inf", "1e400"])
def test_what_is_no_area_is_left_blank_and_told(tmp_path, wrong):
    deposit(tmp_path, NAME, text(f"{HERE};Sur-Parzan;{wrong};0;300.5;;1000000"))
    context = read(tmp_path)
    assert context.consumption["area_m2"].isna().tolist() == [True, False]
    assert f"1 valeur de naf09art10 illisible ou négative, laissée vide ({wrong})" in remarks(
        context, NAME
    )


def test_a_code_that_lost_its_zero_is_completed(tmp_path):
    """The file of Ain opened in a spreadsheet: 1004 for 01004, which is not asked here."""
    deposit(tmp_path, NAME, text(ROW, ROW.replace(HERE, "1004"), ROW.replace(HERE, "total")))
    context = read(tmp_path)
    assert len(context.consumption) == 2
    assert "1 code INSEE complété à gauche" in remarks(context, NAME)
    assert "1 ligne sans code INSEE" in remarks(context, NAME)


TOTALS = {"just as far as rounding goes": (1502.5, False), "beyond": (1502.6, True)}


@pytest.mark.parametrize(("total", "is_told"), TOTALS.values(), ids=TOTALS.keys())
def test_a_total_that_is_not_the_sum_of_its_years_is_told(tmp_path, total, is_told):
    """1 200 + 300,5 m², and 1 m² of rounding a year."""
    deposit(tmp_path, NAME, text(ROW.replace("1500.5", str(total))))
    context = read(tmp_path)
    assert context.consumption["area_m2"].sum() == 1500.5
    said = remarks(context, NAME)
    assert ("1 commune où naf09art11 n'est pas la somme de ses années" in said) is is_told
    assert (f"({HERE})" in said) is is_told


def test_a_total_whose_years_are_not_all_there_is_not_compared(tmp_path):
    titles = "idcom;naf10art11;naf09art11"
    deposit(tmp_path, NAME, text(f"{HERE};300.5;9", titles=titles))
    assert years(tmp_path) == EXPECTED[1:]
    assert remarks(read(tmp_path), NAME) == ""


class TestSeveralFiles:
    OLD = text(f"{HERE};1;2", titles="idcom;naf08art09;naf09art10")

    def test_the_delivery_that_reaches_further_is_kept_alone(self, tmp_path):
        deposit(tmp_path, "enaf/a_2009_2010.csv", self.OLD)
        deposit(tmp_path, NAME, text(ROW))
        assert years(tmp_path) == EXPECTED
        told = remarks(read(tmp_path), "enaf/a_2009_2010.csv")
        assert "1 commune lue dans un autre fichier" in told

    def test_each_commune_has_its_own(self, tmp_path):
        deposit(tmp_path, "enaf/a.csv", self.OLD.replace(HERE, EAST))
        deposit(tmp_path, NAME, text(ROW))
        assert [row[0] for row in years(tmp_path, HERE, EAST)] == [EAST, EAST, HERE, HERE]

    def test_the_same_twice_counts_once(self, tmp_path):
        deposit(tmp_path, "enaf/a.csv", text(ROW))
        deposit(tmp_path, "enaf/b.csv", text(ROW))
        context = read(tmp_path)
        assert len(context.consumption) == 2
        assert not any("b.csv" in line for line in context.warnings)

    def test_two_that_disagree_are_told(self, tmp_path):
        deposit(tmp_path, "enaf/a.csv", text(ROW))
        deposit(tmp_path, "enaf/b.csv", text(ROW.replace("300.5", "400.5")))
        context = read(tmp_path)
        assert years(tmp_path) == EXPECTED
        (told,) = (line for line in context.warnings if line.startswith("enaf/b.csv"))
        assert "autres valeurs qu'un fichier aussi récent, seul gardé" in told
        assert f"(commune(s) {HERE})" in told


BAD = {
    "no code of commune": (text("1;2", titles="nom;naf09art10"), "aucune des colonnes idcom"),
    "no year, only totals": (
        text(f"{HERE};9", titles="idcom;naf11art21"),
        "aucune colonne de consommation annuelle (naf11art12, naf12art13…) ; colonnes présentes",
    ),
    "a commune told twice otherwise": (
        text(ROW, ROW.replace("1200", "1300")),
        f"commune(s) {HERE} : deux lignes aux valeurs différentes",
    ),
    "a line of too many values": (text(ROW, ROW + ";7;8"), "CSV illisible"),
    "nothing": ("", "fichier vide"),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_in_one_line(tmp_path, content, words):
    deposit(tmp_path, NAME, content)
    with pytest.raises(SourceError) as refusal:
        read(tmp_path)
    assert str(refusal.value).startswith(f"{NAME} : ")
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_titles_alone_tell_nothing(tmp_path):
    deposit(tmp_path, NAME, text())
    context = read(tmp_path)
    assert context.consumption.empty
    assert "enaf/ : rien n'y concerne les communes demandées" in context.warnings


def test_check_counts_the_communes(tmp_path):
    deposit(tmp_path, NAME, text(ROW, ROW.replace(HERE, "59350")))
    deposit(tmp_path, "enaf/autre.csv", "a;b\n1;2\n")
    table = check_sources(tmp_path, TERRITORIES, CATALOGUE).set_index("fichier")
    assert table.loc[NAME, "lignes"] == 2
    assert "aucune des colonnes idcom" in table.loc["enaf/autre.csv", "anomalie"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    areas=st.lists(st.decimals(0, 10_000_000, places=1, allow_nan=False), min_size=1, max_size=15)
)
def test_what_is_read_sums_to_what_is_written(tmp_path, areas):
    """Whatever the number of years: nothing lost, nothing counted twice, the total left alone."""
    spans = [f"naf{year:02}art{year + 1:02}" for year in range(9, 9 + len(areas))]
    titles = ";".join(["idcom", *spans, f"naf09art{9 + len(areas):02}"])
    row = ";".join([HERE, *map(str, areas), str(sum(areas))])
    deposit(tmp_path, NAME, text(row, titles=titles if len(areas) > 1 else f"idcom;{spans[0]};x"))
    table = read(tmp_path).consumption
    assert len(table) == len(areas)
    assert table["area_m2"].sum() == pytest.approx(float(sum(areas)))
    assert table["from_year"].tolist() == list(range(2009, 2009 + len(areas)))
