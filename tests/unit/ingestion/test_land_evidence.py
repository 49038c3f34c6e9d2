"""What sources tell of the ground: tags, layers and crops read as kinds, each object once."""

import json

import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.errors import SourceError
from pipeline.ingestion.land_axes import without_repeated
from tests.tables import ASSUMPTIONS, box, point
from tests.unit.ingestion.deposits import (
    OsmTown,
    commune,
    deposit,
    geojson,
    line,
    polygon,
    read_land,
    rectangle,
    remarks,
)


def told(sources, kind=None):
    rows = sources.land_evidence
    return rows if kind is None else rows[rows["kind"] == kind]


def area(sources, kind):
    return told(sources, kind).geometry.area.sum()


@pytest.fixture
def data(tmp_path):
    commune(tmp_path)
    return tmp_path


def osm(data, *ways):
    """Deposit an extract: (points, tags) each."""
    town = OsmTown()
    for number, (points, tags) in enumerate(ways, start=1):
        town.way(number, points, **tags)
    deposit(data, "osm/town.osm", town.xml())
    return read_land(data)


SQUARE = rectangle(0, 0, 40, 40)
AREAS = {
    "farmland is farmed": ({"landuse": "farmland"}, {"culture", "agriculture"}),
    "a meadow": ({"landuse": "meadow"}, {"pelouse", "agriculture"}),
    "a wood without leaves told": ({"natural": "wood"}, {"bois"}),
    "a forest of needles": (
        {"landuse": "forest", "leaf_type": "needleleaved"}, {"bois", "coniferes", "sylviculture"}),
    "a river bank, a ring that is a surface": ({"waterway": "riverbank"}, {"eau"}),
    "a residential zone has no cover": ({"landuse": "residential"}, {"habitat"}),
    "a pitch whose surface is told": (
        {"leisure": "pitch", "surface": "grass"}, {"pelouse", "equipement"}),
    "a pitch whose surface is not": ({"leisure": "pitch"}, {"equipement"}),
    "a square of stones": (
        {"highway": "pedestrian", "area": "yes", "surface": "sett"}, {"place"}),
    "a garden tells nothing": ({"leisure": "garden"}, set()),
    "a car park": ({"amenity": "parking"}, {"stationnement"}),
    "one of gravel": (
        {"amenity": "parking", "surface": "gravel"}, {"stationnement", "stationnement_mineral"}),
    "one with storeys": ({"amenity": "parking", "parking": "multi-storey"}, {"batiment"}),
    "one under a roof": (
        {"amenity": "parking", "building": "roof"}, {"construction_legere"}),
    "one under the ground": ({"amenity": "parking", "parking": "underground"}, set()),
    "water in a tunnel": ({"natural": "water", "tunnel": "culvert"}, set()),
    "a building": ({"building": "yes"}, {"batiment"}),
    "a roof": ({"building": "roof"}, {"construction_legere"}),
}  # fmt: skip


@pytest.mark.parametrize(("tags", "kinds"), AREAS.values(), ids=AREAS.keys())
def test_tags_of_a_surface(data, tags, kinds):
    sources = osm(data, (SQUARE, tags))
    assert set(told(sources)["kind"]) == kinds
    assert told(sources).geometry.area.round(-1).isin([1600]).all()


LINES = {
    "a street without width": ({"highway": "residential"}, "chaussee_supposee", 5.0),
    "its own width": ({"highway": "residential", "width": "7"}, "chaussee", 7.0),
    "a road of gravel": ({"highway": "service", "surface": "gravel"}, "chemin", 5.0),
    "a track": ({"highway": "track"}, "chemin", 3.0),
    "a paved track": ({"highway": "track", "surface": "asphalt"}, "chaussee_supposee", 3.0),
    "a bridge is seen from above": (
        {"highway": "primary", "bridge": "yes"}, "chaussee_supposee", 7.0),
    "a rail": ({"railway": "rail"}, "voie_ferree", 4.0),
}  # fmt: skip


@pytest.mark.parametrize(("tags", "kind", "width"), LINES.values(), ids=LINES.keys())
def test_lines_are_as_wide_as_is_known(data, tags, kind, width):
    sources = osm(data, ([(0, 0), (0, 100)], tags))
    rows = told(sources)
    assert rows["kind"].tolist() == [kind]
    west, _, east, _ = rows.geometry.iloc[0].bounds
    assert east - west == pytest.approx(width, abs=0.02)


