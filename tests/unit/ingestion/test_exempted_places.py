"""Exemptions that the service grants to land: what it must say, and what is set aside."""

import geopandas as gpd
import pyogrio
import pytest

from pipeline.errors import SourceError
from pipeline.ingestion.folder import check_sources
from tests.tables import L93, box
from tests.unit.ingestion.context_files import remarks
from tests.unit.ingestion.deposits import CATALOGUE, TERRITORIES, deposit
from tests.unit.ingestion.land_files import NOMENCLATURE, read

PARK = {
    "exemption": "parc_jardin_public", "decision": "Délibération n° 2026-12",
    "decide_le": "2026-03-04",
}  # fmt: skip
SOLAR = {**PARK, "exemption": "centrale_solaire", "conditions_remplies": "oui"}
SQUARE = box(100, 100, 200, 200)


def save(data, name, *rows):
    """Write places, in the format that the name says; a shapefile cuts names at ten letters."""
    path = data / "exemptions_sols" / name
    path.parent.mkdir(exist_ok=True)
    table = gpd.GeoDataFrame([r for _, r in rows], geometry=[shape for shape, _ in rows], crs=L93)
    if path.suffix == ".shp":
        table = table.rename(columns={name: name[:10] for name in table.columns})
    pyogrio.write_dataframe(table, path)


def granted(data):
    return read(data).places["exemption"].tolist()


@pytest.mark.parametrize("ending", ["gpkg", "shp", "geojson"])
def test_a_park_and_a_solar_farm(tmp_path, ending):
    save(tmp_path, f"lieux.{ending}", (SQUARE, {**PARK, "conditions_remplies": None}),
         (box(300, 300, 400, 400), SOLAR))  # fmt: skip
    table = read(tmp_path).places
    assert table["exemption"].tolist() == ["parc_jardin_public", "centrale_solaire"]
    assert set(table["decision"]) == {"Délibération n° 2026-12"}
    assert set(table["decided_on"]) == {"2026-03-04"}
    assert set(table["source"]) == {f"exemptions_sols/lieux.{ending}"}
    assert table["place_id"].is_unique
    assert table.geometry.area.tolist() == [10_000, 10_000]


def test_nothing_granted_is_nobodys_worry(tmp_path):
    """No folder: a record, and no line on the terminal."""
    context = read(tmp_path)
    assert context.places.empty
    states = context.records.set_index("folder")["state"]
    assert states["exemptions_sols"] == "absente"
    assert not any("exemptions_sols" in line for line in context.warnings)


ACCEPTED = ["parc_jardin_public", "Parc_Jardin_Public", "parc jardin public", "PARC-JARDIN-PUBLIC"]


@pytest.mark.parametrize("code", ACCEPTED)
def test_a_code_is_read_whatever_its_case(tmp_path, code):
    save(tmp_path, "l.gpkg", (SQUARE, {**PARK, "exemption": code}))
    assert granted(tmp_path) == ["parc_jardin_public"]


@pytest.mark.parametrize("code", ["parc", "friche", None])
def test_an_unknown_code_is_refused_with_those_admitted(tmp_path, code):
    save(tmp_path, "l.gpkg", (SQUARE, {**PARK, "exemption": code}), (SQUARE, PARK))
    admitted = "exemptions admises : centrale_solaire, parc_jardin_public$"
    with pytest.raises(SourceError, match=rf"^exemptions_sols/l\.gpkg : lieu l/1, .*{admitted}"):
        read(tmp_path)


def test_codes_are_those_of_the_nomenclature_of_the_day(tmp_path):
    """Before 2024, the law had no solar exemption."""
    save(tmp_path, "l.gpkg", (SQUARE, SOLAR))
    parks = tuple(i for i in NOMENCLATURE.exemptions if i.code == "parc_jardin_public")
    with pytest.raises(SourceError, match=r"admises : parc_jardin_public$"):
        read(tmp_path, NOMENCLATURE.model_copy(update={"exemptions": parks}))
    with pytest.raises(SourceError, match=r"admises : aucune à cette date$"):
        read(tmp_path, NOMENCLATURE.model_copy(update={"exemptions": ()}))


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_without_decision_nothing_is_granted(tmp_path, blank):
    save(tmp_path, "l.gpkg", (SQUARE, {**PARK, "decision": blank}), (SQUARE, PARK))
    context = read(tmp_path)
    assert context.places["place_id"].tolist() == ["l/2"]
    said = "lieux sans référence de décision, non exemptés (1) : l/1"
    assert f"exemptions_sols/l.gpkg : {said}" in context.warnings
    assert said in remarks(context, "exemptions_sols/l.gpkg")


