"""A product made by hand, and the file it gives."""

import shutil

import pytest

from pipeline.export.publish import publish
from tests.unit.export.hand_made import make_product


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """Path of a product published once; tests copy it before they change it."""
    return publish(make_product(), tmp_path_factory.mktemp("exports"))


@pytest.fixture
def product(tmp_path, published):
    """Path of a copy of it, to be damaged."""
    return shutil.copy(published, tmp_path / "62999.gpkg")