NOT_DRAWN = {
    "a tunnel": {"highway": "primary", "tunnel": "yes"},
    "a footway": {"highway": "footway"},
    "a tram, of which nothing tells the bed": {"railway": "tram"},
    "a rail out of use": {"railway": "disused"},
}


@pytest.mark.parametrize("tags", NOT_DRAWN.values(), ids=NOT_DRAWN.keys())
def test_lines_that_are_not_drawn(data, tags):
    sources = osm(data, ([(0, 0), (0, 100)], tags), (SQUARE, {"landuse": "grass"}))
    assert set(told(sources)["kind"]) == {"pelouse"}


def test_an_export_tells_what_the_raw_data_tells(data):
    town = OsmTown()
    town.way(1, SQUARE, landuse="forest", leaf_type="mixed")
    town.way(2, [(0, 100), (80, 100)], highway="track")
    town.way(3, [(0, 120), (80, 120)], railway="rail")
    deposit(data, "osm/town.osm", town.xml())
    raw = told(read_land(data))
    (data / "osm/town.osm").unlink()
    deposit(data, "osm/town.geojson", town.export())
    exported = told(read_land(data))
    columns = ["kind", "source", "source_id"]
    assert exported[columns].equals(raw[columns])
    assert exported.geometry.area.to_numpy() == pytest.approx(raw.geometry.area.to_numpy())


def test_without_being_asked_nothing_is_told(data):
    osm(data, (SQUARE, {"landuse": "farmland"}))
    sources = read_land(data, with_land=False)
    assert sources.land_evidence.empty
    assert "rpg" not in set(sources.records["folder"])


def bdtopo(data, layer, *features):
    deposit(data, f"bdtopo/{layer}.geojson", geojson(*features))


def test_layers_of_bd_topo(data):
    square = polygon(SQUARE)
    plants = ["Haie", "Bois", "Forêt fermée de feuillus", "Forêt ouverte", "Vigne"]
    bdtopo(
        data,
        "ZONE_DE_VEGETATION",
        *[(square, {"ID": f"V{i}", "NATURE": name}) for i, name in enumerate(plants)],
    )
    bdtopo(
        data,
        "SURFACE_HYDROGRAPHIQUE",
        (square, {"ID": "H1", "NATURE": "Mare", "PERSISTANC": "Permanent"}),
        (square, {"ID": "H2", "NATURE": "Mare", "PERSISTANC": "Intermittent"}),
    )
    bdtopo(
        data,
        "ZONE_D_ACTIVITE_OU_D_INTERET",
        (
            square,
            {
                "ID": "Z1",
                "CATEGORIE": "Industriel et commercial",
                "NATURE": "Usine",
                "FICTIF": "Non",
            },
        ),
        (square, {"ID": "Z2", "CATEGORIE": "Sport", "NATURE": "Stade", "FICTIF": "Oui"}),
    )
    sources = read_land(data)
    rows = told(sources)
    assert rows.groupby("source_id")["kind"].apply(sorted).to_dict() == {
        "bdtopo/V0": ["haie"], "bdtopo/V1": ["bois"], "bdtopo/V2": ["feuillus", "sylviculture"],
        "bdtopo/V3": ["foret_ouverte"], "bdtopo/V4": ["agriculture", "vigne"],
        "bdtopo/H1": ["eau"], "bdtopo/Z1": ["industrie"],
    }  # fmt: skip
    water = remarks(sources, "bdtopo/SURFACE_HYDROGRAPHIQUE.geojson")
    assert "1 objet dont la nature ne dit pas l'occupation du sol" in water
    zones = remarks(sources, "bdtopo/ZONE_D_ACTIVITE_OU_D_INTERET.geojson")
    assert "1 objet projeté ou de contour fictif" in zones


