"""
One question to each real service, for those who can reach them: `pytest -m network tests/network`.

Never run in CI. Each test holds the service to what parzan relies on; Arras (62041) is asked for.
"""

import re
from datetime import UTC, datetime

import pytest

from pipeline.ingestion.evidence import EvidenceStore
from pipeline.ingestion.exchange import Request
from pipeline.ingestion.live_bdtopo import bdtopo_around
from pipeline.ingestion.live_cadastre import cadastre_of
from pipeline.ingestion.live_communes import limits_of
from pipeline.ingestion.live_osm import osm_around
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import load_services
from pipeline.ingestion.transport import Transport
from pipeline.live_sources import user_agent
from pipeline.settings import Settings
from tests.tables import CONFIG

pytestmark = pytest.mark.network

ARRAS = "62041"
CENTRE = (2.77, 50.285, 2.785, 50.295)  # degrees: a few streets, so that little is asked


@pytest.fixture
def retrieval(tmp_path):
    def now():
        return datetime.now(UTC)

    services = load_services(CONFIG / "services.yaml")
    with Transport(services, user_agent=user_agent(Settings()), clock=now) as transport:
        yield Retrieval(EvidenceStore(tmp_path), transport, clock=now, warn=pytest.fail)


def test_api_geo_gives_the_limits_of_a_departement(retrieval):
    (answer,) = limits_of("62").fetch(retrieval)
    assert answer.row_count > 800


def test_etalab_gives_the_cadastre_of_a_commune(retrieval):
    parcels, buildings = (
        wanted.fetch(retrieval)[0]
        for wanted in cadastre_of(ARRAS, retrieval.transport.services["cadastre_etalab"])
    )
    assert parcels.row_count > 5000
    assert buildings.row_count > 5000


def test_overpass_accepts_parzan_and_dates_its_data(retrieval):
    service = retrieval.transport.services["overpass"]
    (answer,) = osm_around(ARRAS, CENTRE, ["landuse"], service).fetch(retrieval)
    assert answer.vintage >= "2026-01-01"


def test_the_wfs_gives_each_layer_whole(retrieval):
    service = retrieval.transport.services["geoplateforme_wfs"]
    for wanted in bdtopo_around(ARRAS, CENTRE, service):
        assert wanted.fetch(retrieval)


def test_geofabrik_announces_the_size_and_the_digest_of_each_region(retrieval):
    """A few hundred megabytes each: only asked how big."""
    for region in retrieval.transport.services["geofabrik"].regions.root:
        pbf = Request("geofabrik", f"{region}-latest.osm.pbf", ("osm_pbf",))
        assert retrieval.transport.announced_size(pbf) > 1_000_000
    digest = Request("geofabrik", "corse-latest.osm.pbf.md5", ("text",))
    answer = retrieval.transport.fetch(digest, retrieval.store.incoming)
    assert re.fullmatch(r"[0-9a-f]{32}\s+\S+\s*", answer.path.read_text(encoding="ascii"))
