"""Monuments of Mérimée around a commune: as many as announced, as the reader reads them."""

import re

import pytest

from pipeline.errors import ServiceError
from pipeline.ingestion.live_monuments import monuments_around
from tests.tables import X0, Y0
from tests.unit.ingestion.deposits import INSEE, commune, lon_lat, read
from tests.unit.ingestion.live_desk import LiveDesk, answer

DATASET = "/culture/liste-des-immeubles-proteges-au-titre-des-monuments-historiques"
# Of 0.04° by 0.02° around 3.00° E, 43.99° N: 3.2 km by 2.2 km, so 1.96 km to the corners.
BOX = (2.98, 43.98, 3.02, 44.0)


def monument(number, x, y):
    lon, lat = lon_lat(x, y)
    return {
        "reference": f"PA0000{number:04}",
        "titre_editorial_de_la_notice": "Église ; clocher",
        "coordonnees_au_format_wgs84": {"lon": lon, "lat": lat},
        "cog_insee_lors_de_la_protection": [INSEE],
    }


@pytest.fixture
def desk(server, tmp_path):
    commune(tmp_path)
    return LiveDesk(server, tmp_path)


def hold(desk, *items, total=None):
    count = {"total_count": len(items) if total is None else total, "results": []}
    desk.server.on(f"{DATASET}/records", answer(count))
    desk.server.on(f"{DATASET}/exports/json", answer(list(items)))


def wanted(desk):
    (one,) = monuments_around(INSEE, BOX, desk.services["culture"])
    return one


def test_the_reader_draws_circles_around_them(desk):
    hold(desk, monument(1, 100, 200), monument(2, 500, 0))
    desk.fetch(wanted(desk))
    rows = read(desk.data).perimeters
    assert list(rows["perimeter_id"]) == ["monuments/PA00000001", "monuments/PA00000002"]
    assert list(rows["kind"].unique()) == ["abords_500m"]
    assert rows["name"].iloc[0] == "Église ; clocher"
    centre = rows.geometry.iloc[0].centroid
    assert (centre.x - X0, centre.y - Y0) == pytest.approx((100, 200), abs=0.05)


def test_the_distance_reaches_the_corners_and_the_margin(desk):
    hold(desk)
    desk.fetch(wanted(desk))
    place, radius = re.search(r"GEOM'POINT\((.*)\)', (\d+)m\)", desk.asked[0]["where"]).groups()
    assert place == "3 43.99"
    # sqrt(1 606² + 1 111²) = 1 953 m, and 1 000 m: up to the next hundred.
    assert radius == "3000"
    assert {params["where"] for params in desk.asked} == {desk.asked[0]["where"]}


def test_no_monument_is_a_valid_nothing(desk):
    hold(desk)
    desk.fetch(wanted(desk))
    assert read(desk.data).perimeters.empty


def test_fewer_than_announced_are_asked_again_then_refused(desk):
    hold(desk, monument(1, 0, 0), total=2)
    with pytest.raises(ServiceError, match="1 monuments reçus sur 2 annoncés"):
        desk.fetch(wanted(desk))
    assert len(desk.asked) == 4
    assert not (desk.data / "monuments").exists()


@pytest.mark.parametrize("given", [{"error_code": "ODSQLError"}, [{"titre": "x"}], [3]])
def test_what_is_no_list_of_monuments_is_refused(desk, given):
    hold(desk)
    desk.server.on(f"{DATASET}/exports/json", answer(given))
    with pytest.raises(ServiceError, match="mal formés"):
        desk.fetch(wanted(desk))


def test_an_answer_without_count_is_refused(desk):
    hold(desk)
    desk.server.on(f"{DATASET}/records", answer([1]))
    with pytest.raises(ServiceError, match="introuvable"):
        desk.fetch(wanted(desk))
