"""
One question to each real service of whole départements: `pytest -m network tests/network`.

Never run in CI, nor yet run at all: nobody who wrote them could reach the services. Lists and sizes
are asked for, no archive is downloaded.
"""

from datetime import UTC, datetime

import pytest
import shapely

from pipeline.ingestion.evidence import EvidenceStore
from pipeline.ingestion.live_bdtopo import bdtopo_over
from pipeline.ingestion.live_cadastre import cadastre_of_departement
from pipeline.ingestion.live_communes import (
    departements_meeting,
    outlines_request,
    read_outlines,
)
from pipeline.ingestion.live_downloads import archives_of
from pipeline.ingestion.live_icpe_archive import installations_of
from pipeline.ingestion.live_monuments import monuments_of
from pipeline.ingestion.live_owners import owners_of
from pipeline.ingestion.retrieval import Retrieval
from pipeline.ingestion.services import load_services
from pipeline.ingestion.transport import Transport
from pipeline.live_sources import user_agent
from pipeline.settings import Settings
from tests.tables import CONFIG

pytestmark = pytest.mark.network

CENTRE = shapely.box(2.77, 50.285, 2.785, 50.295)  # degrees: a few streets of Arras
MEGABYTE = 1024**2


@pytest.fixture
def retrieval(tmp_path):
    def now():
        return datetime.now(UTC)

    services = load_services(CONFIG / "services.yaml")
    with Transport(services, user_agent=user_agent(Settings()), clock=now) as transport:
        yield Retrieval(EvidenceStore(tmp_path), transport, clock=now, warn=pytest.fail)


def archives(retrieval, lists):
    return [archive for listed in lists for archive in listed.expand(retrieval)]


@pytest.mark.parametrize("departement", ["01", "2A", "62", "974"])
def test_the_dgfip_lists_an_archive_that_holds_a_departement(retrieval, departement):
    service = retrieval.transport.services["dgfip"]
    (archive,) = archives(retrieval, owners_of(departement, service))
    assert archive.place.startswith("proprietaires/PM_2")
    assert (retrieval.transport.announced_size(archive.request) or MEGABYTE) >= MEGABYTE


@pytest.mark.parametrize(("folder", "least"), [("ocsge", 2), ("parkings", 1)])
def test_the_download_service_lists_archives_with_their_size(retrieval, folder, least):
    service = retrieval.transport.services["geoplateforme_download"]
    found = archives(retrieval, archives_of("62", service, [folder]))
    assert len(found) >= least
    assert all(archive.size and archive.request.md5 for archive in found)


def test_etalab_draws_the_departements(retrieval):
    service = retrieval.transport.services["etalab_contours"]
    held = retrieval.get(outlines_request(service), read_outlines)
    path = retrieval.store.verified(held)
    assert departements_meeting(path, CENTRE, 200) == ["62"]
    assert departements_meeting(path, shapely.box(2.7, 50.6, 3.1, 50.7), 200) == ["59", "62"]


def test_etalab_has_a_file_of_parcels_for_a_departement(retrieval):
    parcels, _ = cadastre_of_departement("90")
    assert (retrieval.transport.announced_size(parcels.request) or MEGABYTE) >= MEGABYTE


def test_georisques_gives_the_archive_of_a_departement(retrieval):
    (answer,) = installations_of("90").fetch(retrieval)
    assert answer.row_count > 50


def test_the_wfs_counts_without_giving(retrieval):
    service = retrieval.transport.services["geoplateforme_wfs"]
    for wanted in bdtopo_over("62", CENTRE, service):
        assert "objets" in wanted.announce(retrieval)


def test_merimee_gives_the_monuments_of_a_departement(retrieval):
    (wanted,) = monuments_of(["90"], retrieval.transport.services["culture"])
    assert wanted.fetch(retrieval)[1].row_count > 20
