"""Roofs over bays, in whole metres: kinds, panels, power, each canopy once."""

import pyogrio
import pytest
import shapely

from tests.unit.ingestion.deposits import (
    OsmTown,
    commune,
    deposit,
    geojson,
    in_degrees,
    line,
    polygon,
    read,
    rectangle,
    remarks,
)

ROUNDING_M2 = 0.5  # degrees are rounded to 1e-7, about a centimetre
SOLAR = {"power": "generator", "generator:source": "solar"}
PLANT = {"power": "plant", "plant:source": "solar"}


def laundered(key):
    return key.replace(":", "_")


FORMATS = {
    "raw data": ("osm/ville.osm", OsmTown.xml),
    "an export": ("osm/ville.geojson", OsmTown.export),
    "an export without colons": ("osm/ville.geojson", lambda town: town.export(laundered)),
}


@pytest.fixture(params=FORMATS.values(), ids=FORMATS.keys())
def read_town(request, tmp_path):
    """Read a town in each of the formats; `remarks` of it in `told`."""
    name, write = request.param

    def read_it(town):
        commune(tmp_path)
        deposit(tmp_path, name, write(town))
        sources = read(tmp_path)
        told = remarks(sources, name) or ""
        return sources, told if isinstance(told, str) else ""

    return read_it


def rows(sources):
    """Kind, whether it is solar and power of each carport, missing as None."""
    table = sources.carports.astype(object).where(sources.carports.notna(), None)
    return {
        row.carport_id.removeprefix("osm/"): (row.kind, row.is_solar, row.power_kwc)
        for row in table.itertuples()
    }


TAGS = {
    "a carport": ({"man_made": "carport"}, ("ombriere", None, None)),
    "a carport drawn as a building": ({"building": "carport"}, ("ombriere", None, None)),
    "also a building": ({"man_made": "carport", "building": "yes"}, ("ombriere", None, None)),
    "a roof": ({"building": "roof"}, ("toit", None, None)),
    "a canopy": ({"building": "canopy"}, ("toit", None, None)),
    "a roof of panels": (
        {"building": "roof", "roof:material": "solar_panels"}, ("toit", True, None),
    ),
    "a carport with its source": (
        {"man_made": "carport", "generator:source": "solar"}, ("ombriere", True, None),
    ),
    "a generator roof": ({"building": "roof", "power": "generator"}, ("toit", None, None)),
    "a roof that is a generator of biogas": (
        {"building": "roof", "power": "generator", "generator:source": "biogas",
         "generator:output:electricity": "50 kW"}, ("toit", None, None),
    ),
    "a roof that is a solar generator": (
        {"building": "roof", **SOLAR}, ("installation_solaire", True, None),
    ),
    "a roof over a whole car park": (
        {"amenity": "parking", "building": "roof"}, ("toit", None, None),
    ),
    "panels": (SOLAR, ("installation_solaire", True, None)),
    "panels and something else": (
        {**SOLAR, "generator:source": "wind; solar"}, ("installation_solaire", True, None),
    ),
    "panels by their type": (
        {"power": "generator", "generator:type": "solar_photovoltaic_panel"},
        ("installation_solaire", True, None),
    ),
    "panels by their method": (
        {"power": "generator", "generator:method": "photovoltaic"},
        ("installation_solaire", True, None),
    ),
    "panels with their power": (
        {**SOLAR, "generator:output:electricity": "55.2 kW"}, ("installation_solaire", True, 55.2),
    ),
    "a plant with its power": (
        {**PLANT, "plant:output:electricity": "4,4 MW"}, ("installation_solaire", None, 4400.0),
    ),
    "a plant of untold power": (
        {**PLANT, "plant:output:electricity": "yes"}, ("installation_solaire", None, None),
    ),
}  # fmt: skip
NOT_CARPORTS = {
    "a building": {"building": "yes"},
    "a building that says it is none": {"building": "no"},
    "wind": {"power": "generator", "generator:source": "wind"},
    "a generator of untold source": {"power": "generator"},
    "a substation": {"power": "substation", "generator:source": "solar"},
    "a limit whose building is a text": {"building": "roof", "boundary": "political"},
    "a source that is only a word in another": {**SOLAR, "generator:source": "solarium"},
}


