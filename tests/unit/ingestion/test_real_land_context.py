"""Real planning documents and brownfields beside the checkout: what a person can check."""

import shutil
import tempfile
from pathlib import Path

import pytest

from pipeline.ingestion.communes import read_communes
from pipeline.ingestion.files import find_files
from pipeline.ingestion.land_context import read_land_context
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from tests.tables import ASSUMPTIONS, FRANCE
from tests.unit.ingestion.context_files import remarks
from tests.unit.ingestion.deposits import CATALOGUE

pytestmark = pytest.mark.shared_data


def read(data, limits):
    """Read the three folders of `data` for every commune of the folder `limits`."""
    with tempfile.TemporaryDirectory() as work:
        scope = Scope(FRANCE, None, "", CATALOGUE, Path(work))
        files = find_files(limits, "communes", scope.work)
        communes = read_communes([FileReport(file) for file in files], scope)
        return read_land_context(data, FRANCE, communes, ASSUMPTIONS, CATALOGUE, work=scope.work)


def test_the_plan_of_est_ensemble_is_that_of_its_nine_communes(shared_data):
    """Bagnolet, Bobigny, Bondy, Les Lilas, Montreuil, Noisy, Pantin, Le Pré, Romainville."""
    data = shared_data / "bondy_93010"
    documents = read(data, data).documents
    assert documents["insee_code"].tolist() == [
        "93006", "93008", "93010", "93045", "93048", "93053", "93055", "93061", "93063",
    ]  # fmt: skip
    assert set(documents["document_type"]) == {"PLUi"}
    assert set(documents["approved_on"]) == {"2024-07-05"}
    assert documents["is_covered"].all()


def test_one_zone_of_gueret_says_nothing_and_its_commune_does(shared_data, tmp_path):
    """A single zone was drawn from the Géoportail; the answer `municipality` says: not the RNU."""
    source = shared_data / "gueret_23096"
    shutil.copytree(source / "plu", tmp_path / "plu")
    alone = read(tmp_path, source)
    assert alone.documents.empty
    assert "1 commune couverte en partie" in remarks(alone, "plu/urbanisme_zone_urba.geojson")
    shutil.copy(source / "communes/gueret_municipality.geojson", tmp_path / "plu")
    (row,) = read(tmp_path, source).documents.itertuples()
    assert (row.insee_code, bool(row.is_covered)) == ("23096", True)


def test_the_two_brownfields_of_gueret(shared_data):
    data = shared_data / "gueret_23096"
    table = read(data, data).brownfields.set_index("site_id")
    assert table["name"].to_dict() == {
        "23096_25601": "Ilot Carnot",
        "23096_27796": "Appel à projet Fonds Vert 2023 -Ilot Carnot",
    }
    assert table["updated_on"].tolist() == ["2023-09-14", "2024-02-13"]
    assert table["area_m2"].tolist() == [1631, 1631]
    assert set(table["insee_code"]) == {"23096"}
    assert table["status"].tolist() == ["friche avec projet"] * 2


def test_a_delivery_of_the_geoportail_gives_its_zones_alone(shared_data, tmp_path):
    """Arpaillargues (30014): zones, prescriptions and information side by side; commune far off."""
    shutil.copytree(shared_data / "plu_cnig", tmp_path / "plu")
    context = read(tmp_path, shared_data / "gueret_23096")
    assert context.documents.empty
    rows = context.records[context.records["folder"] == "plu"]
    is_unused = rows["remarks"].str.contains("sans usage ici").fillna(value=False)
    assert rows.loc[~is_unused.astype(bool), "file"].tolist() == [
        "plu/30014_ZONE_URBA_20171013.shp"
    ]
