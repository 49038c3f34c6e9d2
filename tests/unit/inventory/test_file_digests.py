"""Digests are worked out again exactly when a file may have changed."""

import os
from hashlib import sha256

import pytest

from pipeline.inventory.file_digests import NO_FILE, FileDigests

WRITTEN = 1_700_000_000.0


def file(tmp_path, content=b"abc", name="a"):
    path = tmp_path / name
    path.write_bytes(content)
    os.utime(path, (WRITTEN, WRITTEN))
    return path


def digests(kept=None, now=WRITTEN + 3600):
    return FileDigests(kept or {}, clock=lambda: now)


def test_a_file_that_did_not_change_is_not_read_again(tmp_path):
    path = file(tmp_path)
    first = digests()
    assert first.sha256([path]) == sha256(b"abc").hexdigest()
    kept = {name: (stamp, "kept") for name, (stamp, _) in first.used.items()}
    assert digests(kept).sha256([path]) == "kept"


@pytest.mark.parametrize("change", ["size", "time", "inode", "gone"])
def test_a_file_that_changed_is_read_again(tmp_path, change):
    path = file(tmp_path)
    first = digests()
    first.sha256([path])
    kept = {name: (stamp, "kept") for name, (stamp, _) in first.used.items()}
    if change == "size":
        file(tmp_path, b"abcd")
    elif change == "time":
        os.utime(path, (WRITTEN + 10, WRITTEN + 10))
    elif change == "inode":
        file(tmp_path, b"abd", "b").replace(path)
    else:
        path.unlink()
    expected = sha256(path.read_bytes()).hexdigest() if path.exists() else NO_FILE
    assert digests(kept).sha256([path]) == expected


@pytest.mark.parametrize(
    ("now", "is_kept"),
    [
        pytest.param(WRITTEN + 1.9, False, id="written just now"),
        pytest.param(WRITTEN + 2.0, True, id="written two seconds ago"),
        pytest.param(WRITTEN - 1e6, False, id="the clock was set back: it seems to come"),
        pytest.param(WRITTEN + 1e9, True, id="the clock was set forward"),
    ],
)
def test_a_file_within_the_grain_of_the_clock_is_read_again_next_time(tmp_path, now, is_kept):
    path = file(tmp_path)
    first = digests(now=now)
    assert first.sha256([path]) == sha256(b"abc").hexdigest()
    assert bool(first.used) is is_kept


def test_parts_are_put_end_to_end(tmp_path):
    parts = [file(tmp_path, b"ab", "x"), file(tmp_path, b"c", "y")]
    assert digests().sha256(parts) == sha256(b"abc").hexdigest()