@pytest.mark.parametrize(("tags", "expected"), TAGS.values(), ids=TAGS.keys())
def test_what_tags_say_of_a_roof(read_town, tags, expected):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 20, 5), **tags)
    sources, _ = read_town(town)
    assert rows(sources) == {"way/1": expected}
    assert sources.carports["source"].tolist() == ["osm"]
    assert sources.carports.geometry.area.tolist() == [pytest.approx(100, abs=ROUNDING_M2)]


@pytest.mark.parametrize("tags", NOT_CARPORTS.values(), ids=NOT_CARPORTS.keys())
def test_what_is_no_roof_over_bays(read_town, tags):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 20, 5), **tags)
    town.way(2, rectangle(30, 0, 90, 40), amenity="parking")
    assert rows(read_town(town)[0]) == {}


def test_panels_are_no_building_no_candidate_and_no_ground_cover(read_town):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 20, 5), **SOLAR)
    town.way(2, rectangle(0, 20, 20, 25), **PLANT)
    town.node(50, 50, **SOLAR)
    town.way(3, rectangle(0, 40, 20, 45), building="roof")
    sources, _ = read_town(town)
    assert len(sources.carports) == 3
    assert sources.buildings[["building_id", "is_open"]].to_numpy().tolist() == [
        ["osm/way/3", True]
    ]
    empty = (sources.candidates, sources.bays, sources.trees, sources.fences, sources.roads)
    assert [len(table) for table in empty] == [0] * 5
    assert sources.masks.num_rows == 0


def test_a_power_that_cannot_be_read_leaves_the_other(read_town):
    town = OsmTown()
    town.way(
        1, rectangle(0, 0, 20, 5), **PLANT,
        **{"plant:output:electricity": "yes", "generator:output:electricity": "30 kW"},
    )  # fmt: skip
    assert rows(read_town(town)[0])["way/1"][2] == 30.0


def with_point(x, **tags):
    """A carport from 0 to 20 m, a building from 30 to 50 m, a solar point at x."""
    town = OsmTown()
    town.way(1, rectangle(0, 0, 20, 5), man_made="carport")
    town.way(2, rectangle(30, 0, 50, 5), building="yes")
    town.node(x, 2, **SOLAR, **tags)
    return town


OUTPUT = "generator:output:electricity"
ALONE = "1 installation solaire ponctuelle hors de tout toit, laissée (node/"
ON_WALLS = "1 installation solaire sur un bâtiment, laissée ("
POINTS = {
    "just inside the roof": (19.5, ("ombriere", True, 12.0), None),
    "just outside the roof": (20.5, ("ombriere", None, None), ALONE),
    "on a building": (40, ("ombriere", None, None), ON_WALLS),
}


@pytest.mark.parametrize(("x", "expected", "said"), POINTS.values(), ids=POINTS.keys())
def test_a_solar_point_makes_the_roof_it_stands_on_solar(read_town, x, expected, said):
    sources, told = read_town(with_point(x, **{OUTPUT: "12 kW"}))
    assert rows(sources) == {"way/1": expected}
    assert (said in told) if said else ("installation" not in told)


def test_the_power_of_a_roof_is_its_own_else_the_sum_of_its_points_else_missing(read_town):
    town = OsmTown()
    outputs = {0: "100 kW", 30: None, 60: None}
    for number, (x, output) in enumerate(outputs.items(), start=1):
        own = {OUTPUT: output, **SOLAR} if output else {}
        town.way(number, rectangle(x, 0, x + 20, 5), building="roof", **own)
        town.node(x + 5, 2, **SOLAR, **{OUTPUT: "10 kW"})
    town.node(40, 2, **SOLAR, **{OUTPUT: "5 kW"})
    town.node(70, 2, **SOLAR)  # of untold power: the sum is unknown
    powers = {key: power for key, (_, _, power) in rows(read_town(town)[0]).items()}
    assert powers == {"way/1": 100.0, "way/2": 15.0, "way/3": None}


