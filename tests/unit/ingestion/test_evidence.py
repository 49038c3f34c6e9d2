"""The evidence store: each content once, whole or not at all, whoever writes and dies."""

import os
import sqlite3
import subprocess
import sys
import time
import uuid
from datetime import timedelta
from hashlib import sha256

import pytest

from pipeline.errors import SourceError
from pipeline.ingestion.evidence import EvidenceStore, Facts
from pipeline.ingestion.exchange import Answer
from tests.unit.ingestion.live_server import NOW, asking, service

SERVICE = service("http://essai.example")
DAY = timedelta(days=1)
FACTS = Facts(vintage="2026-11-01", row_count=3)


def answer(store, content, **headers):
    """An answer that just came."""
    store.incoming.mkdir(parents=True, exist_ok=True)
    path = store.incoming / f"{uuid.uuid4().hex}.whole"
    path.write_bytes(content)
    digest = sha256(content).hexdigest()
    return Answer(path, digest, len(content), "http://essai.example/a-261101", 200, headers)


def keep(store, content=b"{}", request=None, now=NOW, facts=FACTS):
    return store.keep(answer(store, content, etag='"1"'), request or asking(), SERVICE, facts, now)


def contents(store):
    return sorted(path.name for path in (store.root / "contents").glob("*/*"))


def make_old(path):
    """Date a file two days back: no living process can be writing it."""
    os.utime(path, (time.time() - 2 * 86400,) * 2)


@pytest.fixture
def store(tmp_path):
    return EvidenceStore(tmp_path / "preuves")


def test_what_was_asked_and_what_came_are_kept(store):
    kept = keep(store, b'{"a": 1}', asking(params={"code": "62041"}))
    assert store.latest(asking(params={"code": "62041"})) == kept
    assert kept.asked == '{"form": null, "params": {"code": "62041"}, "path": "/a"}'
    assert (kept.url, kept.status) == ("http://essai.example/a-261101", 200)
    assert (kept.fetched_at, kept.vintage) == ("2026-11-26T12:00:00+00:00", "2026-11-01")
    assert (kept.etag, kept.content_type, kept.size, kept.row_count) == ('"1"', None, 8, 3)
    assert (kept.licence, kept.attribution) == ("Licence Ouverte 2.0", "© essai")
    path = store.verified(kept)
    assert path.read_bytes() == b'{"a": 1}'
    assert path.parent.name == kept.sha256[:2]


def test_a_content_is_kept_once_and_each_answer_told(store):
    first, second = keep(store, b"same"), keep(store, b"same", asking("/b"), now=NOW + DAY)
    assert first.sha256 == second.sha256
    assert contents(store) == [first.sha256]
    assert len(store.register.answers()) == 2
    assert not list(store.incoming.iterdir())


def test_nothing_is_made_before_the_first_answer(store):
    assert store.latest(asking()) is None
    assert store.prune(NOW, keep_days=0).files == 0
    assert not store.root.exists()


def test_the_last_answer_is_the_latest_of_its_own_request(store):
    keep(store, b"old")
    new = keep(store, b"new", now=NOW + DAY)
    keep(store, b"other", asking("/b"), now=NOW + 2 * DAY)
    assert store.latest(asking()) == new
    assert store.latest(asking(form={})) is None


def test_a_copy_that_was_lost_or_changed_is_no_copy(store):
    kept = keep(store, b"whole")
    path = store.content(kept.sha256)
    path.write_bytes(b"whOle")
    with pytest.raises(SourceError, match="absente ou modifiée"):
        store.verified(kept)
    path.unlink()
    assert store.latest(asking()) is None
    keep(store, b"whole")
    assert store.verified(kept).read_bytes() == b"whole"


def test_a_file_is_delivered_whole_and_its_origin_noted(store, tmp_path):
    kept = keep(store, b"content")
    path = store.deliver([kept], tmp_path / "data", "cadastre/a.json", NOW)
    assert path == tmp_path / "data" / "cadastre" / "a.json"
    assert path.read_bytes() == b"content"
    use = store.register.uses()["cadastre/a.json"]
    assert use.sha256 == kept.sha256
    assert use.parts == ((kept.key, kept.sha256),)
    assert [item.name for item in path.parent.iterdir()] == ["a.json"]


