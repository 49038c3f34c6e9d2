"""The services of a whole département, played by one server: archives, lists, counts."""

import json

from tests.integration.context_services import CONTEXT
from tests.unit.ingestion.bulk_files import (
    DATASET,
    OWNERS,
    attachments,
    edition,
    feed,
    ocsge_7z,
    owner,
    owners_csv,
    parks_7z,
    play_edition,
    zipped,
)
from tests.unit.ingestion.deposits import OsmTown, rectangle
from tests.unit.ingestion.live_desk import answer
from tests.unit.ingestion.live_server import send
from tests.unit.ingestion.regions import as_region, md5_line
from tests.unit.ingestion.test_broken_csv import archive, installation

OCSGE = "OCS-GE_2-0__GPKG_LAMB93_D062_2021-01-01"
PARKS = "ENR_2-0_PARK-SUP-500_GPKG_WLD_WM_2026-02-01"
OWNERS_ZIP = f"/dgfip/{DATASET}/attachments/{OWNERS[2]}"
HEAVY = {
    "proprietaires/PM_25_NB_620.csv",
    "ocsge/ocsge-D062_2021-occupation_sol.gpkg",
    "ocsge/ocsge-D062_2021-zone_construite.gpkg",
}
REGION = "/geofabrik/nord-pas-de-calais-latest.osm.pbf"
EXTRACT = "osm/geofabrik-nord-pas-de-calais.osm.pbf"
LAYERS = ("equipement_de_transport", "troncon_de_route", "batiment", "zone_de_vegetation")
DEPARTEMENT = {
    "communes/api-geo-62.geojson",
    "cadastre/cadastre-62-parcelles.json.gz",
    "cadastre/cadastre-62-batiments.json.gz",
    *(f"bdtopo/{layer}-62.geojson" for layer in LAYERS),
    EXTRACT,
    "icpe/georisques-62.zip",
    *(
        place.replace("-62999", "-62")
        for place in CONTEXT
        if place.startswith(("servitudes/", "plu/", "irradiation/", "monuments/"))
    ),
    "parkings/parkings_sup500m2-2026-02-01-l15_parkings_sup500m2_epsg4326.gpkg",
} | HEAVY


def play_bulk(server, owners=None):
    """Say what each bulk service answers (bases `download`, `dgfip`, `geofabrik`, `context`)."""
    play_region(server, region())
    server.on(f"/dgfip/{DATASET}/attachments", answer(attachments(*OWNERS)))
    rows = owners_csv(owner("62", "999", 1))
    server.on(OWNERS_ZIP, owners or zipped(**{"PM_25_NB_620.csv": rows}))
    for resource, title, content in (
        ("OCSGE", OCSGE, ocsge_7z(2021)),
        ("ENR", PARKS, parks_7z()),
    ):
        server.on(f"/download/resource/{resource}", feed(edition(title, "2026-07-01")))
        play_edition(server, "/download", resource, title, content)
    server.on("/download/resource/OCSGE-ARTIFICIALISATION", feed())
    server.on("/context/csv/installations_classees", archive(installation(1)))
    server.on("/context/installations_classees", installations)


def region():
    """The region of the tests: a car park of 1 600 m² and a street, told the same day."""
    town = OsmTown()
    town.way(1, rectangle(0, 0, 40, 40), amenity="parking")
    town.way(2, [(0, 50), (40, 50)], highway="residential")
    return as_region(town.xml())


def play_region(server, content):
    """Say what Geofabrik holds, and its digest."""
    server.on(REGION, content)
    server.on(f"{REGION}.md5", md5_line(content))


def installations(handler):
    """Géorisques: one installation in the département, told by its archive; none by commune."""
    found = 1 if "departement" in handler.query else 0
    send(handler, 200, json.dumps({"results": found, "page": 1, "data": []}).encode())


def counted(wfs):
    """A WFS that also tells how many objects there are."""

    def answered(handler):
        if handler.query.get("RESULTTYPE") == "hits":
            send(handler, 200, b'<wfs:FeatureCollection numberMatched="1" numberReturned="0"/>')
        else:
            wfs(handler)

    return answered


def places(result):
    """State of each file, by its place, of each of the places that were asked."""
    return [
        {item["fichier"]: item["etat"] for item in document["fichiers"]}
        for document in json.loads(result.stdout)
    ]
