"""Planning documents: what zones, documents and communes of the Géoportail say, and do not say."""

import json
from typing import ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.ingestion.folder import check_sources
from pipeline.ingestion.planning_coverage import compute_coverage
from pipeline.ingestion.planning_names import read_names
from tests.tables import ASSUMPTIONS, FRANCE, L93, X0, Y0, box
from tests.unit.ingestion import context_files
from tests.unit.ingestion.context_files import EAST, HERE, SQUARES, read, remarks
from tests.unit.ingestion.deposits import CATALOGUE, TERRITORIES, deposit

PLU = {"TYPEZONE": "U", "IDURBA": f"{HERE}_PLU_20230101", "DATVALID": "20230627"}


def save(data, name, *rows, crs=L93, **options):
    """Write rows (shape, columns) as a layer of `plu/`, in the format that the name says."""
    path = data / "plu" / name
    path.parent.mkdir(exist_ok=True)
    shapes = [shape for shape, _ in rows]
    table = gpd.GeoDataFrame([columns for _, columns in rows], geometry=shapes, crs=crs)
    pyogrio.write_dataframe(
        table.to_crs("EPSG:4326") if "geojson" in name else table, path, **options
    )
    return path


def bare(data, name, *rows):
    """Write features without geometry, as some answers of the API."""
    features = [{"type": "Feature", "geometry": None, "properties": row} for row in rows]
    deposit(data, f"plu/{name}", json.dumps({"type": "FeatureCollection", "features": features}))


def told(data, *codes):
    rows = read(data, *codes).documents
    return [
        tuple(None if pd.isna(value) else value for value in row)
        for row in rows[["insee_code", "document_type", "is_covered", "approved_on"]].itertuples(
            index=False
        )
    ]