def test_roads_and_rails_of_bd_topo(data):
    def along(y):
        return line((0, y), (100, y))

    road = {"IMPORTANCE": "4", "POS_SOL": "0", "NB_VOIES": "2"}
    bdtopo(
        data,
        "TRONCON_DE_ROUTE",
        (along(0), {"ID": "R1", "NATURE": "Route à 1 chaussée", "LARGEUR": 6.5, **road}),
        (along(50), {"ID": "R2", "NATURE": "Chemin", "LARGEUR": None, **road}),
        (along(100), {"ID": "R3", "NATURE": "Sentier", "LARGEUR": None, **road}),
        (
            along(150),
            {"ID": "R4", "NATURE": "Route à 1 chaussée", "LARGEUR": 6.0, **road, "POS_SOL": "-1"},
        ),
    )
    bdtopo(
        data,
        "TRONCON_DE_VOIE_FERREE",
        (
            along(200),
            {"ID": "F1", "NATURE": "Voie ferrée principale", "NB_VOIES": 2, "POS_SOL": "0"},
        ),
    )
    rows = told(read_land(data)).set_index("source_id")
    bounds = rows.geometry.bounds
    assert rows["kind"].to_dict() == {
        "bdtopo/R1": "chaussee", "bdtopo/R2": "chemin", "bdtopo/F1": "voie_ferree"}  # fmt: skip
    height = (bounds["maxy"] - bounds["miny"]).round(6).to_dict()
    assert height == {"bdtopo/R1": 6.5, "bdtopo/R2": 3.0, "bdtopo/F1": 8.0}


def test_roads_without_their_table_are_of_unknown_nature(data):
    bdtopo(data, "TRONCON_DE_ROUTE", (line((0, 0), (100, 0)), {}))
    sources = read_land(data)
    assert told(sources)["kind"].tolist() == ["voie_inconnue"]
    assert "1 tronçon de nature inconnue" in remarks(sources, "bdtopo/TRONCON_DE_ROUTE.geojson")


CROPS = {
    "wheat": ({"CODE_CULTU": "BTH", "CODE_GROUP": "1"}, {"agriculture", "parcelle_herbacee"}),
    "a vineyard": ({"CODE_CULTU": "VRC", "CODE_GROUP": "21"}, {"agriculture", "vigne"}),
    "a moor of grass": (
        {"CODE_CULTU": "SPH", "CODE_GROUP": "17"}, {"agriculture", "parcelle_herbacee"}),
    "a moor of shrubs": ({"code_cultu": "SPL", "code_group": "17"}, {"agriculture", "lande"}),
    "lavender or beet, the group does not tell": (
        {"CODE_CULTU": "LAV", "CODE_GROUP": "24"}, {"agriculture"}),
    "a crop that nobody knows": ({"CODE_CULTU": "ZZZ", "CODE_GROUP": None}, {"agriculture"}),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "kinds"), CROPS.values(), ids=CROPS.keys())
def test_declared_parcels(data, columns, kinds):
    parcel = (polygon(SQUARE), {"ID_PARCEL": "7", **columns})
    deposit(data, "rpg/PARCELLES_GRAPHIQUES.geojson", geojson(parcel, parcel))
    sources = read_land(data)
    rows = told(sources)
    assert set(rows["kind"]) == kinds
    assert set(rows["source_id"]) == {"rpg/7"}
    assert rows.geometry.iloc[0].equals(box(0, 0, 40, 40))
    assert "1 doublon écarté" in remarks(sources, "rpg/PARCELLES_GRAPHIQUES.geojson")


def test_parcels_without_crops_are_refused(data):
    deposit(data, "rpg/parcelles.geojson", geojson((polygon(SQUARE), {"idu": "1"})))
    with pytest.raises(SourceError, match=r"aucune des colonnes code_cultu.*déposer"):
        read_land(data)


def test_a_building_that_two_sources_draw_counts_once(data):
    bdtopo(data, "BATIMENT", (polygon(SQUARE), {"ID": "B1", "NATURE": "Indifférenciée"}))
    # The same, 2 m aside; one that is covered for 7/20 of it, and one for 5/20.
    town = OsmTown()
    town.way(1, rectangle(2, 0, 42, 40), building="yes")
    town.way(2, rectangle(-13, 0, 7, 40), building="yes")
    town.way(3, rectangle(0, -15, 40, 5), building="yes")
    deposit(data, "osm/town.osm", town.xml())
    kept = told(read_land(data), "batiment")
    assert sorted(kept["source_id"]) == ["bdtopo/B1", "osm/way/3"]


