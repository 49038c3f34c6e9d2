"""The digest: what is urgent comes first, hostile names stay text, the same bytes each time."""

import csv
import io
import re
import shutil
import subprocess
import zipfile
from datetime import date

import pandas as pd
import pyogrio
import pytest

from pipeline.digest import write_digest
from pipeline.digest_entries import COLUMNS, CONFLICTS, Digest, Failure, by_urgency, gather
from pipeline.export.publish import publish
from tests.unit.export.hand_made import PETIT, make_product
from tests.unit.export.hand_made_inventory import GONE

DAY = date(2026, 12, 1)
HOSTILE = "<script>document.title='pris'</script>\x07]]>&amp;"


def row(parc_id="p1", nature="statut", **values):
    return {
        "departement": "01",
        "commune_insee": "01004",
        "commune_nom": "Ambérieu",
        "parc_id": parc_id,
        "nom": None,
        "nature": nature,
        "avant": "à vérifier",
        "apres": "assujetti",
        "causes": "donnees;code",
        "detail": "statut : à vérifier → assujetti",
        "vu_le": "2026-12-01",
        "statut": "assujetti",
        "echeance": None,
        "surface_assujettie_m2": 12500.4,
        "priorite_instruction": None,
        **values,
    }


def digest(*rows, conflicts=(), failures=()):
    return Digest(
        first=DAY, last=DAY, communes=3, failures=tuple(failures),
        entries=by_urgency(pd.DataFrame(list(rows), columns=list(COLUMNS), dtype=object)),
        conflicts=pd.DataFrame(list(conflicts), columns=list(CONFLICTS), dtype=object),
    )  # fmt: skip


CONFLICT = {
    "departement": "01", "commune_insee": "01004", "commune_nom": "Ambérieu", "parc_id": "p9",
    "correction_id": "7", "action": "redessiner", "date": "2026-10-02", "part_deplacee": 0.41,
    "raison": "Le contour a bougé.",
}  # fmt: skip
FULL = digest(
    row(nom=HOSTILE),
    row("p2", "seuil", commune_insee="2A004", departement="2A", commune_nom="Ajaccio"),
    conflicts=[CONFLICT],
    failures=[Failure("01005", "01005 : limites absentes")],
)


@pytest.fixture
def written(tmp_path):
    return {path.suffix: path for path in write_digest(tmp_path, FULL)}


def test_the_files_are_named_after_the_day(written, tmp_path):
    names = {path.relative_to(tmp_path).as_posix() for path in written.values()}
    assert names == {f"digest/2026-12-01.{end}" for end in ("html", "csv", "ods")}


def test_the_same_digest_gives_the_same_bytes(written, tmp_path):
    again = write_digest(tmp_path / "again", FULL)
    assert [path.read_bytes() for path in again] == [
        written[path.suffix].read_bytes() for path in again
    ]


def test_the_order_is_priority_then_due_date_then_kind():
    rows = [
        row("none", priorite_instruction=None),
        row("fourth", priorite_instruction=4.0),
        row("first late", priorite_instruction=1.0, echeance="2028-07-01"),
        row("first soon", priorite_instruction=1.0, echeance="2026-07-01"),
        row("first undated", priorite_instruction=1.0),
        row("near", "echeance_proche"),
        row("area", "superficie"),
    ]
    found = by_urgency(pd.DataFrame(rows, columns=list(COLUMNS), dtype=object))
    assert found["parc_id"].tolist() == [
        "first soon", "first late", "first undated", "fourth", "near", "none", "area",
    ]  # fmt: skip
    turned = by_urgency(pd.DataFrame(rows[::-1], columns=list(COLUMNS), dtype=object))
    pd.testing.assert_frame_equal(turned, found)


def test_the_page_counts_kinds_causes_places_conflicts_and_failures(written):
    text = written[".html"].read_text("utf-8")
    words = re.sub("<[^>]+>", " ", text).replace("\u202f", " ")
    words = " ".join(words.split())
    for said in (
        "Ce qui a changé au 01/12/2026",
        "2 changement(s), 2 parc(s), 2 commune(s) sur 3 ; 1 correction(s) en conflit, 1 échec(s)",
        "Statut changé 1", "Seuil franchi 1", "données 2", "version de parzan 2",
        "2 changement(s) ont plusieurs causes possibles",
        "Redessiner le contour 2026-10-02 41 % Le contour a bougé.".replace("41 %", "41\u00a0%"),
        "01005 : limites absentes",
        "Département 01 : 1 changement(s)", "Département 2A : 1 changement(s)",
    ):  # fmt: skip
        assert " ".join(said.split()) in words, said


