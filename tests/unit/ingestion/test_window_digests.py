"""Which communes read something else since the last time, and in which folder."""

import gzip
import json

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.crs import territory_of
from pipeline.errors import SourceError
from pipeline.ingestion import prepared_listing
from pipeline.ingestion.commune_windows import commune_windows
from pipeline.ingestion.communes import find_window
from pipeline.ingestion.files import find_files
from pipeline.ingestion.provenance import FileReport
from pipeline.ingestion.scope import Scope
from pipeline.ingestion.window_digests import window_digests
from tests.tables import ASSUMPTIONS
from tests.unit.ingestion.deposits import (
    CATALOGUE,
    TERRITORIES,
    OsmTown,
    deposit,
    geojson,
    in_degrees,
    polygon,
    read,
    rectangle,
)
from tests.unit.ingestion.prepared_folders import assert_same_table, prepare

HERE, NEAR, FAR = "62999", "62998", "62997"
HALO = 100.0
OWNERS_HEAD = ";".join(f"c{place}" for place in range(24))


@pytest.fixture(autouse=True)
def short_tick(monkeypatch):
    """Files of a test are read as soon as they are written."""
    monkeypatch.setattr(prepared_listing, "_TICK_NS", 20_000_000)


@pytest.fixture
def data(tmp_path):
    """Three communes of 1 km: two side by side, one 10 km away."""
    squares = {HERE: 0, NEAR: 1000, FAR: 10_000}
    limits = [
        (polygon(rectangle(x, 0, x + 1000, 1000)), {"code": code, "nom": code})
        for code, x in squares.items()
    ]
    deposit(tmp_path, "communes/communes.geojson", geojson(*limits))
    return tmp_path


def buildings(data, *rows, name="bdtopo/batiment.geojson"):
    """Buildings of BD TOPO, 10 m wide, from pairs (x, columns)."""
    drawn = [(polygon(rectangle(x, 500, x + 10, 510)), columns) for x, columns in rows]
    deposit(data, name, geojson(*drawn))


def digests(data, codes=(HERE, NEAR, FAR), halo=HALO):
    prepared = prepare(data)
    windows = commune_windows(data, codes, halo, TERRITORIES, CATALOGUE)
    return window_digests(prepared, windows, heritage_radius_m=500.0)


def changed(before, after):
    """Pairs of a commune and a folder whose digest is another one."""
    return {
        (code, folder)
        for code in before
        for folder in before[code].keys() | after[code].keys()
        if before[code].get(folder) != after[code].get(folder)
    }


class TestWindows:
    def test_they_are_those_that_each_commune_finds(self, data):
        windows = commune_windows(data, [HERE, FAR, "62001"], HALO, TERRITORIES, CATALOGUE)
        assert set(windows) == {HERE, FAR}
        for code, window in windows.items():
            scope = Scope(territory_of(code, TERRITORIES), None, code, CATALOGUE, data / "work")
            reports = [FileReport(file) for file in find_files(data, "communes", data / "work")]
            assert window == find_window(reports, scope, HALO)

    def test_they_are_the_same_once_prepared(self, data):
        before = commune_windows(data, [HERE, FAR], HALO, TERRITORIES, CATALOGUE)
        prepare(data)
        assert commune_windows(data, [HERE, FAR], HALO, TERRITORIES, CATALOGUE) == before

    def test_a_folder_without_limits_is_told(self, tmp_path):
        with pytest.raises(SourceError, match="limites communales"):
            commune_windows(tmp_path, [HERE], HALO, TERRITORIES, CATALOGUE)


