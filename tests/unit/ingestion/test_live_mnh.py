"""Squares of heights: on one grid, as they were asked for, or refused; the reader reads them."""

import io

import numpy as np
import pytest
import rasterio
from rasterio import Affine

from pipeline.errors import AbsentError, ServiceError
from pipeline.ingestion.live_mnh import heights_around
from tests.tables import L93, X0, Y0
from tests.unit.ingestion.height_rasters import boxes, heights, model
from tests.unit.ingestion.live_desk import LiveDesk
from tests.unit.ingestion.live_server import send, status

PATH = "/geoplateforme_wms/wms-r"


def tiff(bounds, side, height_at, *, crs=L93, dtype="float32", bands=1):
    west, _, east, north = bounds
    step = (east - west) / side
    x = west + step * (np.arange(side) + 0.5)
    y = north - step * (np.arange(side) + 0.5)
    values = np.broadcast_to(height_at(x[None, :], y[:, None]), (side, side)).astype(dtype)
    content = io.BytesIO()
    profile = {"driver": "GTiff", "count": bands, "height": side, "width": side, "dtype": dtype}
    place = Affine(step, 0, west, 0, -step, north)
    nodata = -9999 if dtype == "float32" else None
    with rasterio.open(content, "w", **profile, crs=crs, transform=place, nodata=nodata) as target:
        for band in range(bands):
            target.write(values, band + 1)
    return content.getvalue()


def east_of(x, y):
    """Metres east of the origin of the tests, in hundredths: a height that names its place."""
    return (x - X0 + 100) / 100 + 0 * y


def wms(height_at=east_of, change=None, **profile):
    def reply(handler):
        query = handler.query
        bounds = [float(side) for side in query["BBOX"].split(",")]
        side = int(query["WIDTH"])
        if change is not None:
            bounds, side = change(bounds, side)
        send(handler, 200, tiff(bounds, side, height_at, **profile), Content_Type="image/geotiff")

    return reply


@pytest.fixture
def desk(server, tmp_path):
    desk = LiveDesk(server, tmp_path)
    grid = desk.services["geoplateforme_wms"].heights
    # Squares of 50 m, on the grid of the layer.
    desk.change("geoplateforme_wms", heights=grid.model_copy(update={"side_px": 100}))
    return desk


def plan(desk, *corners):
    return heights_around(boxes(*corners), desk.services["geoplateforme_wms"])


def fetch(desk, *corners):
    return [desk.fetch(wanted) for wanted in plan(desk, *corners).files]


# Y0 ends in 333 m: the squares of 50 m begin 33 m south of it, a quarter of a metre north.
def test_the_squares_that_meet_a_box_are_asked_on_the_grid_of_the_layer(desk):
    desk.server.on(PATH, wms())
    fetch(desk, (10, 0, 40, 10))
    (params,) = desk.asked
    assert params["BBOX"] == "699999.75,6322300.25,700049.75,6322350.25"
    assert (params["WIDTH"], params["HEIGHT"], params["CRS"]) == ("100", "100", "EPSG:2154")
    assert params["LAYERS"].endswith("LAMB93")


@pytest.mark.parametrize(
    ("east", "count"),
    [
        pytest.param(49.74, 1, id="before the seam"),
        pytest.param(49.75, 2, id="on the seam"),
        pytest.param(49.76, 2, id="beyond"),
    ],
)
def test_a_box_asks_for_every_square_that_it_meets(desk, east, count):
    found = plan(desk, (10, 0, east, 10))
    assert len(found.files) == count
    assert found.size == count * 100 * 100 * 4


def test_boxes_that_share_a_square_ask_for_it_once(desk):
    found = plan(desk, (0, 0, 10, 10), (20, 0, 30, 10), (60, 0, 70, 10))
    assert [wanted.place for wanted in found.files] == [
        "mnh/lidar-hd-mnh-700000-6322300.tif",
        "mnh/lidar-hd-mnh-700050-6322300.tif",
    ]
    nowhere = heights_around(np.empty((0, 4)), desk.services["geoplateforme_wms"])
    assert (nowhere.files, nowhere.size) == ([], 0)


def test_the_reader_reads_neighbours_as_one(desk):
    desk.server.on(PATH, wms())
    fetch(desk, (10, 0, 90, 10))
    found = heights(model(desk.data), (48, 2, 52, 4))
    # Pixels whose edges lie at 47.75 + 0.5 k: their centres are whole metres and halves.
    assert found[0] == pytest.approx(found[-1])
    assert np.diff(found[0]) == pytest.approx(0.005, abs=1e-6)
    assert found.shape[1] >= 8


def test_a_place_that_was_not_flown_is_read_as_unknown(desk):
    desk.server.on(PATH, wms(lambda x, y: -9999 + 0 * x * y))
    fetch(desk, (10, 0, 40, 10))
    assert model(desk.data).is_empty


def doubled(bounds, side):
    return bounds, 2 * side


def moved(bounds, side):
    return [edge + 0.25 for edge in bounds], side


BAD = {
    "another number of pixels": (wms(change=doubled), "200 × 200 pixels"),
    "another place": (wms(change=moved), "emprise 700000.00, 6322300.50"),
    "another system": (wms(crs="EPSG:3857"), "autre système"),
    "a picture": (wms(dtype="uint8", bands=3), r"3 bande\(s\) uint8"),
    "a PNG": (b"\x89PNG\r\n\x1a\n" + bytes(50), "WMS-R"),
    "an error in XML": (b"<ServiceExceptionReport>LayerNotDefined</ServiceExceptionReport>", "Lay"),
    "a web page": (b"<html><title>Maintenance</title></html>", "Maintenance"),
}


@pytest.mark.parametrize(("reply", "words"), BAD.values(), ids=BAD.keys())
def test_what_is_not_the_square_asked_for_is_refused(desk, reply, words):
    desk.server.on(PATH, reply)
    with pytest.raises(ServiceError, match=words):
        fetch(desk, (10, 0, 40, 10))
    assert not (desk.data / "mnh").exists()


def test_a_tiff_cut_short_is_refused(desk):
    bounds = (699999.75, 6322300.25, 700049.75, 6322350.25)
    desk.server.on(PATH, tiff(bounds, 100, east_of)[:20_000])
    with pytest.raises(ServiceError, match="illisible ou tronqué"):
        fetch(desk, (10, 0, 40, 10))


def test_the_declared_squares_respect_the_cap_of_the_service(desk):
    assert LiveDesk(desk.server, desk.data).services["geoplateforme_wms"].heights.side_px >= 1
    assert LiveDesk(desk.server, desk.data).services["geoplateforme_wms"].heights.side_px <= 5010
    assert Y0 % 50 == 33


def test_where_nothing_was_flown_the_service_holds_no_such_square(desk):
    desk.server.on(PATH, status(400, b"<ServiceException>no data</ServiceException>"))
    with pytest.raises(AbsentError):
        fetch(desk, (10, 0, 40, 10))
