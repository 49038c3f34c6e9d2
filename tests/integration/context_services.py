"""The services of the context of a commune, played by one server that holds nothing there."""

from tests.unit.ingestion.live_desk import answer
from tests.unit.ingestion.test_live_irradiation import pvgis
from tests.unit.ingestion.test_live_mnh import wms

GPU_LAYERS = (
    "generateur-sup-s",
    "assiette-sup-s",
    "prescription-surf",
    "municipality",
    "document",
    "zone-urba",
    "secteur-cc",
)
CONTEXT = [
    "icpe/georisques-62999.csv",
    "servitudes/gpu-generateur-sup-s-ac1-62999.geojson",
    *(
        f"servitudes/gpu-assiette-sup-s-{kind}-62999.geojson"
        for kind in ("ac1", "ac2", "ac4", "el10", "pm1", "pm3")
    ),
    "servitudes/gpu-prescription-surf-62999.geojson",
    *(
        f"plu/gpu-{layer}-62999.geojson"
        for layer in ("municipality", "document", "zone-urba", "secteur-cc")
    ),
    "irradiation/pvgis-62999.tif",
    "monuments/merimee-62999.csv",
    "parkings/parkings_sup500m2-62999.geojson",
    # The car park of the tests lies on the corner of a square, and has a margin.
    "mnh/lidar-hd-mnh-699500-6322000.tif",
    "mnh/lidar-hd-mnh-700000-6322000.tif",
]
NOTHING = {"type": "FeatureCollection", "features": [], "totalFeatures": 0}


def play_context(server):
    """Say what each service answers; return the folder of the server that plays each."""
    server.on("/context/installations_classees", answer({"results": 0, "page": 1, "data": []}))
    for layer in GPU_LAYERS:
        server.on(f"/context/{layer}", answer(NOTHING))
    server.on("/context/PVcalc", pvgis)
    listed = "liste-des-immeubles-proteges-au-titre-des-monuments-historiques"
    server.on(f"/context/{listed}/records", answer({"total_count": 0, "results": []}))
    server.on(f"/context/{listed}/exports/json", answer([]))
    server.on("/context/wms-r", wms(lambda x, y: 2 + 0 * x * y))
    names = ("georisques", "apicarto_gpu", "pvgis", "culture", "geoplateforme_wms")
    return dict.fromkeys(names, "context")
