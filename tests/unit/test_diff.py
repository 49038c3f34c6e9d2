"""`parzan diff` as a person runs it: products, inventories, days; what a bad input is told."""

import json
import shutil
from datetime import date

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.export.publish import publish
from pipeline.inventory.inventories import keep_inventory
from tests.unit.export.hand_made import GRAND, PETIT, make_product
from tests.unit.export.reading import damage

runner = CliRunner()
NOV, DEC = date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two products and the inventories of two months; in December GRAND grew and PETIT went."""
    out = tmp_path_factory.mktemp("region")
    old = publish(make_product(), out)
    keep_inventory(old, out, NOV)
    new = shutil.copy(old, out / "new.gpkg")
    damage(
        new,
        f"UPDATE parcs SET surface_assujettie_m2 = 9000 WHERE parc_id = '{GRAND}'",
        f"UPDATE parcs SET nom = '[b]x[/b]' WHERE parc_id = '{GRAND}'",
        f"DELETE FROM parcs WHERE parc_id = '{PETIT}'",
        "UPDATE gpkg_ogr_contents SET feature_count = feature_count - 1 WHERE table_name = 'parcs'",
        "UPDATE sources SET sha256 = 'f' WHERE dossier = 'osm'",
    )
    keep_inventory(new, out, DEC)
    return out


def diff(*arguments, **options):
    return runner.invoke(app, ["diff", *map(str, arguments)], **options)


def document(*arguments):
    result = diff(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(result, *words):
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    assert result.exit_code == 1, result.output
    assert len(lines) == 1, lines
    assert "Traceback" not in result.output
    for word in words:
        assert word in lines[0]


def told(found):
    (commune,) = found
    return {(row["parc_id"], row["nature"]) for row in commune["changements"]}


EXPECTED = {(GRAND, "superficie"), (PETIT, "disparu")}


def test_products_inventories_and_days_tell_the_same(folder):
    old, new = folder / "62/62999.gpkg", folder / "new.gpkg"
    kept = [folder / f"inventaires/62/62999_{day}.parquet" for day in (NOV, DEC)]
    for sides in ((old, new), kept, (NOV, DEC), (old, DEC), (NOV, new), (NOV, "2027-05-05")):
        found = document(*sides, "--out", folder)
        assert told(found) >= EXPECTED, sides
        assert {kind for _, kind in told(found)} <= {"superficie", "disparu", "seuil"}


def test_the_document_names_both_states_and_counts_what_it_lists(folder):
    (commune,) = document(NOV, DEC, "--out", folder)
    assert (commune["insee"], commune["nom"]) == ("62999", "Démo-sur-Lys")
    assert (commune["avant"]["etat_au"], commune["apres"]["etat_au"]) == (
        "2026-11-01", "2026-12-01",
    )  # fmt: skip
    assert commune["avant"]["parcs"] - commune["apres"]["parcs"] == 1
    assert sum(commune["nombres"].values()) == len(commune["changements"])
    gone = next(row for row in commune["changements"] if row["nature"] == "disparu")
    assert "donnees" in gone["causes"]
    assert gone["apres"] is None


def test_nothing_differs_from_itself(folder):
    path = folder / "62/62999.gpkg"
    (commune,) = document(path, path)
    assert (commune["changements"], commune["retouches"]) == ([], {})
    assert "0 changement(s) dans 0 commune(s) sur 1" in diff(path, path).stdout


def test_days_that_one_inventory_tells_differ_in_nothing(folder):
    for days in ((NOV, "2026-11-30"), (DEC, "2027-06-01")):
        (commune,) = document(*days, "--out", folder)
        assert (commune["changements"], commune["retouches"]) == ([], {})
        assert commune["avant"] == commune["apres"]
        assert commune["avant"]["etat_au"] == str(days[0])


def test_the_table_names_the_commune_the_total_and_each_change(folder):
    result = diff(NOV, DEC, "--out", folder)
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    for words in ("État au 01/11/2026 → État au 01/12/2026", "Total", "Parc disparu : 1", "[b]x"):
        assert words in text
    assert PETIT in text
    assert max(len(line) for line in result.stdout.splitlines()[:-1]) <= 80


def test_a_commune_may_be_chosen(folder):
    assert told(document(NOV, DEC, "--out", folder, "--commune", "62999")) >= EXPECTED


def test_a_commune_without_inventory_does_not_stop_the_others(folder):
    result = diff(NOV, DEC, "--out", folder, "--commune", "62999", "--commune", "62998", "--json")
    assert result.exit_code == 3
    assert told(json.loads(result.stdout)) >= EXPECTED
    assert "62998 : aucun inventaire" in result.stderr


def test_a_day_before_the_first_inventory_says_so(folder):
    refused(diff("2026-10-31", DEC, "--out", folder), "62999", "premier inventaire", "2026-11-01")
    assert diff(NOV, DEC, "--out", folder).exit_code == 0


def test_days_in_the_wrong_order_are_refused(folder):
    refused(diff(DEC, NOV, "--out", folder), "le jour le plus ancien d'abord")


@pytest.mark.parametrize(
    "side", ["2026-13-01", "20261201", "hier", "a.shp"], ids=["month 13", "compact", "word", "shp"]
)
def test_what_is_neither_file_nor_day_is_refused(folder, side):
    refused(diff(side, DEC, "--out", folder), side, "AAAA-MM-JJ")


def test_a_file_that_is_no_product_is_refused(folder, tmp_path):
    other = tmp_path / "autre.gpkg"
    other.write_bytes(b"rien")
    refused(diff(other, folder / "new.gpkg"), "autre.gpkg")
    refused(diff(tmp_path / "absent.gpkg", other), "absent")
    (tmp_path / "x.parquet").write_bytes(b"rien")
    refused(diff(tmp_path / "x.parquet", other), "inventaire")


def test_a_folder_without_inventories_says_so(tmp_path):
    refused(diff(NOV, DEC, "--out", tmp_path), "aucun inventaire")


def test_files_of_two_communes_are_not_compared(folder, tmp_path):
    other = shutil.copy(folder / "new.gpkg", tmp_path / "other.gpkg")
    damage(other, "UPDATE commune SET insee = '62998'")
    refused(diff(folder / "new.gpkg", other), "deux communes différentes", "62998", "62999")
    refused(diff(other, NOV, "--out", folder, "--commune", "62999"), "62998")


def test_a_digest_is_written_when_asked(folder, tmp_path):
    out = shutil.copytree(folder, tmp_path / "copy")
    result = diff(NOV, DEC, "--out", out, "--digest")
    assert result.exit_code == 0
    names = sorted(path.name for path in (out / "digest").iterdir())
    assert names == ["2026-12-01.csv", "2026-12-01.html", "2026-12-01.ods"]
    assert "du 01/11/2026 au 01/12/2026" in (out / "digest/2026-12-01.html").read_text("utf-8")
    assert not (folder / "digest").exists()
