"""What the tests of live services ask for."""

import subprocess

import pytest

from tests.unit.ingestion.live_server import serving


@pytest.fixture
def no_proxy(monkeypatch):
    """The loopback is asked directly, whatever the machine of the tests goes through."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server(no_proxy):
    """A real server on the loopback, to be told how to behave."""
    del no_proxy
    with serving() as running:
        yield running


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 256 kB; skips, and says so, where it cannot be made."""
    folder = tmp_path / "incoming"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "parzan", str(folder)]
    try:
        made = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
