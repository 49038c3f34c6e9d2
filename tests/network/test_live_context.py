"""
One question to each real service of the context: `pytest -m network tests/network`.

Never run in CI, nor yet run at all: nobody who wrote them could reach the services. Each test holds
the service to what parzan relies on; the middle of Arras (62041) is asked for.
"""

from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.ingestion.evidence import EvidenceStore
from pipeline.ingestion.live_gpu import planning_around
from pipeline.ingestion.live_icpe import installations_around
from pipeline.ingestion.live_irradiation import yields_around
from pipeline.ingestion.live_mnh import heights_around
from pipeline.ingestion.live_monuments import monuments_around
from pipeline.ingestion.live_parkings import parkings_around
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import load_services
from pipeline.ingestion.transport import Transport
from pipeline.live_sources import user_agent
from pipeline.settings import Settings
from tests.tables import ASSUMPTIONS, CONFIG

pytestmark = pytest.mark.network

ARRAS = "62041"
CENTRE = (2.77, 50.285, 2.785, 50.295)  # degrees: a few streets, so that little is asked
SQUARE = np.array([[684_000.0, 7_021_000.0, 684_010.0, 7_021_010.0]])  # Lambert-93, near Arras


@pytest.fixture
def retrieval(tmp_path):
    def now():
        return datetime.now(UTC)

    services = load_services(CONFIG / "services.yaml")
    with Transport(services, user_agent=user_agent(Settings()), clock=now) as transport:
        yield Retrieval(EvidenceStore(tmp_path), transport, clock=now, warn=pytest.fail)


def service(retrieval, name):
    return retrieval.transport.services[name]


def test_georisques_gives_the_installations_of_a_commune(retrieval):
    wanted = installations_around(ARRAS, [ARRAS], service(retrieval, "georisques"))
    assert wanted.fetch(retrieval)[0].row_count > 0


def test_the_gpu_gives_each_layer(retrieval):
    found = {
        wanted.place: wanted.fetch(retrieval)
        for wanted in planning_around(ARRAS, CENTRE, service(retrieval, "apicarto_gpu"))
    }
    assert found[f"plu/gpu-municipality-{ARRAS}.geojson"][0].row_count > 0


def test_the_wms_gives_a_square_of_heights_pixel_for_pixel(retrieval):
    (wanted,) = heights_around(SQUARE, service(retrieval, "geoplateforme_wms")).files
    assert wanted.fetch(retrieval)


def test_pvgis_gives_a_yield(retrieval):
    (wanted,) = yields_around(ARRAS, CENTRE, service(retrieval, "pvgis"), ASSUMPTIONS.solar)
    assert wanted.fetch(retrieval)


def test_merimee_gives_as_many_monuments_as_it_counts(retrieval):
    (wanted,) = monuments_around(ARRAS, CENTRE, service(retrieval, "culture"))
    assert wanted.fetch(retrieval)[1].row_count > 10


def test_the_national_layer_gives_the_car_parks_of_a_town(retrieval):
    wanted = parkings_around(ARRAS, CENTRE, service(retrieval, "geoplateforme_wfs"))
    assert wanted.fetch(retrieval)[0].row_count is not None
