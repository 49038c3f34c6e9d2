"""Fresh, renewed, or the last good copy with a warning: a real server that goes down."""

from datetime import timedelta
from hashlib import md5

import pytest

from pipeline.errors import AbsentError, OfflineError, ServiceError
from pipeline.ingestion.evidence import EvidenceStore, Facts
from pipeline.ingestion.retrieval import Retrieval
from tests.unit.ingestion.live_server import NOW, asking, status, transport, validated

OLD, NEW = b'{"rows": 10}', b'{"rows": 11}'
DAY = timedelta(days=1)


class Desk:
    """A store that lives through several days of a service."""

    def __init__(self, server, root):
        self.server, self.store = server, EvidenceStore(root)
        self.now, self.warnings = NOW, []

    def get(self, request=None, *, rows=None, offline=False, accept_shrink=False, **changes):
        with transport(self.server.base, offline=offline, **changes) as wire:
            retrieval = Retrieval(
                self.store,
                wire,
                clock=lambda: self.now,
                warn=self.warnings.append,
                accept_shrink=accept_shrink,
            )
            read = rows if callable(rows) else lambda *_: Facts(row_count=rows)
            return self.store.verified(retrieval.get(request or asking(), read)).read_bytes()


@pytest.fixture
def desk(server, tmp_path):
    return Desk(server, tmp_path / "preuves")


def test_a_copy_serves_until_it_is_too_old(desk, server):
    server.on("/a", OLD, NEW)
    assert desk.get() == OLD
    desk.now = NOW + 30 * DAY
    assert desk.get() == OLD
    desk.now += timedelta(seconds=1)
    assert desk.get() == NEW
    assert len(server.seen) == 2
    assert desk.warnings == []


def test_a_copy_that_comes_from_the_future_is_asked_again(desk, server):
    server.on("/a", OLD, NEW)
    desk.get()
    desk.now = NOW - timedelta(seconds=1)
    assert desk.get() == NEW


def test_a_service_that_is_down_leaves_the_last_good_copy_and_a_warning(desk, server):
    server.on("/a", OLD, status(503))
    desk.get()
    desk.now = NOW + 31 * DAY
    assert desk.get() == OLD
    assert len(desk.warnings) == 1
    assert "HTTP 503" in desk.warnings[0]
    assert "copie du 2026-11-26 employée" in desk.warnings[0]


def test_a_service_that_is_down_without_a_copy_is_an_error(desk, server):
    server.on("/a", status(503))
    with pytest.raises(ServiceError, match="HTTP 503"):
        desk.get()
    assert desk.store.register.answers() == []


def test_what_is_no_longer_there_is_not_hidden_by_an_old_copy(desk, server):
    server.on("/a", OLD, status(404))
    desk.get()
    desk.now = NOW + 31 * DAY
    for _ in range(2):
        with pytest.raises(AbsentError, match="HTTP 404"):
            desk.get()
    assert len(server.seen) == 2  # an absence is an answer, fresh for a day
    with pytest.raises(AbsentError, match="le 2026-12-27"):
        desk.get(offline=True)
    server.on("/a", NEW)
    desk.now += DAY
    with pytest.raises(AbsentError):
        desk.get()
    desk.now += timedelta(seconds=1)
    assert desk.get() == NEW


def test_offline_the_copy_serves_whatever_its_age(desk, server):
    server.on("/a", OLD)
    desk.get()
    assert desk.get(offline=True) == OLD
    assert desk.warnings == []
    desk.now = NOW + 400 * DAY
    assert desk.get(offline=True) == OLD
    assert "hors ligne, copie du 2026-11-26" in desk.warnings[0]
    with pytest.raises(OfflineError):
        desk.get(asking("/b"), offline=True)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("before", "after", "is_kept"),
    [
        pytest.param(10, 8, True, id="a loss of exactly the share allowed"),
        pytest.param(100, 79, False, id="one object more"),
        pytest.param(10, 0, False, id="everything"),
        pytest.param(0, 0, True, id="nothing before and nothing after"),
        pytest.param(10, 100, True, id="a gain"),
    ],
)
def test_an_answer_that_lost_too_many_objects_is_suspicious(desk, server, before, after, is_kept):
    server.on("/a", OLD, NEW)
    desk.get(rows=before)
    desk.now = NOW + 31 * DAY
    assert desk.get(rows=after) == (NEW if is_kept else OLD)
    assert bool(desk.warnings) is not is_kept
    if not is_kept:
        assert f"suspecte, {after} objets contre {before} le 2026-11-26" in desk.warnings[0]
        assert desk.get(rows=after, accept_shrink=True) == NEW