def roof_and_panels(x, **roof):
    """A roof of 40 × 10 m, and panels of 20 × 10 m that begin at x, of 36 kW."""
    town = OsmTown()
    town.way(1, rectangle(0, 0, 40, 10), **roof)
    town.way(2, rectangle(x, 0, x + 20, 10), **SOLAR, **{OUTPUT: "36 kW"})
    return town


PANELS = ("installation_solaire", True, 36.0)
JOINED = "1 surface solaire réunie au toit ouvert qui la porte (way/2)"
OVERLAPS = {  # same_roof_share of the assumptions: 0.9
    "wholly inside": (10, {"way/1": ("ombriere", True, 36.0)}, JOINED),
    "18.5 m of 20, a share of 0.925": (21.5, {"way/1": ("ombriere", True, 36.0)}, JOINED),
    "17.5 m of 20, a share of 0.875": (
        22.5, {"way/1": ("ombriere", None, None), "way/2": PANELS}, None,
    ),
    "beside": (41, {"way/1": ("ombriere", None, None), "way/2": PANELS}, None),
}  # fmt: skip


@pytest.mark.parametrize(("x", "expected", "said"), OVERLAPS.values(), ids=OVERLAPS.keys())
def test_panels_drawn_on_an_open_roof_are_that_roof(read_town, x, expected, said):
    sources, told = read_town(roof_and_panels(x, man_made="carport"))
    assert rows(sources) == expected
    assert (said in told) if said else ("réunie" not in told)
    assert shapely.area(sources.carports.geometry.iloc[0]) == pytest.approx(400, abs=ROUNDING_M2)


ROOFTOPS = {
    "wholly inside": (10, {}),
    "18.5 m of 20, a share of 0.925": (21.5, {}),
    "17.5 m of 20, a share of 0.875": (22.5, {"way/2": PANELS}),
}


@pytest.mark.parametrize(("x", "expected"), ROOFTOPS.values(), ids=ROOFTOPS.keys())
def test_panels_drawn_on_a_building_are_over_no_bay(read_town, x, expected):
    sources, told = read_town(roof_and_panels(x, building="retail"))
    assert rows(sources) == expected
    assert (f"{ON_WALLS}way/2)" in told) == (not expected)
    assert sources.buildings["building_id"].tolist() == ["osm/way/1"]


def test_panels_over_two_adjoining_buildings_are_on_a_building(read_town):
    town = roof_and_panels(10, building="yes")
    town.ways[0] = (1, [town.node(x, y) for x, y in rectangle(0, 0, 20, 10)], {"building": "yes"})
    town.way(3, rectangle(20, 0, 40, 10), building="yes")
    assert rows(read_town(town)[0]) == {}


def test_a_building_that_is_itself_a_generator_is_over_no_bay(read_town):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 40, 10), building="yes", **SOLAR)
    sources, told = read_town(town)
    assert rows(sources) == {}
    assert f"{ON_WALLS}way/1)" in told
    assert len(sources.buildings) == 1


LEFT = "1 périmètre de centrale solaire laissé, ses panneaux étant dessinés (way/9)"


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_outline_of_a_plant_counts_only_where_no_panels_are_drawn(read_town, count):
    town = OsmTown()
    town.way(9, rectangle(-10, -10, 100, 50), **PLANT, **{"plant:output:electricity": "90 kW"})
    for number in range(count):
        town.way(number, rectangle(0, 20 * number, 40, 20 * number + 5), **SOLAR)
    sources, told = read_town(town)
    expected = {
        0: {"way/9": ("installation_solaire", None, 90.0)},  # an envelope, to be checked
        1: {"way/0": ("installation_solaire", True, 90.0)},
        2: {f"way/{number}": ("installation_solaire", True, None) for number in (0, 1)},
    }
    assert rows(sources) == expected[count]
    assert (LEFT in told) == (count > 0)