class TestZones:
    @pytest.mark.parametrize("name", ["ZONE_URBA.shp", "zones.gpkg", "zones.geojson"])
    def test_zones_that_cover_a_commune_are_its_plan(self, tmp_path, name):
        """Two zones of half the commune each; nothing is said of the neighbour."""
        save(tmp_path, name, (box(0, 0, 500, 1000), PLU), (box(500, 0, 1000, 1000), PLU))
        assert told(tmp_path, HERE, EAST) == [(HERE, "PLU", True, "2023-01-01")]
        assert set(read(tmp_path).documents["source"]) == {f"plu/{name}"}

    SHARES: ClassVar = {"below half": (499, []), "half": (500, [HERE]), "above half": (501, [HERE])}

    @pytest.mark.parametrize(("width", "codes"), SHARES.values(), ids=SHARES.keys())
    def test_from_half_of_the_ground(self, tmp_path, width, codes):
        save(tmp_path, "z.gpkg", (box(0, 0, width, 1000), PLU))
        context = read(tmp_path)
        assert context.documents["insee_code"].tolist() == codes
        said = f"1 commune couverte en partie, dont rien n'est dit ({HERE} : 50\u00a0%)"
        assert (said in remarks(context, "plu/z.gpkg")) is (not codes)

    def test_the_share_itself_is_enough(self, tmp_path, monkeypatch):
        """« Au moins »: the measured share as the threshold, then the next number above it."""
        save(tmp_path, "z.gpkg", (box(0, 0, 700, 1000), PLU))
        limits, zones = (np.array([shape]) for shape in (SQUARES[HERE], box(0, 0, 700, 1000)))
        (share,) = compute_coverage(zones, np.zeros(1, np.intp), limits, FRANCE).share
        for least, codes in ((share, [HERE]), (np.nextafter(share, 1.0), [])):
            own = ASSUMPTIONS.planning.covered_share.model_copy(update={"value": least})
            choices = ASSUMPTIONS.planning.model_copy(update={"covered_share": own})
            changed = ASSUMPTIONS.model_copy(update={"planning": choices})
            monkeypatch.setattr(context_files, "ASSUMPTIONS", changed)
            assert read(tmp_path).documents["insee_code"].tolist() == codes

    def test_zones_that_overlap_count_once(self, tmp_path):
        """300 m wide twice: three tenths of the commune, not six."""
        save(tmp_path, "z.gpkg", (box(0, 0, 300, 1000), PLU), (box(0, 0, 300, 1000), PLU))
        assert told(tmp_path) == []

    def test_two_documents_do_not_add_up(self, tmp_path):
        old = {**PLU, "IDURBA": f"{HERE}_PLU_20100101"}
        save(tmp_path, "z.gpkg", (box(0, 0, 400, 1000), PLU), (box(400, 0, 800, 1000), old))
        assert told(tmp_path) == []

    def test_a_plan_of_several_communes_is_that_of_each(self, tmp_path):
        zone = {"TYPEZONE": "N", "IDURBA": "200057875_PLUI_20240705"}
        save(tmp_path, "z.gpkg", (box(0, 0, 2000, 1000), zone))
        assert told(tmp_path, HERE, EAST) == [
            (EAST, "PLUi", True, "2024-07-05"),
            (HERE, "PLUi", True, "2024-07-05"),
        ]

    def test_sectors_of_a_carte_communale(self, tmp_path):
        sector = {"TYPESECT": "01", "IDURBA": f"{HERE}_CC_20120229"}
        save(tmp_path, "SECTEUR_CC.shp", (SQUARES[HERE], sector))
        assert told(tmp_path) == [(HERE, "CC", True, "2012-02-29")]

    def test_a_plan_that_may_have_lapsed_is_uncertain(self, tmp_path):
        save(tmp_path, "z.gpkg", (SQUARES[HERE], {**PLU, "IDURBA": f"{HERE}_POS_19990101"}))
        assert told(tmp_path) == [(HERE, "POS", None, "1999-01-01")]

    def test_the_date_of_approval_comes_before_the_name(self, tmp_path):
        save(tmp_path, "z.gpkg", (SQUARES[HERE], {**PLU, "DATAPPRO": "20221215"}))
        assert told(tmp_path) == [(HERE, "PLU", True, "2022-12-15")]

    def test_a_date_that_is_none_is_left_blank_and_told(self, tmp_path):
        save(tmp_path, "z.gpkg", (SQUARES[HERE], {**PLU, "DATAPPRO": "20231345"}))
        assert told(tmp_path) == [(HERE, "PLU", True, None)]
        assert "1 date d'approbation illisible ou impossible, laissée vide (20231345)" in remarks(
            read(tmp_path), "plu/z.gpkg"
        )

    def test_zones_whose_document_has_no_name(self, tmp_path):
        save(tmp_path, "z.gpkg", (SQUARES[HERE], {"TYPEZONE": "U"}))
        assert told(tmp_path) == [(HERE, None, True, None)]

    def test_what_the_geoportail_does_not_hold_for_in_force_is_left(self, tmp_path):
        save(tmp_path, "z.gpkg", (SQUARES[HERE], {**PLU, "gpu_status": "archive"}))
        assert told(tmp_path) == []
        assert "1 objet d'un document qui n'est pas en vigueur (archive)" in remarks(
            read(tmp_path), "plu/z.gpkg"
        )

    def test_a_sector_plan_over_a_corner_says_nothing_of_the_rest(self, tmp_path):
        zone = {"TYPEZONE": "U", "IDURBA": f"{HERE}_PSMV_20200101"}
        save(tmp_path, "z.gpkg", (box(0, 0, 100, 100), zone))
        assert told(tmp_path) == []

    def test_the_same_zones_twice_are_one_document(self, tmp_path):
        for name in ("a.gpkg", "b.shp"):
            save(tmp_path, name, (SQUARES[HERE], PLU))
        assert len(told(tmp_path)) == 1

    def test_a_crossed_zone_is_repaired_and_told(self, tmp_path):
        """Two triangles of a quarter of the square each, and a zone over the other half."""
        points = [(X0 + x, Y0 + y) for x, y in ((0, 0), (1000, 1000), (1000, 0), (0, 1000))]
        save(tmp_path, "z.gpkg", (shapely.Polygon(points), PLU), (box(0, 0, 1000, 500), PLU))
        assert told(tmp_path) == [(HERE, "PLU", True, "2023-01-01")]
        assert "1 contour croisé réparé" in remarks(read(tmp_path), "plu/z.gpkg")


class TestCommunes:
    ANSWERS: ClassVar = {
        "under the national rules": (True, [(HERE, "RNU", False, None)]),
        "not under them": (False, [(HERE, None, True, None)]),
        "as text": ("true", [(HERE, "RNU", False, None)]),
        "not told": (None, []),
        "an answer that is none": ("peut-être", []),
    }

    @pytest.mark.parametrize(("is_rnu", "expected"), ANSWERS.values(), ids=ANSWERS.keys())
    def test_what_the_api_says(self, tmp_path, is_rnu, expected):
        bare(tmp_path, "m.geojson", {"insee": HERE, "name": "SUR-PARZAN", "is_rnu": is_rnu})
        assert told(tmp_path, HERE, EAST) == expected

    def test_a_commune_that_is_no_more_is_left(self, tmp_path):
        bare(tmp_path, "m.geojson", {"insee": HERE, "is_rnu": True, "is_deleted": True})
        assert told(tmp_path) == []

    def test_two_sources_that_contradict_each_other_both_speak(self, tmp_path):
        bare(tmp_path, "m.geojson", {"insee": HERE, "is_rnu": True})
        save(tmp_path, "z.gpkg", (SQUARES[HERE], PLU))
        context = read(tmp_path)
        assert sorted(context.documents["is_covered"]) == [False, True]
        said = f"plu/m.geojson : commune {HERE} dite au RNU ici, couverte selon plu/z.gpkg"
        assert any(line.startswith(said) for line in context.warnings)