def test_a_file_may_be_made_of_several_answers(store, tmp_path):
    first, second = keep(store, b"a"), keep(store, b"b", asking("/b"))
    path = store.deliver([second, first], tmp_path, "a/a.txt", NOW)
    assert path.read_bytes() == b"ba"
    store.deliver([first], tmp_path, "a/a.txt", NOW, make=lambda paths: [paths[0].read_bytes() * 3])
    assert path.read_bytes() == b"aaa"
    use = store.register.uses()["a/a.txt"]
    assert use.parts == ((first.key, first.sha256),)
    assert use.sha256 == sha256(b"aaa").hexdigest()


def test_a_delivered_file_is_renewed(store, tmp_path):
    store.deliver([keep(store, b"old")], tmp_path, "a/a.json", NOW)
    path = store.deliver([keep(store, b"new")], tmp_path, "a/a.json", NOW)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("was_ours", [False, True], ids=["deposited", "changed since"])
def test_a_file_of_somebody_is_left_alone(store, tmp_path, was_ours):
    path = tmp_path / "a" / "a.json"
    if was_ours:
        store.deliver([keep(store, b"old")], tmp_path, "a/a.json", NOW)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"by hand")
    with pytest.raises(SourceError, match="à la main, laissé"):
        store.deliver([keep(store, b"new")], tmp_path, "a/a.json", NOW)
    assert path.read_bytes() == b"by hand"
    assert not store.is_ours(tmp_path, "a/a.json")
    assert [item.name for item in path.parent.iterdir()] == ["a.json"]


@pytest.mark.parametrize("left_there", [b"old", b"new", None])
def test_a_delivery_killed_before_or_after_its_rename_is_made_again(store, tmp_path, left_there):
    old, new = keep(store, b"old"), keep(store, b"new")
    path = store.deliver([old], tmp_path, "a/a.json", NOW)
    store.deliver([new], tmp_path, "a/a.json", NOW)
    path.unlink()
    if left_there is not None:
        path.write_bytes(left_there)
        assert store.is_ours(tmp_path, "a/a.json")
    newest = keep(store, b"newest")
    assert store.deliver([newest], tmp_path, "a/a.json", NOW).read_bytes() == b"newest"


def test_a_full_disk_leaves_the_earlier_file(store, small_disk):
    store.deliver([keep(store, b"old")], small_disk, "a/a.json", NOW)
    with pytest.raises(SourceError, match="disque plein"):
        store.deliver([keep(store, bytes(400_000))], small_disk, "a/a.json", NOW)
    assert [item.name for item in (small_disk / "a").iterdir()] == ["a.json"]
    assert (small_disk / "a" / "a.json").read_bytes() == b"old"


def test_prune_keeps_what_is_last_recent_used_or_referred_to(store, tmp_path):
    used, referred, unused = (
        keep(store, text, now=NOW + n * DAY) for n, text in enumerate((b"used", b"ref", b"unused"))
    )
    recent, last = keep(store, b"recent", now=NOW + 20 * DAY), keep(store, b"last", asking("/b"))
    keep(store, b"newest", now=NOW + 40 * DAY)
    store.deliver([used], tmp_path, "a/a.json", NOW)
    for path in (store.root / "contents").glob("*/*"):
        make_old(path)
    now = NOW + 41 * DAY
    pruned = store.prune(now, keep_days=21, kept={referred.sha256})
    assert (pruned.files, pruned.size) == (1, len(b"unused"))
    assert unused.sha256 not in contents(store)
    for kept in (used, referred, recent, last):
        assert store.verified(kept)
    assert unused not in store.register.answers()


def test_an_answer_exactly_as_old_as_allowed_stays(store):
    keep(store, b"a", now=NOW - 10 * DAY)
    keep(store, b"b", now=NOW)
    store.prune(NOW, keep_days=10)
    assert len(store.register.answers()) == 2
    store.prune(NOW + timedelta(seconds=1), keep_days=10)
    assert len(store.register.answers()) == 1


def test_prune_removes_what_killed_processes_left_and_nothing_young(store):
    keep(store)
    orphan, stale, young = (
        store.root / "contents" / "ab" / "abcd",
        store.incoming / "x.part",
        store.incoming / "y.part",
    )
    orphan.parent.mkdir()
    for path in (orphan, stale, young):
        path.write_bytes(b"12345")
    for path in (orphan, stale):
        make_old(path)
    pruned = store.prune(NOW, keep_days=0)
    assert (pruned.files, pruned.size) == (2, 10)
    assert young.exists()