def test_the_outline_of_a_plant_whose_panels_are_on_buildings_covers_no_bay(read_town):
    town = OsmTown()
    town.way(9, rectangle(-10, -10, 100, 50), **PLANT)
    town.way(1, rectangle(0, 0, 40, 10), building="industrial")
    town.way(2, rectangle(5, 2, 35, 8), **SOLAR)
    sources, told = read_town(town)
    assert rows(sources) == {}
    assert LEFT in told
    assert f"{ON_WALLS}way/2)" in told


def test_a_plant_drawn_as_a_relation_keeps_its_hole(tmp_path):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 60, 40))
    town.way(2, rectangle(10, 10, 20, 20))
    town.relation(7, [(1, "outer"), (2, "inner")], **PLANT)
    commune(tmp_path)
    deposit(tmp_path, "osm/a.osm", town.xml())
    carports = read(tmp_path).carports
    assert carports["carport_id"].tolist() == ["osm/relation/7"]
    assert carports.geometry.iloc[0].area == pytest.approx(2400 - 100, abs=1)


def test_panels_that_lack_a_node_are_left_and_counted(tmp_path):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 60, 40), **SOLAR)
    town.lose(60, 40)
    commune(tmp_path)
    deposit(tmp_path, "osm/a.osm", town.xml())
    sources = read(tmp_path)
    assert len(sources.carports) == 0
    assert "1 autre surface incomplète laissée" in remarks(sources, "osm/a.osm")


@pytest.mark.parametrize("tags", [SOLAR, {"man_made": "carport"}], ids=["panels", "a carport"])
def test_a_ring_exported_as_a_line_is_an_area(tmp_path, tags):
    """Some drivers close only the rings of a list of keys, which has neither of these."""
    ring = in_degrees(line(*rectangle(0, 0, 20, 5)))
    opened = in_degrees(line((0, 20), (20, 20), (20, 30)))
    features = [(ring, {"osm_id": "1", **tags}), (opened, {"osm_id": "2", **tags})]
    commune(tmp_path)
    deposit(tmp_path, "osm/lines.geojson", geojson(*features, crs=None))
    carports = read(tmp_path).carports
    assert carports["carport_id"].tolist() == ["osm/way/1"]
    assert carports.geometry.iloc[0].area == pytest.approx(100, abs=ROUNDING_M2)


def test_a_commune_without_any_roof_has_an_empty_table(read_town):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 60, 40), amenity="parking")
    carports = read_town(town)[0].carports
    assert len(carports) == 0
    assert str(carports["is_solar"].dtype) == "boolean"


def test_light_constructions_of_bd_topo_join_the_roofs_of_osm(tmp_path):
    town = OsmTown()
    town.way(1, rectangle(0, 0, 20, 5), man_made="carport")
    commune(tmp_path)
    deposit(tmp_path, "osm/a.osm", town.xml())
    light = {"usage_1": "Annexe", "construction_legere": True}
    features = [
        (polygon(rectangle(0, 0, 20, 5)), {"cleabs": "B1", **light}),
        (polygon(rectangle(30, 0, 50, 5)), {"cleabs": "B2", **light, "construction_legere": False}),
        (polygon(rectangle(60, 0, 80, 5)), {"cleabs": "B3", **light, "construction_legere": None}),
    ]
    source = deposit(tmp_path, "x/batiment.geojson", geojson(*features))
    table = pyogrio.read_dataframe(source)
    (tmp_path / "bdtopo").mkdir()
    pyogrio.write_dataframe(table, tmp_path / "bdtopo/b.gpkg", layer="batiment")
    carports = read(tmp_path).carports
    told = carports[["carport_id", "source", "kind"]].to_numpy().tolist()
    assert told == [["bdtopo/B1", "bdtopo", "construction"], ["osm/way/1", "osm", "ombriere"]]
    assert carports[["is_solar", "power_kwc"]].isna().all(axis=None)
