"""What every test may ask for."""

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[1] / "../shared/data"


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