SOLAR_ANSWERS = {
    "yes": ("oui", True),
    "yes in capitals": ("OUI", True),
    "no": ("non", False),
    "blank": (None, False),
}
PARK_ANSWERS = {"yes": ("oui", True), "no": ("non", False), "blank": (None, True)}


@pytest.mark.parametrize(("answer", "is_kept"), SOLAR_ANSWERS.values(), ids=SOLAR_ANSWERS.keys())
def test_a_solar_farm_needs_its_conditions_to_be_said_met(tmp_path, answer, is_kept):
    save(tmp_path, "l.gpkg", (SQUARE, {**SOLAR, "conditions_remplies": answer}))
    assert bool(granted(tmp_path)) is is_kept
    assert any("non exemptés (1) : l/1" in line for line in read(tmp_path).warnings) is not is_kept


@pytest.mark.parametrize(("answer", "is_kept"), PARK_ANSWERS.values(), ids=PARK_ANSWERS.keys())
def test_a_park_is_believed_unless_denied(tmp_path, answer, is_kept):
    save(tmp_path, "l.gpkg", (SQUARE, {**PARK, "conditions_remplies": answer}))
    assert bool(granted(tmp_path)) is is_kept


def test_a_solar_farm_without_the_column(tmp_path):
    bare = {name: value for name, value in SOLAR.items() if name != "conditions_remplies"}
    save(tmp_path, "l.gpkg", (SQUARE, bare))
    context = read(tmp_path)
    assert context.places.empty
    assert "exemptions_sols/ : aucun lieu exempté" in context.warnings


BAD_VALUES = {
    "an answer that is none": ({"conditions_remplies": "en cours"}, "oui ou non"),
    "a day that is none": ({"decide_le": "2026-02-30"}, "ce jour n'existe pas"),
    "a year of five digits": ({"decide_le": "20226-02-03"}, "AAAA-MM-JJ"),
    "a year long gone": ({"decide_le": "0226-02-03"}, "1900-2100"),
}


@pytest.mark.parametrize(("change", "words"), BAD_VALUES.values(), ids=BAD_VALUES.keys())
def test_a_cell_that_cannot_be_read_is_refused(tmp_path, change, words):
    save(tmp_path, "l.gpkg", (SQUARE, {**SOLAR, **change}))
    with pytest.raises(SourceError, match=words) as refusal:
        read(tmp_path)
    (column,) = change
    assert f"lieu l/1, colonne {column} : « {change[column]} » illisible" in str(refusal.value)


def test_a_date_is_not_compulsory(tmp_path):
    save(tmp_path, "l.gpkg", (SQUARE, {**PARK, "decide_le": None}))
    assert read(tmp_path).places["decided_on"].isna().all()


def test_what_is_no_polygon_is_left_and_counted(tmp_path):
    save(tmp_path, "l.gpkg", (SQUARE, PARK), (SQUARE.centroid, PARK))
    assert len(granted(tmp_path)) == 1
    assert "1 objet sans surface écarté" in remarks(read(tmp_path), "exemptions_sols/l.gpkg")


def test_two_files_that_number_alike_lose_nothing(tmp_path):
    save(tmp_path, "a.gpkg", (SQUARE, {**PARK, "id": 1}))
    save(tmp_path, "b.gpkg", (box(300, 300, 400, 400), {**PARK, "id": 1}))
    assert read(tmp_path).places["place_id"].tolist() == ["a/1", "b/1"]


@pytest.mark.parametrize("column", ["exemption", "decision"])
def test_a_column_that_is_missing_is_refused(tmp_path, column):
    row = {name: value for name, value in PARK.items() if name != column}
    save(tmp_path, "l.gpkg", (SQUARE, row))
    with pytest.raises(SourceError, match=rf"couche l : aucune des colonnes {column} ;"):
        read(tmp_path)


def test_a_hostile_name_holds_in_one_line(tmp_path):
    row = {**PARK, "exemption": "x\ny\x1b[31m" + "z" * 500}
    save(tmp_path, "l.gpkg", (SQUARE, row))
    with pytest.raises(SourceError) as refusal:
        read(tmp_path)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_a_table_without_places_is_refused(tmp_path):
    deposit(tmp_path, "exemptions_sols/l.csv", "exemption;decision\n")
    with pytest.raises(SourceError, match=r"^exemptions_sols/ : aucun fichier lisible"):
        read(tmp_path)


def test_check_counts_the_places(tmp_path):
    save(tmp_path, "l.gpkg", (SQUARE, PARK), (SQUARE, SOLAR))
    table = check_sources(tmp_path, TERRITORIES, CATALOGUE).set_index("fichier")
    assert table.loc["exemptions_sols/l.gpkg", "lignes"] == 2