def test_a_quiet_month_says_so(tmp_path):
    page, table, sheet = write_digest(tmp_path, digest())
    text = page.read_text("utf-8")
    assert "0 changement(s)" in text
    assert text.count("Rien.") == 7
    assert len(table.read_bytes().splitlines()) == 1
    assert sheet.stat().st_size > 0


def test_the_page_loads_nothing_and_runs_nothing(written):
    text = written[".html"].read_text("utf-8")
    assert "default-src 'none'" in text
    assert "unsafe" not in text
    for word in ("<script", "src=", "href=", "http://", "https://", "@import", "url(", "\x07"):
        assert word not in text, word


def test_a_real_browser_shows_hostile_names_as_text_and_applies_the_style(written, tmp_path):
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("chromium is not installed (Debian: chromium)")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/p"]
    page = written[".html"].as_uri()
    done = subprocess.run(
        [browser, *options, "--enable-logging=stderr", "--dump-dom", page],
        check=True, capture_output=True, timeout=120, text=True,
    )  # fmt: skip
    assert "<title>Ce qui a changé au 01/12/2026</title>" in done.stdout
    assert "&lt;script&gt;document.title='pris'&lt;/script&gt;" in done.stdout
    assert "<script" not in done.stdout
    assert "Content Security Policy" not in done.stderr


def test_the_csv_opens_in_a_french_spreadsheet(written):
    raw = written[".csv"].read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [line["Code INSEE"] for line in rows] == ["2A004", "01004"]
    assert rows[1]["Nom du parc"] == HOSTILE
    assert (rows[0]["Changement"], rows[0]["Statut"]) == ("Seuil franchi", "Assujetti")
    assert rows[0]["Causes"] == "données ou version de parzan"
    assert rows[0]["Superficie assujettie (m²)"] == "12500"


def test_the_ods_keeps_codes_as_texts(written):
    table = pyogrio.read_dataframe(written[".ods"])
    assert table["Code INSEE"].tolist() == ["2A004", "01004"]
    content = zipfile.ZipFile(written[".ods"]).read("content.xml").decode()
    assert "table:formula" not in content
    assert 'office:value-type="float"' not in content
    assert zipfile.ZipFile(written[".ods"]).namelist()[0] == "mimetype"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "of:=1+1", "\t=1"])
def test_no_cell_is_a_formula(name, tmp_path):
    _, table, sheet = write_digest(tmp_path, digest(row(nom=name)))
    rows = list(
        csv.DictReader(
            io.StringIO(table.read_bytes().decode("utf-8-sig"), newline=""), delimiter=";"
        )
    )
    assert rows[0]["Nom du parc"] == f"'{name}"
    assert "table:formula" not in zipfile.ZipFile(sheet).read("content.xml").decode()


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    out = tmp_path_factory.mktemp("region")
    publish(make_product(), out)
    return out


def test_it_is_gathered_from_the_journals_of_the_products(region, tmp_path):
    shutil.copytree(region, tmp_path, dirs_exist_ok=True)
    (tmp_path / "62" / "62998.gpkg").write_bytes(b"damaged")
    found = gather(tmp_path, first=date(2026, 9, 1), last=date(2026, 10, 1))
    assert found.entries[["parc_id", "nature"]].to_numpy().tolist() == [
        [PETIT, "nouveau"], [GONE, "disparu"],
    ]  # fmt: skip
    living = found.entries.iloc[0]
    assert (living["departement"], living["commune_insee"]) == ("62", "62999")
    assert found.conflicts[["parc_id", "correction_id"]].to_numpy().tolist() == [[GONE, "2"]]
    assert [failure.insee_code for failure in found.failures] == ["62998"]
    assert found.communes == 2


@pytest.mark.parametrize(
    ("first", "last", "parks"),
    [
        pytest.param(date(2026, 10, 1), date(2026, 10, 1), [PETIT], id="the day itself"),
        pytest.param(date(2026, 10, 2), date(2026, 12, 1), [], id="the day after"),
        pytest.param(date(2026, 8, 1), date(2026, 9, 1), [GONE], id="up to the day"),
        pytest.param(date(2026, 8, 1), date(2026, 8, 31), [], id="the day before"),
    ],
)
def test_a_period_includes_both_its_days(first, last, parks, region):
    assert gather(region, first=first, last=last).entries["parc_id"].tolist() == parks
