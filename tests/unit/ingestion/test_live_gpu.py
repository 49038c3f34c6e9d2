"""The Géoportail de l'urbanisme, which cuts without a word: cut in four, whole, or refused."""

import json

import pytest
import shapely

from pipeline.errors import ServiceError
from pipeline.ingestion.live_boxes import quarters, rounded_out
from pipeline.ingestion.live_gpu import planning_around
from pipeline.ingestion.live_settings import Gpu, GpuLayer
from tests.unit.ingestion import context_files
from tests.unit.ingestion.deposits import INSEE, commune, in_degrees, polygon, read, rectangle
from tests.unit.ingestion.live_desk import LiveDesk
from tests.unit.ingestion.live_server import send, status

AC1 = GpuLayer(layer="assiette-sup-s", category="AC1", folder="servitudes")
BOX = (2.98, 46.48, 3.02, 46.52)


def feature(number, shape, **facts):
    return {
        "type": "Feature",
        "id": f"objet.{number}",
        "geometry": shape,
        "properties": {"gid": number, "partition": "DU_62999", **facts},
    }


def assiette(number, x0, y0, x1, y1, **facts):
    known = {"suptype": "ac1", "idass": f"AC1_{number}", "typeass": "Périmètre des abords"}
    shape = in_degrees(polygon(rectangle(x0, y0, x1, y1)))
    return feature(number, shape, **(known | facts))


def gpu(features, *, cap=5000, tells=False, change=lambda document: document):
    """The service: what meets the window, never more than `cap`; it may tell of the rest."""

    def reply(handler):
        window = shapely.from_geojson(handler.query["geom"])
        found = [
            item
            for item in features
            if item["geometry"] is None
            or shapely.from_geojson(json.dumps(item["geometry"])).intersects(window)
        ]
        counted = {"numberMatched": len(found)} if tells else {}
        given = {"type": "FeatureCollection", "features": found[:cap], **counted}
        document = change(given)
        send(handler, 200, json.dumps(document).encode())

    return reply


@pytest.fixture
def desk(server, tmp_path):
    commune(tmp_path)
    return LiveDesk(server, tmp_path)


def wanted(desk, layer=AC1, *, cap=5000, splits=6, box=BOX):
    desk.change("apicarto_gpu", gpu=Gpu(cap=cap, most_splits=splits, layers=(layer,)))
    (one,) = planning_around(INSEE, box, desk.services["apicarto_gpu"])
    return one


def window_box():
    """A window of 2 km around the origin of the tests, in degrees."""
    ring = in_degrees(polygon(rectangle(-1000, -1000, 1000, 1000)))["coordinates"][0]
    x, y = zip(*ring, strict=True)
    return (min(x), min(y), max(x), max(y))


# Four perimeters, one in each quarter, and a fifth across the middle.
FIVE = [
    assiette(1, -600, -600, -500, -500),
    assiette(2, 500, -600, 600, -500),
    assiette(3, -600, 500, -500, 600),
    assiette(4, 500, 500, 600, 600),
    assiette(5, -50, -50, 50, 50),
]


def numbers(path):
    features = json.loads(path.read_bytes())["features"]
    return sorted(item["properties"]["gid"] for item in features)


def test_below_the_cap_one_answer_is_enough(desk):
    desk.server.on("/apicarto_gpu/assiette-sup-s", gpu(FIVE, cap=6))
    path = desk.fetch(wanted(desk, cap=6, box=window_box()))
    assert numbers(path) == [1, 2, 3, 4, 5]
    assert [params["categorie"] for params in desk.asked] == ["AC1"]


