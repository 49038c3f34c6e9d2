"""`parzan zan` as a person runs it, on the land of the sample: layers, balance, refusals."""

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from pipeline.cli import app
from pipeline.export.conformance import check_product
from pipeline.settings import Settings
from tests.integration.command import ON, nothing_written, refused, run, runner

STOCK = "OCS-GE_2-0__GPKG_LAMB93_D062_2021-01-01/OCCUPATION_SOL.gpkg"


def zan(data, out, *arguments):
    told = ["zan", *arguments, "--data", str(data), "--out", str(out)]
    return runner.invoke(app, told if "--on" in arguments else [*told, "--on", ON])


@pytest.fixture
def data(tmp_path):
    """Limits and land cover of the sample alone, to be damaged."""
    for folder in ("communes", "ocsge"):
        shutil.copytree(Settings().sample / folder, tmp_path / "data" / folder)
    return tmp_path / "data"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Both communes of the sample département, published once."""
    work = tmp_path_factory.mktemp("zan")
    for folder in ("communes", "ocsge"):
        shutil.copytree(Settings().sample / folder, work / "data" / folder)
    result = zan(work / "data", work / "out", "--departement", "62", "--json")
    assert result.exit_code == 0, result.output
    return work / "out", {item["insee"]: item for item in json.loads(result.stdout)}


def query(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def table(out, insee, layer):
    return pyogrio.read_dataframe(out / "62" / f"{insee}.gpkg", layer=layer)


def test_a_departement_gives_a_conforming_product_for_each_commune(published):
    out, documents = published
    assert sorted(documents) == ["62998", "62999"]
    for insee in documents:
        assert check_product(out / "62" / f"{insee}.gpkg") == []
    assert query(out / "62" / "62999.gpkg", "SELECT count(*) FROM parcs") == [(0,)]


@pytest.mark.parametrize("insee", ["62998", "62999"])
def test_each_vintage_covers_the_commune(published, insee):
    out, _ = published
    commune = table(out, insee, "commune")["surface_m2"].iloc[0]
    sums = table(out, insee, "sols").groupby("millesime")["surface_m2"].sum()
    assert sums.to_dict() == {year: pytest.approx(commune, abs=1) for year in (2021, 2024)}


def test_the_flows_are_those_of_the_plan(published):
    """Built 140 × 165 m, a site of 80 × 60, a yard of 40 × 40 that a second one makes count."""
    out, _ = published
    sums = table(out, "62999", "sols_flux").groupby(["flux", "cause"])["surface_m2"].sum()
    assert sums.to_dict() == {
        ("artificialisation", "occupation"): pytest.approx(23_100 + 4_800 + 1_600, abs=2),
        ("artificialisation", "seuil"): pytest.approx(1_600, abs=1),
        ("desartificialisation", "occupation"): pytest.approx(6_400, abs=1),
    }
    assert len(table(out, "62998", "sols_flux")) == 0


def test_a_yard_that_the_limit_cuts_counts_on_both_sides(published):
    out, _ = published
    for insee in ("62998", "62999"):
        sols = table(out, insee, "sols")
        halves = sols[(sols["surface_m2"] - 1600).abs().lt(1) & sols["artificialise"].eq(1)]
        sizes = halves.loc[halves["millesime"] == 2024, "surface_composante_m2"]
        assert any(abs(size - 3200) < 2 for size in sizes)


def test_the_balance_says_what_each_number_is(published):
    out, _ = published
    bilan = table(out, "62999", "bilan").set_index("indicateur")
    net = bilan.loc["artificialisation_nette"]
    assert net["valeur"] == pytest.approx(29_500 + 1_600 - 6_400, abs=3)
    assert (net["millesime_avant"], net["millesime"]) == (2021, 2024)
    assert net["article"] == "CGCT, art. R. 2231-1, 2°"
    assert not net["obligatoire"]  # before 2031
    assert bilan["avertissement"].notna().all()


def test_the_producer_disagrees_on_the_three_polygons_of_the_plan(published):
    out, _ = published
    gaps = table(out, "62999", "sols_ecarts")
    mouth = gaps["surface_m2"] < 10  # of the narrow track, which goes with the street
    assert sorted(gaps.loc[~mouth, "surface_m2"].round()) == [49, 2499, 2499]
    known = table(out, "62999", "sols_variantes")
    assert known.loc[known["millesime"] == 2021, "parzan_seul_m2"].isna().all()
    default = known[(known["millesime"] == 2024) & known["retenue"].eq(1)].iloc[0]
    ours, theirs = default["parzan_seul_m2"], default["ign_seul_m2"]
    assert ours == pytest.approx(2499 + gaps.loc[mouth, "surface_m2"].sum(), abs=1)
    assert theirs == pytest.approx(2499 + 49, abs=1)


def test_codes_that_are_missing_are_listed(published):
    out, _ = published
    listed = table(out, "62999", "sols_codes")
    assert listed["cause"].tolist() == ["usage absent"] * 2
    assert listed["surface_m2"].tolist() == [pytest.approx(70 * 50, abs=1)] * 2


def test_the_same_run_gives_the_same_bytes(data, tmp_path, published):
    out, _ = published
    assert zan(data, tmp_path / "out", "62999").exit_code == 0
    for name in ("62999.gpkg", "62999_note.html"):
        assert (tmp_path / "out/62" / name).read_bytes() == (out / "62" / name).read_bytes()


def test_the_land_cover_cut_into_two_files_gives_the_same_land(data, tmp_path, published):
    """As two départements side by side: no status depends on which file a polygon is in."""
    out, _ = published
    path = data / "ocsge" / STOCK
    whole = pyogrio.read_dataframe(path)
    is_west = whole.geometry.centroid.x < whole.geometry.centroid.x.median()
    for name, part in (("D062", whole[is_west]), ("D059", whole[~is_west])):
        target = data / "ocsge" / f"{name}_2021" / "OCCUPATION_SOL.gpkg"
        target.parent.mkdir()
        pyogrio.write_dataframe(part, target, layer="OCCUPATION_SOL")
    path.unlink()
    assert zan(data, tmp_path / "out", "62999").exit_code == 0
    columns = ["sol_id", "millesime", "artificialise", "raison", "surface_m2"]
    one, two = (table(folder, "62999", "sols")[columns] for folder in (out, tmp_path / "out"))
    order = ["millesime", "sol_id", "surface_m2"]
    pd.testing.assert_frame_equal(
        one.sort_values(order, ignore_index=True), two.sort_values(order, ignore_index=True)
    )


def test_a_run_of_the_commune_gives_the_same_land_beside_its_parks(tmp_path, published):
    out, _ = published
    assert run(Settings().sample, tmp_path / "out").exit_code == 0
    one, two = (table(folder, "62999", "sols") for folder in (out, tmp_path / "out"))
    together = two["exemption"].isna()  # the sample grants a garden, the fixture has no such folder
    assert len(one) >= together.sum() > 0
    assert query(tmp_path / "out/62/62999.gpkg", "SELECT count(*) > 0 FROM parcs") == [(1,)]


def test_car_parks_are_never_erased_by_the_land_alone(data, tmp_path):
    out = tmp_path / "out"
    assert run(Settings().sample, out).exit_code == 0
    before = (out / "62" / "62999.gpkg").read_bytes()
    refused(zan(data, out, "62999"), "parc(s)", "parzan run", "--out")
    assert (out / "62" / "62999.gpkg").read_bytes() == before


def test_without_a_land_cover_the_product_says_so(data, tmp_path):
    shutil.rmtree(data / "ocsge")
    result = zan(data, tmp_path / "out", "62999")
    assert result.exit_code == 0
    assert "aucune occupation du sol" in result.stdout
    assert "ocsge/" in result.stdout
    assert len(table(tmp_path / "out", "62999", "sols")) == 0
    scope = table(tmp_path / "out", "62999", "bilan")
    assert "rapport_local" in set(scope["indicateur"])
    assert not scope["indicateur"].str.startswith("surface").any()


def test_a_vintage_that_does_not_meet_the_commune_is_told(data, tmp_path):
    path = data / "ocsge" / STOCK
    land = pyogrio.read_dataframe(path)
    path.unlink()
    far = land.set_geometry(land.translate(xoff=20_000))
    pyogrio.write_dataframe(far, path, layer="OCCUPATION_SOL")
    result = zan(data, tmp_path / "out", "62999")
    assert "le millésime 2021 ne couvre pas la commune, laissé de côté" in result.stdout
    assert set(table(tmp_path / "out", "62999", "sols")["millesime"]) == {2024}


@pytest.mark.parametrize("arguments", [[], ["62999", "--departement", "62"]])
def test_communes_or_a_departement(data, tmp_path, arguments):
    assert zan(data, tmp_path / "out", *arguments).exit_code == 2
    assert nothing_written(tmp_path / "out")


def test_an_unknown_commune_or_departement(data, tmp_path):
    refused(zan(data, tmp_path / "out", "62001"), "62001", "communes/")
    refused(zan(data, tmp_path / "out", "--departement", "35"), "35", "communes/")
    refused(zan(data, tmp_path / "out", "--departement", "6"), "département 6", "communes/")
    assert nothing_written(tmp_path / "out")


def test_one_commune_that_fails_does_not_stop_the_others(data, tmp_path):
    result = zan(data, tmp_path / "out", "62001", "62999")
    assert result.exit_code == 3
    assert (tmp_path / "out/62/62999.gpkg").exists()


def test_before_the_decree_nothing_is_artificial_or_not(data, tmp_path):
    refused(zan(data, tmp_path / "out", "62999", "--on", "2023-11-28"), "2023-11-28")
    assert zan(data, tmp_path / "out", "62999", "--on", "2023-11-29").exit_code == 0


def test_a_damaged_land_cover_leaves_the_previous_product(data, tmp_path):
    out = tmp_path / "out"
    assert zan(data, out, "62999").exit_code == 0
    before = (out / "62" / "62999.gpkg").read_bytes()
    path = data / "ocsge" / STOCK
    path.write_bytes(path.read_bytes()[:5000])
    refused(zan(data, out, "62999"), "OCCUPATION_SOL.gpkg")
    assert (out / "62" / "62999.gpkg").read_bytes() == before


def test_a_commune_beyond_the_land_cover_has_bare_ground(data, tmp_path):
    limits = gpd.read_file(data / "communes/communes.geojson")
    far = limits.assign(geometry=limits.translate(xoff=0.007))  # about 500 m to the east
    far.to_file(data / "communes/communes.geojson")
    result = zan(data, tmp_path / "out", "62998")
    assert result.exit_code == 0
    assert "de la commune sans donnée" in result.stdout
    assert "de statut inconnu" in result.stdout  # beside the net change
    sols = table(tmp_path / "out", "62998", "sols")
    assert {"non_couvert", "matrice"} <= set(sols["raison"])
    assert check_product(tmp_path / "out/62/62998.gpkg") == []


def test_the_note_prints_on_one_page_in_a_real_browser(published, tmp_path):
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed (Debian: chromium)")
    out, _ = published
    page = (out / "62/62999_note.html").as_uri()
    pdf = tmp_path / "note.pdf"
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={pdf}"]
    subprocess.run([browser, *options, page], check=True, capture_output=True, timeout=120)
    pages = pdf.read_bytes().count(b"/Type /Page") - pdf.read_bytes().count(b"/Type /Pages")
    assert pages == 1


def test_the_note_of_many_vintages_says_what_it_leaves_out(data, tmp_path):
    """Three vintages: 1 line of ENAF, 3 × 4 of periods, 3 × 6 of stocks, beyond 24."""
    land = pyogrio.read_dataframe(data / "ocsge" / STOCK).assign(millesime="2018")
    pyogrio.write_dataframe(land, data / "ocsge" / "OCS_D062_2018.gpkg", layer="OCCUPATION_SOL")
    assert zan(data, tmp_path / "out", "62999").exit_code == 0
    text = (tmp_path / "out/62/62999_note.html").read_text(encoding="utf-8")
    assert "autres lignes : table « bilan » du GeoPackage" in text


def test_the_note_tells_figures_thresholds_and_what_it_is_not(published):
    out, _ = published
    text = Path(out / "62/62999_note.html").read_text(encoding="utf-8")
    for words in ("2\u202f500 m²", "50 m²", "25 %", "ENAF", "OCCUPATION_SOL.gpkg", "non établi"):
        assert words in text
    assert "<script" not in text


@pytest.fixture(scope="module")
def derived(tmp_path_factory):
    work = tmp_path_factory.mktemp("derived")
    for folder in ("communes", "osm", "bdtopo", "cadastre"):
        shutil.copytree(Settings().sample / folder, work / "data" / folder)
    result = zan(work / "data", work / "out", "62999")
    assert result.exit_code == 0, result.output
    return work, result.stdout


class TestDerived:
    """Where no OCS GE is deposited, the land is drawn from the other sources of the sample."""

    def test_it_says_that_it_is_an_indication(self, derived):
        work, said = derived
        assert "sols dérivés" in said
        assert check_product(work / "out/62/62999.gpkg") == []

    def test_every_piece_is_marked_with_its_reliability(self, derived):
        sols = table(derived[0] / "out", "62999", "sols")
        assert set(sols["origine"]) == {"derive"}
        built = sols[sols["code_cs"] == "CS1.1.1.1"]
        assert built["fiabilite"].notna().all()
        assert built["artificialise"].eq(1).any()
        assert sols["artificialise"].isna().any()  # gardens of which nothing tells

    def test_it_is_in_no_balance(self, derived):
        bilan = table(derived[0] / "out", "62999", "bilan")
        assert not bilan["indicateur"].str.startswith("surface").any()
        assert len(table(derived[0] / "out", "62999", "sols_flux")) == 0

    def test_a_run_derives_it_when_asked(self, derived, tmp_path):
        data = derived[0] / "data"
        for options, expected in (((), 0), (("--derive-land",), 1)):
            assert run(data, tmp_path / "out", "62999", "--overwrite", *options).exit_code == 0
            found = len(table(tmp_path / "out", "62999", "sols"))
            assert (found > 0) == expected