class TestDocuments:
    ROW: ClassVar = {
        "grid_name": HERE, "name": f"{HERE}_PLU_20250116", "gpu_status": "production",
        "partition": f"DU_{HERE}", "du_type": "PLU",
    }  # fmt: skip

    def test_a_document_drawn_over_two_communes(self, tmp_path):
        grid = "200070159"
        row = {"name": f"{grid}_PLUi_20260202", "partition": f"DU_{grid}", "du_type": "PLUi"}
        save(tmp_path, "d.gpkg", (box(0, 0, 2000, 1000), {**self.ROW, **row}))
        assert told(tmp_path, HERE, EAST) == [
            (EAST, "PLUi", True, "2026-02-02"),
            (HERE, "PLUi", True, "2026-02-02"),
        ]

    SILENT: ClassVar = {
        "not in force": {"gpu_status": "pre-production"},
        "of another kind": {"du_type": "SCOT"},
    }

    @pytest.mark.parametrize("change", SILENT.values(), ids=SILENT.keys())
    def test_what_is_no_plan_in_force_is_counted(self, tmp_path, change):
        save(tmp_path, "d.geojson", (SQUARES[HERE], {**self.ROW, **change}))
        context = read(tmp_path)
        assert context.documents.empty
        assert remarks(context, "plu/d.geojson").startswith("1 objet d'un document")

    def test_a_document_without_outline_is_refused(self, tmp_path):
        bare(tmp_path, "d.geojson", self.ROW)
        with pytest.raises(SourceError, match="aucune de ses 1 lignes n'a de géométrie"):
            read(tmp_path)


class TestFolder:
    def test_no_folder_no_answer(self, tmp_path):
        context = read(tmp_path)
        assert context.documents.empty
        assert "plu/ : Documents d'urbanisme, source absente" in context.warnings

    def test_the_other_layers_of_a_delivery_are_left(self, tmp_path):
        save(tmp_path, "ZONE_URBA.shp", (SQUARES[HERE], PLU))
        save(tmp_path, "PRESCRIPTION_SURF.shp", (box(0, 0, 9, 9), {"TYPEPSC": "01"}))
        context = read(tmp_path)
        assert len(context.documents) == 1
        assert "sans usage ici" in remarks(context, "plu/PRESCRIPTION_SURF.shp")

    def test_nothing_of_use_is_refused(self, tmp_path):
        save(tmp_path, "PRESCRIPTION_SURF.shp", (box(0, 0, 9, 9), {"TYPEPSC": "01"}))
        with pytest.raises(
            SourceError, match=r"^plu/ : aucune couche de zones \(typezone, typesect"
        ):
            read(tmp_path)

    def test_check_counts_zones(self, tmp_path):
        save(tmp_path, "z.shp", (box(0, 0, 9, 9), PLU), (box(9, 0, 18, 9), PLU))
        bare(tmp_path, "m.geojson", {"insee": HERE, "is_rnu": True})
        table = check_sources(tmp_path, TERRITORIES, CATALOGUE).set_index("fichier")
        assert (table.loc["plu/z.shp", "lignes"], table.loc["plu/m.geojson", "lignes"]) == (2, 1)


NAMES = {
    "the standard": ("35236_PLU_20230101", ("PLU", "20230101")),
    "a grouping": ("200057875_PLUi_20240705", ("PLUi", "20240705")),
    "a grouping in capitals": ("200057875_PLUI_20240705", ("PLUi", "20240705")),
    "with a letter of version": ("2A004_CC_20121231_B", ("CC", "20121231")),
    "the standard of 2013": ("3523620130101", (None, "20130101")),
    "the same, parted": ("35236_20130101", (None, "20130101")),
    "a grouping, old": ("20005787520130101", (None, "20130101")),
    "a partition": ("DU_35236", (None, None)),
    "the partition of a sector": ("PSMV_35236", ("PSMV", None)),
    "a sentence": ("PLU de Redon", (None, None)),
    "nothing": (None, (None, None)),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.values(), ids=NAMES.keys())
def test_what_the_name_of_a_document_tells(name, expected):
    (row,) = read_names(pd.Series([name], dtype="str")).itertuples(index=False)
    assert tuple(None if pd.isna(value) else value for value in row) == expected


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10), st.integers(0, 1)), max_size=8))
def test_the_share_is_that_of_the_union(strips):
    """Vertical strips of 100 m over the commune: the share is the number of distinct columns."""
    shapes = [box(100 * x, 0, 100 * min(x + width, 10), 1000) for x, width, _ in strips]
    zones = gpd.GeoSeries(shapes, crs=L93).to_numpy()
    documents = pd.Series([number for *_, number in strips], dtype="int64").to_numpy()
    found = compute_coverage(
        zones, documents, gpd.GeoSeries([SQUARES[HERE], SQUARES[EAST]]).to_numpy(), FRANCE
    )
    assert (found.commune == 0).all()
    for number, share in zip(found.document, found.share, strict=True):
        columns = {
            column
            for x, width, of in strips
            if of == number
            for column in range(x, min(x + width, 10))
        }
        assert share == pytest.approx(len(columns) / 10, abs=1e-6)