def test_at_the_cap_the_window_is_cut_in_four_and_nothing_comes_twice(desk):
    desk.server.on("/apicarto_gpu/assiette-sup-s", gpu(FIVE, cap=5))
    path = desk.fetch(wanted(desk, cap=5, box=window_box()))
    assert numbers(path) == [1, 2, 3, 4, 5]
    assert len(desk.asked) == 5  # the whole, then each quarter: two objects at most
    perimeters = read(desk.data).perimeters
    assert list(perimeters["perimeter_id"]) == [f"servitudes/AC1_{n}" for n in range(1, 6)]
    assert set(perimeters["kind"]) == {"abords_incertains"}


def test_a_quarter_that_reaches_the_cap_is_cut_again(desk):
    near = [assiette(n, 100 * n, 100, 100 * n + 50, 150) for n in range(1, 8)]
    desk.server.on("/apicarto_gpu/assiette-sup-s", gpu(near, cap=4))
    path = desk.fetch(wanted(desk, cap=4, box=window_box()))
    assert numbers(path) == list(range(1, 8))
    assert len(desk.asked) > 5


def test_known_cut_the_window_is_not_asked_whole_again(desk):
    desk.server.on("/apicarto_gpu/assiette-sup-s", gpu(FIVE, cap=5))
    desk.fetch(wanted(desk, cap=5, box=window_box()))
    before = len(desk.asked)
    desk.fetch(wanted(desk, cap=5, box=window_box()))
    assert len(desk.asked) == before


def test_a_total_above_what_came_is_a_cut_even_below_the_cap(desk):
    desk.server.on("/apicarto_gpu/assiette-sup-s", gpu(FIVE, cap=3, tells=True))
    path = desk.fetch(wanted(desk, cap=5000, splits=1, box=window_box()))
    assert numbers(path) == [1, 2, 3, 4, 5]
    assert len(desk.asked) == 5


def test_a_window_that_stays_too_full_is_refused(desk):
    heap = [assiette(n, 0, 0, 10, 10) for n in range(1, 5)]
    desk.server.on("/apicarto_gpu/assiette-sup-s", gpu(heap, cap=3))
    with pytest.raises(ServiceError, match="plus de 3 objets dans la plus petite fenêtre"):
        desk.fetch(wanted(desk, cap=3, splits=2, box=window_box()))
    assert not (desk.data / "servitudes").exists()


def test_nothing_is_a_valid_answer(desk):
    desk.server.on("/apicarto_gpu/assiette-sup-s", gpu([]))
    path = desk.fetch(wanted(desk, box=window_box()))
    assert numbers(path) == []
    assert read(desk.data).perimeters.empty


KINDS = {
    "land of a monument": ("generateur-sup-s", "AC1", {"idgen": "7"}, "mh_terrain"),
    "circle": ("assiette-sup-s", "AC1", {"idass": "7", "modegeoass": "Tampon"}, "abords_500m"),
    "site": ("assiette-sup-s", "AC2", {"idass": "7", "typeass": "Site inscrit"}, "site_inscrit"),
    "heritage site": ("assiette-sup-s", "AC4", {"idass": "7"}, "spr"),
    "park": ("assiette-sup-s", "EL10", {"idass": "7"}, "coeur_parc_national"),
    "flood": ("assiette-sup-s", "PM1", {"idass": "7"}, "risque_naturel"),
    "factory": ("assiette-sup-s", "PM3", {"idass": "7"}, "risque_technologique"),
    "prescription": (
        "prescription-surf",
        None,
        {"typepsc": "07", "stypepsc": "01", "idpsc": "7"},
        "l151_19",
    ),
}


@pytest.mark.parametrize(("layer", "category", "facts", "kind"), KINDS.values(), ids=KINDS.keys())
def test_the_reader_knows_each_layer(desk, layer, category, facts, kind):
    known = facts if category is None else facts | {"suptype": category.lower()}
    shape = in_degrees(polygon(rectangle(0, 0, 100, 100)))
    desk.server.on(f"/apicarto_gpu/{layer}", gpu([feature(7, shape, **known)]))
    declared = GpuLayer(layer=layer, category=category, folder="servitudes")
    desk.fetch(wanted(desk, declared, box=window_box()))
    (row,) = read(desk.data).perimeters.itertuples()
    assert row.kind == kind
    assert row.geometry.area == pytest.approx(10_000, rel=0.01)


