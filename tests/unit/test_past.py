"""A past state: what was published on a day, rebuilt from the inventories kept until then."""

import hashlib
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.crs import load_territories
from pipeline.errors import PublicationError
from pipeline.export.conformance import check_product
from pipeline.export.publish import publish
from pipeline.inventory.inventories import keep_inventory, path_at
from pipeline.past import rebuild_state
from tests.unit.export.hand_made import make_product
from tests.unit.export.reading import damage
from tests.unit.export.test_documents import GMD, metadata_of
from tests.unit.export.test_region import renamed, rows

CONFIG = Path(__file__).resolve().parents[2] / "config"
TERRITORIES = load_territories(CONFIG / "territories.yaml")
NOV, MIDDLE, DEC = date(2026, 11, 1), date(2026, 11, 15), date(2026, 12, 1)
BEFORE = date(2026, 10, 31)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Two communes in November; one of them again in December, a park renamed."""
    out = tmp_path_factory.mktemp("past")
    keep_inventory(publish(make_product(), out), out, NOV)
    keep_inventory(publish(renamed(make_product(), "59001", None), out), out, NOV)
    later = shutil.copy(out / "62" / "62999.gpkg", out / "later.gpkg")
    damage(later, "UPDATE parcs SET nom = 'Autre nom' WHERE rowid = 1")
    keep_inventory(later, out, DEC)
    return out


@pytest.fixture
def out(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "out")


def parks(path, insee="62999"):
    table = gpd.read_file(path, layer="parcs")
    return table[table["commune_insee"] == insee].reset_index(drop=True)


@pytest.mark.parametrize(
    ("day", "product"),
    [(NOV, "62/62999"), (MIDDLE, "62/62999"), (DEC, "later"), (date(2030, 1, 1), "later")],
)
def test_the_parks_are_those_published_that_day_or_the_last_day_before(out, day, product):
    done = rebuild_state(out, day, TERRITORIES)
    published = gpd.read_file(out / f"{product}.gpkg", layer="parcs")
    pd.testing.assert_frame_equal(
        pd.DataFrame(parks(done.path)), pd.DataFrame(published), check_like=True
    )
    assert done.path == out / "etats" / f"etat_{day}.gpkg"
    assert (done.communes, done.missing) == (2, ())
    assert done.parks == 2 * len(published)


def test_each_commune_tells_the_inventory_that_was_read(out):
    done = rebuild_state(out, DEC, TERRITORIES)
    other, own = rows(done.path, "SELECT * FROM etats ORDER BY insee")
    assert (other["insee"], other["inventaire_du"]) == ("59001", "2026-11-01")
    assert (own["insee"], own["inventaire_du"]) == ("62999", "2026-12-01")
    file = path_at(out, "62999", DEC)
    assert own["fichier"] == file.relative_to(out).as_posix()
    assert own["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert own["remarque"] is None


def test_what_the_parks_were_made_from_is_there(out):
    path = rebuild_state(out, NOV, TERRITORIES, asked=["62999"]).path
    assert path.name == "62999_2026-11-01.gpkg"
    told = rows(out / "62" / "62999.gpkg", "SELECT * FROM sources WHERE sha256 IS NOT NULL")
    read = rows(path, "SELECT * FROM sources_lues")
    assert {(r["dossier"], r["fichier"], r["sha256"]) for r in read} == {
        (r["dossier"], r["fichier"], r["sha256"]) for r in told
    }
    assert rows(path, "SELECT nom, valeur FROM empreintes ORDER BY nom") == [
        {"nom": "code", "valeur": "ff00"}, {"nom": "regles", "valeur": "00ff"},
    ]  # fmt: skip
    replayed = rows(out / "62" / "62999.gpkg", "SELECT * FROM corrections_rejouees")
    assert [r["correction_id"] for r in rows(path, "SELECT * FROM corrections_rejouees")] == sorted(
        r["correction_id"] for r in replayed
    )


def test_licences_of_the_sources_are_kept_with_the_state(out):
    path = rebuild_state(out, NOV, TERRITORIES).path
    licences = rows(path, "SELECT licence, attribution, communes_nb FROM licences")
    assert licences == [
        {"licence": "Licence Ouverte 2.0", "attribution": "© IGN BD TOPO", "communes_nb": 2},
        {"licence": "ODbL 1.0", "attribution": "© les contributeurs d'OpenStreetMap",
         "communes_nb": 2},
    ]  # fmt: skip
    blocks = metadata_of(path).iter(f"{GMD}MD_LegalConstraints")
    assert ["OpenStreetMap" in " ".join(node.itertext()) for node in blocks] == [False, True]


def test_a_commune_without_inventory_that_day_is_told(out):
    done = rebuild_state(out, NOV, TERRITORIES, asked=["62999", "62001"])
    assert done.missing == ("62001",)
    told = rows(done.path, "SELECT insee, remarque FROM etats WHERE parcs_nb IS NULL")
    assert told == [{"insee": "62001", "remarque": "aucun inventaire ce jour-là ou avant"}]


def test_before_the_first_inventory_nothing_is_written(out):
    with pytest.raises(PublicationError, match="aucun inventaire"):
        rebuild_state(out, BEFORE, TERRITORIES)
    assert not (out / "etats").exists()


def test_the_same_day_gives_the_same_bytes_and_conforms(out):
    path = rebuild_state(out, NOV, TERRITORIES).path
    first = path.read_bytes()
    assert check_product(path) == []
    assert rebuild_state(out, NOV, TERRITORIES).path.read_bytes() == first


def test_a_state_that_lost_a_park_does_not_conform(out):
    path = rebuild_state(out, NOV, TERRITORIES, asked=["62999"]).path
    count = len(parks(path))
    damage(path, "DELETE FROM parcs WHERE rowid = 1")
    assert f"etats : 62999 annonce {count} parc(s), parcs en a {count - 1}" in check_product(path)


def test_an_inventory_of_an_older_version_says_what_it_lacks(out):
    file = path_at(out, "59001", NOV)
    table = pq.read_table(file)
    said = table.schema.metadata[b"parzan"].replace(b'"licences"', b'"autrefois"')
    older = table.drop_columns(["gestionnaire"]).append_column("ancienne", table["nom"])
    metadata = table.schema.metadata | {b"parzan": said}
    pq.write_table(older.replace_schema_metadata(metadata), file)
    path = rebuild_state(out, NOV, TERRITORIES, asked=["59001"]).path
    (state,) = rows(path, "SELECT remarque FROM etats")
    assert state["remarque"] == (
        "colonnes d'une autre version laissées : ancienne ;"
        " licences des sources non gardées par cette version"
    )
    assert parks(path, "59001")["gestionnaire"].isna().all()


def test_a_damaged_inventory_is_told_and_the_former_file_stays(out):
    path = rebuild_state(out, NOV, TERRITORIES).path
    before = path.read_bytes()
    file = path_at(out, "59001", NOV)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(PublicationError, match=r"59001_2026-11-01\.parquet"):
        rebuild_state(out, NOV, TERRITORIES)
    assert path.read_bytes() == before


def test_a_state_open_for_editing_is_left_as_it_is(out):
    path = rebuild_state(out, NOV, TERRITORIES).path
    before = path.read_bytes()
    with closing(sqlite3.connect(path, isolation_level=None)) as editor:
        editor.execute("BEGIN EXCLUSIVE")
        with pytest.raises(PublicationError, match="ouvert"):
            rebuild_state(out, NOV, TERRITORIES, asked=["62999"], path=path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("other", ["62999.gpkg", "62999_revue.gpkg"])
def test_a_product_or_the_work_of_an_agent_is_never_replaced(out, other):
    path = out / "62" / other
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(PublicationError, match="n'est pas un état passé"):
        rebuild_state(out, NOV, TERRITORIES, path=path)
    with closing(sqlite3.connect(path, isolation_level=None)) as agent:
        agent.execute("PRAGMA journal_mode=WAL")
        agent.execute("BEGIN IMMEDIATE")
        during = {file.name: file.read_bytes() for file in path.parent.iterdir()}
        with pytest.raises(PublicationError, match="n'est pas un état passé"):
            rebuild_state(out, NOV, TERRITORIES, path=path)
        assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == during
        agent.execute("ROLLBACK")
        agent.execute("PRAGMA journal_mode=DELETE")
    assert before.keys() == {file.name for file in path.parent.iterdir()}


def test_a_name_that_is_no_geopackage_is_refused(out, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("à garder", encoding="utf-8")
    with pytest.raises(PublicationError, match=r"en \.gpkg"):
        rebuild_state(out, NOV, TERRITORIES, path=notes)
    assert notes.read_text(encoding="utf-8") == "à garder"


def test_territories_without_a_common_system_are_not_mixed(out):
    file = path_at(out, "59001", NOV)
    other = out / "inventaires" / "974" / "97411_2026-11-01.parquet"
    other.parent.mkdir()
    shutil.copy(file, other)
    with pytest.raises(PublicationError, match="plusieurs territoires"):
        rebuild_state(out, NOV, TERRITORIES)


def test_the_command_lists_days_then_writes_one(out, tmp_path):
    run = CliRunner().invoke
    listed = run(app, ["inventory", "list", "--out", str(out)])
    assert listed.stdout.splitlines() == ["59001  2026-11-01", "62999  2026-11-01, 2026-12-01"]
    target = tmp_path / "ailleurs" / "etat.gpkg"
    wanted = ["inventory", "export", "2026-11-20", "--out", str(out), "--to", str(target)]
    done = run(app, wanted)
    assert (done.exit_code, done.stdout) == (0, f"{target}\n")
    assert check_product(target) == []


@pytest.mark.parametrize(
    "words", [["export", "2026-10-01"], ["export", "2026-11-01", "--commune", "../../x"],
              ["list", "--commune", "62001"]],
)  # fmt: skip
def test_what_cannot_be_rebuilt_is_one_clear_line(out, words):
    done = CliRunner().invoke(app, ["inventory", *words, "--out", str(out)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Erreur : ")
    assert done.stderr.count("\n") == 1