class TestRows:
    def test_nothing_changed_gives_the_same_digests(self, data):
        buildings(data, (500, {"cleabs": "A"}))
        before = digests(data)
        buildings(data, (500, {"cleabs": "A"}))
        assert digests(data) == before

    def test_a_row_counts_for_the_communes_whose_window_it_meets(self, data):
        buildings(data, (500, {"cleabs": "A", "n": 1}), (1050, {"cleabs": "B", "n": 1}))
        before = digests(data)
        # 1050 lies 50 m beyond the limit of the first commune, in its halo of 100 m
        buildings(data, (500, {"cleabs": "A", "n": 1}), (1050, {"cleabs": "B", "n": 2}))
        assert changed(before, digests(data)) == {(HERE, "bdtopo"), (NEAR, "bdtopo")}
        buildings(data, (500, {"cleabs": "A", "n": 1}), (1200, {"cleabs": "B", "n": 1}))
        assert changed(before, digests(data)) == {(HERE, "bdtopo"), (NEAR, "bdtopo")}

    def test_a_far_row_changes_nothing_here(self, data):
        buildings(data, (500, {"cleabs": "A", "n": 1}), (10_500, {"cleabs": "B", "n": 1}))
        before = digests(data)
        buildings(data, (500, {"cleabs": "A", "n": 1}), (10_500, {"cleabs": "B", "n": 2}))
        assert changed(before, digests(data)) == {(FAR, "bdtopo")}

    def test_the_order_of_named_rows_does_not_count(self, data):
        buildings(data, (500, {"cleabs": "A"}), (10_500, {"cleabs": "B"}))
        before = digests(data)
        buildings(data, (10_500, {"cleabs": "B"}), (500, {"cleabs": "A"}))
        assert digests(data) == before

    def test_the_rank_of_a_row_without_a_name_counts(self, data):
        name = "cadastre/batiments.geojson"
        buildings(data, (500, {"type": "01"}), (10_500, {"type": "02"}), name=name)
        before = digests(data)
        buildings(data, (10_500, {"type": "02"}), (500, {"type": "01"}), name=name)
        assert changed(before, digests(data)) == {(HERE, "cadastre"), (FAR, "cadastre")}

    def test_the_same_row_twice_is_not_none(self, data):
        buildings(data, (500, {"cleabs": "A"}))
        before = digests(data)
        buildings(data, (500, {"cleabs": "A"}), (500, {"cleabs": "A"}))
        assert changed(before, digests(data)) == {(HERE, "bdtopo")}

    def test_a_folder_that_appears_is_told(self, data):
        before = digests(data)
        buildings(data, (500, {"cleabs": "A"}))
        assert changed(before, digests(data)) == {(c, "bdtopo") for c in (HERE, NEAR, FAR)}

    def test_limits_that_move_change_the_window(self, data):
        before = digests(data)
        text = (data / "communes/communes.geojson").read_text()
        deposit(data, "communes/communes.geojson", text.replace("710000", "710001"))
        assert {code for code, _ in changed(before, digests(data))} == {FAR}


class TestOsm:
    def town(self, *ways):
        town = OsmTown()
        for number, x, tags in ways:
            town.way(number, rectangle(x, 100, x + 40, 150), **tags)
        return town

    def test_an_object_counts_where_it_lies(self, data):
        park, grass = {"amenity": "parking"}, {"landuse": "grass"}
        deposit(data, "osm/a.osm", self.town((1, 500, park), (2, 10_500, grass)).xml())
        before = digests(data)
        deposit(data, "osm/a.osm", self.town((1, 500, park), (2, 10_510, grass)).xml())
        assert changed(before, digests(data)) == {(FAR, "osm")}

    def test_the_date_of_the_file_counts_where_a_park_has_no_other(self, data):
        elements = self.town(
            (1, 500, {"amenity": "parking"}), (2, 10_500, {"landuse": "grass"})
        ).overpass()
        stamped = {**elements, "osm3s": {"timestamp_osm_base": "2026-01-01T00:00:00Z"}}
        text = json.dumps(elements)
        deposit(data, "osm/a.json", text)
        before = digests(data)
        deposit(data, "osm/a.json", json.dumps(stamped))
        told = changed(before, digests(data))
        assert (FAR, "osm") not in told