def test_a_car_park_that_osm_draws_is_not_drawn_again(data):
    osm(data, (SQUARE, {"amenity": "parking"}))
    parking = {"NATURE": "Parking", "FICTIF": "Non", "NAT_DETAIL": None}
    bdtopo(
        data,
        "EQUIPEMENT_DE_TRANSPORT",
        (polygon(rectangle(0, 0, 42, 42)), {"ID": "P1", **parking}),
        (polygon(rectangle(100, 0, 140, 40)), {"ID": "P2", **parking}),
    )
    rows = told(read_land(data), "stationnement")
    assert sorted(zip(rows["source"], rows["source_id"], strict=True)) == [
        ("bdtopo", "P2"), ("osm", "way/1")]  # fmt: skip


def test_an_axis_that_two_sources_draw_counts_once_and_the_told_width_stays(data):
    road = {"NATURE": "Route à 1 chaussée", "IMPORTANCE": "4", "POS_SOL": "0", "NB_VOIES": "2"}
    bdtopo(data, "TRONCON_DE_ROUTE", (line((0, 0), (100, 0)), {"ID": "R1", "LARGEUR": 6.0, **road}))
    sources = osm(
        data,
        ([(0, 2), (100, 2)], {"highway": "residential"}),  # the same axis, 2 m aside
        ([(50, -80), (50, 80)], {"highway": "service"}),  # crosses it
    )
    rows = told(sources)
    assert sorted(rows["source_id"]) == ["bdtopo/R1", "way/2"]
    assert area(sources, "chaussee") == pytest.approx(600 + 28, abs=0.3)  # ends of 3 m, rounded
    crossing = told(sources, "chaussee_supposee").geometry.iloc[0]
    assert crossing.contains(point(50, 1))


def test_order_and_ids_are_stable(data):
    ways = [
        ([(0, 0), (0, 100)], {"highway": "residential"}),
        (SQUARE, {"landuse": "grass"}),
        (rectangle(50, 50, 80, 80), {"natural": "water"}),
    ]
    one = told(osm(data, *ways))
    assert one["kind"].is_monotonic_increasing
    assert json.dumps(one["source_id"].tolist()) == json.dumps(["way/1", "way/3", "way/2"])
    assert pd.Series(shapely.is_valid(one.geometry.to_numpy())).all()


def axis(points):
    return shapely.LineString(points)


STRETCHES = {
    "6 m aside, one axis": ([(0, 6), (200, 6)], 0),
    "a little more, another road": ([(0, 6.01), (200, 6.01)], 200),
    "half of it along the other, half alone": ([(100, 3), (400, 3)], 200),
    "a stretch of 19 m along it, a crossing": ([(181, 3), (400, 3)], 219),
    "one of 20 m, the same axis": ([(180, 3), (400, 3)], 200),
    "an end that overshoots by 5 m": ([(0, 3), (205, 3)], 0),
    "a stub within it": ([(50, 0), (50, 5)], 0),
}


@pytest.mark.parametrize(("points", "left_m"), STRETCHES.values(), ids=STRETCHES.keys())
def test_what_is_left_of_an_axis_along_a_better_one(points, left_m):
    lines = np.array([axis([(0, 0), (200, 0)]), axis(points)], dtype=object)
    sources = pd.Series(["bdtopo", "osm"])
    choices = ASSUMPTIONS.derived_land
    own = without_repeated(
        lines,
        np.array([0, 1]),
        np.array([0, 0]),
        sources,
        choices.same_axis_m.value,
        choices.same_axis_length_m.value,
    )
    assert shapely.length(own).tolist() == pytest.approx([200, left_m])


def test_axes_of_one_source_never_replace_one_another():
    lines = np.array([axis([(0, 0), (200, 0)]), axis([(0, 3), (200, 3)])], dtype=object)
    own = without_repeated(
        lines, np.array([0, 1]), np.array([0, 0]), pd.Series(["osm", "osm"]), 6.0, 20.0
    )
    assert shapely.length(own).tolist() == [200, 200]
    rail = without_repeated(
        lines, np.array([0, 1]), np.array([0, 1]), pd.Series(["osm", "bdtopo"]), 6.0, 20.0
    )
    assert shapely.length(rail).tolist() == [200, 200]
