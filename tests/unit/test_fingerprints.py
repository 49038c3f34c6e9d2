"""The digests change with what they stand for, and with nothing else."""

import shutil

import pytest

from pipeline.errors import ConfigError
from pipeline.fingerprints import making_of
from pipeline.settings import Settings


@pytest.fixture
def config(tmp_path):
    return shutil.copytree(Settings().config, tmp_path / "config")


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("rules/loi_2023-175_article_40.yaml", {"rules"}),
        ("assumptions.yaml", {"assumptions"}),
        ("sources.yaml", {"code"}),
        ("territories.yaml", {"code"}),
        ("services.yaml", set()),
        ("regions.yaml", set()),
    ],
)
def test_a_file_changes_the_digest_of_what_it_holds(config, file, changed):
    before = making_of(config)
    with (config / file).open("a", encoding="utf-8") as stream:
        stream.write("\n")
    after = making_of(config)
    names = ("rules", "assumptions", "code")
    assert {name for name in names if getattr(before, name) != getattr(after, name)} == changed


def test_the_place_of_the_configuration_does_not_matter(config):
    assert making_of(config) == making_of(Settings().config)


def test_a_missing_file_is_told(config):
    (config / "assumptions.yaml").unlink()
    with pytest.raises(ConfigError, match="PARZAN_CONFIG"):
        making_of(config)