class TestTables:
    def owners(self, data, *rows):
        lines = [OWNERS_HEAD]
        for commune, number, name in rows:
            cells = dict.fromkeys(range(24), "")
            cells |= {0: "62", 1: "0", 2: commune, 4: "", 5: "A", 6: number, 17: "P", 23: name}
            lines.append(";".join(cells[place] for place in range(24)))
        deposit(data, "proprietaires/PM_25_NB_620.csv", "\n".join(lines) + "\n")

    def test_a_right_counts_for_the_communes_that_meet_its_own(self, data):
        self.owners(data, ("999", "1", "VILLE"), ("997", "1", "VILLE"))
        before = digests(data)
        self.owners(data, ("999", "1", "ETAT"), ("997", "1", "VILLE"))
        assert changed(before, digests(data)) == {(c, "proprietaires") for c in (HERE, NEAR)}

    def test_a_right_of_a_commune_without_limits_counts_for_all(self, data):
        self.owners(data, ("999", "1", "VILLE"), ("001", "1", "VILLE"))
        before = digests(data)
        self.owners(data, ("999", "1", "VILLE"), ("001", "1", "ETAT"))
        told = {(c, "proprietaires") for c in (HERE, NEAR, FAR)}
        assert changed(before, digests(data)) == told

    def test_a_row_of_the_service_counts_for_its_commune(self, data):
        deposit(data, "dossiers/a.csv", f"parc_id;note\n{HERE}-0123456789;\n")
        before = digests(data)
        more = f"parc_id;note\n{HERE}-0123456789;\n{FAR}-0123456789;\n"
        deposit(data, "dossiers/a.csv", more)
        assert changed(before, digests(data)) == {(FAR, "dossiers")}

    def test_a_file_that_is_read_whole_counts_for_all(self, data):
        deposit(data, "enaf/conso.csv", "idcom;naf\n62999;1\n")
        before = digests(data)
        deposit(data, "enaf/conso.csv", "idcom;naf\n62999;2\n")
        assert changed(before, digests(data)) == {(c, "enaf") for c in (HERE, NEAR, FAR)}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    first=st.lists(st.tuples(st.integers(-150, 2200), st.integers(0, 2)), min_size=1, max_size=6),
    second=st.lists(st.tuples(st.integers(-150, 2200), st.integers(0, 2)), min_size=1, max_size=6),
    kind=st.sampled_from(["bdtopo/batiment.json.gz", "cadastre/batiments.json.gz"]),
)
def test_two_windows_with_the_same_digest_read_the_same_rows(tmp_path_factory, first, second, kind):
    told = []
    for rows in (first, second):
        data = tmp_path_factory.mktemp("folder")
        drawn = [
            (polygon(rectangle(x, 0, x + 1000, 1000)), {"code": code, "nom": code})
            for code, x in {HERE: 0, NEAR: 1000}.items()
        ]
        deposit(data, "communes/communes.geojson", geojson(*drawn))
        features = [
            (in_degrees(polygon(rectangle(x, 500, x + 10, 510))), {"cleabs": f"B{x}", "n": n})
            for x, n in rows
        ]
        deposit(data, kind, gzip.compress(geojson(*features, crs=None).encode(), mtime=0))
        found = digests(data, (HERE, NEAR), ASSUMPTIONS.parking_lots.halo_m.value)
        told.append((found, {code: read(data, code) for code in (HERE, NEAR)}))
    for code in (HERE, NEAR):
        if told[0][0][code] == told[1][0][code]:
            assert_same_table(told[0][1][code].buildings, told[1][1][code].buildings)
            assert_same_table(told[0][1][code].masks, told[1][1][code].masks)


def test_boxes_that_touch_a_window_meet_it():
    """The tree of the digests closes its boxes as the readers close windows."""
    tree = shapely.STRtree([shapely.box(0, 0, 10, 10)])
    assert len(tree.query(shapely.box(10, 10, 20, 20))) == 1