def test_without_a_count_bytes_tell_the_loss(desk, server):
    server.on("/a", b'{"a": "12345678"}', b"{}")
    desk.get()
    desk.now = NOW + 31 * DAY
    desk.get()
    assert "2 octets contre 17" in desk.warnings[0]
    assert not list(desk.store.incoming.glob("*.whole"))


def test_an_answer_that_its_reader_refuses_is_not_kept(desk, server):
    def refuse(answer, where):
        msg = f"{where} : {answer.path.read_text()} ; relancer"
        raise ServiceError(msg)

    server.on("/a", OLD)
    with pytest.raises(ServiceError, match="10"):
        desk.get(rows=refuse)
    assert desk.store.latest(asking()) is None
    assert not list(desk.store.incoming.glob("*.whole"))


VALIDATORS = [
    pytest.param({"ETag": '"v1"'}, id="a strong etag"),
    pytest.param({"ETag": 'W/"v1"'}, id="a weak etag"),
    pytest.param({"Last_Modified": "Mon, 02 Nov 2026 10:00:00 GMT"}, id="a date"),
]


@pytest.mark.parametrize("validator", VALIDATORS)
def test_a_copy_that_still_holds_is_confirmed_without_a_download(desk, server, validator):
    server.on("/a", validated(OLD, **validator))
    desk.get(rows=10)
    desk.now = NOW + 31 * DAY
    assert desk.get(rows=refuse_all) == OLD  # nothing came: nothing is read
    assert [seen.headers.get("range") for seen in server.seen] == [None, None]
    first, again = desk.store.register.answers()
    assert (again.status, again.fetched_at) == (304, "2026-12-27T12:00:00+00:00")
    assert (again.sha256, again.url, again.row_count) == (first.sha256, first.url, 10)
    desk.now += 30 * DAY
    assert desk.get() == OLD
    assert len(server.seen) == 2  # fresh for thirty days again


def refuse_all(*_):
    pytest.fail("read what was not downloaded")


@pytest.mark.parametrize("validator", VALIDATORS)
def test_a_content_that_changed_is_downloaded(desk, server, validator):
    other = {name: value.replace("1", "3").replace("02", "03") for name, value in validator.items()}
    server.on("/a", validated(OLD, **validator), validated(NEW, **other))
    desk.get()
    desk.now = NOW + 31 * DAY
    assert desk.get() == NEW
    assert [kept.status for kept in desk.store.register.answers()] == [200, 200]


def test_a_damaged_copy_is_not_confirmed(desk, server):
    server.on("/a", validated(OLD, ETag='"v1"'))
    desk.get()
    path = desk.store.content(desk.store.latest(asking()).sha256)
    path.write_bytes(b'{"rows": 99}')
    desk.now = NOW + 31 * DAY
    desk.get()
    assert "if-none-match" not in server.seen[1].headers


def test_an_absence_a_form_and_an_announced_digest_are_asked_plainly(desk, server):
    form = asking("/form", form={"data": "x"})
    digest = asking("/digest", md5=md5(OLD, usedforsecurity=False).hexdigest())
    server.on("/gone", status(404, ETag='"v1"'))
    for path in ("/form", "/digest"):
        server.on(path, validated(OLD, ETag='"v1"'))
    for day in (0, 31):
        desk.now = NOW + day * DAY
        with pytest.raises(AbsentError):
            desk.get(asking("/gone"))
        assert desk.get(form) == OLD
        assert desk.get(digest) == OLD
    assert len(server.seen) == 6
    assert not [seen for seen in server.seen if "if-none-match" in seen.headers]


def test_another_address_that_says_unchanged_is_asked_for_its_content(desk, server):
    server.on("/a", status(302, Location="/a-1"), status(302, Location="/a-2"))
    server.on("/a-1", validated(OLD, ETag='"same"'))
    server.on("/a-2", validated(NEW, ETag='"same"'))
    desk.get()
    desk.now = NOW + 31 * DAY
    assert desk.get() == NEW
    assert desk.store.latest(asking()).url.endswith("/a-2")


def test_a_service_that_says_unchanged_without_being_asked_is_an_error(desk, server):
    server.on("/a", status(304))
    with pytest.raises(ServiceError, match="HTTP 304"):
        desk.get()
