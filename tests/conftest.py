"""What every test may ask for."""

from pathlib import Path

import pytest

from tests.network_guard import Guard

SHARED_DATA = Path(__file__).resolve().parents[1] / "../shared/data"


@pytest.fixture(scope="session", autouse=True)
def network_guard():
    """Nothing in this process reaches another machine than this one."""
    guard = Guard()
    with pytest.MonkeyPatch.context() as patch:
        guard.install(patch)
        yield guard


@pytest.fixture(autouse=True)
def only_loopback(request, network_guard):
    """The tests of real services (`network`) are let through, for their own time."""
    network_guard.is_open = request.node.get_closest_marker("network") is not None
    yield
    network_guard.is_open = False


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """No test connects to the world; those that play a service switch this off for themselves."""
    monkeypatch.setenv("PARZAN_OFFLINE", "1")


@pytest.fixture(scope="session")
def shared_data():
    """The real data beside the checkout; skips, and says so, where it is not."""
    folder = SHARED_DATA.resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: see data/README.md")
    return folder