def test_every_declared_layer_is_asked_for_its_folder(desk):
    service = desk.services["apicarto_gpu"]
    places = [one.place for one in planning_around(INSEE, BOX, service)]
    assert len(set(places)) == len(places) == len(service.gpu.layers)
    assert {place.split("/")[0] for place in places} == {"servitudes", "plu"}


def test_planning_documents_are_read_as_they_come(desk):
    shape = in_degrees(polygon(rectangle(0, 0, 1000, 1000)))
    zone = {"typezone": "U", "idurba": f"{INSEE}_PLU_20230101", "gpu_status": "production"}
    town = {"insee": INSEE, "name": "SUR-PARZAN", "is_rnu": False, "is_deleted": False}
    document = {"du_type": "PLU", "name": f"{INSEE}_PLU_20230101", "gpu_status": "production"}
    answers = {
        "zone-urba": feature(1, shape, **zone),
        "municipality": feature(2, None, **town),
        "document": feature(3, shape, **document),
    }
    for layer, held in answers.items():
        desk.server.on(f"/apicarto_gpu/{layer}", gpu([held]))
        desk.fetch(wanted(desk, GpuLayer(layer=layer, folder="plu"), box=window_box()))
    context = context_files.read(desk.data)
    told = context.documents[["document_type", "is_covered", "approved_on"]].astype(object)
    assert ["PLU", True, "2023-01-01"] in told.values.tolist()
    assert context.documents["is_covered"].all()


def other_kind(document):
    document["features"][0]["properties"]["suptype"] = "t5"
    return document


def turned(document):
    for item in document["features"]:
        rings = item["geometry"]["coordinates"]
        item["geometry"]["coordinates"] = [[[y, x] for x, y in ring] for ring in rings]
    return document


def repeated(document):
    return document | {"features": document["features"] * 2}


def unnumbered(document):
    for item in document["features"]:
        del item["properties"]["gid"], item["id"]
    return document


BAD = {
    "another servitude": (other_kind, "servitudes ac1, t5 au lieu de AC1"),
    "latitude first": (turned, "5 objets hors de la fenêtre"),
    "twice the same": (repeated, "donnés deux fois"),
    "without number": (unnumbered, "sans numéro"),
    "no collection": (lambda _: {"code": 400, "message": "erreur"}, "mal formée"),
}


@pytest.mark.parametrize(("change", "words"), BAD.values(), ids=BAD.keys())
def test_what_is_not_the_answer_is_refused(desk, change, words):
    fresh = json.loads(json.dumps(FIVE))
    desk.server.on("/apicarto_gpu/assiette-sup-s", gpu(fresh, change=change))
    with pytest.raises(ServiceError, match=words):
        desk.fetch(wanted(desk, box=window_box()))
    assert not (desk.data / "servitudes").exists()


def test_a_quarter_that_fails_leaves_no_file(desk):
    whole = gpu(FIVE, cap=5)
    desk.server.on("/apicarto_gpu/assiette-sup-s", whole, whole, status(400))
    with pytest.raises(ServiceError, match="HTTP 400"):
        desk.fetch(wanted(desk, cap=5, box=window_box()))
    assert not (desk.data / "servitudes").exists()


def test_boxes_are_rounded_outwards_and_quarters_make_the_whole():
    assert rounded_out((2.9804, 46.4801, 3.0196, 46.5199)) == (2.98, 46.48, 3.02, 46.52)
    parts = [shapely.box(*part) for part in quarters((0, 0, 4, 2))]
    assert shapely.union_all(parts).equals(shapely.box(0, 0, 4, 2))
    assert [part.area for part in parts] == [2, 2, 2, 2]