def aged(store):
    """A store of ten answers of which one is needed, their contents old enough to go."""
    for number in range(10):
        keep(store, f"{number}".encode(), now=NOW + number * DAY)
    for path in (store.root / "contents").glob("*/*"):
        make_old(path)


def test_a_dry_run_tells_the_same_and_removes_nothing(store):
    aged(store)
    before = contents(store), store.register.answers()
    told = store.prune(NOW + 60 * DAY, keep_days=0, dry_run=True)
    assert (contents(store), store.register.answers()) == before
    assert told == store.prune(NOW + 60 * DAY, keep_days=0)
    assert (told.files, told.size) == (9, 9)


PRUNER = """
import os, sys
from datetime import timedelta
from pathlib import Path
from pipeline.ingestion.evidence import EvidenceStore
from tests.unit.ingestion.live_server import NOW
left = [int(sys.argv[2])]
def die(event, arguments):
    if event == "os.remove" and "contents" in str(arguments[0]):
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
sys.addaudithook(die)
EvidenceStore(Path(sys.argv[1])).prune(NOW + timedelta(days=60), keep_days=0)
"""


@pytest.mark.parametrize("removed", [0, 1, 8])
def test_a_prune_killed_in_the_middle_leaves_a_store_that_verifies(store, removed):
    aged(store)
    command = [sys.executable, "-c", PRUNER, str(store.root), str(removed)]
    assert subprocess.run(command, check=False).returncode == 9
    assert len(contents(store)) == 10 - removed
    assert set(store.damages().values()) == {None}
    assert store.prune(NOW + 60 * DAY, keep_days=0).files == 9 - removed
    assert consistent(store)


def test_every_damaged_content_is_found(store):
    changed, lost, sound = (keep(store, it, asking(f"/{it}")) for it in (b"a", b"b", b"c"))
    store.content(changed.sha256).write_bytes(b"A")
    store.content(lost.sha256).unlink()
    found = store.damages()
    wrong = {place.split("/")[-1] for place, told in found.items() if told is not None}
    assert wrong == {changed.sha256, lost.sha256}
    assert len(found) == 3
    assert sound.sha256 not in wrong


def test_a_register_of_a_later_version_is_refused(store):
    keep(store)
    with sqlite3.connect(store.root / "registre.sqlite") as opened:
        opened.execute("PRAGMA user_version = 99")
    opened.close()
    with pytest.raises(SourceError, match="plus récente"):
        store.latest(asking())


def test_a_damaged_register_is_told_in_one_line(store):
    keep(store)
    (store.root / "registre.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(SourceError, match="registre des preuves inutilisable"):
        store.latest(asking())


WRITER = """
import sys
from pathlib import Path
from pipeline.ingestion.evidence import EvidenceStore
from tests.unit.ingestion.live_server import asking
from tests.unit.ingestion.test_evidence import keep
store, name, count = EvidenceStore(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
for n in range(count):
    keep(store, b"shared" if n % 2 else f"{name} {n}".encode() * 5000, asking(f"/{name}/{n}"))
    print(n, flush=True)
"""


def writer(store, name, count):
    command = [sys.executable, "-c", WRITER, str(store.root), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def consistent(store):
    """Each answer of the register has its content, whole."""
    return all(store.verified(kept) for kept in store.register.answers())


def test_two_processes_at_once_lose_nothing(store):
    runs = [writer(store, name, 20) for name in ("a", "b")]
    for run in runs:
        run.communicate(timeout=60)
        assert run.returncode == 0
    assert len(store.register.answers()) == 40
    assert len(contents(store)) == 21
    assert consistent(store)


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_writer_killed_in_the_middle_leaves_a_store_that_serves(store, after):
    run = writer(store, "a", 10_000)
    for _ in range(after):
        run.stdout.readline()
    time.sleep(after / 1000)
    run.kill()
    run.communicate()
    assert len(store.register.answers()) >= after
    assert consistent(store)
    kept = keep(store, b"next", asking("/next"))
    assert store.verified(kept).read_bytes() == b"next"
