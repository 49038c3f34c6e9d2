"""A second reading of OpenStreetMap, by osmnx, draws the same car parks from the same answer."""

import socket

import osmium
import osmnx
import pytest

from tests.tables import CONFIG, L93
from tests.unit.ingestion.deposits import OsmTown, commune, deposit, lon_lat, read, rectangle
from tests.unit.ingestion.live_desk import answer
from tests.unit.ingestion.live_server import USER_AGENT

SAMPLE = CONFIG.parent / "data" / "sample"
PARKS = {"amenity": "parking"}


@pytest.fixture(autouse=True)
def names_as_before(monkeypatch):
    """osmnx puts a resolver of its own in the place of Python's, for the whole process."""
    monkeypatch.setattr(socket, "getaddrinfo", socket.getaddrinfo)


@pytest.fixture
def overpass(server, monkeypatch):
    """The real client of osmnx, told to ask the loopback and nobody else."""
    told = {
        "overpass_url": f"{server.base}/api",
        "http_user_agent": USER_AGENT,
        "doh_url_template": None,
        "use_cache": False,
        "overpass_rate_limit": False,
    }
    for name, value in told.items():
        monkeypatch.setattr(osmnx.settings, name, value)
    return server


def town():
    drawn = OsmTown()
    drawn.way(1, rectangle(0, 0, 60, 40))
    drawn.way(2, rectangle(10, 10, 20, 20), landuse="grass")
    drawn.relation(1, [(1, "outer"), (2, "inner")], amenity="parking", name="Troué")
    drawn.way(3, rectangle(100, 0, 150, 30), amenity="parking")
    drawn.way(4, rectangle(200, 0, 250, 30), building="yes")
    drawn.node(300, 0, amenity="parking")
    return drawn


def answer_of(path):
    """An OSM file as Overpass gives it."""
    elements = []
    for thing in osmium.FileProcessor(str(path)):
        told = {"id": thing.id, "tags": dict(thing.tags)}
        if isinstance(thing, osmium.osm.Node):
            place = {"lat": thing.location.lat, "lon": thing.location.lon}
            elements.append({"type": "node", **told, **place})
        elif isinstance(thing, osmium.osm.Way):
            refs = [node.ref for node in thing.nodes]
            elements.append({"type": "way", **told, "nodes": refs})
        elif isinstance(thing, osmium.osm.Relation):
            kinds = {"n": "node", "w": "way", "r": "relation"}
            members = [
                {"type": kinds[it.type], "ref": it.ref, "role": it.role} for it in thing.members
            ]
            elements.append({"type": "relation", **told, "members": members})
    return {"version": 0.6, "elements": elements}


def areas_of_osmnx(features):
    """Ground covered by each outline, as Lambert-93 draws it."""
    drawn = features[features.geom_type.isin(["Polygon", "MultiPolygon"])].to_crs(L93)
    return {f"osm/{kind}/{number}": row.area for (kind, number), row in drawn.geometry.items()}


def areas_of_parzan(data, code):
    parks = read(data, code).candidates
    is_outline = parks["candidate_id"].str.match(r"osm/(way|relation)/\d+$")
    drawn = parks[is_outline & parks["defect"].isna()]
    return dict(zip(drawn["candidate_id"], drawn.geometry.area, strict=True))


def test_a_park_with_a_hole_is_the_same_for_osmnx(overpass, tmp_path):
    overpass.on("/api/interpreter", answer(town().overpass()))
    (west, south), (east, north) = lon_lat(-500, -500), lon_lat(500, 500)
    features = osmnx.features_from_bbox((west, south, east, north), PARKS)
    commune(tmp_path)
    deposit(tmp_path, "osm/ville.osm", town().xml())
    ours = areas_of_parzan(tmp_path, "62999")
    assert ours == pytest.approx(areas_of_osmnx(features), rel=1e-6)
    assert ours == pytest.approx(
        {"osm/relation/1": 60 * 40 - 10 * 10, "osm/way/3": 50 * 30}, abs=1.0
    )
    assert overpass.seen[0].headers["user-agent"] == USER_AGENT


def test_the_sample_commune_is_the_same_for_osmnx(overpass):
    document = answer_of(SAMPLE / "osm" / "exemple-sur-parzan.osm")
    overpass.on("/api/interpreter", answer(document))
    nodes = [it for it in document["elements"] if it["type"] == "node"]
    lon, lat = ([it[name] for it in nodes] for name in ("lon", "lat"))
    features = osmnx.features_from_bbox((min(lon), min(lat), max(lon), max(lat)), PARKS)
    ours = areas_of_parzan(SAMPLE, "62999")
    assert len(ours) > 50
    assert ours == pytest.approx(areas_of_osmnx(features), rel=1e-6)
    # What lacks nodes is drawn by neither; osmnx says nothing of it, parzan why.
    parks = read(SAMPLE, "62999").candidates.set_index("name")
    assert "3 nœuds sur 6 absents" in parks.loc["Parking incomplet", "defect"]
